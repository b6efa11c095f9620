/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * processes: all that there are.
 */
#ifndef SUBID_PROCESSES_H
#define SUBID_PROCESSES_H

#include <sys/types.h>

/*
 * Takes a process: its folder in /proc as a descriptor of O_PATH. Returns 0, or anything
 * else, which ends it.
 */
typedef int (*processes_take_fn)(pid_t pid, int process, void *context);

int processes_each(processes_take_fn take, void *context);

#endif
