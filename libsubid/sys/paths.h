/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * paths: files of the system besides the databases.
 */
#ifndef SUBID_PATHS_H
#define SUBID_PATHS_H

#define LOGIN_DEFS    SYSCONFDIR "/login.defs"
/* What the distribution sets: read where there is no LOGIN_DEFS. */
#define LOGIN_DEFS_VENDOR "/usr/etc/login.defs"
#define NSSWITCH_CONF SYSCONFDIR "/nsswitch.conf"
/* Those of the name service, which ignores our sysconfdir. */
#define PASSWD_FILE	  "/etc/passwd"
#define GROUP_FILE	  "/etc/group"
#define NAME_SERVICE_CONF "/etc/nsswitch.conf"

#endif
