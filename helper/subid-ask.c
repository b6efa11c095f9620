// SPDX-License-Identifier: BSD-3-Clause
/*
 * subid-ask: the helper, see helper.h. Users have no reason to run it.
 *
 * It has what helper-execute.c leaves it, and the caller's ids. Its file cannot be read,
 * so that the caller cannot trace it, see helper-open.c.
 *
 * MUST: programs that a module starts do not inherit the socket: the caller can trace
 * them.
 * MUST: libraries find that the program is a privileged one, see secure_getenv(3): its
 * answers decide about ids, so they must not read files of the caller for their settings.
 */
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "helper/ask.h"

/* The auxiliary vector follows the environment. getauxval(3) reads it there. */
static void set_secure(void)
{
	char **variable = environ;
	ElfW(auxv_t) * item;

	while (*variable)
		variable++;
	for (item = (void *)(variable + 1); item->a_type != AT_NULL; item++)
		if (item->a_type == AT_SECURE)
			item->a_un.a_val = 1;
}

int main(void)
{
	if (fcntl(HELPER_SOCKET, F_SETFD, FD_CLOEXEC)) {
		fputs(HELPER_NAME ": " PACKAGE " runs this program\n", stderr);
		return EXIT_FAILURE;
	}
	set_secure();
	/* With fs.suid_dumpable=2 a crash would be passed to a program. */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	/* An executed descriptor has no name. */
	prctl(PR_SET_NAME, HELPER_NAME, 0, 0, 0);
	return ask_serve(HELPER_SOCKET) ? EXIT_FAILURE : EXIT_SUCCESS;
}
