// SPDX-License-Identifier: BSD-3-Clause
/*
 * conf: reads one key at a time; unknown keys are nobody's business here.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/core/num.h"
#include "libsubid/sys/conf.h"
#include "libsubid/sys/etc.h"
#include "libsubid/sys/fd.h"
#include "libsubid/sys/scan.h"

/* The bytes of @text that are in @set, or with @inverted are not. */
static size_t span(const char *text, size_t len, const char *set, bool inverted)
{
	size_t n = 0;

	while (n < len && text[n] != '\0' && (strchr(set, text[n]) != NULL) != inverted)
		n++;
	return n;
}

/*
 * Reads `KEY value` out of a line. Returns whether the line sets @key; the value is cut
 * to CONF_VALUE_BYTES - 1.
 */
static bool line_sets(const struct scan_line *line, const char *key, char *value)
{
	const char *text = line->text;
	size_t left = line->len, n;

	n = span(text, left, " \t", false);
	text += n;
	left -= n;
	n = span(text, left, " \t\"", true);
	if (n != strlen(key) || memcmp(text, key, n) != 0)
		return false;
	text += n;
	left -= n;
	/* Blanks and quotes around the value do not belong to it. */
	n = span(text, left, " \t\"", false);
	text += n;
	left -= n;
	while (left > 0 && strchr(" \t\"\r", text[left - 1]))
		left--;

	if (left > CONF_VALUE_BYTES - 1)
		left = CONF_VALUE_BYTES - 1;
	memcpy(value, text, left);
	value[left] = '\0';
	return true;
}

/*
 * Looks @key up in the file @path in @folder, see etc_open(); of several lines the last
 * one counts.
 *
 * ret_value: the value as a string, written only with 0.
 * Returns 0, CONF_UNSET or -errno. Thread-safe.
 */
int conf_lookup(int folder, const char *path, const char *key,
		char ret_value[static CONF_VALUE_BYTES])
{
	CLEANUP(fd_cleanup) int fd = etc_open(folder, path);
	CLEANUP(scan_cleanup) struct scan scan = { 0 };
	char value[CONF_VALUE_BYTES];
	struct scan_line line;
	bool found = false;
	int r;

	if (fd < 0)
		return fd == -ENOENT ? CONF_UNSET : fd;
	r = scan_start(&scan, fd);
	if (r)
		return r;
	while ((r = scan_next(&scan, &line)) > 0)
		found |= line_sets(&line, key, value);
	if (r)
		return r;
	if (!found)
		return CONF_UNSET;

	memcpy(ret_value, value, sizeof(value));
	return 0;
}

/*
 * Looks a number up, @fallback where it is not set.
 * Returns 0, CONF_MALFORMED or -errno; *ret_value is written only with 0. Thread-safe.
 */
int conf_number(int folder, const char *path, const char *key, uint64_t fallback,
		uint64_t *ret_value)
{
	char value[CONF_VALUE_BYTES];
	int r = conf_lookup(folder, path, key, value);

	if (r == CONF_UNSET) {
		*ret_value = fallback;
		return 0;
	}
	if (r)
		return r;
	return num_parse(value, strlen(value), UINT64_MAX, ret_value) ? CONF_MALFORMED :
									0;
}

/*
 * Looks up whether @key is set to `yes`, in any case.
 * Returns 0 or -errno; *ret_yes is written only with 0. Thread-safe.
 */
int conf_yes(int folder, const char *path, const char *key, bool *ret_yes)
{
	char value[CONF_VALUE_BYTES];
	int r = conf_lookup(folder, path, key, value);

	if (r < 0)
		return r;
	*ret_yes = r == 0 && strcasecmp(value, "yes") == 0;
	return 0;
}

/* The same for those to whom a file that cannot be read is no yes. */
bool conf_is_yes(int folder, const char *path, const char *key)
{
	bool yes = false;

	return conf_yes(folder, path, key, &yes) == 0 && yes;
}
