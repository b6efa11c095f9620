// SPDX-License-Identifier: BSD-3-Clause
/*
 * subid-db-write: transactions.
 *
 * MUST: a call that fails does not change the transaction.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libsubid/api/change.h"
#include "libsubid/api/export.h"
#include "libsubid/api/subid-db-handle.h"
#include "libsubid/core/cleanup.h"

#define TYPES (SUBID_DB_UID | SUBID_DB_GID)
#define GRANT_FLAGS                                                               \
	(SUBID_DB_ALLOW_OVERLAP | SUBID_DB_ALLOW_ROOT | SUBID_DB_ALLOW_RESERVED | \
	 SUBID_DB_NO_ACCOUNT)

static int invalid(struct subid_db *handle, const char *where)
{
	return handle_fail(handle, SUBID_DB_INVALID, EINVAL, where);
}

static void forget_conflicts(struct subid_db *handle)
{
	free(handle->conflicts);
	handle->conflicts = NULL;
	handle->n_conflicts = 0;
}

EXPORT int subid_db_begin(struct subid_db *db, unsigned int types)
{
	HOLD_CANCEL;
	int r;

	forget_conflicts(db);
	if (types == 0 || (types & ~TYPES) || db->types)
		return invalid(db, "");
	r = change_begin(&db->db, db->root, types);
	if (r) {
		r = handle_fail_db(db, r);
		db_end(&db->db);
		return r;
	}
	db->types = types;
	return 0;
}

EXPORT void subid_db_discard(struct subid_db *db)
{
	HOLD_CANCEL;
	db_end(&db->db);
	db->types = 0;
	forget_conflicts(db);
}

EXPORT int subid_db_commit(struct subid_db *db)
{
	HOLD_CANCEL;
	int r;

	if (!db->types)
		return invalid(db, "");
	r = db_commit(&db->db);
	r = r ? handle_fail_db(db, r) : 0;
	subid_db_discard(db);
	return r;
}

EXPORT const struct subid_db_conflict *subid_db_conflicts(const struct subid_db *db,
							  size_t *ret_n)
{
	*ret_n = db->n_conflicts;
	return db->conflicts;
}

/* Finds the owner of a change. */
static int find_owner(struct subid_db *handle, const char *name, unsigned int flags,
		      struct owner *ret_owner)
{
	int r = handle_owner(handle, name, &handle->db.lookup, ret_owner);

	if (r)
		return r;
	if (!owner_has_account(ret_owner) && !(flags & SUBID_DB_NO_ACCOUNT))
		return handle_fail(handle, SUBID_DB_NO_USER, 0, name);
	return 0;
}

/* Reads login.defs beside the databases and finds the owner. Returns 0 or an error. */
static int prepare_change(struct subid_db *handle, const char *name, unsigned int flags,
			  struct owner *ret_owner, struct allocate *ret_allocate)
{
	struct settings_error error;
	int r = settings_read(handle->db.directory, &ret_allocate->settings, &error);

	if (r)
		return r < 0 ? handle_fail_errno(handle, r, NULL) :
			       invalid(handle, error.key);
	ret_allocate->policy = (struct overlap_policy){
		.allow_overlap = flags & SUBID_DB_ALLOW_OVERLAP,
		.allow_root = flags & SUBID_DB_ALLOW_ROOT,
		.allow_reserved = flags & SUBID_DB_ALLOW_RESERVED,
	};
	return find_owner(handle, name, flags, ret_owner);
}

/* Returns the result of a grant and stores its conflicts. */
static int finish_grant(struct subid_db *handle, const struct allocate *allocate, int r)
{
	const struct overlap_list *conflicts = &allocate->conflicts;

	if (r == DB_CONFLICT) {
		if (handle_conflicts(conflicts->items, conflicts->n, NULL, 0, &kind_uid,
				     &handle->conflicts))
			r = -ENOMEM;
		else
			handle->n_conflicts = conflicts->n;
	}
	if (r)
		return handle_fail_db(handle, r);
	return allocate->unsure ? SUBID_DB_UNSURE : 0;
}

