// SPDX-License-Identifier: BSD-3-Clause
/*
 * ask-nss: answers the requests about users and groups.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "helper/ask.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/sys/wait.h"
#include "libsubid/user/nss.h"

/* An enumeration takes too long: not all accounts were found. */
#define TIME_OVER 3

static size_t put_account(char *to, uint32_t id, uint32_t gid, const char *name,
			  size_t len)
{
	struct helper_reply_account account = { id, gid, (uint32_t)len };

	memcpy(to, &account, sizeof(account));
	memcpy(to + sizeof(account), name, len);
	return sizeof(account) + len;
}

static int send_account(struct ask *ask, int r, const struct account *account)
{
	char bytes[sizeof(struct helper_reply_account) + LIMIT_OWNER_BYTES];
	size_t len = r ? 0 :
			 put_account(bytes, account->uid, account->gid, account->name,
				     account->name_len);

	return ask_send_answer(ask, r, bytes, len);
}

static int answer_account(struct ask *ask, const struct helper_request *request,
			  const char *name)
{
	struct account account;
	int r;

	if (request->type == HELPER_REQUEST_UID)
		r = nss_uid(&ask->nss, request->id, &account);
	else if (request->type == HELPER_REQUEST_CERTAIN)
		r = nss_user_certain(&ask->nss, name, &account);
	else
		r = nss_user(&ask->nss, name, &account);

	return send_account(ask, r, &account);
}

static int answer_name(struct ask *ask, const struct kind *kind, uint32_t id)
{
	char name[LIMIT_OWNER_BYTES + 1];
	int r = nss_name_of(&ask->nss, kind, id, name);

	return ask_send_answer(ask, r, name, r ? 0 : strlen(name));
}

static int answer_home(struct ask *ask, const char *name)
{
	CLEANUP(cleanup_free) char *home = NULL;
	int r = nss_home(&ask->nss, name, &home);

	return ask_send_answer(ask, r, home, r ? 0 : strlen(home));
}

static int answer_groups(struct ask *ask, const char *name, gid_t gid)
{
	CLEANUP(cleanup_free) gid_t *groups = NULL;
	size_t n = 0;
	int r = nss_groups(&ask->nss, name, gid, &groups, &n);

	return ask_send_answer(ask, r, groups, n * sizeof(*groups));
}

static int answer_members(struct ask *ask, const char *group)
{
	CLEANUP(cleanup_free) char *names = NULL;
	CLEANUP(cleanup_free) char *bytes = NULL;
	size_t len = 0;
	gid_t gid = 0;
	int r = nss_members(&ask->nss, group, &gid, &names, &len);

	if (r)
		return ask_send_answer(ask, r, NULL, 0);
	bytes = malloc(sizeof(gid) + len);
	if (!bytes)
		return ask_send_answer(ask, -ENOMEM, NULL, 0);
	memcpy(bytes, &gid, sizeof(gid));
	memcpy(bytes + sizeof(gid), names, len);
	return ask_send_answer(ask, 0, bytes, sizeof(gid) + len);
}

static int send_piece(struct ask *ask)
{
	size_t len = ask->piece_len;

	ask->piece_len = 0;
	return len ? ask_send(ask, HELPER_REPLY_MORE, ask->piece, len) : 0;
}

/* An nss_found_fn. */
static int take_found(const struct nss_found *found, void *context)
{
	struct ask *ask = context;
	size_t len = strlen(found->name);
	int r = 0;

	if (ask->piece_len + sizeof(struct helper_reply_account) + len > ASK_PIECE_BYTES)
		r = send_piece(ask);
	if (r == 0)
		ask->piece_len += put_account(ask->piece + ask->piece_len, found->id,
					      found->gid, found->name, len);
	return r;
}

static int take_in_time(const struct nss_found *found, void *context)
{
	const struct ask *ask = context;

	return wait_clock() < ask->end ? take_found(found, context) : TIME_OVER;
}

static int answer_enumerate(struct ask *ask, const struct kind *kind,
			    int64_t milliseconds)
{
	int r, failed;

	ask->end = wait_clock() + milliseconds;
	r = nss_enumerate(&ask->nss, kind, take_in_time, ask);
	failed = send_piece(ask);
	return failed ? failed : ask_send_answer(ask, r == TIME_OVER ? 0 : r, NULL, 0);
}

static int answer_scan(struct ask *ask, const struct kind *kind,
		       const struct helper_request *request)
{
	struct name_service_scan scan = { .kind = kind,
					  .first_only = request->first_only,
					  .milliseconds = request->milliseconds };
	struct helper_reply_scan reply;
	int r, failed;

	if (request->end <= request->start ||
	    range_make(request->start, request->end - request->start, &scan.range))
		return ask_send_answer(ask, -EINVAL, NULL, 0);
	r = nss_scan(&ask->nss, &scan, take_found, ask);
	failed = send_piece(ask);
	reply = (struct helper_reply_scan){ scan.asked, scan.largest };
	return failed ? failed : ask_send_answer(ask, r, &reply, sizeof(reply));
}

static int answer_missing(struct ask *ask, const struct kind *kind)
{
	const struct nss_modules *modules;
	int r = nss_modules_of(&ask->nss, kind, &modules);

	return r ? ask_send_answer(ask, r, NULL, 0) :
		   ask_send_answer(ask, 0, modules->missing, strlen(modules->missing));
}

/* Answers a request, whose text is @name. Returns 0, or -errno if it cannot be sent. */
int ask_nss(struct ask *ask, const struct helper_request *request, const char *name)
{
	const struct kind *kind = request->group ? &kind_gid : &kind_uid;

	switch (request->type) {
	case HELPER_REQUEST_USER:
	case HELPER_REQUEST_UID:
	case HELPER_REQUEST_CERTAIN:
		return answer_account(ask, request, name);
	case HELPER_REQUEST_NAME:
		return answer_name(ask, kind, request->id);
	case HELPER_REQUEST_HOME:
		return answer_home(ask, name);
	case HELPER_REQUEST_GROUPS:
		return answer_groups(ask, name, request->id);
	case HELPER_REQUEST_MEMBERS:
		return answer_members(ask, name);
	case HELPER_REQUEST_ENUMERATE:
		return answer_enumerate(ask, kind, request->milliseconds);
	case HELPER_REQUEST_SCAN:
		return answer_scan(ask, kind, request);
	case HELPER_REQUEST_MISSING:
		return answer_missing(ask, kind);
	default:
		return ask_send_answer(ask, -EINVAL, NULL, 0);
	}
}
