// SPDX-License-Identifier: BSD-3-Clause
/*
 * causes-host: what prevents containers although no mapping failed. Only `subid doctor`
 * gathers these facts.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "explain/causes.h"
#include "message/i18n.h"
#include "message/report.h"

/* A container usually has ids 0 to 65535. */
#define COUNT_USUAL 65536
/* More than the default of a small machine. */
#define NAMESPACES_USUAL 15000

static bool is_at(const struct facts *facts, enum facts_step step)
{
	return facts->host && facts->step == step;
}

static bool no_range(const struct facts *facts)
{
	return is_at(facts, FACTS_RANGE) && facts->missing.end > 0;
}

/* Gives a range; where none can be given, another command says why. */
static void cure_by_range(const struct facts *facts, struct cause *cause)
{
	const struct facts_host *host = facts->host;
	bool back = host->back.end > 0 && !host->back_unsure;
	struct range range = back ? host->back : host->free;
	char login[CURE_QUOTED_BYTES];

	if (!cure_quote(facts->account->name, login))
		return;
	if (!back && (!host->no_grant || host->no_grant == FACTS_GRANT_UNKNOWN))
		causes_cure_as_root(cause, "usermod-ext -S %s", login);
	else if (!back && host->no_grant == FACTS_GRANT_COUNT)
		causes_cure_as_root(cause, "subid grant --count %d %s", COUNT_USUAL,
				    login);
	else if (range.end > 0)
		causes_cure_as_root(cause,
				    "subid grant %s--range %" PRIu64 "-%" PRIu64 " %s",
				    back ? causes_kind_only(facts) : "", range.start,
				    range.end - 1, login);
	else
		causes_cure(cause, _("correct what 'subid grant --dry-run %s' reports"),
			    login);
}

static void tell_no_range(const struct facts *facts, struct cause *cause)
{
	const char *path = facts->kind->path;
	const char *name = facts->account->name;
	const struct range back = facts->host->back;
	int no_grant = facts->host->no_grant;

	if (back.end > 0)
		causes_evidence(cause,
				_("%s delegates nothing to %s, and in its backup %s has "
				  "%" PRIu64 "-%" PRIu64),
				path, name, name, back.start, back.end - 1);
	else if (no_grant == FACTS_GRANT_FULL)
		causes_evidence(
			cause,
			_("%s delegates nothing to %s, and no range is free within "
			  "the bounds of /etc/login.defs"),
			path, name);
	else if (no_grant == FACTS_GRANT_COUNT)
		causes_evidence(cause,
				_("%s delegates nothing to %s, and new ranges have no "
				  "ids: %s is 0 in /etc/login.defs"),
				path, name, facts->kind->conf_count);
	else if (no_grant && no_grant != FACTS_GRANT_UNKNOWN)
		causes_evidence(cause,
				_("%s delegates nothing to %s, and by the rules or "
				  "settings no range can be given"),
				path, name);
	else
		causes_evidence(cause, _("%s delegates nothing to %s"), path, name);
	cure_by_range(facts, cause);
}

static bool owner_renamed(const struct facts *facts)
{
	return is_at(facts, FACTS_RENAMED) && facts->host->former;
}

static void tell_owner_renamed(const struct facts *facts, struct cause *cause)
{
	const struct facts_host *host = facts->host;
	char former[CURE_QUOTED_BYTES], login[CURE_QUOTED_BYTES];

	causes_evidence(
		cause,
		host->former_same_ids ?
			_("line %" PRIu64 " of %s has the owner %s, who does not exist; "
			  "likely %s is meant, who has the same ids in the other "
			  "database") :
		host->former_by_home ?
			_("line %" PRIu64
			  " of %s has the owner %s, which may be a former "
			  "name of %s, whose home directory has this name") :
			_("line %" PRIu64 " of %s has the owner %s, a former name or uid "
			  "of %s, as passwd- shows"),
		host->former_line, facts->kind->path, host->former, facts->account->name);
	if (cure_quote_ascii(host->former, former) &&
	    cure_quote(facts->account->name, login))
		causes_cure_as_root(cause, "subid rename %s%s%s %s",
				    host->prefix ? host->prefix : "",
				    host->merge ? "--merge " : "", former, login);
}

static bool owner_odd(const struct facts *facts)
{
	return is_at(facts, FACTS_ODD) && facts->host->odd_text;
}

