// SPDX-License-Identifier: BSD-3-Clause
/*
 * environment: removes variables.
 *
 * MUST: no variable stays that makes a library open, load or interpret what the caller
 * chose. glibc removes some for programs with privileges, but leaves LANGUAGE,
 * OUTPUT_CHARSET (which loads gconv modules), TZ, GLIBC_TUNABLES and the rest.
 */
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "message/i18n.h"

/* LANG and LC_* set the language of messages; with a slash they would be paths. */
static bool is_harmless(const char *variable)
{
	return (strncmp(variable, "LANG=", 5) == 0 || strncmp(variable, "LC_", 3) == 0) &&
	       !strchr(variable, '/');
}

/* Removes all variables but the language. For a program with one thread. */
void environment_clean(void)
{
	size_t kept = 0;

	for (size_t i = 0; environ && environ[i]; i++)
		if (is_harmless(environ[i]))
			environ[kept++] = environ[i];
	if (environ)
		environ[kept] = NULL;
}
