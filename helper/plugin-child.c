// SPDX-License-Identifier: BSD-3-Clause
/*
 * plugin-child: a plugin is foreign code, with libraries of its own. It runs in a child
 * process that has dropped every capability, and sends numbers through a pipe.
 *
 * MUST: no capability is left when the plugin is loaded.
 * MUST: data from the pipe is checked as if the caller had written it.
 * MUST: a plugin that exits or crashes its process has not answered, with any status.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "helper/plugin-child.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "libsubid/source/plugin.h"
#include "libsubid/sys/child.h"
#include "libsubid/sys/fd.h"
#include "libsubid/sys/wait.h"

/*
 * The first bytes in the pipe. After them come the extents that are denied, @n items, and
 * the end of the file.
 */
struct answer {
	long r; /* of plugin_ask_ranges() or plugin_ask_owners() */
	size_t denied;
	size_t n;
};

/* A question and its answer: ranges, or with @owners the users who have an id. */
struct plugin_question {
	bool owners;
	const struct kind *kind;
	const char *owner;
	struct plugin_extents *extents; /* NULL: none are asked about */
	struct range_set *set;
	uint32_t id;
	uid_t *uids;
	size_t n;
};

/* Waits until @end; 0: without a limit. */
static int read_all(int fd, int64_t end, void *bytes, size_t len)
{
	int r = wait_read(fd, end, bytes, len);

	if (r == WAIT_OVER)
		return PLUGIN_SLOW;
	return r == -ECONNRESET ? PLUGIN_DIED : r;
}

static int call_plugin(const struct plugin_child *plugin,
		       struct plugin_question *question)
{
	int r;

	if (question->owners)
		return plugin_ask_owners(plugin->directory, plugin->name, question->id,
					 question->kind, &question->uids, &question->n);
	r = plugin_ask_ranges(plugin->directory, plugin->name, question->owner,
			      question->kind, question->extents, question->set);
	question->n = r ? 0 : question->set->n;
	return r;
}

/* The arguments of the child. */
struct errand {
	const struct plugin_child *plugin;
	struct plugin_question *question;
	pid_t parent;
	int to;
};

static int disarm_and_ask(const struct errand *errand)
{
	int r = errand->plugin->disarm();

	/* @disarm may have changed ids, which clears the parent-death signal. */
	if (r == 0)
		r = child_end_with(errand->parent, 0);
	return r ? r : call_plugin(errand->plugin, errand->question);
}

/* Runs in the child. Its status is not used, and its end frees everything. */
static int send_plugin_answer(void *context)
{
	const struct errand *errand = context;
	const struct plugin_question *question = errand->question;
	struct answer answer = { .r = disarm_and_ask(errand) };

	answer.n = answer.r ? 0 : question->n;
	if (answer.r == 0 && question->extents)
		answer.denied = question->extents->denied.n;
	if (fd_write_all(errand->to, &answer, sizeof(answer)))
		return EXIT_FAILURE;
	if (question->owners)
		return fd_write_all(errand->to, question->uids,
				    answer.n * sizeof(*question->uids));
	if (answer.denied > 0 &&
	    fd_write_all(errand->to, question->extents->denied.ranges,
			 answer.denied * sizeof(struct range)))
		return EXIT_FAILURE;
	return fd_write_all(errand->to, question->set->ranges,
			    answer.n * sizeof(*question->set->ranges));
}

static int receive_ranges(int from, int64_t end, size_t n, struct range_set *set)
{
	CLEANUP(cleanup_free)
	struct range *ranges = reallocarray(NULL, n, sizeof(*ranges));
	int r;

	if (!ranges)
		return -ENOMEM;
	r = read_all(from, end, ranges, n * sizeof(*ranges));
	if (r)
		return r;
	for (size_t i = 0; i < n; i++)
		if (range_make(ranges[i].start, ranges[i].end - ranges[i].start,
			       &ranges[i]))
			return PLUGIN_LIES;
	return range_set_fill(set, ranges, n) ? -ENOMEM : 0;
}

static int read_uids(int from, int64_t end, size_t n, uid_t **ret_uids)
{
	CLEANUP(cleanup_free) uid_t *uids = reallocarray(NULL, n, sizeof(*uids));
	int r;

	if (!uids)
		return -ENOMEM;
	r = read_all(from, end, uids, n * sizeof(*uids));
	if (r == 0)
		*ret_uids = TAKE_PTR(uids);
	return r;
}

static int read_answer(int from, int64_t end, struct plugin_question *question)
{
	struct answer answer;
	int r = read_all(from, end, &answer, sizeof(answer));

	if (r)
		return r;
	if (answer.r < -4095 || answer.r > PLUGIN_DIED ||
	    answer.n > LIMIT_PLUGIN_ANSWER ||
	    answer.denied > (question->extents ? question->extents->denied.max : 0))
		return PLUGIN_LIES;
	if (answer.r)
		return (int)answer.r;
	if (answer.denied > 0)
		r = receive_ranges(from, end, answer.denied, &question->extents->denied);
	if (r)
		return r;
	if (answer.n == 0 && !question->owners)
		range_set_clear(question->set);
	else if (answer.n > 0)
		r = question->owners ? read_uids(from, end, answer.n, &question->uids) :
				       receive_ranges(from, end, answer.n, question->set);
	question->n = r ? 0 : answer.n;
	return r;
}

static int ask_in_child(const struct plugin_child *plugin,
			struct plugin_question *question)
{
	CLEANUP(child_cleanup) struct child child = { 0 };
	CLEANUP(fd_cleanup) int from = -1;
	struct errand errand = { plugin, question, getpid(), -1 };
	int ends[2], r;

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	from = ends[0];
	errand.to = ends[1];
	r = child_start(&child,
			&(struct child_options){ .kept = &errand.to, .n_kept = 1 },
			send_plugin_answer, &errand);
	fd_close(ends[1]);
	return r ? r : read_answer(from, plugin->end, question);
}

/*
 * Asks as plugin_ask_ranges() does. Returns as it does, PLUGIN_DIED or PLUGIN_SLOW. @set
 * changes only with 0.
 */
int plugin_child_ask_ranges(const struct plugin_child *plugin, const char *owner,
			    const struct kind *kind, struct plugin_extents *extents,
			    struct range_set *set)
{
	struct plugin_question question = {
		.kind = kind,
		.owner = owner,
		.extents = extents,
		.set = set,
	};

	return ask_in_child(plugin, &question);
}

/*
 * Asks as plugin_ask_owners() does. Returns as it does, PLUGIN_DIED or PLUGIN_SLOW.
 * ret_uids: to be freed; NULL if the id has no owner. Written with 0.
 */
int plugin_child_ask_owners(const struct plugin_child *plugin, uint32_t id,
			    const struct kind *kind, uid_t **ret_uids, size_t *ret_n)
{
	struct plugin_question question = { .owners = true, .kind = kind, .id = id };
	int r = ask_in_child(plugin, &question);

	if (r == 0) {
		*ret_uids = question.uids;
		*ret_n = question.n;
	}
	return r;
}
