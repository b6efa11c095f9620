// SPDX-License-Identifier: BSD-3-Clause
/*
 * subid-ask: the helper, see helper.h. Users have no reason to run it.
 *
 * It has what helper-execute.c leaves it, and the caller's ids. Its file cannot be read,
 * so that the caller cannot trace it, see helper-open.c.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>

#include "helper/ask.h"

int main(void)
{
	if (fcntl(HELPER_SOCKET, F_GETFD) < 0) {
		fputs(HELPER_NAME ": " PACKAGE " runs this program\n", stderr);
		return EXIT_FAILURE;
	}
	/* An executed descriptor has no name. */
	prctl(PR_SET_NAME, HELPER_NAME, 0, 0, 0);
	return ask_serve(HELPER_SOCKET) ? EXIT_FAILURE : EXIT_SUCCESS;
}
