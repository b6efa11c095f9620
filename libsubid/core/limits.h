/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * limits: all bounds on input.
 */
#ifndef SUBID_LIMITS_H
#define SUBID_LIMITS_H

/* Ids are 32 bits wide; ends of ranges are exclusive and may equal ID_END. */
#define ID_END 4294967296ULL
/* (uid_t)-1 and (gid_t)-1: never an id, see chown(2) and user_namespaces(7). */
#define ID_NONE 4294967295U

/* A larger database is refused, not read. */
#define LIMIT_FILE_BYTES (1024LL * 1024 * 1024)
/* So no database has more lines or grants more ranges. */
#define LIMIT_FILE_RANGES ((size_t)LIMIT_FILE_BYTES)
/* A line, without its newline; a longer one is malformed. */
#define LIMIT_LINE_BYTES 4096
/* An owner: a login name or a decimal uid. */
#define LIMIT_OWNER_BYTES 256
/* Files that add to login.defs(5). */
#define LIMIT_DROPINS 1024
/* All files of subid.d(5) together. */
#define LIMIT_POLICY_BYTES (1024 * 1024)
#define LIMIT_POLICY_LINES 10000
/* Former owners that are remembered. */
#define LIMIT_OWNER_RECORDS 1000000
/* A file in /var/lib/subid. */
#define LIMIT_STATE_BYTES (256LL * 1024 * 1024)
/* UID_GID_MAP_MAX_EXTENTS of the kernel since 4.15, see user_namespaces(7). */
#define LIMIT_EXTENTS 340
/* Ranges of a user, or owners of an id, in one answer of a plugin. */
#define LIMIT_PLUGIN_ANSWER 65536

#endif
