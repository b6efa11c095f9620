/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * etc-directory: the directory of the account files of this system or of an image.
 */
#ifndef SUBID_ETC_DIRECTORY_H
#define SUBID_ETC_DIRECTORY_H

#include <stdbool.h>

int etc_open_directory(const char *image, const char *path);
bool etc_is_masked(int directory, const char *name);
bool etc_is_named(int directory, const char *path);
int etc_open(int directory, const char *name);

/*
 * Files of the system besides the databases.
 */

#define LOGIN_DEFS SYSCONFDIR "/login.defs"
/* What the distribution sets: read where there is no LOGIN_DEFS. */
#define LOGIN_DEFS_VENDOR "/usr/etc/login.defs"
#define NSSWITCH_CONF	  SYSCONFDIR "/nsswitch.conf"
/* Those of the name service, which ignores our sysconfdir. */
#define PASSWD_FILE	  "/etc/passwd"
#define GROUP_FILE	  "/etc/group"
#define NAME_SERVICE_CONF "/etc/nsswitch.conf"

#endif
