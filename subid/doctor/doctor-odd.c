// SPDX-License-Identifier: BSD-3-Clause
/*
 * doctor-odd: finds a line that is likely meant for the user, but has an owner that no
 * login can have. Such owners, and their likely users, are found as by `subid check`.
 */
#include <string.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/findings/findings.h"
#include "libsubid/user/passwd-file.h"
#include "subid/doctor/doctor.h"
#include "subid/verb/likely-user.h"

/* More findings of one code are not looked at. */
#define FINDINGS_MAX 10000

/* Whether the owner is the only fault of a line, besides what the other database has. */
static bool only_owner_is_wrong(const struct findings *findings, size_t i)
{
	const struct findings_item *item = &findings->items[i];

	for (size_t k = 0; k < findings->n; k++) {
		const struct findings_item *other = &findings->items[k];

		if (other->group == item->group && other->severity > FINDING_NOTE &&
		    (other->line == item->line || other->other_line == item->line) &&
		    other->code != FINDING_OWNER_ODD && other->code != FINDING_ONE_SIDE)
			return false;
	}
	return true;
}

static bool is_meant_for_user(const struct doctor *doctor, const struct accounts *users,
			      const struct finding *finding)
{
	char owner[LIMIT_OWNER_BYTES + 1];
	const char *login;

	if (finding->code != FINDING_OWNER_ODD ||
	    finding->owner_len > LIMIT_OWNER_BYTES || finding->text_len > CURE_WORD_BYTES)
		return false;
	memcpy(owner, finding->owner, finding->owner_len);
	owner[finding->owner_len] = '\0';
	login = likely_user(users, owner);
	return login && strcmp(login, doctor->account.name) == 0;
}

/*
 * Finds such a line with ids that can be given to the user.
 *
 * ret_text: the line. Returns its number, or 0: there is none.
 */
uint64_t doctor_find_odd(struct doctor *doctor, const struct kind *kind, int directory,
			 char ret_text[static CURE_WORD_BYTES + 1])
{
	static const bool kinds[] = { true, true };
	CLEANUP(accounts_cleanup) struct accounts users = { 0 };
	CLEANUP(accounts_cleanup) struct accounts groups = { 0 };
	CLEANUP(findings_cleanup) struct findings findings = { .n = 0 };
	CLEANUP(db_end) struct db db = DB_NONE;
	const struct findings_question question = {
		.tables = { &db.sides[0].table, &db.sides[1].table },
		.users = &users,
		.groups = &groups,
		.reserved = true,
		.max = FINDINGS_MAX,
	};

	if (free_range_load(&db, directory, DB_LIVE, NULL, kinds) ||
	    passwd_file_load(directory, &kind_uid, &users) ||
	    passwd_file_load(directory, &kind_gid, &groups) ||
	    findings_find(&question, &findings))
		return 0;
	for (size_t i = 0; i < findings.n; i++) {
		struct finding finding;

		findings_get(&findings, i, &finding);
		if (finding.kind != kind ||
		    !is_meant_for_user(doctor, &users, &finding) ||
		    !only_owner_is_wrong(&findings, i))
			continue;
		memcpy(ret_text, finding.text, finding.text_len);
		ret_text[finding.text_len] = '\0';
		return finding.line;
	}
	return 0;
}
