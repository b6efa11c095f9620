// SPDX-License-Identifier: BSD-3-Clause
/*
 * nsswitch: the input is an nsswitch.conf. What it names as the source is looked for
 * among the plugins, too.
 */
#include <strings.h>

#include "libsubid/core/limits.h"
#include "libsubid/sys/nsswitch.h"
#include "libsubid/sys/source.h"
#include "tests/fuzz/fuzz.h"

/* The first word behind the key, or nothing. */
static size_t model_word(const char *line, size_t len, const char *key, char *word)
{
	size_t at = strlen(key), n = 0;

	if (len > LIMIT_LINE_BYTES)
		len = LIMIT_LINE_BYTES + 1;
	if (len < at || strncasecmp(line, key, at) != 0)
		return 0;
	while (at < len && strchr(" \t", line[at]))
		at++;
	while (at < len && !strchr(" \t#[", line[at]))
		word[n++] = line[at++];
	word[n] = '\0';
	return n;
}

/* One line `passwd:`, whose first word is `files` and has no action. */
static bool model_files_first(const char *text, size_t left)
{
	static char word[LIMIT_LINE_BYTES + 2];
	static const char key[] = "passwd:";
	const char *line, *end, *after;
	size_t len, lines = 0;
	bool first = false;

	while (fuzz_line(&text, &left, &line, &len)) {
		if (len < strlen(key) || strncasecmp(line, key, strlen(key)) != 0)
			continue;
		lines++;
		if (len > LIMIT_LINE_BYTES)
			len = LIMIT_LINE_BYTES + 1;
		end = line + len;
		first = model_word(line, len, key, word) > 0 &&
			strcmp(word, "files") == 0;
		if (!first)
			continue;
		after = memmem(line, len, word, strlen(word));
		after += strlen(word);
		while (after < end && (*after == ' ' || *after == '\t'))
			after++;
		first = after == end || *after != '[';
	}
	return lines == 1 && first;
}

/* Words with one blank between them, none of them local, and nothing of an action. */
static void check_others(const char *others)
{
	char copy[NSSWITCH_LIST_BYTES], *rest = copy, *word;

	FUZZ_ASSERT(memchr(others, '\0', sizeof(copy)));
	strcpy(copy, others);
	while (others[0] && (word = strsep(&rest, " "))) {
		FUZZ_ASSERT(word[0] && !strpbrk(word, "\t#[\n"));
		FUZZ_ASSERT(strcmp(word, "files") && strcmp(word, "compat") &&
			    strcmp(word, "db"));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char word[LIMIT_LINE_BYTES + 2];
	struct fuzz_input input = { data, size };
	char *copy = fuzz_text(&input);
	struct nsswitch nsswitch;
	const char *text = copy, *line, *expected = NULL;
	size_t left = size, len, n;

	memset(&nsswitch, '~', sizeof(nsswitch));
	FUZZ_ASSERT(nsswitch_read(fuzz_path(copy, size), &nsswitch) == 0);
	FUZZ_ASSERT(memchr(nsswitch.subid, '\0', sizeof(nsswitch.subid)));
	FUZZ_ASSERT(!strpbrk(nsswitch.subid, " \t\n#["));
	if (source_find(nsswitch.subid, "/proc/self/fd/..") == SOURCE_PLUGIN)
		FUZZ_ASSERT(!strchr(nsswitch.subid, '/'));

	if (size > 0 && memchr(copy, '\0', size)) {
		free(copy);
		return 0;
	}
	while (!expected && fuzz_line(&text, &left, &line, &len)) {
		n = model_word(line, len, "subid:", word);
		if (n > 0 && n < NSSWITCH_WORD_BYTES)
			expected = word;
	}
	FUZZ_ASSERT(strcmp(nsswitch.subid, expected ? expected : "files") == 0);

	FUZZ_ASSERT(nsswitch.passwd_files_first == model_files_first(copy, size));
	check_others(nsswitch.passwd_others);
	check_others(nsswitch.group_others);
	free(copy);
	return 0;
}
