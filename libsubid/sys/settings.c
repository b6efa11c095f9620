// SPDX-License-Identifier: BSD-3-Clause
/*
 * settings: reads keys of login.defs(5), with defaults.
 *
 * Invariant: an invalid value is an error and never replaced by a default: ranges would
 * be allocated where no administrator expects them.
 */
#include "libsubid/sys/settings.h"
#include "libsubid/core/limits.h"
#include "libsubid/sys/login-defs.h"

#define DEFAULT_MIN	100000
#define DEFAULT_MAX	600100000
#define DEFAULT_COUNT	65536
#define DEFAULT_UID_MIN 1000
#define DEFAULT_UID_MAX 60000
/* With SUB_UID_DETERMINISTIC each uid has its own range, up to the last id. */
#define DETERMINISTIC_MIN 65536
#define DETERMINISTIC_MAX 4294967294

/* In the order in which errors are reported; KEYS_OF_KIND + 3 * k: keys of kind k. */
enum {
	KEY_DETERMINISTIC,
	KEY_BY_ID,
	KEY_UID_MIN,
	KEY_UID_MAX,
	KEYS_OF_KIND,
	KEYS = KEYS_OF_KIND + 6,
};

static int number_of_item(const struct login_defs_item *item, uint64_t fallback,
			  uint64_t *ret, struct settings_error *ret_error)
{
	ret_error->key = item->key;
	return login_defs_item_number(item, fallback, ret) ? SETTINGS_NUMBER : 0;
}

/* items: of one kind: count, maximum, minimum. */
static int request(const struct login_defs_item *items, bool deterministic,
		   struct alloc_request *ret_request, struct settings_error *ret_error)
{
	uint64_t min, max, count;
	int r;

	if ((r = number_of_item(&items[0], DEFAULT_COUNT, &count, ret_error)) ||
	    (r = number_of_item(&items[1],
				deterministic ? DETERMINISTIC_MAX : DEFAULT_MAX, &max,
				ret_error)))
		return r;
	ret_error->value = max;
	if (max >= ID_END)
		return SETTINGS_BEYOND;
	r = number_of_item(&items[2], deterministic ? DETERMINISTIC_MIN : DEFAULT_MIN,
			   &min, ret_error);
	if (r)
		return r;
	ret_error->value = min;
	ret_error->max_key = items[1].key;
	ret_error->max = max;
	if (min > max)
		return SETTINGS_BOUNDS;
	*ret_request =
		(struct alloc_request){ .bounds = { min, max + 1 }, .count = count };
	return 0;
}

static int check_values(const struct login_defs_item items[static KEYS],
			struct settings *settings, struct settings_error *ret_error)
{
	int r;

	settings->deterministic = login_defs_item_yes(&items[KEY_DETERMINISTIC]);
	settings->by_id = login_defs_item_yes(&items[KEY_BY_ID]);
	r = number_of_item(&items[KEY_UID_MIN], DEFAULT_UID_MIN, &settings->uid_min,
			   ret_error);
	if (r == 0)
		r = number_of_item(&items[KEY_UID_MAX], DEFAULT_UID_MAX,
				   &settings->uid_max, ret_error);
	for (size_t k = 0; r == 0 && k < 2; k++) {
		ret_error->kind = kind_all[k];
		r = request(&items[KEYS_OF_KIND + 3 * k], settings->deterministic,
			    &settings->requests[k], ret_error);
	}
	return r;
}

/*
 * Reads login.defs in @directory; a missing file sets nothing.
 *
 * ret_error: valid if the result is not 0.
 * Returns 0, a SETTINGS_ value or -errno. Thread-safe.
 */
int settings_read(int directory, struct settings *ret_settings,
		  struct settings_error *ret_error)
{
	struct login_defs_item items[KEYS] = {
		[KEY_DETERMINISTIC].key = "SUB_UID_DETERMINISTIC",
		[KEY_BY_ID].key = "SUB_UID_STORE_BY_UID",
		[KEY_UID_MIN].key = "UID_MIN",
		[KEY_UID_MAX].key = "UID_MAX",
		[KEYS_OF_KIND].key = kind_uid.conf_count,
		[KEYS_OF_KIND + 1].key = kind_uid.conf_max,
		[KEYS_OF_KIND + 2].key = kind_uid.conf_min,
		[KEYS_OF_KIND + 3].key = kind_gid.conf_count,
		[KEYS_OF_KIND + 4].key = kind_gid.conf_max,
		[KEYS_OF_KIND + 5].key = kind_gid.conf_min,
	};
	struct settings settings = { 0 };
	int r;

	*ret_error = (struct settings_error){ .key = items[0].key, .kind = &kind_uid };
	r = login_defs_read(directory, "login.defs", items, KEYS);
	if (r == 0)
		r = check_values(items, &settings, ret_error);
	if (r == 0)
		*ret_settings = settings;
	return r;
}
