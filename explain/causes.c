// SPDX-License-Identifier: BSD-3-Clause
/*
 * causes: finds the causes of a failure in facts, in the order in which to fix them.
 *
 * Pure: nothing is read here. A rule has a condition and a description. The rules are in
 * the order of the checks, first ours and then the kernel's.
 *
 * MUST: a cure names a command only if that command removes the cause.
 */
#include <stdio.h>
#include <string.h>

#include "explain/causes.h"

static const struct causes_rule *const tables[] = {
	causes_of_request,  causes_of_helper, causes_of_target,	 causes_of_source,
	causes_of_database, causes_of_host,   causes_of_storage, causes_of_kubelet,
	causes_of_kernel,   causes_of_policy,
};

#define TABLES (sizeof(tables) / sizeof(tables[0]))

/* The option of `subid grant` and `subid revoke` for one kind of ids. */
const char *causes_kind_option(const struct kind *kind)
{
	return kind->group ? "--gid-only" : "--uid-only";
}

/* The same as a word, unless facts->host->free is free for uids and gids. */
const char *causes_kind_only(const struct facts *facts)
{
	return facts->host->free_of_both ? "" :
	       facts->kind->group	 ? "--gid-only " :
					   "--uid-only ";
}

/* Writes extents as arguments; false: there is no room for all of them. */
bool causes_extents(const struct idmap *map, char text[static CAUSE_EXTENTS_BYTES])
{
	size_t n = 0;

	text[0] = '\0';
	for (size_t i = 0; i < map->n && n < CAUSE_EXTENTS_BYTES; i++)
		n += (size_t)snprintf(text + n, CAUSE_EXTENTS_BYTES - n, "%s%u %u %u",
				      i > 0 ? " " : "", map->extents[i].inner,
				      map->extents[i].outer, map->extents[i].count);
	return n < CAUSE_EXTENTS_BYTES;
}

/*
 * Finds the causes of a failure.
 *
 * ret_ids: room for @max; the first is to be fixed first.
 * Returns how many there are, @max at most. Pure and thread-safe.
 */
size_t causes_find(const struct facts *facts, enum cause_id *ret_ids, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < TABLES; i++)
		for (const struct causes_rule *rule = tables[i]; rule->id && n < max;
		     rule++)
			if (rule->applies(facts))
				ret_ids[n++] = rule->id;
	return n;
}

/*
 * Describes a cause that causes_find() found; translated if translations are on.
 * Thread-safe.
 */
void causes_describe(const struct facts *facts, enum cause_id id, struct cause *ret_cause)
{
	*ret_cause = (struct cause){ .id = id };
	for (size_t i = 0; i < TABLES; i++)
		for (const struct causes_rule *rule = tables[i]; rule->id; rule++)
			if (rule->id == id)
				rule->describe(facts, ret_cause);
}

/*
 * Stable names of causes, for programs. The map writers need none.
 */

