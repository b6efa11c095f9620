// SPDX-License-Identifier: BSD-3-Clause
/*
 * nss-client-more: questions about users and groups, as requests to the helper.
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
 * Requests that are sent before the first of them is answered: so many that they and the
 * answers fit into a socket.
 */
#define WINDOW 128

/* Milliseconds beyond the helper's own time limit. */
#define GRACE 1000

static int send_window(struct helper *helper, int64_t end, const char *const *names,
		       size_t n)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		if (!helper_exchange_is_too_long(names[i]))
			r = helper_exchange_send(
				helper, end,
				(struct helper_request){ .type = HELPER_REQUEST_USER },
				names[i]);
	return r;
}

static int receive_window(struct helper *helper, int64_t begun, const char *const *names,
			  size_t n, struct name_service_answer *ret_answers)
{
	for (size_t i = 0; i < n; i++) {
		CLEANUP(cleanup_free) char *bytes = NULL;
		int64_t end = helper_exchange_end(helper, begun);
		int found = ACCOUNT_NONE, r;
		size_t len = 0;

		r = helper_exchange_is_too_long(names[i]) ?
			    0 :
			    helper_exchange_receive_one(helper, end, ACCOUNT_NONE, &found,
							&bytes, &len);
		if (r == 0 && found == 0)
			r = nss_client_read_account(bytes, len, &ret_answers[i].account);
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
int nss_client_users(struct helper *helper, const char *const *names, size_t n,
		     struct name_service_answer *ret_answers)
{
	int r = 0;

	for (size_t i = 0; i < n; i++)
		ret_answers[i].r = -ETIMEDOUT;
	for (size_t i = 0; r == 0 && i < n; i += WINDOW) {
		size_t some = n - i < WINDOW ? n - i : WINDOW;
		int64_t begun, end = helper_exchange_begin(helper, &begun);

		if (end < 0) {
			r = (int)end;
			break;
		}
		r = send_window(helper, end, names + i, some);
		/* A helper that has ended may have answered before. */
		if (r == 0 || r == -ECONNRESET)
			r = receive_window(helper, begun, names + i, some,
					   ret_answers + i);
		helper_exchange_finish(helper, begun, r);
	}
	for (size_t i = 0; r && i < n; i++)
		if (ret_answers[i].r == -ETIMEDOUT)
			ret_answers[i].r = r;
	return 0;
}

/* Looks the name of a user or a group up. Returns as nss_client_user() does. */
int nss_client_name(struct helper *helper, const struct kind *kind, uint32_t id,
		    char ret_name[static LIMIT_OWNER_BYTES + 1])
{
	CLEANUP(cleanup_free) char *bytes = NULL;
	size_t len = 0;
	int r = helper_exchange_ask(helper,
				    (struct helper_request){ .type = HELPER_REQUEST_NAME,
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
int nss_client_home(struct helper *helper, const char *name, char **ret_home)
{
	size_t len;

	return helper_exchange_ask(helper,
				   (struct helper_request){ .type = HELPER_REQUEST_HOME },
				   name, ret_home, &len);
}

/*
 * Looks all groups of a user up, the primary one among them.
 *
 * ret_groups: *ret_n of them, to be freed. Returns as nss_client_user() does.
 */
int nss_client_groups(struct helper *helper, const struct account *account,
		      gid_t **ret_groups, size_t *ret_n)
{
	char *bytes;
	size_t len;
	int r = helper_exchange_ask(
		helper,
		(struct helper_request){ .type = HELPER_REQUEST_GROUPS,
					 .id = account->gid },
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
int nss_client_members(struct helper *helper, const char *group, gid_t *ret_gid,
		       char **ret_names, size_t *ret_len)
{
	char *bytes;
	size_t len;
	int r = helper_exchange_ask(
		helper, (struct helper_request){ .type = HELPER_REQUEST_MEMBERS }, group,
		&bytes, &len);

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
	struct helper_reply_account account;
	const char *at = bytes, *name;
	int r;

	while ((r = nss_client_next_account(&at, bytes + len, &account, &name)) > 0) {
		r = accounts_add(found, name, account.name_len, account.id, account.gid);
		if (r)
			return r;
	}
	return r;
}

/*
 * Receives accounts until the reply that ends them. Returns 0, the helper's result in
 * *ret_r and the bytes of the last reply; or -errno.
 */
static int receive_accounts(struct helper *helper, int64_t end, struct accounts *found,
			    int *ret_r, char **ret_bytes, size_t *ret_len)
{
	for (;;) {
		CLEANUP(cleanup_free) char *bytes = NULL;
		int r = helper_exchange_receive(helper, end, ret_r, &bytes, ret_len);

		if (r)
			return r;
		if (*ret_r != HELPER_REPLY_MORE) {
			*ret_bytes = TAKE_PTR(bytes);
			return 0;
		}
		r = parse_accounts(bytes, *ret_len, found);
		if (r)
			return r;
	}
}

static int request_accounts(struct helper *helper, const struct helper_request *request,
			    struct accounts *found, char **ret_bytes, size_t *ret_len)
{
	int64_t begun, end = helper_exchange_begin(helper, &begun);
	int result = 0, r;

	if (end < 0)
		return (int)end;
	end = begun + request->milliseconds + GRACE;
	r = helper_exchange_send(helper, end, *request, NULL);
	if (r == 0)
		r = receive_accounts(helper, end, found, &result, ret_bytes, ret_len);
	if (r == 0 && result > 0)
		r = -EBADMSG;
	helper_exchange_finish(helper, begun, r);
	return r ? r : result;
}

/*
 * Adds the accounts that the services enumerate in time to @found, see nss_enumerate().
 * Returns 0 or -errno (not all may be there).
 */
int nss_client_enumerate(struct helper *helper, const struct kind *kind,
			 int64_t milliseconds, struct accounts *found)
{
	const struct helper_request request = { .type = HELPER_REQUEST_ENUMERATE,
						.group = kind->group,
						.milliseconds = milliseconds };
	CLEANUP(cleanup_free) char *bytes = NULL;
	size_t len = 0;

	return request_accounts(helper, &request, found, &bytes, &len);
}

/*
 * Asks for the ids of a range, see nss_scan(). Returns 0 or -errno (a service does not
 * answer); what was found until then is in scan->found.
 */
int nss_client_scan(struct helper *helper, struct name_service_scan *scan)
{
	const struct helper_request request = { .type = HELPER_REQUEST_SCAN,
						.group = scan->kind->group,
						.first_only = scan->first_only,
						.start = scan->range.start,
						.end = scan->range.end,
						.milliseconds = scan->milliseconds };
	CLEANUP(cleanup_free) char *bytes = NULL;
	struct helper_reply_scan reply = { 0 };
	size_t len = 0;
	int r = request_accounts(helper, &request, scan->found, &bytes, &len);

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
int nss_client_missing(struct helper *helper, const struct kind *kind, char **ret_words)
{
	size_t len;

	return helper_exchange_ask(
		helper,
		(struct helper_request){ .type = HELPER_REQUEST_MISSING,
					 .group = kind->group },
		NULL, ret_words, &len);
}

static int client_user(void *context, const char *name, struct account *ret_account)
{
	return nss_client_user(context, name, ret_account);
}

static int client_users(void *context, const char *const *names, size_t n,
			struct name_service_answer *ret_answers)
{
	return nss_client_users(context, names, n, ret_answers);
}

static int client_group(void *context, const char *name, gid_t *ret_gid)
{
	CLEANUP(cleanup_free) char *names = NULL;
	size_t len;

	return nss_client_members(context, name, ret_gid, &names, &len);
}

static int client_groups(void *context, const struct account *account, gid_t **ret_groups,
			 size_t *ret_n)
{
	return nss_client_groups(context, account, ret_groups, ret_n);
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

/* The name service by this helper. It is valid as long as @helper. */
struct name_service nss_client_service(struct helper *helper)
{
	struct name_service service = nss_client_single(helper);

	service.user = client_user;
	service.users = client_users;
	service.group = client_group;
	service.groups = client_groups;
	service.enumerate = service_enumerate;
	service.scan = client_scan;
	return service;
}
