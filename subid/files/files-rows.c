// SPDX-License-Identifier: BSD-3-Clause
/*
 * files-rows: the rows of files, with the owners and inside ids of their uids and gids.
 */
#include <stdio.h>
#include <string.h>

#include "subid/files/files.h"

enum {
	COLUMN_OWNER,
	COLUMN_UID,
	COLUMN_INSIDE,
	COLUMN_GOWNER,
	COLUMN_GID,
	COLUMN_GINSIDE,
	COLUMN_MODE,
	COLUMN_FILE,
	COLUMN_FORMER,
	COLUMN_SINCE,
	N_COLUMNS,
};

static const struct output_column columns[N_COLUMNS] = {
	[COLUMN_OWNER] = { .name = "OWNER", .wrap = true },
	[COLUMN_UID] = { .name = "UID", .type = OUTPUT_NUMBER },
	[COLUMN_INSIDE] = { .name = "INSIDE", .type = OUTPUT_NUMBER },
	[COLUMN_GOWNER] = { .name = "GOWNER", .wrap = true, .also = "gid_owner" },
	[COLUMN_GID] = { .name = "GID", .type = OUTPUT_NUMBER },
	[COLUMN_GINSIDE] = { .name = "GINSIDE",
			     .also = "gid_inside",
			     .type = OUTPUT_NUMBER },
	[COLUMN_MODE] = { .name = "MODE" },
	[COLUMN_FILE] = { .name = "FILE", .wrap = true },
	[COLUMN_FORMER] = { .name = "FORMER", .wrap = true },
	[COLUMN_SINCE] = { .name = "SINCE" },
};

const struct output_columns files_columns = { columns, N_COLUMNS };

/* The three columns about an id. */
struct meaning {
	const char *owner;
	char id[OUTPUT_NUMBER_BYTES];
	char inside[OUTPUT_NUMBER_BYTES]; /* empty: no inside id */
};

/*
 * Fills in the columns. Retired ids are no user's, so none is inside a container.
 * Returns whether the id is subordinate.
 */
static bool explain_id(struct files *files, size_t side, uint32_t id, uint32_t group,
		       struct meaning *ret_meaning)
{
	struct id_states *states = &files->ids.sides[side].states;
	const struct index_range *range = index_find(&states->index, id, NULL);
	uint32_t inside;

	output_number(id, ret_meaning->id);
	ret_meaning->inside[0] = '\0';
	if (!range) {
		ret_meaning->owner = id_names_find(&states->accounts, id);
		return false;
	}
	ret_meaning->owner = index_owner(&states->index, range);
	if (!orphan_is_group(group) && user_cache_is_sure(&files->owners) &&
	    index_inside(range, id, files->options.from_zero, &inside))
		output_number(inside, ret_meaning->inside);
	return true;
}

/* Sets the cells of the former owner of an orphan. */
void files_former(const struct orphan_group *group, char since[static FORMER_DATE_BYTES],
		  const char **ret_former, const char **ret_since)
{
	*ret_former = group->former;
	*ret_since = group->since ? former_date(group->since, since) : NULL;
}

/* The same for a file: those of the uid, or else of the gid. */
static void set_former_cells(struct files *files, struct files_groups groups,
			     char since[static FORMER_DATE_BYTES], const char **cells)
{
	for (size_t i = 0; i < 2 && !cells[COLUMN_FORMER]; i++)
		if (orphan_is_group(groups.of[i]))
			files_former(orphan_ids_group(&files->ids.sides[i], groups.of[i]),
				     since, &cells[COLUMN_FORMER], &cells[COLUMN_SINCE]);
}

/* Shows a file, if it belongs to a container, is an orphan or all are to be shown. */
int files_show(struct files *files, const struct stat *status, const char *path,
	       struct files_groups groups)
{
	struct meaning uid, gid;
	char mode[8], since[FORMER_DATE_BYTES];
	bool subordinate = explain_id(files, 0, status->st_uid, groups.of[0], &uid);
	const char *cells[N_COLUMNS] = {
		[COLUMN_UID] = uid.id,
		[COLUMN_GID] = gid.id,
		[COLUMN_MODE] = mode,
		[COLUMN_FILE] = path,
	};

	subordinate |= explain_id(files, 1, status->st_gid, groups.of[1], &gid);
	if (!subordinate && !files->all && !files->orphans)
		return 0;
	snprintf(mode, sizeof(mode), "%04o", status->st_mode & 07777U);
	cells[COLUMN_OWNER] = uid.owner;
	cells[COLUMN_GOWNER] = gid.owner;
	cells[COLUMN_INSIDE] = uid.inside[0] ? uid.inside : NULL;
	cells[COLUMN_GINSIDE] = gid.inside[0] ? gid.inside : NULL;
	set_former_cells(files, groups, since, cells);
	return output_row(&files->output, cells, NULL);
}

/* Begins the rows. Returns an exit status. */
int files_start_rows(struct files *files)
{
	return output_start(&files->output, "files", columns, N_COLUMNS,
			    &files->options.output);
}
