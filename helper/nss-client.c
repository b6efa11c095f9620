// SPDX-License-Identifier: BSD-3-Clause
/*
 * nss-client: questions about users and groups, as requests to a child process.
 *
 * MUST: what the child sends is checked before it is used.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "helper/nss-client.h"
#include "helper/nss-protocol.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "libsubid/sys/fd.h"
#include "libsubid/sys/wait.h"

/*
 * Requests that are sent before the first of them is answered: so many that they and the
 * answers fit into a socket.
 */
#define WINDOW 128

/* Milliseconds beyond the child's own time limit. */
#define GRACE 1000

/*
 * Reads one account of a reply and steps over it. Returns 1, 0 at the end or -EBADMSG.
 */
static int next_account(const char **at, const char *end,
			struct nss_reply_account *ret_account, const char **ret_name)
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

static int read_account(const char *bytes, size_t len, struct account *ret_account)
{
	struct nss_reply_account reply;
	const char *at = bytes, *name;

	if (next_account(&at, bytes + len, &reply, &name) != 1 || at != bytes + len ||
	    reply.name_len == 0)
		return -EBADMSG;
	account_set(ret_account, name, reply.name_len, reply.id, reply.gid);
	return 0;
}

static int ask_account(struct nss_client *client, struct nss_request request,
		       const char *name, struct account *ret_account)
{
	CLEANUP(cleanup_free) char *bytes = NULL;
	size_t len = 0;
	int r = nss_exchange_ask(client, request, name, &bytes, &len);

	return r ? r : read_account(bytes, len, ret_account);
}

/*
 * Looks an account up by login name. Returns 0, ACCOUNT_NONE or -errno, see
 * report_no_answer().
 */
int nss_client_user(struct nss_client *client, const char *name,
		    struct account *ret_account)
{
	return ask_account(client, (struct nss_request){ .type = NSS_REQUEST_USER }, name,
			   ret_account);
}

/* The same by uid. */
int nss_client_uid(struct nss_client *client, uid_t uid, struct account *ret_account)
{
	return ask_account(client,
			   (struct nss_request){ .type = NSS_REQUEST_UID, .id = uid },
			   NULL, ret_account);
}

static int send_window(struct nss_client *client, int64_t end, const char *const *names,
		       size_t n)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		if (!nss_exchange_is_too_long(names[i]))
			r = nss_exchange_send(
				client, end,
				(struct nss_request){ .type = NSS_REQUEST_USER },
				names[i]);
	return r;
}

static int receive_window(struct nss_client *client, int64_t begun,
			  const char *const *names, size_t n,
			  struct name_service_answer *ret_answers)
{
	for (size_t i = 0; i < n; i++) {
		CLEANUP(cleanup_free) char *bytes = NULL;
		int64_t end = nss_exchange_end(client, begun);
		int found = ACCOUNT_NONE, r;
		size_t len = 0;

		r = nss_exchange_is_too_long(names[i]) ?
			    0 :
			    nss_exchange_receive_one(client, end, &found, &bytes, &len);
		if (r == 0 && found == 0)
			r = read_account(bytes, len, &ret_answers[i].account);
		if (r)
			return r;
		ret_answers[i].r = found;
	}
	return 0;
}

/*
 * Looks many accounts up, with many requests under way.
 *
 * ret_answers: one for each name. Returns 0; errors are in the answers.
 */
int nss_client_users(struct nss_client *client, const char *const *names, size_t n,
		     struct name_service_answer *ret_answers)
{
	int r = 0;

	for (size_t i = 0; i < n; i++)
		ret_answers[i].r = -ETIMEDOUT;
	for (size_t i = 0; r == 0 && i < n; i += WINDOW) {
		size_t some = n - i < WINDOW ? n - i : WINDOW;
		int64_t begun, end = nss_exchange_begin(client, &begun);

		if (end < 0) {
			r = (int)end;
			break;
		}
		r = send_window(client, end, names + i, some);
		/* A child that has ended may have answered before. */
		if (r == 0 || r == -ECONNRESET)
			r = receive_window(client, begun, names + i, some,
					   ret_answers + i);
		nss_exchange_finish(client, begun, r);
	}
	for (size_t i = 0; r && i < n; i++)
		if (ret_answers[i].r == -ETIMEDOUT)
			ret_answers[i].r = r;
	return 0;
}

