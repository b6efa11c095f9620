// SPDX-License-Identifier: BSD-3-Clause
/*
 * arguments: the options of a command line, by getopt_long(3). Its messages are escaped
 * like all others: a word that is not an option may be the name of a file.
 */
#include <stdio.h>
#include <stdlib.h>

#include "command/arguments.h"
#include "message/report.h"
#include "libsubid/core/cleanup.h"

/* As getopt_long(3). It writes to the stream that stderr is at the time. */
int arguments_next(int argc, char **argv, const char *short_options,
		   const struct option *long_options)
{
	CLEANUP(cleanup_free) char *message = NULL;
	size_t len = 0;
	FILE *before = stderr, *stream = open_memstream(&message, &len);
	int option;

	if (stream)
		stderr = stream;
	else
		opterr = 0;
	option = getopt_long(argc, argv, short_options, long_options, NULL);
	stderr = before;
	/* report_line() adds its own newline. */
	if (stream && fclose(stream) == 0 && len > 0)
		report_line(NULL, "%.*s", (int)len - 1, message);
	return option;
}
