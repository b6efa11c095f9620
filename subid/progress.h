/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * progress: what takes longer than a second says so on a terminal.
 */
#ifndef SUBID_PROGRESS_H
#define SUBID_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
	bool wanted; /* somebody looks, and nothing else is written there */
	bool shown;
	int64_t next; /* when to say it, in milliseconds of CLOCK_MONOTONIC */
};

void progress_start(struct progress *progress);
void progress_show(struct progress *progress, const char *what, uint64_t done,
		   uint64_t total);
void progress_end(struct progress *progress);

#endif
