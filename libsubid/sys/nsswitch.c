// SPDX-License-Identifier: BSD-3-Clause
/*
 * nsswitch: one pass over nsswitch.conf.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/sys/fd.h"
#include "libsubid/sys/nsswitch.h"
#include "libsubid/sys/scan.h"

static size_t skip_blanks(const struct scan_line *line, size_t at)
{
	while (at < line->len && (line->text[at] == ' ' || line->text[at] == '\t'))
		at++;
	return at;
}

static size_t skip_word(const struct scan_line *line, size_t at)
{
	while (at < line->len && !memchr(" \t#[", line->text[at], 4))
		at++;
	return at;
}

static bool line_is(const struct scan_line *line, const char *key)
{
	return line->len >= strlen(key) && strncasecmp(line->text, key, strlen(key)) == 0;
}

/* The first word behind the key; a line without one says nothing. */
static bool read_subid(const struct scan_line *line, struct nsswitch *nsswitch)
{
	size_t begin = skip_blanks(line, strlen("subid:"));
	size_t len = skip_word(line, begin) - begin;

	if (len == 0 || len >= sizeof(nsswitch->subid))
		return false;
	memcpy(nsswitch->subid, line->text + begin, len);
	nsswitch->subid[len] = '\0';
	return true;
}

/* `files` as the first word, and no action such as [SUCCESS=continue] behind it. */
static bool names_files_first(const struct scan_line *line)
{
	size_t begin = skip_blanks(line, strlen("passwd:"));
	size_t end = skip_word(line, begin);
	size_t next = skip_blanks(line, end);

	return end - begin == strlen("files") &&
	       memcmp(line->text + begin, "files", end - begin) == 0 &&
	       !(next < line->len && line->text[next] == '[');
}

/*
 * Reads the file. No file and no line `subid:` mean "files"; of several such lines the
 * first counts. `passwd_files_first` is set only where it is beyond doubt.
 * Returns 0 or -errno (the file is there but cannot be read: then nobody knows);
 * *ret_nsswitch is written only with 0. Thread-safe.
 */
int nsswitch_read(const char *path, struct nsswitch *ret_nsswitch)
{
	CLEANUP(fd_cleanup) int fd = open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC);
	CLEANUP(scan_cleanup) struct scan scan = { 0 };
	struct nsswitch nsswitch = { .subid = "files" };
	unsigned int passwd_lines = 0;
	bool subid_found = false;
	struct scan_line line;
	int r;

	if (fd < 0 && errno != ENOENT)
		return -errno;
	if (fd >= 0) {
		r = scan_start(&scan, fd);
		if (r)
			return r;
		while ((r = scan_next(&scan, &line)) > 0) {
			if (!subid_found && line_is(&line, "subid:")) {
				subid_found = read_subid(&line, &nsswitch);
			} else if (line_is(&line, "passwd:")) {
				nsswitch.passwd_files_first = names_files_first(&line);
				passwd_lines++;
			}
		}
		if (r < 0)
			return r;
	}
	if (passwd_lines != 1)
		nsswitch.passwd_files_first = false;
	*ret_nsswitch = nsswitch;
	return 0;
}
