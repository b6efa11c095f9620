// SPDX-License-Identifier: BSD-3-Clause
/*
 * callwatch: times one call of two libraries in turn, each in its own process.
 *
 *	callwatch RUNS load|ranges|owners|grant|revoke A B
 *
 * A and B are files of the libraries, or B is `-`: a plain pass over the lines of
 * /etc/subuid. `load` times only dlopen(3), the others a call of a loaded library about
 * elsa or one of her ids. A granted range is revoked again, which is not timed. Each run
 * is a line of output: elapsed nanoseconds, nanoseconds on a processor, and peak memory
 * in KiB of A, then of B.
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

static struct subordinate_range granted = { "elsa", 0, 65536 };

static void ask_grant(void *library)
{
	bool (*grant)(struct subordinate_range *, bool);

	*(void **)&grant = dlsym(library, "subid_grant_uid_range");
	if (!grant || !grant(&granted, false) || granted.start == 0)
		die("not granted");
}

static void ask_revoke(void *library)
{
	bool (*revoke)(struct subordinate_range *);

	*(void **)&revoke = dlsym(library, "subid_ungrant_uid_range");
	if (!revoke || !revoke(&granted))
		die("not revoked");
}

/* Instead of a library: the least that reading all lines needs. */
static void pass(void *library)
{
	static char buffer[64 * 1024];
	int fd = open("/etc/subuid", O_RDONLY | O_CLOEXEC);
	size_t lines = 0;
	ssize_t n;

	(void)library;
	while ((n = read(fd, buffer, sizeof(buffer))) > 0)
		for (const char *at = buffer, *end = buffer + n;
		     (at = memchr(at, '\n', (size_t)(end - at))); at++)
			lines++;
	close(fd);
	if (n < 0 || lines == 0)
		die("/etc/subuid: no lines");
}

static const struct question {
	const char *name;
	void (*before)(void *);
	void (*ask)(void *);
	void (*after)(void *);
} questions[] = {
	{ "load", NULL, NULL, NULL },
	{ "ranges", NULL, ask_ranges, NULL },
	{ "owners", NULL, ask_owners, NULL },
	{ "grant", NULL, ask_grant, ask_revoke },
	{ "revoke", ask_grant, ask_revoke, NULL },
};

static const struct question plain = { "-", NULL, pass, NULL };

static void *load(const char *path)
{
	void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);

	if (!library)
		die("%s", dlerror());
	return library;
}

/* In the child: only what is timed. */
static struct lap measure(const char *path, const struct question *question)
{
	int64_t start = now(), used = processor();
	void *library = question == &plain ? NULL : load(path);
	struct lap lap;

	if (question->before)
		question->before(library);
	if (question->ask) {
		start = now();
		used = processor();
		question->ask(library);
	}
	lap.nanoseconds = now() - start;
	lap.processor = processor() - used;
	lap.kib = lap_own_peak();
	if (question->after)
		question->after(library);
	return lap;
}

static struct lap one(const char *path, const struct question *question)
{
	int ends[2], status;
	struct lap lap;
	pid_t pid;

	/* A library may flush it, too. */
	fflush(stdout);
	if (pipe2(ends, O_CLOEXEC) || (pid = fork()) < 0)
		die("fork: %s", strerror(errno));
	if (pid == 0) {
		lap = measure(path, strcmp(path, "-") == 0 ? &plain : question);
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
	const struct question *question = questions;
	const struct question *end = question + sizeof(questions) / sizeof(*questions);

	lap_start();
	if (argc != 5)
		die("four arguments");
	while (question < end && strcmp(question->name, argv[2]) != 0)
		question++;
	if (question == end)
		die("load, ranges, owners, grant or revoke");
	for (int i = atoi(argv[1]); i > 0; i--) {
		lap_print(one(argv[3], question), ' ');
		lap_print(one(argv[4], question), '\n');
	}
	return 0;
}
