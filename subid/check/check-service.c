// SPDX-License-Identifier: BSD-3-Clause
/*
 * check-service: looks up the owners of lines in the name service.
 *
 * It is asked for owners that are no local account. A local uid may also be the login
 * name of a remote account: that is asked while there is time.
 *
 * MUST: an owner without an answer counts as unknown, not as one without an account.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "helper/nss-client.h"
#include "libsubid/core/array.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/sys/etc-directory.h"
#include "libsubid/sys/nsswitch.h"
#include "libsubid/user/unknown-owners.h"
#include "message/i18n.h"
#include "message/report.h"
#include "subid/check/check.h"

/* An owner that is a uid in decimal. */
struct digits {
	uint32_t uid;
	char text[OUTPUT_NUMBER_BYTES];
	bool wanted;  /* no local account has the uid */
	bool has_uid; /* an account of the name service has it */
	bool unknown; /* the name service did not answer */
};

struct asking {
	struct check *check;
	struct nsswitch nsswitch;
	bool remote; /* the name service has remote services */
	struct helper client;
	struct unknown_owners names;
	struct digits *digits;
	size_t n_digits;
	size_t allocated_digits;
	bool answered; /* for at least one owner */
	int failed;    /* -errno: no answer for at least one owner */
};

static void asking_cleanup(struct asking *asking)
{
	helper_end(&asking->client);
	unknown_owners_cleanup(&asking->names);
	free(asking->digits);
}

/* Adds a uid; adjacent lines with the same uid add it once. */
static int add_digits(struct asking *asking, uint32_t uid)
{
	struct digits digits = { .uid = uid,
				 .wanted = !accounts_by_id(&asking->check->users, uid) };
	int r;

	if (!asking->remote && !digits.wanted)
		return 0;
	if (asking->n_digits > 0 && asking->digits[asking->n_digits - 1].uid == uid)
		return 0;
	r = ARRAY_RESERVE(asking->digits, asking->n_digits, asking->allocated_digits);
	if (r)
		return r;
	output_number(uid, digits.text);
	asking->digits[asking->n_digits++] = digits;
	return 0;
}

static int compare_digits(const void *a, const void *b)
{
	const struct digits *x = a, *y = b;

	return (x->uid > y->uid) - (x->uid < y->uid);
}

static void sort_digits(struct asking *asking)
{
	size_t n = 0;

	if (asking->n_digits == 0)
		return;
	qsort(asking->digits, asking->n_digits, sizeof(*asking->digits), compare_digits);
	for (size_t i = 0; i < asking->n_digits; i++)
		if (i == 0 || asking->digits[i].uid != asking->digits[n - 1].uid)
			asking->digits[n++] = asking->digits[i];
	asking->n_digits = n;
}

static int collect_owners_of(struct asking *asking, const struct table *table)
{
	struct table_cursor cursor = { 0 };
	struct table_line line;
	int r = 0;

	while (r == 0 && table_next(table, &cursor, &line)) {
		const struct entry *entry = &line.entry;

		if (line.fault || entry_owner_is_retired(entry->owner, entry->owner_len))
			continue;
		if (entry->by_id)
			r = add_digits(asking, entry->owner_id);
		else if (!accounts_by_name(&asking->check->users, entry->owner,
					   entry->owner_len))
			r = unknown_owners_add(&asking->names, entry->owner,
					       entry->owner_len);
	}
	return r;
}

/* Collects the owners to look up in the name service. */
static int collect_owners(struct asking *asking)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < 2; i++)
		if (asking->check->sides[i].readable)
			r = collect_owners_of(asking, &asking->check->sides[i].table);
	sort_digits(asking);
	return r;
}

static int add_user(struct check *check, const char *name, const struct account *account)
{
	return accounts_add(&check->users, name, strlen(name), account->uid,
			    account->gid);
}

static int add_unknown(struct asking *asking, const char *name, int r)
{
	struct check *check = asking->check;

	asking->failed = r;
	return accounts_add(&check->unknown, name, strlen(name), ID_NONE, ID_NONE);
}

static int take_owner_answer(struct asking *asking, const struct unknown_owner *owner)
{
	struct check *check = asking->check;
	const struct account *account = &owner->answer.account;
	const char *name = owner->name;

	if (owner->answer.r < 0)
		return add_unknown(asking, name, owner->answer.r);
	asking->answered = true;
	if (owner->answer.r || accounts_by_name(&check->users, name, strlen(name)))
		return 0;
	if (!unknown_owners_canonical(&asking->names, name, strlen(name)))
		return add_user(check, name, account);
	return accounts_add(&check->spellings, name, strlen(name), account->uid,
			    account->gid);
}

/* Asks for all names at once. */
static int ask_names(struct asking *asking)
{
	const struct name_service service = nss_client_service(&asking->client);
	const struct lookup lookup = { .directory = asking->check->place.directory,
				       .service = &service };
	int r = unknown_owners_ask_canonical(&asking->names, &lookup);

	for (size_t i = 0; r == 0 && i < asking->names.n; i++)
		r = take_owner_answer(asking, &asking->names.items[i]);
	return r;
}

