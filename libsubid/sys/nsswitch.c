// SPDX-License-Identifier: BSD-3-Clause
/*
 * nsswitch: reads nsswitch.conf in one pass.
 *
 * MUST: a service that libc asks is never left out of the words.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/core/passwd.h"
#include "libsubid/core/printable.h"
#include "libsubid/sys/etc-directory.h"
#include "libsubid/sys/fd.h"
#include "libsubid/sys/nsswitch.h"
#include "libsubid/sys/scan.h"

/* What separates words, and what else ends a word. */
struct separators {
	const char *spaces;
	const char *ends;
};

static const struct separators of_subid = { " \t", "#[" };
/* To glibc `#` after the begin of a line is another service: `files # sss` asks sss. */
static const struct separators of_libc = { " \t\v\f\r", "[" };

static bool is_one_of(const char *set, char byte)
{
	return byte != '\0' && strchr(set, byte);
}

static size_t skip_spaces(const struct scan_line *line, size_t at,
			  const struct separators *separators)
{
	while (at < line->len && is_one_of(separators->spaces, line->text[at]))
		at++;
	return at;
}

static size_t skip_word(const struct scan_line *line, size_t at,
			const struct separators *separators)
{
	while (at < line->len && !is_one_of(separators->spaces, line->text[at]) &&
	       !is_one_of(separators->ends, line->text[at]))
		at++;
	return at;
}

/* Returns whether a line begins with @key, in any case. */
static bool line_is(const struct scan_line *line, const char *key)
{
	size_t n = 0;

	while (n < line->len && key[n] != '\0' &&
	       ascii_lower_case(line->text[n]) == key[n])
		n++;
	return key[n] == '\0';
}

/*
 * Finds the next word from *at on; skips actions such as [SUCCESS=return]. Returns
 * whether there is one: from *ret_begin to *at.
 */
static bool next_word(const struct scan_line *line, const struct separators *separators,
		      size_t *at, size_t *ret_begin)
{
	while ((*at = skip_spaces(line, *at, separators)) < line->len &&
	       line->text[*at] == '[')
		while (*at < line->len && line->text[(*at)++] != ']')
			;
	*ret_begin = *at;
	*at = skip_word(line, *at, separators);
	return *at > *ret_begin;
}

/*
 * Stores the words after the key. More than NSSWITCH_SOURCES are an error, because none
 * may be skipped. Returns whether there is any, or -E2BIG.
 */
static int read_subid(const struct scan_line *line, struct nsswitch *nsswitch)
{
	size_t at = strlen("subid:"), n = 0, begin;

	while (next_word(line, &of_subid, &at, &begin)) {
		size_t len = at - begin;

		/* Too long for the file name of a plugin. */
		if (len >= NSSWITCH_WORD_BYTES)
			continue;
		if (n == NSSWITCH_SOURCES)
			return -E2BIG;
		memcpy(nsswitch->sources[n], line->text + begin, len);
		nsswitch->sources[n++][len] = '\0';
	}
	if (n > 0)
		nsswitch->n_sources = n;
	return n > 0;
}

static bool is_one_word(const char *text, size_t len, const char *word)
{
	return len == strlen(word) && memcmp(text, word, len) == 0;
}

/* Returns whether the first word is `files`, without an action as [SUCCESS=continue]. */
static bool names_files_first(const struct scan_line *line)
{
	size_t begin = skip_spaces(line, strlen("passwd:"), &of_libc);
	size_t end = skip_word(line, begin, &of_libc);
	size_t next = skip_spaces(line, end, &of_libc);

	return is_one_word(line->text + begin, end - begin, "files") &&
	       (next == line->len || (next > end && line->text[next] != '['));
}

/*
 * Collects the words from @at on, separated by spaces. If one does not fit, a word for
 * unknown services replaces them all.
 */
static void read_words(const struct scan_line *line, size_t at,
		       char words[static NSSWITCH_LIST_BYTES])
{
	size_t used = 0, begin;
	bool fits = line->len <= LIMIT_LINE_BYTES;

	while (fits && next_word(line, &of_libc, &at, &begin)) {
		fits = used + (at - begin) + 2 <= NSSWITCH_LIST_BYTES;
		if (!fits)
			break;
		if (used > 0)
			words[used++] = ' ';
		memcpy(words + used, line->text + begin, at - begin);
		used += at - begin;
	}
	words[used] = '\0';
	if (!fits)
		memcpy(words, NSSWITCH_UNREAD, sizeof(NSSWITCH_UNREAD));
}

/* Reads the services of users or groups; of actions it notes only that there are any. */
static void read_services(const struct scan_line *line, size_t at, bool group,
			  struct nsswitch *nsswitch)
{
	bool actions = line->len > 0 && memchr(line->text, '[', line->len);

	read_words(line, at, group ? nsswitch->group : nsswitch->passwd);
	*(group ? &nsswitch->group_actions : &nsswitch->passwd_actions) = actions;
}

/*
 * Returns whether the name service may accept a line that does not begin with `passwd:`
 * or `group:`: it skips whitespace before a key, and accepts whitespace for the colon.
 * Adds the words of such a line.
 */
