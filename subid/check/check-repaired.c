// SPDX-License-Identifier: BSD-3-Clause
/*
 * check-repaired: what `subid check --fix --json` says of the owners of changed lines.
 */
#include "subid/check/check.h"

static int add_owner(struct check *check, const char *owner, size_t len)
{
	int r = len > 0 ? owner_set_add_text(&check->repaired, owner, len) : 0;

	return r ? verb_fail(-r) : 0;
}

/*
 * Notes the owner of a line that the repair has changed. The lines of an overlap may have
 * different names of one user, and the changed one is either.
 */
int check_add_repaired(struct check *check, const struct finding *finding)
{
	int r = add_owner(check, finding->owner, finding->owner_len);

	if (r == 0 && finding->code == FINDING_OWN_OVERLAP)
		r = add_owner(check, finding->other, finding->other_len);
	return r;
}

/* The keys of the repair in the JSON of the findings. */
void check_print_repair(struct json *json, void *context)
{
	static const struct edit_reasons reasons = { "fixed", "unchanged" };
	static const bool both[] = { true, true };
	struct check *check = context;

	json_boolean(json, "changed", check->fixed);
	edit_json_users(json, &check->texts, both, &check->repaired, edit_reason,
			&reasons);
}
