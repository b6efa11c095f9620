// SPDX-License-Identifier: BSD-3-Clause
/*
 * doctor-shared: finds ids of the user that a line gives to another user, too. The one
 * that has to lose them is found as by `subid check`.
 */
#include <stdint.h>
#include <string.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/findings/findings.h"
#include "libsubid/core/limits.h"
#include "libsubid/core/num.h"
#include "libsubid/core/overlap.h"
#include "libsubid/user/owner.h"
#include "libsubid/user/passwd-file.h"
#include "subid/doctor/doctor.h"

/* More findings than this are not looked at. */
#define FINDINGS_MAX 100000

struct search_shared {
	struct doctor *doctor;
	const struct owner *owner;
	struct accounts users; /* local ones, and owners that the name service knows */
	struct accounts unknown;
};

static void search_shared_cleanup(struct search_shared *search)
{
	accounts_cleanup(&search->users);
	accounts_cleanup(&search->unknown);
}

static bool is_line_of_user(const struct entry *entry, void *context)
{
	const struct owner *owner = context;

	return owner_is_text(owner, entry->owner, entry->owner_len);
}

/* Finds the lines of others with ids of the user. */
static int find_shared_lines(const struct search_shared *search, const struct db *db,
			     size_t k, struct overlap_list *list)
{
	const struct doctor_side *side = &search->doctor->sides[k];
	const struct overlap_question question = {
		.kind = side->kind,
		.wanted = &side->held,
		.table = &db->sides[k].table,
		.is_owner = is_line_of_user,
		.context = (void *)(uintptr_t)search->owner,
	};

	return overlap_find(&question, list);
}

/* Asks the name service whether an owner is a user. */
static int ask_about_owner(struct search_shared *search, const char *name)
{
	size_t len = strlen(name);
	struct account account;
	uint64_t uid;
	int r;

	if (accounts_by_name(&search->users, name, len))
		return 0;
	r = num_parse(name, len, ID_NONE - 1, &uid) ?
		    nss_client_user(&search->doctor->asker, name, &account) :
		    nss_client_uid(&search->doctor->asker, (uid_t)uid, &account);
	if (r > 0)
		return 0;
	return r < 0 ? accounts_add(&search->unknown, name, len, ID_NONE, ID_NONE) :
		       accounts_add(&search->users, account.name, account.name_len,
				    account.uid, account.gid);
}

/* Finds out which of the other owners are users. *ret_any: there are others. */
static int find_sharers(struct search_shared *search, const struct db *db, bool *ret_any)
{
	CLEANUP(overlap_list_cleanup) struct overlap_list list = { 0 };
	int r = 0;

	for (size_t k = 0; r == 0 && k < 2; k++)
		r = find_shared_lines(search, db, k, &list);
	for (size_t i = 0; r == 0 && i < list.n; i++)
		if (list.items[i].why == OVERLAP_OWNER && !list.items[i].malformed) {
			*ret_any = true;
			r = ask_about_owner(search, list.items[i].name);
		}
	if (r == 0)
		r = accounts_sort(&search->users);
	return r ? r : accounts_sort(&search->unknown);
}

static void copy_owner(const char *text, size_t len,
		       char out[static LIMIT_OWNER_BYTES + 1])
{
	len = len > LIMIT_OWNER_BYTES ? LIMIT_OWNER_BYTES : len;
	memcpy(out, text, len);
	out[len] = '\0';
}

static bool owner_has_user(const struct accounts *users, const char *name)
{
	const struct accounts_owner found = accounts_by_owner(users, name, strlen(name));

	return found.by_name || found.by_uid;
}

static int report_shared(const struct search_shared *search,
			 const struct finding *finding)
{
	bool loses = owner_is_text(search->owner, finding->owner, finding->owner_len);
	struct facts_host host = { .own = finding->ids };
	struct facts facts =
		doctor_facts(search->doctor, finding->kind, &host, FACTS_SHARED, 0);
	char loser[LIMIT_OWNER_BYTES + 1], keeper[LIMIT_OWNER_BYTES + 1];

	copy_owner(finding->owner, finding->owner_len, loser);
	copy_owner(finding->other, finding->other_len, keeper);
	host.loser = loser;
	host.sharer = loses ? keeper : loser;
	host.sharer_line = loses ? finding->other_line : finding->line;
	host.sharer_unknown = accounts_by_name(&search->unknown, host.sharer,
					       strlen(host.sharer)) != NULL;
	host.no_account = !owner_has_user(&search->users, loser);
	host.in_use = free_range_is_in_use(finding->kind, finding->ids);
	return doctor_report_warning(search->doctor, "ranges", &facts);
}

static bool is_about_user(const struct owner *owner, const struct finding *finding)
{
	return finding->code == FINDING_OVERLAP && finding->severity > FINDING_NOTE &&
	       (owner_is_text(owner, finding->owner, finding->owner_len) ||
		owner_is_text(owner, finding->other, finding->other_len));
}

/* Reports the first finding of each kind. Returns 0 or an exit status. */
static int report_each_shared(const struct search_shared *search, const struct db *db)
{
	const struct findings_question question = {
		.tables = { &db->sides[0].table, &db->sides[1].table },
		.users = &search->users,
		.unknown = &search->unknown,
		.max = FINDINGS_MAX,
	};
	CLEANUP(findings_cleanup) struct findings findings = { .n = 0 };
	bool reported[2] = { false, false };
	int r = findings_find(&question, &findings);

	if (r)
		return verb_fail(-r);
	for (size_t i = 0; r == 0 && i < findings.n; i++) {
		struct finding finding;

		findings_get(&findings, i, &finding);
		if (!is_about_user(search->owner, &finding) ||
		    reported[finding.kind->group])
			continue;
		reported[finding.kind->group] = true;
		r = report_shared(search, &finding);
	}
	return r;
}

/*
 * Warns if other users have ids of the user.
 *
 * owner: all names of the user. directory: that of the databases.
 * Returns 0 or an exit status.
 */
int doctor_shared(struct doctor *doctor, const struct owner *owner, int directory)
{
	static const bool kinds[] = { true, true };
	const struct name_service service = nss_client_service(&doctor->asker);
	CLEANUP(search_shared_cleanup)
	struct search_shared search = { .doctor = doctor, .owner = owner };
	CLEANUP(db_end) struct db db = DB_NONE;
	bool any = false;
	int r;

	/* What cannot be read has been reported with the ranges. */
	if (free_range_load(&db, directory, DB_LIVE, &service, kinds) ||
	    passwd_file_load(directory, &kind_uid, &search.users))
		return 0;
	r = find_sharers(&search, &db, &any);
	if (r)
		return verb_fail(-r);
	return any ? report_each_shared(&search, &db) : 0;
}
