// SPDX-License-Identifier: BSD-3-Clause
/*
 * change: shared options, and what the log says of a change.
 */
#include <inttypes.h>
#include <stdio.h>

#include "message/i18n.h"
#include "message/report.h"
#include "subid/verb/progress.h"
#include "subid/write/change.h"

const struct option_row change_rows[] = {
	{ 'u', "uid-only", .text = N_("only uids"),
	  OPTION_INTO(struct change_options, uid_only) },
	{ 'g', "gid-only", .text = N_("only gids"),
	  OPTION_INTO(struct change_options, gid_only) },
	{ 0, "dry-run", NULL, N_("show the lines that would be removed and added"),
	  OPTION_INTO(struct change_options, dry_run) },
	{ 'J', "json", NULL, N_("show the ranges before and after as JSON"),
	  OPTION_INTO(struct change_options, common.output.json) },
	{ .name = NULL },
};

const struct option_row change_account_rows[] = {
	{ 0, "no-account", NULL, N_("the user need not exist"),
	  OPTION_INTO(struct change_options, no_account) },
	{ .name = NULL },
};

const struct option_row change_local_rows[] = {
	{ 0, "local-only", NULL, N_("continue without the name service"),
	  OPTION_INTO(struct change_options, local_only) },
	{ .name = NULL },
};

/* Finds the databases, and those chosen. Returns 0 or an exit status. */
int change_prepare(struct edit *edit, const struct verb *verb,
		   const struct change_options *options, bool ret_kinds[static 2])
{
	if (options->uid_only && options->gid_only) {
		report_line(PROGRAM, _("--uid-only and --gid-only exclude each other"));
		return verb_misuse(verb);
	}
	ret_kinds[0] = !options->gid_only;
	ret_kinds[1] = !options->uid_only;
	edit->root = options->common.root;
	edit->dry_run = options->dry_run;
	edit->form = options->common.output.json ? EDIT_JSON : EDIT_LINES;
	return edit_find_directory(edit);
}

/* Does not write if the only change is the creation of an empty database. */
void change_forget_empty(struct edit *edit)
{
	for (size_t k = 0; k < 2; k++) {
		struct db_side *side = &edit->db.sides[k];

		if (!side->file.exists && side->table.len == 0)
			side->table.changed = false;
	}
}

/*
 * As edit_show(). From here on a signal may end the program: the reader of the output may
 * be slow.
 */
int change_show(struct edit *edit, const struct owner_set *people, edit_reason_fn reason,
		const void *context)
{
	interrupt_let_go(&edit->interrupt);
	progress_rows();
	return edit_show(edit, people, reason, context);
}

/*
 * Decides what to do if the owners of @n lines, already reported, are unknown.
 * Returns 0 to continue or EDIT_UNKNOWN_USER.
 */
int change_judge_silent(const struct change_options *options, size_t n)
{
	if (n == 0)
		return 0;
	if (options->local_only) {
		report_line(PROGRAM, _("note: these lines are left as they are"));
		return 0;
	}
	report_line(PROGRAM,
		    _("nothing is changed; --local-only continues with the known "
		      "names, and leaves these lines"));
	return EDIT_UNKNOWN_USER;
}

/*
 * Appends ` uids=5-6` to the @n bytes in @text, or ` ...` if there is no room for more;
 * returns the new length.
 */
size_t change_describe(char *text, size_t n, const struct kind *kind, struct range range)
{
	int r;

	if (range.end == 0 || n >= CHANGE_TEXT_BYTES)
		return n;
	if (n + sizeof(" uids=4294967295-4294967295 ...") > CHANGE_TEXT_BYTES) {
		snprintf(text + n, CHANGE_TEXT_BYTES - n, " ...");
		return CHANGE_TEXT_BYTES;
	}
	r = snprintf(text + n, CHANGE_TEXT_BYTES - n, " %ss=%" PRIu64 "-%" PRIu64,
		     kind->id, range.start, range.end - 1);
	return r < 0 ? n : n + (size_t)r;
}
