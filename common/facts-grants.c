// SPDX-License-Identifier: BSD-3-Clause
/*
 * facts-grants: what the databases say about the caller, read as the caller.
 *
 * MUST: the databases are opened anew, without privilege: what the caller may not read is
 * not told. The decision itself is not made here.
 */
#include <string.h>

#include "common/facts.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/entry.h"
#include "libsubid/sys/scan.h"

/* Parts of what is missing that are told apart; more of them are taken for missing. */
#define GRANTS_RANGES 4096

/* Opens a database that the caller can read and that is to be believed. */
static bool open_as_caller(const struct kind *kind, struct dbfile *file,
			   struct scan *scan)
{
	dbfile_open(kind->path, file);
	return dbfile_vet(file) == 0 && scan_start(scan, file->fd) == 0;
}

/* A line that looks as if it were meant for @name: behind white space, with any end. */
static bool is_meant_for(const struct scan_line *line, const char *name, size_t len)
{
	size_t at = 0;

	while (at < line->len && (line->text[at] == ' ' || line->text[at] == '\t'))
		at++;
	return line->len - at > len && memcmp(line->text + at, name, len) == 0 &&
	       memchr(": \t", line->text[at + len], 3);
}

static bool is_meant_for_caller(const struct scan_line *line,
				const struct account *account)
{
	return is_meant_for(line, account->name, account->name_len) ||
	       is_meant_for(line, account->number, account->number_len);
}

static void note_malformed(struct facts *facts, const struct scan_line *line, int fault)
{
	struct facts_grants *grants = &facts->grants;

	if (grants->malformed || entry_fault_is_harmless(fault) ||
	    !is_meant_for_caller(line, facts->account))
		return;
	grants->malformed = line->number;
	grants->malformed_fault = fault;
}

static void note_own(struct facts_grants *grants, struct range range)
{
	grants->owns = true;
	if (grants->ranges++ == 0)
		grants->first = range;
}

static void note_other(const struct facts *facts, struct facts_grants *grants,
		       const struct entry *entry, uint64_t number)
{
	if (grants->taken || !range_overlaps(entry->range, facts->missing))
		return;
	grants->taken = number;
	memcpy(grants->taken_by, entry->owner, entry->owner_len);
	grants->taken_by[entry->owner_len] = '\0';
}

/* What a line says about the caller or, else, about the first id that is missing. */
static void note_line(struct facts *facts, struct range asked,
		      const struct scan_line *line)
{
	bool near = entry_may_overlap(line->text, line->len, facts->missing);
	struct facts_grants *grants = &facts->grants;
	struct entry entry;
	int fault;

	if (!near && !is_meant_for_caller(line, facts->account))
		return;
	fault = entry_parse(line->text, line->len, &entry);
	if (fault) {
		note_malformed(facts, line, fault);
	} else if (account_owns(facts->account, &entry)) {
		note_own(grants, entry.range);
		grants->partly |= range_overlaps(asked, entry.range);
	} else {
		note_other(facts, grants, &entry, line->number);
	}
}

/* One pass over the database of the kind that was asked for. */
static void read_own_kind(struct facts *facts, struct range asked)
{
	CLEANUP(dbfile_cleanup) struct dbfile file = DBFILE_UNOPENED;
	CLEANUP(scan_cleanup) struct scan scan = { 0 };
	struct scan_line line;

	facts->grants.readable = open_as_caller(facts->kind, &file, &scan);
	while (facts->grants.readable && scan_next(&scan, &line) > 0)
		note_line(facts, asked, &line);
}

/* Tells whether the database of the other kind grants the caller all of @left. */
static bool other_kind_grants(const struct facts *facts, struct range_set *left)
{
	CLEANUP(dbfile_cleanup) struct dbfile file = DBFILE_UNOPENED;
	CLEANUP(scan_cleanup) struct scan scan = { 0 };
	struct scan_line line;
	struct entry entry;

	if (left->n == 0 ||
	    !open_as_caller(facts->kind->group ? &kind_uid : &kind_gid, &file, &scan))
		return false;
	while (left->n > 0 && scan_next(&scan, &line) > 0)
		if (account_begins(facts->account, line.text, line.len) &&
		    entry_parse(line.text, line.len, &entry) == 0 &&
		    account_owns(facts->account, &entry))
			range_set_subtract(left, entry.range);
	return left->n == 0;
}

/*
 * Fills facts->grants; facts->missing and facts->account must be known.
 */
void facts_gather_grants(struct facts *facts)
{
	CLEANUP(range_set_cleanup) struct range_set left = RANGE_SET(GRANTS_RANGES);

	struct range asked = extent_outer(&facts->map->extents[facts->refused]);

	read_own_kind(facts, asked);
	if (facts->grants.readable && range_set_add(&left, facts->missing) == 0)
		facts->grants.in_other_kind = other_kind_grants(facts, &left);
}
