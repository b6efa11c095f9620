// SPDX-License-Identifier: BSD-3-Clause
/*
 * doctor-mapping: maps a real namespace, with the map writers in PATH, as podman and
 * rootlesskit do: the user's own id is 0, and the delegated ids follow.
 *
 * Works with the map writers of shadow, too: the first line of messages is the same.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/core/idmap.h"
#include "libsubid/sys/child.h"
#include "libsubid/sys/fd.h"
#include "libsubid/sys/userns.h"
#include "libsubid/sys/wait.h"
#include "message/i18n.h"
#include "message/report.h"
#include "subid/doctor/doctor.h"

#define SAID_BYTES 4096
#define WORD_BYTES 24

/* The timeout of the name service. */
#define MAPPER_SECONDS 15

/* A call of a map writer and its result. */
struct attempt {
	const struct doctor_side *side;
	struct child child;
	struct idmap map;
	size_t bytes; /* size of the map */
	int error;    /* errno: it could not be started */
	int status;   /* as of waitpid(2) */
	bool late;    /* it did not end and was killed */
	size_t len;   /* length of its messages */
	char said[SAID_BYTES];
};

/* Maps 0 to the user's id, and the lines from 1 on. Returns false if too many. */
static bool make_map(const struct doctor_side *side, struct attempt *attempt)
{
	struct idmap *map = &attempt->map;
	uint64_t inner = 1;

	map->extents[map->n++] = (struct extent){
		.inner = 0,
		.outer = side->kind->group ? getgid() : getuid(),
		.count = 1,
	};
	for (size_t i = 0; i < side->n; i++) {
		struct range range = side->ranges[i];

		/* 4294967295 is not an id. */
		if (range.end == ID_END)
			range.end--;
		if (map->n == LIMIT_EXTENTS)
			return false;
		if (range.start == range.end || inner + range_count(range) > ID_NONE)
			continue;
		map->extents[map->n++] = (struct extent){
			.inner = (uint32_t)inner,
			.outer = (uint32_t)range.start,
			.count = (uint32_t)range_count(range),
		};
		inner += range_count(range);
	}
	return true;
}

/* Returns the arguments, in one allocation. */
static char **make_words(const struct attempt *attempt)
{
	size_t n = 2 + 3 * attempt->map.n;
	char **words = calloc(n + 1, sizeof(*words) + WORD_BYTES);
	char *text = words ? (char *)(words + n + 1) : NULL;

	if (!words)
		return NULL;
	for (size_t i = 0; i < n; i++)
		words[i] = text + i * WORD_BYTES;
	snprintf(words[0], WORD_BYTES, "%s", attempt->side->kind->mapper);
	snprintf(words[1], WORD_BYTES, "%d", (int)attempt->child.pid);
	for (size_t i = 0; i < attempt->map.n; i++) {
		const struct extent *extent = &attempt->map.extents[i];

		snprintf(words[2 + 3 * i], WORD_BYTES, "%" PRIu32, extent->inner);
		snprintf(words[3 + 3 * i], WORD_BYTES, "%" PRIu32, extent->outer);
		snprintf(words[4 + 3 * i], WORD_BYTES, "%" PRIu32, extent->count);
	}
	return words;
}

/* The arguments of the child that executes the program. */
struct child_command {
	const char *path;
	char **words;
	int error_out; /* receives the errno of execve(2); closed on success */
};

static int run_program(void *context)
{
	const struct child_command *call = context;
	int error;

	execve(call->path, call->words, environ);
	error = errno;
	fd_write_all(call->error_out, &error, sizeof(error));
	return EXIT_FAILURE;
}

/* Starts the program, its output in a pipe. Returns 0 or -errno, also of execve(2). */
static int start_program(const struct attempt *attempt, char **words, int out,
			 struct child *ret_child)
{
	struct child_command call = { attempt->side->mapper, words, -1 };
	CLEANUP(fd_cleanup) int error_in = -1;
	int ends[2], error, r;

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	error_in = ends[0];
	call.error_out = ends[1];
	r = child_start(ret_child,
			&(struct child_options){
				.kept = &call.error_out,
				.n_kept = 1,
				.output = out,
				.program = true,
			},
			run_program, &call);
	fd_close(ends[1]);
	if (r)
		return r;
	r = wait_read(error_in, NULL, 0, &error, sizeof(error));
	if (r == -ECONNRESET)
		return 0;
	child_end(ret_child);
	return r ? r : -error;
}

