// SPDX-License-Identifier: BSD-3-Clause
/*
 * The size of a terminal.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "subid/verb/terminal.h"
#include "tests/unit/unit.h"

/* What is no terminal has the size of a usual one, whatever the environment says. */
Test(terminal, no_terminal)
{
	struct terminal_size size;
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	setenv("COLUMNS", "33", 1);
	cr_assert(fd >= 0 && !terminal_size(fd, &size));
	cr_assert(size.width == TERMINAL_WIDTH && size.height == TERMINAL_HEIGHT);
	close(fd);
}

/* A terminal that does not know its size has that of the environment, if it is a number.
 */
Test(terminal, environment)
{
	static const struct {
		const char *columns;
		size_t width;
	} rows[] = {
		{ "33", 33 }, { "0", 80 }, { "x", 80 }, { "-5", 80 }, { "99999", 80 }
	};
	struct terminal_size size;
	int fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	struct winsize window = { .ws_row = 30, .ws_col = 120 };

	if (fd < 0 || !isatty(fd))
		cr_skip_test("no terminals");
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		setenv("COLUMNS", rows[i].columns, 1);
		cr_assert(terminal_size(fd, &size) && size.width == rows[i].width, "%s",
			  rows[i].columns);
	}
	cr_assert(ioctl(fd, TIOCSWINSZ, &window) == 0);
	cr_assert(terminal_size(fd, &size) && size.width == 120 && size.height == 30);
	close(fd);
}
