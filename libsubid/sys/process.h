/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * process: reads ids and user namespaces of processes from /proc.
 */
#ifndef SUBID_PROCESS_H
#define SUBID_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "libsubid/core/idmap.h"
#include "libsubid/core/kind.h"
#include "libsubid/core/range.h"

/* Ids in the user namespace of the calling process. */
struct process_ids {
	uint32_t real;
	uint32_t effective;
	uint32_t saved;
};

/* The text of /proc/PID/status. */
struct process_status {
	char *text;
	size_t len;
};

/* The kernel cuts off longer names, and shows a newline as two characters. */
#define PROCESS_NAME_BYTES 64

int process_read_status(int process, struct process_status *ret_status);
bool process_has_ended(const struct process_status *status);
void process_name(const struct process_status *status,
		  char ret_name[static PROCESS_NAME_BYTES]);
int process_ids(const struct process_status *status, const struct kind *kind,
		struct process_ids *ret_ids);
int process_find_id(const struct process_status *status, const struct kind *kind,
		    const struct range_set *ids, uint32_t *ret_id);
void process_status_cleanup(struct process_status *status);
int process_read_map(int process, const struct kind *kind, struct idmap *ret_map);
int process_userns(int process, ino_t *ret_namespace);

/*
 * Walks through all processes.
 */

/*
 * Takes a process or a thread: its directory in /proc as a descriptor of O_PATH. Returns
 * 0, a positive number, which ends the walk, or -errno, which does not.
 */
typedef int (*processes_take_fn)(pid_t pid, int process, void *context);

int processes_each(processes_take_fn take, void *context);
int processes_each_thread(int process, processes_take_fn take, void *context);

#endif
