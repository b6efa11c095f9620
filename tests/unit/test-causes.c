// SPDX-License-Identifier: BSD-3-Clause
#include <inttypes.h>
#include <linux/capability.h>
#include <locale.h>

#include "explain/causes.h"
#include "helper/helper.h"
#include "libsubid/findings/kubelet.h"
#include "libsubid/source/plugin.h"
#include "tests/unit/accounts.h"
#include "tests/unit/rng.h"
#include "tests/unit/unit.h"

#define BIT(capability) ((uint64_t)1 << (capability))
#define CAUSES		CAUSE_UNEXPLAINED /* the last one */

/* ---- facts to begin with
 * ---------------------------------------------------------------- */

static const struct idmap plain_map = {
	.extents = { { 0, 100000, 1000 }, { 5000, 200000, 10 }, { 5, 200005, 10 } },
	.n = 3,
};
static const struct idmap all_at_zero = {
	.extents = { { 0, 100000, 10 }, { 0, 200000, 65536 }, { 0, 300000, 20 } },
	.n = 3,
};
static const struct idmap own_id_twice = {
	.extents = { { 0, 5001, 1 }, { 1, 5000, 65536 } },
	.n = 2,
};
static const struct facts_malformed bad_line = {
	.number = 7,
	.fault = 6,
	.len = 19,
	.text = "elsa:0100000:65536x",
	.repair = { .owner_ok = true, .by_others = { 100000, 165536 }, .n = 1 },
	.range = { 100000, 165536 },
};
static const struct idmap one_low_id = { .extents = { { 1005, 1005, 1 } }, .n = 1 };
static const struct idmap empty_extent = { .extents = { { 0, 100000, 0 } }, .n = 1 };
static const struct dbfile missing_file = { .fd = -1,
					    .error = ENOENT,
					    .fault = DBFILE_CLOSED };
static const struct dbfile linked_file = { .fd = -1,
					   .error = ELOOP,
					   .fault = DBFILE_CLOSED };
static const struct dbfile closed_file = { .fd = -1,
					   .error = EACCES,
					   .fault = DBFILE_CLOSED };
static const struct dbfile broken_file = { .error = EIO, .fault = DBFILE_UNREADABLE };
static const struct dbfile unknown_file = { .error = ENODATA, .fault = DBFILE_UNKNOWN };
static const struct dbfile tmpdir_file = { .error = EISDIR, .fault = DBFILE_NOT_REGULAR };
static const struct dbfile huge_file = { .error = EFBIG, .fault = DBFILE_HUGE };
static const struct dbfile writable_file = { .error = EACCES, .fault = DBFILE_WRITABLE };
static const struct dbfile foreign_file = { .error = EACCES,
					    .fault = DBFILE_FOREIGN,
					    .status = { .st_uid = 5002 } };

static const struct nsswitch nsswitch = { .sources = { "zzz", "sss" }, .n_sources = 2 };

/* Facts without any cause: what a caller always knows. Zeroed, padding too, to be
 * compared. */
static void facts_make(struct facts *facts, const struct kind *kind)
{
	memset(facts, 0, sizeof(*facts));
	facts->kind = kind;
	facts->uid = facts->gid = facts->target.uid = facts->target.gid = 5001;
	facts->account = &elsa;
	facts->map = &plain_map;
	facts->file = &closed_file;
	facts->target.name = "1234";
	facts->bytes_max = 4095;
}

static uint64_t setid(const struct facts *facts)
{
	return BIT(facts->kind->group ? CAP_SETGID : CAP_SETUID);
}

/* The kernel refused, and the program had been started without a capability. */
static void lack(struct facts *facts)
{
	facts->step = FACTS_WRITE;
	facts->error = EPERM;
	facts->lacking = setid(facts);
	strcpy(facts->program.path, "/usr/bin/newuidmap");
	facts->program.setuid = true;
	facts->program.bounding = ~(uint64_t)0;
}

static void refuse(struct facts *facts)
{
	facts->step = FACTS_RANGE;
	facts->missing = (struct range){ 100200, 101000 };
}

/* Facts about a host, of which only some matter at each step. */
static const struct facts_host plain_host = {
	.max_namespaces = 100,
	.unprivileged_clone = -1,
	.apparmor = -1,
	.found = "/home/elsa/bin/newuidmap",
	.path = "/home/elsa/bin:/usr/bin",
	.count = 65536,
	.file = "/home/elsa/.local/share/containers/storage/vfs/dir",
	.storage = "/home/elsa/.local/share/containers/storage",
	.owner = 200000,
	.pause = 4711,
};
static const struct facts_host full_host = { .max_namespaces = 100, .outermost = true };
static const struct facts_host lost_host = { .back = { 300000, 365536 } };
static const struct facts_host no_count_host = { .no_grant = FACTS_GRANT_COUNT };
static const struct facts_host no_rule_host = { .no_grant = FACTS_GRANT_WRONG };
static const struct facts_host no_pool_host = { .no_grant = FACTS_GRANT_POOL,
						.count = 2048 };
static const struct facts_host larger_host = { .max_namespaces = 60000,
					       .outermost = true };
static const struct facts_host unread_host = { .max_namespaces = -1, .outermost = true };
static const struct facts_host closed_host = {
	.unprivileged_clone = 0,
	.apparmor = -1,
	.path = "/bin",
	.own = { 5000, 5010 },
	.file = "/data/containers/storage/overlay",
	.storage = "/data/containers/storage",
};
static const struct facts_host armed_host = {
	.unprivileged_clone = 1,
	.apparmor = 1,
	.found = "/usr/bin/newuidmap",
	.wanted = "/usr/local/bin/newuidmap",
	.path = "/usr/bin:/usr/local/bin",
	.count = 1000,
	.file = "/home/elsa smith/storage/a",
	.storage = "/home/elsa smith/storage",
};

static const struct facts_host narrow_host = {
	.count = 500,
	.storage = "/home/elsa",
	.owner = 100000,
	.free = { 524288, 589824 },
};
static const struct facts_host sharing_host = {
	.path = "/bin",
	.file = "/data/containers/storage/overlay",
	.storage = "/data/containers/storage",
	.own = { 200000, 265536 },
	.sharer = "ghost",
	.sharer_line = 12,
	.loser = "ghost",
	.no_account = true,
	.in_use = true,
};
static const struct facts_host odd_host = {
	.path = "/bin",
	.file = "/data/containers/storage/overlay",
	.storage = "/data/containers/storage",
	.odd_line = 3,
	.odd_text = "\"elsa\":100000:65536",
};
static const struct facts_host renamed_host = {
	.path = "/bin",
	.file = "/data/containers/storage/overlay",
	.storage = "/data/containers/storage",
	.former = "joe",
	.former_line = 3,
	.merge = true,
};
static const struct facts_host doubtful_host = {
	.path = "/bin",
	.file = "/data/containers/storage/overlay",
	.storage = "/data/containers/storage",
	.own = { 200000, 265536 },
	.sharer = "joe@corp.example",
	.sharer_line = 12,
	.sharer_unknown = true,
	.loser = "elsa",
};
static const struct facts_host kubelet_hosts[] = {
	{ .fault = KUBELET_NONE, .free = { 131072, 196608 } },
	{ .fault = KUBELET_SEVERAL,
	  .ranges = 2,
	  .path = "/bin",
	  .file = "/data/containers/storage/overlay",
	  .storage = "/data/containers/storage",
	  .own = { 100000, 300000 },
	  .free = { 131072, 196608 },
	  .in_use = true },
	{ .fault = KUBELET_START,
	  .first = { 100000, 165536 },
	  .own = { 100000, 165536 },
	  .free = { 196608, 262144 },
	  .in_use = true },
	{ .fault = KUBELET_COUNT,
	  .first = { 65536, 165536 },
	  .own = { 65536, 165536 },
	  .free = { 196608, 262144 } },
	{ .fault = KUBELET_UNEQUAL, .own = { 65536, 131072 }, .pods = 110 },
	{ .fault = KUBELET_FEW, .first = { 65536, 196608 }, .pods = 110 },
	{ .fault = KUBELET_NO_ID,
	  .own = { 65536, 4294967296 },
	  .free = { 65536, 4294901760 } },
};
static const struct facts_host enough_host = {
	.storage = "/home/elsa",
	.owner = 100000,
	.enough = true,
	.in_use = true,
};

static void look(struct facts *facts, enum facts_step step, int error,
		 const struct facts_host *host)
{
	facts->step = step;
	facts->error = error;
	facts->host = host;
}

/* The fewest facts that make a cause apply, added to facts_make(). */
#define LEAST(name) static void name(struct facts *f)

