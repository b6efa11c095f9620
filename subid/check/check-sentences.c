// SPDX-License-Identifier: BSD-3-Clause
/*
 * check-sentences: the message of each finding and the command that fixes it.
 *
 * MUST: a cure names a command only if that command fixes the finding. No cure hands ids
 * to another user: disputed ids are removed from the later line, and root grants them
 * anew.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "explain/causes.h"
#include "libsubid/core/entry.h"
#include "libsubid/core/limits.h"
#include "libsubid/core/reserved.h"
#include "message/i18n.h"
#include "subid/check/check.h"

/* Returns the login name of an owner; NULL: there is none, or it is ambiguous. */
static const char *find_login(const struct check *check, const char *owner)
{
	const struct accounts *users = &check->users;
	size_t len = strlen(owner);
	const struct accounts_item *by_name = accounts_by_name(users, owner, len),
				   *by_uid;
	uint64_t uid;

	if (num_parse(owner, len, ID_NONE - 1, &uid))
		return by_name || accounts_by_name(&check->spellings, owner, len) ?
			       owner :
			       NULL;
	by_uid = accounts_by_id(users, (uint32_t)uid);
	if (!by_uid)
		return by_name ? owner : NULL;
	return by_name && by_name->id != by_uid->id ? NULL : accounts_name(users, by_uid);
}

/* Quotes the login name of a line's owner for a command; false: there is none. */
static bool quote_login(const struct check *check, const char *owner,
			char out[static CURE_QUOTED_BYTES])
{
	const char *login = find_login(check, owner);

	return login && login[0] != '\0' && cure_quote(login, out);
}

/* Returns whether the name service may have an account with this name. */
static bool is_unknown(const struct check *check, const char *owner)
{
	return check->unreadable ||
	       accounts_by_name(&check->unknown, owner, strlen(owner));
}

/* For a finding whose cure depends on an owner that NSS could not look up. */
static void cure_by_waiting(struct problem *problem, const char *owner)
{
	problem_cure(problem,
		     _("repeat this when the name service answers: who %s is decides "
		       "what to do"),
		     owner);
}

/* `usermod-ext OPTION FIRST-LAST LOGIN`, or a sentence if there is no such user. */
static void cure_by_usermod(const struct check *check, struct problem *problem,
			    const char *option, const char *owner)
{
	char login[CURE_QUOTED_BYTES];

	if (quote_login(check, owner, login))
		problem_cure(problem, "usermod-ext %s%s %" PRIu64 "-%" PRIu64 " %s",
			     check->prefix, option, problem->ids.start,
			     problem->ids.end - 1, login);
	else
		problem_cure(problem,
			     _("write line %" PRIu64 " without %" PRIu64 "-%" PRIu64),
			     problem->line, problem->ids.start, problem->ids.end - 1);
}

/*
 * Quotes a line as a pattern of sed(1) between slashes and single quotes. The cure finds
 * the line by its text and not by its number, which earlier commands may have changed.
 * Returns false if the text cannot be quoted.
 */
static bool quote_pattern(const char *text, size_t len, char out[static CHECK_NAME_BYTES])
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if (n + 2 >= CHECK_NAME_BYTES || (unsigned char)text[i] < ' ' ||
		    (unsigned char)text[i] >= 0x7f || text[i] == '\'')
			return false;
		if (strchr("\\/.*[]^$", text[i]))
			out[n++] = '\\';
		out[n++] = text[i];
	}
	out[n] = '\0';
	return true;
}

/* `sed -i 'SCRIPT' FILE`; the script contains the pattern of the line. */
static void cure_by_sed(struct problem *problem, const char *before, const char *pattern,
			const char *behind)
{
	char path[CURE_QUOTED_BYTES];

	if (cure_quote(problem->path, path))
		problem_cure(problem, "sed -i '%s%s%s' %s", before, pattern, behind,
			     path);
}

/* Returns whether the owner needs no quoting in a command of sed(1). */
static bool is_plain_owner(const char *owner)
{
	char word[CURE_QUOTED_BYTES];

	return entry_check_owner(owner, strlen(owner)) == 0 && cure_quote(owner, word) &&
	       strcmp(word, owner) == 0 && !strpbrk(owner, "/&\\");
}

