// SPDX-License-Identifier: BSD-3-Clause
/*
 * startup: descriptors, environment and signals, before anything else happens.
 *
 * MUST: descriptors 0 to 2 are open, or the database would be opened as one of them and
 * messages written into it.
 * MUST: no variable stays that the caller could choose something by, see environment.c.
 * MUST: a reader who went away (SIGPIPE) does not turn a refusal into a death by signal.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "message/environment.h"
#include "mapwriter/startup.h"

/*
 * Opens what is not open of the standard descriptors. The lowest free one is given out
 * first, so in ascending order each is filled.
 */
static int open_standard_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		/* Not poll(2): that would call, and could wait for, what the caller put
		 * there. */
		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		if (errno != EBADF)
			return -errno;
		if (open("/dev/null", O_RDWR | O_NOCTTY) != fd)
			return -EBADF;
	}
	return 0;
}

/* Returns 0 or -errno; then there may be no place to say so. */
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
