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

struct change_options {
	struct verb_options common;
	bool uid_only;
	bool gid_only;
	bool dry_run;
	bool no_account;
	bool local_only; /* continue if the name service does not answer */
};

/* Rows of options that set them; change_local_rows for verbs that must know owners,
 * change_account_rows for those that look up a user. */
extern const struct option_row change_rows[];
extern const struct option_row change_account_rows[];
extern const struct option_row change_local_rows[];

int change_prepare(struct edit *edit, const struct verb *verb,
		   const struct change_options *options, bool ret_kinds[static 2]);
void change_forget_empty(struct edit *edit);
int change_show(struct edit *edit, const struct owner_set *people, edit_reason_fn reason,
		const void *context);
int change_judge_silent(const struct change_options *options, size_t n);
size_t change_describe(char *text, size_t n, const struct kind *kind, struct range range);

#endif
