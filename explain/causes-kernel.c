// SPDX-License-Identifier: BSD-3-Clause
/*
 * causes-kernel: the kernel refused, for the namespaces or the program.
 */
#include <errno.h>
#include <inttypes.h>
#include <linux/capability.h>

#include "explain/causes.h"
#include "message/i18n.h"

#define BIT(capability) ((uint64_t)1 << (capability))

static bool target_zombie(const struct facts *facts)
{
	return facts->step >= FACTS_SETGROUPS && facts->target.zombie;
}

static void tell_target_zombie(const struct facts *facts, struct cause *cause)
{
	causes_evidence(cause, _("process %s has ended and waits for its parent"),
			facts->target.name);
	causes_cure(cause, _("have the process wait until its map is written"));
}

static bool target_not_dumpable(const struct facts *facts)
{
	return facts->step >= FACTS_SETGROUPS &&
	       (facts->error == EACCES || facts->error == EPERM) &&
	       facts->target.not_dumpable;
}

static void tell_target_not_dumpable(const struct facts *facts, struct cause *cause)
{
	causes_evidence(
		cause,
		_("process %s is not dumpable: its program file cannot be read, is setuid, "
		  "or it asked for it"),
		facts->target.name);
	causes_cure(cause,
		    _("start the process from a program file that you can read and that "
		      "is not setuid"));
}

static bool target_no_map(const struct facts *facts)
{
	return facts->step >= FACTS_SETGROUPS && facts->target.no_map;
}

static void tell_target_no_map(const struct facts *facts, struct cause *cause)
{
	causes_evidence(
		cause,
		_("/proc/%s has no file %s: it is no process, or the kernel has no user "
		  "namespaces"),
		facts->target.name, facts->kind->map);
	causes_cure(
		cause,
		_("pass the directory of a process, on a kernel with CONFIG_USER_NS"));
}

static bool proc_read_only(const struct facts *facts)
{
	return facts->error == EROFS;
}

static void tell_proc_read_only(const struct facts *facts, struct cause *cause)
{
	(void)facts;
	causes_evidence(cause, _("/proc is mounted read-only"));
	causes_cure_as_root(cause, "mount -o remount,rw /proc");
}

/* The namespaces. They matter only if the kernel refused. */

static bool refused_by_kernel(const struct facts *facts)
{
	return facts->step >= FACTS_SETGROUPS &&
	       (facts->error == EPERM || facts->error == EACCES);
}

static bool namespace_ours(const struct facts *facts)
{
	return refused_by_kernel(facts) && facts->target.namespace == FACTS_NS_OURS;
}

static void tell_namespace_ours(const struct facts *facts, struct cause *cause)
{
	causes_evidence(cause, _("process %s is in the same user namespace as you"),
			facts->target.name);
	causes_cure(cause, _("have it enter a new one first, as unshare --user does"));
}

static bool namespace_other(const struct facts *facts)
{
	return refused_by_kernel(facts) && facts->target.namespace == FACTS_NS_OTHER;
}

static void tell_namespace_other(const struct facts *facts, struct cause *cause)
{
	causes_evidence(cause,
			_("the user namespace of process %s is not a child of yours"),
			facts->target.name);
	causes_cure(
		cause,
		_("run %s in the namespace in which that one was made, as with nsenter "
		  "--user"),
		facts->kind->mapper);
}

static bool already_mapped(const struct facts *facts)
{
	return refused_by_kernel(facts) && facts->target.map_written;
}

static void tell_already_mapped(const struct facts *facts, struct cause *cause)
{
	causes_evidence(
		cause,
		_("the %s of process %s is already written, and the kernel takes it once"),
		facts->kind->map, facts->target.name);
	causes_cure(
		cause,
		_("start a new process in a new user namespace, and map all ids at once"));
}

static bool outer_unmapped(const struct facts *facts)
{
	return refused_by_kernel(facts) && facts->unmapped.end > 0;
}

static void tell_outer_unmapped(const struct facts *facts, struct cause *cause)
{
	const char *id = facts->kind->id;

	causes_evidence(cause,
			_("%ss %" PRIu64 "-%" PRIu64
			  " do not exist in the user namespace that you are in"),
			id, facts->unmapped.start, facts->unmapped.end - 1);
	causes_cure(
		cause,
		_("map ids that /proc/self/%s shows, or give the outer namespace more"),
		facts->kind->map);
}

static bool outer_divided(const struct facts *facts)
{
	return refused_by_kernel(facts) && facts->pieces.n > 0;
}

