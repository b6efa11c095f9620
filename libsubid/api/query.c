// SPDX-License-Identifier: BSD-3-Clause
/*
 * query: answers each question by a pass over a database, with a buffer of constant size.
 *
 * MUST: an answer is complete or an error. It is never "none" if a database cannot be
 * read to its end or others can write it, or if the name service does not answer.
 * MUST: the name service is asked once about the user, and about owners of lines with the
 * id in question, never for each line.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libsubid/api/query.h"
#include "libsubid/core/array.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/entry.h"
#include "libsubid/core/limits.h"
#include "libsubid/core/num.h"
#include "libsubid/source/plugin.h"
#include "libsubid/sys/dbfile.h"
#include "libsubid/sys/etc-directory.h"
#include "libsubid/sys/fd.h"
#include "libsubid/sys/scan.h"
#include "libsubid/user/unknown-owners.h"

/*
 * Opens a query to the running system, or to the one below @root if it is not NULL.
 *
 * query: must not be moved. files_only: ask the databases whatever nsswitch.conf says.
 * Returns 0 or -errno. Always end with query_cleanup().
 */
int query_open(struct query *query, const char *root, bool files_only)
{
	static const struct nsswitch files = { .sources = { "files" }, .n_sources = 1 };
	int r;

	*query = (struct query)QUERY_NONE;
	query->image = root;
	r = etc_open_directory(root, SYSCONFDIR);
	if (r < 0)
		return r;
	query->directory = r;
	query->lookup.directory = r;
	if (!root) {
		r = nsswitch_read(NSSWITCH_CONF, &query->nsswitch);
		if (r)
			return r;
		query->service = nss_service(&query->nss);
		query->lookup =
			lookup_live(query->directory, &query->nsswitch, &query->service);
	}
	source_find(root || files_only ? &files : &query->nsswitch, PLUGINDIR,
		    &query->sources);
	return 0;
}

/* Ends a query. Takes QUERY_NONE. */
void query_cleanup(struct query *query)
{
	query->directory = fd_close(query->directory);
	nss_end(&query->nss);
}

/*
 * Opens a database and checks its owner and mode; close it with dbfile_cleanup(), also on
 * failure. Returns 0 or -errno.
 */
int query_file(const struct query *query, const struct kind *kind,
	       struct dbfile *ret_file)
{
	int r;

	dbfile_open_at(query->directory, kind->database, ret_file);
	r = dbfile_vet(ret_file);
	/* An image may belong to the user that made it. */
	if (query->image && (r == DBFILE_FOREIGN || r == DBFILE_UNKNOWN))
		return 0;
	return r ? -ret_file->error : 0;
}

/*
 * Reads a whole database into memory, as it was at one moment, since writers replace the
 * file. Free with table_clear(). Returns 0 or -errno.
 */
int query_table(const struct query *query, const struct kind *kind,
		struct table *ret_table)
{
	CLEANUP(dbfile_cleanup) struct dbfile file = DBFILE_UNOPENED;
	int r = query_file(query, kind, &file);

	return r ? r : load_table(file.fd, file.status.st_size, ret_table);
}

/* Takes a line of a database; any result but 0 ends the pass. */
typedef int (*line_fn)(const struct scan_line *line, void *context);

/* starts: pass only lines with these prefixes; NULL: all lines. */
static int each_query_line(const struct query *query, const struct kind *kind,
			   const struct line_prefixes *starts, line_fn take,
			   void *context)
{
	CLEANUP(dbfile_cleanup) struct dbfile file = DBFILE_UNOPENED;
	CLEANUP(scan_cleanup) struct scan scan = { 0 };
	struct scan_line line;
	int r;

	r = query_file(query, kind, &file);
	if (r == 0)
		scan_start(&scan, file.fd);
	while (r == 0 && (r = starts ? scan_next_starting(&scan, starts, &line) :
				       scan_next(&scan, &line)) > 0)
		r = take(&line, context);
	return r;
}

struct ranges_search {
	struct owner *owner;
	struct query_ranges *found;
};

/* Appends to an answer. Returns 0 or -ENOMEM. */
int query_ranges_put(struct query_ranges *list, struct range range)
{
	int r = ARRAY_RESERVE(list->ranges, list->n, list->allocated);

	if (r == 0)
		list->ranges[list->n++] = range;
	return r;
}

static int look_for_owner(const struct scan_line *line, void *context)
{
	const struct ranges_search *search = context;
	struct entry entry;

	if (!owner_begins(line->text, line->len, search->owner) ||
	    entry_parse(line->text, line->len, &entry) ||
	    !owner_is(&entry, search->owner) ||
	    /* Of no user, also if the name service has one of this name. */
	    entry_owner_is_retired(entry.owner, entry.owner_len))
		return 0;
	return query_ranges_put(search->found, entry.range);
}

