/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * progress: a progress line on the terminal for work that takes longer than a second.
 */
#ifndef SUBID_PROGRESS_H
#define SUBID_PROGRESS_H

#include <stdint.h>

void progress_start(void);
void progress_show(const char *what, uint64_t done, uint64_t total);
void progress_rows(void);
void progress_end(void);

#endif
