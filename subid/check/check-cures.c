// SPDX-License-Identifier: BSD-3-Clause
/*
 * check-cures: commands that take ids from an owner or rewrite a line, each complete and
 * through the locks of the databases.
 *
 * MUST: a command names a line by its text, and removes no id but those of the finding.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "explain/causes.h"
#include "libsubid/core/array.h"
#include "libsubid/core/limits.h"
#include "libsubid/core/reserved.h"
#include "message/i18n.h"
#include "subid/check/check.h"

/* Returns the account that an owner without one has become. NULL: none is known. */
const struct accounts_item *check_renamed(const struct check *check, const char *owner)
{
	return accounts_by_name(&check->renamed, owner, strlen(owner));
}

/*
 * Returns the other name of an owner who has ids under two, of which one is misspelt;
 * NULL: there is none.
 */
const char *check_misspelt(const struct check *check, const char *owner)
{
	const struct accounts *users = &check->users, *misspelt = &check->misspelt;
	const struct accounts_item *wrong =
		accounts_by_name(misspelt, owner, strlen(owner));
	const struct accounts_item *user =
		wrong ? accounts_by_id(users, wrong->id) :
			accounts_by_name(users, owner, strlen(owner));

	if (!wrong && user)
		wrong = accounts_by_id(misspelt, user->id);
	else if (user)
		return accounts_name(users, user);
	return wrong ? accounts_name(misspelt, wrong) : NULL;
}

/*
 * Returns the login name of an owner, after the cures that come before have been run;
 * NULL: there is none.
 */
const char *check_login(const struct check *check, const char *owner)
{
	const struct accounts *users = &check->users;
	size_t len = strlen(owner);
	const struct accounts_owner found = accounts_by_owner(users, owner, len);
	const struct accounts_item *renamed = check_renamed(check, owner), *by_uid;

	by_uid = renamed ? accounts_by_id(users, renamed->id) : found.by_uid;
	if (by_uid)
		return accounts_name(users, by_uid);
	if (found.by_name || (!renamed && !found.digits &&
			      accounts_by_name(&check->spellings, owner, len)))
		return owner;
	return NULL;
}

/* Quotes the login name of a line's owner for a command; false: there is none. */
bool check_quote_login(const struct check *check, const char *owner,
		       char out[static CURE_QUOTED_BYTES])
{
	const char *login = check_login(check, owner);

	return login && login[0] != '\0' && cure_quote(login, out);
}

static int take_use(const struct busy_process *process, void *context)
{
	struct check_use *use = context;
	int r = ARRAY_RESERVE(use->items, use->n, use->allocated);

	if (r == 0)
		use->items[use->n++] = *process;
	return r;
}

static int compare_uses(const void *a, const void *b)
{
	const struct busy_process *x = a, *y = b;

	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	return (x->pid > y->pid) - (x->pid < y->pid);
}

/* Returns the ids that processes use; those of processes that are hidden are missing. */
static const struct check_use *find_use(struct check *check, const struct kind *kind)
{
	struct check_use *use = &check->use[kind->group];
	size_t n = 0;

	if (use->known || check->place.image || check->spans[kind->group].end == 0)
		return use;
	use->known = true;
	busy_each_id(kind, check->spans[kind->group], take_use, use);
	if (use->n > 0)
		qsort(use->items, use->n, sizeof(*use->items), compare_uses);
	for (size_t i = 0; i < use->n; i++)
		if (i == 0 || use->items[i].id != use->items[n - 1].id)
			use->items[n++] = use->items[i];
	use->n = n;
	return use;
}

/* Whether a process uses an id between the first and the last of a line. */
bool check_is_any_used(struct check *check, const struct kind *kind)
{
	return find_use(check, kind)->n > 0;
}

