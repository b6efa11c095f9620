// SPDX-License-Identifier: BSD-3-Clause
/*
 * grant-network: users who are not in passwd(5): those that the name service lists, the
 * members of a group.
 */
#include <string.h>

#include "libsubid/core/cleanup.h"
#include "message/i18n.h"
#include "message/report.h"
#include "subid/verb/verb.h"
#include "subid/write/grant-users.h"

/* How long the name service may take to list its users, in milliseconds. */
#define LIST_MS 15000

static int add_network_name(struct grant_users *crowd, const char *name)
{
	size_t index;
	int r = owner_set_add(&crowd->people, name, strlen(name), &index);

	return r < 0 ? r : 0;
}

/* Adds the users that the name service lists. */
static int add_listed(struct grant_users *crowd, const struct edit *edit,
		      const struct accounts *roster,
		      const struct grant_users_filter *filter)
{
	CLEANUP(accounts_cleanup) struct accounts found = { 0 };
	const struct name_service *service = edit->lookup.service;
	int r = service->enumerate(service->context, &kind_uid, LIST_MS, &found);
	size_t n = 0;

	for (size_t i = 0; r == 0 && i < found.n; i++) {
		const struct accounts_item *user = &found.items[i];
		const char *name = accounts_name(&found, user);

		if (accounts_by_name(roster, name, strlen(name)) ||
		    !range_contains(filter->network_uids, user->id))
			continue;
		r = add_network_name(crowd, name);
		n++;
	}
	if (r && report_is_silence(r)) {
		report_line(PROGRAM, _("the name service does not list its users: %s"),
			    report_no_answer(r));
		return VERB_UNREADABLE;
	}
	if (r == 0 && n == 0)
		report_line(PROGRAM,
			    _("note: the name service lists no users who are not in "
			      "%s/passwd; --group and --batch name them"),
			    edit->directory);
	return r ? verb_fail(-r) : 0;
}

/*
 * Adds users who are not in passwd(5): @members of the group, or all that the name
 * service lists. The caller makes room for their items. Returns 0 or an exit status.
 */
int grant_users_add_network(struct grant_users *crowd, struct edit *edit,
			    const struct accounts *roster,
			    const struct grant_users_filter *filter,
			    const struct owner_set *members)
{
	int r = 0;

	crowd->network = true;
	crowd->uids = filter->network_uids;
	if (!edit->lookup.service) {
		report_line(PROGRAM, _("an image has no name service"));
		return VERB_USAGE;
	}
	if (!filter->group)
		return add_listed(crowd, edit, roster, filter);
	for (size_t i = 0; r == 0 && i < members->n; i++) {
		const char *name = owner_set_name(members, i);

		if (!accounts_by_name(roster, name, strlen(name)))
			r = add_network_name(crowd, name);
	}
	return r ? verb_fail(-r) : 0;
}

/* A group may still name users who are gone, and others have uids that are not meant. */
void grant_users_leave_out(struct grant_users *crowd)
{
	size_t gone = 0, outside = 0;

	for (size_t i = 0; crowd->network && i < crowd->people.n; i++) {
		struct owner_set_user *user = &crowd->people.items[i];
		bool is_outside = user->status == OWNER_SET_KNOWN &&
				  !range_contains(crowd->uids, user->uid);

		gone += user->status == OWNER_SET_NONE;
		outside += is_outside;
		if (is_outside || user->status == OWNER_SET_NONE)
			user->status = OWNER_SET_LEFT_OUT;
	}
	if (gone > 0)
		report_line(PROGRAM,
			    _("note: users who do not exist and get nothing: %zu"), gone);
	if (outside > 0)
		report_line(PROGRAM,
			    _("note: users whose uids are not from --min-uid to "
			      "--max-uid and who get nothing: %zu"),
			    outside);
}
