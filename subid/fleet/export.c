// SPDX-License-Identifier: BSD-3-Clause
/*
 * export: prints the ranges of this system as a set for `subid apply`.
 *
 * Invariant: the same ranges and the same serial are the same bytes on every host.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "libsubid/core/array.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/fleet/crc32c.h"
#include "libsubid/fleet/set-file.h"
#include "libsubid/user/owner-set.h"
#include "libsubid/user/passwd-file.h"
#include "message/i18n.h"
#include "message/report.h"
#include "subid/verb/lines.h"
#include "subid/verb/progress.h"
#include "subid/verb/verb.h"

#define NO_SERIAL UINT64_MAX

/* How many seconds to wait at most for one without a change. */
#define SERIAL_TRIES 3
/* How far the times of files may be behind the clock. */
#define CLOCK_MS 20

struct export
{
	struct verb_options options;
	uint64_t serial;
	struct verb_place place;
	struct owner_set people; /* the owners on the command line */
	bool *found;
	char **owners; /* of the lines of the set */
	size_t allocated;
	struct set_file set;
};

static void export_cleanup(struct export *export)
{
	for (size_t i = 0; i < export->set.n; i++)
		free(export->owners[i]);
	free(export->owners);
	set_file_cleanup(&export->set);
	owner_set_cleanup(&export->people);
	free(export->found);
}

static bool is_exported(const struct export *export, const struct entry *entry)
{
	size_t index;

	/* Retired ranges are each host's own: there may be lines of the former owner. */
	if (entry_owner_is_retired(entry->owner, entry->owner_len))
		return false;
	if (export->people.n == 0)
		return true;
	if (!owner_set_find(&export->people, entry->owner, entry->owner_len, &index))
		return false;
	export->found[index] = true;
	return true;
}

/* A lines_take_fn. */
static int take_exported(const struct line *line, void *context)
{
	struct export *export = context;
	struct set_file_line copy = { .owner_len = line->entry.owner_len,
				      .range = line->entry.range };
	char *owner;
	int r;

	if (!is_exported(export, &line->entry))
		return 0;
	owner = strndup(line->entry.owner, line->entry.owner_len);
	if (!owner || ARRAY_RESERVE(export->owners, export->set.n, export->allocated)) {
		free(owner);
		return verb_fail(ENOMEM);
	}
	copy.kinds[line->kind->group] = true;
	copy.owner = export->owners[export->set.n] = owner;
	r = set_file_put(&export->set, &copy);
	if (r == 0)
		return 0;
	free(owner);
	return verb_fail(r < 0 ? -r : EFBIG);
}

/* Finds all names of the owners on the command line, of which the local files know. */
static int find_exported_owners(struct export *export, int n, char **words)
{
	const struct lookup files = { .directory = export->place.directory };
	CLEANUP(accounts_cleanup) struct accounts users = { 0 };
	int r = n > 0 ? passwd_file_load(export->place.directory, &kind_uid, &users) : 0;
	size_t index;

	if (r) {
		report_line(PROGRAM, "%s/passwd: %s", export->place.etc,
			    report_error(-r));
		return VERB_UNREADABLE;
	}
	for (int i = 0; r >= 0 && i < n; i++)
		r = owner_set_add(&export->people, words[i], strlen(words[i]), &index);
	if (r >= 0)
		r = owner_set_resolve(&export->people, &users, &files, true);
	export->found = calloc(export->people.n + 1, sizeof(*export->found));
	return r < 0 ? verb_fail(-r) : export->found ? 0 : verb_fail(ENOMEM);
}

/* Returns the time of the last change, in seconds; 0: unknown. */
static uint64_t last_change(const struct export *export, const struct kind **kinds,
			    size_t n)
{
	struct stat status;
	uint64_t last = 0;

	for (size_t i = 0; i < n; i++)
		if (fstatat(export->place.directory, kinds[i]->database, &status, 0) ==
			    0 &&
		    status.st_mtim.tv_sec > 0 && (uint64_t)status.st_mtim.tv_sec > last)
			last = (uint64_t)status.st_mtim.tv_sec;
	return last;
}

/*
 * Without --serial: the time of the last change, so each later change has a larger
 * serial. Waits until this second is over, since another change in it would have the same
 * serial.
 */
