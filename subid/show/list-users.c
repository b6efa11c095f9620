// SPDX-License-Identifier: BSD-3-Clause
/*
 * list-users: the users on the command line of `subid list`.
 */
#include <errno.h>
#include <stdlib.h>

#include "command/known-users.h"
#include "message/i18n.h"
#include "message/report.h"
#include "subid/show/list.h"

/* Returns whether a line belongs to a requested user; sets @found of that user. */
bool list_wants(const struct list *list, const struct entry *entry)
{
	bool wanted = list->n_users == 0;

	if (list->retired)
		return entry_owner_is_retired(entry->owner, entry->owner_len);
	for (size_t i = 0; i < list->n_users; i++) {
		if (!user_cache_is(&list->users[i], entry))
			continue;
		list->found[i] = true;
		wanted = true;
	}
	return wanted;
}

/* Looks up the users by name. Returns 0 or an exit status. */
int list_find_users(struct list *list, int n, char **words)
{
	int r;

	list->users = calloc((size_t)n + 1, sizeof(*list->users));
	list->found = calloc((size_t)n + 1, sizeof(*list->found));
	if (!list->users || !list->found)
		return verb_fail(ENOMEM);
	for (; list->n_users < (size_t)n; list->n_users++) {
		r = user_cache_user(&list->owners, words[list->n_users],
				    &list->users[list->n_users]);
		if (r)
			return r;
	}
	return 0;
}

/* Reports the requested users without a range. Returns an exit status. */
int list_report_missing(const struct list *list)
{
	int status = VERB_DONE;

	for (size_t i = 0; i < list->n_users; i++) {
		const struct user *user = &list->users[i];

		if (list->found[i])
			continue;
		if (list->map && list->sources.plugins)
			report_line(PROGRAM, _("no line of a database has the owner %s"),
				    user->word);
		else if (list->owners.silent)
			report_line(PROGRAM,
				    _("it is not known whether %s has subordinate ids"),
				    user->word);
		else if (user->exists)
			report_line(PROGRAM, _("%s has no subordinate ids"), user->word);
		else {
			report_line(PROGRAM,
				    _("user '%s' does not exist, and no line names it"),
				    user->word);
			known_users_suggest(PROGRAM, list->place.directory, user->word);
		}
		if (list->owners.silent)
			status = VERB_UNREADABLE;
		else if (status == VERB_DONE || status == VERB_NONE)
			status = user->exists ? VERB_NONE : VERB_NO_USER;
	}
	return status;
}
