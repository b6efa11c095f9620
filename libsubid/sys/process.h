/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * process: what /proc tells about processes: their ids and their user namespace.
 */
#ifndef SUBID_PROCESS_H
#define SUBID_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "libsubid/core/idmap.h"
#include "libsubid/core/kind.h"

/* As they are here, in this process' own user namespace. */
struct process_ids {
	uint32_t real;
	uint32_t effective;
	uint32_t saved;
};

int process_read_ids(int process, const struct kind *kind, struct process_ids *ret_ids);
int process_read_map(int process, const struct kind *kind, struct idmap *ret_map);
int process_userns(int process, ino_t *ret_namespace);

#endif
