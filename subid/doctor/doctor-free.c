// SPDX-License-Identifier: BSD-3-Clause
/*
 * doctor-free: what the commands need that change the user's ranges: a free range, the
 * one that a grant would choose now, and whether ids are in use. Nothing is locked or
 * written.
 */
#include "command/busy.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/store/allocate.h"
#include "libsubid/store/db.h"
#include "libsubid/sys/settings.h"
#include "subid/doctor/doctor.h"

/*
 * Reads the databases of @kinds. Returns 0, an enum of db.h or -errno; end with db_end()
 * in any case.
 *
 * service: in use until then.
 */
int doctor_load(struct db *db, int directory, const struct name_service *service,
		const bool kinds[static 2])
{
	int r;

	db->read_only = true;
	r = db_begin(db, directory, DB_LIVE);
	if (r)
		return r;
	db_use_service(db, service);
	for (size_t k = 0; r == 0 && k < 2; k++)
		if (kinds[k])
			r = db_load(db, kind_all[k], true);
	return r;
}

static int note_process(const struct busy_process *process, void *context)
{
	(void)process;
	*(bool *)context = true;
	return 1;
}

/* Whether a process that the user can see uses an id of the range. */
bool doctor_is_in_use(const struct kind *kind, struct range range)
{
	CLEANUP(range_set_cleanup) struct range_set ids = RANGE_SET(1);
	const struct busy_ids wanted = { .kind = kind, .ids = &ids };
	bool in_use = false;

	if (range_set_add(&ids, range) == 0)
		busy_find(&wanted, 1, note_process, &in_use);
	return in_use;
}

static void set_wish(const struct doctor_wish *wish, struct settings *settings)
{
	/* The range that follows from the uid is elsewhere. */
	if (wish->bounds.end > 0 || wish->align > 0)
		settings->deterministic = false;
	for (size_t k = 0; k < 2; k++) {
		settings->requests[k].align = wish->align;
		if (wish->bounds.end > 0)
			settings->requests[k].bounds = wish->bounds;
	}
}

static bool place_wish(struct db *db, const struct owner *owner, int directory,
		       const struct doctor_wish *wish, struct range *ret_range)
{
	struct allocate_item item = { .count = wish->count };
	CLEANUP(allocate_cleanup)
	struct allocate work = {
		.items = &item,
		.n = 1,
		.kinds = { wish->kinds[0], wish->kinds[1] },
		.together = true,
		.above = true,
	};
	struct settings_error error;

	if (settings_read(directory, &work.settings, &error))
		return false;
	set_wish(wish, &work.settings);
	if (allocate_for_owner(db, &work, owner) || work.absent.end > 0)
		return false;
	*ret_range = item.ranges[wish->kinds[0] ? 0 : 1];
	return ret_range->end > 0;
}

/* Finds a range that is free in all wanted databases. False: there is none. */
bool doctor_find_free(struct doctor *doctor, const struct doctor_wish *wish,
		      struct range *ret_range)
{
	CLEANUP(owner_cleanup) struct owner owner = { 0 };
	const struct name_service service = nss_client_service(&doctor->asker);
	struct db db = DB_NONE;
	struct verb_place place;
	bool found;

	if (verb_find_place(NULL, &place) != VERB_GO)
		return false;
	found = owner_init(&owner, &doctor->account, place.directory) == 0 &&
		doctor_load(&db, place.directory, &service, wish->kinds) == 0 &&
		place_wish(&db, &owner, place.directory, wish, ret_range);
	db_end(&db);
	return found;
}
