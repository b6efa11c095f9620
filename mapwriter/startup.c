// SPDX-License-Identifier: BSD-3-Clause
/*
 * startup: descriptors, environment and signals, before anything else happens.
 *
 * MUST: descriptors 0 to 2 are open, or the database would be opened as one of them and
 * messages written into it.
 * MUST: no variable stays that lets the caller influence a library, see environment.c.
 * MUST: a refusal to a closed pipe ends with the exit status, not by SIGPIPE.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "mapwriter/startup.h"
#include "message/i18n.h"

/*
 * Opens the standard descriptors that are closed. open(2) returns the lowest free one, so
 * they are filled in ascending order.
 */
static int open_standard_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		/* Not poll(2): it would call the caller's file, and could wait for it. */
		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		if (errno != EBADF)
			return -errno;
		if (open("/dev/null", O_RDWR | O_NOCTTY) != fd)
			return -EBADF;
	}
	return 0;
}

/* Returns 0 or -errno; then stderr may be closed. */
int startup_sanitize(void)
{
	int r = open_standard_descriptors();

	if (r)
		return r;
	environment_clean();
	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		return -errno;
	return 0;
}
