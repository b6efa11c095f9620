// SPDX-License-Identifier: BSD-3-Clause
/*
 * usermod_nss: a name service that behaves as the file /etc/nss-mode says, a line such as
 * `MILLISECONDS ID`: how long each question for an id takes, and the id of its only
 * account and group. Negative: -1 never answers, -2 crashes.
 */
#include <grp.h>
#include <nss.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

static char name[] = "directory", empty[] = "";
static char *nobody[] = { NULL };

static int has(unsigned int id)
{
	FILE *file = fopen("/etc/nss-mode", "r");
	unsigned int own = 0;
	int time = 0;

	if (!file || fscanf(file, "%d %u", &time, &own) != 2)
		return 0;
	fclose(file);
	if (time == -1)
		for (;;)
			pause();
	if (time == -2)
		abort();
	usleep((useconds_t)time * 1000);
	return id == own;
}

enum nss_status _nss_subidtest_getpwuid_r(uid_t uid, struct passwd *entry, char *buffer,
					  size_t size, int *error)
{
	if (!has(uid))
		return NSS_STATUS_NOTFOUND;
	*entry = (struct passwd){ name, empty, uid, uid, empty, empty, empty };
	return NSS_STATUS_SUCCESS;
}

enum nss_status _nss_subidtest_getgrgid_r(gid_t gid, struct group *entry, char *buffer,
					  size_t size, int *error)
{
	if (!has(gid))
		return NSS_STATUS_NOTFOUND;
	*entry = (struct group){ name, empty, gid, nobody };
	return NSS_STATUS_SUCCESS;
}
