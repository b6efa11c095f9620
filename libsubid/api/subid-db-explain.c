// SPDX-License-Identifier: BSD-3-Clause
/*
 * subid-db-explain: explains why a range is not allowed, and checks the databases.
 *
 * Both read whole databases into memory, without a lock: the result is about the files at
 * one moment.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libsubid/api/export.h"
#include "libsubid/api/subid-db-handle.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/findings/findings.h"
#include "libsubid/store/conflicts.h"
#include "libsubid/sys/userns.h"
#include "libsubid/user/passwd-file.h"

/* The question and the results of subid_db_explain(). */
struct explanation {
	const struct kind *kind;
	struct owner owner;
	struct query_ranges held;
	struct range_set missing;
	struct table table;
	struct ids_in_use in_use;
	struct overlap_list conflicts;
};

static void explanation_cleanup(struct explanation *explanation)
{
	owner_cleanup(&explanation->owner);
	query_ranges_cleanup(&explanation->held);
	range_set_clear(&explanation->missing);
	table_clear(&explanation->table);
	ids_in_use_cleanup(&explanation->in_use);
	overlap_list_cleanup(&explanation->conflicts);
}

static int find_unknown_ids(struct explanation *explanation, struct range range)
{
	int r = range_set_add(&explanation->missing, range);

	for (size_t i = 0; r == 0 && i < explanation->held.n; i++)
		r = range_set_subtract(&explanation->missing,
				       explanation->held.ranges[i]);
	return r;
}

/* Finds the conflicts that a grant would have. */
static int find_conflicts(const struct query *query, struct explanation *explanation)
{
	CLEANUP(ids_in_use_service_cleanup)
	struct ids_in_use_service service = { .service = NULL };
	const struct overlap_question question = {
		.kind = explanation->kind,
		.wanted = &explanation->missing,
		.table = &explanation->table,
		.is_owner = owner_is,
		.context = &explanation->owner,
		.reserved = !query->image && userns_is_limited() <= 0,
	};
	int r = query_table(query, explanation->kind, &explanation->table);

	ids_in_use_start(&service, &query->nsswitch, query->lookup.service);

	if (r == 0)
		r = ids_in_use_local(query->directory, explanation->kind,
				     &explanation->missing, &explanation->in_use);
	return r ? r :
		   conflicts_find(&question, query->image ? NULL : &service,
				  &explanation->in_use, &explanation->conflicts);
}

static int explain_range(struct subid_db *handle, struct query *query,
			 struct explanation *explanation, struct range range)
{
	int r = query_ranges(query, explanation->kind, &explanation->owner,
			     &explanation->held);

	if (r == 0)
		r = find_unknown_ids(explanation, range);
	if (r == 0 && explanation->missing.n > 0)
		r = find_conflicts(query, explanation);
	return r ? handle_fail_query(handle, query, r, explanation->kind) : 0;
}

EXPORT int subid_db_explain(struct subid_db *db, unsigned int type, const char *owner,
			    struct subid_db_range range,
			    struct subid_db_conflict **ret_conflicts, size_t *ret_n)
{
	HOLD_CANCEL;
	CLEANUP(query_cleanup) struct query query = QUERY_NONE;
	CLEANUP(explanation_cleanup)
	struct explanation explanation = {
		.kind = handle_kind(type),
		.missing = RANGE_SET(SIZE_MAX),
	};
	struct subid_db_conflict *list;
	struct range wanted;
	int r;

	if (!explanation.kind || !ret_conflicts || !ret_n ||
	    range_make(range.start, range.count, &wanted))
		return handle_fail(db, SUBID_DB_INVALID, EINVAL, "");
	r = query_open(&query, db->root, db->flags & SUBID_DB_FILES_ONLY);
	if (r)
		return handle_fail_errno(db, r, NULL);
	query.granted = true;
	r = handle_owner(db, owner, &query.lookup, &explanation.owner);
	if (r == 0)
		r = explain_range(db, &query, &explanation, wanted);
	if (r)
		return r;
	r = handle_conflicts(explanation.conflicts.items, explanation.conflicts.n,
			     explanation.missing.ranges, explanation.missing.n,
			     explanation.kind, &list);
	if (r)
		return handle_fail_errno(db, r, explanation.kind);
	*ret_n = explanation.conflicts.n + explanation.missing.n;
	*ret_conflicts = list;
	return 0;
}

