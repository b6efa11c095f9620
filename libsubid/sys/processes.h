/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * processes: walks through all processes.
 */
#ifndef SUBID_PROCESSES_H
#define SUBID_PROCESSES_H

#include <sys/types.h>

/*
 * Takes a process or a thread: its directory in /proc as a descriptor of O_PATH. Returns 0,
 * a positive number, which ends the walk, or -errno, which does not.
 */
typedef int (*processes_take_fn)(pid_t pid, int process, void *context);

int processes_each(processes_take_fn take, void *context);
int processes_each_thread(int process, processes_take_fn take, void *context);

#endif
