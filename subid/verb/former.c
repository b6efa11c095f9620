// SPDX-License-Identifier: BSD-3-Clause
/*
 * former: looks up former owners. The line alone says that ids are retired, and by whom
 * they were held; the records add the uid and the date.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "libsubid/core/limits.h"
#include "libsubid/store/retired.h"
#include "libsubid/store/state-file.h"
#include "libsubid/sys/etc-directory.h"
#include "message/i18n.h"
#include "message/report.h"
#include "subid/verb/former.h"
#include "subid/verb/verb.h"

/* Reads the records once; one message if that fails. */
static void read_former(struct former *former)
{
	int r;

	if (former->read)
		return;
	former->read = true;
	r = retired_read(former->root ? former->root : "/", &former->records);
	if (r == 0)
		return;
	report_line(PROGRAM, _("note: former owners are not known: %s%s/%s: %s"),
		    etc_image_prefix(former->root), STATE_DIRECTORY, STATE_RETIRED,
		    report_error(-r));
	owner_records_cleanup(&former->records);
}

static void set_former(const struct former *former, const struct owner_record *record,
		       struct former_owner *ret_owner)
{
	ret_owner->name = owner_records_text(&former->records, record->owner);
	ret_owner->uid = record->uid;
	ret_owner->epoch = record->epoch;
	ret_owner->why = owner_records_text(&former->records, record->note);
}

/*
 * Finds the former owner of a retired id.
 *
 * owner: that of the line, which begins with ~.
 */
void former_find(struct former *former, const struct kind *kind, uint64_t id,
		 const char *owner, struct former_owner *ret_owner)
{
	struct entry entry = { .owner = owner, .owner_len = strlen(owner) };
	const struct owner_record *record;

	*ret_owner = (struct former_owner){ .name = owner + 1, .uid = ID_NONE };
	read_former(former);
	record = former->records.n == 0 ?
			 NULL :
			 owner_records_find(&former->records, kind->group, id, &entry);
	if (record)
		set_former(former, record, ret_owner);
}

/* Finds the former owner whose own uid this was. Without one, the name is NULL. */
void former_find_uid(struct former *former, uint32_t uid, struct former_owner *ret_owner)
{
	const struct owner_record *items;

	*ret_owner = (struct former_owner){ .uid = ID_NONE };
	read_former(former);
	items = former->records.items;
	for (size_t i = former->records.n; i > 0 && !ret_owner->name; i--)
		if (items[i - 1].uid == uid)
			set_former(former, &items[i - 1], ret_owner);
}

/* Writes a date of UTC as 2026-11-30; "" if it is unknown. Returns the text. */
const char *former_date(uint64_t epoch, char ret_text[static FORMER_DATE_BYTES])
{
	time_t when = (time_t)epoch;
	struct tm date;

	ret_text[0] = '\0';
	if (epoch > 0 && gmtime_r(&when, &date))
		strftime(ret_text, FORMER_DATE_BYTES, "%Y-%m-%d", &date);
	return ret_text;
}

/* Frees the records. Takes a zeroed one. */
void former_cleanup(struct former *former)
{
	owner_records_cleanup(&former->records);
	*former = (struct former){ .read = false };
}