static void tell_owner_odd(const struct facts *facts, struct cause *cause)
{
	const char *text = facts->host->odd_text;
	const struct cure_line line = { facts->kind, "", text, strlen(text) };
	char login[CURE_QUOTED_BYTES], options[sizeof(" --owner ") + CURE_QUOTED_BYTES];

	causes_evidence(cause,
			_("the owner in line %" PRIu64
			  " of %s can be no login, and likely "
			  "%s is meant"),
			facts->host->odd_line, facts->kind->path, facts->account->name);
	if (!cure_quote(facts->account->name, login))
		return;
	snprintf(options, sizeof(options), " --owner %s", login);
	cure_by_fix(&line, options, cause);
}

static void cure_by_bounds(const struct facts *facts, struct cause *cause)
{
	causes_cure(cause,
		    _("raise %s in /etc/login.defs: within the bounds no %ss are free"),
		    facts->kind->conf_max, facts->kind->id);
}

/* The user's own id is 0 in the container, and the delegated ids follow. */
static bool range_small(const struct facts *facts)
{
	return is_at(facts, FACTS_COUNT) && facts->host->count + 1 < COUNT_USUAL;
}

static void tell_range_small(const struct facts *facts, struct cause *cause)
{
	const struct facts_host *host = facts->host;
	char login[CURE_QUOTED_BYTES];

	causes_evidence(cause,
			_("%s has %" PRIu64 " %ss delegated: images with a %s above "
			  "%" PRIu64 " cannot be unpacked"),
			facts->account->name, host->count, facts->kind->id,
			facts->kind->id, host->count);
	if (host->free.end > 0 && cure_quote(facts->account->name, login))
		causes_cure_as_root(cause,
				    "subid grant %s--range %" PRIu64 "-%" PRIu64 " %s",
				    causes_kind_only(facts), host->free.start,
				    host->free.end - 1, login);
	else if (host->no_grant == FACTS_GRANT_POOL)
		causes_cure(cause,
			    _("change the rule of the pool that 'subid policy --for %s' "
			      "shows, if the user is to have more"),
			    facts->account->name);
	else if (host->limited)
		causes_cure(cause,
			    _("start the container with more %ss: none are free in this "
			      "user namespace"),
			    facts->kind->id);
	else
		cure_by_bounds(facts, cause);
}

static bool range_shared(const struct facts *facts)
{
	return is_at(facts, FACTS_SHARED) && facts->host->sharer;
}

static void tell_range_shared(const struct facts *facts, struct cause *cause)
{
	const struct facts_host *host = facts->host;
	char loser[CURE_QUOTED_BYTES];

	causes_evidence(cause,
			_("line %" PRIu64 " of %s gives the %ss %" PRIu64 "-%" PRIu64
			  " of %s to %s too: the containers of both can change each "
			  "other's files"),
			host->sharer_line, facts->kind->path, facts->kind->id,
			host->own.start, host->own.end - 1, facts->account->name,
			host->sharer);
	if (host->sharer_unknown)
		causes_cure(cause,
			    _("repeat this when the name service answers: the command "
			      "depends on who %s is"),
			    host->sharer);
	else if (cure_quote(host->loser, loser))
		causes_cure_as_root(cause,
				    "subid revoke --if-held %s%s%s--range %" PRIu64
				    "-%" PRIu64 " %s",
				    host->no_account ? "--no-account " : "",
				    host->in_use ? "--in-use " : "",
				    facts->kind->group ? "--gid-only " : "--uid-only ",
				    host->own.start, host->own.end - 1, loser);
}

static bool userns_limit(const struct facts *facts)
{
	return is_at(facts, FACTS_UNSHARE) &&
	       (facts->error == ENOSPC || facts->error == EUSERS);
}

static void tell_userns_limit(const struct facts *facts, struct cause *cause)
{
	int64_t max = facts->host->max_namespaces;
	/* In the initial namespace only this limit causes ENOSPC. */
	bool reached = facts->error == ENOSPC && facts->host->outermost && max > 0;

	if (max == 0)
		causes_evidence(cause, _("user.max_user_namespaces is 0, so no user "
					 "can make a user namespace"));
	else if (reached)
		causes_evidence(cause,
				_("user.max_user_namespaces is %" PRId64
				  ", and %s has as many user namespaces"),
				max, facts->account->name);
	else
		causes_evidence(cause, _("user namespaces are nested 32 deep, or a limit "
					 "of their number is reached, here or in an "
					 "outer one"));
	if (max == 0 || reached)
		causes_cure_as_root(cause, "sysctl -w user.max_user_namespaces=%" PRId64,
				    max < NAMESPACES_USUAL ? NAMESPACES_USUAL : 2 * max);
	else
		causes_cure(cause, _("nest fewer of them, or have "
				     "user.max_user_namespaces raised where it is "
				     "reached"));
}

