// SPDX-License-Identifier: BSD-3-Clause
/*
 * query: a pass over a database for each question, through a buffer of constant size.
 *
 * MUST: an answer is whole or an error. A database that cannot be read to its end, that
 * others could have written, or a name service that does not answer is never "none".
 * MUST: the name service is asked once for who is asked about, and for owners of lines
 * that hold the id in question; never for each line.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/query.h"
#include "libsubid/sys/dbfile.h"
#include "libsubid/sys/fd.h"
#include "libsubid/sys/paths.h"
#include "libsubid/sys/scan.h"
#include "libsubid/sys/source.h"

/*
 * Makes a query to the running system or, with @root not NULL, to the one below it.
 *
 * files_only: the databases are asked whatever nsswitch.conf says.
 * Returns 0 or -errno. End with query_cleanup().
 */
int query_open(struct query *query, const char *root, bool files_only)
{
	CLEANUP(query_cleanup) struct query made = {
		.folder = -1,
		.image = root,
		.files_only = root || files_only,
		.accounts = OWNER_FILE,
	};
	char path[PATH_MAX];
	int r = snprintf(path, sizeof(path), "%s%s", root ? root : "", SYSCONFDIR);

	if (r < 0 || (size_t)r >= sizeof(path))
		return -ENAMETOOLONG;
	/* In an image a symbolic link would lead out of it. */
	made.folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC |
					 (root ? O_NOFOLLOW : 0));
	if (made.folder < 0)
		return -errno;
	if (!root) {
		r = nsswitch_read(NSSWITCH_CONF, &made.nsswitch);
		if (r)
			return r;
		made.accounts = made.nsswitch.passwd_files_first ? OWNER_FILES_FIRST :
								   OWNER_SERVICE;
	}
	*query = made;
	made.folder = -1;
	return 0;
}

/* Forgets the query. Takes QUERY_NONE. */
void query_cleanup(struct query *query)
{
	query->folder = fd_close(query->folder);
}

/* What a pass over a database tells; anything but 0 ends it. */
typedef int (*line_fn)(const struct scan_line *line, void *context);

static int each_line(const struct query *query, const struct kind *kind, line_fn tell,
		     void *context)
{
	CLEANUP(dbfile_cleanup) struct dbfile file = DBFILE_UNOPENED;
	CLEANUP(scan_cleanup) struct scan scan = { 0 };
	struct scan_line line;
	int r;

	dbfile_open_at(query->folder, kind->database, &file);
	r = dbfile_vet(&file);
	/* An image may belong to whoever makes it. */
	if (r && !(r == DBFILE_FOREIGN && query->image))
		return -file.error;
	r = scan_start(&scan, file.fd);
	while (r == 0 && (r = scan_next(&scan, &line)) > 0)
		r = tell(&line, context);
	return r;
}

struct ranges_search {
	struct owner *owner;
	struct query_ranges *found;
};

/* Appends to an answer. Returns 0 or -ENOMEM. */
int query_ranges_put(struct query_ranges *list, struct range range)
{
	if (list->n == list->allocated) {
		size_t allocated = list->allocated ? 2 * list->allocated : 4;
		struct range *ranges;

		ranges = reallocarray(list->ranges, allocated, sizeof(*ranges));
		if (!ranges)
			return -ENOMEM;
		list->ranges = ranges;
		list->allocated = allocated;
	}
	list->ranges[list->n++] = range;
	return 0;
}

static int look_for_owner(const struct scan_line *line, void *context)
{
	const struct ranges_search *search = context;
	struct entry entry;

	if (!owner_begins(search->owner, line->text, line->len) ||
	    entry_parse(line->text, line->len, &entry) ||
	    !owner_is(&entry, search->owner))
		return 0;
	return query_ranges_put(search->found, entry.range);
}

/*
 * Adds the owner's ranges to @ranges, in the order of the source, neither sorted nor
 * joined; freed with query_ranges_cleanup(). Returns 0 or -errno.
 */
int query_ranges(const struct query *query, const struct kind *kind,
		 struct owner *owner, struct query_ranges *ranges)
{
	struct ranges_search search = { .owner = owner, .found = ranges };

	return each_line(query, kind, look_for_owner, &search);
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

static int put_owner(struct query_owners *list, const struct entry *entry)
{
	struct query_owner *owner;

	if (list->n == list->allocated) {
		size_t allocated = list->allocated ? 2 * list->allocated : 4;
		struct query_owner *owners;

		owners = reallocarray(list->owners, allocated, sizeof(*owners));
		if (!owners)
			return -ENOMEM;
		list->owners = owners;
		list->allocated = allocated;
	}
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
	return put_owner(search->found, &entry);
}

/* An owner by name that has no account stays without a uid. */
static int find_uid(const struct query *query, struct query_owner *owner)
{
	struct account account;
	int r;

	if (owner->has_uid)
		return 0;
	r = owner_account(owner->name, query->folder, query->accounts, &account);
	if (r)
		return r < 0 ? r : 0;
	owner->has_uid = true;
	owner->uid = account.uid;
	return 0;
}

/*
 * Adds those who hold @id to @owners, an empty list, each spelling once and in the order
 * of the source; freed with query_owners_cleanup(). Returns 0 or -errno.
 */
int query_owners(const struct query *query, const struct kind *kind, uint32_t id,
		 struct query_owners *owners)
{
	struct owners_search search = { .id = { id, (uint64_t)id + 1 }, .found = owners };
	int r = each_line(query, kind, look_for_id, &search);

	for (size_t i = 0; r == 0 && i < owners->n; i++)
		r = find_uid(query, &owners->owners[i]);
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
