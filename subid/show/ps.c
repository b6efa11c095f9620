// SPDX-License-Identifier: BSD-3-Clause
/*
 * ps: shows processes of containers with their ids on the host and inside.
 *
 * Inside ids are computed from the map of the process, which any user may read. A process
 * that ends meanwhile is skipped.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/sys/fd.h"
#include "libsubid/sys/process.h"
#include "message/i18n.h"
#include "message/report.h"
#include "subid/verb/id-names.h"
#include "subid/verb/index.h"

#define COMMAND_BYTES 4096

enum {
	COLUMN_PID,
	COLUMN_USERNS,
	COLUMN_OWNER,
	COLUMN_UID,
	COLUMN_INSIDE,
	COLUMN_GID,
	COLUMN_GINSIDE,
	COLUMN_COMMAND,
	N_COLUMNS,
};

static const struct output_column columns[N_COLUMNS] = {
	[COLUMN_PID] = { .name = "PID", .type = OUTPUT_NUMBER },
	[COLUMN_USERNS] = { .name = "USERNS", .type = OUTPUT_NUMBER },
	[COLUMN_OWNER] = { .name = "OWNER", .wrap = true },
	[COLUMN_UID] = { .name = "UID", .type = OUTPUT_NUMBER },
	[COLUMN_INSIDE] = { .name = "INSIDE", .type = OUTPUT_NUMBER },
	[COLUMN_GID] = { .name = "GID", .type = OUTPUT_NUMBER },
	[COLUMN_GINSIDE] = { .name = "GINSIDE",
			     .also = "gid_inside",
			     .type = OUTPUT_NUMBER },
	[COLUMN_COMMAND] = { .name = "COMMAND", .cut = true },
};

static const struct output_columns ps_columns = { columns, N_COLUMNS };

/* A process. Arrays are indexed by kind->group. */
struct seen_process {
	uint32_t ids[2]; /* effective ids */
	struct idmap maps[2];
	bool has_userns;
	ino_t userns;
	char command[COMMAND_BYTES];
};

struct ps {
	struct verb_options options;
	struct verb_place place;
	bool all;
	struct user_cache owners;
	struct sources sources;
	struct index index; /* of uids */
	struct id_names users;
	struct seen_process self;
	struct seen_process seen; /* large, so it is reused for each process */
	uint64_t unseen;	  /* number of unreadable processes */
	struct output output;
};

static void ps_cleanup(struct ps *ps)
{
	output_cleanup(&ps->output);
	id_names_cleanup(&ps->users);
	index_cleanup(&ps->index);
	user_cache_cleanup(&ps->owners);
}

static size_t read_proc_file(int process, const char *name, char *text, size_t size)
{
	CLEANUP(fd_cleanup) int fd = openat(process, name, O_RDONLY | O_CLOEXEC);
	size_t n;

	return fd >= 0 && fd_read(fd, text, size, &n) == 0 ? n : 0;
}

/* Reads the command line, or the name of a kernel thread, which has none. */
static void read_command(int process, char text[static COMMAND_BYTES])
{
	size_t n = read_proc_file(process, "cmdline", text, COMMAND_BYTES - 1);

	while (n > 0 && text[n - 1] == '\0')
		n--;
	for (size_t i = 0; i < n; i++)
		if (text[i] == '\0')
			text[i] = ' ';
	if (n == 0) {
		n = read_proc_file(process, "comm", text + 1, COMMAND_BYTES - 3);
		if (n > 0 && text[n] == '\n')
			n--;
		text[0] = '[';
		text[n + 1] = ']';
		n += 2;
	}
	text[n] = '\0';
}

static int read_process(int process, struct seen_process *seen)
{
	CLEANUP(process_status_cleanup) struct process_status status = { 0 };
	struct process_ids ids;
	int r = process_read_status(process, &status);

	for (size_t i = 0; i < 2; i++) {
		if (r == 0)
			r = process_ids(&status, kind_all[i], &ids);
		if (r == 0)
			r = process_read_map(process, kind_all[i], &seen->maps[i]);
		if (r)
			return r;
		seen->ids[i] = ids.effective;
	}
	seen->has_userns = process_userns(process, &seen->userns) == 0;
	return 0;
}

static bool same_map(const struct idmap *a, const struct idmap *b)
{
	return a->n == b->n &&
	       memcmp(a->extents, b->extents, a->n * sizeof(a->extents[0])) == 0;
}

/* The namespace of another user's process may be unreadable; then compare the maps. */
static bool is_inside(const struct ps *ps)
{
	const struct seen_process *seen = &ps->seen, *self = &ps->self;

	if (seen->has_userns && self->has_userns)
		return seen->userns != self->userns;
	return !same_map(&seen->maps[0], &self->maps[0]) ||
	       !same_map(&seen->maps[1], &self->maps[1]);
}

/* Finds the inside id; false: it is not mapped. */
static bool find_inside(const struct idmap *map, uint32_t id, uint32_t *ret_inside)
{
	for (size_t i = 0; i < map->n; i++) {
		const struct extent *extent = &map->extents[i];

		if (!range_contains(extent_outer(extent), id))
			continue;
		*ret_inside = extent->inner + (id - extent->outer);
		return true;
	}
	return false;
}

