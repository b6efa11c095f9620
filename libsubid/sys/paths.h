/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * paths: files of the system that are read beside the databases.
 */
#ifndef SUBID_PATHS_H
#define SUBID_PATHS_H

#define LOGIN_DEFS    SYSCONFDIR "/login.defs"
#define NSSWITCH_CONF SYSCONFDIR "/nsswitch.conf"
/* The name service's own, wherever our configuration is. */
#define PASSWD_FILE	  "/etc/passwd"
#define GROUP_FILE	  "/etc/group"
#define NAME_SERVICE_CONF "/etc/nsswitch.conf"

#endif