LEAST(too_many_extents)
{
	f->step = FACTS_EXTENTS;
	f->too_many = true;
}
LEAST(too_many_bytes)
{
	f->step = FACTS_EXTENTS;
	f->bytes = 4096;
}
LEAST(overlap_inside)
{
	f->step = FACTS_EXTENTS;
	f->clash = IDMAP_CLASH_INNER;
	f->clash_b = 2;
}
LEAST(overlap_outside)
{
	f->step = FACTS_EXTENTS;
	f->clash = IDMAP_CLASH_OUTER;
	f->clash_a = 1;
	f->clash_b = 2;
}
LEAST(lines_overlap)
{
	overlap_outside(f);
	f->twice = (struct facts_twice){ .lines = { 3, 4294967297 },
					 .ranges = { { 200000, 200010 },
						     { 200005, 200015 } },
					 .id = 200005 };
}
LEAST(own_id_in_line)
{
	f->step = FACTS_EXTENTS;
	f->clash = IDMAP_CLASH_OUTER;
	f->clash_b = 1;
	f->map = &own_id_twice;
	f->twice = (struct facts_twice){
		.lines = { 3 },
		.ranges = { { 5000, 70536 } },
		.id = 5001,
	};
}
LEAST(ranges_at_zero)
{
	f->step = FACTS_EXTENTS;
	f->clash = IDMAP_CLASH_INNER;
	f->clash_b = 1;
	f->map = &all_at_zero;
	f->lines_at_zero = true;
}
LEAST(proc_missing)
{
	f->proc = FACTS_PROC_MISSING;
}
LEAST(proc_other)
{
	f->proc = FACTS_PROC_OTHER;
}
LEAST(extent_empty)
{
	f->step = FACTS_RANGE;
	f->map = &empty_extent;
}
LEAST(no_descriptors)
{
	f->error = EMFILE;
}
LEAST(no_descriptors_system)
{
	f->error = ENFILE;
}
LEAST(no_memory)
{
	f->error = ENOMEM;
}
LEAST(target_not_proc)
{
	f->step = FACTS_TARGET;
	f->target.not_proc = true;
}
LEAST(target_bad_descriptor)
{
	f->step = FACTS_TARGET;
	f->error = EBADF;
}
LEAST(target_hidden)
{
	f->step = FACTS_TARGET;
	f->target.hidden = true;
}
LEAST(target_gone)
{
	f->target.gone = true;
}
LEAST(no_passwd_entry)
{
	f->step = FACTS_CALLER;
	f->error = 0;
	f->account = NULL;
}
LEAST(helper_missing)
{
	f->step = FACTS_CALLER;
	f->error = ENOPKG;
	f->helper = HELPER_MISSING;
}
LEAST(helper_foreign)
{
	refuse(f);
	f->name_service = ENOPKG;
	f->grants.readable = true;
	f->helper = HELPER_FOREIGN;
}
LEAST(helper_writable)
{
	f->step = FACTS_CALLER;
	f->error = ENOPKG;
	f->helper = HELPER_WRITABLE;
}
LEAST(helper_readable)
{
	f->step = FACTS_CALLER;
	f->error = ENOPKG;
	f->helper = HELPER_READABLE;
}
LEAST(helper_traceable)
{
	f->step = FACTS_SOURCE;
	f->error = ENOPKG;
	f->helper = HELPER_TRACEABLE;
}
LEAST(helper_version)
{
	f->step = FACTS_CALLER;
	f->error = ENOPKG;
	f->helper = HELPER_VERSION;
}
LEAST(helper_broken)
{
	f->step = FACTS_CALLER;
	f->error = ENOPKG;
	f->helper = HELPER_BROKEN;
}
LEAST(name_service)
{
	f->step = FACTS_CALLER;
	f->error = EAGAIN;
	f->account = NULL;
}
LEAST(name_service_of_owners)
{
	refuse(f);
	f->name_service = EAGAIN;
	f->grants.readable = true;
}
LEAST(other_user)
{
	f->step = FACTS_OWNER;
	f->target.uid = 5002;
}
LEAST(group_not_primary)
{
	f->step = FACTS_OWNER;
	f->target.uid = 5001;
	f->gid = f->target.gid = 6000;
}
LEAST(group_of_target)
{
	f->step = FACTS_OWNER;
	f->target.uid = f->gid = 5001;
	f->target.gid = 6000;
}
LEAST(source_unknown)
{
	f->step = FACTS_SOURCE;
	f->error = EACCES;
	f->sources.plugin = NULL;
}
LEAST(source_many)
{
	f->step = FACTS_SOURCE;
	f->error = E2BIG;
	f->sources.plugin = NULL;
}
static void fail_source(struct facts *f, int fault)
{
	f->step = FACTS_SOURCE;
	f->sources.nsswitch = &nsswitch;
	f->sources.plugin = "sss";
	f->sources.fault = fault;
}
LEAST(source_elsewhere)
{
	fail_source(f, PLUGIN_ELSEWHERE);
}
LEAST(source_foreign)
{
	fail_source(f, PLUGIN_FOREIGN);
}
LEAST(source_writable)
{
	fail_source(f, PLUGIN_WRITABLE);
}
LEAST(source_malformed)
{
	fail_source(f, PLUGIN_MALFORMED);
}
LEAST(source_unloadable)
{
	fail_source(f, PLUGIN_UNLOADABLE);
}
LEAST(source_lies)
{
	fail_source(f, PLUGIN_LIES);
}
LEAST(source_died)
{
	fail_source(f, PLUGIN_DIED);
}
LEAST(source_down)
{
	fail_source(f, PLUGIN_DOWN);
}
LEAST(source_slow)
{
	fail_source(f, PLUGIN_SLOW);
}
LEAST(source_mute)
{
	fail_source(f, PLUGIN_MUTE);
}
LEAST(source_unreadable)
{
	fail_source(f, 0);
	f->error = EACCES;
}
LEAST(source_error)
{
	fail_source(f, 0);
	f->error = EAGAIN;
}
LEAST(file_missing)
{
	f->step = FACTS_DATABASE;
	f->file = &missing_file;
	f->error = ENOENT;
}
LEAST(file_symlink)
{
	f->step = FACTS_DATABASE;
	f->file = &linked_file;
	f->error = ELOOP;
}
LEAST(file_not_regular)
{
	f->step = FACTS_DATABASE;
	f->file = &tmpdir_file;
}
LEAST(file_huge)
{
	f->step = FACTS_DATABASE;
	f->file = &huge_file;
}
LEAST(file_writable)
{
	f->step = FACTS_DATABASE;
	f->file = &writable_file;
}
LEAST(file_foreign)
{
	f->step = FACTS_DATABASE;
	f->file = &foreign_file;
}
LEAST(file_unreadable)
{
	f->step = FACTS_DATABASE;
	f->file = &closed_file;
}
LEAST(file_broken)
{
	f->step = FACTS_DATABASE;
	f->file = &broken_file;
}
LEAST(file_unknown)
{
	f->step = FACTS_DATABASE;
	f->file = &unknown_file;
}
LEAST(line_malformed)
{
	refuse(f);
	f->grants.readable = true;
	f->grants.malformed = bad_line;
}
LEAST(other_kind_only)
{
	refuse(f);
	f->grants.in_other_kind = true;
}
LEAST(sources_empty)
{
	refuse(f);
	f->sources.nsswitch = &nsswitch;
	f->sources.plugin = NULL;
	f->sources.nobody = true;
}
LEAST(sources_empty_files)
{
	refuse(f);
	f->sources.nsswitch = &nsswitch;
	f->sources.plugin = NULL;
	f->sources.nobody = f->sources.files = true;
}
LEAST(source_denies)
{
	refuse(f);
	f->sources.nsswitch = &nsswitch;
	f->sources.plugin = "sss";
	f->sources.denied = true;
	f->map = &plain_map;
}
LEAST(not_delegated_by_plugin)
{
	refuse(f);
	f->sources.nsswitch = &nsswitch;
	f->sources.plugin = "sss";
	f->sources.nobody = false;
	f->map = &plain_map;
	f->grants.readable = f->grants.owns = true;
	f->grants.first = (struct range){ 300000, 365536 };
	f->grants.ranges = 1;
	f->missing = (struct range){ 100000, 101000 };
}
LEAST(partly_delegated)
{
	refuse(f);
	f->grants.readable = f->grants.partly = f->grants.owns = true;
	f->grants.first = (struct range){ 100000, 100200 };
	f->grants.ranges = 1;
}
LEAST(not_delegated)
{
	refuse(f);
}
LEAST(passed_through)
{
	refuse(f);
	f->map = &one_low_id;
	f->missing = (struct range){ 1005, 1006 };
	f->uid = 0;
	f->member = true;
}
LEAST(not_delegated_but_to_anna)
{
	refuse(f);
	f->missing = (struct range){ 100000, 101000 };
	f->grants.readable = true;
	f->grants.taken = 3;
	strcpy(f->grants.taken_by, "anna");
}
LEAST(not_delegated_others_but_to_anna)
{
	not_delegated_but_to_anna(f);
	f->grants.owns = true;
	f->grants.first = (struct range){ 300000, 365536 };
	f->grants.ranges = 1;
}
LEAST(partly_delegated_and_to_anna)
{
	partly_delegated(f);
	f->grants.taken = 3;
	strcpy(f->grants.taken_by, "anna");
}
LEAST(no_range)
{
	refuse(f);
	f->host = &plain_host;
}
LEAST(no_range_any_more)
{
	no_range(f);
	f->host = &lost_host;
}
LEAST(no_range_by_count)
{
	no_range(f);
	f->host = &no_count_host;
}
LEAST(no_range_by_rule)
{
	no_range(f);
	f->host = &no_rule_host;
}
LEAST(range_small_by_rule)
{
	look(f, FACTS_COUNT, 0, &no_pool_host);
}
LEAST(auto_empty)
{
	look(f, FACTS_AUTO, 0, &narrow_host);
}
LEAST(auto_empty_full)
{
	look(f, FACTS_AUTO, 0, &armed_host);
}
LEAST(userns_limit)
{
	look(f, FACTS_UNSHARE, ENOSPC, &plain_host);
}
LEAST(userns_limit_reached)
{
	look(f, FACTS_UNSHARE, ENOSPC, &full_host);
}
LEAST(userns_limit_unread)
{
	look(f, FACTS_UNSHARE, ENOSPC, &unread_host);
}
LEAST(userns_limit_zero)
{
	look(f, FACTS_UNSHARE, ENOSPC, &closed_host);
}
LEAST(userns_unprivileged)
{
	look(f, FACTS_UNSHARE, EPERM, &closed_host);
}
LEAST(userns_apparmor)
{
	look(f, FACTS_UNSHARE, EACCES, &armed_host);
}
LEAST(mapper_missing)
{
	look(f, FACTS_PROGRAM, 0, &closed_host);
}
LEAST(mapper_not_first)
{
	look(f, FACTS_PROGRAM, 0, &armed_host);
}
LEAST(mapper_not_roots)
{
	look(f, FACTS_PROGRAM, 0, &plain_host);
}
LEAST(own_id_inside)
{
	look(f, FACTS_COUNT, 0, &closed_host);
}
LEAST(range_small)
{
	look(f, FACTS_COUNT, 0, &armed_host);
}
LEAST(range_small_free)
{
	look(f, FACTS_COUNT, 0, &narrow_host);
}
LEAST(owner_odd)
{
	look(f, FACTS_ODD, 0, &odd_host);
}
LEAST(owner_renamed)
{
	look(f, FACTS_RENAMED, 0, &renamed_host);
}
LEAST(range_shared)
{
	look(f, FACTS_SHARED, 0, &sharing_host);
}
LEAST(range_shared_unknown)
{
	look(f, FACTS_SHARED, 0, &doubtful_host);
}
LEAST(storage_idmapped)
{
	look(f, FACTS_FILES, EOVERFLOW, &narrow_host);
}
LEAST(storage_idmapped_enough)
{
	look(f, FACTS_FILES, EOVERFLOW, &enough_host);
}
LEAST(storage_idmapped_full)
{
	look(f, FACTS_FILES, EOVERFLOW, &plain_host);
}
LEAST(storage_refuses)
{
	look(f, FACTS_FILES, EPERM, &plain_host);
}
LEAST(storage_foreign)
{
	look(f, FACTS_STORAGE, 0, &plain_host);
}
LEAST(pause_old)
{
	look(f, FACTS_PAUSE, 0, &plain_host);
}
LEAST(kubelet_program)
{
	look(f, FACTS_KUBELET, 0, &plain_host);
}
LEAST(kubelet_none)
{
	look(f, FACTS_KUBELET, 0, &kubelet_hosts[0]);
}
LEAST(kubelet_several)
{
	look(f, FACTS_KUBELET, 0, &kubelet_hosts[1]);
}
LEAST(kubelet_start)
{
	look(f, FACTS_KUBELET, 0, &kubelet_hosts[2]);
}
LEAST(kubelet_count)
{
	look(f, FACTS_KUBELET, 0, &kubelet_hosts[3]);
}
LEAST(kubelet_unequal)
{
	look(f, FACTS_KUBELET, 0, &kubelet_hosts[4]);
}
LEAST(kubelet_few)
{
	look(f, FACTS_KUBELET, 0, &kubelet_hosts[5]);
}
LEAST(kubelet_no_id)
{
	look(f, FACTS_KUBELET, 0, &kubelet_hosts[6]);
}
LEAST(target_zombie)
{
	f->step = FACTS_OPEN;
	f->target.zombie = true;
}
LEAST(target_not_dumpable)
{
	f->step = FACTS_OPEN;
	f->error = EACCES;
	f->target.not_dumpable = true;
}
LEAST(proc_read_only)
{
	f->step = FACTS_OPEN;
	f->error = EROFS;
}
LEAST(target_no_map)
{
	f->step = FACTS_OPEN;
	f->target.no_map = true;
}
LEAST(namespace_ours)
{
	f->step = FACTS_WRITE;
	f->error = EPERM;
	f->target.namespace = FACTS_NS_OURS;
}
LEAST(namespace_other)
{
	f->step = FACTS_WRITE;
	f->error = EPERM;
	f->target.namespace = FACTS_NS_OTHER;
}
LEAST(already_mapped)
{
	f->step = FACTS_WRITE;
	f->error = EPERM;
	f->target.map_written = true;
}
LEAST(no_privilege)
{
	lack(f);
	f->program.setuid = false;
}
LEAST(no_privilege_owner)
{
	lack(f);
	f->program.owner = 5002;
}
LEAST(no_privilege_capability)
{
	lack(f);
	f->program.has_capabilities = true;
}
LEAST(nosuid)
{
	lack(f);
	f->program.nosuid = true;
}
LEAST(program_owner_unmapped)
{
	lack(f);
	f->program.owner = 65534;
	f->program.owner_unmapped = true;
}
LEAST(no_new_privs)
{
	lack(f);
	f->no_new_privs = true;
}
LEAST(bounding_set)
{
	lack(f);
	f->program.bounding = 0;
}
LEAST(traced)
{
	lack(f);
	f->program.traced = true;
}
LEAST(shared_fs)
{
	lack(f);
	f->program.shares_fs = true;
}
LEAST(securebits)
{
	lack(f);
	f->program.no_root = true;
}
LEAST(no_setfcap)
{
	lack(f);
	f->program.has_capabilities = true;
	f->program.capabilities = setid(f);
	f->lacking = BIT(CAP_SETFCAP);
}
LEAST(outer_unmapped)
{
	f->step = FACTS_WRITE;
	f->error = EPERM;
	f->unmapped = (struct range){ 100000, 101000 };
}
LEAST(seccomp)
{
	f->step = FACTS_OPEN;
	f->error = ENOSYS;
	f->program.filtered = true;
}
LEAST(outer_divided)
{
	f->step = FACTS_WRITE;
	f->error = EPERM;
	f->divided = 2;
	f->pieces = (struct idmap){ .extents = { { 5, 200005, 4 }, { 9, 200009, 6 } },
				    .n = 2 };
}
LEAST(security_module)
{
	f->step = FACTS_OPEN;
	f->error = EACCES;
	f->modules.denies = true;
}
LEAST(security_module_selinux)
{
	look(f, FACTS_UNSHARE, EACCES, &plain_host);
	f->modules.selinux = true;
}
LEAST(security_module_apparmor)
{
	f->step = FACTS_WRITE;
	f->error = EPERM;
	strcpy(f->modules.apparmor, "unprivileged_userns");
}
LEAST(unexplained)
{
	f->step = FACTS_WRITE;
	f->error = EPERM;
}
LEAST(unexplained_target)
{
	f->step = FACTS_TARGET;
	f->error = EACCES;
}
LEAST(unexplained_unshare)
{
	look(f, FACTS_UNSHARE, EINVAL, &plain_host);
}

