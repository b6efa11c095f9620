/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * auth: whether the caller may change the databases, by PAM if the build has it.
 */
#ifndef SUBID_AUTH_H
#define SUBID_AUTH_H

/* The one PAM service of all programs that write. */
#define AUTH_SERVICE "usermod-ext"

enum {
	AUTH_REFUSED = 1, /* a message was printed */
};

int auth_check(const char *program);

#endif
