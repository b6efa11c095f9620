// SPDX-License-Identifier: BSD-3-Clause
/*
 * follow-users: the accounts of passwd(5), with their home directories.
 */
#include <stdio.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "libsubid/user/passwd-file.h"
#include "subid/write/follow.h"

/* Adds a user with the note for its records. */
static int add_follow_user(struct follow_users *users, const struct passwd_line *line,
			   const struct scan_line *text)
{
	char note[LIMIT_LINE_BYTES + sizeof("local ")];
	size_t len;
	const char *home = passwd_find_field(text->text, text->len, PASSWD_HOME, &len);
	int r = accounts_add(&users->accounts, line->name, line->name_len, line->id,
			     line->gid);

	snprintf(note, sizeof(note), "local %.*s", (int)len, home ? home : "");
	for (char *at = note; *at; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			*at = '?';
	return r ? r :
		   owner_records_add(&users->homes, (struct owner_record){ .uid = 0 }, "",
				     0, note);
}

/* Loads passwd(5) of @directory. Returns 0 or -errno. */
int follow_users_load(int directory, struct follow_users *ret_users)
{
	CLEANUP(passwd_file_cleanup) struct passwd_file file = PASSWD_FILE_NONE;
	struct passwd_line line;
	int r = passwd_file_open(&file, directory, &kind_uid), fault;

	while (r == 0 && (r = passwd_file_next(&file, &line, &fault)) > 0)
		r = fault == PASSWD_ID_ONLY ?
			    0 :
			    add_follow_user(ret_users, &line, &file.line);
	return r ? r : accounts_sort(&ret_users->accounts);
}

/* Returns the note about a user. */
const char *follow_home(const struct follow_users *users,
			const struct accounts_item *item)
{
	size_t i = (size_t)(item - users->accounts.items);

	return owner_records_text(&users->homes, users->homes.items[i].note);
}
