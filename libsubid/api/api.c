// SPDX-License-Identifier: BSD-3-Clause
/*
 * api: the calls of <shadow/subid.h>.
 *
 * MUST: any number of threads may use all calls at once: no state is kept between calls.
 * MUST: success is returned only for what is on disk, an answer only from complete reads.
 * MUST: nothing is printed, and the program cannot notice a child process.
 * MUST: a thread that is cancelled leaves no lock behind: see export.h.
 */
#include <errno.h>
#include <shadow/subid.h>
#include <stdlib.h>
#include <string.h>

#include "libsubid/api/change.h"
#include "libsubid/api/export.h"
#include "libsubid/api/query.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "libsubid/user/unknown-owners.h"

/*
 * A uid in decimal means the user with this uid, as in shadow since 4.20. For callers of
 * earlier versions it means only lines with the number: some of them ask by name and by
 * uid, and add the results.
 */
#define UID_IS_USER (SUBID_ABI_MAJOR > 5)

/* The API can only return failure; errno has the reason. */
static bool succeeded(int r)
{
	if (r < 0)
		errno = -r;
	return r >= 0;
}

EXPORT bool subid_init(const char *progname, FILE *logfd)
{
	(void)progname;
	(void)logfd;
	return true;
}

#if SUBID_ABI_MAJOR > 4
EXPORT void subid_free(void *ptr)
{
	free(ptr);
}
#endif

static int query_errno(int r)
{
	return r == QUERY_FAILED || r == QUERY_UNKNOWN ? -EAGAIN : r;
}

/* Makes the array for the caller. Returns its length or -ENOMEM. */
static int give_ranges(const struct query_ranges *found, struct subid_range **ret_ranges)
{
	struct subid_range *ranges = NULL;

	if (found->n > 0) {
		ranges = calloc(found->n, sizeof(*ranges));
		if (!ranges)
			return -ENOMEM;
	}
	for (size_t i = 0; i < found->n; i++) {
		ranges[i].start = (unsigned long)found->ranges[i].start;
		ranges[i].count = range_count_long(found->ranges[i]);
	}
	*ret_ranges = ranges;
	return (int)found->n;
}

static int find_ranges(const struct kind *kind, const char *name,
		       struct subid_range **ret_ranges)
{
	CLEANUP(query_cleanup) struct query query = QUERY_NONE;
	CLEANUP(owner_cleanup) struct owner owner = { 0 };
	CLEANUP(query_ranges_cleanup) struct query_ranges found = { 0 };
	int r;

	if (!name)
		return -EINVAL;
	r = query_open(&query, NULL, false);
	if (r)
		return r;
	r = owner_find(&owner, name, &query.lookup, UID_IS_USER);
	if (r == 0)
		r = query_ranges(&query, kind, &owner, &found);
	else if (r == OWNER_INVALID)
		r = 0; /* no line can have this owner */
	return r ? query_errno(r) : give_ranges(&found, ret_ranges);
}

static int get_ranges(const struct kind *kind, const char *owner,
		      struct subid_range **ranges)
{
	HOLD_CANCEL;
	int n = -EINVAL;

	if (ranges) {
		*ranges = NULL;
		n = find_ranges(kind, owner, ranges);
	}
	return succeeded(n) ? n : -1;
}

EXPORT int subid_get_uid_ranges(const char *owner, struct subid_range **ranges)
{
	return get_ranges(&kind_uid, owner, ranges);
}

EXPORT int subid_get_gid_ranges(const char *owner, struct subid_range **ranges)
{
	return get_ranges(&kind_gid, owner, ranges);
}

static bool has_uid(const uid_t *uids, size_t n, uid_t uid)
{
	for (size_t i = 0; i < n; i++)
		if (uids[i] == uid)
			return true;
	return false;
}

/* Makes the array for the caller, each uid once. Returns its length or -ENOMEM. */
static int give_owners(const struct query_owners *found, uid_t **ret_uids)
{
	uid_t *uids = NULL;
	size_t n = 0;

	for (size_t i = 0; i < found->n; i++) {
		if (!found->owners[i].has_uid || has_uid(uids, n, found->owners[i].uid))
			continue;
		if (!uids) {
			uids = calloc(found->n, sizeof(*uids));
			if (!uids)
				return -ENOMEM;
		}
		uids[n++] = found->owners[i].uid;
	}
	*ret_uids = uids;
	return (int)n;
}

static int find_owners(const struct kind *kind, uint32_t id, uid_t **ret_uids)
{
	CLEANUP(query_cleanup) struct query query = QUERY_NONE;
	CLEANUP(query_owners_cleanup) struct query_owners found = { 0 };
	int r = query_open(&query, NULL, false);

	if (r == 0)
		r = query_owners(&query, kind, id, &found);
	return r ? query_errno(r) : give_owners(&found, ret_uids);
}

static int get_owners(const struct kind *kind, uint32_t id, uid_t **owners)
{
	HOLD_CANCEL;
	int n = -EINVAL;

	if (owners) {
		*owners = NULL;
		n = find_owners(kind, id, owners);
	}
	return succeeded(n) ? n : -1;
}

EXPORT int subid_get_uid_owners(uid_t uid, uid_t **owner)
{
	return get_owners(&kind_uid, uid, owner);
}

EXPORT int subid_get_gid_owners(gid_t gid, uid_t **owner)
{
	return get_owners(&kind_gid, gid, owner);
}

