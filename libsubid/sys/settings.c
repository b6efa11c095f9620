// SPDX-License-Identifier: BSD-3-Clause
/*
 * settings: the keys of login.defs(5) that matter here, and what holds without them.
 *
 * Invariant: what makes no sense is an error, and never another value instead: ranges
 * would be handed out where nobody looks for them.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>

#include "libsubid/core/kind.h"
#include "libsubid/core/limits.h"
#include "libsubid/sys/conf.h"
#include "libsubid/sys/settings.h"

#define DEFAULT_MIN	100000
#define DEFAULT_MAX	600100000
#define DEFAULT_COUNT	65536
#define DEFAULT_UID_MIN 1000
#define DEFAULT_UID_MAX 60000
/* With SUB_UID_DETERMINISTIC each uid has its place, up to the last id. */
#define DETERMINISTIC_MIN 65536
#define DETERMINISTIC_MAX 4294967294

static int number(const char *path, const char *key, uint64_t fallback, uint64_t *ret,
		  const char **ret_key)
{
	int r = conf_number(AT_FDCWD, path, key, fallback, ret);

	*ret_key = key;
	return r == CONF_MALFORMED ? SETTINGS_NUMBER : r;
}

static int request(const char *path, const struct kind *kind, bool deterministic,
		   struct alloc_request *ret_request, const char **ret_key)
{
	uint64_t min, max, count;
	int r;

	if ((r = number(path, kind->conf_count, DEFAULT_COUNT, &count, ret_key)) ||
	    (r = number(path, kind->conf_max,
			deterministic ? DETERMINISTIC_MAX : DEFAULT_MAX, &max,
			ret_key)) ||
	    (r = number(path, kind->conf_min,
			deterministic ? DETERMINISTIC_MIN : DEFAULT_MIN, &min, ret_key)))
		return r;
	if (min > max || max >= ID_END)
		return SETTINGS_BOUNDS;
	*ret_request =
		(struct alloc_request){ .bounds = { min, max + 1 }, .count = count };
	return 0;
}

/*
 * Reads login.defs in @folder; one that does not exist sets nothing.
 *
 * ret_key: with anything but 0, the key that it is about; a constant.
 * Returns 0, SETTINGS_NUMBER, SETTINGS_BOUNDS or -errno. Thread-safe.
 */
int settings_read(const char *folder, struct settings *ret_settings, const char **ret_key)
{
	struct settings settings = { .deterministic = false };
	char path[PATH_MAX + sizeof("/login.defs")];
	int r;

	snprintf(path, sizeof(path), "%s/login.defs", folder);
	settings.deterministic = conf_is_yes(AT_FDCWD, path, "SUB_UID_DETERMINISTIC");
	settings.by_id = conf_is_yes(AT_FDCWD, path, "SUB_UID_STORE_BY_UID");
	r = number(path, "UID_MIN", DEFAULT_UID_MIN, &settings.uid_min, ret_key);
	if (r == 0)
		r = number(path, "UID_MAX", DEFAULT_UID_MAX, &settings.uid_max, ret_key);
	if (r == 0)
		r = request(path, &kind_uid, settings.deterministic,
			    &settings.requests[0], ret_key);
	if (r == 0)
		r = request(path, &kind_gid, settings.deterministic,
			    &settings.requests[1], ret_key);
	if (r == 0)
		*ret_settings = settings;
	return r;
}