static const struct least {
	enum cause_id id;
	void (*apply)(struct facts *facts);
	const char *words; /* what the sentence must contain */
} table[] = {
	{ CAUSE_TOO_MANY_EXTENTS, too_many_extents, "340 extents" },
	{ CAUSE_TOO_MANY_BYTES, too_many_bytes, "4096 bytes, and the kernel takes 4095" },
	{ CAUSE_OWN_ID_INSIDE, own_id_in_line, "the range 5000-70535 of elsa holds" },
	{ CAUSE_RANGES_AT_ZERO, ranges_at_zero, "extents 1 and 2 are ranges of elsa" },
	{ CAUSE_OVERLAP_INSIDE, overlap_inside, "1 (0 100000 1000) and 3 (5 200005 10)" },
	{ CAUSE_LINES_OVERLAP, lines_overlap, "lines 3 and 4294967297 of " },
	{ CAUSE_OVERLAP_OUTSIDE, overlap_outside,
	  "2 (5000 200000 10) and 3 (5 200005 10)" },
	{ CAUSE_EXTENT_EMPTY, extent_empty, "extent 1 " },
	{ CAUSE_NO_DESCRIPTORS, no_descriptors, "open files" },
	{ CAUSE_NO_DESCRIPTORS, no_descriptors_system, "the system" },
	{ CAUSE_NO_MEMORY, no_memory, "memory" },
	{ CAUSE_HELPER_MISSING, helper_missing, "subid-ask is missing" },
	{ CAUSE_HELPER_CHANGED, helper_foreign, "does not belong to root" },
	{ CAUSE_HELPER_CHANGED, helper_writable, "not only root can write" },
	{ CAUSE_HELPER_READABLE, helper_readable, "its mode is not 0711" },
	{ CAUSE_HELPER_TRACEABLE, helper_traceable, "fs.suid_dumpable is 1" },
	{ CAUSE_HELPER_VERSION, helper_version, "of another version" },
	{ CAUSE_HELPER_BROKEN, helper_broken, "does not start" },
	{ CAUSE_PROC_MISSING, proc_missing, "/proc is not mounted" },
	{ CAUSE_PROC_OTHER, proc_other, "another pid namespace" },
	{ CAUSE_TARGET_NOT_PROC, target_not_proc, "1234" },
	{ CAUSE_TARGET_NOT_PROC, target_bad_descriptor, "1234" },
	{ CAUSE_TARGET_HIDDEN, target_hidden, "process 1234 is yours" },
	{ CAUSE_TARGET_GONE, target_gone, "process 1234" },
	{ CAUSE_NO_PASSWD_ENTRY, no_passwd_entry, "uid 5001" },
	{ CAUSE_NAME_SERVICE, name_service, "temporarily" },
	{ CAUSE_NAME_SERVICE, name_service_of_owners, "temporarily" },
	{ CAUSE_OTHER_USER, other_user, "runs as uid 5002, and you are uid 5001" },
	{ CAUSE_GROUP_NOT_PRIMARY, group_not_primary, "6000" },
	{ CAUSE_GROUP_OF_TARGET, group_of_target, "gid 6000, and you with gid 5001" },
	{ CAUSE_SOURCE, source_unknown, "nsswitch.conf cannot be read" },
	{ CAUSE_SOURCE, source_many, "more than 8 sources" },
	{ CAUSE_SOURCE_ELSEWHERE, source_elsewhere, "'sss' is not in " PLUGINDIR },
	{ CAUSE_SOURCE_NOT_ROOTS, source_foreign,
	  "libsubid_sss.so or its directory does" },
	{ CAUSE_SOURCE_NOT_ROOTS, source_writable, "libsubid_sss.so or its directory" },
	{ CAUSE_SOURCE_BROKEN, source_malformed, "no shared library" },
	{ CAUSE_SOURCE_BROKEN, source_unloadable, "libsubid_sss.so cannot be loaded" },
	{ CAUSE_SOURCE_BROKEN, source_lies, "'sss' gives an answer" },
	{ CAUSE_SOURCE_BROKEN, source_died, "'sss' has crashed or ended" },
	{ CAUSE_SOURCE_SILENT, source_down, "'sss' does not reach" },
	{ CAUSE_SOURCE_SILENT, source_slow, "'sss' does not answer in time" },
	{ CAUSE_SOURCE_SILENT, source_mute, "'sss' does not say whether" },
	{ CAUSE_SOURCE_SILENT, source_error, "temporarily" },
	{ CAUSE_SOURCE_SILENT, source_unreadable, "Permission denied" },
	{ CAUSE_SOURCE_DENIES, source_denies,
	  "'sss' says no to 100200-100999 for elsa, although these " },
	{ CAUSE_FILE_MISSING, file_missing, "does not exist" },
	{ CAUSE_FILE_SYMLINK, file_symlink, "symbolic link" },
	{ CAUSE_FILE_NOT_REGULAR, file_not_regular, "regular" },
	{ CAUSE_FILE_HUGE, file_huge, "1 GiB" },
	{ CAUSE_FILE_WRITABLE, file_writable, "every user can write" },
	{ CAUSE_FILE_FOREIGN, file_foreign, "uid 5002" },
	{ CAUSE_FILE_UNREADABLE, file_unreadable, "Permission denied" },
	{ CAUSE_FILE_UNREADABLE, file_broken, "Input/output error" },
	{ CAUSE_FILE_UNREADABLE, file_unknown,
	  "cannot find out whether it belongs to root" },
	{ CAUSE_LINE_MALFORMED, line_malformed, "line 7 " },
	{ CAUSE_OTHER_KIND_ONLY, other_kind_only,
	  "100200-100999 is delegated to elsa in " },
	{ CAUSE_SOURCES_EMPTY, sources_empty, "'zzz sss'" },
	{ CAUSE_SOURCES_EMPTY, sources_empty_files, "'zzz sss'" },
	{ CAUSE_NOT_DELEGATED, not_delegated_by_plugin,
	  "sss delegates only 300000-365535 to elsa" },
	{ CAUSE_PARTLY_DELEGATED, partly_delegated, "100200-100999" },
	{ CAUSE_NOT_DELEGATED, not_delegated, "100200-100999" },
	{ CAUSE_PASSED_THROUGH, passed_through, "id 1005 is not delegated to elsa" },
	{ CAUSE_NOT_DELEGATED, not_delegated_but_to_anna, "line 3 gives some of these" },
	{ CAUSE_NOT_DELEGATED, not_delegated_others_but_to_anna,
	  "to anna, and elsa has others, as 300000-365535" },
	{ CAUSE_PARTLY_DELEGATED, partly_delegated_and_to_anna,
	  "line 3 gives some of them to anna" },
	{ CAUSE_NO_RANGE, no_range, "delegates nothing to elsa" },
	{ CAUSE_NO_RANGE, no_range_any_more, "elsa has 300000-365535" },
	{ CAUSE_NO_RANGE, no_range_by_count, "_COUNT is 0 in /etc/login.defs" },
	{ CAUSE_NO_RANGE, no_range_by_rule, "by the rules or settings" },
	{ CAUSE_RANGE_SMALL, range_small_by_rule, "has 2048 " },
	{ CAUSE_USERNS_LIMIT, userns_limit, "nested 32 deep" },
	{ CAUSE_USERNS_LIMIT, userns_limit_unread, "nested 32 deep" },
	{ CAUSE_USERNS_LIMIT, userns_limit_reached,
	  "user.max_user_namespaces is 100, and elsa " },
	{ CAUSE_USERNS_LIMIT, userns_limit_zero, "user.max_user_namespaces is 0" },
	{ CAUSE_USERNS_UNPRIVILEGED, userns_unprivileged,
	  "kernel.unprivileged_userns_clone is 0" },
	{ CAUSE_USERNS_APPARMOR, userns_apparmor,
	  "kernel.apparmor_restrict_unprivileged_userns is 1" },
	{ CAUSE_MAPPER_MISSING, mapper_missing, "PATH (/bin) leads to no new" },
	{ CAUSE_MAPPER_NOT_FIRST, mapper_not_first,
	  "PATH leads to /usr/bin/newuidmap, and not to /usr/local/bin/newuidmap" },
	{ CAUSE_MAPPER_NOT_FIRST, mapper_not_roots, "does not belong to root" },
	{ CAUSE_OWN_ID_INSIDE, own_id_inside, "holds its own" },
	{ CAUSE_RANGE_SMALL, range_small, "has 1000 " },
	{ CAUSE_RANGE_SMALL, range_small_free, "has 500 " },
	{ CAUSE_OWNER_ODD, owner_odd, "the owner in line 3 of " },
	{ CAUSE_OWNER_RENAMED, owner_renamed, "has the owner joe, a former name" },
	{ CAUSE_RANGE_SHARED, range_shared, "200000-265535 of elsa to ghost too" },
	{ CAUSE_RANGE_SHARED, range_shared_unknown, "to joe@corp.example too" },
	{ CAUSE_STORAGE_IDMAPPED, storage_idmapped, "id 100000 of elsa" },
	{ CAUSE_STORAGE_IDMAPPED, storage_idmapped_enough, "id 100000 of elsa" },
	{ CAUSE_STORAGE_IDMAPPED, storage_idmapped_full, "id 200000 of elsa" },
	{ CAUSE_STORAGE_REFUSES, storage_refuses, "not permitted" },
	{ CAUSE_STORAGE_FOREIGN, storage_foreign,
	  " 200000, which is not delegated to elsa" },
	{ CAUSE_PAUSE_OLD, pause_old, "process 4711 of podman" },
	{ CAUSE_AUTO_EMPTY, auto_empty, "has no line of containers" },
	{ CAUSE_AUTO_EMPTY, auto_empty_full, "has no line of containers" },
	{ CAUSE_KUBELET_PROGRAM, kubelet_program, "leads to no getsubids" },
	{ CAUSE_KUBELET_RANGE, kubelet_none, "has no line of kubelet" },
	{ CAUSE_KUBELET_RANGE, kubelet_several, "has 2 lines of kubelet" },
	{ CAUSE_KUBELET_RANGE, kubelet_start, "of kubelet, 100000, is not" },
	{ CAUSE_KUBELET_RANGE, kubelet_count, "kubelet has 100000 " },
	{ CAUSE_KUBELET_RANGE, kubelet_unequal, "not the same numbers" },
	{ CAUSE_KUBELET_RANGE, kubelet_few, "for 2 pods, and not for 110" },
	{ CAUSE_KUBELET_RANGE, kubelet_no_id, "holds 4294967295, which is no id" },
	{ CAUSE_TARGET_ZOMBIE, target_zombie, "process 1234" },
	{ CAUSE_TARGET_NOT_DUMPABLE, target_not_dumpable, "process 1234" },
	{ CAUSE_PROC_READ_ONLY, proc_read_only, "read-only" },
	{ CAUSE_TARGET_NO_MAP, target_no_map, "1234" },
	{ CAUSE_NAMESPACE_OURS, namespace_ours, "process 1234" },
	{ CAUSE_NAMESPACE_OTHER, namespace_other, "process 1234" },
	{ CAUSE_ALREADY_MAPPED, already_mapped, "process 1234" },
	{ CAUSE_NO_PRIVILEGE, no_privilege, "/usr/bin/newuidmap" },
	{ CAUSE_NO_PRIVILEGE, no_privilege_owner, "uid 5002" },
	{ CAUSE_NO_PRIVILEGE, no_privilege_capability,
	  "file capabilities, but not cap_set" },
	{ CAUSE_NOSUID, nosuid, "nosuid" },
	{ CAUSE_PROGRAM_OWNER_UNMAPPED, program_owner_unmapped, "/usr/bin/newuidmap" },
	{ CAUSE_NO_NEW_PRIVS, no_new_privs, "no_new_privs" },
	{ CAUSE_BOUNDING_SET, bounding_set, "cap_set" },
	{ CAUSE_TRACED, traced, "traced" },
	{ CAUSE_SHARED_FS, shared_fs, "CLONE_FS" },
	{ CAUSE_SECUREBITS, securebits, "SECBIT_NOROOT" },
	{ CAUSE_NO_SETFCAP, no_setfcap, "cap_setfcap" },
	{ CAUSE_OUTER_UNMAPPED, outer_unmapped, "100000-100999" },
	{ CAUSE_SECCOMP, seccomp, "seccomp" },
	{ CAUSE_OUTER_DIVIDED, outer_divided, "extent 3 (5 200005 10) lies in" },
	{ CAUSE_SECURITY_MODULE, security_module, "Landlock" },
	{ CAUSE_SECURITY_MODULE, security_module_selinux, "SELinux is enforcing" },
	{ CAUSE_SECURITY_MODULE, security_module_apparmor, "unprivileged_userns" },
	{ CAUSE_UNEXPLAINED, unexplained, "nothing that can be checked" },
	{ CAUSE_UNEXPLAINED, unexplained_target, "nothing that can be checked" },
	{ CAUSE_UNEXPLAINED, unexplained_unshare, "nothing that can be checked" },
};

