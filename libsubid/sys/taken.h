/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * taken: ids that accounts and groups have.
 */
#ifndef SUBID_TAKEN_H
#define SUBID_TAKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libsubid/core/kind.h"
#include "libsubid/core/overlap.h"
#include "libsubid/core/range.h"
#include "libsubid/sys/nsswitch.h"

/* How long the name service may take for all its answers to a command. */
#define TAKEN_SECONDS 2
/* Of the ids in a range the name service is asked for the first, the last and each */
#define TAKEN_STEP 1024

struct taken {
	struct overlap_account *accounts; /* the names are owned */
	size_t n;
	size_t allocated;
	bool timed_out; /* the name service did not answer all */
};

int taken_locally(int folder, const struct kind *kind, const struct range_set *wanted,
		  struct taken *taken);
int taken_elsewhere(const struct nsswitch *nsswitch, const struct kind *kind,
		    const struct range_set *wanted, int64_t *waited, struct taken *taken);
int taken_in_process(const struct nsswitch *nsswitch, const struct kind *kind,
		     const struct range_set *wanted, int64_t *waited,
		     struct taken *taken);
void taken_cleanup(struct taken *taken);

#endif
