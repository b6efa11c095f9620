// SPDX-License-Identifier: BSD-3-Clause
/*
 * locale: for static programs, without setlocale(3), which brings much code and loads
 * files. Messages are English; the name of the locale says whether names may be UTF-8.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "message/report.h"

enum printable_charset report_charset(void)
{
	static const char *const variables[] = { "LC_ALL", "LC_CTYPE", "LANG" };
	const char *name = NULL, *charset;

	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
		name = getenv(variables[i]);
		if (name && name[0] != '\0')
			break;
	}
	charset = name ? strchr(name, '.') : NULL;
	return charset && (strcasecmp(charset, ".UTF-8") == 0 ||
			   strcasecmp(charset, ".utf8") == 0) ?
		       PRINTABLE_UTF8 :
		       PRINTABLE_BYTES;
}

void report_translate(void)
{
}