/* ---- what must hold for whatever is found
 * ------------------------------------------------ */

static bool found(const struct facts *facts, enum cause_id id)
{
	enum cause_id ids[CAUSES];
	size_t n = causes_find(facts, ids, CAUSES);

	for (size_t i = 0; i < n; i++)
		if (ids[i] == id)
			return true;
	return false;
}

/* One line, and not cut: a command that is cut is another command. */
static void check_text(const char *text, enum cause_id id)
{
	size_t len = strnlen(text, CAUSE_TEXT_BYTES);

	cr_assert(len < CAUSE_TEXT_BYTES - 1, "cause %d: cut: %s", (int)id, text);
	for (size_t i = 0; i < len; i++)
		cr_assert((unsigned char)text[i] >= ' ' && text[i] != 0x7f,
			  "cause %d: a control character in: %s", (int)id, text);
	cr_assert(!strstr(text, "(null)"), "cause %d: %s", (int)id, text);
}

/* How commands begin that only root can run. */
static const char *const of_root[] = { "subid ", "usermod-ext ", "sysctl ", "mount " };

static void check_words(const struct facts *facts, enum cause_id id)
{
	struct cause cause;

	memset(&cause, 'x', sizeof(cause));
	causes_describe(facts, id, &cause);
	cr_assert(cause.id == id);
	cr_assert(cause.evidence[0] != '\0', "cause %d has no evidence", (int)id);
	cr_assert(cause.cure[0] != '\0', "cause %d has no cure", (int)id);
	check_text(cause.evidence, id);
	check_text(cause.cure, id);
	for (size_t i = 0; i < sizeof(of_root) / sizeof(of_root[0]); i++)
		if (strncmp(cause.cure, of_root[i], strlen(of_root[i])) == 0)
			cr_assert(cause.as_root, "cause %d: for root: %s", (int)id,
				  cause.cure);
}

