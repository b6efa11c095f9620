// SPDX-License-Identifier: BSD-3-Clause
/*
 * lines: reads a database as a stream. Lines that grant nothing are counted and told, and
 * so is what makes the map writers refuse the whole file.
 */
#include <inttypes.h>
#include <stdio.h>

#include "common/i18n.h"
#include "common/report.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/sys/dbfile.h"
#include "libsubid/sys/scan.h"
#include "subid/lines.h"

#define PATH_BYTES (PATH_MAX + 16)

static int open_database(const char *path, bool image, struct dbfile *file)
{
	int fault;

	dbfile_open(path, file);
	fault = dbfile_vet(file);
	switch (fault) {
	case 0:
		return 0;
	case DBFILE_WRITABLE:
	case DBFILE_FOREIGN:
		if (!image)
			report_line(PROGRAM,
				    _("note: %s is not root's alone to write, so it "
				      "grants nothing; see '%s check'"),
				    path, PROGRAM);
		return 0;
	default:
		report_line(PROGRAM, "%s: %s", path, report_error(file->error));
		return VERB_UNREADABLE;
	}
}

static int take_all(struct scan *scan, struct line *line, lines_take_fn take,
		    void *context, uint64_t *malformed)
{
	struct scan_line text;
	int r;

	while ((r = scan_next(scan, &text)) > 0) {
		int fault = entry_parse(text.text, text.len, &line->entry);

		if (fault) {
			*malformed += !entry_fault_is_harmless(fault);
			continue;
		}
		line->number = text.number;
		r = take(line, context);
		if (r)
			return r;
	}
	if (r) {
		report_line(PROGRAM, "%s: %s", line->path, report_error(-r));
		return VERB_UNREADABLE;
	}
	return 0;
}

/*
 * Hands each line of the database of @kind that grants something to @take.
 *
 * Returns 0, VERB_UNREADABLE with the reason told, or what @take returned.
 */
int lines_each(const struct verb_place *place, const struct kind *kind,
	       lines_take_fn take, void *context)
{
	CLEANUP(dbfile_cleanup) struct dbfile file = DBFILE_UNOPENED;
	CLEANUP(scan_cleanup) struct scan scan = { 0 };
	char path[PATH_BYTES];
	struct line line = { .kind = kind, .path = path };
	uint64_t malformed = 0;
	int r;

	snprintf(path, sizeof(path), "%s/%s", place->etc, kind->database);
	r = open_database(path, place->image, &file);
	if (r)
		return r;
	r = scan_start(&scan, file.fd);
	if (r)
		return verb_fail(-r);
	r = take_all(&scan, &line, take, context, &malformed);
	if (malformed)
		report_line(PROGRAM,
			    _("note: %s: lines that grant nothing: %" PRIu64
			      "; see '%s check'"),
			    path, malformed, PROGRAM);
	return r;
}
