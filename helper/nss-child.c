// SPDX-License-Identifier: BSD-3-Clause
/*
 * nss-child: the process that asks the name service. It has one thread, reads requests
 * from one descriptor, and ends when that is closed.
 *
 * It uses nothing of its parent but the descriptor, as if it were another program.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "helper/nss-protocol.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/sys/fd.h"
#include "libsubid/sys/wait.h"
#include "libsubid/user/nss.h"

/* Accounts are sent in pieces of at most this size. */
#define PIECE_BYTES (16 * 1024)

struct nss_child {
	int fd;
	struct nss nss;
	char *piece; /* accounts that were found and are not sent yet */
	size_t piece_len;
	int64_t end; /* of an enumeration, by wait_clock() */
};

/* An enumeration takes too long: not all accounts were found. */
#define TIME_OVER 3

static void nss_child_cleanup(struct nss_child *child)
{
	nss_end(&child->nss);
	free(child->piece);
}

static int send_reply(struct nss_child *child, int r, const void *bytes, size_t len)
{
	struct nss_reply reply = { .r = r, .len = (uint32_t)len };
	int failed;

	if (len > NSS_REPLY_BYTES_MAX)
		reply = (struct nss_reply){ .r = -E2BIG };
	failed = fd_write_all(child->fd, &reply, sizeof(reply));
	return failed ? failed : fd_write_all(child->fd, bytes, reply.len);
}

/* Sends an answer; with its bytes only if @r is 0. */
static int send_answer(struct nss_child *child, int r, const void *bytes, size_t len)
{
	return send_reply(child, r, bytes, r ? 0 : len);
}

static size_t put_account(char *to, uint32_t id, uint32_t gid, const char *name,
			  size_t len)
{
	struct nss_reply_account account = { id, gid, (uint32_t)len };

	memcpy(to, &account, sizeof(account));
	memcpy(to + sizeof(account), name, len);
	return sizeof(account) + len;
}

static int send_account(struct nss_child *child, int r, const struct account *account)
{
	char bytes[sizeof(struct nss_reply_account) + LIMIT_OWNER_BYTES];
	size_t len = r ? 0 :
			 put_account(bytes, account->uid, account->gid, account->name,
				     account->name_len);

	return send_answer(child, r, bytes, len);
}

static int answer_account(struct nss_child *child, const struct nss_request *request,
			  const char *name)
{
	struct account account;
	int r = request->type == NSS_REQUEST_USER ?
			nss_user(&child->nss, name, &account) :
			nss_uid(&child->nss, request->id, &account);

	return send_account(child, r, &account);
}

static int answer_name(struct nss_child *child, const struct kind *kind, uint32_t id)
{
	char name[LIMIT_OWNER_BYTES + 1];
	int r = nss_name_of(&child->nss, kind, id, name);

	return send_answer(child, r, name, r ? 0 : strlen(name));
}

static int answer_home(struct nss_child *child, const char *name)
{
	CLEANUP(cleanup_free) char *home = NULL;
	int r = nss_home(&child->nss, name, &home);

	return send_answer(child, r, home, r ? 0 : strlen(home));
}

static int answer_groups(struct nss_child *child, const char *name, gid_t gid)
{
	CLEANUP(cleanup_free) gid_t *groups = NULL;
	size_t n = 0;
	int r = nss_groups(name, gid, &groups, &n);

	return send_answer(child, r, groups, n * sizeof(*groups));
}

static int answer_members(struct nss_child *child, const char *group)
{
	CLEANUP(cleanup_free) char *names = NULL;
	CLEANUP(cleanup_free) char *bytes = NULL;
	size_t len = 0;
	gid_t gid = 0;
	int r = nss_members(&child->nss, group, &gid, &names, &len);

	if (r)
		return send_answer(child, r, NULL, 0);
	bytes = malloc(sizeof(gid) + len);
	if (!bytes)
		return send_answer(child, -ENOMEM, NULL, 0);
	memcpy(bytes, &gid, sizeof(gid));
	memcpy(bytes + sizeof(gid), names, len);
	return send_answer(child, 0, bytes, sizeof(gid) + len);
}

static int send_piece(struct nss_child *child)
{
	size_t len = child->piece_len;

	child->piece_len = 0;
	return len ? send_reply(child, NSS_REPLY_MORE, child->piece, len) : 0;
}

