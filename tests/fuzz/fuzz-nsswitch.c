// SPDX-License-Identifier: BSD-3-Clause
/*
 * nsswitch: the input is an nsswitch.conf. The sources that it names are also looked for
 * as plugins.
 */
#include <errno.h>
#include <strings.h>

#include "libsubid/core/limits.h"
#include "libsubid/source/source.h"
#include "libsubid/sys/nsswitch.h"
#include "tests/fuzz/fuzz.h"

/* The first word after the key, or nothing. */
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

/*
 * The words of the first line that has a possible name of a plugin, each followed by a
 * newline. Returns their number, which may be 0.
 */
static size_t model_sources(const char *text, size_t left, char *words)
{
	static char copy[LIMIT_LINE_BYTES + 2];
	const char *line;
	size_t len, n = 0;

	while (n == 0 && fuzz_line(&text, &left, &line, &len)) {
		char *rest = copy, *word, *action;

		if (len < 6 || strncasecmp(line, "subid:", 6) != 0)
			continue;
		if (len > LIMIT_LINE_BYTES)
			len = LIMIT_LINE_BYTES + 1;
		memcpy(copy, line + 6, len - 6);
		copy[len - 6] = '\0';
		words[0] = '\0';
		/* A comment ends the line, but not in an action; actions become spaces.
		 */
		for (char *c = copy; *c && *c != '#'; c++) {
			if (*c != '[')
				continue;
			action = strchr(c, ']');
			memset(c, ' ', action ? (size_t)(action - c) + 1 : strlen(c));
		}
		copy[strcspn(copy, "#")] = '\0';
		while ((word = strsep(&rest, " \t")))
			if (word[0] && strlen(word) < NSSWITCH_WORD_BYTES) {
				strcat(strcat(words, word), "\n");
				n++;
			}
	}
	return n;
}

/*
 * There is one line `passwd:`, its first word is `files` without an action, and there is
 * no line that lacks the colon, has whitespace before the key, or is too long. Without any
 * line, too.
 */
static bool model_files_first(const char *text, size_t left)
{
	static char word[LIMIT_LINE_BYTES + 2], copy[LIMIT_LINE_BYTES];
	static const char key[] = "passwd:";
	const char *line, *end, *after;
	size_t len, lines = 0;
	bool first = false;

	while (fuzz_line(&text, &left, &line, &len)) {
		if (len > LIMIT_LINE_BYTES)
			return false;
		if (len < strlen(key) || strncasecmp(line, key, strlen(key)) != 0) {
			for (; len > 0 && strchr(" \t\f\v\r", *line); line++)
				len--;
			if (len >= 6 && strncasecmp(line, key, 6) == 0)
				return false;
			continue;
		}
		lines++;
		/* All whitespace is the same. */
		for (size_t i = 0; i < len; i++)
			copy[i] = strchr("\v\f\r", line[i]) ? ' ' : line[i];
		line = copy;
		end = line + len;
		first = model_word(line, len, key, word) > 0 &&
			strcmp(word, "files") == 0;
		if (!first)
			continue;
		after = memmem(line, len, word, strlen(word));
		after += strlen(word);
		first = after == end || *after == ' ' || *after == '\t';
		while (after < end && (*after == ' ' || *after == '\t'))
			after++;
		first &= after == end || *after != '[';
	}
	return lines == 0 || (lines == 1 && first);
}

/* Words with one space between them, and no part of an action; others are not local. */
static void check_words(const char *words)
{
	char copy[NSSWITCH_LIST_BYTES], *rest = copy, *word;
	size_t len;

	FUZZ_ASSERT(memchr(words, '\0', sizeof(copy)));
	strcpy(copy, words);
	if (strcmp(words, NSSWITCH_UNREAD) == 0)
		return;
	while (words[0] && (word = strsep(&rest, " "))) {
		const char *other = nsswitch_next_other(word, &len);

		FUZZ_ASSERT(word[0] && !strpbrk(word, "\t[\n"));
		FUZZ_ASSERT((other != word) ==
			    (!strcmp(word, "files") || !strcmp(word, "compat") ||
			     !strcmp(word, "db")));
		FUZZ_ASSERT(len == strlen(other) &&
			    nsswitch_has_others(word) == (len > 0));
	}
}

/* A source is a word, never a path. */
static void check_sources(const struct nsswitch *nsswitch)
{
	struct source_list list;

	FUZZ_ASSERT(nsswitch->n_sources > 0 && nsswitch->n_sources <= NSSWITCH_SOURCES);
	for (size_t i = 0; i < nsswitch->n_sources; i++) {
		const char *word = nsswitch->sources[i];

		FUZZ_ASSERT(memchr(word, '\0', NSSWITCH_WORD_BYTES));
		FUZZ_ASSERT(!strpbrk(word, " \t\n#["));
	}
	source_find(nsswitch, "/proc/self/fd/..", &list);
	FUZZ_ASSERT(list.n > 0 && list.n <= nsswitch->n_sources);
	for (size_t i = 0; i < list.n; i++)
		if (list.sources[i].type == SOURCE_PLUGIN)
			FUZZ_ASSERT(!strchr(list.sources[i].name, '/'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char words[2 * LIMIT_LINE_BYTES], joined[2 * LIMIT_LINE_BYTES];
	struct fuzz_input input = { data, size };
	char *copy = fuzz_text(&input);
	struct nsswitch nsswitch;
	size_t n;
	int r;

	memset(&nsswitch, '~', sizeof(nsswitch));
	r = nsswitch_read(fuzz_path(copy, size), &nsswitch);
	FUZZ_ASSERT(r == 0 || r == -E2BIG);
	if (r == 0)
		check_sources(&nsswitch);
	if (size > 0 && memchr(copy, '\0', size)) {
		free(copy);
		return 0;
	}
	n = model_sources(copy, size, words);
	FUZZ_ASSERT((r == -E2BIG) == (n > NSSWITCH_SOURCES));
	if (r == 0) {
		joined[0] = '\0';
		for (size_t i = 0; i < nsswitch.n_sources; i++)
			strcat(strcat(joined, nsswitch.sources[i]), "\n");
		FUZZ_ASSERT(strcmp(joined, n > 0 ? words : "files\n") == 0);

		FUZZ_ASSERT(nsswitch.passwd_files_first == model_files_first(copy, size));
		check_words(nsswitch.passwd);
		check_words(nsswitch.group);
	}
	free(copy);
	return 0;
}
