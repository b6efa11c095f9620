// SPDX-License-Identifier: BSD-3-Clause
/*
 * nss-protocol: starts the child process, and sends and receives through a socket to it.
 *
 * MUST: output of the name service is discarded (child.h), or it would mix with our rows.
 * MUST: what the child sends is checked before it is used.
 *
 * After one missing answer nothing is asked any more: the next one would take as long.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "helper/nss-protocol.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/sys/fd.h"
#include "libsubid/sys/wait.h"

static int serve(void *context)
{
	return nss_child_main(*(const int *)context) ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* Reads what the child sends. Returns 0, -ETIMEDOUT, -ECONNRESET or -errno. */
static int receive(const struct nss_client *client, int64_t end, void *bytes, size_t len)
{
	int r = wait_read(client->fd, end, bytes, len);

	return r == WAIT_OVER ? -ETIMEDOUT : r;
}

static int read_greeting(const struct nss_client *client, int64_t end)
{
	struct nss_greeting greeting;
	int r = receive(client, end, &greeting, sizeof(greeting));

	if (r == 0 && (greeting.magic != NSS_PROTOCOL_MAGIC ||
		       greeting.version != NSS_PROTOCOL_VERSION))
		r = -EPROTO;
	return r;
}

static int start_child(struct nss_client *client, int64_t end)
{
	int ends[2], r;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return -errno;
	r = child_start(&client->child,
			&(struct child_options){ .kept = &ends[1], .n_kept = 1 }, serve,
			&ends[1]);
	fd_close(ends[1]);
	if (r) {
		fd_close(ends[0]);
		return r;
	}
	client->fd = ends[0];
	return read_greeting(client, end);
}

/* Sends a request with a name, which may be NULL. Returns as receive(). */
int nss_exchange_send(const struct nss_client *client, int64_t end,
		      struct nss_request request, const char *name)
{
	char bytes[sizeof(request) + LIMIT_OWNER_BYTES];
	size_t len;
	int r;

	request.name_len = name ? (uint32_t)strlen(name) : 0;
	len = sizeof(request) + request.name_len;
	memcpy(bytes, &request, sizeof(request));
	if (name)
		memcpy(bytes + sizeof(request), name, request.name_len);
	r = wait_send(client->fd, end, bytes, len);
	return r == WAIT_OVER ? -ETIMEDOUT : r;
}

/*
 * Receives one reply. @ret_bytes is to be freed and is followed by a NUL.
 * Returns 0 with what the child has found, *ret_r, or -errno: the child is of no use.
 */
int nss_exchange_receive(const struct nss_client *client, int64_t end, int *ret_r,
			 char **ret_bytes, size_t *ret_len)
{
	CLEANUP(cleanup_free) char *bytes = NULL;
	struct nss_reply reply;
	int r = receive(client, end, &reply, sizeof(reply));

	if (r)
		return r;
	if (reply.len > NSS_REPLY_BYTES_MAX || reply.r > NSS_REPLY_MORE ||
	    reply.r < -4095)
		return -EBADMSG;
	bytes = calloc(1, (size_t)reply.len + 1);
	if (!bytes)
		return -ENOMEM;
	r = receive(client, end, bytes, reply.len);
	if (r)
		return r;
	*ret_r = reply.r;
	*ret_len = reply.len;
	*ret_bytes = TAKE_PTR(bytes);
	return 0;
}

/* The same where one reply is the answer. */
int nss_exchange_receive_one(const struct nss_client *client, int64_t end, int *ret_r,
			     char **ret_bytes, size_t *ret_len)
{
	CLEANUP(cleanup_free) char *bytes = NULL;
	int found, r = nss_exchange_receive(client, end, &found, &bytes, ret_len);

	if (r == 0 && found == NSS_REPLY_MORE)
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
int64_t nss_exchange_end(const struct nss_client *client, int64_t begun)
{
	int64_t now = wait_clock();

	return now + least(client->each, client->left - (now - begun));
}

/* Makes the child ready. Returns the time limit of its next answer, or -errno. */
int64_t nss_exchange_begin(struct nss_client *client, int64_t *ret_now)
{
	int64_t end;

	*ret_now = wait_clock();
	if (client->failed == 0 && client->left <= 0)
		return -ETIMEDOUT;
	end = nss_exchange_end(client, *ret_now);
	if (client->failed == 0 && client->fd < 0)
		client->failed = start_child(client, end);
	return client->failed ? client->failed : end;
}

/* Counts the time; with an error as @r nothing is asked any more. */
void nss_exchange_finish(struct nss_client *client, int64_t begun, int r)
{
	client->failed = r;
	if (client->left < INT64_MAX)
		client->left -= wait_clock() - begun;
}

/* Names that no account can have are not asked. */
bool nss_exchange_is_too_long(const char *name)
{
	return name && strlen(name) > LIMIT_OWNER_BYTES;
}

static int exchange(struct nss_client *client, int64_t end, struct nss_request request,
		    const char *name, char **ret_bytes, size_t *ret_len, int *ret_found)
{
	int r = nss_exchange_send(client, end, request, name);

	return r ? r :
		   nss_exchange_receive_one(client, end, ret_found, ret_bytes, ret_len);
}

/* Sends a request and receives the answer: 0 with bytes to be freed, ACCOUNT_NONE or
 * -errno. */
int nss_exchange_ask(struct nss_client *client, struct nss_request request,
		     const char *name, char **ret_bytes, size_t *ret_len)
{
	char *bytes = NULL;
	int64_t begun, end;
	int found = 0, r;

	if (nss_exchange_is_too_long(name))
		return ACCOUNT_NONE;
	end = nss_exchange_begin(client, &begun);
	if (end < 0)
		return (int)end;
	r = exchange(client, end, request, name, &bytes, ret_len, &found);
	nss_exchange_finish(client, begun, r);
	if (r || found) {
		free(bytes);
		return r ? r : found;
	}
	*ret_bytes = bytes;
	return 0;
}
