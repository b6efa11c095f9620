// SPDX-License-Identifier: BSD-3-Clause
/*
 * causes-target: causes in the target, its owner and the caller's account.
 */
#include <errno.h>

#include "explain/causes.h"
#include "message/i18n.h"
#include "message/report.h"

/* The mount of /proc. */

static bool proc_missing(const struct facts *facts)
{
	return facts->proc == FACTS_PROC_MISSING;
}

static void tell_proc_missing(const struct facts *facts, struct cause *cause)
{
	(void)facts;
	causes_evidence(cause, _("/proc is not mounted"));
	causes_cure_as_root(cause, "mount -t proc proc /proc");
}

static bool proc_other(const struct facts *facts)
{
	return facts->proc == FACTS_PROC_OTHER;
}

static void tell_proc_other(const struct facts *facts, struct cause *cause)
{
	(void)facts;
	causes_evidence(cause, _("/proc is that of another pid namespace, so its process "
				 "ids are not yours"));
	causes_cure(cause, _("start again with a /proc of this pid namespace, as by "
			     "unshare --mount-proc or bwrap --proc /proc"));
}

/* The target. */

static bool target_not_proc(const struct facts *facts)
{
	return facts->target.not_proc ||
	       (facts->step == FACTS_TARGET && facts->error == EBADF);
}

static void tell_target_not_proc(const struct facts *facts, struct cause *cause)
{
	causes_evidence(cause, _("%s is not an open directory of a process"),
			facts->target.name);
	causes_cure(cause,
		    _("open the directory /proc/PID, and not a pidfd, and pass that"));
}

static bool target_hidden(const struct facts *facts)
{
	return facts->target.hidden;
}

static void tell_target_hidden(const struct facts *facts, struct cause *cause)
{
	causes_evidence(
		cause,
		_("process %s is yours, but /proc is mounted with hidepid and the process "
		  "is not dumpable"),
		facts->target.name);
	causes_cure(cause,
		    _("start the process from a program file that you can read and that "
		      "is not setuid"));
}

static bool target_gone(const struct facts *facts)
{
	return facts->target.gone;
}

static void tell_target_gone(const struct facts *facts, struct cause *cause)
{
	causes_evidence(cause, _("there is no process %s, or it has ended"),
			facts->target.name);
	causes_cure(cause, _("have the process wait until its map is written"));
}

static bool other_user(const struct facts *facts)
{
	return facts->step == FACTS_OWNER && facts->uid != facts->target.uid;
}

static void tell_other_user(const struct facts *facts, struct cause *cause)
{
	causes_evidence(cause, _("process %s runs as uid %u, and you are uid %u"),
			facts->target.name, facts->target.uid, facts->uid);
	causes_cure(cause, _("run %s as the user who started the process"),
		    facts->kind->mapper);
}

static bool group_of_target(const struct facts *facts)
{
	return facts->step == FACTS_OWNER && facts->uid == facts->target.uid &&
	       facts->gid != facts->target.gid;
}

static void tell_group_of_target(const struct facts *facts, struct cause *cause)
{
	causes_evidence(cause, _("process %s runs with gid %u, and you with gid %u"),
			facts->target.name, facts->target.gid, facts->gid);
	causes_cure(
		cause,
		_("start both with the same primary group, without newgrp or sg between"));
}

static bool group_not_primary(const struct facts *facts)
{
	return facts->step == FACTS_OWNER && facts->uid == facts->target.uid &&
	       facts->gid == facts->target.gid;
}

static void tell_group_not_primary(const struct facts *facts, struct cause *cause)
{
	causes_evidence(
		cause,
		_("your group is gid %u (newgrp, sg?), and your primary one by passwd is %u"),
		facts->gid, facts->account->gid);
	causes_cure(
		cause,
		_("run it with your primary group: leave newgrp or sg, log in again, or start "
		  "the service without Group="));
}

static bool no_passwd_entry(const struct facts *facts)
{
	return facts->step == FACTS_CALLER && facts->error == 0;
}

static void tell_no_passwd_entry(const struct facts *facts, struct cause *cause)
{
	causes_evidence(cause, _("uid %u has no passwd entry"), facts->uid);
	causes_cure_as_root(
		cause,
		"getent group %u || groupadd -g %u user%u; useradd -M -u %u -g %u user%u",
		facts->gid, facts->gid, facts->gid, facts->uid, facts->gid, facts->uid);
}

static bool name_service(const struct facts *facts)
{
	/* A caller who cannot read the lines must not learn that the name service was
	 * asked about them. */
	return (facts->name_service && facts->grants.readable) ||
	       (facts->step == FACTS_CALLER && facts->error != 0);
}

static void tell_name_service(const struct facts *facts, struct cause *cause)
{
	int error = facts->name_service ? facts->name_service : facts->error;
	const char *reason = error == ETIMEDOUT || error == ECONNRESET ?
				     report_no_answer(-error) :
				     report_error(error);

	causes_evidence(cause,
			_("the name service did not answer about owners of "
			  "lines: %s"),
			reason);
	causes_cure(cause, _("ensure that 'getent passwd %u' answers"), facts->uid);
}

const struct causes_rule causes_of_target[] = {
	{ CAUSE_PROC_MISSING, proc_missing, tell_proc_missing },
	{ CAUSE_PROC_OTHER, proc_other, tell_proc_other },
	{ CAUSE_TARGET_NOT_PROC, target_not_proc, tell_target_not_proc },
	{ CAUSE_TARGET_HIDDEN, target_hidden, tell_target_hidden },
	{ CAUSE_TARGET_GONE, target_gone, tell_target_gone },
	{ CAUSE_NO_PASSWD_ENTRY, no_passwd_entry, tell_no_passwd_entry },
	{ CAUSE_NAME_SERVICE, name_service, tell_name_service },
	{ CAUSE_OTHER_USER, other_user, tell_other_user },
	{ CAUSE_GROUP_NOT_PRIMARY, group_not_primary, tell_group_not_primary },
	{ CAUSE_GROUP_OF_TARGET, group_of_target, tell_group_of_target },
	{ 0 },
};
