// SPDX-License-Identifier: BSD-3-Clause
/*
 * startup: descriptors, environment and signals, before anything else happens.
 *
 * MUST: descriptors 0 to 2 are open, or the database would be opened as one of them and
 * messages written into it.
 * MUST: no variable stays that makes a library open, load or interpret what the caller
 * chose. glibc removes some for programs with privileges, but leaves LANGUAGE,
 * OUTPUT_CHARSET (which loads gconv modules), TZ, GLIBC_TUNABLES and the rest.
 * MUST: a reader who went away (SIGPIPE) does not turn a refusal into a death by signal.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

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

/* The language of messages, and not by a path: LANG and LC_* without a slash. */
static bool is_harmless(const char *variable)
{
	return (strncmp(variable, "LANG=", 5) == 0 || strncmp(variable, "LC_", 3) == 0) &&
	       !strchr(variable, '/');
}

static void clean_environment(void)
{
	size_t kept = 0;

	for (size_t i = 0; environ && environ[i]; i++)
		if (is_harmless(environ[i]))
			environ[kept++] = environ[i];
	if (environ)
		environ[kept] = NULL;
}

/* Returns 0 or -errno; then there may be no place to say so. */
int startup_sanitize(void)
{
	int r = open_standard_descriptors();

	if (r)
		return r;
	clean_environment();
	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		return -errno;
	return 0;
}
