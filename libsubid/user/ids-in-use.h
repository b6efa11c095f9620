/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ids-in-use: finds ids of accounts and groups in local files and the name service.
 */
#ifndef SUBID_IDS_IN_USE_H
#define SUBID_IDS_IN_USE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libsubid/core/accounts.h"
#include "libsubid/core/kind.h"
#include "libsubid/core/range.h"
#include "libsubid/sys/nsswitch.h"
#include "libsubid/user/name-service.h"

/* Time limit for all answers of the name service; see `waited`. */
#define IDS_IN_USE_SECONDS 2
/* Time limit for a command that needs all answers. */
#define IDS_IN_USE_SECONDS_STRICT 15
/* Of a range up to this size all ids are asked. */
#define IDS_IN_USE_ALL 4096
/* A larger gap between asked ids means that the service was too slow. */
#define IDS_IN_USE_GAP 1024
/* Time limit for a larger range, in milliseconds. */
#define IDS_IN_USE_A_RANGE 300

/* The found accounts, unsorted. */
struct ids_in_use {
	struct accounts accounts; /* users for kind_uid, groups for kind_gid */
	struct accounts primary;  /* for kind_gid: users, by their primary group */
	const char *failed;	  /* the accounts file that could not be read */
};

/* The state of the name service during a command. */
struct ids_in_use_service {
	const struct name_service *service; /* NULL: there is none */
	bool remote[2];			    /* it has users, groups, of other systems */
	bool thorough;			    /* use all the time, shared by the ranges */
	bool strict;			    /* the time is IDS_IN_USE_SECONDS_STRICT */
	size_t to_come; /* number of ranges in later calls, which get their share, too */
	int failed;	/* -errno: no answer; the service is not asked any more */
	bool silent;	/* the same, or an answer was late */
	uint64_t asked; /* number of ids */
	uint64_t largest;   /* gap between asked ids; 0: all were asked */
	int64_t waited;	    /* milliseconds; the caller may reset it */
	bool enumerated[2]; /* by kind->group: `known` is complete */
	struct accounts known[2];
};

int ids_in_use_local(int directory, const struct kind *kind,
		     const struct range_set *wanted, struct ids_in_use *found);
void ids_in_use_start(struct ids_in_use_service *service, const struct nsswitch *nsswitch,
		      const struct name_service *name_service);
int ids_in_use_ask(struct ids_in_use_service *service, const struct kind *kind,
		   const struct range_set *wanted, struct ids_in_use *found);
void ids_in_use_cleanup(struct ids_in_use *found);
void ids_in_use_service_cleanup(struct ids_in_use_service *service);

#endif