/* Converts the result of a transaction to -errno. */
static int to_errno(int r)
{
	switch (r) {
	case DB_BUSY:
	case DB_UNKNOWN:
		return -EAGAIN;
	case DB_MISSING:
		return -ENOENT;
	case DB_CONFLICT:
		return -EEXIST;
	case DB_FULL:
		return -ENOSPC;
	case DB_NOT_DURABLE:
		return -EIO;
	case DB_POLICY:
		return -EBADMSG;
	case DB_NOT_FILES:
		return -EROFS;
	default:
		return r > 0 ? -EINVAL : r;
	}
}

/* A transaction on one database for one owner. */
struct api_change {
	const struct kind *kind;
	struct db db;
	struct owner owner;
};

static void change_cleanup(struct api_change *change)
{
	db_end(&change->db);
	owner_cleanup(&change->owner);
}

static int begin_change(struct api_change *change, const struct subordinate_range *range,
			bool uid_is_user)
{
	int r;

	/* Refuse an invalid owner before waiting for a lock. */
	if (!range || !range->owner ||
	    entry_check_owner(range->owner, strlen(range->owner)))
		return -EINVAL;
	r = change_begin(&change->db, NULL,
			 change->kind->group ? CHANGE_GID : CHANGE_UID);
	if (r)
		return r;
	return owner_find(&change->owner, range->owner, &change->db.lookup, uid_is_user);
}

/* Finds the first range of the owner that is large enough. Returns 1, 0 or -errno. */
static int find_held(struct api_change *change, uint64_t count, struct range *ret_range)
{
	CLEANUP(query_ranges_cleanup) struct query_ranges held = { 0 };
	int r = change_ranges(&change->db, change->kind, &change->owner, &held);

	for (size_t i = 0; r == 0 && i < held.n; i++)
		if (range_count(held.ranges[i]) >= count) {
			*ret_range = held.ranges[i];
			return 1;
		}
	return r;
}

/*
 * As find_held(), but if the known names have no such range, asks the name service about
 * the owners of all lines. Without an answer the grant continues.
 */
static int find_held_by_any_name(struct api_change *change, uint64_t count,
				 struct range *ret_range)
{
	CLEANUP(unknown_owners_cleanup) struct unknown_owners unknown = { 0 };
	size_t names = change->owner.n;
	int r = find_held(change, count, ret_range);

	if (r == 0)
		r = db_find_names(&change->db, change->kind, &change->owner,
				  (struct range){ 0, ID_END }, &unknown);
	if (r == DB_UNKNOWN)
		r = 0;
	return r || change->owner.n == names ? r : find_held(change, count, ret_range);
}

static int allocate(struct api_change *change, uint64_t count, struct range *ret_range)
{
	CLEANUP(allocate_cleanup) struct allocate allocate = { 0 };
	const struct change_request request = { .count = count };
	struct settings_error error;
	int r;

	r = settings_read(change->db.directory, &allocate.settings, &error);
	if (r)
		return r < 0 ? r : -EINVAL;
	r = change_allocate(&change->db, change->kind->group ? CHANGE_GID : CHANGE_UID,
			    &change->owner, &request, &allocate, ret_range);
	return r ? r : db_commit(&change->db);
}

static int grant_range(const struct kind *kind, struct subordinate_range *range,
		       bool reuse)
{
	HOLD_CANCEL;
	CLEANUP(change_cleanup)
	struct api_change change = { .kind = kind, .db = DB_NONE };
	uint64_t count = range ? range->count : 0;
	struct range found = { 0 };
	int r;

	if (count == 0 || count > ID_END)
		return -EINVAL;
	r = begin_change(&change, range, false);
	if (r)
		return to_errno(r);
	r = reuse ? find_held_by_any_name(&change, count, &found) : 0;
	if (r == 0)
		r = allocate(&change, count, &found);
	else if (r > 0)
		r = 0;
	if (r)
		return to_errno(r);
	range->start = (unsigned long)found.start;
	range->count = range_count_long(found);
	return 0;
}

EXPORT bool subid_grant_uid_range(struct subordinate_range *range, bool reuse)
{
	return succeeded(grant_range(&kind_uid, range, reuse));
}

EXPORT bool subid_grant_gid_range(struct subordinate_range *range, bool reuse)
{
	return succeeded(grant_range(&kind_gid, range, reuse));
}

/* Limits @range to valid ids. Returns false if there are none. */
static bool clamp(const struct subordinate_range *range, struct range *ret_range)
{
	uint64_t start = range->start, count = range->count;

	if (start >= ID_END)
		return false;
	if (count > ID_END - start)
		count = ID_END - start;
	return range_make(start, count, ret_range) == 0;
}

static int ungrant(const struct kind *kind, const struct subordinate_range *range)
{
	HOLD_CANCEL;
	CLEANUP(change_cleanup)
	struct api_change change = { .kind = kind, .db = DB_NONE };
	CLEANUP(unknown_owners_cleanup) struct unknown_owners unknown = { 0 };
	struct range ids;
	int r = begin_change(&change, range, UID_IS_USER);

	if (r == 0 && clamp(range, &ids)) {
		owner_choose_digits(&change.owner, false, false);
		r = db_find_names(&change.db, kind, &change.owner, ids, &unknown);
		if (r == 0)
			r = db_revoke(&change.db, kind, &change.owner, ids);
	}
	return to_errno(r ? r : db_commit(&change.db));
}

EXPORT bool subid_ungrant_uid_range(struct subordinate_range *range)
{
	return succeeded(ungrant(&kind_uid, range));
}

EXPORT bool subid_ungrant_gid_range(struct subordinate_range *range)
{
	return succeeded(ungrant(&kind_gid, range));
}