EXPORT int subid_db_grant(struct subid_db *db, unsigned int type, const char *owner,
			  struct subid_db_range range, unsigned int flags)
{
	HOLD_CANCEL;
	CLEANUP(owner_cleanup) struct owner found = { 0 };
	CLEANUP(unknown_owners_cleanup) struct unknown_owners unknown = { 0 };
	const struct kind *kind = handle_kind(type);
	struct allocate_item item = { 0 };
	CLEANUP(allocate_cleanup)
	struct allocate allocate = { .items = &item, .n = 1, .fixed = true };
	int r;

	forget_conflicts(db);
	if (!kind || !(db->types & type) || (flags & ~GRANT_FLAGS) ||
	    range_make(range.start, range.count, &item.ranges[kind->group]))
		return invalid(db, "");
	r = prepare_change(db, owner, flags, &found, &allocate);
	if (r)
		return r;
	/* The line of an owner without an answer is a conflict. */
	r = db_find_names(&db->db, kind, &found, item.ranges[kind->group], &unknown);
	if (r && r != DB_UNKNOWN)
		return handle_fail_db(db, r);
	allocate.kinds[kind->group] = true;
	return finish_grant(db, &allocate,
			    allocate_for_owner(&db->db, &allocate, &found));
}

/* Returns false if the bounds are invalid. */
static bool convert_request(const struct subid_db_request *request,
			    struct change_request *ret_request)
{
	*ret_request = (struct change_request){ .count = request->count,
						.align = request->align };
	if (request->first == 0 && request->last == 0)
		return true;
	return request->first <= request->last && request->last < ID_END &&
	       range_make(request->first, request->last - request->first + 1,
			  &ret_request->bounds) == 0;
}

EXPORT int subid_db_allocate(struct subid_db *db, unsigned int types, const char *owner,
			     const struct subid_db_request *request,
			     struct subid_db_range *ret_range)
{
	HOLD_CANCEL;
	CLEANUP(owner_cleanup) struct owner found = { 0 };
	CLEANUP(allocate_cleanup) struct allocate allocate = { 0 };
	struct subid_db_request known;
	struct change_request change;
	struct range range = { .start = 0 };
	int r;

	forget_conflicts(db);
	if (types == 0 || (types & ~db->types) || !ret_range ||
	    !handle_sized(request, &known, sizeof(known)) ||
	    (known.flags & ~GRANT_FLAGS) || !convert_request(&known, &change))
		return invalid(db, "");
	r = prepare_change(db, owner, known.flags, &found, &allocate);
	if (r)
		return r;
	r = change_allocate(&db->db, types, &found, &change, &allocate, &range);
	r = finish_grant(db, &allocate, r);
	if (r >= 0)
		*ret_range = handle_range(range);
	return r;
}

EXPORT int subid_db_revoke(struct subid_db *db, unsigned int type, const char *owner,
			   struct subid_db_range range)
{
	HOLD_CANCEL;
	CLEANUP(owner_cleanup) struct owner found = { 0 };
	CLEANUP(unknown_owners_cleanup) struct unknown_owners unknown = { 0 };
	const struct kind *kind = handle_kind(type);
	struct range ids;
	int r;

	forget_conflicts(db);
	if (!kind || !(db->types & type) || range_make(range.start, range.count, &ids))
		return invalid(db, "");
	r = find_owner(db, owner, SUBID_DB_NO_ACCOUNT, &found);
	if (r)
		return r;
	owner_choose_digits(&found, false, false);
	r = db_find_names(&db->db, kind, &found, ids, &unknown);
	if (r == 0)
		r = db_revoke(&db->db, kind, &found, ids);
	return r ? handle_fail_db(db, r) : 0;
}
