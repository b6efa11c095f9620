// SPDX-License-Identifier: BSD-3-Clause
/*
 * relay RUNS PROGRAM ARGUMENT ... -- PROGRAM ARGUMENT ... [-- ...]: runs commands one
 * after the other, all of them RUNS times, and prints one line for each round: of each
 * command the nanoseconds, those on a processor, and the peak memory in KiB. The first
 * line is the peak memory of relay itself: what is not above it was not seen.
 *
 * A command that fails ends the program with status 1.
 */
#define _GNU_SOURCE
#include "lap.h"

/* Runs one command; returns what is behind it. */
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
		die("relay RUNS PROGRAM ARGUMENT ... [-- PROGRAM ARGUMENT ...]");
	printf("%ld\n", lap_own_peak());
	while (runs-- > 0)
		for (char **next = argv + 2; *next;)
			next = run(next);
	return EXIT_SUCCESS;
}