/* Keeps the beginning of the messages. */
static void keep_message(void *context, char *text, size_t n)
{
	struct attempt *attempt = context;
	size_t room = SAID_BYTES - 1 - attempt->len;

	if (n > room)
		n = room;
	memcpy(attempt->said + attempt->len, text, n);
	attempt->len += n;
	attempt->said[attempt->len] = '\0';
}

/* Reads the output of a map writer; kills it after the timeout. Returns 0 or -errno. */
static int wait_for_mapper(struct attempt *attempt, struct child *child, int in)
{
	int64_t end = wait_clock() + MAPPER_SECONDS * 1000;
	int r = doctor_listen(in, child, -1, end, keep_message, attempt);

	attempt->late = r == WAIT_OVER;
	attempt->status = child_end(child);
	return r < 0 ? r : 0;
}

static int run_mapper(struct attempt *attempt)
{
	CLEANUP(cleanup_free) char **words = make_words(attempt);
	struct child child;
	int ends[2], r = 0;

	if (!words)
		return -ENOMEM;
	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	attempt->error = -start_program(attempt, words, ends[1], &child);
	fd_close(ends[1]);
	if (attempt->error == 0)
		r = wait_for_mapper(attempt, &child, ends[0]);
	fd_close(ends[0]);
	return r;
}

static bool worked(const struct attempt *attempt)
{
	return attempt->error == 0 && !attempt->late && WIFEXITED(attempt->status) &&
	       WEXITSTATUS(attempt->status) == 0;
}

/* Returns the errno whose text follows the last colon of a line, or 0. */
static int error_in(const char *line)
{
	const char *colon = strrchr(line, ':');

	for (int error = 1; colon && error < 134; error++)
		if (strcmp(colon + 1, " ") != 0 && colon[1] == ' ' &&
		    strcmp(colon + 2, report_error(error)) == 0)
			return error;
	return 0;
}

/* Returns the step that a message of newuidmap(1) is about, or 0. */
static enum facts_step step_of(const char *line)
{
	if (strstr(line, ": write to "))
		return FACTS_WRITE;
	if (strstr(line, ": open of "))
		return FACTS_OPEN;
	if (strstr(line, "setgroups"))
		return FACTS_SETGROUPS;
	if (strstr(line, " is owned by a different user"))
		return FACTS_OWNER;
	if (strstr(line, "Cannot determine your user name"))
		return FACTS_CALLER;
	if (strstr(line, ": cannot open "))
		return FACTS_DATABASE;
	return 0;
}

static uint64_t bit(int capability)
{
	return (uint64_t)1 << capability;
}

/* Returns the capabilities that the write needs and the program lacks. */
static uint64_t lacking(const struct facts *facts)
{
	const struct facts_program *program = &facts->program;
	uint64_t needed = bit(facts->kind->group ? CAP_SETGID : CAP_SETUID), have = 0;
	bool lost;

	if (!facts->kind->group && idmap_maps_root(facts->map))
		needed |= bit(CAP_SETFCAP);
	lost = facts->no_new_privs || program->nosuid || program->traced ||
	       program->owner_unmapped;
	if (program->has_capabilities)
		have = program->capabilities;
	else if (program->setuid && program->owner == 0 && !program->no_root)
		have = ~(uint64_t)0;
	if (lost)
		have = 0;
	/* root needs no privilege of the file. */
	if (facts->uid == 0)
		have = ~(uint64_t)0;
	return needed & ~(have & program->bounding);
}

static int report_kernel(struct doctor *doctor, const struct attempt *attempt,
			 enum facts_step step, int error)
{
	char name[WORD_BYTES], directory[WORD_BYTES + 8];
	struct facts facts = doctor_facts(doctor, attempt->side->kind, NULL, step, error);
	int process;

	snprintf(name, sizeof(name), "%d", (int)attempt->child.pid);
	snprintf(directory, sizeof(directory), "/proc/%s", name);
	process = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	facts.map = &attempt->map;
	facts.target.name = name;
	facts.no_new_privs = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) > 0;
	facts_gather_target(&facts, process, attempt->child.pid);
	facts_gather_namespace(&facts);
	facts_gather_program_file(&facts, attempt->side->mapper);
	facts.lacking = lacking(&facts);
	fd_close(process);
	return doctor_report_bad(doctor, "mapping", &facts);
}

static int report_database(struct doctor *doctor, const struct attempt *attempt,
			   int error)
{
	CLEANUP(dbfile_cleanup) struct dbfile file = DBFILE_UNOPENED;
	struct facts facts =
		doctor_facts(doctor, attempt->side->kind, NULL, FACTS_DATABASE, error);

	dbfile_open(attempt->side->kind->path, &file);
	dbfile_vet(&file);
	facts.file = &file;
	facts_gather_file(&facts);
	return doctor_report_bad(doctor, "mapping", &facts);
}

