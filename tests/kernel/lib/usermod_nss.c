// SPDX-License-Identifier: BSD-3-Clause
/*
 * usermod_nss: a name service that behaves as the file /etc/nss-mode says, a line such as
 * `MILLISECONDS ID`: how long each call takes, and the id of its only account and group,
 * which are called `directory`. Negative: -1 never answers, -2 crashes, -3 prints.
 */
#include <grp.h>
#include <nss.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static char name[] = "directory", empty[] = "";
static char *no_members[] = { NULL };

/* Whether the account is asked for: by name, or with @asked NULL by @id. */
static int has(const char *asked, unsigned int *id)
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
	if (time == -3) {
		puts("talks");
		fflush(stdout);
		fputs("talks\n", stderr);
	}
	if (time > 0)
		usleep((useconds_t)time * 1000);
	if (asked ? strcmp(asked, name) != 0 : *id != own)
		return 0;
	*id = own;
	return 1;
}

enum nss_status _nss_subidtest_getpwuid_r(uid_t uid, struct passwd *entry, char *buffer,
					  size_t size, int *error)
{
	if (!has(NULL, &uid))
		return NSS_STATUS_NOTFOUND;
	*entry = (struct passwd){ name, empty, uid, uid, empty, empty, empty };
	return NSS_STATUS_SUCCESS;
}

enum nss_status _nss_subidtest_getgrgid_r(gid_t gid, struct group *entry, char *buffer,
					  size_t size, int *error)
{
	if (!has(NULL, &gid))
		return NSS_STATUS_NOTFOUND;
	*entry = (struct group){ name, empty, gid, no_members };
	return NSS_STATUS_SUCCESS;
}

enum nss_status _nss_subidtest_getpwnam_r(const char *asked, struct passwd *entry,
					  char *buffer, size_t size, int *error)
{
	uid_t uid;

	if (!has(asked, &uid))
		return NSS_STATUS_NOTFOUND;
	*entry = (struct passwd){ name, empty, uid, uid, empty, empty, empty };
	return NSS_STATUS_SUCCESS;
}

enum nss_status _nss_subidtest_getgrnam_r(const char *asked, struct group *entry,
					  char *buffer, size_t size, int *error)
{
	gid_t gid;

	if (!has(asked, &gid))
		return NSS_STATUS_NOTFOUND;
	*entry = (struct group){ name, empty, gid, no_members };
	return NSS_STATUS_SUCCESS;
}

enum nss_status _nss_subidtest_initgroups_dyn(const char *user, gid_t group, long *start,
					      long *size, gid_t **groups, long limit,
					      int *error)
{
	gid_t gid;

	has("", &gid);
	return NSS_STATUS_NOTFOUND;
}