static bool may_be(const struct scan_line *line, bool group, struct nsswitch *nsswitch)
{
	const char *key = group ? "group" : "passwd";
	struct scan_line rest = *line;
	size_t spaces, len = strlen(key);

	if (rest.len > 0 && rest.text[0] > ' ' &&
	    ascii_lower_case(rest.text[0]) != key[0])
		return false;
	spaces = whitespace_count(rest.text, rest.len);
	rest.text += spaces;
	rest.len -= spaces;
	if (!line_is(&rest, key))
		return false;
	if (rest.len > len &&
	    (rest.text[len] == ':' || skip_spaces(&rest, len, &of_libc) > len))
		read_services(line, spaces + len + 1, group, nsswitch);
	return true;
}

/*
 * Reads the file. Without a file or a line `subid:` the source is "files"; of several
 * such lines the first counts. `passwd_files_first` is set only if it is certain.
 * Returns 0 or -errno (the file is unreadable; -E2BIG: more than NSSWITCH_SOURCES
 * sources); *ret_nsswitch is written only with 0. Thread-safe.
 */
int nsswitch_read(const char *path, struct nsswitch *ret_nsswitch)
{
	CLEANUP(fd_cleanup) int fd = etc_open(AT_FDCWD, path);
	CLEANUP(scan_cleanup) struct scan scan = { 0 };
	struct nsswitch nsswitch = { .sources = { "files" }, .n_sources = 1 };
	unsigned int passwd_lines = 0;
	int subid_found = 0;
	struct scan_line line;
	bool odd = false;
	int r;

	if (fd < 0 && fd != -ENOENT)
		return fd;
	if (fd >= 0) {
		scan_start(&scan, fd);
		while ((r = scan_next(&scan, &line)) > 0) {
			/* The rest of the line is not in the buffer. */
			odd |= line.len > LIMIT_LINE_BYTES;
			if (!subid_found && line_is(&line, "subid:")) {
				subid_found = read_subid(&line, &nsswitch);
				if (subid_found < 0)
					return subid_found;
			} else if (line_is(&line, "passwd:")) {
				nsswitch.passwd_files_first = names_files_first(&line);
				read_services(&line, strlen("passwd:"), false, &nsswitch);
				passwd_lines++;
			} else if (line_is(&line, "group:")) {
				read_services(&line, strlen("group:"), true, &nsswitch);
			} else if (may_be(&line, false, &nsswitch)) {
				odd = true;
			} else {
				may_be(&line, true, &nsswitch);
			}
		}
		if (r < 0)
			return r;
	}
	/* Without a line, libc reads the file: glibc by default, and musl always. */
	if (passwd_lines != 1 || odd)
		nsswitch.passwd_files_first = passwd_lines == 0 && !odd;
	*ret_nsswitch = nsswitch;
	return 0;
}

/*
 * Reads the words of the line `initgroups:`, whose services glibc asks for the groups of
 * a user instead of those of `group:`. Map writers do not need them.
 *
 * ret_words: empty if there is no such line. Returns 0 or -errno. Thread-safe.
 */
int nsswitch_read_initgroups(const char *path, char ret_words[static NSSWITCH_LIST_BYTES])
{
	static const char key[] = "initgroups";
	const size_t len = sizeof(key) - 1;
	CLEANUP(fd_cleanup) int fd = etc_open(AT_FDCWD, path);
	CLEANUP(scan_cleanup) struct scan scan = { 0 };
	struct scan_line line;
	int r;

	ret_words[0] = '\0';
	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	scan_start(&scan, fd);
	while ((r = scan_next(&scan, &line)) > 0) {
		struct scan_line rest = line;
		size_t spaces = whitespace_count(line.text, line.len);

		rest.text += spaces;
		rest.len -= spaces;
		if (line_is(&rest, key) && rest.len > len &&
		    (rest.text[len] == ':' || skip_spaces(&rest, len, &of_libc) > len))
			read_words(&line, spaces + len + 1, ret_words);
	}
	return r;
}

/*
 * Returns the first service in @words that is not of local files, with its length; of
 * length 0 if there is none. Thread-safe.
 */
const char *nsswitch_next_other(const char *words, size_t *ret_len)
{
	for (;; words += *ret_len) {
		words += strspn(words, " ");
		*ret_len = strcspn(words, " ");
		if (!is_one_word(words, *ret_len, "files") &&
		    !is_one_word(words, *ret_len, "compat") &&
		    !is_one_word(words, *ret_len, "db"))
			return words;
	}
}

/* Returns whether a service in @words has not only local files. Thread-safe. */
bool nsswitch_has_others(const char *words)
{
	size_t len;

	nsswitch_next_other(words, &len);
	return len > 0;
}

/*
 * Returns whether a service in @words may have accounts of other systems. Thread-safe.
 */
bool nsswitch_has_remote(const char *words)
{
	size_t len;

	while (*(words = nsswitch_next_other(words, &len)) != '\0') {
		if (!is_one_word(words, len, "systemd"))
			return true;
		words += len;
	}
	return false;
}
