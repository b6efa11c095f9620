/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A library of a hostile caller. It prints a message if a privileged program loads it: as
 * a preloaded library, as an auditor or as a character set converter.
 */
#include <unistd.h>

static void say(void)
{
	if (write(2, "LOADED\n", 5) < 0)
		_exit(99);
}

__attribute__((constructor)) static void loaded(void)
{
	say();
}

unsigned int la_version(unsigned int version)
{
	say();
	return version;
}

int gconv_init(void *step)
{
	(void)step;
	say();
	return 0;
}

int gconv(void)
{
	say();
	return 0;
}
