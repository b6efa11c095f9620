/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * name-service: what can be asked about accounts that are not in the local files.
 *
 * Functions that look up accounts take one of these as an argument: nss_service() asks in
 * the process itself, nss_client_service() in a child. Each call returns 0, ACCOUNT_NONE
 * (there is certainly none) or -errno (unknown: a service has not answered).
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
	int r; /* as of the calls */
	struct account account;
};

/* How the ids of a range are looked for, and what was found. */
struct name_service_scan {
	const struct kind *kind;
	struct range range;
	int64_t milliseconds; /* how long it may take */
	/* After the first id that is found only those around it are looked for. */
	bool first_only;
	/* Those that are in use; by name if that is known. The caller's, to be added to.
	 */
	struct accounts *found;
	uint64_t asked;	  /* how many ids */
	uint64_t largest; /* gap between two of them; 0: all were asked */
};

struct name_service {
	void *context;
	int (*user)(void *context, const char *name, struct account *ret_account);
	int (*uid)(void *context, uid_t uid, struct account *ret_account);
	/* Many names at once; the service may answer each in its own time. */
	int (*users)(void *context, const char *const *names, size_t n,
		     struct name_service_answer *ret_answers);
	/*
	 * All that the services enumerate within a time, for kind_gid primary groups too;
	 * NULL: this is not done.
	 */
	int (*enumerate)(void *context, const struct kind *kind, int64_t milliseconds,
			 struct accounts *found);
	/* Id after id, in an order that leaves small gaps whenever it ends. */
	int (*scan)(void *context, struct name_service_scan *scan);
};

#endif
