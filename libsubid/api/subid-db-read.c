// SPDX-License-Identifier: BSD-3-Clause
/*
 * subid-db-read: reads lines, ranges of an owner, and owners of an id.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libsubid/api/change.h"
#include "libsubid/api/export.h"
#include "libsubid/api/subid-db-handle.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/sys/dbfile.h"
#include "libsubid/sys/scan.h"

struct subid_db_iter {
	struct subid_db *handle;
	const struct kind *kind;
	struct dbfile file;
	struct scan scan;
	struct subid_db_line line;
	char owner[LIMIT_OWNER_BYTES + 1];
};

EXPORT int subid_db_iter_new(struct subid_db *db, unsigned int type,
			     struct subid_db_iter **ret_iter)
{
	HOLD_CANCEL;
	CLEANUP(query_cleanup) struct query query = QUERY_NONE;
	const struct kind *kind = handle_kind(type);
	struct subid_db_iter *iter;
	int r;

	if (!kind || !ret_iter)
		return handle_fail(db, SUBID_DB_INVALID, EINVAL, "");
	r = query_open(&query, db->root, true);
	if (r)
		return handle_fail_errno(db, r, NULL);
	iter = calloc(1, sizeof(*iter));
	if (!iter)
		return handle_fail_errno(db, -ENOMEM, kind);
	iter->handle = db;
	iter->kind = kind;
	r = query_file(&query, kind, &iter->file);
	if (r) {
		subid_db_iter_free(iter);
		return handle_fail_errno(db, r, kind);
	}
	scan_start(&iter->scan, iter->file.fd);
	*ret_iter = iter;
	return 0;
}

static void set_line(struct subid_db_iter *iter, const struct scan_line *line)
{
	struct entry entry;
	int fault = entry_parse(line->text, line->len, &entry);

	iter->line = (struct subid_db_line){ .number = line->number,
					     .text = line->text,
					     .len = line->len };
	if (fault) {
		iter->line.fault = entry_reason(fault);
		iter->line.harmless = entry_fault_is_harmless(fault);
		return;
	}
	memcpy(iter->owner, entry.owner, entry.owner_len);
	iter->owner[entry.owner_len] = '\0';
	iter->line.owner = iter->owner;
	iter->line.range = handle_range(entry.range);
}

EXPORT int subid_db_iter_next(struct subid_db_iter *iter,
			      const struct subid_db_line **ret_line)
{
	HOLD_CANCEL;
	struct scan_line line;
	int r = scan_next(&iter->scan, &line);

	if (r < 0)
		return handle_fail_errno(iter->handle, r, iter->kind);
	if (r == 0)
		return 0;
	set_line(iter, &line);
	*ret_line = &iter->line;
	return 1;
}

EXPORT struct subid_db_iter *subid_db_iter_free(struct subid_db_iter *iter)
{
	HOLD_CANCEL;
	if (iter) {
		scan_end(&iter->scan);
		dbfile_cleanup(&iter->file);
		free(iter);
	}
	return NULL;
}

/* Asks the sources, outside of a transaction. */
static int read_sources(struct subid_db *handle, const struct kind *kind,
			const char *name, struct owner *owner,
			struct query_ranges *ranges)
{
	CLEANUP(query_cleanup) struct query query = QUERY_NONE;
	int r = query_open(&query, handle->root, handle->flags & SUBID_DB_FILES_ONLY);

	if (r)
		return handle_fail_errno(handle, r, NULL);
	query.granted = true;
	r = handle_owner(handle, name, &query.lookup, owner);
	if (r)
		return r;
	r = query_ranges(&query, kind, owner, ranges);
	return r ? handle_fail_query(handle, &query, r, kind) : 0;
}

/* Reads the databases as a transaction would write them. */
static int ask_transaction(struct subid_db *handle, const struct kind *kind,
			   const char *name, struct owner *owner,
			   struct query_ranges *ranges)
{
	int r = handle_owner(handle, name, &handle->db.lookup, owner);

	if (r)
		return r;
	r = change_ranges(&handle->db, kind, owner, ranges);
	return r ? handle_fail_errno(handle, r, kind) : 0;
}

EXPORT int subid_db_ranges(struct subid_db *db, unsigned int type, const char *owner,
			   struct subid_db_range **ret_ranges, size_t *ret_n)
{
	HOLD_CANCEL;
	CLEANUP(owner_cleanup) struct owner found = { 0 };
	CLEANUP(query_ranges_cleanup) struct query_ranges ranges = { 0 };
	const struct kind *kind = handle_kind(type);
	struct subid_db_range *list;
	int r;

	if (!kind || !ret_ranges || !ret_n)
		return handle_fail(db, SUBID_DB_INVALID, EINVAL, "");
	r = (db->types & type ? ask_transaction : read_sources)(db, kind, owner, &found,
								&ranges);
	if (r)
		return r;
	if (ranges.n == 0)
		return handle_fail(db,
				   owner_has_account(&found) ? SUBID_DB_NO_RANGE :
							       SUBID_DB_NO_USER,
				   0, owner);
	list = calloc(ranges.n, sizeof(*list));
	if (!list)
		return handle_fail_errno(db, -ENOMEM, kind);
	for (size_t i = 0; i < ranges.n; i++)
		list[i] = handle_range(ranges.ranges[i]);
	*ret_ranges = list;
	*ret_n = ranges.n;
	return 0;
}

static struct subid_db_owner *make_owners(const struct query_owners *owners)
{
	struct subid_db_owner *list;
	size_t bytes = 0;
	char *strings;

	for (size_t i = 0; i < owners->n; i++)
		bytes += strlen(owners->owners[i].name) + 1;
	list = handle_block(owners->n, sizeof(*list), bytes, &strings);
	for (size_t i = 0; list && i < owners->n; i++) {
		const struct query_owner *owner = &owners->owners[i];

		list[i].name = handle_string(&strings, owner->name, strlen(owner->name));
		list[i].has_uid = owner->has_uid;
		list[i].uid = owner->uid;
	}
	return list;
}

EXPORT int subid_db_owners(struct subid_db *db, unsigned int type, uint32_t id,
			   struct subid_db_owner **ret_owners, size_t *ret_n)
{
	HOLD_CANCEL;
	CLEANUP(query_cleanup) struct query query = QUERY_NONE;
	CLEANUP(query_owners_cleanup) struct query_owners owners = { 0 };
	const struct kind *kind = handle_kind(type);
	struct subid_db_owner *list;
	int r;

	if (!kind || !ret_owners || !ret_n)
		return handle_fail(db, SUBID_DB_INVALID, EINVAL, "");
	r = query_open(&query, db->root, db->flags & SUBID_DB_FILES_ONLY);
	if (r)
		return handle_fail_errno(db, r, NULL);
	r = query_owners(&query, kind, id, &owners);
	if (r)
		return handle_fail_query(db, &query, r, kind);
	if (owners.n == 0)
		return handle_fail(db, SUBID_DB_NO_RANGE, 0, "");
	list = make_owners(&owners);
	if (!list)
		return handle_fail_errno(db, -ENOMEM, kind);
	*ret_owners = list;
	*ret_n = owners.n;
	return 0;
}
