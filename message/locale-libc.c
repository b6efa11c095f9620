// SPDX-License-Identifier: BSD-3-Clause
/*
 * locale: translations and characters as setlocale(3) has them.
 */
#include <langinfo.h>
#include <locale.h>
#include <string.h>

#include "message/i18n.h"
#include "message/report.h"

/*
 * The characters that output for people may contain: those of the locale, as far as
 * printable.h knows them. Output for programs and for logs is always UTF-8.
 */
enum printable_charset report_charset(void)
{
	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0 ? PRINTABLE_UTF8 :
							    PRINTABLE_BYTES;
}

/*
 * Enables translations and the characters of the locale. It reads files: call it only
 * when there is something to translate, and in a program with privileges only after they
 * are dropped.
 */
void report_translate(void)
{
	setlocale(LC_CTYPE, "");
#ifdef ENABLE_NLS
	setlocale(LC_MESSAGES, "");
	bindtextdomain(PACKAGE, LOCALEDIR);
	textdomain(PACKAGE);
#endif
}
