/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * kind: uid or gid, as a value.
 *
 * Everything that differs between user ids and group ids is here, so that no function,
 * string or file exists twice.
 */
#ifndef SUBID_KIND_H
#define SUBID_KIND_H

#include <stdbool.h>

struct kind {
	const char *id;		 /* "uid" */
	const char *database;	 /* "subuid" */
	const char *backup;	 /* "subuid-", beside it */
	const char *lock_file;	 /* "subuid.lock", beside it */
	const char *path;	 /* "/etc/subuid", from the build's sysconfdir */
	const char *backup_path; /* "/etc/subuid-" */
	const char *map;	 /* "uid_map", in /proc/PID */
	const char *mapper;	 /* "newuidmap" */
	const char *accounts;	 /* "passwd", the file with ids in use */
	const char *conf_min;	 /* "SUB_UID_MIN", keys of login.defs(5) */
	const char *conf_max;
	const char *conf_count;
	const char *grant_flag;	 /* "-v", the options of usermod(8) */
	const char *revoke_flag; /* "-V" */
	/* true for gid: a mapping depends on /proc/PID/setgroups */
	bool group;
};

extern const struct kind kind_uid;
extern const struct kind kind_gid;
/* Both, by `group`. */
extern const struct kind *const kind_all[2];

#endif
