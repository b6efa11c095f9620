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
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "libsubid/sys/fd.h"
#include "libsubid/sys/plugin.h"
#include "mapwriter/apart.h"
#include "mapwriter/privilege.h"

/* What goes through the pipe first; behind it are @n ranges, and then comes the end. */
struct answer {
	long r; /* of plugin_ask_ranges() */
	size_t n;
};

static int write_all(int fd, const void *bytes, size_t len)
{
	const char *rest = bytes;

	while (len > 0) {
		ssize_t n = write(fd, rest, len);

		if (n < 0 && errno != EINTR)
			return -errno;
		rest += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
	return 0;
}

static int read_all(int fd, void *bytes, size_t len)
{
	char *rest = bytes;
	size_t n;
	int r;

	while (len > 0) {
		r = fd_read(fd, rest, len, &n);
		if (r)
			return r;
		if (n == 0)
			return PLUGIN_DIED;
		rest += n;
		len -= n;
	}
	return 0;
}

/* The plugin's messages would come before ours, whose first line has its fixed form. */
static int be_silent(void)
{
	int fd = open("/dev/null", O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	for (int standard = STDIN_FILENO; standard <= STDERR_FILENO; standard++)
		if (dup2(fd, standard) < 0)
			return -errno;
	fd_close(fd);
	return 0;
}

/* A parent that is gone by now sends no signal. */
static int end_with(pid_t parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0))
		return -errno;
	return getppid() == parent ? 0 : -ESRCH;
}

/* The child. Its status says nothing. */
static void tell(pid_t parent, int to, const char *folder, const char *name,
		 const char *owner, const struct kind *kind)
{
	CLEANUP(range_set_cleanup)
	struct range_set set = RANGE_SET(LIMIT_PLUGIN_ANSWER);
	struct privilege privilege = { .held = 0 };
	struct answer answer = { .r = privilege_keep(&privilege, 0) };

	if (answer.r == 0)
		answer.r = end_with(parent);
	if (answer.r == 0)
		answer.r = be_silent();
	if (answer.r == 0)
		answer.r = plugin_ask_ranges(folder, name, owner, kind, &set);
	answer.n = answer.r ? 0 : set.n;
	if (write_all(to, &answer, sizeof(answer)) == 0)
		write_all(to, set.ranges, answer.n * sizeof(*set.ranges));
}

static int read_ranges(int from, size_t n, struct range_set *set)
{
	CLEANUP(cleanup_free)
	struct range *ranges = reallocarray(NULL, n, sizeof(*ranges));
	int r;

	if (!ranges)
		return -ENOMEM;
	r = read_all(from, ranges, n * sizeof(*ranges));
	if (r)
		return r;
	for (size_t i = 0; i < n; i++)
		if (range_make(ranges[i].start, ranges[i].end - ranges[i].start,
			       &ranges[i]))
			return PLUGIN_LIES;
	return range_set_fill(set, ranges, n) ? -ENOMEM : 0;
}

static int read_answer(int from, struct range_set *set)
{
	struct answer answer;
	int r = read_all(from, &answer, sizeof(answer));

	if (r)
		return r;
	if (answer.r < -4095 || answer.r > PLUGIN_DIED || answer.n > LIMIT_PLUGIN_ANSWER)
		return PLUGIN_LIES;
	if (answer.r)
		return (int)answer.r;
	if (answer.n > 0)
		return read_ranges(from, answer.n, set);
	range_set_clear(set);
	return 0;
}

/*
 * Asks as plugin_ask_ranges() does, with what it returns, or PLUGIN_DIED.
 *
 * It waits as long as the plugin does not answer. Nothing is open for the child but the
 * pipe and what the program was started with.
 */
int apart_ask_ranges(const char *folder, const char *name, const char *owner,
		     const struct kind *kind, struct range_set *set)
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
		tell(parent, to, folder, name, owner, kind);
		_exit(0);
	}
	fd_cleanup(&to);
	r = read_answer(from, set);
	/* A caller who ignores SIGCHLD has let the kernel do it. */
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	return r;
}