static void cure_fault(const struct finding *finding, struct problem *problem)
{
	bool plain =
		finding->owner_len <= LIMIT_OWNER_BYTES && is_plain_owner(problem->owner);
	const char *owner = plain ? problem->owner : "OWNER";
	char pattern[CHECK_NAME_BYTES], behind[CHECK_NAME_BYTES + 32];
	bool trim =
		finding->code == FINDING_COUNT_CR || finding->code == FINDING_COUNT_BLANK;
	size_t len = finding->text_len;

	while (trim && len > 0 && strchr(" \t\r\v\f", finding->text[len - 1]))
		len--;
	if (!quote_pattern(finding->text, len, pattern)) {
		problem_cure(problem, _("write it as %s:FIRST:COUNT"), owner);
		return;
	}
	if (trim)
		cure_by_sed(problem, "s/^\\(", pattern, "\\)[[:space:]]*$/\\1/");
	else if (finding->code == FINDING_COUNT_ZERO)
		cure_by_sed(problem, "/^", pattern, "$/d");
	else {
		snprintf(behind, sizeof(behind), "$/%s:FIRST:COUNT/", owner);
		cure_by_sed(problem, "s/^", pattern, behind);
	}
}

static void describe_fault(const struct finding *finding, struct problem *problem)
{
	const char *reason = _(entry_reason(finding->fault));

	if (finding->code == FINDING_READ_DIFFERENTLY)
		problem_message(problem,
				_("%s; it grants nothing here, and other programs read "
				  "it, not all of them alike"),
				reason);
	else if (finding->code == FINDING_COUNT_ZERO)
		problem_message(problem,
				_("%s: it grants nothing here, and every id to old "
				  "versions of newuidmap"),
				reason);
	else if (finding->code == FINDING_LINE_NUL)
		problem_message(problem,
				_("%s: it grants nothing here, and other programs "
				  "refuse the whole file"),
				reason);
	else
		problem_message(problem, _("%s, so it grants nothing"), reason);
	cure_fault(finding, problem);
}

static void describe_overlap(const struct check *check, struct problem *problem)
{
	char login[CURE_QUOTED_BYTES];

	problem_message(
		problem,
		_("%s and %s (line %" PRIu64 ") both have the %ss %" PRIu64 "-%" PRIu64),
		problem->owner, problem->other, problem->other_line, problem->kind->id,
		problem->ids.start, problem->ids.end - 1);
	/* Overlaps with root are usually intended. */
	if (problem->severity == FINDING_NOTE)
		return;
	if (is_unknown(check, problem->owner) || is_unknown(check, problem->other)) {
		cure_by_waiting(problem, is_unknown(check, problem->owner) ?
						 problem->owner :
						 problem->other);
		return;
	}
	cure_by_usermod(check, problem, problem->kind->revoke_flag,
			quote_login(check, problem->owner, login) ? problem->owner :
								    problem->other);
}

static void describe_own_overlap(const struct check *check, struct problem *problem)
{
	const struct kind *kind = problem->kind;
	char login[CURE_QUOTED_BYTES];

	problem_message(problem,
			_("line %" PRIu64 " gives %s the %ss %" PRIu64 "-%" PRIu64
			  " already; container engines fail on that"),
			problem->other_line, problem->owner, kind->id, problem->ids.start,
			problem->ids.end - 1);
	if (!quote_login(check, problem->owner, login)) {
		cure_by_usermod(check, problem, "", problem->owner);
		return;
	}
	/* Removes the ids from both lines and grants them once. */
	problem_cure(problem,
		     "usermod-ext %s%s %" PRIu64 "-%" PRIu64 " %s %" PRIu64 "-%" PRIu64
		     " %s",
		     check->prefix, kind->revoke_flag, problem->ids.start,
		     problem->ids.end - 1, kind->grant_flag, problem->ids.start,
		     problem->ids.end - 1, login);
}

/* Describes accounts whose ids a range contains. Some have no known name. */
static void describe_account(const struct finding *finding, struct problem *problem)
{
	uint64_t first = problem->ids.start, last = problem->ids.end - 1;
	const char *id = problem->kind->id, *owner = problem->owner;

	if (problem->other[0] == '\0')
		problem_message(problem,
				_("the range of %s holds %ss of accounts: the first is "
				  "%" PRIu64 ", the last %" PRIu64),
				owner, id, first, last);
	else if (finding->primary && first == last)
		problem_message(
			problem,
			_("the range of %s holds %" PRIu64 ", the primary gid of %s"),
			owner, first, problem->other);
	else if (first == last)
		problem_message(problem,
				_("the range of %s holds %" PRIu64 ", the %s of %s"),
				owner, first, id, problem->other);
	else if (finding->primary)
		problem_message(problem,
				_("the range of %s holds gids of accounts: the first is "
				  "%" PRIu64
				  ", the primary gid of %s, the last %" PRIu64),
				owner, first, problem->other, last);
	else
		problem_message(problem,
				_("the range of %s holds %ss of accounts: the first is "
				  "%" PRIu64 " of %s, the last %" PRIu64),
				owner, id, first, problem->other, last);
}

static void describe_ids(const struct check *check, const struct finding *finding,
			 struct problem *problem)
{
	const char *id = problem->kind->id, *owner = problem->owner;

