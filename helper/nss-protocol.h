/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * nss-protocol: the messages between a program and the child that asks the name service.
 *
 * The child sends a greeting. Then the program sends requests, each followed by the bytes
 * of a name. The child answers each with replies, each followed by `len` bytes: any
 * number with NSS_REPLY_MORE, and a last one without. The program may send requests
 * before the reply to the last one has come. Both sides check what they receive as
 * foreign input.
 */
#ifndef SUBID_NSS_PROTOCOL_H
#define SUBID_NSS_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "helper/nss-client.h"
#include "libsubid/core/limits.h"

#define NSS_PROTOCOL_MAGIC   0x73756269
#define NSS_PROTOCOL_VERSION 1

/* Bytes of one reply. */
#define NSS_REPLY_BYTES_MAX (16 * 1024 * 1024)
/* A reply that others follow. */
#define NSS_REPLY_MORE 2

struct nss_greeting {
	uint32_t magic;
	uint32_t version;
};

enum nss_request_type {
	NSS_REQUEST_USER,      /* name -> struct nss_reply_account */
	NSS_REQUEST_UID,       /* id -> the same */
	NSS_REQUEST_NAME,      /* kind, id -> name */
	NSS_REQUEST_HOME,      /* name -> path */
	NSS_REQUEST_GROUPS,    /* name, id of the primary group -> gids */
	NSS_REQUEST_MEMBERS,   /* name -> gid, then names, each with a NUL */
	NSS_REQUEST_ENUMERATE, /* kind, milliseconds -> struct nss_reply_account ... */
	NSS_REQUEST_SCAN,      /* kind, range, milliseconds -> the same, then a
				  struct nss_reply_scan */
	NSS_REQUEST_MISSING,   /* kind -> words of nsswitch.conf without a module */
};

struct nss_request {
	uint32_t type;
	uint32_t group; /* the kind: 1 for gids */
	uint32_t id;
	uint32_t name_len;
	uint32_t first_only; /* of a scan */
	uint32_t zero;
	uint64_t start;
	uint64_t end;
	int64_t milliseconds;
};

struct nss_reply {
	int32_t r; /* 0, NSS_REPLY_MORE, ACCOUNT_NONE or -errno */
	uint32_t len;
};

/* The name follows. */
struct nss_reply_account {
	uint32_t id;
	uint32_t gid;
	uint32_t name_len; /* LIMIT_OWNER_BYTES at the most */
};

struct nss_reply_scan {
	uint64_t asked;
	uint64_t largest;
};

int nss_child_main(int fd);

/*
 * Requests to the child process of a client, and its replies.
 *
 *	nss_exchange_ask	a request with one reply, or step by step:
 *	nss_exchange_begin
 *	nss_exchange_send ...
 *	nss_exchange_receive ...	or nss_exchange_receive_one
 *	nss_exchange_finish
 */

int64_t nss_exchange_begin(struct nss_client *client, int64_t *ret_now);
int64_t nss_exchange_end(const struct nss_client *client, int64_t begun);
int nss_exchange_send(const struct nss_client *client, int64_t end,
		      struct nss_request request, const char *name);
int nss_exchange_receive(const struct nss_client *client, int64_t end, int *ret_r,
			 char **ret_bytes, size_t *ret_len);
int nss_exchange_receive_one(const struct nss_client *client, int64_t end, int *ret_r,
			     char **ret_bytes, size_t *ret_len);
void nss_exchange_finish(struct nss_client *client, int64_t begun, int r);
bool nss_exchange_is_too_long(const char *name);
int nss_exchange_ask(struct nss_client *client, struct nss_request request,
		     const char *name, char **ret_bytes, size_t *ret_len);

#endif
