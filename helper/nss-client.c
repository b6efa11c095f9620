// SPDX-License-Identifier: BSD-3-Clause
/*
 * nss-client: looks single users up, by the helper. nss-client-more.c has the other
 * questions, which no map writer has.
 *
 * MUST: what the helper sends is checked before it is used.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "helper/helper-protocol.h"
#include "helper/nss-client.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "libsubid/sys/wait.h"

/*
 * Reads one account of a reply and steps over it. Returns 1, 0 at the end or -EBADMSG.
 */
int nss_client_next_account(const char **at, const char *end,
			    struct helper_reply_account *ret_account,
			    const char **ret_name)
{
	size_t left = (size_t)(end - *at);

	if (left == 0)
		return 0;
	if (left < sizeof(*ret_account))
		return -EBADMSG;
	memcpy(ret_account, *at, sizeof(*ret_account));
	if (ret_account->name_len > LIMIT_OWNER_BYTES ||
	    ret_account->name_len > left - sizeof(*ret_account))
		return -EBADMSG;
	*ret_name = *at + sizeof(*ret_account);
	if (memchr(*ret_name, '\0', ret_account->name_len))
		return -EBADMSG;
	*at = *ret_name + ret_account->name_len;
	return 1;
}

/* Reads a reply with one account. Returns 0 or -EBADMSG. */
int nss_client_read_account(const char *bytes, size_t len, struct account *ret_account)
{
	struct helper_reply_account reply;
	const char *at = bytes, *name;

	if (nss_client_next_account(&at, bytes + len, &reply, &name) != 1 ||
	    at != bytes + len || reply.name_len == 0)
		return -EBADMSG;
	account_set(ret_account, name, reply.name_len, reply.id, reply.gid);
	return 0;
}

static int ask_account(struct helper *helper, struct helper_request request,
		       const char *name, struct account *ret_account)
{
	CLEANUP(cleanup_free) char *bytes = NULL;
	size_t len = 0;
	int r = helper_exchange_ask(helper, request, name, &bytes, &len);

	return r ? r : nss_client_read_account(bytes, len, ret_account);
}

/*
 * Looks an account up by login name. Returns 0, ACCOUNT_NONE or -errno, see
 * report_no_answer().
 */
int nss_client_user(struct helper *helper, const char *name, struct account *ret_account)
{
	return ask_account(helper, (struct helper_request){ .type = HELPER_REQUEST_USER },
			   name, ret_account);
}

/* The same by uid. */
int nss_client_uid(struct helper *helper, uid_t uid, struct account *ret_account)
{
	struct account account;
	int r = ask_account(
		helper, (struct helper_request){ .type = HELPER_REQUEST_UID, .id = uid },
		NULL, &account);

	if (r)
		return r;
	if (account.uid != uid)
		return -EBADMSG;
	*ret_account = account;
	return 0;
}

/* Map writers look up a name only to find another one of the caller. */
static int client_certain(void *context, const char *name, struct account *ret_account)
{
	return ask_account(context,
			   (struct helper_request){ .type = HELPER_REQUEST_CERTAIN },
			   name, ret_account);
}

static int client_uid(void *context, uid_t uid, struct account *ret_account)
{
	return nss_client_uid(context, uid, ret_account);
}

/*
 * The name service by this helper, for single users, as map writers need it. It is valid
 * as long as @helper.
 */
struct name_service nss_client_single(struct helper *helper)
{
	return (struct name_service){
		.context = helper,
		.user = client_certain,
		.uid = client_uid,
	};
}
