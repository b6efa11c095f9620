// SPDX-License-Identifier: BSD-3-Clause
/*
 * causes-policy: a filter or a security module refused; or no cause was found.
 *
 * MUST: a module is named only if there is a sign of it.
 */
#include <errno.h>

#include "explain/causes.h"
#include "message/i18n.h"

/* The steps at which the kernel, or a module of it, can have refused. */
static bool kernel_refused(const struct facts *facts)
{
	return facts->step >= FACTS_SETGROUPS || facts->step == FACTS_UNSHARE;
}

static bool seccomp(const struct facts *facts)
{
	return kernel_refused(facts) && facts->program.filtered &&
	       (facts->error == EPERM || facts->error == EACCES ||
		facts->error == ENOSYS);
}

static void tell_seccomp(const struct facts *facts, struct cause *cause)
{
	(void)facts;
	causes_evidence(cause, _("a seccomp filter is in force and may have refused it"));
	causes_cure(
		cause,
		_("start again outside of what set it (a container, SystemCallFilter=)"));
}

static bool security_module(const struct facts *facts)
{
	const struct facts_modules *modules = &facts->modules;

	return kernel_refused(facts) &&
	       (facts->error == EPERM || facts->error == EACCES) &&
	       (modules->denies || modules->selinux || modules->apparmor[0] != '\0');
}

static void tell_security_module(const struct facts *facts, struct cause *cause)
{
	if (facts->modules.apparmor[0] != '\0')
		causes_evidence(cause,
				_("the AppArmor profile %s is enforced for %s and may "
				  "have refused it"),
				facts->modules.apparmor, facts->kind->mapper);
	else if (facts->modules.selinux)
		causes_evidence(cause, _("SELinux is enforcing and may have refused it"));
	else
		causes_evidence(cause, _("a security module (Landlock?) refuses to open "
					 "files for writing that you may write"));
	causes_cure(cause,
		    _("look for what refused it in the log of the kernel or of auditd"));
}

static bool unexplained(const struct facts *facts)
{
	return facts->error != 0 &&
	       (kernel_refused(facts) || facts->step == FACTS_TARGET);
}

static void tell_unexplained(const struct facts *facts, struct cause *cause)
{
	causes_evidence(cause, _("the kernel refused, and nothing that can be checked "
				 "explains it"));
	if (facts->step == FACTS_TARGET)
		causes_checked(cause, _("checked: the process, the mount of /proc"));
	else if (facts->step == FACTS_UNSHARE)
		causes_checked(cause, _("checked: limits of user namespaces, seccomp, "
					"SELinux, AppArmor, Landlock"));
	else
		causes_checked(cause,
			       _("checked: the process and its user namespace, ids of "
				 "this one, privilege of the program, seccomp, SELinux, "
				 "AppArmor, Landlock"));
}

const struct causes_rule causes_of_policy[] = {
	{ CAUSE_SECCOMP, seccomp, tell_seccomp },
	{ CAUSE_SECURITY_MODULE, security_module, tell_security_module },
	{ CAUSE_UNEXPLAINED, unexplained, tell_unexplained },
	{ 0 },
};
