/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * nss-exchange: requests to the child process of a client, and its replies.
 *
 *	nss_exchange_ask	a request with one reply, or step by step:
 *	nss_exchange_begin
 *	nss_exchange_send ...
 *	nss_exchange_receive ...	or nss_exchange_receive_one
 *	nss_exchange_finish
 */
#ifndef SUBID_NSS_EXCHANGE_H
#define SUBID_NSS_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "helper/nss-client.h"
#include "helper/nss-protocol.h"

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
