// SPDX-License-Identifier: BSD-3-Clause
/*
 * known-users: the users of passwd(5) and the owners of lines, for suggestions and
 * completion. The name service is not asked: listing its users may take minutes.
 */
#include <string.h>

#include "command/identity.h"
#include "command/known-users.h"
#include "command/suggest.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/sys/dbfile.h"
#include "libsubid/sys/scan.h"
#include "libsubid/user/passwd-file.h"

/* Calls @take for each user of passwd(5), or for each group of group(5). */
void known_accounts_each(int directory, const struct kind *kind, known_name_fn take,
			 void *context)
{
	CLEANUP(accounts_cleanup) struct accounts accounts = { 0 };

	if (passwd_file_load(directory, kind, &accounts))
		return;
	for (size_t i = 0; i < accounts.n; i++) {
		const char *name = accounts_name(&accounts, &accounts.items[i]);

		take(context, name, strlen(name));
	}
}

/*
 * Calls @take for each line of a database that grants something; for none if this process
 * has more privilege than its caller, who may not be permitted to read the database.
 */
void known_lines_each(int directory, const struct kind *kind, known_line_fn take,
		      void *context)
{
	CLEANUP(dbfile_cleanup) struct dbfile file = DBFILE_UNOPENED;
	CLEANUP(scan_cleanup) struct scan scan = { 0 };
	struct scan_line line;
	struct entry entry;

	if (identity_is_elevated())
		return;
	dbfile_open_at(directory, kind->database, &file);
	if (file.fault)
		return;
	scan_start(&scan, file.fd);
	while (scan_next(&scan, &line) > 0)
		if (entry_parse(line.text, line.len, &entry) == 0)
			take(context, &entry);
}

static void consider_user(void *context, const char *name, size_t len)
{
	suggest_consider(context, name, len);
}

static void consider_owner(void *context, const struct entry *entry)
{
	if (!entry->by_id)
		suggest_consider(context, entry->owner, entry->owner_len);
}

/* Asks whether a user with a similar name was meant. */
void known_users_suggest(const char *program, int directory, const char *name)
{
	struct suggest suggest;

	suggest_start(&suggest, name, strlen(name));
	known_accounts_each(directory, &kind_uid, consider_user, &suggest);
	for (size_t k = 0; k < 2; k++)
		known_lines_each(directory, kind_all[k], consider_owner, &suggest);
	suggest_report(&suggest, program, "");
}