/* As each_query_line(), but if plugins are asked as well, the file may be missing. */
static int ask_files(const struct query *query, const struct kind *kind,
		     const struct line_prefixes *starts, line_fn take, void *context)
{
	int r = each_query_line(query, kind, starts, take, context);

	return r == -ENOENT && source_has(&query->sources, SOURCE_PLUGIN) ? 0 : r;
}

/* Returns the result of a walk: 0, even with no ranges, QUERY_FAILED or -errno. */
static int walk_result(struct query *query, const struct source_walk *walk)
{
	const struct source_answer *answer = &walk->answer;

	if (walk->r != SOURCE_FAILED)
		return 0;
	if (answer->source->type == SOURCE_FILES)
		return -answer->error;
	snprintf(query->failed, sizeof(query->failed), "%s", answer->source->name);
	return QUERY_FAILED;
}

static int take_unknown_owner(const struct scan_line *line, void *context)
{
	struct unknown_owners *unknown = context;
	struct entry entry;

	if (entry_parse(line->text, line->len, &entry))
		return 0;
	return unknown_owners_add(unknown, entry.owner, entry.owner_len);
}

/*
 * Asks the name service whether other owners in the database are this user. Returns 0,
 * with the number of new names and whether an answer is missing, or -errno.
 */
static int find_names(const struct query *query, const struct kind *kind,
		      struct owner *owner, size_t *ret_n, bool *ret_silent)
{
	CLEANUP(unknown_owners_cleanup) struct unknown_owners unknown = { 0 };
	const struct table none = { 0 };
	size_t before = owner->n;
	int r = ask_files(query, kind, NULL, take_unknown_owner, &unknown);

	if (r == 0)
		r = unknown_owners_name(&unknown, &none, (struct range){ 0, ID_END },
					&query->lookup, owner);
	for (size_t i = 0; r == 0 && i < unknown.n; i++)
		*ret_silent |= unknown.items[i].answer.r < 0;
	*ret_n = owner->n - before;
	return r;
}

/* Asks the files by the known names and, without a hit, by names of the service. */
static int ask_for_ranges(struct query *query, const struct kind *kind,
			  struct owner *owner, struct ranges_search *search)
{
	struct line_prefixes starts = { 0 };
	bool few = owner_starts(owner, &starts);
	size_t n = 0;
	int r = ask_files(query, kind, few ? &starts : NULL, look_for_owner, search);

	if (r || search->found->n > 0 || !query->lookup.service ||
	    query->lookup.files_alone || !owner_has_account(owner))
		return r;
	r = find_names(query, kind, owner, &n, &query->silent);
	if (r || n == 0)
		return r;
	return ask_files(query, kind, NULL, look_for_owner, search);
}

/*
 * Adds the owner's ranges to @ranges, an empty list; freed with query_ranges_cleanup().
 * Those of the databases are in the order of the lines, neither sorted nor joined; those
 * of a plugin are what it lists, see struct query. Returns 0, QUERY_FAILED, QUERY_UNKNOWN
 * or -errno.
 */
int query_ranges(struct query *query, const struct kind *kind, struct owner *owner,
		 struct query_ranges *ranges)
{
	CLEANUP(range_set_cleanup) struct range_set set = RANGE_SET(LIMIT_PLUGIN_ANSWER);
	CLEANUP(plugin_extents_cleanup)
	struct plugin_extents extents = { .denied = RANGE_SET(LIMIT_PLUGIN_ANSWER) };
	struct ranges_search search = { .owner = owner, .found = ranges };
	struct source_walk walk = source_walk(&query->sources);
	const struct source *source;
	int r;

	while ((source = source_next(&walk))) {
		if (source->type == SOURCE_FILES)
			r = ask_for_ranges(query, kind, owner, &search);
		else
			r = plugin_ask_ranges(query->sources.plugin_directory,
					      source->name, owner->account.name, kind,
					      query->granted ? &extents : NULL, &set);
		source_take(&walk, r, ranges->n + set.n);
	}
	r = walk_result(query, &walk);
	/* Each is a whole range of the set: nothing is split. */
	for (size_t i = 0; r == 0 && i < extents.denied.n; i++)
		r = range_set_subtract(&set, extents.denied.ranges[i]) ? -ENOMEM : 0;
	for (size_t i = 0; r == 0 && i < set.n; i++)
		r = query_ranges_put(ranges, set.ranges[i]);
	return r == 0 && ranges->n == 0 && query->silent ? QUERY_UNKNOWN : r;
}