/* The list is in the order of the ids, and a shorter one is the beginning of a longer
 * one. */
static size_t check_list(const struct facts *facts, enum cause_id ids[static CAUSES])
{
	size_t n = causes_find(facts, ids, CAUSES);
	enum cause_id first = 0, pair[2] = { 0 };

	for (size_t i = 0; i < n; i++) {
		cr_assert(ids[i] >= 1 && ids[i] <= CAUSES, "%d is no cause", (int)ids[i]);
		cr_assert(i == 0 || ids[i] > ids[i - 1], "%d comes after %d", (int)ids[i],
			  (int)ids[i - 1]);
	}
	cr_assert(causes_find(facts, &first, 1) == (n > 0));
	cr_assert(n == 0 || first == ids[0]);
	cr_assert(causes_find(facts, pair, 2) == (n > 2 ? 2 : n));
	cr_assert(n < 2 || (pair[0] == ids[0] && pair[1] == ids[1]));
	return n;
}

/* ---- one by one
 * -------------------------------------------------------------------------- */

/* Each cause follows from the fewest facts that make it apply, and then is the first. */
Test(causes, first_by_the_least)
{
	enum cause_id ids[CAUSES];
	bool seen[CAUSES + 1] = { false };
	struct facts facts;

	for (size_t k = 0; k < 2; k++) {
		for (size_t i = 0; i < COUNT_OF(table); i++) {
			struct cause cause;

			facts_make(&facts, kind_all[k]);
			table[i].apply(&facts);
			cr_assert(check_list(&facts, ids) > 0,
				  "row %zu: nothing is found", i);
			cr_assert(ids[0] == table[i].id, "row %zu: %d is found, not %d",
				  i, (int)ids[0], (int)table[i].id);
			check_words(&facts, ids[0]);
			causes_describe(&facts, ids[0], &cause);
			cr_assert(strstr(cause.evidence, table[i].words), "row %zu: %s",
				  i, cause.evidence);
			seen[table[i].id] = true;
		}
	}
	for (int id = 1; id <= (int)CAUSES; id++)
		cr_assert(seen[id], "cause %d has no row", id);
}

/* Facts that were not gathered give no cause; a step that is itself a cause is one. */
Test(causes, nothing_gathered)
{
	static const struct {
		enum facts_step step;
		int error;
		enum cause_id id; /* 0: none */
	} rows[] = {
		{ 0, 0, 0 },
		{ 0, EACCES, 0 },
		{ FACTS_EXTENTS, 0, 0 },
		{ FACTS_TARGET, 0, 0 },
		{ FACTS_TARGET, ENOENT, CAUSE_UNEXPLAINED },
		{ FACTS_CALLER, 0, CAUSE_NO_PASSWD_ENTRY },
		{ FACTS_CALLER, EIO, CAUSE_NAME_SERVICE },
		{ FACTS_SOURCE, 0, CAUSE_SOURCE },
		{ FACTS_DATABASE, EACCES, CAUSE_FILE_UNREADABLE },
		{ FACTS_RANGE, 0, 0 },
		{ FACTS_SETGROUPS, 0, 0 },
		{ FACTS_SETGROUPS, EPERM, CAUSE_UNEXPLAINED },
		{ FACTS_OPEN, ESRCH, CAUSE_UNEXPLAINED },
		{ FACTS_OPEN, EACCES, CAUSE_UNEXPLAINED },
		{ FACTS_WRITE, EINVAL, CAUSE_UNEXPLAINED },
		{ FACTS_WRITE, EPERM, CAUSE_UNEXPLAINED },
	};
	enum cause_id ids[CAUSES];
	struct facts facts;

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		size_t n;

		facts_make(&facts, &kind_uid);
		facts.account = NULL;
		facts.step = rows[i].step;
		facts.error = rows[i].error;
		n = check_list(&facts, ids);
		cr_assert(n == (rows[i].id != 0), "row %zu: %zu causes", i, n);
		cr_assert(n == 0 || ids[0] == rows[i].id, "row %zu: %d", i, (int)ids[0]);
		if (n > 0)
			check_words(&facts, ids[0]);
	}
}

/* ---- together
 * ---------------------------------------------------------------------------- */

/* Causes of which one is more precise than the other and replaces it. */
static bool are_one(enum cause_id a, enum cause_id b)
{
	static const enum cause_id pairs[][2] = {
		{ CAUSE_NO_PRIVILEGE, CAUSE_PROGRAM_OWNER_UNMAPPED },
		{ CAUSE_NO_PRIVILEGE, CAUSE_NO_SETFCAP },
		{ CAUSE_NOT_DELEGATED, CAUSE_NO_RANGE },
	};

	for (size_t i = 0; i < COUNT_OF(pairs); i++)
		if ((a == pairs[i][0] && b == pairs[i][1]) ||
		    (b == pairs[i][0] && a == pairs[i][1]))
			return true;
	return false;
}

/*
 * Applies @a and then @b. Returns false if they contradict each other, so that what @a
 * has set is overwritten.
 */
