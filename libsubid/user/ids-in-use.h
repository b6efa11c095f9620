/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ids-in-use: ids that accounts and groups have, by the local files and by the name
 * service.
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

/* How long the name service may take for all its answers; see `waited`. */
#define IDS_IN_USE_SECONDS 2
/* The same where nothing is to be done unless all of them came. */
#define IDS_IN_USE_SECONDS_STRICT 15
/* A range of so many ids is asked for whole. */
#define IDS_IN_USE_ALL 4096
/* With a gap of so many ids that were not asked it has not answered in time. */
#define IDS_IN_USE_GAP 1024
/* How long it is asked for the ids of a larger one, in milliseconds. */
#define IDS_IN_USE_A_RANGE 300

/* What is found; neither is sorted. */
struct ids_in_use {
	struct accounts accounts; /* users for kind_uid, groups for kind_gid */
	struct accounts primary;  /* for kind_gid: users, by their primary group */
	const char *failed;	  /* the file of accounts that could not be read */
};

/* The name service in the course of a command. */
struct ids_in_use_service {
	const struct name_service *service; /* NULL: there is none */
	bool remote[2];	    /* it has other users, groups, than those of this system */
	bool thorough;	    /* the ranges share all the time */
	bool strict;	    /* which is IDS_IN_USE_SECONDS_STRICT */
	size_t to_come;	    /* of ranges, in later calls: they have their share, too */
	int failed;	    /* -errno: a service has not answered, and is asked no more */
	bool silent;	    /* the same, or not in time */
	uint64_t asked;	    /* ids, in all */
	uint64_t largest;   /* gap between ids that were asked; 0: all were */
	int64_t waited;	    /* milliseconds; who asks for more may set it back */
	bool enumerated[2]; /* by kind->group: these are all that it enumerates, */
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
