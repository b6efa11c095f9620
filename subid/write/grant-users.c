// SPDX-License-Identifier: BSD-3-Clause
/*
 * grant-users: reads the users that get ranges and looks them up.
 *
 * Invariant: every wrong line is reported with its number, and a single one prevents any
 * change. The file is read before the locks are taken, because a pipe may be slow.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command/identity.h"
#include "command/known-users.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "libsubid/core/num.h"
#include "libsubid/sys/fd.h"
#include "libsubid/sys/scan.h"
#include "libsubid/user/passwd-file.h"
#include "message/i18n.h"
#include "message/report.h"
#include "subid/verb/progress.h"
#include "subid/verb/verb.h"
#include "subid/write/grant-users.h"

static int reserve(struct grant_users *crowd)
{
	size_t allocated = crowd->allocated ? 2 * crowd->allocated : 16;
	void *items, *lines;

	if (crowd->people.n <= crowd->allocated)
		return 0;
	if (allocated < crowd->people.n)
		allocated = crowd->people.n;
	items = reallocarray(crowd->items, allocated, sizeof(*crowd->items));
	if (!items)
		return -ENOMEM;
	crowd->items = items;
	lines = reallocarray(crowd->lines, allocated, sizeof(*crowd->lines));
	if (!lines)
		return -ENOMEM;
	crowd->lines = lines;
	memset(crowd->items + crowd->allocated, 0,
	       (allocated - crowd->allocated) * sizeof(*crowd->items));
	memset(crowd->lines + crowd->allocated, 0,
	       (allocated - crowd->allocated) * sizeof(*crowd->lines));
	crowd->allocated = allocated;
	return 0;
}

/* Adds a user; once, if named twice. Returns 0 or an exit status. */
int grant_users_add(struct grant_users *crowd, const char *name)
{
	size_t index;
	int r = owner_set_add(&crowd->people, name, strlen(name), &index);

	if (r == 0)
		r = reserve(crowd);
	return r < 0 ? verb_fail(-r) : 0;
}

static void report_duplicate(struct grant_users *crowd, uint64_t line, size_t earlier)
{
	report_line(PROGRAM, _("%s:%" PRIu64 ": the user is in line %" PRIu64 " already"),
		    crowd->source, line, crowd->lines[earlier]);
	crowd->bad++;
}

/* Parses a line `user` or `user:count`; reports errors. Returns 0 or -ENOMEM. */
static int take_user_line(struct grant_users *crowd, const struct scan_line *line)
{
	const char *colon = memchr(line->text, ':', line->len);
	size_t len = colon ? (size_t)(colon - line->text) : line->len, index;
	int r, fault = entry_check_owner(line->text, len);
	uint64_t count = 0;

	if (colon &&
	    (num_parse(colon + 1, line->len - len - 1, ID_END, &count) || count == 0)) {
		report_line(PROGRAM,
			    _("%s:%" PRIu64 ": the count is no decimal number from 1 on"),
			    crowd->source, line->number);
		crowd->bad++;
		return 0;
	}
	/* Digits that are no uid can be a login name. */
	if (fault && fault != ENTRY_OWNER_NUMBER) {
		report_line(PROGRAM, _("%s:%" PRIu64 ": that is no name of a user"),
			    crowd->source, line->number);
		crowd->bad++;
		return 0;
	}
	r = owner_set_add(&crowd->people, line->text, len, &index);
	if (r == OWNER_SET_DUPLICATE) {
		report_duplicate(crowd, line->number, index);
		return 0;
	}
	if (r == 0)
		r = reserve(crowd);
	if (r)
		return r;
	crowd->items[index].count = count;
	crowd->lines[index] = line->number;
	return 0;
}

static int read_grant_users(struct grant_users *crowd, int fd)
{
	CLEANUP(scan_cleanup) struct scan scan = { 0 };
	struct scan_line line;
	int r = scan_start_stream(&scan, fd);

	while (r == 0 && (r = scan_next(&scan, &line)) > 0)
		/* Skip empty lines and comments, as in a database. */
		r = line.len == 0 || line.text[0] == '#' ? 0 :
							   take_user_line(crowd, &line);
	return r;
}

/*
 * Adds the users in a file; `-` is standard input. Reports and counts wrong lines.
 * Returns 0 or an exit status.
 */
int grant_users_read(struct grant_users *crowd, const char *path)
{
	bool is_stdin = strcmp(path, "-") == 0;
	CLEANUP(fd_cleanup) int own = -1;
	int r = 0;

	crowd->source = is_stdin ? _("standard input") : path;
	/* The error messages would disclose the contents of the file. */
	if (!is_stdin && identity_is_elevated()) {
		report_line(PROGRAM, _("%s: only root may name a file; use '-'"), path);
		return VERB_NOT_PERMITTED;
	}
	if (!is_stdin) {
		own = open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC);
		r = own < 0 ? -errno : 0;
	}
	/* The progress line would overwrite what the user types. */
	if (is_stdin && isatty(STDIN_FILENO))
		progress_end();
	if (r == 0)
		r = read_grant_users(crowd, is_stdin ? STDIN_FILENO : own);
	if (r == 0)
		return 0;
	report_line(PROGRAM, "%s: %s", crowd->source, report_error(-r));
	return VERB_UNREADABLE;
}

static int add_members(struct owner_set *members, const char *names, size_t len)
{
	size_t index;
	int r = 0;

	for (size_t at = 0; r >= 0 && at < len; at += strlen(names + at) + 1)
		r = owner_set_add(members, names + at, strlen(names + at), &index);
	return r < 0 ? r : 0;
}