/* Asks for uids that no local account has. */
static int ask_uids(struct asking *asking)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < asking->n_digits; i++) {
		struct digits *digits = &asking->digits[i];
		struct account account;
		int found;

		if (!digits->wanted)
			continue;
		found = nss_client_uid(&asking->client, digits->uid, &account);
		digits->has_uid = found == 0;
		digits->unknown = found < 0;
		if (found == 0)
			r = add_user(asking->check, account.name, &account);
		else if (found < 0)
			r = add_unknown(asking, digits->text, found);
	}
	return r;
}

/*
 * Handles the answer whether digits are a login name. A timeout is not reported for
 * digits that are the uid of an account.
 */
static int take_digits(struct asking *asking, const struct digits *digits,
		       const struct name_service_answer *answer)
{
	if (answer->r == 0)
		return add_user(asking->check, digits->text, &answer->account);
	if (answer->r == ACCOUNT_NONE || digits->unknown)
		return 0;
	if (digits->wanted && !digits->has_uid)
		return add_unknown(asking, digits->text, answer->r);
	if (answer->r != -ETIMEDOUT)
		asking->failed = answer->r;
	return 0;
}

/* Asks whether digits are login names. */
static int ask_digits(struct asking *asking)
{
	size_t n = asking->n_digits;
	CLEANUP(cleanup_free)
	const char **names = reallocarray(NULL, n + 1, sizeof(*names));
	CLEANUP(cleanup_free)
	struct name_service_answer *answers = reallocarray(NULL, n + 1, sizeof(*answers));
	int r = names && answers ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < n; i++)
		names[i] = asking->digits[i].text;
	if (r == 0 && n > 0)
		r = nss_client_users(&asking->client, names, n, answers);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = take_digits(asking, &asking->digits[i], &answers[i]);
	return r;
}

static void report_no_answers(struct check *check, int failed)
{
	if (failed == 0)
		return;
	check->silent = true;
	check->output.gaps.unanswered |= OUTPUT_PASSWD;
	if (check->unknown.n > 0)
		report_line(PROGRAM,
			    _("note: %s; owners that could not be looked up: %zu"),
			    report_no_answer(failed), check->unknown.n);
	else
		report_line(PROGRAM,
			    _("note: %s; what it knows of owners and ids is missing "
			      "here"),
			    report_no_answer(failed));
}

static int sort_accounts(struct check *check)
{
	struct accounts *all[] = { &check->users, &check->groups, &check->primary,
				   &check->spellings, &check->unknown };
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(all) / sizeof(all[0]); i++)
		r = accounts_sort(all[i]);
	return r;
}

static int ask_unresolved_owners(struct asking *asking)
{
	struct check *check = asking->check;
	int failed = 0, r = collect_owners(asking);

	if (r == 0)
		r = ask_names(asking);
	if (r == 0)
		r = ask_uids(asking);
	/* If no owner got an answer, ids would not get one either. */
	if (r == 0 && asking->remote && (asking->answered || !asking->failed))
		r = check_ask_ids(check, &asking->nsswitch, &failed);
	if (r == 0 && failed)
		asking->failed = failed;
	if (r == 0)
		r = ask_digits(asking);
	if (r)
		return r;
	report_no_answers(check, asking->failed);
	return sort_accounts(check);
}

/* If nsswitch.conf cannot be read, it is not known who the owners are. */
static int know_no_owner(struct asking *asking, int failed)
{
	int r = collect_owners(asking);

	for (size_t i = 0; r == 0 && i < asking->names.n; i++)
		r = add_unknown(asking, asking->names.items[i].name, failed);
	for (size_t i = 0; r == 0 && i < asking->n_digits; i++)
		r = add_unknown(asking, asking->digits[i].text, failed);
	return r ? r : sort_accounts(asking->check);
}

/*
 * Adds the accounts that the name service has for the owners and for ids in their ranges,
 * unless it has only local files. @findings: made with the local accounts only.
 *
 * Returns 0 or -errno.
 */
int check_ask_service(struct check *check, const struct findings *findings)
{
	CLEANUP(asking_cleanup)
	struct asking asking = { .check = check, .client = HELPER_LOOK };
	const struct nsswitch *nsswitch = &asking.nsswitch;
	int r;

	if (check->place.image)
		return 0;
	r = nsswitch_read(NAME_SERVICE_CONF, &asking.nsswitch);
	if (r) {
		report_line(PROGRAM, "%s: %s", NAME_SERVICE_CONF, report_error(-r));
		check->unreadable = true;
		return r == -ENOMEM ? r : know_no_owner(&asking, r);
	}
	asking.remote = nsswitch_has_remote(nsswitch->passwd) ||
			nsswitch_has_remote(nsswitch->group);
	if (!asking.remote && (!nsswitch_has_others(nsswitch->passwd) ||
			       findings->counts[FINDING_NO_ACCOUNT][FINDING_NOTE] == 0))
		return 0;
	return ask_unresolved_owners(&asking);
}
