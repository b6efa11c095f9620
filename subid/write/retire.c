// SPDX-License-Identifier: BSD-3-Clause
/*
 * retire: keeps ids from every allocator after their user is gone; see revoke.c for the
 * work, and release.c for the reverse.
 */
#include "message/i18n.h"
#include "subid/write/revoke.h"

static int retire_run(int argc, char **argv)
{
	return revoke_run_verb(&verb_retire, true, argc, argv);
}

static const struct option_group retire_options[] = {
	{ revoke_rows, 0 },
	{ change_local_rows, offsetof(struct revoke, change) },
	{ change_account_rows, offsetof(struct revoke, change) },
	{ change_rows, offsetof(struct revoke, change) },
	{ verb_root_rows, offsetof(struct revoke, change.common) },
	{ option_help_rows, 0 },
	{ .rows = NULL },
};

static const struct help_row retire_examples[] = {
	{ "subid retire bob", N_("no one gets the ids of bob, nor bob himself") },
	{ "subid retire --no-account bob", N_("the same, after userdel bob") },
	{ "subid retire --range 100000-165535",
	  N_("ids that no user has, but files may have") },
	{ .term = NULL },
};

const struct verb verb_retire = {
	.command = {
		.program = PROGRAM,
		.name = PROGRAM " retire",
		.usage = N_("[OPTION]... USER... | --range FIRST-LAST"),
		.summary = N_("Remove ranges of users, and give the ids to no one"),
		.options = retire_options,
		.arguments = { COMPLETE_OWNERS, COMPLETE_OWNERS },
		.examples = retire_examples,
		.statuses = verb_statuses,
		.exits = VERB_EXITS_WRITE | VERB_EXIT(VERB_NONE) | VERB_EXIT(VERB_BUSY) |
			 VERB_EXIT(VERB_POLICY),
		.page = "subid-retire(8)",
	},
	.run = retire_run,
	.writes = true,
};
