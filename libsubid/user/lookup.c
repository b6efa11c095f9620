// SPDX-License-Identifier: BSD-3-Clause
/*
 * lookup: reads users from the passwd file if the name service would read it first, too.
 * This saves a child process and three quarters of the system calls.
 *
 * MUST: an answer is the one that libc would give. If that is uncertain (another source
 * before `files`, an action after it, nscd(8), a line that is not written as tools write
 * it), the name service is asked.
 */
#include <string.h>
#include <unistd.h>

#include "libsubid/core/limits.h"
#include "libsubid/core/num.h"
#include "libsubid/user/lookup.h"
#include "libsubid/user/passwd-file.h"

/* If it exists, libc asks nscd(8), whose cache may differ from the file. */
#define NSCD_SOCKET "/var/run/nscd/socket"

/* As lookup_live(), but nscd(8) is not asked where the file decides. */
struct lookup lookup_by_nsswitch(int directory, const struct nsswitch *nsswitch,
				 const struct name_service *service)
{
	return (struct lookup){
		.directory = directory,
		.files_first = nsswitch->passwd_files_first,
		.files_alone = nsswitch->passwd_files_first &&
			       (nsswitch->passwd[0] == '\0' ||
				strcmp(nsswitch->passwd, "files") == 0),
		.service = service,
	};
}

/*
 * Returns how to look up users of the running system.
 *
 * directory: of passwd(5). service: must live as long as the result. Thread-safe.
 */
struct lookup lookup_live(int directory, const struct nsswitch *nsswitch,
			  const struct name_service *service)
{
	struct lookup lookup = lookup_by_nsswitch(directory, nsswitch, service);

	if (lookup.files_first && access(NSCD_SOCKET, F_OK) == 0)
		lookup.files_first = lookup.files_alone = false;
	return lookup;
}

static int look_up(const struct lookup *lookup, const char *name, uid_t uid,
		   struct account *ret_account)
{
	int r = ACCOUNT_NONE, answer;
	bool doubt;

	if (name && entry_owner_is_retired(name, strlen(name)))
		return ACCOUNT_NONE;
	if (lookup->files_first || !lookup->service) {
		r = passwd_file_find(lookup->directory, name, uid, ret_account, &doubt);
		if (!lookup->service || (r == 0 && !doubt) ||
		    (r == ACCOUNT_NONE && !doubt && lookup->files_alone))
			return r;
	}
	answer = name ? lookup->service->user(lookup->service->context, name,
					      ret_account) :
			lookup->service->uid(lookup->service->context, uid, ret_account);
	/* "No such user" is uncertain if the file could not be read. */
	return answer == ACCOUNT_NONE && r < 0 ? r : answer;
}

/*
 * Looks up an account by login name. Returns 0, ACCOUNT_NONE (there is certainly none) or
 * -errno (unknown). Thread-safe as the service is.
 */
int lookup_name(const struct lookup *lookup, const char *name,
		struct account *ret_account)
{
	return look_up(lookup, name, 0, ret_account);
}

/* Looks up an account by uid, as lookup_name(). */
int lookup_uid(const struct lookup *lookup, uid_t uid, struct account *ret_account)
{
	return look_up(lookup, NULL, uid, ret_account);
}

/* Looks up an account by login name, else by uid in decimal, as lookup_name(). */
int lookup_word(const struct lookup *lookup, const char *word,
		struct account *ret_account)
{
	uint64_t uid;
	int r = lookup_name(lookup, word, ret_account);

	if (r == ACCOUNT_NONE && num_parse(word, strlen(word), ID_NONE - 1, &uid) == 0)
		r = lookup_uid(lookup, (uid_t)uid, ret_account);
	return r;
}
