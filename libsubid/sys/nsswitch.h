/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * nsswitch: reads the lines `subid:`, `passwd:`, `group:` and `initgroups:` of
 * nsswitch.conf(5).
 */
#ifndef SUBID_NSSWITCH_H
#define SUBID_NSSWITCH_H

#include <stdbool.h>
#include <stddef.h>

/* A longer word is too long for the file name of a plugin. */
#define NSSWITCH_WORD_BYTES 256
#define NSSWITCH_LIST_BYTES 256
/* Stands for services that were not read; no word has this text. */
#define NSSWITCH_UNREAD "["
/* Sources of subordinate ids; more are an error. */
#define NSSWITCH_SOURCES 8

struct nsswitch {
	/* The words of the line `subid:` in their order, or only "files". */
	char sources[NSSWITCH_SOURCES][NSSWITCH_WORD_BYTES];
	size_t n_sources;
	/* The name service reads /etc/passwd first, and a user found there counts. */
	bool passwd_files_first;
	/* The words of `passwd:` and `group:` in their order, with spaces between. */
	char passwd[NSSWITCH_LIST_BYTES];
	char group[NSSWITCH_LIST_BYTES];
	/* These lines have actions, such as [NOTFOUND=return]. */
	bool passwd_actions;
	bool group_actions;
};

const char *nsswitch_next_other(const char *words, size_t *ret_len);
bool nsswitch_has_others(const char *words);
bool nsswitch_has_remote(const char *words);
int nsswitch_read(const char *path, struct nsswitch *ret_nsswitch);
int nsswitch_read_initgroups(const char *path,
			     char ret_words[static NSSWITCH_LIST_BYTES]);

#endif