/* The kernel looks up the ids of an extent in one extent of the outer mapping. */
static void tell_outer_divided(const struct facts *facts, struct cause *cause)
{
	const struct extent *extent = &facts->map->extents[facts->divided];
	const char *map = facts->kind->map;
	char text[CAUSE_EXTENTS_BYTES];

	causes_evidence(cause,
			_("extent %zu (%u %u %u) lies in several lines of /proc/self/%s, "
			  "and the kernel takes it only within one"),
			facts->divided + 1, extent->inner, extent->outer, extent->count,
			map);
	if (causes_extents(&facts->pieces, text))
		causes_cure(cause, _("pass in place of extent %zu: %s"),
			    facts->divided + 1, text);
	else
		causes_cure(cause, _("divide it where a line of /proc/self/%s ends"),
			    map);
}

/* The program. */

static bool lacks(const struct facts *facts)
{
	return refused_by_kernel(facts) && facts->lacking != 0 &&
	       facts->program.path[0] != '\0';
}

/* The file has the privilege; the process may have lost it. */
static bool file_is_privileged(const struct facts *facts)
{
	const struct facts_program *program = &facts->program;

	if (program->has_capabilities)
		return (facts->lacking & ~program->capabilities) == 0;
	return program->setuid && program->owner == 0;
}

static bool only_setfcap(const struct facts *facts)
{
	return facts->lacking == BIT(CAP_SETFCAP) && facts->program.has_capabilities &&
	       !(facts->program.capabilities & BIT(CAP_SETFCAP));
}

static const char *setid_name(const struct facts *facts)
{
	return facts->kind->group ? "cap_setgid" : "cap_setuid";
}

static bool no_privilege(const struct facts *facts)
{
	/* Root has its capabilities without the file, within the bounding set. */
	return lacks(facts) && facts->uid != 0 && !file_is_privileged(facts) &&
	       !only_setfcap(facts) && !facts->program.owner_unmapped;
}

/* The program's path as a word of a command; false: suggest no command. */
static bool quote_path(const struct facts *facts, char out[static CURE_QUOTED_BYTES])
{
	return !facts->program.path_is_cut && cure_quote(facts->program.path, out);
}

/* Suggests setcap(8) with the capabilities that the map needs. */
static void cure_by_capabilities(const struct facts *facts, struct cause *cause)
{
	char path[CURE_QUOTED_BYTES];

	if (quote_path(facts, path))
		causes_cure_as_root(
			cause, "setcap %s%s=ep %s", setid_name(facts),
			facts->lacking & BIT(CAP_SETFCAP) ? ",cap_setfcap" : "", path);
}

static void tell_no_privilege(const struct facts *facts, struct cause *cause)
{
	const char *path = facts->program.path;
	char word[CURE_QUOTED_BYTES];

	if (facts->program.has_capabilities) {
		causes_evidence(cause, _("%s has file capabilities, but not %s"), path,
				setid_name(facts));
		cure_by_capabilities(facts, cause);
	} else if (facts->program.owner != 0) {
		causes_evidence(cause, _("%s belongs to uid %u and is not setuid root"),
				path, facts->program.owner);
		/* No chmod(1): another user could have written the file. */
		causes_cure(cause, _("install %s again, as root: uid %u could change it"),
			    path, facts->program.owner);
	} else {
		causes_evidence(
			cause,
			_("%s is neither setuid root nor has it the capability %s"), path,
			setid_name(facts));
		if (!quote_path(facts, word))
			return;
		if (facts->program.overridden)
			causes_cure_as_root(cause, "%s%s", FACTS_OVERRIDE, word);
		else
			causes_cure_as_root(cause, "chmod 4755 %s", word);
	}
}

static bool nosuid(const struct facts *facts)
{
	return lacks(facts) && facts->program.nosuid;
}

static void tell_nosuid(const struct facts *facts, struct cause *cause)
{
	const char *path = facts->program.path;
	char word[CURE_QUOTED_BYTES];

	causes_evidence(cause, _("%s is on a file system that is mounted nosuid"), path);
	if (quote_path(facts, word))
		causes_cure_as_root(
			cause, "mount -o remount,suid \"$(findmnt -n -o TARGET -T %s)\"",
			word);
}

static bool program_owner_unmapped(const struct facts *facts)
{
	return lacks(facts) && facts->program.owner_unmapped;
}

static void tell_program_owner_unmapped(const struct facts *facts, struct cause *cause)
{
	causes_evidence(
		cause,
		_("the owner of %s has no id in this user namespace, so its setuid bit does "
		  "not count"),
		facts->program.path);
	causes_cure(cause,
		    _("use a copy that the root of this namespace has made setuid"));
}