static const char *const names[CAUSES_END] = {
	[CAUSE_TOO_MANY_EXTENTS] = "too-many-extents",
	[CAUSE_TOO_MANY_BYTES] = "too-many-bytes",
	[CAUSE_LINES_OVERLAP] = "lines-overlap",
	[CAUSE_OWN_ID_INSIDE] = "own-id-inside",
	[CAUSE_RANGES_AT_ZERO] = "ranges-at-zero",
	[CAUSE_OVERLAP_INSIDE] = "overlap-inside",
	[CAUSE_OVERLAP_OUTSIDE] = "overlap-outside",
	[CAUSE_EXTENT_EMPTY] = "extent-empty",
	[CAUSE_NO_DESCRIPTORS] = "no-descriptors",
	[CAUSE_NO_MEMORY] = "no-memory",
	[CAUSE_HELPER_MISSING] = "helper-missing",
	[CAUSE_HELPER_CHANGED] = "helper-changed",
	[CAUSE_HELPER_READABLE] = "helper-readable",
	[CAUSE_HELPER_TRACEABLE] = "helper-traceable",
	[CAUSE_HELPER_VERSION] = "helper-version",
	[CAUSE_HELPER_BROKEN] = "helper-broken",
	[CAUSE_PROC_MISSING] = "proc-missing",
	[CAUSE_PROC_OTHER] = "proc-other",
	[CAUSE_TARGET_NOT_PROC] = "target-not-proc",
	[CAUSE_TARGET_HIDDEN] = "target-hidden",
	[CAUSE_TARGET_GONE] = "target-gone",
	[CAUSE_NO_PASSWD_ENTRY] = "no-passwd-entry",
	[CAUSE_NAME_SERVICE] = "name-service",
	[CAUSE_OTHER_USER] = "other-user",
	[CAUSE_GROUP_NOT_PRIMARY] = "group-not-primary",
	[CAUSE_GROUP_OF_TARGET] = "group-of-target",
	[CAUSE_SOURCE] = "source",
	[CAUSE_SOURCE_ELSEWHERE] = "source-elsewhere",
	[CAUSE_SOURCE_NOT_ROOTS] = "source-not-roots",
	[CAUSE_SOURCE_BROKEN] = "source-broken",
	[CAUSE_SOURCE_SILENT] = "source-silent",
	[CAUSE_SOURCE_DENIES] = "source-denies",
	[CAUSE_FILE_MISSING] = "file-missing",
	[CAUSE_FILE_SYMLINK] = "file-symlink",
	[CAUSE_FILE_NOT_REGULAR] = "file-not-regular",
	[CAUSE_FILE_HUGE] = "file-huge",
	[CAUSE_FILE_WRITABLE] = "file-writable",
	[CAUSE_FILE_FOREIGN] = "file-foreign",
	[CAUSE_FILE_UNREADABLE] = "file-unreadable",
	[CAUSE_LINE_MALFORMED] = "line-malformed",
	[CAUSE_OTHER_KIND_ONLY] = "other-kind-only",
	[CAUSE_SOURCES_EMPTY] = "sources-empty",
	[CAUSE_PASSED_THROUGH] = "passed-through",
	[CAUSE_PARTLY_DELEGATED] = "partly-delegated",
	[CAUSE_NOT_DELEGATED] = "not-delegated",
	[CAUSE_NO_RANGE] = "no-range",
	[CAUSE_USERNS_LIMIT] = "userns-limit",
	[CAUSE_USERNS_UNPRIVILEGED] = "userns-unprivileged",
	[CAUSE_USERNS_APPARMOR] = "userns-apparmor",
	[CAUSE_MAPPER_MISSING] = "mapper-missing",
	[CAUSE_MAPPER_NOT_FIRST] = "mapper-not-first",
	[CAUSE_OWNER_RENAMED] = "owner-renamed",
	[CAUSE_OWNER_ODD] = "owner-odd",
	[CAUSE_RANGE_SMALL] = "range-small",
	[CAUSE_RANGE_SHARED] = "range-shared",
	[CAUSE_KUBELET_PROGRAM] = "kubelet-program",
	[CAUSE_KUBELET_RANGE] = "kubelet-range",
	[CAUSE_STORAGE_IDMAPPED] = "storage-idmapped",
	[CAUSE_STORAGE_REFUSES] = "storage-refuses",
	[CAUSE_STORAGE_FOREIGN] = "storage-foreign",
	[CAUSE_PAUSE_OLD] = "pause-old",
	[CAUSE_AUTO_EMPTY] = "auto-empty",
	[CAUSE_TARGET_ZOMBIE] = "target-zombie",
	[CAUSE_TARGET_NOT_DUMPABLE] = "target-not-dumpable",
	[CAUSE_PROC_READ_ONLY] = "proc-read-only",
	[CAUSE_TARGET_NO_MAP] = "target-no-map",
	[CAUSE_NAMESPACE_OURS] = "namespace-ours",
	[CAUSE_NAMESPACE_OTHER] = "namespace-other",
	[CAUSE_ALREADY_MAPPED] = "already-mapped",
	[CAUSE_NO_PRIVILEGE] = "no-privilege",
	[CAUSE_NOSUID] = "nosuid",
	[CAUSE_PROGRAM_OWNER_UNMAPPED] = "program-owner-unmapped",
	[CAUSE_NO_NEW_PRIVS] = "no-new-privs",
	[CAUSE_BOUNDING_SET] = "bounding-set",
	[CAUSE_TRACED] = "traced",
	[CAUSE_SHARED_FS] = "shared-fs",
	[CAUSE_SECUREBITS] = "securebits",
	[CAUSE_NO_SETFCAP] = "no-setfcap",
	[CAUSE_OUTER_UNMAPPED] = "outer-unmapped",
	[CAUSE_OUTER_DIVIDED] = "outer-divided",
	[CAUSE_SECCOMP] = "seccomp",
	[CAUSE_SECURITY_MODULE] = "security-module",
	[CAUSE_UNEXPLAINED] = "unexplained",
};

/* The stable name of a cause, as "no-privilege"; never translated. Thread-safe. */
const char *cause_name(enum cause_id id)
{
	return id > 0 && id < CAUSES_END ? names[id] : "";
}
