// SPDX-License-Identifier: BSD-3-Clause
/*
 * allocate: the next free range of both kinds, the same in both where that is possible,
 * within the bounds of login.defs(5). A kind of which the user holds a range already is
 * left alone, so that running it twice does no more than once.
 */
#include "usermod-ext/allocate.h"
#include "common/i18n.h"
#include "common/report.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "libsubid/sys/conf.h"
#include "usermod-ext/usermod-ext.h"

#define LOGIN_DEFS_NAME "login.defs"
#define DEFAULT_MIN	100000
#define DEFAULT_MAX	600100000
#define DEFAULT_COUNT	65536
#define DEFAULT_UID_MIN 1000
/* With SUB_UID_DETERMINISTIC each uid has its place, up to the last id. */
#define DETERMINISTIC_MIN 65536
#define DETERMINISTIC_MAX 4294967294

/* Where login.defs is: a descriptor, and its path for messages. */
struct place {
	int etc;
	const char *folder;
};

struct settings {
	struct alloc_request requests[2]; /* of kind_uid, kind_gid */
	bool deterministic;
	uint64_t uid_min;
};

static int number(const struct place *place, const char *key, uint64_t fallback,
		  uint64_t *ret)
{
	int r = conf_number(place->etc, LOGIN_DEFS_NAME, key, fallback, ret);

	if (r == CONF_MALFORMED)
		report_line(PROGRAM, _("%s/%s: the value of %s is not a decimal number"),
			    place->folder, LOGIN_DEFS_NAME, key);
	else if (r)
		report_line(PROGRAM, "%s/%s: %s", place->folder, LOGIN_DEFS_NAME,
			    report_error(-r));
	return r ? ALLOCATE_SETTINGS : 0;
}

static int read_request(const struct place *place, const struct kind *kind,
			bool deterministic, struct alloc_request *ret_request)
{
	uint64_t min, max, count;
	int r;

	if ((r = number(place, kind->conf_min,
			deterministic ? DETERMINISTIC_MIN : DEFAULT_MIN, &min)) ||
	    (r = number(place, kind->conf_max,
			deterministic ? DETERMINISTIC_MAX : DEFAULT_MAX, &max)) ||
	    (r = number(place, kind->conf_count, DEFAULT_COUNT, &count)))
		return r;
	if (min > max || max >= ID_END) {
		report_line(PROGRAM,
			    _("%s/%s: %s must not be above %s, nor that beyond all "
			      "ids"),
			    place->folder, LOGIN_DEFS_NAME, kind->conf_min,
			    kind->conf_max);
		return ALLOCATE_SETTINGS;
	}
	*ret_request =
		(struct alloc_request){ .bounds = { min, max + 1 }, .count = count };
	return 0;
}

static int read_settings(const struct place *place, struct settings *ret_settings)
{
	int r;

	ret_settings->deterministic =
		conf_is_yes(place->etc, LOGIN_DEFS_NAME, "SUB_UID_DETERMINISTIC");
	r = number(place, "UID_MIN", DEFAULT_UID_MIN, &ret_settings->uid_min);
	if (r == 0)
		r = read_request(place, &kind_uid, ret_settings->deterministic,
				 &ret_settings->requests[0]);
	if (r == 0)
		r = read_request(place, &kind_gid, ret_settings->deterministic,
				 &ret_settings->requests[1]);
	return r;
}

/* Tells whether the user needs a range of this kind: it has none, and they are wanted. */
static int needs(struct db *db, const struct kind *kind,
		 const struct alloc_request *request, struct db_grant *grant,
		 bool *ret_needs)
{
	CLEANUP(range_set_cleanup) struct range_set held = RANGE_SET(SIZE_MAX);
	int r = db_held(db, kind, grant->owner, &held);

	*ret_needs = r == 0 && held.n == 0 && request->count > 0;
	return r;
}

static int place_deterministically(const struct settings *settings,
				   const struct kind *kind, const struct db_grant *grant,
				   struct range *ret_range)
{
	int r = alloc_deterministic(&settings->requests[kind->group],
				    grant->owner->account.uid, settings->uid_min,
				    ret_range);

	return r ? DB_FULL : 0;
}

static int allocate_one(struct db *db, const struct settings *settings,
			const struct kind *kind, struct db_grant *grant,
			struct allocated *allocated)
{
	struct range range;
	int r;

	r = settings->deterministic ?
		    place_deterministically(settings, kind, grant, &range) :
		    db_find_free(db, !kind->group, kind->group,
				 &settings->requests[kind->group], &range);
	if (r == 0)
		r = db_grant(db, kind, grant, range);
	else if (r == DB_FULL)
		db->failed = kind;
	if (r == 0)
		allocated->ranges[kind->group] = range;
	return r;
}

/* The same range in both databases. Returns DB_FULL when there is none. */
static int allocate_pair(struct db *db, const struct settings *settings,
			 struct db_grant *grant, struct allocated *allocated)
{
	struct alloc_request request = settings->requests[0];
	struct range range;
	int r;

	if (settings->deterministic || request.count != settings->requests[1].count ||
	    !range_intersect(request.bounds, settings->requests[1].bounds,
			     &request.bounds))
		return DB_FULL;
	r = db_find_free(db, true, true, &request, &range);
	if (r == 0)
		r = db_grant(db, &kind_uid, grant, range);
	if (r == 0)
		r = db_grant(db, &kind_gid, grant, range);
	if (r == 0)
		*allocated = (struct allocated){ { range, range } };
	return r;
}

/*
 * Allocates what the user does not have, in memory.
 *
 * etc: the folder with login.defs; folder: its path, for messages.
 * Returns 0, DB_FULL, DB_CONFLICT, ALLOCATE_SETTINGS or -errno.
 */
int allocate(struct db *db, struct db_grant *grant, int etc, const char *folder,
	     struct allocated *ret_allocated)
{
	const struct place place = { etc, folder };
	struct settings settings;
	bool uid, gid;
	int r;

	*ret_allocated = (struct allocated){ 0 };

	if ((r = read_settings(&place, &settings)) ||
	    (r = needs(db, &kind_uid, &settings.requests[0], grant, &uid)) ||
	    (r = needs(db, &kind_gid, &settings.requests[1], grant, &gid)))
		return r;
	if (uid && gid) {
		r = allocate_pair(db, &settings, grant, ret_allocated);
		if (r != DB_FULL)
			return r;
	}
	r = uid ? allocate_one(db, &settings, &kind_uid, grant, ret_allocated) : 0;
	if (r == 0 && gid)
		r = allocate_one(db, &settings, &kind_gid, grant, ret_allocated);
	return r;
}
