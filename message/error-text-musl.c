// SPDX-License-Identifier: BSD-3-Clause
/*
 * error-text: by strerror_l(3) in the C locale, for musl. There it returns constants, and
 * for an error that it does not know the text of error 0.
 *
 * Invariant: a message is the same with every libc, since programs and documents have its
 * text. Where musl has other words than the GNU C library they are here.
 */
#include <errno.h>
#include <locale.h>
#include <stddef.h>
#include <string.h>

#include "message/report.h"

static const char *const texts[] = {
	[EIO] = "Input/output error",
	[ECHILD] = "No child processes",
	[ENOMEM] = "Cannot allocate memory",
	[EBUSY] = "Device or resource busy",
	[EXDEV] = "Invalid cross-device link",
	[EMFILE] = "Too many open files",
	[ENOTTY] = "Inappropriate ioctl for device",
	[ESPIPE] = "Illegal seek",
	[ERANGE] = "Numerical result out of range",
	[EDEADLK] = "Resource deadlock avoided",
	[ENAMETOOLONG] = "File name too long",
	[ELOOP] = "Too many levels of symbolic links",
	[ETIME] = "Timer expired",
	[EOVERFLOW] = "Value too large for defined data type",
	[EUSERS] = "Too many users",
	[ENOTSOCK] = "Socket operation on non-socket",
	[EMSGSIZE] = "Message too long",
	[EOPNOTSUPP] = "Operation not supported",
	[EADDRINUSE] = "Address already in use",
	[ECONNABORTED] = "Software caused connection abort",
	[EISCONN] = "Transport endpoint is already connected",
	[ENOTCONN] = "Transport endpoint is not connected",
	[ETIMEDOUT] = "Connection timed out",
	[EUCLEAN] = "Structure needs cleaning",
	[EDQUOT] = "Disk quota exceeded",
};

/* The text of libc, or NULL. */
static const char *libc_text(int error)
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

/* Returns a constant, or NULL: there is no such error. Thread-safe. */
const char *error_text(int error)
{
	if (error > 0 && (size_t)error < sizeof(texts) / sizeof(texts[0]) && texts[error])
		return texts[error];
	return libc_text(error);
}
