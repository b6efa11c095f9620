// SPDX-License-Identifier: BSD-3-Clause
/*
 * facts-override: what dpkg-statoverride(1) has on record about a file.
 *
 * For subid: a map writer does not read it.
 */
#include <fcntl.h>
#include <string.h>

#include "explain/facts.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/sys/fd.h"
#include "libsubid/sys/scan.h"

#define OVERRIDES "/var/lib/dpkg/statoverride"

/* An octal mode, as `4755` or `04755`. */
static bool mode_is_setuid(const char *mode, size_t len)
{
	for (; len > 4 && *mode == '0'; len--)
		mode++;
	return len == 4 && *mode >= '4';
}

/* A line `USER GROUP MODE PATH` by which @path is not setuid. */
static bool takes_setuid(const struct scan_line *line, const char *path)
{
	const char *word = line->text, *end = line->text + line->len;
	size_t len;

	/* The mode is the third word. */
	for (int i = 0; i < 3; i++) {
		const char *space = memchr(word, ' ', (size_t)(end - word));

		if (!space)
			return false;
		if (i == 2 && mode_is_setuid(word, (size_t)(space - word)))
			return false;
		word = space + 1;
	}
	len = (size_t)(end - word);
	return len == strlen(path) && memcmp(word, path, len) == 0;
}

/*
 * Whether dpkg takes the setuid bit of @path away when its package is installed next:
 * then chmod(1) does not last.
 */
bool facts_is_overridden(const char *path)
{
	CLEANUP(fd_cleanup) int fd = open(OVERRIDES, O_RDONLY | O_CLOEXEC);
	CLEANUP(scan_cleanup) struct scan scan = { 0 };
	struct scan_line line;

	if (fd < 0 || scan_start(&scan, fd))
		return false;
	while (scan_next(&scan, &line) > 0)
		if (takes_setuid(&line, path))
			return true;
	return false;
}
