/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * settings: what login.defs(5) says about new ranges.
 */
#ifndef SUBID_SETTINGS_H
#define SUBID_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "libsubid/core/alloc.h"

struct settings {
	struct alloc_request
		requests[2]; /* of kind_uid, kind_gid; count 0: allocate none */
	bool deterministic;  /* a range follows from the uid: SUB_UID_DETERMINISTIC */
	bool by_id;	     /* lines name the owner by uid: SUB_UID_STORE_BY_UID */
	uint64_t uid_min;    /* UID_MIN and UID_MAX: the uids of people */
	uint64_t uid_max;
};

enum {
	SETTINGS_NUMBER = 1, /* the value of the key is no decimal number */
	SETTINGS_BOUNDS,     /* the key is above its maximum, or that beyond all ids */
};

int settings_read(int folder, struct settings *ret_settings, const char **ret_key);

#endif
