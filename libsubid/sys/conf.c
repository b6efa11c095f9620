// SPDX-License-Identifier: BSD-3-Clause
/*
 * conf: reads all requested keys in one pass over the file; other keys are ignored.
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

/* Counts the leading bytes of @text that are in @set, or with @inverted are not. */
static size_t span(const char *text, size_t len, const char *set, bool inverted)
{
	size_t n = 0;

	while (n < len && text[n] != '\0' && (strchr(set, text[n]) != NULL) != inverted)
		n++;
	return n;
}

/* Finds `KEY value` in a line, without whitespace and quotes around both. */
static void cut_line(const struct scan_line *line, const char **ret_key,
		     size_t *ret_key_len, const char **ret_value, size_t *ret_value_len)
{
	const char *text = line->text;
	size_t left = line->len, n;

	n = span(text, left, " \t", false);
	text += n;
	left -= n;
	n = span(text, left, " \t\"", true);
	*ret_key = text;
	*ret_key_len = n;
	text += n;
	left -= n;
	n = span(text, left, " \t\"", false);
	text += n;
	left -= n;
	while (left > 0 && strchr(" \t\"\r", text[left - 1]))
		left--;
	*ret_value = text;
	*ret_value_len = left;
}

/* Stores the value of a line if its key is requested; a long value is cut off. */
static void take_line(const struct scan_line *line, struct conf_item *items, size_t n)
{
	const char *key, *value;
	size_t key_len, value_len;

	cut_line(line, &key, &key_len, &value, &value_len);
	if (value_len > CONF_VALUE_BYTES - 1)
		value_len = CONF_VALUE_BYTES - 1;
	for (size_t i = 0; i < n; i++) {
		if (strlen(items[i].key) != key_len ||
		    memcmp(items[i].key, key, key_len) != 0)
			continue;
		memcpy(items[i].value, value, value_len);
		items[i].value[value_len] = '\0';
		items[i].is_set = true;
	}
}

/*
 * Looks up the keys of @n items in the file @path in @folder, see etc_open(). Of several
 * lines the last one counts. A missing file sets none.
 *
 * items: with `key` set; the rest is filled in and valid only with 0.
 * Returns 0 or -errno. Thread-safe.
 */
int conf_read(int folder, const char *path, struct conf_item *items, size_t n)
{
	CLEANUP(fd_cleanup) int fd = etc_open(folder, path);
	CLEANUP(scan_cleanup) struct scan scan = { 0 };
	struct scan_line line;
	int r;

	for (size_t i = 0; i < n; i++)
		items[i].is_set = false;
	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	r = scan_start(&scan, fd);
	if (r)
		return r;
	while ((r = scan_next(&scan, &line)) > 0)
		take_line(&line, items, n);
	return r;
}

/*
 * Looks up one key, as conf_read().
 *
 * ret_value: the value as a string, written only with 0.
 * Returns 0, CONF_UNSET or -errno. Thread-safe.
 */
int conf_lookup(int folder, const char *path, const char *key,
		char ret_value[static CONF_VALUE_BYTES])
{
	struct conf_item item = { .key = key };
	int r = conf_read(folder, path, &item, 1);

	if (r)
		return r;
	if (!item.is_set)
		return CONF_UNSET;
	memcpy(ret_value, item.value, sizeof(item.value));
	return 0;
}

/*
 * Reads the number of an item; @fallback if it is not set.
 * Returns 0 or CONF_MALFORMED; *ret_value is written only with 0. Thread-safe.
 */
int conf_item_number(const struct conf_item *item, uint64_t fallback, uint64_t *ret_value)
{
	if (!item->is_set) {
		*ret_value = fallback;
		return 0;
	}
	return num_parse(item->value, strlen(item->value), UINT64_MAX, ret_value) ?
		       CONF_MALFORMED :
		       0;
}

/* Returns whether an item is set to `yes`, in any case. Thread-safe. */
bool conf_item_yes(const struct conf_item *item)
{
	return item->is_set && strcasecmp(item->value, "yes") == 0;
}

/*
 * Looks up whether @key is set to `yes`, in any case.
 * Returns 0 or -errno; *ret_yes is written only with 0. Thread-safe.
 */
int conf_yes(int folder, const char *path, const char *key, bool *ret_yes)
{
	struct conf_item item = { .key = key };
	int r = conf_read(folder, path, &item, 1);

	if (r == 0)
		*ret_yes = conf_item_yes(&item);
	return r;
}

/* As conf_yes(), but an unreadable file counts as "no". */
bool conf_is_yes(int folder, const char *path, const char *key)
{
	bool yes = false;

	return conf_yes(folder, path, key, &yes) == 0 && yes;
}
