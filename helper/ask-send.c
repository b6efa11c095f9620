// SPDX-License-Identifier: BSD-3-Clause
/*
 * ask-send: sends replies.
 */
#include <errno.h>
#include <string.h>

#include "helper/ask.h"
#include "libsubid/sys/fd.h"

/* Sends a reply. Returns 0 or -errno. */
int ask_send(struct ask *ask, int r, const void *bytes, size_t len)
{
	struct helper_reply reply = { .r = r, .len = (uint32_t)len };
	char both[512];
	int failed;

	if (len > HELPER_REPLY_BYTES_MAX)
		reply = (struct helper_reply){ .r = -E2BIG };
	/* Short ones are sent by one system call. */
	if (reply.len > 0 && reply.len <= sizeof(both) - sizeof(reply)) {
		memcpy(both, &reply, sizeof(reply));
		memcpy(both + sizeof(reply), bytes, reply.len);
		return fd_write_all(ask->fd, both, sizeof(reply) + reply.len);
	}
	failed = fd_write_all(ask->fd, &reply, sizeof(reply));
	return failed ? failed : fd_write_all(ask->fd, bytes, reply.len);
}

/* Sends an answer; with its bytes only if @r is 0. */
int ask_send_answer(struct ask *ask, int r, const void *bytes, size_t len)
{
	return ask_send(ask, r, bytes, r ? 0 : len);
}
