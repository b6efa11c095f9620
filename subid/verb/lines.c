// SPDX-License-Identifier: BSD-3-Clause
/*
 * lines: reads a database as a stream. Counts and reports lines that grant nothing, and
 * reports what makes the map writers refuse the whole file.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "libsubid/sys/dbfile.h"
#include "libsubid/sys/scan.h"
#include "message/i18n.h"
#include "message/report.h"
#include "subid/verb/lines.h"
#include "subid/verb/progress.h"

#define PATH_BYTES   (PATH_MAX + 16)
#define LINES_A_LOOK 4096 /* lines between two updates of the progress line */

static int open_database(const struct verb_place *place, const struct kind *kind,
			 const char *path, bool notes, struct dbfile *file)
{
	int fault;

	dbfile_open_at(place->directory, kind->database, file);
	fault = dbfile_vet(file);
	/* An image may belong to the user who builds it. */
	if (place->image && fault == DBFILE_UNKNOWN)
		fault = 0;
	switch (fault) {
	case 0:
		return 0;
	case DBFILE_WRITABLE:
	case DBFILE_FOREIGN:
		if (notes)
			report_line(PROGRAM,
				    _("note: %s is not root's alone to write, so it "
				      "grants nothing; see '%s check'"),
				    path, PROGRAM);
		return 0;
	default:
		if (place->optional && file->error == ENOENT)
			return 0;
		report_line(PROGRAM, "%s: %s", path, report_error(file->error));
		if (report_file_hint(file->error))
			report_line(PROGRAM, "%s", report_file_hint(file->error));
		return VERB_UNREADABLE;
	}
}

struct reading {
	struct line line;
	struct dbfile file;
	struct scan scan;
	uint64_t malformed;
};

static void reading_cleanup(struct reading *reading)
{
	scan_cleanup(&reading->scan);
	dbfile_cleanup(&reading->file);
}

/* Notes for JSON that @n lines of a database grant nothing. */
void lines_note_skipped(const struct verb_place *place, const struct kind *kind,
			uint64_t n)
{
	struct output_gaps *gaps = place->gaps;

	if (!gaps)
		return;
	snprintf(gaps->skipped[kind->group].path, sizeof(gaps->skipped[0].path), "%s/%s",
		 place->etc, kind->database);
	gaps->skipped[kind->group].lines += n;
}

static void report_malformed_lines(const struct verb_place *place,
				   const struct kind *kind, const char *path, uint64_t n)
{
	if (n == 0)
		return;
	report_line(PROGRAM,
		    _("note: %s: lines that grant nothing: %" PRIu64 "; see '%s check'"),
		    path, n, PROGRAM);
	lines_note_skipped(place, kind, n);
}

static int take_all(struct reading *reading, lines_take_fn take, void *context)
{
	struct line *line = &reading->line;
	struct scan_line text;
	int r;

	while ((r = scan_next(&reading->scan, &text)) > 0) {
		int fault = entry_parse(text.text, text.len, &line->entry);

		if (text.number % LINES_A_LOOK == 0)
			progress_show(line->path, reading->scan.total,
				      (uint64_t)reading->file.status.st_size);
		if (fault) {
			reading->malformed += !entry_fault_is_harmless(fault);
			continue;
		}
		line->number = text.number;
		r = take(line, context);
		if (r)
			return r;
	}
	if (r == 0)
		return 0;
	report_line(PROGRAM, "%s: %s", line->path, report_error(-r));
	return VERB_UNREADABLE;
}

/*
 * Calls @take for each line of the database of @kind that grants something.
 *
 * notes: report problems of the file; false for the second reading of the same file.
 * Returns 0, VERB_UNREADABLE with the reason reported, or what @take returned.
 */
int lines_each(const struct verb_place *place, const struct kind *kind, bool notes,
	       lines_take_fn take, void *context)
{
	char path[PATH_BYTES];
	CLEANUP(reading_cleanup)
	struct reading reading = {
		.line = { .kind = kind, .path = path },
		.file = DBFILE_UNOPENED,
	};
	int r;

	snprintf(path, sizeof(path), "%s/%s", place->etc, kind->database);
	r = open_database(place, kind, path, notes && !place->image, &reading.file);
	if (r || reading.file.fd < 0)
		return r;
	scan_start(&reading.scan, reading.file.fd);
	r = take_all(&reading, take, context);
	if (notes)
		report_malformed_lines(place, kind, path, reading.malformed);
	return r;
}

/*
 * Finds the ids allocated by the lines of the database of @kind, with every reading of
 * malformed lines: see allocated_ids_read_lines(). Notes are reported as by lines_each().
 * ret_table: the lines, to be freed with table_clear(); or NULL.
 * Returns 0 or VERB_UNREADABLE with the reason reported; freed with
 * allocated_ids_cleanup().
 */
int lines_find_used(const struct verb_place *place, const struct kind *kind, bool notes,
		    struct allocated_ids *used, struct table *ret_table)
{
	const struct owner_set none = { 0 };
	const struct range all = { 0, ID_END };
	char path[PATH_BYTES];
	CLEANUP(dbfile_cleanup) struct dbfile file = DBFILE_UNOPENED;
	CLEANUP(table_cleanup) struct table table = { 0 };
	int r;

	snprintf(path, sizeof(path), "%s/%s", place->etc, kind->database);
	r = open_database(place, kind, path, notes && !place->image, &file);
	if (r || file.fd < 0)
		return r;
	r = load_table(file.fd, file.status.st_size, &table);
	if (r == 0)
		r = allocated_ids_read_lines(used, &table, all, &none);
	if (r) {
		report_line(PROGRAM, "%s: %s", path, report_error(-r));
		return VERB_UNREADABLE;
	}
	if (notes)
		report_malformed_lines(place, kind, path, used->malformed);
	if (ret_table) {
		*ret_table = table;
		table = (struct table){ 0 };
	}
	return 0;
}
