/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * source: the sources of subordinate ids and their order.
 */
#ifndef SUBID_SOURCE_H
#define SUBID_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "libsubid/sys/nsswitch.h"

enum source_type {
	SOURCE_FILES = 1, /* the databases in the configuration directory */
	SOURCE_PLUGIN,	  /* an installed libsubid_NAME.so */
};

struct source {
	enum source_type type;
	const char *name; /* a word of nsswitch.conf, or "files" */
};

struct source_list {
	struct source sources[NSSWITCH_SOURCES];
	size_t n; /* at least one */
	const char *plugin_directory;
};

/* The source that answered or failed. */
struct source_answer {
	const struct source *source; /* NULL: none; points into the list */
	int fault;		     /* SOURCE_FAILED: an enum plugin_fault, or 0 */
	int error;		     /* SOURCE_FAILED without a fault: an errno */
};

enum {
	SOURCE_NONE = 1, /* no source has anything */
	SOURCE_FAILED,	 /* the source in the answer failed */
};

/*
 * A walk through the sources. The caller asks each source that source_next() returns and
 * passes the result to source_take():
 *
 *	while ((source = source_next(&walk))) {
 *		r = ask(source, &found);
 *		source_take(&walk, r, found.n);
 *	}
 */
struct source_walk {
	const struct source_list *list;
	size_t asked; /* the number of asked sources */
	bool over;    /* a source has answered, or failed and must not be skipped */
	/* The result, after the last source: */
	int r; /* 0, SOURCE_NONE or SOURCE_FAILED */
	struct source_answer answer;
};

void source_find(const struct nsswitch *nsswitch, const char *plugin_directory,
		 struct source_list *ret_list);
bool source_has(const struct source_list *list, enum source_type type);
struct source_walk source_walk(const struct source_list *list);
const struct source *source_next(struct source_walk *walk);
void source_take(struct source_walk *walk, int r, size_t n);

#endif
