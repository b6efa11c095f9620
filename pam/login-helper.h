/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * login-helper: runs subid-session for a login program.
 */
#ifndef SUBID_LOGIN_HELPER_H
#define SUBID_LOGIN_HELPER_H

#include <limits.h>
#include <stdint.h>

/* What the helper has answered; it is sent by one write(2) to a pipe. */
struct login_answer_text {
	int32_t status; /* as of waitpid(2) */
	uint32_t len;
	char text[1000]; /* what it wrote to stderr, as far as there is room */
};

_Static_assert(sizeof(struct login_answer_text) <= PIPE_BUF,
	       "it must be written at once");

enum {
	/* Besides the values of enum helper_fault: */
	LOGIN_HELPER_LATE = 64, /* there was no answer in time */
};

int login_helper_run(const char *login, const char *service, unsigned int seconds,
		     struct login_answer_text *ret_answer);

#endif
