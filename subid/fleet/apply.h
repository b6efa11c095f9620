/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * apply: shared by the source files of `subid apply`.
 */
#ifndef SUBID_APPLY_H
#define SUBID_APPLY_H

#include <stdbool.h>
#include <stddef.h>

#include "libsubid/fleet/applied.h"
#include "libsubid/fleet/set-file.h"
#include "libsubid/store/allocate.h"
#include "libsubid/store/exact.h"
#include "libsubid/store/retired.h"
#include "subid/verb/in-use.h"
#include "subid/write/change.h"

/* How many conflicts, and owners that left, are reported; the others are counted. */
#define APPLY_NAMED 10

struct apply {
	struct change_options change;
	bool prune;
	bool force;
	bool in_use;		 /* also take ids that processes use */
	const char *serial_file; /* NULL: that of the system */
	const char *source;	 /* of the set, in messages */
	struct edit edit;

	char *text; /* of the set */
	size_t len;
	struct set_file set;
	struct accounts users;	 /* of passwd(5) */
	struct owner_set people; /* the owners of the set */
	size_t *persons;	 /* the owner of each line of the set */
	struct exact_ranges wanted[2];
	struct exact_change changes[2];
	bool paired;	/* all ranges of the set are of both kinds */
	bool uncertain; /* lines of the set share ids: the policy must permit it */

	char *applied_text;
	struct applied applied; /* the last set; serial 0: none */
	struct owner_set gone;	/* owners of earlier sets that this one lacks, */
	bool *have_ranges;	/* and which of them have ranges */

	struct retired retired; /* what --prune retires */
	struct allocate allocate;
	struct owner_set receivers; /* the owners of its items */
	struct in_use lost;
	size_t added, removed; /* lines */
	size_t n_pruned;       /* owners */
	struct range spans[2];
};

bool apply_is_last(const struct apply *apply);
int apply_read(struct apply *apply, const char *path);
int apply_find_owners(struct apply *apply);
int apply_read_applied(struct apply *apply);
int apply_check_applied(const struct apply *apply);
int apply_prune(struct apply *apply);
void apply_forget_pruned(void *context);
int apply_find_gone(struct apply *apply, const struct db *db);
int apply_write_applied(const struct apply *apply);
int apply_check_shared(struct apply *apply);
int apply_fail_set(const struct apply *apply);
int apply_report_fault(const struct apply *apply, int fault,
		       const struct set_file_place *place);
int apply_report_conflicts(const struct apply *apply);
void apply_record(const struct apply *apply, bool done);
int apply_show(struct apply *apply);

#endif
