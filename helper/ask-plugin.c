// SPDX-License-Identifier: BSD-3-Clause
/*
 * ask-plugin: answers the requests that a plugin is asked about.
 *
 * An answer is sent after the plugin is unloaded: one that ends its process meanwhile has
 * not answered.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "helper/ask.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/source/plugin.h"

/* The three words of the text; @owner is empty if an id is asked about. */
struct ask_words {
	const char *directory, *plugin, *owner;
};

static int split_text(const char *text, size_t len, struct ask_words *ret_words)
{
	const char *end = memchr(text, '\0', len), *last;

	if (!end)
		return -EINVAL;
	last = memchr(end + 1, '\0', len - (size_t)(end + 1 - text));
	if (!last)
		return -EINVAL;
	*ret_words = (struct ask_words){ text, end + 1, last + 1 };
	return 0;
}

/* Makes one piece of the numbers. */
static int send_ranges(struct ask *ask, const struct range_set *denied,
		       const struct range_set *set)
{
	const struct helper_reply_ranges head = { (uint32_t)denied->n, (uint32_t)set->n };
	size_t size = sizeof(*set->ranges), len = sizeof(head);
	CLEANUP(cleanup_free) char *bytes = malloc(len + (denied->n + set->n) * size);

	if (!bytes)
		return ask_send_answer(ask, -ENOMEM, NULL, 0);
	memcpy(bytes, &head, len);
	if (denied->n > 0)
		memcpy(bytes + len, denied->ranges, denied->n * size);
	len += denied->n * size;
	if (set->n > 0)
		memcpy(bytes + len, set->ranges, set->n * size);
	return ask_send_answer(ask, 0, bytes, len + set->n * size);
}

static int answer_ranges(struct ask *ask, const struct helper_request *request,
			 const struct ask_words *words, const struct range *extents)
{
	bool about_extents = request->about == HELPER_ABOUT_EXTENTS;
	CLEANUP(plugin_extents_cleanup)
	struct plugin_extents asked = {
		.extents = about_extents ? extents : NULL,
		.n = request->n_extents,
		.denied = RANGE_SET(about_extents ? request->n_extents :
						    LIMIT_PLUGIN_ANSWER),
	};
	CLEANUP(range_set_cleanup) struct range_set set = RANGE_SET(LIMIT_PLUGIN_ANSWER);
	int r = plugin_ask_ranges(
		words->directory, words->plugin, words->owner, kind_all[request->group],
		request->about == HELPER_ABOUT_NOTHING ? NULL : &asked, &set);

	return r ? ask_send_answer(ask, r, NULL, 0) :
		   send_ranges(ask, &asked.denied, &set);
}

static int answer_owners(struct ask *ask, const struct helper_request *request,
			 const struct ask_words *words)
{
	CLEANUP(cleanup_free) uid_t *uids = NULL;
	size_t n = 0;
	int r = plugin_ask_owners(words->directory, words->plugin, request->id,
				  kind_all[request->group], &uids, &n);

	return ask_send_answer(ask, r, uids, n * sizeof(*uids));
}

/* Answers a request. Returns 0, or -errno if the answer cannot be sent. */
int ask_plugin(struct ask *ask, const struct helper_request *request, const char *text,
	       const struct range *extents)
{
	struct ask_words words;

	if (request->group > 1 || request->about > HELPER_ABOUT_RANGES ||
	    split_text(text, request->text_len, &words))
		return ask_send_answer(ask, -EINVAL, NULL, 0);
	return request->type == HELPER_REQUEST_RANGES ?
		       answer_ranges(ask, request, &words, extents) :
		       answer_owners(ask, request, &words);
}
