/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * files: shared by the source files of `subid files`.
 */
#ifndef SUBID_FILES_H
#define SUBID_FILES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "subid/files/orphan-ids.h"
#include "subid/verb/sources.h"
#include "subid/verb/user-cache.h"
#include "subid/verb/verb.h"

struct files {
	struct verb_options options;
	struct verb_place place;
	char *const *directories;
	bool all;
	bool orphans; /* show only these */
	bool summary; /* a row for each group of them */
	bool one_file_system;
	struct user_cache owners;
	struct sources sources;
	struct orphan_ids ids;
	struct output output;
	uint64_t n;	    /* files */
	uint64_t n_orphans; /* files with an orphan */
	uint64_t n_unknown; /* other files with an id that may be one */
	int status;
};

/* The groups of the uid and the gid of a file, as orphan_ids_find() finds them. */
struct files_groups {
	uint32_t of[2];
};

static inline bool files_have_orphan(struct files_groups groups)
{
	return orphan_is_group(groups.of[0]) || orphan_is_group(groups.of[1]);
}

int files_start_rows(struct files *files);
int files_show(struct files *files, const struct stat *status, const char *path,
	       struct files_groups groups);
void files_former(const struct orphan_group *group, char since[static FORMER_DATE_BYTES],
		  const char **ret_former, const char **ret_since);

int files_start_summary(struct files *files);
int files_show_summary(struct files *files);

int files_find_command(const struct files *files, size_t side, uint32_t group,
		       char **ret_command);

extern const struct output_columns files_columns, files_summary_columns;

#endif