/* Returns the first use of an id from @id on, or NULL. */
static const struct busy_process *find_from(const struct check_use *use, uint64_t id)
{
	size_t low = 0, high = use->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (use->items[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < use->n ? &use->items[low] : NULL;
}

/*
 * Returns a process that uses ids which @owner would lose, or NULL; the owner's own id
 * does not count.
 */
const struct busy_process *check_find_process(struct check *check,
					      const struct kind *kind, const char *owner,
					      const struct range_set *ids)
{
	const struct check_use *use = find_use(check, kind);
	const char *login = check_login(check, owner);
	const struct accounts_item *user =
		login ? accounts_by_name(&check->users, login, strlen(login)) : NULL;
	uint64_t own = !user ? ID_NONE : kind->group ? user->gid : user->id;

	for (size_t i = 0; i < ids->n; i++) {
		const struct busy_process *process = find_from(use, ids->ranges[i].start);

		if (process && process->id == own)
			process = find_from(use, own + 1);
		if (process && process->id < ids->ranges[i].end)
			return process;
	}
	return NULL;
}

/* Appends to the message which process uses the ids. */
void check_add_process(struct problem *problem, const struct busy_process *process)
{
	causes_add(&problem->cause,
		   _("; process %d (%s) uses %s %u, and keeps it until it ends"),
		   (int)process->pid, process->name, process->kind->id, process->id);
}

/* Writes ` --range FIRST-LAST` for each range. */
static void write_ranges(const struct range_set *ids, char *out, size_t size)
{
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < ids->n && n < size; i++)
		n += (size_t)snprintf(out + n, size - n, " --range %" PRIu64 "-%" PRIu64,
				      ids->ranges[i].start, ids->ranges[i].end - 1);
}

/* `subid revoke --range FIRST-LAST OWNER`; at most CHECK_RANGES ranges. */
void check_cure_by_revoke(struct check *check, struct problem *problem,
			  const struct range_set *ids)
{
	char ranges[CHECK_RANGES * sizeof(" --range 4294967295-4294967295")];
	char word[CURE_QUOTED_BYTES];
	bool account = check_quote_login(check, problem->owner, word);
	const struct busy_process *process;

	if (!account && !cure_quote_ascii(problem->owner, word))
		return;
	write_ranges(ids, ranges, sizeof(ranges));
	process = check_find_process(check, problem->kind, problem->owner, ids);
	if (process)
		check_add_process(problem, process);
	causes_cure_as_root(&problem->cause, "%s revoke %s%s%s%s%s %s%s", PROGRAM,
			    check->prefix, cure_kind_option(problem->kind),
			    account ? "" : " --no-account --if-held",
			    process ? " --in-use" : "", ranges,
			    problem->owner[0] == '-' ? "-- " : "", word);
}

/* Whether accounts other than @own have an id of the range. */
static bool has_other_account(const struct accounts *accounts, struct range range,
			      uint64_t own)
{
	size_t at = accounts_lower_bound(accounts, range.start);

	while (at < accounts->sorted && accounts_at(accounts, at)->id == own)
		at++;
	return at < accounts->sorted && accounts_at(accounts, at)->id < range.end;
}

static bool is_same_user(const struct check *check, const struct entry *entry,
			 const char *login)
{
	char owner[CHECK_NAME_BYTES];
	const char *other;

	problem_copy_name(entry->owner, entry->owner_len, owner);
	other = check_login(check, owner);
	return strcmp(other ? other : owner, login) == 0;
}

/* Whether another owner has an id of the range, by any line but the one with @number. */
static bool has_other_line(const struct check *check, unsigned group, struct range range,
			   const char *login, uint64_t number)
{
	struct table_near near = { .next = 0 };

	while (table_next_near(&check->sides[group].table, range, &near))
		if (near.line.number != number &&
		    !is_same_user(check, &near.reading->entry, login))
			return true;
	return false;
}

/* Whether `subid fix` would refuse to give the range to @login. */
bool check_is_refused(const struct check *check, const struct finding *finding,
		      struct range range, const char *login)
{
	const struct accounts_item *user =
		accounts_by_name(&check->users, login, strlen(login));
	unsigned group = finding->kind->group;
	uint64_t own = !user ? ID_END : group ? user->gid : user->id;
	struct range reserved;

	return range.start == 0 ||
	       has_other_account(group ? &check->groups : &check->users, range, ID_END) ||
	       (group && has_other_account(&check->primary, range, own)) ||
	       (check->reserved && reserved_next(range, NULL, &reserved)) ||
	       has_other_line(check, group, range, login, finding->line);
}

/* The line of a finding, for a command. */
struct cure_line check_cure_line(const struct check *check, const struct finding *finding)
{
	return (struct cure_line){ finding->kind, check->prefix, finding->text,
				   finding->text_len };
}

void check_cure_by_fix(const struct check *check, const struct finding *finding,
		       struct problem *problem, const char *options)
{
	const struct cure_line line = check_cure_line(check, finding);

	cure_by_fix(&line, options, &problem->cause);
}
