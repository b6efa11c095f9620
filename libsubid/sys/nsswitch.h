/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * nsswitch: the two lines of nsswitch.conf(5) that matter here.
 */
#ifndef SUBID_NSSWITCH_H
#define SUBID_NSSWITCH_H

#include <stdbool.h>
#include <stddef.h>

/* A longer word is no name of a plugin: its file name would be too long. */
#define NSSWITCH_WORD_BYTES 256
#define NSSWITCH_LIST_BYTES 256
/* Sources of sub-ids; nobody has more. */
#define NSSWITCH_SOURCES 8

struct nsswitch {
	/* The words of the line `subid:` in their order, or "files" alone. */
	char sources[NSSWITCH_SOURCES][NSSWITCH_WORD_BYTES];
	size_t n_sources;
	/* Users are looked up in /etc/passwd first, and what is found there counts. */
	bool passwd_files_first;
	/* The words of `passwd:` and `group:` but for the local files; empty: none. */
	char passwd_others[NSSWITCH_LIST_BYTES];
	char group_others[NSSWITCH_LIST_BYTES];
	/* These lines have actions, such as [NOTFOUND=return]. */
	bool passwd_actions;
	bool group_actions;
};

bool nsswitch_has_remote(const char *words);
int nsswitch_read(const char *path, struct nsswitch *ret_nsswitch);

#endif
