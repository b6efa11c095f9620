/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * settings: what login.defs(5) says about new ranges.
 */
#ifndef SUBID_SETTINGS_H
#define SUBID_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "libsubid/core/alloc.h"
#include "libsubid/core/kind.h"

struct settings {
	struct alloc_request requests[2]; /* of kind_uid, kind_gid */
	bool deterministic;		  /* each uid has its place */
	uint64_t uid_min;		  /* whose is the first */
	bool by_id;			  /* new lines name the owner by uid */
};

enum {
	SETTINGS_NUMBER = 1, /* the value of a key is not a decimal number */
	SETTINGS_BOUNDS,     /* a key is above its maximum, or that beyond all ids */
};

int settings_read(const char *folder, struct settings *ret_settings,
		  const char **ret_key);

#endif
