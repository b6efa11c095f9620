// SPDX-License-Identifier: BSD-3-Clause
/*
 * error-text: by strerrordesc_np(3) of the GNU C library, which never translates.
 */
#include <string.h>

#include "message/report.h"

/* Returns a constant, or NULL: there is no such error. Thread-safe. */
const char *error_text(int error)
{
	return strerrordesc_np(error);
}