static uint64_t find_serial(const struct export *export, const struct kind **kinds,
			    size_t n)
{
	uint64_t last = last_change(export, kinds, n);
	struct timespec now;

	for (int i = 0; i < SERIAL_TRIES; i++) {
		clock_gettime(CLOCK_REALTIME, &now);
		if (last != (uint64_t)now.tv_sec)
			break;
		poll(NULL, 0, 1000 - (int)(now.tv_nsec / 1000000) + CLOCK_MS);
		last = last_change(export, kinds, n);
	}
	return last;
}

static int read_exported(struct export *export)
{
	const struct kind *kinds[2];
	size_t n = verb_kinds(&export->options, kinds);
	int r = 0;

	/* Before the lines: a change meanwhile gets a serial of its own. */
	if (export->serial == NO_SERIAL)
		export->serial = find_serial(export, kinds, n);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = lines_each(&export->place, kinds[i], true, take_exported, export);
	set_file_sort(&export->set);
	return r;
}

static int report_not_found(const struct export *export)
{
	int r = 0;

	for (size_t i = 0; i < export->people.n; i++)
		if (!export->found[i] &&
		    export->people.items[i].status != OWNER_SET_SAME) {
			report_line(PROGRAM, _("no line of a database has the owner %s"),
				    owner_set_name(&export->people, i));
			r = VERB_NONE;
		}
	return r;
}

static void print_text(struct crc32c *crc, const char *text, size_t len)
{
	crc32c_add(crc, text, len);
	fwrite(text, 1, len, stdout);
}

static void print_set(const struct export *export)
{
	char text[SET_FILE_LINE_BYTES];
	const struct set_file *set = &export->set;
	struct crc32c crc;
	uint64_t lines = 0;
	size_t len;

	progress_rows();
	crc32c_start(&crc);
	len = set_file_format_header(export->serial, text);
	print_text(&crc, text, len);
	for (size_t i = 0; i < set->n; i++) {
		struct set_file_line line = set->lines[i];

		while (i + 1 < set->n && set_file_joins(&line, &set->lines[i + 1])) {
			i++;
			line.kinds[0] |= set->lines[i].kinds[0];
			line.kinds[1] |= set->lines[i].kinds[1];
		}
		len = set_file_format_line(&line, text);
		print_text(&crc, text, len);
		lines++;
	}
	len = set_file_format_end(lines, crc32c_end(&crc), text);
	fwrite(text, 1, len, stdout);
}

static int export_run(int argc, char **argv)
{
	CLEANUP(export_cleanup) struct export export = { .serial = NO_SERIAL };
	int r = verb_parse(&verb_export, argc, argv, &export);

	if (r == 0)
		r = verb_find_place(export.options.root, &export.place);
	if (r == 0)
		r = find_exported_owners(&export, argc - optind, argv + optind);
	if (r == 0)
		r = read_exported(&export);
	if (r == 0)
		r = report_not_found(&export);
	if (r == 0)
		print_set(&export);
	return r;
}

static const struct option_row export_rows[] = {
	{ 0, "serial", N_("N"),
	  N_("the serial of the set; default: when the databases last changed"),
	  OPTION_INTO(struct export, serial), .max = NO_SERIAL - 1 },
	{ .name = NULL },
};

static const struct option_group export_options[] = {
	{ export_rows, 0 },
	{ verb_kind_rows, offsetof(struct export, options) },
	{ verb_root_rows, offsetof(struct export, options) },
	{ option_help_rows, 0 },
	{ .rows = NULL },
};

static const struct help_row export_examples[] = {
	{ "subid export >ranges.set", N_("all ranges of this system") },
	{ "subid export anna bob", N_("those of anna and bob") },
	{ .term = NULL },
};

const struct verb verb_export = {
	.command = {
		.program = PROGRAM,
		.name = PROGRAM " export",
		.usage = N_("[OPTION]... [OWNER]..."),
		.summary = N_("Print ranges as a set for other systems"),
		.options = export_options,
		.arguments = { COMPLETE_OWNERS, COMPLETE_OWNERS },
		.examples = export_examples,
		.statuses = verb_statuses,
		.exits = VERB_EXITS_READ | VERB_EXIT(VERB_NONE),
		.page = "subid-apply(8)",
	},
	.run = export_run,
};
