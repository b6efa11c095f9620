// SPDX-License-Identifier: BSD-3-Clause
/*
 * decide: compares the ids that are asked for with what the database grants.
 *
 * MUST: the default is to refuse. The ids that must be granted are a set; a line takes
 * ids out of it; whatever is left when the database ends is refused.
 *
 * Memory does not grow with the database. The set may split in two with each line, up to
 * DECIDE_RANGES; a line that would split it further is left for another pass, which
 * begins where the earlier lines have already taken theirs away.
 */
#include <errno.h>
#include <string.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/sys/scan.h"
#include "mapwriter/decide.h"

#ifndef DECIDE_RANGES /* a test takes fewer */
#define DECIDE_RANGES (16 * LIMIT_EXTENTS)
#endif

/* Other login names of the caller's uid; nobody has more. */
#define DECIDE_ALIASES 16

struct alias {
	char name[LIMIT_OWNER_BYTES];
	size_t len;
};

struct search {
	const struct idmap *map;
	const struct account *account;
	uint32_t own_id;
	struct starts starts; /* how the lines of the account begin */
	struct scan scan;
	struct range_set left;
	struct alias aliases[DECIDE_ALIASES];
	size_t n_aliases;
	/* As in struct decision. */
	bool owns;
	int name_service;
	struct facts_grants grants;
	bool noted;
};

static void search_cleanup(struct search *search)
{
	scan_end(&search->scan);
	range_set_clear(&search->left);
}

static bool is_alias(const struct search *search, const char *owner, size_t len)
{
	for (size_t i = 0; i < search->n_aliases; i++)
		if (search->aliases[i].len == len &&
		    memcmp(search->aliases[i].name, owner, len) == 0)
			return true;
	return false;
}

/* What the first bytes of a line tell; only a line that may be ours is parsed. */
static bool may_be_own(const struct search *search, const struct scan_line *line)
{
	const char *colon;

	if (account_begins(search->account, line->text, line->len))
		return true;
	if (search->n_aliases == 0)
		return false;
	colon = memchr(line->text, ':', line->len);
	return colon && is_alias(search, line->text, (size_t)(colon - line->text));
}

/* The next line that is worth a look: without aliases most are passed over unseen. */
static int next_line(struct search *search, struct scan_line *ret_line)
{
	return search->n_aliases == 0 ?
		       scan_next_starting(&search->scan, &search->starts, ret_line) :
		       scan_next(&search->scan, ret_line);
}

/*
 * Steps to the next line that is an entry of the caller's by login name, uid or an alias
 * that is known. Returns 1, 0 at the end, or -errno.
 */
static int next_own_entry(struct search *search, struct entry *ret_entry)
{
	struct scan_line line;
	int r;

	while ((r = next_line(search, &line)) > 0)
		if (may_be_own(search, &line) &&
		    entry_parse(line.text, line.len, ret_entry) == 0 &&
		    (account_owns(search->account, ret_entry) ||
		     is_alias(search, ret_entry->owner, ret_entry->owner_len))) {
			search->owns = true;
			return 1;
		}
	return r;
}

/*
 * Takes away what the caller's lines grant. As soon as nothing is left the rest of the
 * file is not read.
 */
static int take_own_lines(struct search *search)
{
	bool again, progress;
	struct entry entry;
	int r;

	do {
		again = progress = false;
		r = scan_rewind(&search->scan);
		if (r)
			return r;
		while (search->left.n > 0 && (r = next_own_entry(search, &entry)) > 0) {
			if (!range_set_overlaps(&search->left, entry.range))
				continue;
			r = range_set_subtract(&search->left, entry.range);
			if (r < 0)
				return r;
			again |= r == RANGE_SET_FULL;
			progress |= r == 0;
		}
		if (r < 0)
			return r;
	} while (again && progress && search->left.n > 0);
	return 0;
}

/* From what is left; @asked: whether there was anything to be granted. */
static int conclude(const struct search *search, bool asked,
		    struct decision *ret_decision)
{
	const struct extent *extents = search->map->extents;
	struct decision decision = {
		.delegated = asked && search->left.n == 0,
		.owns = search->owns,
		.name_service = search->name_service,
		.grants = search->grants,
		.noted = search->noted,
	};
	int r = idmap_decide(search->map, search->own_id, &search->left,
			     &decision.refused);

	if (r && extents[decision.refused].count > 0)
		range_set_intersect(&search->left,
				    extent_outer(&extents[decision.refused]),
				    &decision.missing);
	*ret_decision = decision;
	return r ? DECIDE_REFUSED : 0;
}

/*
 * What would be missing if the database ended here; where nothing would, for the one
 * extent is the caller's own, what is left first.
 */
static void find_missing(const struct search *search, struct facts_question *question)
{
	const struct range first = search->left.ranges[0];
	struct decision decision;

	*question = (struct facts_question){
		.account = search->account,
		.asked = first,
		.missing = first,
	};
	if (conclude(search, true, &decision) && decision.missing.end > 0) {
		question->asked = extent_outer(&search->map->extents[decision.refused]);
		question->missing = decision.missing;
	}
}