static const char *owner_of_uid(struct ps *ps, uint32_t uid)
{
	const struct index_range *range = index_find(&ps->index, uid, NULL);

	return range ? index_owner(&ps->index, range) : id_names_find(&ps->users, uid);
}

static int ps_show(struct ps *ps, pid_t pid, bool inside)
{
	const struct seen_process *seen = &ps->seen;
	char number[N_COLUMNS][OUTPUT_NUMBER_BYTES];
	uint32_t id;
	const char *cells[N_COLUMNS] = {
		[COLUMN_PID] = output_number((uint64_t)pid, number[COLUMN_PID]),
		[COLUMN_OWNER] = owner_of_uid(ps, seen->ids[0]),
		[COLUMN_UID] = output_number(seen->ids[0], number[COLUMN_UID]),
		[COLUMN_GID] = output_number(seen->ids[1], number[COLUMN_GID]),
		[COLUMN_COMMAND] = seen->command,
	};

	if (seen->has_userns)
		cells[COLUMN_USERNS] = output_number(seen->userns, number[COLUMN_USERNS]);
	if (inside && find_inside(&seen->maps[0], seen->ids[0], &id))
		cells[COLUMN_INSIDE] = output_number(id, number[COLUMN_INSIDE]);
	if (inside && find_inside(&seen->maps[1], seen->ids[1], &id))
		cells[COLUMN_GINSIDE] = output_number(id, number[COLUMN_GINSIDE]);
	return output_row(&ps->output, cells, NULL);
}

static int ps_take(pid_t pid, int process, void *context)
{
	struct ps *ps = context;
	bool inside;
	int r = read_process(process, &ps->seen);

	ps->unseen += r && r != -ENOENT && r != -ESRCH;
	if (r)
		return 0;
	inside = is_inside(ps);
	if (!inside && !ps->all)
		return 0;
	read_command(process, ps->seen.command);
	return ps_show(ps, pid, inside);
}

static int look_at_self(struct ps *ps)
{
	CLEANUP(fd_cleanup)
	int self = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r = self < 0 ? -errno : read_process(self, &ps->self);

	if (r)
		report_line(PROGRAM, "/proc/self: %s", report_error(-r));
	return r ? VERB_UNREADABLE : 0;
}

static int ps_show_all(struct ps *ps)
{
	int status;

	status = output_start(&ps->output, "processes", columns, N_COLUMNS,
			      &ps->options.output);
	if (status)
		return status;
	status = processes_each(ps_take, ps);
	if (status < 0) {
		report_line(PROGRAM, "/proc: %s", report_error(-status));
		status = VERB_UNREADABLE;
	}
	if (ps->unseen > 0) {
		report_line(PROGRAM,
			    _("note: /proc: processes that cannot be read: %" PRIu64),
			    ps->unseen);
		status = status ? status : VERB_UNREADABLE;
	}
	return output_end(&ps->output, status);
}

static int ps_parse(int argc, char **argv, struct ps *ps)
{
	int r = verb_parse(&verb_ps, argc, argv, ps);

	if (r || optind == argc)
		return r;
	report_line(PROGRAM, _("no argument is expected: '%s'"), argv[optind]);
	return verb_misuse(&verb_ps);
}

static int ps_run(int argc, char **argv)
{
	CLEANUP(ps_cleanup)
	struct ps ps = { .output = OUTPUT_NONE };
	int r, status;

	r = ps_parse(argc, argv, &ps);
	if (r == 0)
		r = verb_find_place(NULL, &ps.place);
	if (r)
		return r;
	ps.place.gaps = &ps.output.gaps;
	if ((r = user_cache_start(&ps.owners, &ps.place)) ||
	    (r = sources_start(&ps.sources, &ps.place, &ps.owners)) ||
	    (r = id_names_start(&ps.users, &ps.owners, &kind_uid)) ||
	    (r = look_at_self(&ps)))
		return r;
	sources_note_unasked(&ps.sources);
	status = index_load(&ps.index, &ps.place, &kind_uid, &ps.owners, NULL, NULL);
	if (status && status != VERB_UNREADABLE)
		return status;
	r = ps_show_all(&ps);
	status = status ? status : user_cache_status(&ps.owners);
	return r ? r : status;
}

static const struct option_row ps_rows[] = {
	{ 'a', "all", NULL, N_("those of the host, too"), OPTION_INTO(struct ps, all) },
	{ .name = NULL },
};

static const struct option_group ps_options[] = {
	{ ps_rows, 0 },
	{ verb_output_rows, offsetof(struct ps, options) },
	{ option_help_rows, 0 },
	{ .rows = NULL },
};

static const struct help_row ps_examples[] = {
	{ "subid ps", N_("processes in other user namespaces") },
	{ "subid ps -o PID,OWNER,COMMAND", N_("these columns") },
	{ .term = NULL },
};

const struct verb verb_ps = {
	.command = {
		.program = PROGRAM,
		.name = PROGRAM " ps",
		.usage = N_("[OPTION]..."),
		.summary = N_("Show processes of containers, by their ids outside and inside"),
		.options = ps_options,
		.examples = ps_examples,
		.statuses = verb_statuses,
		.exits = VERB_EXITS_READ,
		.page = "subid-list(1)",
	},
	.run = ps_run,
	.columns = { &ps_columns },
};
