// SPDX-License-Identifier: BSD-3-Clause
/*
 * callwatch: times one call of two libraries, in turn, each in a process of its own.
 *
 *	callwatch RUNS load|ranges|owners A B
 *
 * A and B are files of the libraries. `load` is dlopen(3) alone, the others a call of a
 * library that is loaded already, about elsa or an id of hers. Each run is a line of
 * output: nanoseconds, those on a processor, and peak memory in KiB of A, then of B.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <shadow/subid.h>

#include "lap.h"

#define ID 4200000005U

static int64_t processor(void)
{
	struct timespec time;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

static void ask_ranges(void *library)
{
	int (*get)(const char *, struct subid_range **);
	struct subid_range *ranges;

	*(void **)&get = dlsym(library, "subid_get_uid_ranges");
	if (!get || get("elsa", &ranges) != 1 || ranges[0].start != 4200000000U)
		die("the ranges are wrong");
}

static void ask_owners(void *library)
{
	int (*get)(uid_t, uid_t **);
	uid_t *owners;

	*(void **)&get = dlsym(library, "subid_get_uid_owners");
	if (!get || get(ID, &owners) != 1 || owners[0] != 5001)
		die("the owners are wrong");
}

/* In the child: what is timed, and nothing else. */
static struct lap measure(const char *path, void (*ask)(void *))
{
	struct lap lap;
	int64_t start = now(), used = processor();
	void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);

	if (!library)
		die("%s", dlerror());
	if (ask) {
		start = now();
		used = processor();
		ask(library);
	}
	lap.nanoseconds = now() - start;
	lap.processor = processor() - used;
	lap.kib = lap_own_peak();
	return lap;
}

static struct lap one(const char *path, void (*ask)(void *))
{
	int ends[2], status;
	struct lap lap;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) || (pid = fork()) < 0)
		die("fork: %s", strerror(errno));
	if (pid == 0) {
		lap = measure(path, ask);
		_exit(write(ends[1], &lap, sizeof(lap)) != sizeof(lap));
	}
	close(ends[1]);
	if (read(ends[0], &lap, sizeof(lap)) != sizeof(lap) ||
	    waitpid(pid, &status, 0) != pid || status != 0)
		die("%s: no answer", path);
	close(ends[0]);
	return lap;
}

int main(int argc, char **argv)
{
	void (*ask)(void *) = NULL;

	lap_start();
	if (argc != 5)
		die("four arguments");
	if (strcmp(argv[2], "ranges") == 0)
		ask = ask_ranges;
	else if (strcmp(argv[2], "owners") == 0)
		ask = ask_owners;
	else if (strcmp(argv[2], "load") != 0)
		die("load, ranges or owners");
	for (int i = atoi(argv[1]); i > 0; i--) {
		lap_print(one(argv[3], ask), ' ');
		lap_print(one(argv[4], ask), '\n');
	}
	return 0;
}
