// SPDX-License-Identifier: BSD-3-Clause
/*
 * login-defs: reads all requested keys in one pass over each file; other keys are
 * ignored.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "libsubid/core/num.h"
#include "libsubid/sys/etc-directory.h"
#include "libsubid/sys/fd.h"
#include "libsubid/sys/login-defs.h"
#include "libsubid/sys/scan.h"

/* Counts the leading bytes of @text that are in @set, or with @inverted are not. */
static size_t count_leading(const char *text, size_t len, const char *set, bool inverted)
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

	n = count_leading(text, left, " \t", false);
	text += n;
	left -= n;
	n = count_leading(text, left, " \t\"", true);
	*ret_key = text;
	*ret_key_len = n;
	text += n;
	left -= n;
	n = count_leading(text, left, " \t\"", false);
	text += n;
	left -= n;
	while (left > 0 && strchr(" \t\"\r", text[left - 1]))
		left--;
	*ret_value = text;
	*ret_value_len = left;
}

/* Stores the value of a line if its key is requested; a long value is cut off. */
static void take_setting(const struct scan_line *line, struct login_defs_item *items,
			 size_t n)
{
	const char *key, *value;
	size_t key_len, value_len;

	cut_line(line, &key, &key_len, &value, &value_len);
	if (value_len > LOGIN_DEFS_VALUE_BYTES - 1)
		value_len = LOGIN_DEFS_VALUE_BYTES - 1;
	for (size_t i = 0; i < n; i++) {
		if (strlen(items[i].key) != key_len ||
		    memcmp(items[i].key, key, key_len) != 0)
			continue;
		memcpy(items[i].value, value, value_len);
		items[i].value[value_len] = '\0';
		items[i].is_set = true;
	}
}

/* Reads one file. Returns 0 or -errno. */
static int read_items(int directory, const char *path, struct login_defs_item *items,
		      size_t n)
{
	CLEANUP(fd_cleanup) int fd = etc_open(directory, path);
	CLEANUP(scan_cleanup) struct scan scan = { 0 };
	struct scan_line line;
	int r;

	if (fd < 0)
		return fd;
	scan_start(&scan, fd);
	while ((r = scan_next(&scan, &line)) > 0)
		take_setting(&line, items, n);
	return r;
}

/*
 * Opens the directory of the file @path in @directory: `@path.d`. In an image, where
 * @directory is not AT_FDCWD, a symbolic link is no directory. Returns a descriptor,
 * -ENOENT (there is none) or another -errno.
 */
static int open_additions(int directory, const char *path)
{
	int links = directory == AT_FDCWD ? 0 : O_NOFOLLOW;
	char name[PATH_MAX];
	int fd;

	snprintf(name, sizeof(name), "%s.d", path);
	fd = openat(directory, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | links);
	if (fd < 0)
		return errno == ENOTDIR ? -ENOENT : -errno;
	return fd;
}

/* The drop-in files of @path in @base. directory: an open descriptor, or -ENOENT. */
struct additions {
	int base;
	const char *path;
	int directory;
};

static int find_additions(struct additions *additions, size_t source,
			  struct etc_dropins *names)
{
	if (!additions->path)
		return 0;
	additions->directory = open_additions(additions->base, additions->path);
	if (additions->directory < 0)
		return additions->directory == -ENOENT ? 0 : additions->directory;
	return etc_dropins_add(names, additions->directory, source, ".defs");
}

/* By its path in the running system, since etc_open() follows a symbolic link only there.
 */
static int read_addition(const struct additions *additions, const char *name,
			 struct login_defs_item *items, size_t n)
{
	char path[PATH_MAX];

	if (additions->directory < 0)
		return -ENOENT;
	if (additions->base != AT_FDCWD && etc_is_masked(additions->directory, name))
		return 0;
	if (additions->base != AT_FDCWD)
		return read_items(additions->directory, name, items, n);
	snprintf(path, sizeof(path), "%s.d/%s", additions->path, name);
	return read_items(AT_FDCWD, path, items, n);
}

