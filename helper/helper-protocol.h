/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * helper-protocol: the messages between a program and the helper, through a socket.
 *
 * The helper sends a greeting. Then the program sends requests, each followed by its text
 * and extents. The helper answers each with replies, each followed by `len` bytes: any
 * number with HELPER_REPLY_MORE, and a last one without. The program may send requests
 * before the reply to the last one has come. Both sides check what they receive as
 * foreign input.
 *
 * A change of these messages needs another HELPER_PROTOCOL_VERSION.
 */
#ifndef SUBID_HELPER_PROTOCOL_H
#define SUBID_HELPER_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "helper/helper.h"
#include "libsubid/core/limits.h"
#include "libsubid/user/account.h"

/* The descriptor of the socket in the helper. */
#define HELPER_SOCKET 3
/* What a module needs at the least: see check_resources() of ask.c. */
#define HELPER_DESCRIPTORS 32

#define HELPER_PROTOCOL_MAGIC	0x73756269
#define HELPER_PROTOCOL_VERSION 2

/* Bytes of one reply. */
#define HELPER_REPLY_BYTES_MAX (16 * 1024 * 1024)
/* A reply that others follow. */
#define HELPER_REPLY_MORE 100
#define HELPER_ERRNO_MAX  4095
/* The text of a request: a name, or what plugin-client.c sends. */
#define HELPER_TEXT_MAX (4096 + 2 * (LIMIT_OWNER_BYTES + 1))

struct helper_greeting {
	uint32_t magic;
	uint32_t version;
	int32_t error; /* an errno: it cannot ask */
};

enum helper_request_type {
	HELPER_REQUEST_USER,	  /* name -> struct helper_reply_account */
	HELPER_REQUEST_UID,	  /* id -> the same */
	HELPER_REQUEST_NAME,	  /* kind, id -> name */
	HELPER_REQUEST_HOME,	  /* name -> path */
	HELPER_REQUEST_GROUPS,	  /* name, id of the primary group -> gids */
	HELPER_REQUEST_MEMBERS,	  /* name -> gid, then names, each with a NUL */
	HELPER_REQUEST_ENUMERATE, /* kind, milliseconds -> struct helper_reply_account ...
				   */
	HELPER_REQUEST_SCAN,	  /* kind, range, milliseconds -> the same, then a
				  struct helper_reply_scan */
	HELPER_REQUEST_MISSING,	  /* kind -> words of nsswitch.conf without a module */
	/* With the directory and the name of a plugin, each with a NUL, before the owner:
	 */
	HELPER_REQUEST_RANGES, /* kind, owner, extents -> struct helper_reply_ranges,
				  ranges that are denied, ranges that are listed */
	HELPER_REQUEST_OWNERS, /* kind, id -> uids */
	/* As HELPER_REQUEST_USER, if the answer is certain, see nss_user_certain(): */
	HELPER_REQUEST_CERTAIN,
};

struct helper_request {
	uint32_t type;
	uint32_t group; /* the kind: 1 for gids */
	uint32_t id;
	uint32_t text_len;
	uint32_t first_only; /* of a scan */
	uint32_t n_extents;  /* HELPER_REQUEST_RANGES: so many struct range follow */
	uint64_t start;
	uint64_t end;
	int64_t milliseconds;
	uint32_t about; /* HELPER_REQUEST_RANGES: what is asked about one by one */
	uint32_t zero;
};

enum {
	HELPER_ABOUT_NOTHING,
	HELPER_ABOUT_EXTENTS,
	HELPER_ABOUT_RANGES,
};

struct helper_reply {
	int32_t r; /* 0, HELPER_REPLY_MORE, ACCOUNT_NONE, an enum plugin_fault, -errno */
	uint32_t len;
};

/* The name follows. */
struct helper_reply_account {
	uint32_t id;
	uint32_t gid;
	uint32_t name_len; /* LIMIT_OWNER_BYTES at the most */
};

struct helper_reply_scan {
	uint64_t asked;
	uint64_t largest;
};

struct helper_reply_ranges {
	uint32_t denied;
	uint32_t n;
};

/*
 * Requests to a helper, and its replies.
 *
 *	helper_exchange_ask	a request with one reply, or step by step:
 *	helper_exchange_begin
 *	helper_exchange_send ...
 *	helper_exchange_receive ...	or helper_exchange_receive_one
 *	helper_exchange_finish
 */

int helper_receive(const struct helper *helper, int64_t end, void *bytes, size_t len);
int64_t helper_exchange_begin(struct helper *helper, int64_t *ret_now);
int64_t helper_exchange_end(const struct helper *helper, int64_t begun);
int helper_exchange_send(const struct helper *helper, int64_t end,
			 struct helper_request request, const char *name);
int helper_exchange_send_bytes(const struct helper *helper, int64_t end,
			       const void *bytes, size_t len);
int helper_exchange_receive(const struct helper *helper, int64_t end, int *ret_r,
			    char **ret_bytes, size_t *ret_len);
int helper_exchange_receive_one(const struct helper *helper, int64_t end, int most,
				int *ret_r, char **ret_bytes, size_t *ret_len);
void helper_exchange_finish(struct helper *helper, int64_t begun, int r);
bool helper_exchange_is_too_long(const char *name);
int helper_exchange_answer(struct helper *helper, int64_t begun, int64_t end, int r,
			   int most, char **ret_bytes, size_t *ret_len);
int helper_exchange_ask(struct helper *helper, struct helper_request request,
			const char *name, char **ret_bytes, size_t *ret_len);

/* Accounts in a reply. */
int nss_client_next_account(const char **at, const char *end,
			    struct helper_reply_account *ret_account,
			    const char **ret_name);
int nss_client_read_account(const char *bytes, size_t len, struct account *ret_account);

#endif