/* Looks the name of a user or a group up. Returns as nss_client_user() does. */
int nss_client_name(struct nss_client *client, const struct kind *kind, uint32_t id,
		    char ret_name[static LIMIT_OWNER_BYTES + 1])
{
	CLEANUP(cleanup_free) char *bytes = NULL;
	size_t len = 0;
	int r = nss_exchange_ask(client,
				 (struct nss_request){ .type = NSS_REQUEST_NAME,
						       .group = kind->group,
						       .id = id },
				 NULL, &bytes, &len);

	if (r)
		return r;
	len = strnlen(bytes, LIMIT_OWNER_BYTES);
	memcpy(ret_name, bytes, len);
	ret_name[len] = '\0';
	return 0;
}

/* Looks the home directory of a user up; *ret_home is to be freed. */
int nss_client_home(struct nss_client *client, const char *name, char **ret_home)
{
	size_t len;

	return nss_exchange_ask(client, (struct nss_request){ .type = NSS_REQUEST_HOME },
				name, ret_home, &len);
}

/*
 * Looks all groups of a user up, the primary one among them.
 *
 * ret_groups: *ret_n of them, to be freed. Returns as nss_client_user() does.
 */
int nss_client_groups(struct nss_client *client, const struct account *account,
		      gid_t **ret_groups, size_t *ret_n)
{
	char *bytes;
	size_t len;
	int r = nss_exchange_ask(
		client,
		(struct nss_request){ .type = NSS_REQUEST_GROUPS, .id = account->gid },
		account->name, &bytes, &len);

	if (r)
		return r;
	*ret_n = len / sizeof(**ret_groups);
	*ret_groups = (gid_t *)(void *)bytes;
	return 0;
}

/*
 * Looks a group up.
 *
 * ret_names: the users that are named as members, each with a NUL, *ret_len bytes in all;
 * to be freed. Returns as nss_client_user() does.
 */
int nss_client_members(struct nss_client *client, const char *group, gid_t *ret_gid,
		       char **ret_names, size_t *ret_len)
{
	char *bytes;
	size_t len;
	int r = nss_exchange_ask(client,
				 (struct nss_request){ .type = NSS_REQUEST_MEMBERS },
				 group, &bytes, &len);

	if (r)
		return r;
	if (len < sizeof(*ret_gid)) {
		free(bytes);
		return -EBADMSG;
	}
	memcpy(ret_gid, bytes, sizeof(*ret_gid));
	*ret_len = len - sizeof(*ret_gid);
	/* Including the NUL. */
	memmove(bytes, bytes + sizeof(*ret_gid), *ret_len + 1);
	*ret_names = bytes;
	return 0;
}

static int parse_accounts(const char *bytes, size_t len, struct accounts *found)
{
	struct nss_reply_account account;
	const char *at = bytes, *name;
	int r;

	while ((r = next_account(&at, bytes + len, &account, &name)) > 0) {
		r = accounts_add(found, name, account.name_len, account.id, account.gid);
		if (r)
			return r;
	}
	return r;
}

/*
 * Receives accounts until the reply that ends them. Returns 0, the child's result in
 * *ret_r and the bytes of the last reply; or -errno.
 */
static int receive_accounts(struct nss_client *client, int64_t end,
			    struct accounts *found, int *ret_r, char **ret_bytes,
			    size_t *ret_len)
{
	for (;;) {
		CLEANUP(cleanup_free) char *bytes = NULL;
		int r = nss_exchange_receive(client, end, ret_r, &bytes, ret_len);

		if (r)
			return r;
		if (*ret_r != NSS_REPLY_MORE) {
			*ret_bytes = TAKE_PTR(bytes);
			return 0;
		}
		r = parse_accounts(bytes, *ret_len, found);
		if (r)
			return r;
	}
}

