/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * grant: shared by the source files of `subid grant`.
 */
#ifndef SUBID_GRANT_H
#define SUBID_GRANT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "subid/write/change.h"
#include "subid/write/grant-users.h"

struct grant_options {
	struct change_options change;
	char *const *users; /* named on the command line */
	size_t n_users;
	const char *batch;
	bool all_users;
	bool network;	   /* also users of the name service */
	struct range uids; /* lines by these uids; end 0: none */
	const char *group;
	uint64_t min_uid; /* UINT64_MAX: from login.defs */
	uint64_t max_uid;
	uint64_t count;	   /* 0: from login.defs */
	uint64_t at_least; /* 0: not given */
	bool another;
	uint64_t align;
	struct range range; /* end 0: none */
	bool if_missing;
	bool strict;   /* refuse unless NSS was asked for all ids */
	bool thorough; /* use the whole timeout for the name service */
	bool verbose;
	struct overlap_policy policy;
};

struct grant {
	struct grant_options options;
	struct edit edit;
	struct grant_users crowd;
	struct allocate allocate;
	struct capacity_list capacity; /* with --dry-run for all users, or uids */
};

void grant_report_service(struct grant *grant);
int grant_check_strict(struct grant *grant);
int grant_check_fewer(const struct grant *grant);
void grant_report_retired(const struct grant *grant);
void grant_report_held(const struct grant *grant);
int grant_show(struct grant *grant);
void grant_show_refused(struct grant *grant);
void grant_report_capacity(const struct grant *grant);
void grant_record(const struct grant *grant, int status);

#endif
