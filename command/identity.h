/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * identity: the ids and capabilities of programs other than the map writers.
 */
#ifndef SUBID_IDENTITY_H
#define SUBID_IDENTITY_H

#include <stdbool.h>
#include <sys/types.h>

bool identity_is_elevated(void);
int identity_drop(void);

/*
 * Whether the caller may change the databases, by PAM if the build has it.
 */

/* The one PAM service of all programs that write. */
#define AUTH_SERVICE "usermod-ext"

enum {
	AUTH_REFUSED = 1, /* a message was printed */
};

int auth_check(const char *program);

#endif