static bool apply_both(const struct kind *kind, const struct least *a,
		       const struct least *b, struct facts *facts)
{
	struct facts again;

	facts_make(facts, kind);
	a->apply(facts);
	b->apply(facts);
	again = *facts;
	a->apply(&again);
	return memcmp(&again, facts, sizeof(again)) == 0;
}

/* Two causes at once: both are found, in the order of the checks. */
Test(causes, pairs)
{
	enum cause_id ids[CAUSES];
	struct facts facts;
	size_t tested = 0;

	for (size_t i = 0; i < COUNT_OF(table); i++) {
		for (size_t j = 0; j < COUNT_OF(table); j++) {
			const struct least *a = &table[i], *b = &table[j];
			enum cause_id first = a->id < b->id ? a->id : b->id;

			if (!apply_both(&kind_uid, a, b, &facts))
				continue;
			check_list(&facts, ids);
			if (are_one(a->id, b->id))
				continue;
			cr_assert(ids[0] == first, "%d and %d: %d is first", (int)a->id,
				  (int)b->id, (int)ids[0]);
			cr_assert(found(&facts, a->id) && found(&facts, b->id),
				  "%d and %d: one hides the other", (int)a->id,
				  (int)b->id);
			tested++;
		}
	}
	/* of 52 * 52; the steps of most pairs exclude each other */
	cr_assert(tested > 300, "only %zu pairs", tested);
}

/* ---- all combinations
 * -------------------------------------------------------------------- */

struct census {
	uint64_t combinations;
	uint64_t named;
	bool seen[CAUSES + 1];
};

/* Sentences take long to make: of each cause the first, and then every 61st. */
static void check_combination(const struct facts *facts, struct census *census)
{
	enum cause_id ids[CAUSES];
	size_t n = check_list(facts, ids);

	census->combinations++;
	for (size_t i = 0; i < n; i++) {
		if (census->seen[ids[i]] && census->combinations % 61 != 0)
			continue;
		census->seen[ids[i]] = true;
		check_words(facts, ids[i]);
		census->named++;
	}
}

/* Removes the lowest of @values choices from the number of a combination. */
static unsigned int choose(unsigned int *combination, unsigned int values)
{
	unsigned int choice = *combination % values;

	*combination /= values;
	return choice;
}

static bool flip(unsigned int *combination)
{
	return choose(combination, 2) == 1;
}

static const int errors[] = { EPERM,  EACCES, 0,      EROFS,  EINVAL,	 ENOSYS, ESRCH,
			      ENOENT, EMFILE, ENFILE, ENOMEM, EOVERFLOW, 4000 };

#define ERRORS ((unsigned int)COUNT_OF(errors))

/* The two errors that matter most, with all facts about the program. */
#define OF_PROGRAM (2 * 2 * 4 * 2 * 2 * 2 * 2 * 4 * 2 * 2 * 2 * 2 * 2 * 2 * 2 * 2)

static void combine_program(unsigned int at, struct facts *facts)
{
	static const uint64_t sets[] = { 0, BIT(CAP_SETUID), BIT(CAP_SETFCAP),
					 BIT(CAP_SETUID) | BIT(CAP_SETFCAP) };
	struct facts_program *program = &facts->program;

	facts_make(facts, &kind_uid);
	facts->step = FACTS_WRITE;
	facts->error = errors[choose(&at, 2)];
	facts->lacking = sets[choose(&at, 4)];
	facts->no_new_privs = flip(&at);
	facts->unmapped.end = flip(&at) ? 10 : 0;
	facts->pieces.n = facts->unmapped.end ? 0 : LIMIT_EXTENTS;
	facts->target.map_written = flip(&at);
	strcpy(program->path, flip(&at) ? "/usr/bin/newuidmap" : "");
	program->owner = flip(&at) ? 5002 : 0;
	program->capabilities = sets[choose(&at, 4)];
	program->has_capabilities = flip(&at);
	program->setuid = flip(&at);
	program->nosuid = flip(&at);
	program->owner_unmapped = flip(&at);
	program->traced = flip(&at);
	program->shares_fs = flip(&at);
	program->no_root = flip(&at);
	program->filtered = flip(&at);
	program->bounding = flip(&at) ? ~(uint64_t)0 : BIT(CAP_SETFCAP);
}

#define OF_TARGET (2 * 4 * ERRORS * 4 * 2 * 2 * 2 * 2 * 2 * 2 * 2 * 2 * 2 * 3)

static void combine_target(unsigned int at, struct facts *facts)
{
	static const enum facts_step steps[] = { FACTS_TARGET, FACTS_SETGROUPS,
						 FACTS_OPEN, FACTS_WRITE };
	struct facts_target *target = &facts->target;

	facts_make(facts, kind_all[choose(&at, 2)]);
	facts->step = steps[choose(&at, 4)];
	facts->error = errors[choose(&at, ERRORS)];
	target->namespace = (int)choose(&at, 4);
	facts->account = flip(&at) ? &elsa : NULL;
	if (flip(&at)) {
		int error = facts->error;

		lack(facts);
		facts->error = error;
	}
	target->gone = flip(&at);
	target->hidden = flip(&at);
	target->not_proc = flip(&at);
	target->zombie = flip(&at);
	target->not_dumpable = flip(&at);
	target->map_written = flip(&at);
	target->no_map = flip(&at);
	at = choose(&at, 3);
	facts->proc = (int)at;
	facts->modules.denies = facts->modules.selinux = at == 1;
	strcpy(facts->modules.apparmor, at == 2 ? "snap" : "");
}

#define OF_GRANTS (2 * 3 * 5 * 3 * 2 * 2 * 2 * 2 * 3 * 17 * 2 * 5)

static void combine_grants(unsigned int at, struct facts *facts)
{
	static const struct range missing[] = {
		{ 0, 0 },	{ 0, 1 }, { 99999, 100001 }, { 100000, 4294967295 },
		{ 1005, 1006 },
	};
	struct facts_grants *grants = &facts->grants;

	facts_make(facts, kind_all[choose(&at, 2)]);
	facts->step = FACTS_RANGE;
	facts->refused = choose(&at, 3);
	facts->missing = missing[choose(&at, 5)];
	facts->name_service = (int[]){ 0, EIO, 4000 }[choose(&at, 3)];
	facts->map = flip(&at) ? &plain_map : &empty_extent;
	if (facts->missing.start == 1005)
		facts->map = &one_low_id;
	if (facts->map->n == 1)
		facts->refused = 0;
	facts->member = facts->missing.start == 1005;
	facts->uid = facts->member ? 0 : facts->uid;
	grants->readable = flip(&at);
	grants->partly = flip(&at);
	grants->in_other_kind = flip(&at);
	grants->ranges = choose(&at, 3);
	grants->owns = grants->ranges > 0;
	if (grants->owns)
		grants->first = (struct range){ 4294967294, 4294967295 };
	grants->malformed.fault = (int)choose(&at, 17);
	grants->malformed.number = grants->malformed.fault ? UINT64_MAX : 0;
	grants->malformed.len = LIMIT_LINE_BYTES + 1;
	memset(grants->malformed.text, '\n', CURE_WORD_BYTES);
	grants->taken = flip(&at) ? UINT64_MAX : 0;
	if (grants->taken)
		memset(grants->taken_by, 'x', LIMIT_OWNER_BYTES);
	at = choose(&at, 5);
	facts->sources.nsswitch = at > 0 ? &nsswitch : NULL;
	facts->sources.files = at == 0 || at == 2;
	facts->sources.nobody = at == 2 || at == 3;
	facts->sources.plugin = at == 1 || at == 4 ? "sss" : NULL;
	facts->sources.denied = at == 4;
}

/* A source that does not answer, or an unreadable nsswitch.conf. */
#define OF_SOURCES (2 * ERRORS * 2 * (PLUGIN_DIED + 1))

static void combine_sources(unsigned int at, struct facts *facts)
{
	facts_make(facts, kind_all[choose(&at, 2)]);
	facts->step = FACTS_SOURCE;
	facts->error = errors[choose(&at, ERRORS)];
	if (flip(&at))
		return;
	facts->sources.nsswitch = &nsswitch;
	facts->sources.plugin = "sss";
	facts->sources.fault = (int)choose(&at, PLUGIN_DIED + 1);
}

/* Steps before the database is read, and none. */
#define OF_REST (2 * FACTS_RANGE * ERRORS * 2 * 3 * 2 * 2 * 2 * 2 * 2 * 9)

static void combine_rest(unsigned int at, struct facts *facts)
{
	static const struct dbfile *const files[] = {
		&missing_file, &linked_file,   &closed_file,  &broken_file, &tmpdir_file,
		&huge_file,    &writable_file, &foreign_file, &unknown_file
	};
	unsigned int step;

	facts_make(facts, kind_all[choose(&at, 2)]);
	step = choose(&at, FACTS_RANGE);
	facts->step = (enum facts_step)step;
	facts->error = errors[choose(&at, ERRORS)];
	facts->too_many = flip(&at);
	facts->clash = (int)choose(&at, 3);
	facts->clash_b = 2;
	facts->lines_at_zero = flip(&at);
	if (flip(&at))
		facts->twice = (struct facts_twice){ .lines = { 1, UINT64_MAX },
						     .ranges = { { 0, 4294967296 },
								 { 0, 4294967296 } },
						     .id = 4294967295 };
	facts->bytes = flip(&at) ? 5000 : 0;
	facts->target.uid = flip(&at) ? 5002 : 5001;
	facts->target.gid = flip(&at) ? 6000 : 5001;
	facts->file = files[choose(&at, 9)];
}

