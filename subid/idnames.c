// SPDX-License-Identifier: BSD-3-Clause
/*
 * idnames: local users or groups are read once; the name service is asked for what is
 * none of them, as long as all its answers together take less than OWNERS_SECONDS.
 */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/report.h"
#include "subid/clock.h"
#include "subid/idnames.h"
#include "subid/owners.h"

/*
 * Reads the local users (of kind_uid) or groups (of kind_gid).
 * Returns 0, or an exit status with the reason told. Freed with idnames_cleanup().
 */
int idnames_start(struct idnames *names, const struct verb_place *place,
		  const struct kind *kind)
{
	int r;

	*names = (struct idnames){ .kind = kind, .image = place->image };
	r = roster_load(place->folder, kind, &names->local);
	if (r) {
		report_line(PROGRAM, "%s/%s: %s", place->etc, kind->accounts,
			    report_error(-r));
		return VERB_UNREADABLE;
	}
	names->answers = calloc(IDNAMES_KEPT, sizeof(*names->answers));
	return names->answers ? 0 : verb_fail(ENOMEM);
}

/* The program has one thread: the simple calls do. */
static void ask(struct idnames *names, uint32_t id, struct idnames_answer *answer)
{
	const char *name = NULL;
	int64_t start = clock_now();

	if (names->kind->group) {
		struct group *group = getgrgid(id);

		name = group ? group->gr_name : NULL;
	} else {
		struct passwd *user = getpwuid(id);

		name = user ? user->pw_name : NULL;
	}
	names->waited += clock_now() - start;
	answer->kept = true;
	answer->id = id;
	snprintf(answer->name, sizeof(answer->name), "%s", name ? name : "");
}

/* The name of an id, valid until the next question; NULL: it has none. */
const char *idnames_find(struct idnames *names, uint32_t id)
{
	const struct roster_account *local = roster_by_id(&names->local, id);
	struct idnames_answer *answer = &names->answers[id % IDNAMES_KEPT];

	if (local)
		return local->name;
	if (names->image || id == ID_NONE)
		return NULL;
	if (!answer->kept || answer->id != id) {
		if (names->waited >= OWNERS_SECONDS * 1000)
			return NULL;
		ask(names, id, answer);
	}
	return answer->name[0] ? answer->name : NULL;
}

/* Frees what is known. Takes names that were never started. */
void idnames_cleanup(struct idnames *names)
{
	roster_cleanup(&names->local);
	free(names->answers);
	names->answers = NULL;
}
