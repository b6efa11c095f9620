// SPDX-License-Identifier: BSD-3-Clause
/*
 * id-names: local users or groups are read once. Other ids are looked up in the name
 * service, by the NSS child of the user cache and within its time.
 */
#include <errno.h>
#include <stdlib.h>

#include "subid/verb/id-names.h"

/*
 * Reads the local users (kind_uid) or groups (kind_gid). If the file cannot be read, the
 * list is empty.
 *
 * owners: the started user cache; it must outlive @names.
 * Returns 0, or an exit status with the reason reported. Freed with id_names_cleanup().
 */
int id_names_start(struct id_names *names, struct user_cache *owners,
		   const struct kind *kind)
{
	int r;

	*names = (struct id_names){ .kind = kind, .owners = owners };
	r = user_cache_unread(
		owners, kind,
		passwd_file_load(owners->place->directory, kind, &names->local));
	if (r)
		return r;
	names->answers = calloc(IDNAMES_KEPT, sizeof(*names->answers));
	return names->answers ? 0 : verb_fail(ENOMEM);
}

static void ask_id_name(struct id_names *names, uint32_t id,
			struct id_names_answer *answer)
{
	int r = nss_client_name(&names->owners->asker, names->kind, id, answer->name);

	user_cache_note_silent(names->owners, r);
	answer->kept = true;
	answer->silent = r < 0;
	answer->id = id;
	if (r)
		answer->name[0] = '\0';
}

/* Returns the answer of the name service about an id, or NULL if it is not asked. */
static const struct id_names_answer *find_answer(struct id_names *names, uint32_t id)
{
	struct id_names_answer *answer = &names->answers[id % IDNAMES_KEPT];

	if (!names->owners->others[names->kind->group] || id == ID_NONE)
		return NULL;
	if (!answer->kept || answer->id != id)
		ask_id_name(names, id, answer);
	return answer;
}

/* Returns the name of an id, valid until the next call; NULL: none, or unknown. */
const char *id_names_find(struct id_names *names, uint32_t id)
{
	const struct accounts_item *local = accounts_by_id(&names->local, id);
	const struct id_names_answer *answer;

	if (local)
		return accounts_name(&names->local, local);
	answer = find_answer(names, id);
	return answer && answer->name[0] ? answer->name : NULL;
}

/*
 * Returns whether it is unknown if an id has a name: local accounts cannot be read, or
 * the name service does not answer.
 */
bool id_names_is_unknown(struct id_names *names, uint32_t id)
{
	const struct id_names_answer *answer;

	if (accounts_by_id(&names->local, id))
		return false;
	answer = find_answer(names, id);
	if (answer && answer->name[0])
		return false;
	return names->owners->unread[names->kind->group] || (answer && answer->silent);
}

/* Frees the names. Accepts IDNAMES_NONE. */
void id_names_cleanup(struct id_names *names)
{
	accounts_cleanup(&names->local);
	free(names->answers);
	names->answers = NULL;
}
