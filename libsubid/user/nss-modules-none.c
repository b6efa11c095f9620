// SPDX-License-Identifier: BSD-3-Clause
/*
 * nss-modules: a libc without modules, such as musl. It reads the local files and asks
 * nscd(8), whatever nsswitch.conf names, so each service there counts as not installed,
 * and the answer of libc is the only one.
 */
#include <stdio.h>

#include "libsubid/user/account.h"
#include "libsubid/user/nss-modules.h"

/* There is nothing to load: all of @words are missing. */
void nss_modules_open(struct nss_modules *modules, const char *words, bool group)
{
	*modules = (struct nss_modules){ .group = group };
	snprintf(modules->missing, sizeof(modules->missing), "%s", words);
}

int nss_modules_ask(const struct nss_modules *modules,
		    const struct nss_question *question, struct nss_found *ret_found)
{
	(void)modules;
	(void)question;
	(void)ret_found;
	return ACCOUNT_NONE;
}

int nss_modules_ask_remote(const struct nss_modules *modules,
			   const struct nss_question *question,
			   struct nss_found *ret_found)
{
	return nss_modules_ask(modules, question, ret_found);
}

bool nss_modules_have_remote(const struct nss_modules *modules)
{
	(void)modules;
	return false;
}

int nss_modules_check_groups(const struct nss_modules *modules, const char *name,
			     gid_t gid)
{
	(void)modules;
	(void)name;
	(void)gid;
	return 0;
}

int nss_modules_enumerate(const struct nss_modules *modules, nss_found_fn take,
			  void *context)
{
	(void)modules;
	(void)take;
	(void)context;
	return 0;
}

void nss_modules_close(struct nss_modules *modules)
{
	*modules = (struct nss_modules){ 0 };
}
