// SPDX-License-Identifier: BSD-3-Clause
/*
 * run-rounds RUNS PROGRAM ARGUMENT ... -- PROGRAM ARGUMENT ... [-- ...]: runs all
 * commands in their order, RUNS times. Prints a line for each round: for each command the
 * elapsed nanoseconds, the nanoseconds on a processor, and the peak memory in KiB. The
 * first line is the peak memory of run-rounds itself: a peak that is not above it is not
 * known.
 *
 * A command that fails ends the program with status 1.
 */
#define _GNU_SOURCE
#include "lap.h"

/* Runs one command; returns the words after it. */
static char **run(char **argv)
{
	char **end = argv;
	const char *said;
	struct lap lap;
	int status;

	while (*end && strcmp(*end, "--") != 0)
		end++;
	char *separator = *end;

	*end = NULL;
	lap = lap_run(argv, &status);
	said = lap_messages();
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		die("%s %s: wait status %d: %s", argv[0], argv[1], status, said);
	*end = separator;
	lap_print(lap, separator ? ' ' : '\n');
	return separator ? end + 1 : end;
}

int main(int argc, char **argv)
{
	unsigned long runs;

	lap_start();
	runs = argc > 2 ? strtoul(argv[1], NULL, 10) : 0;
	if (runs == 0)
		die("run-rounds RUNS PROGRAM ARGUMENT ... [-- PROGRAM ARGUMENT ...]");
	printf("%ld\n", lap_own_peak());
	while (runs-- > 0)
		for (char **next = argv + 2; *next;)
			next = run(next);
	return EXIT_SUCCESS;
}