/* An nss_found_fn. */
static int take_found(const struct nss_found *found, void *context)
{
	struct nss_child *child = context;
	size_t len = strlen(found->name);
	int r = 0;

	if (child->piece_len + sizeof(struct nss_reply_account) + len > PIECE_BYTES)
		r = send_piece(child);
	if (r == 0)
		child->piece_len += put_account(child->piece + child->piece_len,
						found->id, found->gid, found->name, len);
	return r;
}

static int take_in_time(const struct nss_found *found, void *context)
{
	const struct nss_child *child = context;

	return wait_clock() < child->end ? take_found(found, context) : TIME_OVER;
}

static int answer_enumerate(struct nss_child *child, const struct kind *kind,
			    int64_t milliseconds)
{
	int r, failed;

	child->end = wait_clock() + milliseconds;
	r = nss_enumerate(&child->nss, kind, take_in_time, child);
	failed = send_piece(child);
	return failed ? failed : send_answer(child, r == TIME_OVER ? 0 : r, NULL, 0);
}

static int answer_scan(struct nss_child *child, const struct kind *kind,
		       const struct nss_request *request)
{
	struct name_service_scan scan = { .kind = kind,
					  .first_only = request->first_only,
					  .milliseconds = request->milliseconds };
	struct nss_reply_scan reply;
	int r, failed;

	if (request->end <= request->start ||
	    range_make(request->start, request->end - request->start, &scan.range))
		return send_answer(child, -EINVAL, NULL, 0);
	r = nss_scan(&child->nss, &scan, take_found, child);
	failed = send_piece(child);
	reply = (struct nss_reply_scan){ scan.asked, scan.largest };
	return failed ? failed : send_answer(child, r, &reply, sizeof(reply));
}

static int answer_missing(struct nss_child *child, const struct kind *kind)
{
	const struct nss_modules *modules;
	int r = nss_modules_of(&child->nss, kind, &modules);

	return r ? send_answer(child, r, NULL, 0) :
		   send_answer(child, 0, modules->missing, strlen(modules->missing));
}

static int answer(struct nss_child *child, const struct nss_request *request,
		  const char *name)
{
	const struct kind *kind = request->group ? &kind_gid : &kind_uid;

	switch (request->type) {
	case NSS_REQUEST_USER:
	case NSS_REQUEST_UID:
		return answer_account(child, request, name);
	case NSS_REQUEST_NAME:
		return answer_name(child, kind, request->id);
	case NSS_REQUEST_HOME:
		return answer_home(child, name);
	case NSS_REQUEST_GROUPS:
		return answer_groups(child, name, request->id);
	case NSS_REQUEST_MEMBERS:
		return answer_members(child, name);
	case NSS_REQUEST_ENUMERATE:
		return answer_enumerate(child, kind, request->milliseconds);
	case NSS_REQUEST_SCAN:
		return answer_scan(child, kind, request);
	case NSS_REQUEST_MISSING:
		return answer_missing(child, kind);
	default:
		return send_answer(child, -EINVAL, NULL, 0);
	}
}

/* Returns 0, or anything else if there are no more requests. */
static int serve_one(struct nss_child *child)
{
	char name[LIMIT_OWNER_BYTES + 1];
	struct nss_request request;
	int r = wait_read(child->fd, 0, &request, sizeof(request));

	if (r == 0 && request.name_len > LIMIT_OWNER_BYTES)
		r = -EBADMSG;
	if (r == 0)
		r = wait_read(child->fd, 0, name, request.name_len);
	if (r)
		return r;
	name[request.name_len] = '\0';
	return answer(child, &request, name);
}

/*
 * Serves requests from @fd until it is closed at its other end. Returns 0, or -errno if
 * it could not begin.
 */
int nss_child_main(int fd)
{
	const struct nss_greeting greeting = { NSS_PROTOCOL_MAGIC, NSS_PROTOCOL_VERSION };
	CLEANUP(nss_child_cleanup) struct nss_child child = { .fd = fd };
	int r;

	child.piece = malloc(PIECE_BYTES);
	if (!child.piece)
		return -ENOMEM;
	r = fd_write_all(fd, &greeting, sizeof(greeting));
	while (r == 0)
		r = serve_one(&child);
	return 0;
}