/* The data and the result of subid_db_check(). */
struct checkup {
	struct table tables[2];
	struct accounts users;
	struct accounts groups;
	struct findings findings;
};

static void checkup_cleanup(struct checkup *checkup)
{
	findings_clear(&checkup->findings);
	table_clear(&checkup->tables[0]);
	table_clear(&checkup->tables[1]);
	accounts_cleanup(&checkup->users);
	accounts_cleanup(&checkup->groups);
}

/* Returns 0, or an error, which is stored in @handle. */
static int find_faults(struct subid_db *handle, const struct query *query,
		       struct checkup *checkup)
{
	struct findings_question question = {
		.tables = { &checkup->tables[0], &checkup->tables[1] },
		.users = &checkup->users,
		.groups = &checkup->groups,
		.reserved = !query->image && userns_is_limited() <= 0,
	};
	int r;

	if ((r = query_table(query, &kind_uid, &checkup->tables[0])))
		return handle_fail_errno(handle, r, &kind_uid);
	if ((r = query_table(query, &kind_gid, &checkup->tables[1])))
		return handle_fail_errno(handle, r, &kind_gid);
	if ((r = passwd_file_load(query->directory, &kind_uid, &checkup->users)) ||
	    (r = passwd_file_load(query->directory, &kind_gid, &checkup->groups)))
		return handle_fail_errno(handle, r, NULL);
	r = findings_find(&question, &checkup->findings);
	return r ? handle_fail_errno(handle, r, NULL) : 0;
}

static size_t string_bytes(const struct findings *findings)
{
	struct finding finding;
	size_t bytes = 0;

	for (size_t i = 0; i < findings->n; i++) {
		findings_get(findings, i, &finding);
		bytes += finding.owner_len + finding.other_len + 2;
	}
	return bytes;
}

static struct subid_db_finding *make_findings(const struct findings *findings)
{
	struct subid_db_finding *list;
	struct finding finding;
	char *strings;

	list = handle_block(findings->n, sizeof(*list), string_bytes(findings), &strings);
	for (size_t i = 0; list && i < findings->n; i++) {
		findings_get(findings, i, &finding);
		list[i] = (struct subid_db_finding){
			.code = finding_code_name(finding.code),
			.severity = (enum subid_db_severity)finding.severity,
			.type = handle_type(finding.kind),
			.line = finding.line,
			.other_line = finding.other_line,
			.ids = finding.ids.end ? handle_range(finding.ids) :
						 (struct subid_db_range){ 0 },
			.owner =
				handle_string(&strings, finding.owner, finding.owner_len),
			.other =
				handle_string(&strings, finding.other, finding.other_len),
		};
	}
	return list;
}

_Static_assert(SUBID_DB_NOTE == (int)FINDING_NOTE &&
		       SUBID_DB_WARNING == (int)FINDING_WARNING &&
		       SUBID_DB_ERROR == (int)FINDING_ERROR,
	       "severities are the same inside and outside");

EXPORT int subid_db_check(struct subid_db *db, struct subid_db_finding **ret_findings,
			  size_t *ret_n)
{
	HOLD_CANCEL;
	CLEANUP(query_cleanup) struct query query = QUERY_NONE;
	CLEANUP(checkup_cleanup) struct checkup checkup = { 0 };
	struct subid_db_finding *list = NULL;
	int r;

	if (!ret_findings || !ret_n)
		return handle_fail(db, SUBID_DB_INVALID, EINVAL, "");
	r = query_open(&query, db->root, true);
	if (r)
		return handle_fail_errno(db, r, NULL);
	r = find_faults(db, &query, &checkup);
	if (r)
		return r;
	if (checkup.findings.n > 0) {
		list = make_findings(&checkup.findings);
		if (!list)
			return handle_fail_errno(db, -ENOMEM, NULL);
	}
	*ret_findings = list;
	*ret_n = checkup.findings.n;
	return 0;
}
