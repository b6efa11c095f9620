// SPDX-License-Identifier: BSD-3-Clause
/*
 * membership: asks the group file, or the name service if it has other groups.
 *
 * MUST: "no" is returned only if it is certain.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "libsubid/sys/etc-directory.h"
#include "libsubid/user/membership.h"
#include "libsubid/user/passwd-file.h"

static int check_in_file(int directory, const struct account *account, const char *group)
{
	CLEANUP(cleanup_free) char *names = NULL;
	size_t len = 0;
	gid_t gid;
	int r = passwd_file_members(directory, group, &gid, &names, &len);

	if (r || gid == account->gid)
		return r == ACCOUNT_NONE ? 0 : r ? r : 1;
	for (size_t at = 0; at < len; at += strlen(names + at) + 1)
		if (strcmp(names + at, account->name) == 0)
			return 1;
	return 0;
}

static int check_by_service(const struct name_service *service,
			    const struct account *account, const char *group)
{
	CLEANUP(cleanup_free) gid_t *groups = NULL;
	size_t n = 0;
	gid_t gid;
	int r;

	if (!service->group || !service->groups)
		return -ENOSYS;
	r = service->group(service->context, group, &gid);
	if (r)
		return r == ACCOUNT_NONE ? 0 : r;
	r = service->groups(service->context, account, &groups, &n);
	if (r)
		return r < 0 ? r : -EAGAIN;
	for (size_t i = 0; i < n; i++)
		if (groups[i] == gid)
			return 1;
	return 0;
}

/* Returns whether the name service may know more groups of a user, or -errno. */
static int has_other_groups(const struct nsswitch *nsswitch)
{
	char words[NSSWITCH_LIST_BYTES];
	int r;

	if (nsswitch_has_others(nsswitch->group))
		return 1;
	r = nsswitch_read_initgroups(NAME_SERVICE_CONF, words);
	return r ? r : nsswitch_has_others(words);
}

/*
 * Checks whether a user is a member of a group, or has it as the primary one. The name
 * service is asked if by @nsswitch it has groups that the file does not have; a member by
 * the file is one even if a service is silent.
 * Returns 1, 0 (also if there is no such group) or -errno.
 */
int membership_check(const struct lookup *lookup, const struct nsswitch *nsswitch,
		     const struct account *account, struct policy_word group)
{
	char name[LIMIT_OWNER_BYTES + 1];
	int r;

	policy_word_copy(group, name);
	r = check_in_file(lookup->directory, account, name);
	if (r || !lookup->service)
		return r;
	r = has_other_groups(nsswitch);
	return r > 0 ? check_by_service(lookup->service, account, name) : r;
}
