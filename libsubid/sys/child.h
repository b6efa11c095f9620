/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * child: starts and ends processes. No other file does.
 *
 * MUST: the child ends when its parent does, also if that has ended before the child
 * runs.
 *
 * MUST: the child has no descriptor but those that its caller lists. Unless 0 to 2 are
 * listed, there is nothing to read from them, and what is written to them is discarded.
 *
 * MUST: no handler of the parent runs in the child. Signals that the parent ignores stay
 * ignored, except SIGCHLD and with default_signals: they may come from a shared terminal.
 *
 * MUST: SIGHUP, SIGINT, SIGQUIT and SIGTERM end the parent, and the parent ends the
 * child.
 *
 * MUST: no core is dumped, no privilege is gained by execve(2), and the working directory
 * is `/`.
 *
 * MUST: the child leaves by _exit(2): it runs no exit handlers of the parent and flushes
 * none of its buffers.
 *
 * MUST: the parent waits for each child, for a limited time; a parent that is a child
 * itself has the time that its own parent gives it.
 */
#ifndef SUBID_CHILD_H
#define SUBID_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* The exit status of a child whose precautions failed: it did nothing. */
#define CHILD_NOT_RUN 127

/* A zeroed one takes all precautions. */
struct child_options {
	const int *kept; /* descriptors that stay open */
	size_t n_kept;
	int output; /* for descriptors 1 and 2; 0: output is discarded */
	/* The signal that the child gets when its parent ends; 0: SIGKILL. */
	int death_signal;
	/*
	 * For a program that is executed as the user would start it: no signal is
	 * blocked, execve(2) may grant privileges, the working directory is the parent's.
	 */
	bool program;
	/* All signals have their default action, also those that the parent ignores. */
	bool default_signals;
	/* The child leads a session; all its processes end with it. */
	bool session;
	/*
	 * For a library: the host may have threads, handle SIGCHLD and wait for any
	 * child. The end of the child sends no signal and no wait(2) without __WALL finds
	 * it. All signals are blocked. It may call nothing but the kernel.
	 */
	bool library;
};

struct child {
	pid_t pid; /* 0: there is none */
	bool session;
};

int child_start(struct child *ret_child, const struct child_options *options,
		int (*run)(void *context), void *context);
int child_end_with(pid_t parent, int death_signal);
bool child_has_ended(const struct child *child);
int child_end(struct child *child);
int child_wait(struct child *child);

static inline void child_cleanup(struct child *child)
{
	child_end(child);
}

#endif
