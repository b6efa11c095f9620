// SPDX-License-Identifier: BSD-3-Clause
/*
 * plugin-ask: calls a plugin and checks its answers.
 *
 * MUST: an answer is checked before it is used: a count may be wrong, and only
 * range_make() makes a range.
 * MUST: an extent that the plugin refuses is not granted, even if it is in the list; an
 * error is not a refusal.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libsubid/core/array.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "libsubid/source/plugin.h"

/* As in <shadow/subid.h> of shadow 4.9 and later, with which plugins are compiled. */
struct plugin_range {
	unsigned long start;
	unsigned long count;
};

enum plugin_type {
	PLUGIN_UID = 1,
	PLUGIN_GID = 2,
};

enum plugin_status {
	PLUGIN_SUCCESS = 0,
	PLUGIN_UNKNOWN_USER,
	PLUGIN_ERROR_CONN,
	PLUGIN_ERROR,
};

static int type_of(const struct kind *kind)
{
	return kind->group ? PLUGIN_GID : PLUGIN_UID;
}

/*
 * Checks the status and the count that a call returned. SSSD returns ERROR if it has
 * nothing. An array with an impossible count is not freed.
 */
static int check_answer(int status, const void *array, int count, size_t *ret_n)
{
	*ret_n = 0;
	switch (status) {
	case PLUGIN_UNKNOWN_USER:
	case PLUGIN_ERROR:
		return 0;
	case PLUGIN_ERROR_CONN:
		return PLUGIN_DOWN;
	case PLUGIN_SUCCESS:
		break;
	default:
		return PLUGIN_LIES;
	}
	if (count < 0 || count > LIMIT_PLUGIN_ANSWER || (count > 0 && !array))
		return PLUGIN_LIES;
	*ret_n = (size_t)count;
	return 0;
}

static void release(const struct plugin *plugin, void *array)
{
	if (plugin->release && array)
		plugin->release(array);
	else
		free(array);
}

static int check_ranges(const struct plugin_range *from, size_t n,
			struct range **ret_ranges)
{
	CLEANUP(cleanup_free)
	struct range *ranges = reallocarray(NULL, n, sizeof(*ranges));

	if (!ranges)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		if (range_make(from[i].start, from[i].count, &ranges[i]))
			return PLUGIN_LIES;
	*ret_ranges = TAKE_PTR(ranges);
	return 0;
}

/* Lists the ranges of the plugin; *ret_n is 0 if it has none. */
static int list_plugin_ranges(const struct plugin *plugin, const char *owner,
			      const struct kind *kind, struct range **ret_ranges,
			      size_t *ret_n)
{
	struct plugin_range *array = NULL;
	int count = 0, r, status;
	size_t n;

	status = plugin->list_ranges(owner, type_of(kind), &array, &count);
	r = check_answer(status, array, count, &n);
	if (r || status != PLUGIN_SUCCESS) {
		*ret_n = 0;
		return r;
	}
	if (n > 0)
		r = check_ranges(array, n, ret_ranges);
	release(plugin, array);
	*ret_n = n;
	return r;
}

/*
 * Asks whether the plugin grants an extent. An unknown user has nothing; an answer that
 * is neither true nor false is an error. 2^32 ids, which only a long of 64 bits can
 * count, are not granted where the plugin cannot be asked about all of them.
 */
static int ask_extent(const struct plugin *plugin, const char *owner,
		      const struct kind *kind, struct range extent, bool *ret_granted)
{
	unsigned long count = range_count_long(extent);
	bool result = false;
	unsigned char byte;

	*ret_granted = false;
	if (count != range_count(extent))
		return 0;
	switch (plugin->has_range(owner, (unsigned long)extent.start, count,
				  type_of(kind), &result)) {
	case PLUGIN_SUCCESS:
		memcpy(&byte, &result, sizeof(byte));
		*ret_granted = byte == 1;
		return byte > 1 ? PLUGIN_LIES : 0;
	case PLUGIN_UNKNOWN_USER:
		return 0;
	case PLUGIN_ERROR_CONN:
		return PLUGIN_DOWN;
	case PLUGIN_ERROR:
		return PLUGIN_MUTE;
	default:
		return PLUGIN_LIES;
	}
}

static int note_extent(const struct plugin *plugin, const char *owner,
		       const struct kind *kind, struct range extent,
		       struct range_set *denied)
{
	bool granted;
	int r = ask_extent(plugin, owner, kind, extent, &granted);

	if (r == 0 && !granted)
		r = range_set_add(denied, extent);
	/* The set has room for all extents. */
	return r == RANGE_SET_FULL ? -ENOMEM : r;
}