static bool no_new_privs(const struct facts *facts)
{
	return lacks(facts) && facts->no_new_privs;
}

static void tell_no_new_privs(const struct facts *facts, struct cause *cause)
{
	(void)facts;
	causes_evidence(cause,
			_("you run with no_new_privs, so no program gains privilege"));
	causes_cure(cause,
		    _("start again outside of what set it (a sandbox, NoNewPrivileges=, "
		      "allowPrivilegeEscalation: false, setpriv)"));
}

static bool bounding_set(const struct facts *facts)
{
	return lacks(facts) && (facts->lacking & ~facts->program.bounding) != 0;
}

static void tell_bounding_set(const struct facts *facts, struct cause *cause)
{
	bool setid = facts->lacking & ~facts->program.bounding & ~BIT(CAP_SETFCAP);

	causes_evidence(cause, _("the capability %s is missing in your bounding set"),
			setid ? setid_name(facts) : "cap_setfcap");
	causes_cure(cause, _("start again outside of what took it (a container, "
			     "CapabilityBoundingSet=, capsh)"));
}

static bool traced(const struct facts *facts)
{
	return lacks(facts) && facts->program.traced;
}

static void tell_traced(const struct facts *facts, struct cause *cause)
{
	(void)facts;
	causes_evidence(
		cause, _("you are traced (strace, gdb?), so no program gains privilege"));
	causes_cure(cause, _("run it without, or as root with strace -u"));
}

static bool shared_fs(const struct facts *facts)
{
	return lacks(facts) && facts->program.shares_fs;
}

static void tell_shared_fs(const struct facts *facts, struct cause *cause)
{
	causes_evidence(
		cause,
		_("the process that started %s shares its working directory with others "
		  "(CLONE_FS), so no program gains privilege"),
		facts->kind->mapper);
	causes_cure(cause,
		    _("start it by fork or posix_spawn, not by clone with CLONE_FS"));
}

static bool securebits(const struct facts *facts)
{
	return lacks(facts) && facts->program.no_root;
}

static void tell_securebits(const struct facts *facts, struct cause *cause)
{
	causes_evidence(
		cause,
		_("your securebits hold SECBIT_NOROOT, so setuid root gives nothing"));
	cure_by_capabilities(facts, cause);
}

static bool no_setfcap(const struct facts *facts)
{
	return lacks(facts) && only_setfcap(facts);
}

static void tell_no_setfcap(const struct facts *facts, struct cause *cause)
{
	const char *path = facts->program.path;
	char word[CURE_QUOTED_BYTES];

	causes_evidence(
		cause,
		_("mapping the outer uid 0 also needs cap_setfcap, which %s does not "
		  "have"),
		path);
	if (quote_path(facts, word))
		causes_cure_as_root(cause, "setcap cap_setuid,cap_setfcap=ep %s", word);
}

const struct causes_rule causes_of_kernel[] = {
	{ CAUSE_TARGET_ZOMBIE, target_zombie, tell_target_zombie },
	{ CAUSE_TARGET_NOT_DUMPABLE, target_not_dumpable, tell_target_not_dumpable },
	{ CAUSE_PROC_READ_ONLY, proc_read_only, tell_proc_read_only },
	{ CAUSE_TARGET_NO_MAP, target_no_map, tell_target_no_map },
	{ CAUSE_NAMESPACE_OURS, namespace_ours, tell_namespace_ours },
	{ CAUSE_NAMESPACE_OTHER, namespace_other, tell_namespace_other },
	{ CAUSE_ALREADY_MAPPED, already_mapped, tell_already_mapped },
	{ CAUSE_NO_PRIVILEGE, no_privilege, tell_no_privilege },
	{ CAUSE_NOSUID, nosuid, tell_nosuid },
	{ CAUSE_PROGRAM_OWNER_UNMAPPED, program_owner_unmapped,
	  tell_program_owner_unmapped },
	{ CAUSE_NO_NEW_PRIVS, no_new_privs, tell_no_new_privs },
	{ CAUSE_BOUNDING_SET, bounding_set, tell_bounding_set },
	{ CAUSE_TRACED, traced, tell_traced },
	{ CAUSE_SHARED_FS, shared_fs, tell_shared_fs },
	{ CAUSE_SECUREBITS, securebits, tell_securebits },
	{ CAUSE_NO_SETFCAP, no_setfcap, tell_no_setfcap },
	{ CAUSE_OUTER_UNMAPPED, outer_unmapped, tell_outer_unmapped },
	{ CAUSE_OUTER_DIVIDED, outer_divided, tell_outer_divided },
	{ 0 },
};
