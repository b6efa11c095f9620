/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * etc-directory: the directory of the account files of this system or of an image.
 */
#ifndef SUBID_ETC_DIRECTORY_H
#define SUBID_ETC_DIRECTORY_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

/* Returns what precedes the path of a file of an image in messages: "" for `/`. */
static inline const char *etc_image_prefix(const char *image)
{
	return image && image[__builtin_strspn(image, "/")] ? image : "";
}

int etc_open_directory(const char *image, const char *path);
bool etc_is_masked(int directory, const char *name);
bool etc_is_named(int directory, const char *path);
int etc_open(int directory, const char *name);

/* A drop-in file of one of several directories, which the caller has numbered. */
struct etc_dropin {
	char name[NAME_MAX + 1];
	size_t source;
};

/* Drop-in files; etc_dropins_sort() puts them in the order in which they are read. */
struct etc_dropins {
	struct etc_dropin *items;
	size_t n;
	size_t allocated;
};

int etc_dropins_add(struct etc_dropins *dropins, int directory, size_t source,
		    const char *suffix);
void etc_dropins_sort(struct etc_dropins *dropins);
void etc_dropins_cleanup(struct etc_dropins *dropins);

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
