// SPDX-License-Identifier: BSD-3-Clause
/*
 * apart: a plugin is code of the site's, and whatever it links. It runs in a child
 * process that has given up every capability, and tells us numbers through a pipe.
 *
 * MUST: no capability is left when the plugin is loaded.
 * MUST: what comes through the pipe is checked as if the caller had written it.
 * MUST: a plugin that ends or wrecks its process has not answered, whatever the status.
 * MUST: the child does not outlive the program: nobody would wait for it any more.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/apart.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "libsubid/sys/fd.h"
#include "libsubid/sys/plugin.h"
#include "libsubid/sys/wait.h"

/* What goes through the pipe first; behind it are @n items, and then comes the end. */
struct answer {
	long r; /* of plugin_ask_ranges() or plugin_ask_owners() */
	size_t n;
};

/* What is asked, and what comes back: ranges, or with @owners whose an id is. */
struct question {
	bool owners;
	const struct kind *kind;
	const char *owner;
	struct range_set *set;
	uint32_t id;
	uid_t *uids;
	size_t n;
};

/* Waits until @end, or as long as it takes with 0. */
static int read_all(int fd, int64_t end, void *bytes, size_t len)
{
	int r = wait_read(fd, end, bytes, len);

	if (r == WAIT_OVER)
		return PLUGIN_SLOW;
	return r == -ECONNRESET ? PLUGIN_DIED : r;
}

/*
 * The plugin's messages would come before ours, whose first line has its fixed form. What
 * else is open is not its business; where a filter of system calls has no close_range(2)
 * it stays open.
 */
static int be_silent(int to)
{
	int fd = open("/dev/null", O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	for (int standard = STDIN_FILENO; standard <= STDERR_FILENO; standard++)
		if (dup2(fd, standard) < 0)
			return -errno;
	fd_close_others(STDERR_FILENO + 1, to, -1);
	return 0;
}

/* A parent that is gone by now sends no signal. */
static int end_with(pid_t parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0))
		return -errno;
	return getppid() == parent ? 0 : -ESRCH;
}

static int ask_plugin(const struct apart *apart, struct question *question)
{
	int r;

	if (question->owners)
		return plugin_ask_owners(apart->folder, apart->name, question->id,
					 question->kind, &question->uids, &question->n);
	r = plugin_ask_ranges(apart->folder, apart->name, question->owner, question->kind,
			      question->set);
	question->n = r ? 0 : question->set->n;
	return r;
}

/* The child. Its status says nothing, and its end frees everything. */
static void tell(const struct apart *apart, pid_t parent, int to,
		 struct question *question)
{
	struct answer answer = { .r = apart->disarm() };

	if (answer.r == 0)
		answer.r = end_with(parent);
	if (answer.r == 0)
		answer.r = be_silent(to);
	if (answer.r == 0)
		answer.r = ask_plugin(apart, question);
	answer.n = answer.r ? 0 : question->n;
	if (fd_write_all(to, &answer, sizeof(answer)))
		return;
	if (question->owners)
		fd_write_all(to, question->uids, answer.n * sizeof(*question->uids));
	else
		fd_write_all(to, question->set->ranges,
			     answer.n * sizeof(*question->set->ranges));
}

static int read_ranges(int from, int64_t end, size_t n, struct range_set *set)
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

static int read_answer(int from, int64_t end, struct question *question)
{
	struct answer answer;
	int r = read_all(from, end, &answer, sizeof(answer));

	if (r)
		return r;
	if (answer.r < -4095 || answer.r > PLUGIN_DIED || answer.n > LIMIT_PLUGIN_ANSWER)
		return PLUGIN_LIES;
	if (answer.r)
		return (int)answer.r;
	if (answer.n == 0 && !question->owners)
		range_set_clear(question->set);
	else if (answer.n > 0)
		r = question->owners ? read_uids(from, end, answer.n, &question->uids) :
				       read_ranges(from, end, answer.n, question->set);
	question->n = r ? 0 : answer.n;
	return r;
}

static int ask(const struct apart *apart, struct question *question)
{
	CLEANUP(fd_cleanup) int from = -1;
	CLEANUP(fd_cleanup) int to = -1;
	int ends[2], r;
	pid_t child, parent = getpid();

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	from = ends[0];
	to = ends[1];
	child = fork();
	if (child < 0)
		return -errno;
	if (child == 0) {
		fd_cleanup(&from);
		tell(apart, parent, to, question);
		_exit(0);
	}
	fd_cleanup(&to);
	r = read_answer(from, apart->end, question);
	/* Without an answer it may be anywhere, and would be waited for. */
	if (r)
		kill(child, SIGKILL);
	fd_cleanup(&from);
	/* A caller who ignores SIGCHLD has let the kernel do it. */
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	return r;
}

/*
 * Asks as plugin_ask_ranges() does, with what it returns, PLUGIN_DIED or PLUGIN_SLOW. The
 * set changes only with 0.
 */
int apart_ask_ranges(const struct apart *apart, const char *owner,
		     const struct kind *kind, struct range_set *set)
{
	struct question question = { .kind = kind, .owner = owner, .set = set };

	return ask(apart, &question);
}

/*
 * Asks as plugin_ask_owners() does, with what it returns, PLUGIN_DIED or PLUGIN_SLOW.
 * ret_uids: to be freed; NULL where there is nobody. Written with 0.
 */
int apart_ask_owners(const struct apart *apart, uint32_t id, const struct kind *kind,
		     uid_t **ret_uids, size_t *ret_n)
{
	struct question question = { .owners = true, .kind = kind, .id = id };
	int r = ask(apart, &question);

	if (r == 0) {
		*ret_uids = question.uids;
		*ret_n = question.n;
	}
	return r;
}
