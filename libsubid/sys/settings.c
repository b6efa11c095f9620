// SPDX-License-Identifier: BSD-3-Clause
/*
 * settings: the keys about subordinate ids, with the values that they have where the file
 * says nothing.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include "libsubid/core/limits.h"
#include "libsubid/sys/conf.h"
#include "libsubid/sys/settings.h"

#define DEFAULT_MIN	100000
#define DEFAULT_MAX	600100000
#define DEFAULT_COUNT	65536
#define DEFAULT_UID_MIN 1000
/* With SUB_UID_DETERMINISTIC each uid has its place, up to the last id. */
#define DETERMINISTIC_MIN 65536
#define DETERMINISTIC_MAX 4294967294

static int read_number(const char *path, const char *key, uint64_t fallback,
		       uint64_t *ret_number, const char **ret_key)
{
	int r = conf_number(path, key, fallback, ret_number);

	if (r == 0)
		return 0;
	*ret_key = key;
	return r < 0 ? r : SETTINGS_NUMBER;
}

static int read_request(const char *path, const struct kind *kind, bool deterministic,
			struct alloc_request *ret_request, const char **ret_key)
{
	uint64_t min, max, count;
	int r;

	if ((r = read_number(path, kind->conf_min,
			     deterministic ? DETERMINISTIC_MIN : DEFAULT_MIN, &min,
			     ret_key)) ||
	    (r = read_number(path, kind->conf_max,
			     deterministic ? DETERMINISTIC_MAX : DEFAULT_MAX, &max,
			     ret_key)) ||
	    (r = read_number(path, kind->conf_count, DEFAULT_COUNT, &count, ret_key)))
		return r;
	if (min > max || max >= ID_END) {
		*ret_key = kind->conf_min;
		return SETTINGS_BOUNDS;
	}
	*ret_request =
		(struct alloc_request){ .bounds = { min, max + 1 }, .count = count };
	return 0;
}

/*
 * Reads login.defs in @folder; a key that is not there has its usual value, and a file
 * that is not there holds none.
 *
 * Returns 0, SETTINGS_NUMBER, SETTINGS_BOUNDS or -errno; with all but 0 *ret_key is the
 * key that it is about. Thread-safe.
 */
int settings_read(const char *folder, struct settings *ret_settings, const char **ret_key)
{
	struct settings settings = { 0 };
	char path[PATH_MAX];
	int r;

	*ret_key = kind_uid.conf_min;
	r = snprintf(path, sizeof(path), "%s/login.defs", folder);
	if (r < 0 || (size_t)r >= sizeof(path))
		return -ENAMETOOLONG;
	settings.deterministic = conf_is_yes(path, "SUB_UID_DETERMINISTIC");
	settings.by_id = conf_is_yes(path, "SUB_UID_STORE_BY_UID");
	if ((r = read_number(path, "UID_MIN", DEFAULT_UID_MIN, &settings.uid_min,
			     ret_key)) ||
	    (r = read_request(path, &kind_uid, settings.deterministic,
			      &settings.requests[0], ret_key)) ||
	    (r = read_request(path, &kind_gid, settings.deterministic,
			      &settings.requests[1], ret_key)))
		return r;
	*ret_settings = settings;
	return 0;
}
