// SPDX-License-Identifier: BSD-3-Clause
/*
 * error-text: by strerror_l(3) in the C locale. There musl returns constants, and for an
 * error that it does not know the text of error 0. Its texts differ from those of the GNU
 * C library; they are the ones that shadow's programs print on such a system.
 */
#include <locale.h>
#include <string.h>

#include "message/error-text.h"

/* Returns a constant, or NULL: there is no such error. Thread-safe. */
const char *error_text(int error)
{
	locale_t locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
	const char *text, *none;

	if (!locale)
		return NULL;
	text = strerror_l(error, locale);
	none = strerror_l(0, locale);
	freelocale(locale);
	return strcmp(text, none) == 0 ? NULL : text;
}
