// SPDX-License-Identifier: BSD-3-Clause
/*
 * settings: the keys of login.defs(5) that matter here, and what holds without them.
 *
 * Invariant: what makes no sense is an error, and never another value instead: ranges
 * would be handed out where nobody looks for them.
 */
#include "libsubid/sys/settings.h"
#include "libsubid/core/kind.h"
#include "libsubid/core/limits.h"
#include "libsubid/sys/conf.h"
#include "libsubid/sys/fd.h"

#define DEFAULT_MIN	100000
#define DEFAULT_MAX	600100000
#define DEFAULT_COUNT	65536
#define DEFAULT_UID_MIN 1000
#define DEFAULT_UID_MAX 60000
/* With SUB_UID_DETERMINISTIC each uid has its place, up to the last id. */
#define DETERMINISTIC_MIN 65536
#define DETERMINISTIC_MAX 4294967294

static int number(int folder, const char *key, uint64_t fallback, uint64_t *ret,
		  const char **ret_key)
{
	int r = conf_number(folder, "login.defs", key, fallback, ret);

	*ret_key = key;
	return r == CONF_MALFORMED ? SETTINGS_NUMBER : r;
}

static int yes(int folder, const char *key, bool *ret_yes, const char **ret_key)
{
	*ret_key = key;
	return conf_yes(folder, "login.defs", key, ret_yes);
}

static int request(int folder, const struct kind *kind, bool deterministic,
		   struct alloc_request *ret_request, const char **ret_key)
{
	uint64_t min, max, count;
	int r;

	if ((r = number(folder, kind->conf_count, DEFAULT_COUNT, &count, ret_key)) ||
	    (r = number(folder, kind->conf_max,
			deterministic ? DETERMINISTIC_MAX : DEFAULT_MAX, &max,
			ret_key)) ||
	    (r = number(folder, kind->conf_min,
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
int settings_read(int folder, struct settings *ret_settings, const char **ret_key)
{
	struct settings settings = { 0 };
	int r;

	r = yes(folder, "SUB_UID_DETERMINISTIC", &settings.deterministic, ret_key);
	if (r == 0)
		r = yes(folder, "SUB_UID_STORE_BY_UID", &settings.by_id, ret_key);
	if (r == 0)
		r = number(folder, "UID_MIN", DEFAULT_UID_MIN, &settings.uid_min,
			   ret_key);
	if (r == 0)
		r = number(folder, "UID_MAX", DEFAULT_UID_MAX, &settings.uid_max,
			   ret_key);
	if (r == 0)
		r = request(folder, &kind_uid, settings.deterministic,
			    &settings.requests[0], ret_key);
	if (r == 0)
		r = request(folder, &kind_gid, settings.deterministic,
			    &settings.requests[1], ret_key);
	if (r == 0)
		*ret_settings = settings;
	return r;
}
