/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * causes: why a mapping fails, and how to fix it.
 */
#ifndef SUBID_CAUSES_H
#define SUBID_CAUSES_H

#include <stdbool.h>
#include <stddef.h>

#include "explain/cure.h"
#include "explain/facts.h"

/* In the order of the search: an earlier one makes later ones irrelevant. */
enum cause_id {
	CAUSE_TOO_MANY_EXTENTS = 1,
	CAUSE_TOO_MANY_BYTES,
	CAUSE_LINES_OVERLAP,
	CAUSE_OWN_ID_INSIDE,
	CAUSE_RANGES_AT_ZERO,
	CAUSE_OVERLAP_INSIDE,
	CAUSE_OVERLAP_OUTSIDE,
	CAUSE_EXTENT_EMPTY,
	CAUSE_NO_DESCRIPTORS,
	CAUSE_NO_MEMORY,
	CAUSE_HELPER_MISSING,
	CAUSE_HELPER_CHANGED,
	CAUSE_HELPER_READABLE,
	CAUSE_HELPER_TRACEABLE,
	CAUSE_HELPER_VERSION,
	CAUSE_HELPER_BROKEN,
	CAUSE_PROC_MISSING,
	CAUSE_PROC_OTHER,
	CAUSE_TARGET_NOT_PROC,
	CAUSE_TARGET_HIDDEN,
	CAUSE_TARGET_GONE,
	CAUSE_NO_PASSWD_ENTRY,
	CAUSE_NAME_SERVICE,
	CAUSE_OTHER_USER,
	CAUSE_GROUP_NOT_PRIMARY,
	CAUSE_GROUP_OF_TARGET,
	CAUSE_SOURCE,
	CAUSE_SOURCE_ELSEWHERE,
	CAUSE_SOURCE_NOT_ROOTS,
	CAUSE_SOURCE_BROKEN,
	CAUSE_SOURCE_SILENT,
	CAUSE_SOURCE_DENIES,
	CAUSE_FILE_MISSING,
	CAUSE_FILE_SYMLINK,
	CAUSE_FILE_NOT_REGULAR,
	CAUSE_FILE_HUGE,
	CAUSE_FILE_WRITABLE,
	CAUSE_FILE_FOREIGN,
	CAUSE_FILE_UNREADABLE,
	CAUSE_LINE_MALFORMED,
	CAUSE_OTHER_KIND_ONLY,
	CAUSE_SOURCES_EMPTY,
	CAUSE_PASSED_THROUGH,
	CAUSE_PARTLY_DELEGATED,
	CAUSE_NOT_DELEGATED,
	CAUSE_NO_RANGE,
	CAUSE_USERNS_LIMIT,
	CAUSE_USERNS_UNPRIVILEGED,
	CAUSE_USERNS_APPARMOR,
	CAUSE_MAPPER_MISSING,
	CAUSE_MAPPER_NOT_FIRST,
	CAUSE_OWNER_RENAMED,
	CAUSE_OWNER_ODD,
	CAUSE_RANGE_SMALL,
	CAUSE_RANGE_SHARED,
	CAUSE_STORAGE_IDMAPPED,
	CAUSE_STORAGE_REFUSES,
	CAUSE_STORAGE_FOREIGN,
	CAUSE_PAUSE_OLD,
	CAUSE_AUTO_EMPTY,
	CAUSE_KUBELET_PROGRAM,
	CAUSE_KUBELET_RANGE,
	CAUSE_TARGET_ZOMBIE,
	CAUSE_TARGET_NOT_DUMPABLE,
	CAUSE_PROC_READ_ONLY,
	CAUSE_TARGET_NO_MAP,
	CAUSE_NAMESPACE_OURS,
	CAUSE_NAMESPACE_OTHER,
	CAUSE_ALREADY_MAPPED,
	CAUSE_NO_PRIVILEGE,
	CAUSE_NOSUID,
	CAUSE_PROGRAM_OWNER_UNMAPPED,
	CAUSE_NO_NEW_PRIVS,
	CAUSE_BOUNDING_SET,
	CAUSE_TRACED,
	CAUSE_SHARED_FS,
	CAUSE_SECUREBITS,
	CAUSE_NO_SETFCAP,
	CAUSE_OUTER_UNMAPPED,
	CAUSE_OUTER_DIVIDED,
	CAUSE_SECCOMP,
	CAUSE_SECURITY_MODULE,
	CAUSE_UNEXPLAINED,
	CAUSES_END,
};

size_t causes_find(const struct facts *facts, enum cause_id *ret_ids, size_t max);
void causes_describe(const struct facts *facts, enum cause_id id,
		     struct cause *ret_cause);
const char *cause_name(enum cause_id id);

/*
 * The tables that causes.c searches, and what they share.
 */

struct causes_rule {
	enum cause_id id; /* 0 ends a table */
	bool (*applies)(const struct facts *facts);
	void (*describe)(const struct facts *facts, struct cause *cause);
};

extern const struct causes_rule causes_of_request[];
extern const struct causes_rule causes_of_helper[];
extern const struct causes_rule causes_of_target[];
extern const struct causes_rule causes_of_source[];
extern const struct causes_rule causes_of_database[];
extern const struct causes_rule causes_of_host[];
extern const struct causes_rule causes_of_storage[];
extern const struct causes_rule causes_of_kubelet[];
extern const struct causes_rule causes_of_kernel[];
extern const struct causes_rule causes_of_policy[];

const char *causes_kind_option(const struct kind *kind);
const char *causes_kind_only(const struct facts *facts);
/* Room for the extents in a command. */
#define CAUSE_EXTENTS_BYTES 960

bool causes_extents(const struct idmap *map, char text[static CAUSE_EXTENTS_BYTES]);

#endif
