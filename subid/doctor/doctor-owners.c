// SPDX-License-Identifier: BSD-3-Clause
/*
 * doctor-owners: finds lines that are meant for the user, but have another owner: a
 * former name or uid of the user, until `subid rename` has given the line the current
 * name; or one that no login can have. What such an owner is, and who is meant, is
 * decided as by `subid check`.
 *
 * MUST: an owner that may be another user does not count: the name service is asked, too.
 */
#include <string.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "libsubid/core/num.h"
#include "libsubid/findings/findings.h"
#include "libsubid/user/passwd-file.h"
#include "subid/doctor/doctor.h"
#include "subid/verb/owner-guess.h"

/* Owners without a local account that are looked up. */
#define OWNERS_MAX 1000

struct search_renamed {
	struct doctor *doctor;
	const struct owner *owner;
	int directory;
	struct accounts users;		  /* local ones */
	size_t n;			  /* owners that were looked up */
	char last[LIMIT_OWNER_BYTES + 1]; /* of them */
	bool found;			  /* it is a former name of the user */
	bool by_home;			  /* only the home directory shows it */
	bool same_ids;			  /* only the same ids in the other database do */
};

static void search_renamed_cleanup(struct search_renamed *search)
{
	accounts_cleanup(&search->users);
}

static bool is_known(const struct search_renamed *search, const struct entry *entry)
{
	return owner_is_text(search->owner, entry->owner, entry->owner_len) ||
	       accounts_by_name(&search->users, entry->owner, entry->owner_len) ||
	       (entry->by_id && accounts_by_id(&search->users, entry->owner_id));
}

static bool is_user(struct search_renamed *search, const struct entry *entry)
{
	struct helper *asker = &search->doctor->asker;
	struct account account;

	return (entry->by_id ? nss_client_uid(asker, entry->owner_id, &account) :
			       nss_client_user(asker, search->last, &account)) <= 0;
}

/* Whether the line has the ids that the user has only in the other database. */
static bool has_missing_ids(const struct search_renamed *search, unsigned group,
			    const struct entry *entry)
{
	const struct doctor_side *sides = search->doctor->sides;

	return sides[group].n == 0 && sides[!group].n == 1 &&
	       range_equals(sides[!group].ranges[0], entry->range);
}

/* Whether the owner of the line is a former name of the user, or the name misspelt. */
static bool is_former(struct search_renamed *search, unsigned group,
		      const struct entry *entry)
{
	uint32_t uid;
	int r;

	if (entry->owner_len == strlen(search->last) &&
	    memcmp(entry->owner, search->last, entry->owner_len) == 0)
		return search->found;
	if (search->found || is_known(search, entry) || ++search->n > OWNERS_MAX)
		return false;
	memcpy(search->last, entry->owner, entry->owner_len);
	search->last[entry->owner_len] = '\0';
	r = owner_guess_renamed(search->directory, &search->users, search->last, &uid,
				&search->by_home);
	/* A name that no login can have is reported as another cause. */
	search->same_ids =
		r == OWNER_GUESS_NONE && has_missing_ids(search, group, entry) &&
		owner_guess_alike(search->last, search->doctor->account.name) &&
		!owner_guess_likely(&search->users, search->last);
	search->found =
		(search->same_ids || (r == 0 && uid == search->doctor->account.uid)) &&
		!is_user(search, entry);
	return search->found;
}

/* Returns the number of the first line with a former name; 0: there is none. */
static uint64_t find_line(struct search_renamed *search, unsigned group,
			  const struct table *table)
{
	struct table_cursor cursor = { 0 };
	struct table_line line;

	while (table_next(table, &cursor, &line))
		if (line.fault == 0 && is_former(search, group, &line.entry))
			return line.number;
	return 0;
}

static int report_renamed(struct search_renamed *search, const struct db *db,
			  bool ret_lines[static 2])
{
	struct doctor *doctor = search->doctor;
	uint64_t lines[2] = { 0 };
	struct facts_host host = { .former = search->last };
	struct facts facts;
	unsigned int group;

	for (size_t k = 0; k < 2; k++) {
		lines[k] = find_line(search, (unsigned)k, &db->sides[k].table);
		ret_lines[k] = lines[k] != 0;
		host.merge |= doctor->sides[k].n > 0;
	}
	if (!search->found)
		return 0;
	group = lines[0] ? 0 : 1;
	host.former_line = lines[group];
	host.former_by_home = search->by_home;
	host.former_same_ids = search->same_ids;
	host.both = lines[0] && lines[1];
	facts = doctor_facts(doctor, doctor->sides[group].kind, &host, FACTS_RENAMED, 0);
	for (size_t k = 0; k < 2; k++)
		if (lines[k] && doctor->sides[k].n == 0)
			return doctor_report_bad(doctor, "ranges", &facts);
	return doctor_report_warning(doctor, "ranges", &facts);
}

/*
 * Reports lines with a former name of the user.
 *
 * owner: all current names. ret_lines: by kind->group: there are such lines.
 * Returns 0 or an exit status.
 */
int doctor_renamed(struct doctor *doctor, const struct owner *owner, int directory,
		   bool ret_lines[static 2])
{
	static const bool kinds[] = { true, true };
	CLEANUP(search_renamed_cleanup)
	struct search_renamed search = { .doctor = doctor,
					 .owner = owner,
					 .directory = directory };
	CLEANUP(db_end) struct db db = DB_NONE;

	/* What cannot be read is reported with the ranges. */
	if (free_range_load(&db, directory, DB_LIVE, NULL, kinds) ||
	    passwd_file_load(directory, &kind_uid, &search.users))
		return 0;
	return report_renamed(&search, &db, ret_lines);
}

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
	login = owner_guess_likely(users, owner);
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