/* Reads the members of a group. Returns 0 or an exit status. */
static int read_members(struct edit *edit, const char *name, gid_t *ret_gid,
			struct owner_set *members)
{
	CLEANUP(cleanup_free) char *names = NULL;
	size_t len = 0;
	int r = edit->place == DB_LIVE ?
			nss_client_members(&edit->asker, name, ret_gid, &names, &len) :
			passwd_file_members(edit->etc, name, ret_gid, &names, &len);

	if (r == 0)
		r = add_members(members, names, len);
	if (r == 0)
		return 0;
	if (r == -ENOMEM)
		return verb_fail(ENOMEM);
	if (r == ACCOUNT_NONE)
		report_line(PROGRAM, _("group '%s' does not exist"), name);
	else
		report_line(PROGRAM, _("cannot look up group '%s': %s"), name,
			    report_no_answer(r));
	return r == ACCOUNT_NONE ? VERB_NO_USER : VERB_UNREADABLE;
}

/* Reports members who get nothing because passwd(5) does not have them. */
static void report_not_local(const struct edit *edit, const char *group,
			     const struct owner_set *members,
			     const struct accounts *users)
{
	size_t n = 0;

	for (size_t i = 0; i < members->n; i++) {
		const char *name = owner_set_name(members, i);

		n += !accounts_by_name(users, name, strlen(name));
	}
	if (n > 0)
		report_line(
			PROGRAM,
			_("note: members of group '%s' who are not in %s/passwd: %zu; "
			  "--network gives them ranges, too"),
			group, edit->directory, n);
}

/* Adds the local users that match the filter. Returns 0 or an exit status. */
int grant_users_add_users(struct grant_users *crowd, struct edit *edit,
			  const struct accounts *roster,
			  const struct grant_users_filter *filter)
{
	CLEANUP(owner_set_cleanup) struct owner_set members = { 0 };
	struct owner_set_filter owner_set_filter = {
		.uids = filter->uids,
		.by_group = filter->group != NULL,
		.members = &members,
	};
	int r;

	if (filter->group) {
		r = read_members(edit, filter->group, &owner_set_filter.gid, &members);
		if (r)
			return r;
		if (!filter->network)
			report_not_local(edit, filter->group, &members, roster);
	}
	if (filter->network) {
		r = grant_users_add_network(crowd, edit, roster, filter, &members);
		if (r)
			return r;
	}
	r = owner_set_add_users(&crowd->people, roster, &owner_set_filter);
	if (r == 0)
		r = reserve(crowd);
	return r ? verb_fail(-r) : 0;
}

/* Adds uids, whether accounts have them or not. Returns 0 or an exit status. */
int grant_users_add_uids(struct grant_users *crowd, struct range uids)
{
	int r = 0;

	for (uint64_t uid = uids.start; r >= 0 && uid < uids.end; uid++) {
		char number[NUM_BYTES];
		size_t index;

		r = owner_set_add(&crowd->people, number, num_format(uid, number),
				  &index);
	}
	if (r >= 0)
		r = reserve(crowd);
	return r < 0 ? verb_fail(-r) : 0;
}

/* Reports an unknown user, with the line number if read from a file. */
static void report_unknown_user(const struct grant_users *crowd, const struct edit *edit,
				size_t index)
{
	const char *name = owner_set_name(&crowd->people, index);
	int status = crowd->people.items[index].status;
	char place[PATH_MAX + 32] = "";

	if (crowd->source)
		snprintf(place, sizeof(place), "%s:%" PRIu64 ": ", crowd->source,
			 crowd->lines[index]);
	if (status < 0)
		report_line(PROGRAM, _("%suser '%s' is not known: %s"), place, name,
			    report_not_known(status));
	else if (status == OWNER_SET_SAME)
		report_line(
			PROGRAM, _("%suser '%s' has the same uid as '%s'"), place, name,
			owner_set_name(&crowd->people, crowd->people.items[index].same));
	else {
		report_line(PROGRAM, _("%suser '%s' does not exist"), place, name);
		known_users_suggest(PROGRAM, edit->etc, name);
	}
}

/*
 * Looks up all users. Two names with the same uid are one user, which is an error only in
 * a file. Returns 0, or an exit status with the reason reported.
 */
int grant_users_resolve(struct grant_users *crowd, struct edit *edit,
			const struct accounts *roster, bool no_account)
{
	bool unknown = false, silent = false;
	int r = owner_set_resolve(&crowd->people, roster, &edit->lookup, no_account);

	if (r)
		return verb_fail(-r);
	grant_users_leave_out(crowd);
	for (size_t i = 0; i < crowd->people.n; i++) {
		int status = crowd->people.items[i].status;

		if (status == OWNER_SET_KNOWN || status == OWNER_SET_LEFT_OUT ||
		    (status == OWNER_SET_SAME && !crowd->source))
			continue;
		report_unknown_user(crowd, edit, i);
		unknown = true;
		silent |= status < 0;
	}
	if (!unknown && crowd->bad == 0)
		return 0;
	if (crowd->source || crowd->people.n > 1)
		report_line(PROGRAM, _("nothing is changed"));
	return crowd->bad ? VERB_USAGE : silent ? VERB_UNREADABLE : VERB_NO_USER;
}

void grant_users_cleanup(struct grant_users *crowd)
{
	owner_set_cleanup(&crowd->people);
	free(crowd->items);
	free(crowd->lines);
}
