/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * settings: settings of login.defs(5) for new ranges.
 */
#ifndef SUBID_SETTINGS_H
#define SUBID_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "libsubid/core/alloc.h"
#include "libsubid/core/kind.h"

struct settings {
	struct alloc_request
		requests[2]; /* of kind_uid, kind_gid; count 0: allocate none */
	bool deterministic;  /* a range follows from the uid: SUB_UID_DETERMINISTIC */
	bool by_id;	     /* lines name the owner by uid: SUB_UID_STORE_BY_UID */
	uint64_t uid_min;    /* UID_MIN and UID_MAX: uids of ordinary users */
	uint64_t uid_max;
};

enum {
	SETTINGS_NUMBER = 1, /* the value of the key is not a decimal number */
	SETTINGS_BOUNDS,     /* the key's value is above that of its maximum */
	SETTINGS_BEYOND,     /* the key's value is above all ids */
};

/* An error; keys are constants. */
struct settings_error {
	const char *key;
	const struct kind *kind; /* of the ranges; kind_uid for keys of both */
	uint64_t value;
	const char *max_key; /* SETTINGS_BOUNDS: the other key */
	uint64_t max;
};

int settings_read(int directory, struct settings *ret_settings,
		  struct settings_error *ret_error);

#endif
