// SPDX-License-Identifier: BSD-3-Clause
/*
 * progress: a progress line on stderr, if that is a terminal.
 *
 * A child process prints it, so that it is updated while the program waits for a lock,
 * the name service or a disk, and no signal interrupts the program. Both share the memory
 * with the current state. The child leaves the cursor at the beginning of the line, so
 * that a message of the program overwrites it. The line never wraps, since only one line
 * of the screen is erased. Only this file has a static variable:
 * there is one terminal, and an argument would have to pass through every function that
 * prints.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "command/text-width.h"
#include "libsubid/core/num.h"
#include "libsubid/core/printable.h"
#include "libsubid/sys/child.h"
#include "libsubid/sys/fd.h"
#include "libsubid/sys/wait.h"
#include "message/report.h"
#include "subid/verb/progress.h"
#include "subid/verb/terminal.h"
#include "subid/verb/verb.h"

#define FIRST_AFTER 1000 /* in milliseconds, as EACH */
#define EACH	    200
#define WHAT_BYTES  256

#define WHAT_SHOWN_BYTES (2 * WHAT_BYTES)

#define WIPE "\r\033[K"

struct shared {
	char what[WHAT_BYTES]; /* untrusted; read by the child while it changes */
	_Atomic uint64_t done;
	_Atomic uint64_t total; /* 0: unknown */
	atomic_bool shown;
};

static struct {
	struct child child;
	struct shared *shared;
} progress;

/* A background process must not write to the terminal. */
static bool is_ours(void)
{
	pid_t foreground = tcgetpgrp(STDERR_FILENO);

	return foreground < 0 || foreground == getpgrp();
}

/* Waits. Returns true if a signal came first; then it has erased the line. */
static bool was_ended(const struct shared *shared, const sigset_t *ends,
		      int64_t milliseconds)
{
	const struct timespec time = { .tv_sec = (time_t)(milliseconds / 1000),
				       .tv_nsec = (long)(milliseconds % 1000 * 1000000) };

	if (sigtimedwait(ends, NULL, &time) < 0)
		return false;
	if (shared->shown && is_ours() &&
	    write(STDERR_FILENO, WIPE, sizeof(WIPE) - 1) < 0)
		_exit(EXIT_FAILURE);
	return true;
}

/* Makes the text printable. The parent may change it meanwhile, so copy it first. */
static void read_what(const struct shared *shared, char what[static WHAT_SHOWN_BYTES])
{
	char copy[WHAT_BYTES];

	memcpy(copy, shared->what, sizeof(copy));
	printable_copy(what, WHAT_SHOWN_BYTES, copy, strnlen(copy, sizeof(copy)),
		       report_charset());
}

/* Shortens the text, so that the line with @rest is narrower than the screen. */
static void cut_what(char what[static WHAT_SHOWN_BYTES], const char *rest)
{
	struct terminal_size size;
	size_t taken = strlen(PROGRAM ": ") + strlen(rest) + 1, cells;

	terminal_size(STDERR_FILENO, &size);
	what[text_width_fit(what, size.width > taken ? size.width - taken : 0, &cells)] =
		'\0';
}

static void show_progress(struct shared *shared, int64_t seconds)
{
	uint64_t done = shared->done, total = shared->total;
	char what[WHAT_SHOWN_BYTES], rest[NUM_BYTES + sizeof(":  %")];
	char text[sizeof(what) + WHAT_BYTES];
	int n;

	if (!is_ours())
		return;
	read_what(shared, what);
	if (what[0] == '\0')
		snprintf(rest, sizeof(rest), "%" PRId64 " s", seconds);
	else if (total)
		snprintf(rest, sizeof(rest), ": %" PRIu64 " %%",
			 done >= total ? 100 : 100 * done / total);
	else
		snprintf(rest, sizeof(rest), ": %" PRIu64, done);
	cut_what(what, rest);
	n = snprintf(text, sizeof(text), WIPE "%s: %s%s\r", PROGRAM, what, rest);
	shared->shown = true;
	if (n < 0 || write(STDERR_FILENO, text, (size_t)n) < 0)
		_exit(EXIT_FAILURE);
}

/* Runs in the child. The kernel sends SIGTERM when the parent dies. */
static int run_progress(void *context)
{
	struct shared *shared = context;
	int64_t begin = wait_clock();
	sigset_t ends, output;

	sigemptyset(&ends);
	sigaddset(&ends, SIGHUP);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGQUIT);
	sigaddset(&ends, SIGTERM);
	/* SIGTTOU would stop the whole process group, and the program may hold locks. */
	sigemptyset(&output);
	sigaddset(&output, SIGTTOU);
	sigprocmask(SIG_BLOCK, &output, NULL);
	for (int64_t time = FIRST_AFTER; !was_ended(shared, &ends, time); time = EACH)
		show_progress(shared, (wait_clock() - begin) / 1000);
	return EXIT_SUCCESS;
}

/* Starts the child if stderr is a terminal. Errors are ignored. */
void progress_start(void)
{
	const struct child_options options = {
		.kept = (const int[]){ STDERR_FILENO },
		.n_kept = 1,
		.death_signal = SIGTERM,
	};

	if (!isatty(STDERR_FILENO))
		return;
	progress.shared = mmap(NULL, sizeof(*progress.shared), PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (progress.shared == MAP_FAILED)
		return;
	child_start(&progress.child, &options, run_progress, progress.shared);
}

/*
 * Sets the state to show. Cheap enough to be called every thousand lines.
 *
 * what: the current file or task.
 * total: 0 if unknown; then @done is shown as a count.
 */
void progress_show(const char *what, uint64_t done, uint64_t total)
{
	size_t len = strnlen(what, WHAT_BYTES - 1);

	if (progress.child.pid <= 0)
		return;
	memcpy(progress.shared->what, what, len);
	progress.shared->what[len] = '\0';
	progress.shared->done = done;
	progress.shared->total = total;
}

/* Returns whether output goes to a terminal, or to a pipe and so perhaps to a pager. */
static bool is_watched(void)
{
	struct stat status;

	return fstat(STDOUT_FILENO, &status) == 0 &&
	       (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode) ||
		isatty(STDOUT_FILENO));
}

/* Call before the first row: ends the progress line if rows may be on the terminal. */
void progress_rows(void)
{
	if (progress.child.pid > 0 && is_watched())
		progress_end();
}

/* Erases the line and ends the child. */
void progress_end(void)
{
	if (progress.child.pid <= 0)
		return;
	child_end(&progress.child);
	if (progress.shared->shown && is_ours())
		fputs(WIPE, stderr);
}
