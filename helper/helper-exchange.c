// SPDX-License-Identifier: BSD-3-Clause
/*
 * helper-exchange: sends requests to the helper and receives its replies.
 *
 * MUST: what the helper sends is checked before it is used.
 *
 * After one missing answer nothing is asked any more: the next one would take as long.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "helper/helper-protocol.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/sys/wait.h"
#include "libsubid/user/account.h"

/* Sends bytes. Returns as helper_receive(). */
int helper_exchange_send_bytes(const struct helper *helper, int64_t end,
			       const void *bytes, size_t len)
{
	int r = wait_send(helper->fd, end, bytes, len);

	return r == WAIT_OVER ? -ETIMEDOUT : r;
}

/* Sends a request with a name, which may be NULL. Returns as helper_receive(). */
int helper_exchange_send(const struct helper *helper, int64_t end,
			 struct helper_request request, const char *name)
{
	char bytes[sizeof(request) + LIMIT_OWNER_BYTES];

	request.text_len = name ? (uint32_t)strlen(name) : 0;
	memcpy(bytes, &request, sizeof(request));
	if (name)
		memcpy(bytes + sizeof(request), name, request.text_len);
	return helper_exchange_send_bytes(helper, end, bytes,
					  sizeof(request) + request.text_len);
}

/*
 * Receives one reply. @ret_bytes is to be freed and is followed by a NUL.
 * Returns 0 with what the helper has found, *ret_r, or -errno: the helper is of no use.
 */
int helper_exchange_receive(const struct helper *helper, int64_t end, int *ret_r,
			    char **ret_bytes, size_t *ret_len)
{
	CLEANUP(cleanup_free) char *bytes = NULL;
	struct helper_reply reply;
	int r = helper_receive(helper, end, &reply, sizeof(reply));

	if (r)
		return r;
	if (reply.len > HELPER_REPLY_BYTES_MAX || reply.r > HELPER_REPLY_MORE ||
	    reply.r < -HELPER_ERRNO_MAX)
		return -EBADMSG;
	bytes = calloc(1, (size_t)reply.len + 1);
	if (!bytes)
		return -ENOMEM;
	r = helper_receive(helper, end, bytes, reply.len);
	if (r)
		return r;
	*ret_r = reply.r;
	*ret_len = reply.len;
	*ret_bytes = TAKE_PTR(bytes);
	return 0;
}

/* The same where one reply is the answer. @most: the greatest that it may say in *ret_r.
 */
int helper_exchange_receive_one(const struct helper *helper, int64_t end, int most,
				int *ret_r, char **ret_bytes, size_t *ret_len)
{
	CLEANUP(cleanup_free) char *bytes = NULL;
	int found, r = helper_exchange_receive(helper, end, &found, &bytes, ret_len);

	if (r == 0 && found > most)
		r = -EBADMSG;
	if (r)
		return r;
	*ret_r = found;
	*ret_bytes = TAKE_PTR(bytes);
	return 0;
}

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* The time limit of an answer if its request is sent now; @begun: start of the exchange.
 */
int64_t helper_exchange_end(const struct helper *helper, int64_t begun)
{
	int64_t now = wait_clock();

	return now + least(helper->each, helper->left - (now - begun));
}

/* Makes the helper ready. Returns the time limit of its next answer, or -errno. */
int64_t helper_exchange_begin(struct helper *helper, int64_t *ret_now)
{
	int64_t end;

	*ret_now = wait_clock();
	if (helper->failed == 0 && helper->left <= 0)
		return -ETIMEDOUT;
	end = helper_exchange_end(helper, *ret_now);
	if (helper->failed == 0 && helper->fd < 0)
		helper->failed = helper_start(helper, end);
	return helper->failed ? helper->failed : end;
}

/* Counts the time; with an error as @r nothing is asked any more. */
void helper_exchange_finish(struct helper *helper, int64_t begun, int r)
{
	helper->failed = r;
	if (helper->left < INT64_MAX)
		helper->left -= wait_clock() - begun;
}

/* Names that no account can have are not asked. */
bool helper_exchange_is_too_long(const char *name)
{
	return name && strlen(name) > LIMIT_OWNER_BYTES;
}

/*
 * Receives the one reply to a request, for whose sending @r is the result, and ends the
 * exchange. Returns 0 with bytes to be freed, what the helper has found (@most is the
 * greatest that it may say) or -errno.
 */
int helper_exchange_answer(struct helper *helper, int64_t begun, int64_t end, int r,
			   int most, char **ret_bytes, size_t *ret_len)
{
	char *bytes = NULL;
	int found = 0;

	if (r == 0)
		r = helper_exchange_receive_one(helper, end, most, &found, &bytes,
						ret_len);
	helper_exchange_finish(helper, begun, r);
	if (r || found) {
		free(bytes);
		return r ? r : found;
	}
	*ret_bytes = bytes;
	return 0;
}

/* Sends a request and receives the answer: 0 with bytes to be freed, ACCOUNT_NONE or
 * -errno. */
int helper_exchange_ask(struct helper *helper, struct helper_request request,
			const char *name, char **ret_bytes, size_t *ret_len)
{
	int64_t begun, end;

	if (helper_exchange_is_too_long(name))
		return ACCOUNT_NONE;
	end = helper_exchange_begin(helper, &begun);
	if (end < 0)
		return (int)end;
	return helper_exchange_answer(helper, begun, end,
				      helper_exchange_send(helper, end, request, name),
				      ACCOUNT_NONE, ret_bytes, ret_len);
}
