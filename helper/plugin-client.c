// SPDX-License-Identifier: BSD-3-Clause
/*
 * plugin-client: a plugin is foreign code, with libraries of its own. The helper loads
 * it, and sends numbers.
 *
 * MUST: data from the helper is checked as if the caller had written it.
 * MUST: a plugin that exits or crashes the helper has not answered.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "helper/helper-protocol.h"
#include "helper/plugin-client.h"
#include "libsubid/core/cleanup.h"

/* Writes the text of a request. Returns its length, or 0 if there is no room. */
static size_t put_text(const struct plugin_client *plugin, const char *owner,
		       char text[static HELPER_TEXT_MAX])
{
	const char *const words[] = { plugin->directory, plugin->name, owner };
	size_t len = 0;

	for (size_t i = 0; i < 3; i++) {
		size_t n = strlen(words[i]) + 1;

		if (n > HELPER_TEXT_MAX - len)
			return 0;
		memcpy(text + len, words[i], n);
		len += n;
	}
	return len;
}

static int send_question(const struct plugin_client *plugin, int64_t end,
			 struct helper_request request, const char *owner,
			 const struct range *extents)
{
	const struct helper *helper = plugin->helper;
	char text[HELPER_TEXT_MAX];
	int r;

	request.text_len = (uint32_t)put_text(plugin, owner, text);
	if (request.text_len == 0)
		return -ENAMETOOLONG;
	r = helper_exchange_send_bytes(helper, end, &request, sizeof(request));
	if (r == 0)
		r = helper_exchange_send_bytes(helper, end, text, request.text_len);
	return r ? r :
		   helper_exchange_send_bytes(helper, end, extents,
					      request.n_extents * sizeof(*extents));
}

/* What the result of an exchange means for a plugin. */
static int plugin_result(int r)
{
	return r == -ETIMEDOUT	? PLUGIN_SLOW :
	       r == -ECONNRESET ? PLUGIN_DIED :
	       r == -EBADMSG	? PLUGIN_LIES :
				  r;
}

/* Returns 0 with bytes to be freed, an enum plugin_fault or -errno. */
static int ask(const struct plugin_client *plugin, struct helper_request request,
	       const char *owner, const struct range *extents, char **ret_bytes,
	       size_t *ret_len)
{
	int64_t begun, end = helper_exchange_begin(plugin->helper, &begun);

	if (end < 0)
		return plugin_result((int)end);
	return plugin_result(helper_exchange_answer(
		plugin->helper, begun, end,
		send_question(plugin, end, request, owner, extents), PLUGIN_DIED,
		ret_bytes, ret_len));
}

/* Puts ranges into a set that has room for them. */
static int read_ranges(const char *bytes, size_t n, struct range_set *set)
{
	CLEANUP(cleanup_free) struct range *ranges = calloc(n + 1, sizeof(*ranges));

	if (!ranges)
		return -ENOMEM;
	memcpy(ranges, bytes, n * sizeof(*ranges));
	for (size_t i = 0; i < n; i++)
		if (range_make(ranges[i].start, ranges[i].end - ranges[i].start,
			       &ranges[i]))
			return PLUGIN_LIES;
	return range_set_fill(set, ranges, n) ? -ENOMEM : 0;
}

static int read_answer(const char *bytes, size_t len, struct plugin_extents *extents,
		       struct range_set *set)
{
	const size_t size = sizeof(struct range);
	struct helper_reply_ranges head;
	int r = 0;

	if (len < sizeof(head))
		return PLUGIN_LIES;
	memcpy(&head, bytes, sizeof(head));
	if (head.n > LIMIT_PLUGIN_ANSWER ||
	    head.denied > (extents ? extents->denied.max : 0) ||
	    len != sizeof(head) + ((size_t)head.denied + head.n) * size)
		return PLUGIN_LIES;
	bytes += sizeof(head);
	if (head.denied > 0)
		r = read_ranges(bytes, head.denied, &extents->denied);
	return r ? r : read_ranges(bytes + (size_t)head.denied * size, head.n, set);
}

/*
 * Asks as plugin_ask_ranges() does. Returns as it does, PLUGIN_DIED, PLUGIN_SLOW, or
 * -ENOPKG: see the helper. @set changes only with 0.
 */
int plugin_client_ranges(const struct plugin_client *plugin, const char *owner,
			 const struct kind *kind, struct plugin_extents *extents,
			 struct range_set *set)
{
	const struct helper_request request = {
		.type = HELPER_REQUEST_RANGES,
		.group = kind->group,
		.about = !extents	   ? HELPER_ABOUT_NOTHING :
			 !extents->extents ? HELPER_ABOUT_RANGES :
					     HELPER_ABOUT_EXTENTS,
		.n_extents = extents && extents->extents ? (uint32_t)extents->n : 0,
	};
	CLEANUP(cleanup_free) char *bytes = NULL;
	size_t len = 0;
	int r = ask(plugin, request, owner, extents ? extents->extents : NULL, &bytes,
		    &len);

	return r ? r : read_answer(bytes, len, extents, set);
}

/*
 * Asks as plugin_ask_owners() does. Returns as plugin_client_ranges().
 * ret_uids: to be freed; NULL if the id has no owner. Written with 0.
 */
int plugin_client_owners(const struct plugin_client *plugin, uint32_t id,
			 const struct kind *kind, uid_t **ret_uids, size_t *ret_n)
{
	const struct helper_request request = { .type = HELPER_REQUEST_OWNERS,
						.group = kind->group,
						.id = id };
	CLEANUP(cleanup_free) char *bytes = NULL;
	size_t len = 0;
	int r = ask(plugin, request, "", NULL, &bytes, &len);

	if (r)
		return r;
	if (len % sizeof(**ret_uids) || len / sizeof(**ret_uids) > LIMIT_PLUGIN_ANSWER)
		return PLUGIN_LIES;
	*ret_n = len / sizeof(**ret_uids);
	*ret_uids = len > 0 ? (uid_t *)(void *)TAKE_PTR(bytes) : NULL;
	return 0;
}
