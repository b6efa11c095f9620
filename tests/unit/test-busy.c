// SPDX-License-Identifier: BSD-3-Clause
/*
 * Which processes use an id in any of their threads. A process that cannot be inspected
 * does not end the search.
 */
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "explain/busy.h"
#include "tests/unit/unit.h"

#ifdef SYS_setresuid32
#define SETRESUID SYS_setresuid32
#else
#define SETRESUID SYS_setresuid
#endif

/* No other process runs with them, since tests run in parallel. */
#define WANTED 4000000123U
#define OTHER  4000000124U

static int ready[2];

static void wait_for_signal(void)
{
	if (write(ready[1], "+", 1) == 1)
		pause();
	_exit(1);
}

/* The system call changes the ids of this thread alone. */
static void *become_wanted(void *unused)
{
	(void)unused;
	if (syscall(SETRESUID, WANTED, WANTED, WANTED) == 0)
		wait_for_signal();
	_exit(1);
}

static void run_thread(void)
{
	pthread_t thread;

	prctl(PR_SET_NAME, "process");
	if (pthread_create(&thread, NULL, become_wanted, NULL) == 0)
		pthread_join(thread, NULL);
}

static void end_first_thread(void)
{
	pthread_t thread;

	prctl(PR_SET_NAME, "process");
	if (pthread_create(&thread, NULL, become_wanted, NULL) == 0)
		pthread_exit(NULL);
}

static void refuse_look(void)
{
	if (prctl(PR_SET_DUMPABLE, 0) == 0)
		wait_for_signal();
}

static void enter_namespace(void)
{
	if (prctl(PR_SET_DUMPABLE, 1) == 0 && unshare(CLONE_NEWUSER) == 0)
		wait_for_signal();
}

/* Starts a child that calls @body; returns when it is ready; 0: it has failed. */
static pid_t start(void (*body)(void))
{
	char byte;
	pid_t pid;

	if (pipe2(ready, O_CLOEXEC) != 0)
		return 0;
	pid = fork();
	if (pid == 0) {
		fd_close(ready[0]);
		alarm(CHILD_SECONDS);
		body();
		_exit(1);
	}
	fd_close(ready[1]);
	if (pid > 0 && read(ready[0], &byte, 1) != 1) {
		waitpid(pid, NULL, 0);
		pid = 0;
	}
	fd_close(ready[0]);
	return pid < 0 ? 0 : pid;
}

static void stop(pid_t pid)
{
	if (pid <= 0)
		return;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

struct listing {
	struct busy_process last;
	size_t n;
};

static int take(const struct busy_process *process, void *context)
{
	struct listing *listing = context;

	listing->last = *process;
	listing->n++;
	return 0;
}

static int find(uint32_t uid, bool other_namespace, struct listing *ret_listing)
{
	CLEANUP(range_set_cleanup) struct range_set ids = RANGE_SET(1);
	const struct busy_ids wanted = { .kind = &kind_uid,
					 .ids = &ids,
					 .other_namespace = other_namespace };

	*ret_listing = (struct listing){ 0 };
	if (range_set_add(&ids, (struct range){ uid, (uint64_t)uid + 1 }))
		return -EINVAL;
	return busy_find(&wanted, 1, take, ret_listing);
}

static const char *find_thread(void *context)
{
	void (*const bodies[])(void) = { run_thread, end_first_thread };
	struct listing listing;

	(void)context;
	if (geteuid() != 0)
		return CHILD_SKIP "needs root";
	for (size_t i = 0; i < COUNT_OF(bodies); i++) {
		pid_t pid = start(bodies[i]);
		int r = find(WANTED, false, &listing);

		stop(pid);
		CHILD_ASSERT(pid > 0 && r == 0);
		CHILD_ASSERT(listing.n == 1 && listing.last.pid == pid);
		CHILD_ASSERT(listing.last.id == WANTED);
		CHILD_ASSERT(strcmp(listing.last.name, "process") == 0);
	}
	CHILD_ASSERT(find(WANTED, false, &listing) == 0 && listing.n == 0);
	return NULL;
}

/* A thread that is not the first one has the id; the first one runs, or has ended. */
Test(busy, thread)
{
	child_run(find_thread, NULL);
}

static const char *find_behind(void *context)
{
	struct listing listing;
	pid_t closed, inside;
	int r;

	(void)context;
	if (geteuid() == 0)
		CHILD_ASSERT(setresuid(OTHER, OTHER, OTHER) == 0);
	closed = start(refuse_look);
	inside = start(enter_namespace);
	r = find(geteuid(), true, &listing);
	stop(closed);
	stop(inside);
	if (!inside)
		return CHILD_SKIP "no namespaces for this user";
	CHILD_ASSERT(closed > 0 && r == -EACCES);
	CHILD_ASSERT(listing.n > 0 && listing.last.pid >= inside);
	return NULL;
}

/* The namespace of one process is unknown; the process after it is found nevertheless. */
Test(busy, not_judged)
{
	child_run(find_behind, NULL);
}
