/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * reserved: ids that mean something by themselves.
 */
#ifndef SUBID_RESERVED_H
#define SUBID_RESERVED_H

#include <stdbool.h>
#include <stdint.h>

struct reserved {
	uint32_t first;
	uint32_t last;
	bool reserved; /* not to be handed out; false: some program chooses from here */
	const char *what; /* N_() */
};

const struct reserved *reserved_find(uint32_t id);

#endif
