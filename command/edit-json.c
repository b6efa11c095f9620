// SPDX-License-Identifier: BSD-3-Clause
/*
 * edit-json: prints a change as JSON, with the ranges of each user before and after.
 *
 * The ranges are those of the user's lines, in their order: two lines that become one are
 * a change.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "command/edit.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/store/allocated-ids.h"
#include "message/json.h"

/* The ranges of all users in one text: ranges[starts[i]] is the first of user @i. */
struct user_ranges {
	size_t *starts;
	struct range *ranges;
};

/* By kind, before and after. */
struct change_ranges {
	struct user_ranges by_kind[2][2];
};

static void change_ranges_cleanup(struct change_ranges *all)
{
	for (size_t k = 0; k < 2; k++)
		for (size_t i = 0; i < 2; i++) {
			free(all->by_kind[k][i].starts);
			free(all->by_kind[k][i].ranges);
		}
}

/* Sorts by user and keeps the order of the lines. */
static int sort_by_user(const struct allocated_ids *used, size_t n_users,
			struct user_ranges *ret_ranges)
{
	CLEANUP(cleanup_free) size_t *next = calloc(n_users + 1, sizeof(*next));
	size_t n = 0;

	ret_ranges->starts = calloc(n_users + 1, sizeof(*ret_ranges->starts));
	ret_ranges->ranges = calloc(used->n_holdings + 1, sizeof(*ret_ranges->ranges));
	if (!next || !ret_ranges->starts || !ret_ranges->ranges)
		return -ENOMEM;
	for (size_t i = 0; i < used->n_holdings; i++)
		ret_ranges->starts[used->holdings[i].person]++;
	for (size_t i = 0; i <= n_users; i++) {
		size_t count = ret_ranges->starts[i];

		next[i] = ret_ranges->starts[i] = n;
		n += count;
	}
	for (size_t i = 0; i < used->n_holdings; i++)
		ret_ranges->ranges[next[used->holdings[i].person]++] =
			used->holdings[i].range;
	return 0;
}

static int find_user_ranges(const struct table *table, const struct owner_set *people,
			    struct user_ranges *ret_ranges)
{
	CLEANUP(allocated_ids_cleanup) struct allocated_ids used = { 0 };
	int r = allocated_ids_read_holdings(&used, table, people);

	return r ? r : sort_by_user(&used, people->n, ret_ranges);
}

static int find_change_ranges(const struct edit_texts *texts,
			      const struct owner_set *people, struct change_ranges *all)
{
	int r = 0;

	for (size_t k = 0; r == 0 && k < 2; k++) {
		const struct table *old =
			texts->changed[k] ? &texts->old[k] : &texts->now[k];

		r = find_user_ranges(old, people, &all->by_kind[k][0]);
		if (r == 0)
			r = find_user_ranges(&texts->now[k], people, &all->by_kind[k][1]);
	}
	return r;
}

static size_t count_of_user(const struct user_ranges *ranges, size_t i)
{
	return ranges->starts[i + 1] - ranges->starts[i];
}

static bool has_changed(const struct change_ranges *all, size_t i)
{
	bool changed = false;

	for (size_t k = 0; k < 2; k++) {
		const struct user_ranges *old = &all->by_kind[k][0];
		const struct user_ranges *now = &all->by_kind[k][1];
		size_t n = count_of_user(old, i);

		changed |=
			n != count_of_user(now, i) ||
			memcmp(&old->ranges[old->starts[i]], &now->ranges[now->starts[i]],
			       n * sizeof(*old->ranges)) != 0;
	}
	return changed;
}

static void print_ranges(struct json *json, const struct user_ranges *ranges, size_t i,
			 const char *key)
{
	json_begin(json, key, '[');
	for (size_t at = ranges->starts[i]; at < ranges->starts[i + 1]; at++)
		json_range(json, ranges->ranges[at]);
	json_end(json, ']');
}

static void print_user(struct json *json, const struct change_ranges *all,
		       const bool kinds[static 2], size_t i)
{
	static const char *const when[] = { "before", "after" };

	for (size_t w = 0; w < 2; w++) {
		json_begin(json, when[w], '{');
		for (size_t k = 0; k < 2; k++)
			if (kinds[k])
				print_ranges(json, &all->by_kind[k][w], i,
					     kind_all[k]->id);
		json_end(json, '}');
	}
}

/* Returns one of two words. @reasons: a struct edit_reasons. */
const char *edit_reason(size_t i, bool changed, const void *reasons)
{
	const struct edit_reasons *words = reasons;

	(void)i;
	return changed ? words->changed : words->unchanged;
}

/*
 * Prints the list of users of an object.
 *
 * kinds: the databases that the command is about. people: the users.
 * Returns 0 or -ENOMEM; then nothing is printed.
 */
int edit_json_users(struct json *json, const struct edit_texts *texts,
		    const bool kinds[static 2], const struct owner_set *people,
		    edit_reason_fn reason, const void *context)
{
	CLEANUP(change_ranges_cleanup) struct change_ranges all = { 0 };
	int r = find_change_ranges(texts, people, &all);

	if (r)
		return r;
	json_begin(json, "users", '[');
	for (size_t i = 0; i < people->n; i++) {
		bool changed = has_changed(&all, i);

		if (people->items[i].status != OWNER_SET_KNOWN)
			continue;
		json_begin(json, NULL, '{');
		json_text(json, "user", owner_set_login(people, i));
		json_boolean(json, "changed", changed);
		json_text(json, "reason", reason(i, changed, context));
		print_user(json, &all, kinds, i);
		json_end(json, '}');
	}
	json_end(json, ']');
	return 0;
}

/*
 * Prints the document about a change, whose schema is docs/schema/subid.schema.json.
 * Returns 0 or -ENOMEM.
 */
int edit_show_json(const struct edit *edit, const struct owner_set *people,
		   edit_reason_fn reason, const void *context)
{
	struct json json;
	int r;

	json_begin_document(&json);
	json_boolean(&json, "changed", edit->texts.changed[0] || edit->texts.changed[1]);
	json_boolean(&json, "dry_run", edit->dry_run);
	r = edit_json_users(&json, &edit->texts, edit->kinds, people, reason, context);
	if (edit->print_more)
		edit->print_more(&json, edit->more_context);
	json_end(&json, '}');
	return r;
}

void edit_texts_cleanup(struct edit_texts *texts)
{
	for (size_t k = 0; k < 2; k++) {
		table_clear(&texts->old[k]);
		table_clear(&texts->now[k]);
	}
}