static int read_additions(const struct additions *own, const struct additions *vendor,
			  const struct etc_dropins *names, struct login_defs_item *items,
			  size_t n)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < names->n; i++) {
		r = read_addition(own, names->items[i].name, items, n);
		if (r == -ENOENT)
			r = read_addition(vendor, names->items[i].name, items, n);
		/* A file that was removed meanwhile sets nothing. */
		r = r == -ENOENT ? 0 : r;
	}
	return r;
}

/*
 * Looks up the keys of @n items in the file @path in @directory, see etc_open(), or in
 * @vendor if it does not exist; then in the drop-in files of both, in the order of their
 * names. Of two drop-in files with one name, only that of @path is read. The last line
 * with a key counts. A file that does not exist sets nothing.
 *
 * vendor: a path of this system; NULL: only @path is read.
 * items: `key` is given; the rest is filled in, and means something only with 0.
 * Returns 0 or -errno. Thread-safe.
 */
int login_defs_read_with(int directory, const char *path, const char *vendor,
			 struct login_defs_item *items, size_t n)
{
	CLEANUP(etc_dropins_cleanup) struct etc_dropins names = { 0 };
	struct additions own = { directory, vendor ? path : NULL, -1 };
	struct additions others = { AT_FDCWD, vendor, -1 };
	int r;

	for (size_t i = 0; i < n; i++)
		items[i].is_set = false;
	r = read_items(directory, path, items, n);
	if (r == -ENOENT && vendor)
		r = read_items(AT_FDCWD, vendor, items, n);
	if (r == 0 || r == -ENOENT)
		r = find_additions(&own, 0, &names);
	if (r == 0)
		r = find_additions(&others, 1, &names);
	etc_dropins_sort(&names);
	if (r == 0)
		r = read_additions(&own, &others, &names, items, n);
	fd_close(own.directory);
	fd_close(others.directory);
	return r;
}

/*
 * As login_defs_read_with(), for login.defs at @path in @directory. Drop-in files are
 * read only in a running system that has the file of a vendor, as by useradd(8).
 */
int login_defs_read(int directory, const char *path, struct login_defs_item *items,
		    size_t n)
{
	bool live = directory == AT_FDCWD ? strcmp(path, LOGIN_DEFS) == 0 :
					    etc_is_named(directory, SYSCONFDIR);

	if (live && access(LOGIN_DEFS_VENDOR, F_OK) == 0)
		return login_defs_read_with(AT_FDCWD, LOGIN_DEFS, LOGIN_DEFS_VENDOR,
					    items, n);
	return login_defs_read_with(directory, path, NULL, items, n);
}

/*
 * Looks up one key, as login_defs_read().
 *
 * ret_value: the value as a string, written only with 0.
 * Returns 0, CONF_UNSET or -errno. Thread-safe.
 */
int login_defs_lookup(int directory, const char *path, const char *key,
		      char ret_value[static LOGIN_DEFS_VALUE_BYTES])
{
	struct login_defs_item item = { .key = key };
	int r = login_defs_read(directory, path, &item, 1);

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
int login_defs_item_number(const struct login_defs_item *item, uint64_t fallback,
			   uint64_t *ret_value)
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
bool login_defs_item_yes(const struct login_defs_item *item)
{
	return item->is_set && strcasecmp(item->value, "yes") == 0;
}

/*
 * Looks up whether @key is set to `yes`, in any case.
 * Returns 0 or -errno; *ret_yes is written only with 0. Thread-safe.
 */
int login_defs_yes(int directory, const char *path, const char *key, bool *ret_yes)
{
	struct login_defs_item item = { .key = key };
	int r = login_defs_read(directory, path, &item, 1);

	if (r == 0)
		*ret_yes = login_defs_item_yes(&item);
	return r;
}

/*
 * As login_defs_yes(), of the file @path alone, for a map writer; an unreadable file
 * counts as "no".
 */
bool login_defs_is_yes(int directory, const char *path, const char *key)
{
	struct login_defs_item item = { .key = key };

	return read_items(directory, path, &item, 1) == 0 && login_defs_item_yes(&item);
}