static bool lies_in_one(struct range extent, const struct range *ranges, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (ranges[i].start <= extent.start && extent.end <= ranges[i].end)
			return true;
	return false;
}

/* Returns whether a range was not joined with another one. */
static bool is_alone(const struct range_set *set, struct range range)
{
	size_t at = BISECT(set->n, i, set->ranges[i].start >= range.start);

	return at < set->n && range_equals(set->ranges[at], range);
}

/*
 * Skips extents that span several ranges: a plugin such as SSSD's does not join ranges
 * and would refuse them.
 */
static int ask_extents(const struct plugin *plugin, const char *owner,
		       const struct kind *kind, const struct range *ranges, size_t n,
		       const struct range_set *set, struct plugin_extents *extents)
{
	const struct range *list = extents->extents ? extents->extents : ranges;
	size_t n_list = extents->extents ? extents->n : n;
	int r = 0;

	if (!ranges)
		return 0;
	for (size_t i = 0; r == 0 && i < n_list; i++)
		if (extents->extents ? lies_in_one(list[i], ranges, n) :
				       is_alone(set, list[i]))
			r = note_extent(plugin, owner, kind, list[i], &extents->denied);
	return r;
}

/*
 * Asks for the ranges of a user.
 *
 * extents: extents to ask about, or NULL.
 * set: with room for LIMIT_PLUGIN_ANSWER ranges; replaced. Neighbours are joined; empty
 * if the plugin has no ranges or does not know the user.
 * Returns 0, PLUGIN_DOWN, PLUGIN_LIES, PLUGIN_MUTE or -ENOMEM; without extents the set
 * changes only with 0. Thread-safe if the plugin is.
 */
int plugin_ranges(const struct plugin *plugin, const char *owner, const struct kind *kind,
		  struct plugin_extents *extents, struct range_set *set)
{
	CLEANUP(cleanup_free) struct range *ranges = NULL;
	size_t n;
	int r = list_plugin_ranges(plugin, owner, kind, &ranges, &n);

	if (r)
		return r;
	if (range_set_fill(set, ranges, n))
		return -ENOMEM;
	return extents ? ask_extents(plugin, owner, kind, ranges, n, set, extents) : 0;
}

static int copy_uids(const uid_t *from, size_t n, uid_t **ret_uids)
{
	uid_t *uids = reallocarray(NULL, n, sizeof(*uids));

	if (!uids)
		return -ENOMEM;
	memcpy(uids, from, n * sizeof(*uids));
	*ret_uids = uids;
	return 0;
}

/*
 * Asks which users have an id.
 *
 * ret_uids: to be freed; NULL if no user has it, and *ret_n is 0.
 * Returns 0, PLUGIN_MUTE, PLUGIN_DOWN, PLUGIN_LIES or -ENOMEM. Thread-safe if the plugin
 * is.
 */
int plugin_owners(const struct plugin *plugin, uint32_t id, const struct kind *kind,
		  uid_t **ret_uids, size_t *ret_n)
{
	uid_t *array = NULL, *uids = NULL;
	int count = 0, r, status;
	size_t n;

	status = plugin->find_owners(id, type_of(kind), &array, &count);
	if (status == PLUGIN_ERROR)
		return PLUGIN_MUTE;
	r = check_answer(status, array, count, &n);
	if (r)
		return r;
	if (status == PLUGIN_SUCCESS) {
		if (n > 0)
			r = copy_uids(array, n, &uids);
		release(plugin, array);
		if (r)
			return r;
	}
	*ret_uids = uids;
	*ret_n = n;
	return 0;
}

/*
 * Loads a plugin, asks for the ranges of a user and unloads it. Returns as plugin_open()
 * and plugin_ranges() do.
 */
int plugin_ask_ranges(const char *directory, const char *name, const char *owner,
		      const struct kind *kind, struct plugin_extents *extents,
		      struct range_set *set)
{
	CLEANUP(plugin_cleanup) struct plugin plugin = PLUGIN_NONE;
	int r = plugin_open(directory, name, &plugin);

	return r ? r : plugin_ranges(&plugin, owner, kind, extents, set);
}

/*
 * Loads a plugin, asks which users have an id and unloads it. Returns as plugin_open()
 * and plugin_owners() do.
 */
int plugin_ask_owners(const char *directory, const char *name, uint32_t id,
		      const struct kind *kind, uid_t **ret_uids, size_t *ret_n)
{
	CLEANUP(plugin_cleanup) struct plugin plugin = PLUGIN_NONE;
	int r = plugin_open(directory, name, &plugin);

	return r ? r : plugin_owners(&plugin, id, kind, ret_uids, ret_n);
}
