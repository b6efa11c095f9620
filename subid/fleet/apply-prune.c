// SPDX-License-Identifier: BSD-3-Clause
/*
 * apply-prune: retires the ranges of owners that earlier sets named and this one does
 * not, as `subid retire` does.
 */
#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "subid/fleet/apply.h"
#include "subid/write/revoke.h"

/* Retires all lines of an owner. */
static int prune_owner(struct apply *apply, size_t i)
{
	const struct lookup files = { .directory = apply->edit.etc };
	const struct range all = { 0, ID_END };
	struct edit *edit = &apply->edit;
	CLEANUP(owner_cleanup) struct owner owner = { .n = 0 };
	int r = owner_find(&owner, owner_set_name(&apply->gone, i), &files, true);

	if (r)
		return edit_fail_user(edit, owner_set_name(&apply->gone, i), r);
	retire_find_uid(edit, &owner);
	for (size_t k = 0; r == 0 && k < 2; k++)
		r = retired_take(&edit->db, kind_all[k], &owner, all, &apply->retired);
	return edit_tell_error(edit, r);
}

/* Retires in memory what apply_find_gone() has found. Returns as edit.h says. */
int apply_prune(struct apply *apply)
{
	int r = 0;

	apply->retired.epoch = retired_clock();
	apply->retired.note = "apply";
	for (size_t i = 0; r == 0 && i < apply->gone.n; i++)
		if (apply->have_ranges[i]) {
			r = prune_owner(apply, i);
			apply->n_pruned++;
		}
	return r;
}

/*
 * Forgets the owners that were pruned, for struct edit: only now that they have no
 * ranges, else a commit that fails, or a crash before it, would leave them their ranges
 * for good.
 */
void apply_forget_pruned(void *context)
{
	struct apply *apply = context;
	bool any = false;

	for (size_t i = 0; i < apply->gone.n; i++) {
		any |= apply->have_ranges[i];
		apply->have_ranges[i] = false;
	}
	/* If that fails, which is reported, the next --prune does it. */
	if (any)
		apply_write_applied(apply);
}