#define HOSTS	9
#define OF_HOST (2 * FACTS_CALLER * ERRORS * HOSTS * 4 * 2)

static void combine_host(unsigned int at, struct facts *facts)
{
	static const struct facts_host *const hosts[HOSTS] = {
		&plain_host,   &closed_host,   &armed_host,
		&sharing_host, &doubtful_host, &kubelet_hosts[1],
		&renamed_host, &odd_host,      NULL
	};
	unsigned int step;

	facts_make(facts, kind_all[choose(&at, 2)]);
	step = choose(&at, FACTS_CALLER);
	facts->step = (enum facts_step)step;
	facts->error = errors[choose(&at, ERRORS)];
	facts->host = hosts[choose(&at, HOSTS)];
	if (choose(&at, 4) == 0)
		facts->error = ENOSPC;
	if (flip(&at)) {
		refuse(facts);
	}
}

/* The helper, at each step that may ask it. */
#define OF_HELPER (2 * 4 * (HELPER_BROKEN + 1) * 2 * 2)

static void combine_helper(unsigned int at, struct facts *facts)
{
	static const enum facts_step steps[] = { FACTS_CALLER, FACTS_SOURCE, FACTS_RANGE,
						 FACTS_OWNER };

	facts_make(facts, kind_all[choose(&at, 2)]);
	facts->step = steps[choose(&at, 4)];
	if (facts->step == FACTS_RANGE)
		refuse(facts);
	facts->helper = (int)choose(&at, HELPER_BROKEN + 1);
	facts->error = ENOPKG;
	facts->grants.readable = flip(&at);
	facts->name_service = flip(&at) ? ENOPKG : 0;
}

static const struct {
	unsigned int n;
	void (*combine)(unsigned int at, struct facts *facts);
} combinations[] = {
	{ OF_PROGRAM, combine_program }, { OF_TARGET, combine_target },
	{ OF_GRANTS, combine_grants },	 { OF_SOURCES, combine_sources },
	{ OF_REST, combine_rest },	 { OF_HOST, combine_host },
	{ OF_HELPER, combine_helper },
};

/*
 * Every combination of the facts of one step: the order is kept, the sentences exist and
 * fit, nothing crashes; and each cause follows from some combination.
 */
Test(causes, combinations)
{
	struct census census = { 0 };
	struct facts facts;

	for (size_t i = 0; i < COUNT_OF(combinations); i++) {
		for (unsigned int at = 0; at < combinations[i].n; at++) {
			combinations[i].combine(at, &facts);
			check_combination(&facts, &census);
		}
	}
	for (int id = 1; id <= (int)CAUSES; id++)
		cr_assert(census.seen[id], "cause %d comes out of none", id);
	cr_assert(census.combinations > 600000 && census.named > 30000,
		  "%" PRIu64 " combinations, %" PRIu64 " named", census.combinations,
		  census.named);
}

/* Each has a name, and no two have the same one. */
Test(causes, names)
{
	for (enum cause_id a = 1; a <= CAUSES; a++) {
		cr_assert(cause_name(a)[0] != '\0', "cause %d", (int)a);
		for (enum cause_id b = 1; b < a; b++)
			cr_assert_str_neq(cause_name(a), cause_name(b));
	}
	cr_assert_str_empty(cause_name(0));
	cr_assert_str_empty(cause_name(CAUSES_END));
}

/* ---- words
 * ------------------------------------------------------------------------------- */

/* The sentences of all rows with the longest possible names. */
Test(causes, longest_names)
{
	struct account account = elsa;
	struct facts facts;

	memset(account.name, 'n', LIMIT_OWNER_BYTES);
	account.name_len = LIMIT_OWNER_BYTES;
	for (size_t i = 0; i < COUNT_OF(table); i++) {
		facts_make(&facts, &kind_uid);
		facts.account = &account;
		facts.target.name = "fd:2147483647";
		table[i].apply(&facts);
		facts.grants.taken = UINT64_MAX;
		memset(facts.grants.taken_by, 'o', LIMIT_OWNER_BYTES);
		check_words(&facts, table[i].id);
	}
}

/* The longest path of a program is not cut, also in its command. */
Test(causes, longest_path)
{
	static const size_t lengths[] = { 100, 200, 254,
					  sizeof(((struct facts *)0)->program.path) - 1 };
	struct facts facts;
	struct cause cause;

	for (size_t i = 0; i < COUNT_OF(table); i++) {
		for (size_t j = 0; j < COUNT_OF(lengths); j++) {
			facts_make(&facts, &kind_uid);
			table[i].apply(&facts);
			if (facts.program.path[0] == '\0')
				continue;
			memset(facts.program.path, '/', 1);
			memset(facts.program.path + 1, 'p', lengths[j] - 1);
			facts.program.path[lengths[j]] = '\0';
			causes_describe(&facts, table[i].id, &cause);
			cr_assert(cause.evidence[0] != '\0');
			check_text(cause.cure, table[i].id);
		}
	}
}

/* The cure of an overlap drops only inner ids that cannot be mapped twice. */
Test(causes, cure_of_an_overlap)
{
	static const struct {
		struct extent a, b;
		int clash;
		const char *cure;
	} rows[] = {
		{ { 0, 0, 10 },
		  { 5, 100, 10 },
		  IDMAP_CLASH_INNER,
		  "extent 1 a count of 5" },
		{ { 5, 0, 10 },
		  { 0, 100, 6 },
		  IDMAP_CLASH_INNER,
		  "extent 2 a count of 5" },
		{ { 0, 0, 10 },
		  { 0, 100, 1 },
		  IDMAP_CLASH_INNER,
		  "in place of extent 1: 1 1 9" },
		{ { 33, 100, 1 },
		  { 0, 0, 100 },
		  IDMAP_CLASH_INNER,
		  "in place of extent 2: 0 0 33 34 34 66" },
		{ { 0, 0, 10 }, { 0, 100, 10 }, IDMAP_CLASH_INNER, "leave extent 2 out" },
		{ { 0, 50, 10 },
		  { 100, 59, 1 },
		  IDMAP_CLASH_OUTER,
		  "in place of extent 1: 0 50 9" },
		{ { 0, 59, 1 },
		  { 100, 50, 10 },
		  IDMAP_CLASH_OUTER,
		  "in place of extent 2: 100 50 9" },
		{ { 0, 4294967294, 1 },
		  { 1, 4294967294, 1 },
		  IDMAP_CLASH_OUTER,
		  "leave extent 2 out" },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct idmap map = { .extents = { rows[i].a, rows[i].b }, .n = 2 };
		struct facts facts;
		struct cause cause;

		facts_make(&facts, &kind_uid);
		facts.map = &map;
		facts.step = FACTS_EXTENTS;
		facts.clash = rows[i].clash;
		facts.clash_b = 1;
		causes_describe(&facts,
				rows[i].clash == IDMAP_CLASH_INNER ?
					CAUSE_OVERLAP_INSIDE :
					CAUSE_OVERLAP_OUTSIDE,
				&cause);
		cr_assert(strstr(cause.cure, rows[i].cure), "row %zu: %s", i, cause.cure);
	}
}

/* Of two lines that grant the same, one is repaired: the one within the other. */
Test(causes, cure_of_overlapping_lines)
{
	static const struct {
		struct range a, b;
		const char *cure;
	} rows[] = {
		{ { 100, 200 }, { 100, 200 }, "subid fix -u 5001:100:100" },
		{ { 100, 200 }, { 120, 130 }, "subid fix -u 5001:120:10" },
		{ { 120, 130 }, { 100, 200 }, "subid fix -u elsa:120:10" },
		{ { 100, 200 }, { 100, 201 }, "subid fix -u elsa:100:100" },
		{ { 100, 200 }, { 199, 300 }, "subid fix -u 5001:199:101" },
		{ { 100, 200 }, { 50, 101 }, "subid fix -u 5001:50:51" },
		{ { 1, 4294967296 },
		  { 0, 4294967295 },
		  "subid fix -u 5001:0:4294967295" },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct facts facts;
		struct cause cause;

		facts_make(&facts, &kind_uid);
		overlap_outside(&facts);
		facts.twice = (struct facts_twice){ .lines = { 4, 9 },
						    .ranges = { rows[i].a, rows[i].b },
						    .owners = { "elsa", "5001" } };
		causes_describe(&facts, CAUSE_LINES_OVERLAP, &cause);
		cr_assert(strcmp(cause.cure, rows[i].cure) == 0, "row %zu: %s", i,
			  cause.cure);
	}
}

/*
 * A malformed line keeps its numbers. If its ids are another user's it is removed, and
 * the user gets a range if it has no other.
 */