static bool refused_userns(const struct facts *facts)
{
	return is_at(facts, FACTS_UNSHARE) &&
	       (facts->error == EPERM || facts->error == EACCES);
}

static bool userns_unprivileged(const struct facts *facts)
{
	return refused_userns(facts) && facts->host->unprivileged_clone == 0;
}

static void tell_userns_unprivileged(const struct facts *facts, struct cause *cause)
{
	(void)facts;
	causes_evidence(cause,
			_("kernel.unprivileged_userns_clone is 0, so only root can "
			  "make a user namespace"));
	causes_cure_as_root(cause, "sysctl -w kernel.unprivileged_userns_clone=1");
}

static bool userns_apparmor(const struct facts *facts)
{
	return refused_userns(facts) && facts->host->apparmor > 0;
}

static void tell_userns_apparmor(const struct facts *facts, struct cause *cause)
{
	causes_evidence(cause,
			_("kernel.apparmor_restrict_unprivileged_userns is %" PRId64
			  ", so a program needs a profile with userns"),
			facts->host->apparmor);
	causes_cure_as_root(cause,
			    "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0");
}

static bool mapper_missing(const struct facts *facts)
{
	return is_at(facts, FACTS_PROGRAM) && !facts->host->found;
}

static void tell_mapper_missing(const struct facts *facts, struct cause *cause)
{
	causes_evidence(cause, _("PATH (%s) leads to no %s"), facts->host->path,
			facts->kind->mapper);
	causes_cure(cause, _("install it, or put its directory into PATH"));
}

static bool mapper_not_first(const struct facts *facts)
{
	return is_at(facts, FACTS_PROGRAM) && facts->host->found;
}

/* The directory of a path, as a word of a command. */
static bool quote_directory(const char *path, char out[static CURE_QUOTED_BYTES])
{
	const char *slash = strrchr(path, '/');
	char directory[256];

	if (!slash || (size_t)(slash - path) >= sizeof(directory))
		return false;
	memcpy(directory, path, (size_t)(slash - path));
	directory[slash - path] = '\0';
	return cure_quote(directory, out);
}

static void tell_mapper_not_first(const struct facts *facts, struct cause *cause)
{
	const struct facts_host *host = facts->host;
	char directory[CURE_QUOTED_BYTES];

	if (!host->wanted) {
		causes_evidence(cause,
				_("%s, to which PATH leads, does not belong to root"),
				host->found);
		causes_cure(cause, _("put the directory of root's %s first in PATH"),
			    facts->kind->mapper);
		return;
	}
	causes_evidence(cause, _("PATH leads to %s, and not to %s"), host->found,
			host->wanted);
	if (quote_directory(host->wanted, directory))
		causes_cure_command(cause, "export PATH=%s:\"$PATH\"", directory);
}

static bool auto_empty(const struct facts *facts)
{
	return is_at(facts, FACTS_AUTO);
}

static void tell_auto_empty(const struct facts *facts, struct cause *cause)
{
	const struct facts_host *host = facts->host;

	causes_evidence(cause,
			_("%s has no line of %s, so --userns=auto of root's podman has "
			  "no %ss"),
			facts->kind->path, FACTS_AUTO_OWNER, facts->kind->id);
	if (host->free.end > 0)
		causes_cure_as_root(cause,
				    "subid grant --no-account %s--range %" PRIu64
				    "-%" PRIu64 " %s",
				    causes_kind_only(facts), host->free.start,
				    host->free.end - 1, FACTS_AUTO_OWNER);
	else
		cure_by_bounds(facts, cause);
}

const struct causes_rule causes_of_host[] = {
	{ CAUSE_NO_RANGE, no_range, tell_no_range },
	{ CAUSE_USERNS_LIMIT, userns_limit, tell_userns_limit },
	{ CAUSE_USERNS_UNPRIVILEGED, userns_unprivileged, tell_userns_unprivileged },
	{ CAUSE_USERNS_APPARMOR, userns_apparmor, tell_userns_apparmor },
	{ CAUSE_MAPPER_MISSING, mapper_missing, tell_mapper_missing },
	{ CAUSE_MAPPER_NOT_FIRST, mapper_not_first, tell_mapper_not_first },
	{ CAUSE_OWNER_RENAMED, owner_renamed, tell_owner_renamed },
	{ CAUSE_OWNER_ODD, owner_odd, tell_owner_odd },
	{ CAUSE_RANGE_SMALL, range_small, tell_range_small },
	{ CAUSE_RANGE_SHARED, range_shared, tell_range_shared },
	{ CAUSE_AUTO_EMPTY, auto_empty, tell_auto_empty },
	{ 0 },
};