	if (finding->code == FINDING_ID_ZERO)
		problem_message(problem, _("the range of %s holds 0, the %s of root"),
				owner, id);
	else if (finding->code == FINDING_NO_ID)
		problem_message(problem,
				_("the range of %s holds 4294967295, which is no id: "
				  "no mapping can contain it"),
				owner);
	else if (finding->code == FINDING_OWN_ID)
		problem_message(problem, _("the range of %s holds its own %s, %" PRIu64),
				owner, id, problem->ids.start);
	else
		describe_account(finding, problem);
	if (problem->severity != FINDING_NOTE)
		cure_by_usermod(check, problem, problem->kind->revoke_flag, owner);
}

/* No cure: root granted these ids, perhaps on purpose. */
static void describe_reserved(struct problem *problem)
{
	const struct reserved *reserved = reserved_find((uint32_t)problem->ids.start);

	problem_message(problem,
			_("the range of %s holds the %ss %" PRIu64 "-%" PRIu64
			  ", which are reserved: %s"),
			problem->owner, problem->kind->id, problem->ids.start,
			problem->ids.end - 1, reserved ? _(reserved->what) : "");
}

static void describe_sides(const struct check *check, const struct finding *finding,
			   struct problem *problem)
{
	const struct kind *other = problem->kind->group ? &kind_uid : &kind_gid;
	char login[CURE_QUOTED_BYTES];

	if (finding->code == FINDING_ONE_SIDE)
		problem_message(
			problem,
			_("%s has %ss and no %ss, so it can run no container with them"),
			problem->owner, problem->kind->id, other->id);
	else
		problem_message(problem,
				_("%s has other %ss than %ss, as %" PRIu64 "-%" PRIu64),
				problem->owner, problem->kind->id, other->id,
				problem->ids.start, problem->ids.end - 1);
	if (is_unknown(check, problem->owner))
		cure_by_waiting(problem, problem->owner);
	else if (!quote_login(check, problem->owner, login))
		problem_cure(problem, _("write such a line into the other database"));
	else if (!range_set_overlaps(&check->taken[other->group], problem->ids))
		problem_cure(problem, "usermod-ext %s%s %" PRIu64 "-%" PRIu64 " %s",
			     check->prefix, other->grant_flag, problem->ids.start,
			     problem->ids.end - 1, login);
	else if (finding->code == FINDING_ONE_SIDE)
		problem_cure(problem, "%s grant %s--%s-only --if-missing %s", PROGRAM,
			     check->prefix, other->id, login);
	else
		/* `grant` would not make the two databases equal. */
		problem_cure(problem, _("leave it so: these %ss are not free"),
			     other->id);
}

static void describe_text(const struct check *check, const struct finding *finding,
			  struct problem *problem)
{
	if (finding->code == FINDING_DUPLICATE)
		problem_message(problem, _("the same line as line %" PRIu64),
				problem->other_line);
	else
		problem_message(problem, _("the last line has no newline: some programs "
					   "then refuse the whole file"));
	problem_cure(problem, "%s check %s--fix", PROGRAM, check->prefix);
}

/* Describes a finding in the lines. */
void check_describe(const struct check *check, const struct finding *finding,
		    struct problem *problem)
{
	*problem = (struct problem){
		.severity = finding->severity,
		.code = finding_code_name(finding->code),
		.kind = finding->kind,
		.path = check->sides[finding->kind->group].path,
		.line = finding->line,
		.other_line = finding->other_line,
		.ids = finding->ids,
	};
	problem_copy_name(finding->owner, finding->owner_len, problem->owner);
	if (finding->other)
		problem_copy_name(finding->other, finding->other_len, problem->other);

	if (finding->fault && finding->code <= FINDING_READ_DIFFERENTLY)
		describe_fault(finding, problem);
	else if (finding->code == FINDING_OVERLAP)
		describe_overlap(check, problem);
	else if (finding->code == FINDING_OWN_OVERLAP)
		describe_own_overlap(check, problem);
	else if (finding->code == FINDING_NO_ACCOUNT ||
		 finding->code == FINDING_AMBIGUOUS_OWNER ||
		 finding->code == FINDING_SPELLING)
		check_describe_owner(check, finding, problem);
	else if (finding->code == FINDING_RESERVED)
		describe_reserved(problem);
	else if (finding->code == FINDING_ONE_SIDE ||
		 finding->code == FINDING_SIDES_DIFFER)
		describe_sides(check, finding, problem);
	else if (finding->code == FINDING_DUPLICATE ||
		 finding->code == FINDING_NO_FINAL_NEWLINE)
		describe_text(check, finding, problem);
	else
		describe_ids(check, finding, problem);
}
