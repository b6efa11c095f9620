/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * capacity-report: how many users get ids, and what is in the way: as sentences and JSON.
 */
#ifndef SUBID_CAPACITY_REPORT_H
#define SUBID_CAPACITY_REPORT_H

#include <stdbool.h>

#include "libsubid/store/capacity.h"
#include "libsubid/sys/policy-files.h"
#include "message/json.h"

struct capacity_report {
	const struct capacity_list *list;
	const struct policy_files *files; /* where the rules are */
	const char *root;		  /* of an image, or NULL */
	const char *directory;		  /* of login.defs(5) */
	bool asked; /* by a command that gives ids: who does not get any */
};

void capacity_report_text(const struct capacity_report *report);
void capacity_report_json(struct json *json, void *report);

#endif
