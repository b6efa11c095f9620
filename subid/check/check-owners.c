// SPDX-License-Identifier: BSD-3-Clause
/*
 * check-owners: messages of findings about owners, and commands that fix them.
 *
 * MUST: lines are offered for removal only if it is known that their owner has no
 * account.
 */
#include <string.h>

#include "explain/causes.h"
#include "libsubid/core/limits.h"
#include "message/i18n.h"
#include "subid/check/check.h"

/*
 * Quotes an owner without account for a command that removes its lines. Returns false if
 * the name is not ASCII, because it may look like another one.
 */
static bool quote_no_account(const struct finding *finding,
			     char out[static CURE_QUOTED_BYTES])
{
	char name[CHECK_NAME_BYTES];

	if (finding->owner_len > LIMIT_OWNER_BYTES)
		return false;
	for (size_t i = 0; i < finding->owner_len; i++)
		if ((unsigned char)finding->owner[i] >= 0x7f)
			return false;
	memcpy(name, finding->owner, finding->owner_len);
	name[finding->owner_len] = '\0';
	return cure_quote(name, out);
}

static void describe_no_account(const struct check *check, const struct finding *finding,
				struct problem *problem)
{
	char word[CURE_QUOTED_BYTES];

	problem_message(problem, _("there is no user %s"), problem->owner);
	/* podman uses this owner on purpose. */
	if (strcmp(problem->owner, "containers") == 0)
		return;
	if (quote_no_account(finding, word))
		problem_cure(problem, "%s revoke %s--no-account %s", PROGRAM,
			     check->prefix, word);
	else
		problem_cure(
			problem,
			_("if no user is meant by it, remove the lines of this owner"));
}

/* The owner is the uid of one user and the login name of another. */
static void describe_ambiguous(const struct check *check, const struct finding *finding,
			       struct problem *problem)
{
	const struct accounts *users = &check->users;
	const struct accounts_item *by_uid, *by_name;
	char name[CHECK_NAME_BYTES];
	uint64_t uid = 0;

	num_parse(finding->owner, finding->owner_len, ID_NONE - 1, &uid);
	by_uid = accounts_by_id(users, (uint32_t)uid);
	by_name = accounts_by_name(users, finding->owner, finding->owner_len);
	if (!by_uid || !by_name)
		return;
	problem_copy_name(accounts_name(users, by_uid),
			  strlen(accounts_name(users, by_uid)), name);
	problem_message(problem,
			_("%s is the uid of %s and the login name of the user with the "
			  "uid %u: both can map these ids"),
			problem->owner, name, by_name->id);
	problem_cure(problem,
		     _("write the owner as %s if the line is for the user with the uid "
		       "%s, or as %u if it is for the user with this login name"),
		     name, problem->owner, by_name->id);
}

static void describe_spelling(const struct check *check, struct problem *problem)
{
	problem_message(problem,
			_("%s is another name for the user %s: programs that compare "
			  "names miss this line"),
			problem->owner, problem->other);
	problem_cure(problem, "%s rename %s--canonical", PROGRAM, check->prefix);
}

/* Describes FINDING_NO_ACCOUNT, FINDING_AMBIGUOUS_OWNER and FINDING_SPELLING. */
void check_describe_owner(const struct check *check, const struct finding *finding,
			  struct problem *problem)
{
	if (finding->code == FINDING_NO_ACCOUNT)
		describe_no_account(check, finding, problem);
	else if (finding->code == FINDING_AMBIGUOUS_OWNER)
		describe_ambiguous(check, finding, problem);
	else
		describe_spelling(check, problem);
}
