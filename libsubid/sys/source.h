/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * source: where sub-ids come from, and in which order they are asked for.
 */
#ifndef SUBID_SOURCE_H
#define SUBID_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "libsubid/core/kind.h"
#include "libsubid/core/range.h"
#include "libsubid/sys/nsswitch.h"

enum source_type {
	SOURCE_FILES = 1, /* the databases in the configuration folder */
	SOURCE_PLUGIN,	  /* an installed libsubid_NAME.so */
};

struct source {
	enum source_type type;
	const char *name; /* a word of the nsswitch that it was found by, or "files" */
};

struct source_list {
	struct source sources[NSSWITCH_SOURCES];
	size_t n; /* one at least */
	const char *plugin_folder;
	/* plugin_ask_ranges(), or what does the same elsewhere, with @asker. */
	int (*ask_ranges)(const struct source_list *list, const struct source *source,
			  const char *owner, const struct kind *kind,
			  struct range_set *set);
	void *asker;
};

/* Who has answered, or who was to answer and could not. */
struct source_answer {
	const struct source *source; /* NULL: nobody; points into the list */
	int fault;		     /* SOURCE_FAILED: an enum plugin_fault, or 0 */
	int error;		     /* SOURCE_FAILED without a fault: an errno */
};

enum {
	SOURCE_NONE = 1, /* no source has anything */
	SOURCE_FAILED,	 /* the one in the answer stands in the way */
};

/*
 * What the files say: 0 (they answer), SOURCE_NONE or -errno. How they are read is the
 * caller's business; what was found stays with @context.
 */
typedef int (*source_files_fn)(void *context);

void source_find(const struct nsswitch *nsswitch, const char *plugin_folder,
		 struct source_list *ret_list);
bool source_has(const struct source_list *list, enum source_type type);
int source_ranges(const struct source_list *list, const char *owner,
		  const struct kind *kind, source_files_fn files, void *context,
		  struct range_set *set, struct source_answer *ret_answer);
int source_owners(const struct source_list *list, uint32_t id, const struct kind *kind,
		  source_files_fn files, void *context, uid_t **ret_uids, size_t *ret_n,
		  struct source_answer *ret_answer);

#endif
