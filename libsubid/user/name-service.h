/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * name-service: an interface for look-ups of accounts that are not in the local files.
 *
 * nss_service() asks in the process itself, nss_client_service() in a child. Each call
 * returns 0, ACCOUNT_NONE (there is certainly none) or -errno (unknown: a service has not
 * answered).
 */
#ifndef SUBID_NAME_SERVICE_H
#define SUBID_NAME_SERVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "libsubid/core/accounts.h"
#include "libsubid/core/kind.h"
#include "libsubid/core/range.h"
#include "libsubid/user/account.h"

/* The answer about one of several names. */
struct name_service_answer {
	int r; /* as returned by the calls */
	struct account account;
};

/* A search for ids in use in a range, and its results. */
struct name_service_scan {
	const struct kind *kind;
	struct range range;
	int64_t milliseconds; /* the time limit */
	/* After the first hit, search only around it. */
	bool first_only;
	/* Accounts are added, with their names if known; owned by the caller. */
	struct accounts *found;
	uint64_t asked;	  /* the number of asked ids */
	uint64_t largest; /* gap between asked ids; 0: all were asked */
};

struct name_service {
	void *context;
	int (*user)(void *context, const char *name, struct account *ret_account);
	int (*uid)(void *context, uid_t uid, struct account *ret_account);
	/* Looks up many names at once. */
	int (*users)(void *context, const char *const *names, size_t n,
		     struct name_service_answer *ret_answers);
	/* Looks a group up by its name; finds all groups of a user, to be freed. */
	int (*group)(void *context, const char *name, gid_t *ret_gid);
	int (*groups)(void *context, const struct account *account, gid_t **ret_groups,
		      size_t *ret_n);
	/*
	 * Adds all accounts that the services enumerate within a time, for kind_gid also
	 * primary groups; NULL: not supported.
	 */
	int (*enumerate)(void *context, const struct kind *kind, int64_t milliseconds,
			 struct accounts *found);
	/* Asks for single ids, in an order that leaves small gaps whenever it ends. */
	int (*scan)(void *context, struct name_service_scan *scan);
};

#endif
