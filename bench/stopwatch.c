// SPDX-License-Identifier: BSD-3-Clause
/*
 * stopwatch RUNS EXPECT PROGRAM INNER OUTER COUNT ... -- EXPECT PROGRAM ...: times two
 * commands of map writers in turn, A B A B, and prints for each pair one line: of A and
 * of B the nanoseconds, those on a processor, and the peak memory in KiB. EXPECT is
 * `granted` or `refused`.
 *
 * A run makes a child in a new user namespace and starts the map writer for it. The time
 * counts from there until the map writer is reaped. Then the map of the child is compared
 * with the requested map. A run with another result ends the program with status 1, since
 * its time would have no meaning.
 *
 * Run it as the user whose ranges are mapped. It is small on purpose: a process that
 * executes another passes its own peak memory on. The first line is that peak; a smaller
 * one of a map writer cannot be measured.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lap.h"

#define EXTENTS_MAX 340

struct command {
	char **argv; /* of the map writer; argv[1] is the process id of each run */
	const char *map;
	bool refused;
	uint32_t extents[EXTENTS_MAX][3];
	size_t n; /* extents that are expected to be there afterwards */
};

static const char usage[] =
	"stopwatch RUNS EXPECT PROGRAM INNER OUTER COUNT ... -- EXPECT PROGRAM ...";

/* A child that waits in a new user namespace, without a map. */
static pid_t start_target(void)
{
	int ready[2];
	char byte;
	pid_t pid;

	if (pipe2(ready, O_CLOEXEC) < 0)
		die("pipe2: %s", strerror(errno));
	pid = (pid_t)syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, NULL);
	if (pid < 0)
		die("clone: %s", strerror(errno));
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (write(ready[1], "", 1) != 1)
			_exit(EXIT_FAILURE);
		for (;;)
			pause();
	}
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		die("the child in the new user namespace has ended");
	close(ready[0]);
	return pid;
}

static void stop_target(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* Whether the process has exactly the map that the command requested, in this order. */
static bool map_is_right(const struct command *command, pid_t pid)
{
	uint32_t inner, outer, count;
	char path[64];
	size_t n = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, command->map);
	file = fopen(path, "re");
	if (!file)
		die("%s: %s", path, strerror(errno));
	while (fscanf(file, "%" SCNu32 "%" SCNu32 "%" SCNu32, &inner, &outer, &count) ==
	       3) {
		const uint32_t *extent = command->extents[n];

		if (n++ == command->n || inner != extent[0] || outer != extent[1] ||
		    count != extent[2]) {
			fclose(file);
			return false;
		}
	}
	fclose(file);
	return n == command->n;
}

static void check(const struct command *command, pid_t pid, int status)
{
	const char *said = lap_messages();

	if (!WIFEXITED(status) || WEXITSTATUS(status) != (command->refused ? 1 : 0))
		die("%s: wait status %d: %s", command->argv[0], status, said);
	if (command->refused && !strstr(said, "not allowed\n"))
		die("%s: refused for another reason: %s", command->argv[0], said);
	if (!map_is_right(command, pid))
		die("%s: the map is wrong", command->argv[0]);
}

static struct lap run(const struct command *command)
{
	pid_t target = start_target();
	struct lap lap;
	char name[16];
	int status;

	snprintf(name, sizeof(name), "%d", (int)target);
	command->argv[1] = name;
	lap = lap_run(command->argv, &status);
	check(command, target, status);
	stop_target(target);
	return lap;
}

/*
 * Reads `EXPECT PROGRAM INNER OUTER COUNT ...` up to `--` or the end, and makes of it, in
 * place, the argument vector of the program. Returns the words after it.
 */
static char **command_parse(char **argv, struct command *command)
{
	char **arg;

	if (!argv[0] || !argv[1])
		die("%s", usage);
	command->refused = strcmp(argv[0], "refused") == 0;
	if (!command->refused && strcmp(argv[0], "granted") != 0)
		die("%s", usage);
	command->map = strstr(argv[1], "newgidmap") ? "gid_map" : "uid_map";
	command->argv = argv;
	argv[0] = argv[1];

	for (arg = argv + 2; *arg && strcmp(*arg, "--") != 0; arg++) {
		size_t i = (size_t)(arg - argv - 2);

		if (i / 3 == EXTENTS_MAX)
			die("too many extents");
		command->extents[i / 3][i % 3] = (uint32_t)strtoul(*arg, NULL, 10);
	}
	command->n = command->refused ? 0 : (size_t)(arg - argv - 2) / 3;
	if (!*arg)
		return arg;
	*arg = NULL;
	return arg + 1;
}

int main(int argc, char **argv)
{
	static struct command a, b;
	unsigned long runs;

	lap_start();
	runs = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
	if (runs == 0)
		die("%s", usage);
	command_parse(command_parse(argv + 2, &a), &b);

	/* Once each, for the caches. */
	run(&a);
	run(&b);
	printf("%ld\n", lap_own_peak());
	while (runs-- > 0) {
		struct lap lap_a = run(&a), lap_b = run(&b);

		lap_print(lap_a, ' ');
		lap_print(lap_b, '\n');
		fflush(stdout);
	}
	return EXIT_SUCCESS;
}