static int request_accounts(struct nss_client *client, const struct nss_request *request,
			    struct accounts *found, char **ret_bytes, size_t *ret_len)
{
	int64_t begun, end = nss_exchange_begin(client, &begun);
	int result = 0, r;

	if (end < 0)
		return (int)end;
	end = begun + request->milliseconds + GRACE;
	r = nss_exchange_send(client, end, *request, NULL);
	if (r == 0)
		r = receive_accounts(client, end, found, &result, ret_bytes, ret_len);
	if (r == 0 && result > 0)
		r = -EBADMSG;
	nss_exchange_finish(client, begun, r);
	return r ? r : result;
}

/*
 * Adds the accounts that the services enumerate in time to @found, see nss_enumerate().
 * Returns 0 or -errno (not all may be there).
 */
int nss_client_enumerate(struct nss_client *client, const struct kind *kind,
			 int64_t milliseconds, struct accounts *found)
{
	const struct nss_request request = { .type = NSS_REQUEST_ENUMERATE,
					     .group = kind->group,
					     .milliseconds = milliseconds };
	CLEANUP(cleanup_free) char *bytes = NULL;
	size_t len = 0;

	return request_accounts(client, &request, found, &bytes, &len);
}

/*
 * Asks for the ids of a range, see nss_scan(). Returns 0 or -errno (a service does not
 * answer); what was found until then is in scan->found.
 */
int nss_client_scan(struct nss_client *client, struct name_service_scan *scan)
{
	const struct nss_request request = { .type = NSS_REQUEST_SCAN,
					     .group = scan->kind->group,
					     .first_only = scan->first_only,
					     .start = scan->range.start,
					     .end = scan->range.end,
					     .milliseconds = scan->milliseconds };
	CLEANUP(cleanup_free) char *bytes = NULL;
	struct nss_reply_scan reply = { 0 };
	size_t len = 0;
	int r = request_accounts(client, &request, scan->found, &bytes, &len);

	if (r == 0 && len != sizeof(reply))
		return -EBADMSG;
	if (r)
		return r;
	memcpy(&reply, bytes, sizeof(reply));
	scan->asked = reply.asked;
	scan->largest = reply.largest;
	return 0;
}

/*
 * Finds which services of the line `passwd:` or `group:` of nsswitch.conf(5) are not
 * installed; *ret_words, separated by spaces, are to be freed. Returns 0 or -errno.
 */
int nss_client_missing(struct nss_client *client, const struct kind *kind,
		       char **ret_words)
{
	size_t len;

	return nss_exchange_ask(
		client,
		(struct nss_request){ .type = NSS_REQUEST_MISSING, .group = kind->group },
		NULL, ret_words, &len);
}

static int client_user(void *context, const char *name, struct account *ret_account)
{
	return nss_client_user(context, name, ret_account);
}

static int client_uid(void *context, uid_t uid, struct account *ret_account)
{
	return nss_client_uid(context, uid, ret_account);
}

static int client_users(void *context, const char *const *names, size_t n,
			struct name_service_answer *ret_answers)
{
	return nss_client_users(context, names, n, ret_answers);
}

static int service_enumerate(void *context, const struct kind *kind, int64_t milliseconds,
			     struct accounts *found)
{
	return nss_client_enumerate(context, kind, milliseconds, found);
}

static int client_scan(void *context, struct name_service_scan *scan)
{
	return nss_client_scan(context, scan);
}

/* The name service by this child. It is valid as long as @client. */
struct name_service nss_client_service(struct nss_client *client)
{
	return (struct name_service){
		.context = client,
		.user = client_user,
		.uid = client_uid,
		.users = client_users,
		.enumerate = service_enumerate,
		.scan = client_scan,
	};
}

/* Ends the child; also one that never started or that has ended. */
void nss_client_end(struct nss_client *client)
{
	if (client->fd < 0)
		return;
	child_end(&client->child);
	client->fd = fd_close(client->fd);
}
