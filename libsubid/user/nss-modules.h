/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * nss-modules: calls the modules of the name service one by one. Only the status of a
 * module says whether its service has answered, see "NSS Modules Interface" in the manual
 * of the GNU C library.
 */
#ifndef SUBID_NSS_MODULES_H
#define SUBID_NSS_MODULES_H

#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libsubid/core/limits.h"
#include "libsubid/sys/nsswitch.h"

#define NSS_MODULES_MAX 8
/* of one user */
#define NSS_GROUPS_MAX 65536

/* A question about a user, or with @group a group, by name, or with NULL by id. */
struct nss_question {
	bool group;
	const char *name;
	uint32_t id;
};

/* What libc and the modules fill in. */
union nss_entry {
	struct passwd user;
	struct group group;
};

/* An account or a group of a module; @name is empty if it is too long. */
struct nss_found {
	uint32_t id;
	uint32_t gid; /* a user's primary group */
	char name[LIMIT_OWNER_BYTES + 1];
};

struct nss_module {
	char word[NSSWITCH_WORD_BYTES];
	void *handle; /* NULL: the passwd file, or it cannot be loaded */
};

struct nss_modules {
	bool group; /* from the line `group:`, not `passwd:` */
	struct nss_module modules[NSS_MODULES_MAX];
	size_t n;
	bool too_many; /* some modules are not loaded, so no answer is complete */
	char missing[NSSWITCH_LIST_BYTES]; /* names of services that are not installed */
};

/* Takes an account; anything but 0 ends the enumeration. */
typedef int (*nss_found_fn)(const struct nss_found *found, void *context);

void nss_modules_open(struct nss_modules *modules, const char *words, bool group);
int nss_modules_ask(const struct nss_modules *modules,
		    const struct nss_question *question, struct nss_found *ret_found);
int nss_modules_ask_remote(const struct nss_modules *modules,
			   const struct nss_question *question,
			   struct nss_found *ret_found);
bool nss_module_is_installed(const char *file);
bool nss_modules_have_remote(const struct nss_modules *modules);
int nss_modules_check_groups(const struct nss_modules *modules, const char *name,
			     gid_t gid);
int nss_modules_enumerate(const struct nss_modules *modules, nss_found_fn take,
			  void *context);
void nss_modules_close(struct nss_modules *modules);

#endif
