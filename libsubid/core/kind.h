/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * kind: uid or gid, as a value.
 *
 * Whatever differs between user ids and group ids stands here, so that no
 * function, string or file has to exist twice.
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
	const char *map;	 /* "uid_map", below /proc/PID */
	const char *mapper;	 /* "newuidmap" */
	const char *accounts;	 /* "passwd", the file that says which ids are taken */
	const char *conf_min;	 /* "SUB_UID_MIN", keys of login.defs(5) */
	const char *conf_max;
	const char *conf_count;
	const char *grant_flag;	 /* "-v", the options of usermod(8) */
	const char *revoke_flag; /* "-V" */
	/* true for gid: mapping needs a look at /proc/PID/setgroups */
	bool group;
};

extern const struct kind kind_uid;
extern const struct kind kind_gid;

#endif
