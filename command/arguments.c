// SPDX-License-Identifier: BSD-3-Clause
/*
 * arguments: the options of a command line, by getopt_long(3). Its messages are escaped
 * like all others: a word that is not an option may be the name of a file.
 */
#include <fcntl.h>
#include <stddef.h>
#include <unistd.h>

#include "command/arguments.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/sys/fd.h"
#include "message/report.h"

/* Longer messages are cut. */
#define MESSAGE_BYTES 1024

/*
 * As getopt_long(3). What it writes to stderr meanwhile goes into a pipe, which cuts what
 * it has no room for; without a pipe there is no message.
 */
int arguments_next(int argc, char **argv, const char *short_options,
		   const struct option *long_options)
{
	CLEANUP(fd_cleanup) int before = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
	CLEANUP(fd_cleanup) int input = -1;
	CLEANUP(fd_cleanup) int output = -1;
	char message[MESSAGE_BYTES];
	int ends[2], option;
	size_t len = 0;

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0) {
		input = ends[0];
		output = ends[1];
	}
	opterr = before >= 0 && output >= 0 && dup2(output, STDERR_FILENO) >= 0;
	option = getopt_long(argc, argv, short_options, long_options, NULL);
	if (!opterr)
		return option;
	dup2(before, STDERR_FILENO);
	/* report_line() adds its own newline. */
	if (fd_read(input, message, sizeof(message), &len) == 0 && len > 0)
		report_line(NULL, "%.*s", (int)len - 1, message);
	return option;
}