/* Frees the list. */
void query_ranges_cleanup(struct query_ranges *ranges)
{
	free(ranges->ranges);
	*ranges = (struct query_ranges){ 0 };
}

struct owners_search {
	struct range id;
	struct query_owners *found;
};

static bool is_found(const struct query_owners *list, const struct entry *entry)
{
	for (size_t i = 0; i < list->n; i++)
		if (strlen(list->owners[i].name) == entry->owner_len &&
		    memcmp(list->owners[i].name, entry->owner, entry->owner_len) == 0)
			return true;
	return false;
}

static int put_entry_owner(struct query_owners *list, const struct entry *entry)
{
	struct query_owner *owner;

	if (ARRAY_RESERVE(list->owners, list->n, list->allocated))
		return -ENOMEM;
	owner = &list->owners[list->n];
	*owner = (struct query_owner){ .name = strndup(entry->owner, entry->owner_len),
				       .has_uid = entry->by_id,
				       .uid = entry->owner_id };
	if (!owner->name)
		return -ENOMEM;
	list->n++;
	return 0;
}

static int look_for_id(const struct scan_line *line, void *context)
{
	const struct owners_search *search = context;
	struct entry entry;

	if (!entry_may_overlap(line->text, line->len, search->id) ||
	    entry_parse(line->text, line->len, &entry) ||
	    !range_overlaps(entry.range, search->id) || is_found(search->found, &entry))
		return 0;
	return put_entry_owner(search->found, &entry);
}

/* Looks up the uid of an owner that is a name; without an account it gets none. */
static int find_owner_uid(const struct query *query, struct query_owner *owner)
{
	struct account account;
	int r;

	if (owner->has_uid)
		return 0;
	r = lookup_name(&query->lookup, owner->name, &account);
	if (r)
		return r < 0 ? r : 0;
	owner->has_uid = true;
	owner->uid = account.uid;
	return 0;
}

/* Adds an owner that a source knows only by uid. */
static int put_uid_owner(struct query_owners *owners, uid_t uid)
{
	char number[NUM_BYTES];
	struct entry entry = {
		.owner = number,
		.owner_len = num_format(uid, number),
		.by_id = true,
		.owner_id = uid,
	};

	return is_found(owners, &entry) ? 0 : put_entry_owner(owners, &entry);
}

/* If owner @i is digits that are also the login name of a local user, adds that user. */
static int put_login(const struct query *query, struct query_owners *owners, size_t i)
{
	const struct lookup local = { .directory = query->lookup.directory };
	struct account account;
	int r;

	if (!owners->owners[i].has_uid)
		return 0;
	r = lookup_name(&local, owners->owners[i].name, &account);
	if (r)
		return r < 0 ? r : 0;
	return account.uid == owners->owners[i].uid ? 0 :
						      put_uid_owner(owners, account.uid);
}

/*
 * Adds the owners of @id to @owners, an empty list, each spelling once, in the order of
 * the source; free with query_owners_cleanup(). Returns 0, QUERY_FAILED or -errno.
 */
int query_owners(struct query *query, const struct kind *kind, uint32_t id,
		 struct query_owners *owners)
{
	struct owners_search search = { .id = { id, (uint64_t)id + 1 }, .found = owners };
	struct source_walk walk = source_walk(&query->sources);
	CLEANUP(cleanup_free) uid_t *uids = NULL;
	const struct source *source;
	size_t n = 0;
	int r;

	while ((source = source_next(&walk))) {
		if (source->type == SOURCE_FILES)
			r = ask_files(query, kind, NULL, look_for_id, &search);
		else
			r = plugin_ask_owners(query->sources.plugin_directory,
					      source->name, id, kind, &uids, &n);
		/* A plugin that cannot list owners counts as having none. */
		source_take(&walk, r == PLUGIN_MUTE ? 0 : r, owners->n + n);
	}
	r = walk_result(query, &walk);
	for (size_t i = 0, lines = owners->n; r == 0 && i < lines; i++)
		r = put_login(query, owners, i);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = put_uid_owner(owners, uids[i]);
	for (size_t i = 0; r == 0 && i < owners->n; i++)
		r = find_owner_uid(query, &owners->owners[i]);
	return r;
}

/* Frees the list. */
void query_owners_cleanup(struct query_owners *owners)
{
	for (size_t i = 0; i < owners->n; i++)
		free(owners->owners[i].name);
	free(owners->owners);
	*owners = (struct query_owners){ 0 };
}
