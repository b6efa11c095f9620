// SPDX-License-Identifier: BSD-3-Clause
/*
 * idnames: local users or groups are read once; the name service is asked for what is
 * none of them, by the owners' asker and in its time.
 */
#include <errno.h>
#include <stdlib.h>

#include "subid/verb/idnames.h"

/*
 * Reads the local users (of kind_uid) or groups (of kind_gid); there are none where they
 * cannot be read.
 *
 * owners: started; they have to outlive the names.
 * Returns 0, or an exit status with the reason told. Freed with idnames_cleanup().
 */
int idnames_start(struct idnames *names, struct owners *owners, const struct kind *kind)
{
	int r;

	*names = (struct idnames){ .kind = kind, .owners = owners };
	r = owners_unread(owners, kind,
			  passwd_file_load(owners->place->folder, kind, &names->local));
	if (r)
		return r;
	names->answers = calloc(IDNAMES_KEPT, sizeof(*names->answers));
	return names->answers ? 0 : verb_fail(ENOMEM);
}

static void ask(struct idnames *names, uint32_t id, struct idnames_answer *answer)
{
	int r = nss_client_name(&names->owners->asker, names->kind, id, answer->name);

	owners_note_silent(names->owners, r);
	answer->kept = true;
	answer->id = id;
	if (r)
		answer->name[0] = '\0';
}

/* The name of an id, valid until the next question; NULL: it has none. */
const char *idnames_find(struct idnames *names, uint32_t id)
{
	const struct accounts_item *local = accounts_by_id(&names->local, id);
	struct idnames_answer *answer = &names->answers[id % IDNAMES_KEPT];

	if (local)
		return accounts_name(&names->local, local);
	if (!names->owners->others[names->kind->group] || id == ID_NONE)
		return NULL;
	if (!answer->kept || answer->id != id)
		ask(names, id, answer);
	return answer->name[0] ? answer->name : NULL;
}

/* Frees what is known. Takes names that were never started. */
void idnames_cleanup(struct idnames *names)
{
	accounts_cleanup(&names->local);
	free(names->answers);
	names->answers = NULL;
}
