/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * lap: one timed run of a program, for the stopwatches.
 *
 * They are small on purpose: a process that executes another passes its own peak memory
 * on. lap_own_peak() returns that; a smaller peak of a program cannot be measured.
 */
#ifndef BENCH_LAP_H
#define BENCH_LAP_H

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct lap {
	int64_t nanoseconds;
	int64_t processor; /* nanoseconds of it */
	long kib;
};

/* The messages of the programs are compared, not shown; their output is discarded. Our
 * own output and messages are not changed. */
static int messages = -1;
static int own_stderr = -1;
static posix_spawn_file_actions_t no_output;

__attribute__((format(printf, 1, 2), noreturn)) static void die(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vdprintf(own_stderr, format, arguments);
	va_end(arguments);
	dprintf(own_stderr, "\n");
	exit(EXIT_FAILURE);
}

static void lap_start(void)
{
	own_stderr = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	messages = memfd_create("messages", MFD_CLOEXEC);
	if (own_stderr < 0 || messages < 0 || dup2(messages, STDERR_FILENO) < 0 ||
	    posix_spawn_file_actions_init(&no_output) ||
	    posix_spawn_file_actions_addopen(&no_output, STDOUT_FILENO, "/dev/null",
					     O_WRONLY, 0))
		abort();
}

static int64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

static int64_t nanoseconds(struct timeval time)
{
	return time.tv_sec * INT64_C(1000000000) + time.tv_usec * INT64_C(1000);
}

static struct lap lap_run(char **argv, int *ret_status)
{
	struct rusage used;
	struct lap lap;
	int64_t start;
	pid_t pid;
	int r;

	start = now();
	r = posix_spawn(&pid, argv[0], &no_output, NULL, argv, environ);
	if (r)
		die("%s: %s", argv[0], strerror(r));
	if (wait4(pid, ret_status, 0, &used) != pid)
		die("wait4: %s", strerror(errno));
	lap.nanoseconds = now() - start;
	lap.processor = nanoseconds(used.ru_utime) + nanoseconds(used.ru_stime);
	lap.kib = used.ru_maxrss;
	return lap;
}

/* Returns the messages of the program, and clears them for the next one. */
static const char *lap_messages(void)
{
	static char text[1024];
	ssize_t n = pread(messages, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	if (ftruncate(messages, 0) || lseek(messages, 0, SEEK_SET) < 0)
		die("memfd: %s", strerror(errno));
	return text;
}

/* The peak memory of this program, in KiB. */
static long lap_own_peak(void)
{
	FILE *file = fopen("/proc/self/status", "re");
	char line[128];
	long kib = -1;

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "VmHWM: %ld", &kib) == 1)
			break;
	if (file)
		fclose(file);
	return kib;
}

static void lap_print(struct lap lap, char end)
{
	printf("%" PRId64 " %" PRId64 " %ld%c", lap.nanoseconds, lap.processor, lap.kib,
	       end);
}

#endif