Test(causes, cure_of_a_malformed_line)
{
	static const char removed[] = "subid fix -u --remove elsa:0100000:65536x";
	static const struct {
		struct entry_repair repair;
		struct range range;
		bool refused, owns;
		const char *cure;
	} rows[] = {
		{ { .owner_ok = true, .n = 1 },
		  { 5, 9 },
		  false,
		  false,
		  "subid fix -u elsa:0100000:65536x" },
		{ { .owner_ok = true, .n = 2 },
		  { 5, 9 },
		  false,
		  false,
		  "subid fix -u --as 5-8 elsa:0100000:65536x" },
		{ { .owner_ok = false, .n = 0 },
		  { 5, 9 },
		  false,
		  true,
		  "subid fix -u --as 5-8 --owner elsa elsa:0100000:65536x" },
		{ { .owner_ok = true, .n = 1 }, { 5, 9 }, true, true, removed },
		{ { .owner_ok = true, .n = 0 }, { 0, 0 }, false, true, removed },
		{ { .owner_ok = true, .n = 1 },
		  { 5, 9 },
		  true,
		  false,
		  "subid fix -u --remove elsa:0100000:65536x && usermod-ext -S elsa" },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct facts facts;
		struct cause cause;

		facts_make(&facts, &kind_uid);
		refuse(&facts);
		facts.grants.malformed = bad_line;
		facts.grants.malformed.repair = rows[i].repair;
		facts.grants.malformed.range = rows[i].range;
		facts.grants.malformed.refused = rows[i].refused;
		facts.grants.owns = rows[i].owns;
		causes_describe(&facts, CAUSE_LINE_MALFORMED, &cause);
		cr_assert(strcmp(cause.cure, rows[i].cure) == 0, "row %zu: %s", i,
			  cause.cure);
	}
}

/* A long line, and one with a NUL, is named by its beginning. */
Test(causes, cure_of_a_line_named_by_its_beginning)
{
	struct cause cause;
	const char *out = cause.cure;
	char text[400];
	struct cure_line line = { &kind_gid, "-R /mnt ", text, sizeof(text) };

	memset(text, 'x', sizeof(text));
	cr_assert(cure_by_fix(&line, "", &cause));
	cr_assert(strncmp(out, "subid fix -R /mnt -g --begins xxx", 33) == 0, "%s", out);
	cr_assert(strlen(out) == 30 + 160, "%s", out);
	text[1] = '\0';
	line.len = 3;
	cr_assert(cure_by_fix(&line, " --remove", &cause));
	cr_assert(strcmp(out, "subid fix -R /mnt -g --remove --begins x") == 0, "%s",
		  out);
	text[0] = '\0';
	cr_assert(!cure_by_fix(&line, "", &cause));
}

/* A limit is raised where that is known to help, and only there. */
Test(causes, cure_of_a_limit)
{
	static const struct {
		const struct facts_host *host;
		int error;
		const char *cure;
	} rows[] = {
		{ &closed_host, ENOSPC, "sysctl -w user.max_user_namespaces=15000" },
		{ &full_host, ENOSPC, "sysctl -w user.max_user_namespaces=15000" },
		{ &larger_host, ENOSPC, "sysctl -w user.max_user_namespaces=120000" },
		{ &full_host, EUSERS, "nest fewer" },
		{ &unread_host, ENOSPC, "nest fewer" },
		{ &plain_host, ENOSPC, "nest fewer" },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct facts facts;
		struct cause cause;

		facts_make(&facts, &kind_uid);
		look(&facts, FACTS_UNSHARE, rows[i].error, rows[i].host);
		causes_describe(&facts, CAUSE_USERNS_LIMIT, &cause);
		cr_assert(strncmp(cause.cure, rows[i].cure, strlen(rows[i].cure)) == 0,
			  "row %zu: %s", i, cause.cure);
	}
}

/* Only a caller who can read the database learns what it holds. */
Test(causes, what_is_not_readable_is_not_told)
{
	struct facts facts;
	struct cause cause;
	enum cause_id ids[CAUSES];

	facts_make(&facts, &kind_uid);
	refuse(&facts);
	facts.grants.malformed = bad_line;
	facts.grants.partly = true;
	facts.name_service = EIO;
	cr_assert(check_list(&facts, ids) == 1 && ids[0] == CAUSE_NOT_DELEGATED);
	causes_describe(&facts, ids[0], &cause);
	cr_assert(!strstr(cause.evidence, "line"), "%s", cause.evidence);
}

/* ---- words for a shell
 * ------------------------------------------------------------------- */

/* Unquoted where possible, and by printf(1) where a byte would be invisible. */
Test(causes, quoted_words)
{
	static const struct {
		const char *text;
		const char *ascii; /* if the locale is not UTF-8; NULL: as @utf8 */
		const char *utf8;
	} rows[] = {
		{ "elsa", NULL, "elsa" },
		{ "", NULL, "''" },
		{ "a b", NULL, "'a b'" },
		{ "it's", NULL, "'it'\\''s'" },
		{ "DOM\\xavier", NULL, "'DOM\\xavier'" },
		{ "j\xc3\xbcrgen", "\"$(printf 'j\\303\\274rgen')\"", "'j\xc3\xbcrgen'" },
		{ "j\xfcrgen", NULL, "\"$(printf 'j\\374rgen')\"" },
		{ "a\x9b"
		  "7",
		  NULL, "\"$(printf 'a\\2337')\"" },
		{ "a\xc2\x9b", NULL, "\"$(printf 'a\\302\\233')\"" },
		{ "\xe2\x80\xae", NULL, "\"$(printf '\\342\\200\\256')\"" },
		{ "-%'\\\n\x1b ", NULL,
		  "\"$(printf '\\055\\045\\047\\134\\012\\033\\040')\"" },
	};
	char word[CURE_QUOTED_BYTES];

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		cr_assert(cure_quote(rows[i].text, word));
		cr_expect_str_eq(word, rows[i].ascii ? rows[i].ascii : rows[i].utf8,
				 "row %zu: %s", i, word);
	}
	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		unit_skip("no locale C.UTF-8");
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		cr_assert(cure_quote(rows[i].text, word));
		cr_expect_str_eq(word, rows[i].utf8, "row %zu: %s", i, word);
	}
	cr_assert_not(cure_quote("a\n", word));
}

/* A word of random bytes; the last is no newline. */
static void make_word(struct rng *rng, char text[static CURE_WORD_BYTES + 2])
{
	static const char odd[] =
		"\x01\t\n\x1b !\"#$%&'()*-0127;\\`{|}~\x7f\x80\x9b\xc2\xc3"
		"\xe2\xae\xff";
	size_t len = rng_below(rng, rng_once_in(rng, 8) ? CURE_WORD_BYTES : 6);

	for (size_t i = 0; i < len; i++)
		text[i] = rng_once_in(rng, 3) ? (char)(1 + rng_below(rng, 255)) :
						odd[rng_below(rng, sizeof(odd) - 1)];
	text[len] = '.';
	text[len + 1] = '\0';
	if (rng_once_in(rng, 2) && len > 0 && text[len - 1] != '\n')
		text[len] = '\0';
}

/* Asks sh(1) what the word in a command is. */
static void check_word(const char *text)
{
	char word[CURE_QUOTED_BYTES], command[CURE_QUOTED_BYTES + 32];
	char found[2 * CURE_WORD_BYTES];
	FILE *shell;
	size_t n;

	cr_assert(cure_quote(text, word), "%s", text);
	cr_assert(strlen(word) < sizeof(word));
	for (const char *at = word; *at != '\0'; at++)
		cr_assert((unsigned char)*at >= ' ' && *at != 0x7f, "%s", word);
	snprintf(command, sizeof(command), "printf %%s.. %s", word);
	shell = popen(command, "r");
	cr_assert(shell);
	n = fread(found, 1, sizeof(found) - 1, shell);
	found[n] = '\0';
	cr_assert(pclose(shell) == 0, "%s", command);
	cr_assert(n == strlen(text) + 2 && memcmp(found, text, n - 2) == 0, "%s: %s",
		  command, found);
}

/* A shell that reads the quoted word gets the word. */
Test(causes, quoted_words_for_sh)
{
	struct rng rng = { .state = 7 };
	char text[CURE_WORD_BYTES + 2], word[CURE_QUOTED_BYTES];

	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		unit_skip("no locale C.UTF-8");
	for (unsigned byte = 1; byte < 256; byte++) {
		snprintf(text, sizeof(text), "a%c7", (char)byte);
		check_word(text);
	}
	for (size_t i = 0; i < 200; i++) {
		make_word(&rng, text);
		check_word(text);
	}
	/* The longest: four bytes for each byte of the word. */
	memset(text, '\'', CURE_WORD_BYTES);
	text[CURE_WORD_BYTES] = '\0';
	check_word(text);
	text[0] = '\x1b';
	check_word(text);
	text[CURE_WORD_BYTES] = 'x';
	text[CURE_WORD_BYTES + 1] = '\0';
	cr_assert_not(cure_quote(text, word));
}
