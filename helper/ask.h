/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ask: the inside of the helper, subid-ask.
 */
#ifndef SUBID_ASK_H
#define SUBID_ASK_H

#include <stddef.h>
#include <stdint.h>

#include "helper/helper-protocol.h"
#include "libsubid/core/range.h"
#include "libsubid/user/nss.h"

/* Accounts are sent in pieces of at most this size. */
#define ASK_PIECE_BYTES (16 * 1024)

struct ask {
	int fd; /* the socket */
	/* Requests that came with earlier ones: */
	char ahead[4096];
	size_t ahead_at, ahead_len;
	struct nss nss;
	char *piece; /* accounts that were found and are not sent yet */
	size_t piece_len;
	int64_t end; /* of an enumeration, by wait_clock() */
};

int ask_serve(int fd);
int ask_nss(struct ask *ask, const struct helper_request *request, const char *name);
int ask_plugin(struct ask *ask, const struct helper_request *request, const char *text,
	       const struct range *extents);
int ask_send(struct ask *ask, int r, const void *bytes, size_t len);
int ask_send_answer(struct ask *ask, int r, const void *bytes, size_t len);

#endif
