/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * change: shared by the verbs that change the databases.
 */
#ifndef SUBID_WRITE_CHANGE_H
#define SUBID_WRITE_CHANGE_H

#include <stdbool.h>
#include <stddef.h>

#include "command/edit.h"
#include "libsubid/core/range.h"
#include "subid/verb/verb.h"

#define CHANGE_TEXT_BYTES EDIT_TEXT_BYTES

/* For the option tables of the verbs. */
enum {
	CHANGE_DRY_RUN = 256,
	CHANGE_NO_ACCOUNT,
	CHANGE_LOCAL_ONLY,
	CHANGE_OWN, /* the verb's own options begin here */
};
#define CHANGE_SHORT "ug" VERB_SHORT_ROOT VERB_SHORT_HELP
#define CHANGE_LONG                                                                     \
	{ "uid-only", no_argument, NULL, 'u' }, { "gid-only", no_argument, NULL, 'g' }, \
		{ "dry-run", no_argument, NULL, CHANGE_DRY_RUN },                       \
		{ "no-account", no_argument, NULL, CHANGE_NO_ACCOUNT }, VERB_LONG_ROOT, \
		VERB_LONG_HELP, VERB_LONG_END

/* For verbs that must know the owners of the lines. */
#define CHANGE_LONG_LOCAL_ONLY                                     \
	{                                                          \
		"local-only", no_argument, NULL, CHANGE_LOCAL_ONLY \
	}

struct change_options {
	struct verb_options common;
	bool uid_only;
	bool gid_only;
	bool dry_run;
	bool no_account;
	bool local_only; /* continue if the name service does not answer */
};

int change_take(const struct verb *verb, struct change_options *options, int option);
int change_take_range(const struct verb *verb, struct range *ret_range);
int change_prepare(struct edit *edit, const struct verb *verb,
		   const struct change_options *options, bool ret_kinds[static 2]);
int change_finish(struct edit *edit, int r, bool *ret_record);
int change_judge_silent(const struct change_options *options, size_t n);
size_t change_describe(char *text, size_t n, const struct kind *kind, struct range range);

#endif
