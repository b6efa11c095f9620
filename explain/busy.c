// SPDX-License-Identifier: BSD-3-Clause
/*
 * busy: looks through /proc for processes that run with certain ids.
 *
 * MUST: a process that could not be read is an error, and never "no process". Each thread
 * has ids of its own; a thread that has ended, reaped or not, uses none. Supplementary
 * groups count, since they open files as the other gids do.
 */
#include <errno.h>
#include <fcntl.h>

#include "explain/busy.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/sys/fd.h"
#include "libsubid/sys/process.h"

struct busy_search {
	const struct busy_ids *wanted;
	size_t n;
	busy_take_fn take;
	void *context;
	struct busy_process found;
};

/* Returns 1, 0 or -errno. */
static int is_in_other_namespace(int process)
{
	CLEANUP(fd_cleanup)
	int self = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	ino_t ours = 0, theirs = 0;
	int r;

	if (self < 0)
		return -errno;
	r = process_userns(self, &ours);
	if (r == 0)
		r = process_userns(process, &theirs);
	return r ? r : ours != theirs;
}

/* Whether a process runs with wanted ids. Returns 1, 0 or -errno. */
static int uses(const struct busy_ids *wanted, int process,
		const struct process_status *status, uint32_t *ret_id)
{
	int r = process_find_id(status, wanted->kind, wanted->ids, ret_id);

	return r > 0 && wanted->other_namespace ? is_in_other_namespace(process) : r;
}

static int look_at_thread(pid_t tid, int thread, void *context)
{
	CLEANUP(process_status_cleanup) struct process_status status = { 0 };
	struct busy_search *search = context;
	int r = process_read_status(thread, &status);

	(void)tid;
	if (r || process_has_ended(&status))
		return r;
	for (size_t i = 0; r == 0 && i < search->n; i++) {
		r = uses(&search->wanted[i], thread, &status, &search->found.id);
		if (r <= 0)
			continue;
		search->found.kind = search->wanted[i].kind;
		process_name(&status, search->found.name);
	}
	return r;
}

static int look_at_process(pid_t pid, int process, void *context)
{
	CLEANUP(process_status_cleanup) struct process_status status = { 0 };
	struct busy_search *search = context;
	int r = processes_each_thread(process, look_at_thread, search);

	if (r <= 0)
		return r;
	search->found.pid = pid;
	/* A thread may have another name. */
	if (process_read_status(process, &status) == 0)
		process_name(&status, search->found.name);
	return search->take(&search->found, search->context);
}

/*
 * Finds the processes with a thread that runs with one of the ids in @n sets: real,
 * effective or saved, or for gids a supplementary group; each process once.
 * Returns 0, what @take returned, or -errno if some processes could not be read; all
 * others were passed to @take.
 */
int busy_find(const struct busy_ids *wanted, size_t n, busy_take_fn take, void *context)
{
	struct busy_search search = {
		.wanted = wanted, .n = n, .take = take, .context = context
	};

	return processes_each(look_at_process, &search);
}

static int note_process(const struct busy_process *process, void *context)
{
	(void)process;
	*(bool *)context = true;
	return 1;
}

/* Whether a process that the caller can see runs with one of the ids. */
bool busy_uses(const struct kind *kind, const struct range_set *ids)
{
	const struct busy_ids wanted = { .kind = kind, .ids = ids };
	bool found = false;

	busy_find(&wanted, 1, note_process, &found);
	return found;
}

/*
 * As busy_find(), for all ids of a kind: passes a process once for each id between @ids
 * that one of its threads runs with.
 */

struct id_list {
	const struct kind *kind;
	struct range ids;
	busy_take_fn take;
	void *context;
	pid_t pid;
};

static int list_thread(pid_t tid, int thread, void *context)
{
	CLEANUP(process_status_cleanup) struct process_status status = { 0 };
	CLEANUP(range_set_cleanup) struct range_set wanted = RANGE_SET(SIZE_MAX);
	struct id_list *list = context;
	struct busy_process found = { .pid = list->pid, .kind = list->kind };
	int r = process_read_status(thread, &status);

	(void)tid;
	if (r || process_has_ended(&status))
		return r;
	process_name(&status, found.name);
	r = range_set_add(&wanted, list->ids);
	while (r == 0 &&
	       (r = process_find_id(&status, list->kind, &wanted, &found.id)) > 0) {
		r = list->take(&found, list->context);
		if (r == 0)
			r = range_set_subtract(
				&wanted,
				(struct range){ found.id, (uint64_t)found.id + 1 });
	}
	return r;
}

static int list_process(pid_t pid, int process, void *context)
{
	struct id_list *list = context;

	list->pid = pid;
	return processes_each_thread(process, list_thread, list);
}

int busy_each_id(const struct kind *kind, struct range ids, busy_take_fn take,
		 void *context)
{
	struct id_list list = {
		.kind = kind, .ids = ids, .take = take, .context = context
	};

	return processes_each(list_process, &list);
}
