// SPDX-License-Identifier: BSD-3-Clause
/*
 * check-lines: what stands in the databases, against the accounts.
 *
 * The local accounts are read whole. Owners without one may be users of the name service:
 * it is asked about them, for a bounded time.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/i18n.h"
#include "common/report.h"
#include "helper/nss-client.h"
#include "libsubid/core/array.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "libsubid/sys/nsswitch.h"
#include "libsubid/sys/paths.h"
#include "libsubid/sys/userns.h"
#include "subid/check.h"

static int search(const struct check *check, struct findings *ret_findings)
{
	const struct findings_question question = {
		.tables = { check->sides[0].readable ? &check->sides[0].table : NULL,
			    check->sides[1].readable ? &check->sides[1].table : NULL },
		.users = &check->users,
		.groups = &check->groups,
		.reserved = !check->place.image && userns_is_limited() <= 0,
		.max = check->all ? 0 : CHECK_MAX,
	};

	return findings_find(&question, ret_findings);
}

/* The owners of lines that no local account has. */
struct unknown {
	char **names;
	size_t n;
	size_t allocated;
};

static void unknown_cleanup(struct unknown *unknown)
{
	for (size_t i = 0; i < unknown->n; i++)
		free(unknown->names[i]);
	free(unknown->names);
}

static int collect_unknown(const struct findings *findings, struct unknown *unknown)
{
	for (size_t i = 0; i < findings->n; i++) {
		struct finding finding;

		findings_get(findings, i, &finding);
		if (finding.code != FINDING_NO_ACCOUNT)
			continue;
		if (ARRAY_RESERVE(unknown->names, unknown->n, unknown->allocated))
			return -ENOMEM;
		unknown->names[unknown->n] = strndup(finding.owner, finding.owner_len);
		if (!unknown->names[unknown->n++])
			return -ENOMEM;
	}
	return 0;
}

/* A uid in decimal is asked for as one where no account has it as its name. */
static int ask_uid(struct nss_client *client, const char *name,
		   struct name_service_answer *answer)
{
	uint64_t uid;

	if (answer->r == ACCOUNT_NONE &&
	    num_parse(name, strlen(name), ID_NONE - 1, &uid) == 0)
		answer->r = nss_client_uid(client, (uid_t)uid, &answer->account);
	return answer->r;
}

/* Adds an account by the name that the line has for it. Returns 0 or -ENOMEM. */
static int add_user(struct check *check, const char *name, const struct account *account)
{
	return accounts_add(&check->users, name, strlen(name), account->uid,
			    account->gid);
}

/* Asks the name service for the owners that no local account has. */
static int ask(struct check *check, struct nss_client *client,
	       const struct findings *findings)
{
	CLEANUP(unknown_cleanup) struct unknown unknown = { 0 };
	CLEANUP(cleanup_free) struct name_service_answer *answers = NULL;
	size_t asked = 0;
	int r = collect_unknown(findings, &unknown);

	if (r == 0 && unknown.n > 0) {
		answers = reallocarray(NULL, unknown.n, sizeof(*answers));
		r = answers ? nss_client_users(client, (const char *const *)unknown.names,
					       unknown.n, answers) :
			      -ENOMEM;
	}
	for (size_t i = 0; r == 0 && i < unknown.n; i++) {
		int known = ask_uid(client, unknown.names[i], &answers[i]);

		asked += known >= 0;
		if (known == 0)
			r = add_user(check, unknown.names[i], &answers[i].account);
	}
	check->unsure = asked < findings->counts[FINDING_NO_ACCOUNT][FINDING_NOTE];
	return r ? r : accounts_sort(&check->users);
}

/* Looks once more if the name service knows more users than the local files. */
static int search_with_others(struct check *check, struct findings *findings)
{
	CLEANUP(nss_client_end) struct nss_client client = NSS_CLIENT_LOOK;
	size_t before = check->users.n;
	struct nsswitch nsswitch;
	int r;

	if (check->place.image || nsswitch_read(NSSWITCH_CONF, &nsswitch) ||
	    nsswitch.passwd_others[0] == '\0')
		return 0;
	r = ask(check, &client, findings);
	if (check->unsure)
		report_line(PROGRAM, _("note: the name service did not answer about all "
				       "owners; some may have an account"));
	if (r || check->users.n == before)
		return r;
	findings_clear(findings);
	return search(check, findings);
}

/* Of each code what is told is enough to see what it is about. */
static void tell_rest(struct check *check, const struct findings *findings)
{
	size_t left = 0;

	for (size_t code = 1; code < FINDING_CODES_END; code++)
		for (size_t severity = FINDING_NOTE; severity <= FINDING_ERROR;
		     severity++) {
			size_t n = findings->counts[code][severity];

			if (check->all || n <= CHECK_MAX)
				continue;
			left += n - CHECK_MAX;
			if (severity >= FINDING_WARNING)
				check->n_wrong += n - CHECK_MAX;
		}
	if (left)
		report_line(PROGRAM,
			    _("note: %zu more findings of the same kinds are not shown; "
			      "--all shows them"),
			    left);
}

/*
 * Tells what is wrong in the lines of the databases.
 * Returns 0, or an exit status with the reason told.
 */
int check_lines(struct check *check)
{
	CLEANUP(findings_cleanup) struct findings findings = { .n = 0 };
	int r;

	r = search(check, &findings);
	if (r == 0)
		r = search_with_others(check, &findings);
	if (r == 0)
		r = check_find_taken(check, &findings);
	if (r)
		return verb_fail(-r);
	for (size_t i = 0; i < findings.n; i++) {
		struct problem problem;
		struct finding finding;

		findings_get(&findings, i, &finding);
		check_describe(check, &finding, &problem);
		r = check_tell(check, &problem);
		if (r)
			return r;
	}
	tell_rest(check, &findings);
	return 0;
}