static int report_owner(struct doctor *doctor, const struct attempt *attempt,
			enum facts_step step)
{
	struct facts facts = doctor_facts(doctor, attempt->side->kind, NULL, step, 0);

	facts.target.uid = facts.uid;
	facts.target.gid = facts.gid;
	return doctor_report_bad(doctor, "mapping", &facts);
}

static int report_late(struct doctor *doctor, const struct attempt *attempt)
{
	char text[PATH_MAX + 64];

	snprintf(text, sizeof(text), _("%s does not end"), attempt->side->mapper);
	return doctor_report_words(doctor, "mapping", attempt->side->kind, text);
}

/* Reports why the map writer failed. */
static int report_failure(struct doctor *doctor, struct attempt *attempt)
{
	char *newline = strchr(attempt->said, '\n');
	enum facts_step step;
	int error;

	if (newline)
		*newline = '\0';
	/* With file capabilities execve(2) fails if the bounding set lacks them. */
	if (attempt->error == EPERM)
		return report_kernel(doctor, attempt, FACTS_WRITE, EPERM);
	if (attempt->error)
		return doctor_report_words(doctor, "mapping", attempt->side->kind,
					   report_error(attempt->error));
	if (attempt->late)
		return report_late(doctor, attempt);
	step = step_of(attempt->said);
	error = error_in(attempt->said);
	switch ((int)step) {
	case FACTS_SETGROUPS:
		return report_kernel(doctor, attempt, step, EPERM);
	case FACTS_WRITE:
	case FACTS_OPEN:
		return report_kernel(doctor, attempt, step, error);
	case FACTS_DATABASE:
		return report_database(doctor, attempt, error);
	case FACTS_OWNER:
	case FACTS_CALLER:
		return report_owner(doctor, attempt, step);
	default:
		return doctor_report_words(doctor, "mapping", attempt->side->kind,
					   attempt->said);
	}
}

static int report_extents(struct doctor *doctor, const struct attempt *attempt,
			  bool too_many, int clash, size_t a, size_t b)
{
	struct facts facts =
		doctor_facts(doctor, attempt->side->kind, NULL, FACTS_EXTENTS, EINVAL);

	facts.map = &attempt->map;
	facts.too_many = too_many;
	facts.clash = clash;
	facts.clash_a = a;
	facts.clash_b = b;
	if (clash == IDMAP_CLASH_OUTER)
		facts_gather_twice(&facts);
	if (!too_many && !clash) {
		facts.bytes = attempt->bytes;
		facts.bytes_max = userns_map_limit();
	}
	return doctor_report_bad(doctor, "mapping", &facts);
}

/* Reports a map that every kernel refuses. Returns whether it is one. */
static bool is_impossible(struct doctor *doctor, struct attempt *attempt, bool too_many,
			  int *ret_status)
{
	char text[LIMIT_EXTENTS * IDMAP_LINE_BYTES];
	size_t a = 0, b = 0;
	int clash = idmap_clash(&attempt->map, &a, &b);

	attempt->bytes = idmap_render(&attempt->map, text, sizeof(text));
	if (!too_many && !clash && attempt->bytes <= userns_map_limit())
		return false;
	*ret_status = report_extents(doctor, attempt, too_many, clash, a, b);
	return true;
}

static int map_one(struct doctor *doctor, struct doctor_side *side)
{
	struct attempt attempt = { .side = side, .child = doctor->mapped.child };
	bool too_many = !make_map(side, &attempt);
	int status = 0, r;

	if (is_impossible(doctor, &attempt, too_many, &status))
		return status;
	r = run_mapper(&attempt);
	if (r)
		return verb_fail(-r);
	if (!worked(&attempt))
		return report_failure(doctor, &attempt);
	side->map = attempt.map;
	return doctor_report_good(doctor, "mapping", side->kind,
				  _("%zu extents are mapped"), attempt.map.n);
}

/* Maps a namespace with all delegated ids. */
int doctor_mapping(struct doctor *doctor)
{
	int error = 0, r;

	r = doctor_child_start(&doctor->mapped, false, &error);
	if (r == 0 && error)
		r = -error;
	if (r)
		r = verb_fail(-r);
	else
		r = map_one(doctor, &doctor->sides[0]);
	if (r == 0)
		r = map_one(doctor, &doctor->sides[1]);
	return r;
}