/* Asks the name service whether the owner is the caller; one that is becomes an alias. */
static bool ask_owner(struct search *search, const struct entry *entry)
{
	struct alias *alias = &search->aliases[search->n_aliases];
	int r;

	if (entry->by_id || search->n_aliases == DECIDE_ALIASES ||
	    is_alias(search, entry->owner, entry->owner_len))
		return false;
	r = account_name_is_uid(entry->owner, entry->owner_len, search->account->uid);
	if (r < 0)
		search->name_service = -r;
	if (r <= 0)
		return false;
	memcpy(alias->name, entry->owner, entry->owner_len);
	alias->len = entry->owner_len;
	search->n_aliases++;
	return true;
}

/*
 * Looks for another login name of the caller, and notes for a refusal what stands there.
 *
 * The name service is asked only about lines that contain the first missing id: if none
 * of their owners is the caller, the answer is no, whatever the others are.
 * Returns 1 when one was found, 0 or -errno.
 */
static int find_alias(struct search *search)
{
	struct facts_question question;
	struct scan_line line;
	struct entry entry;
	int r;

	find_missing(search, &question);
	search->grants = (struct facts_grants){ 0 };
	r = scan_rewind(&search->scan);
	if (r)
		return r;
	while ((r = scan_next(&search->scan, &line)) > 0)
		if (facts_note_line(&search->grants, &question, &line, &entry) &&
		    range_contains(entry.range, question.missing.start) &&
		    ask_owner(search, &entry))
			return 1;
	search->noted = r == 0;
	return r;
}

static int take_granted(struct search *search, const struct dbfile *file)
{
	int r = scan_start(&search->scan, file->fd);

	if (r)
		return r;
	do {
		r = take_own_lines(search);
		if (r || search->left.n == 0)
			return r;
		r = find_alias(search);
	} while (r > 0);
	return r;
}

/*
 * Takes away what the database grants. One that cannot be used, from its begin or from
 * the middle on, grants nothing (more).
 */
static int take_from(struct dbfile *file, struct search *search)
{
	int r;

	if (dbfile_vet(file))
		return DECIDE_NO_DATABASE;
	r = take_granted(search, file);
	if (r == 0)
		return 0;
	file->fault = DBFILE_UNREADABLE;
	file->error = -r;
	return DECIDE_NO_DATABASE;
}

/*
 * Decides about a map that idmap_parse() took.
 *
 * account: the caller. own_id: the caller's real uid or gid, by @kind.
 * file: opened, not yet judged; a map of nothing but the caller's own id needs none.
 * Returns 0 (granted), DECIDE_REFUSED, DECIDE_NO_DATABASE or -ENOMEM: only 0 may be
 * followed by a write. *ret_decision says more about 0 and DECIDE_REFUSED.
 */
int decide(const struct kind *kind, const struct idmap *map,
	   const struct account *account, uint32_t own_id, struct dbfile *file,
	   struct decision *ret_decision)
{
	CLEANUP(search_cleanup)
	struct search search = {
		.map = map,
		.account = account,
		.own_id = own_id,
		.left = RANGE_SET(DECIDE_RANGES),
	};
	bool asked;
	int r;

	r = idmap_request(map, own_id, kind->group, &search.left);
	if (r)
		return r < 0 ? r : -ENOMEM;
	asked = search.left.n > 0;
	account_starts(account, &search.starts);
	if (asked) {
		r = take_from(file, &search);
		if (r && !idmap_is_own(map, own_id))
			return r;
	}
	return conclude(&search, asked, ret_decision);
}

/*
 * Decides as decide() does, by the ranges that another source has granted to the caller:
 * those of one source, for they are put together.
 *
 * denied: extents that the source does not grant, whatever its ranges are.
 * Returns 0 (granted), DECIDE_REFUSED or -ENOMEM.
 */
int decide_granted(const struct kind *kind, const struct idmap *map, uint32_t own_id,
		   const struct range_set *granted, const struct range_set *denied,
		   struct decision *ret_decision)
{
	CLEANUP(search_cleanup)
	struct search search = {
		.map = map,
		.own_id = own_id,
		.left = RANGE_SET(2 * LIMIT_EXTENTS + LIMIT_PLUGIN_ANSWER),
	};
	bool asked;
	int r;

	r = idmap_request(map, own_id, kind->group, &search.left);
	if (r)
		return r < 0 ? r : -ENOMEM;
	asked = search.left.n > 0;
	for (size_t i = 0; i < granted->n; i++) {
		r = range_set_subtract(&search.left, granted->ranges[i]);
		if (r)
			return r < 0 ? r : -ENOMEM;
	}
	for (size_t i = 0; i < denied->n; i++) {
		r = range_set_add(&search.left, denied->ranges[i]);
		if (r)
			return r < 0 ? r : -ENOMEM;
	}
	return conclude(&search, asked, ret_decision);
}
