/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * nsswitch: the two lines of nsswitch.conf(5) that matter here.
 */
#ifndef SUBID_NSSWITCH_H
#define SUBID_NSSWITCH_H

#include <stdbool.h>

#define NSSWITCH_WORD_BYTES 64

struct nsswitch {
	/* The first word of the line `subid:`, or "files". */
	char subid[NSSWITCH_WORD_BYTES];
	/* Users are looked up in /etc/passwd first, and what is found there counts. */
	bool passwd_files_first;
};

int nsswitch_read(const char *path, struct nsswitch *ret_nsswitch);

#endif
