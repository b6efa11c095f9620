// SPDX-License-Identifier: BSD-3-Clause
/*
 * facts-grants: what the databases say about the caller, read as the caller.
 *
 * MUST: the databases are opened again, without privilege: what the caller may not read
 * is not reported. The decision is not made here, and gathers nothing for messages.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "explain/busy.h"
#include "explain/facts.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/entry.h"
#include "libsubid/sys/fd.h"
#include "libsubid/sys/scan.h"
#include "libsubid/user/owner.h"

/* A line that would split the missing ids into more ranges removes none. */
#define GRANTS_RANGES 4096
/* A caller with more groups counts as a member of none. */
#define GRANTS_GROUPS 4096

/* Opens a database; false: the caller cannot read it, or it is refused. */
static bool open_as_caller(const struct kind *kind, struct dbfile *file,
			   struct scan *scan)
{
	dbfile_open(kind->path, file);
	if (dbfile_vet(file))
		return false;
	scan_start(scan, file->fd);
	return true;
}

/* What read_own_kind() looks for. */
struct question {
	struct owner *owner;
	struct range asked;   /* the extent that is refused */
	struct range missing; /* the first part of it that is not granted */
};

/* Whether a line begins with the first two bytes of @name, or with all of one byte. */
static inline bool begins_as(const struct scan_line *line, const char *name)
{
	return line->text[0] == name[0] &&
	       (name[1] == '\0' || (line->len > 1 && line->text[1] == name[1]));
}

/* False: the line is not meant for the owner, not even as a malformed line. */
static inline bool may_be_meant(const struct scan_line *line, const struct owner *owner)
{
	const struct account *account = &owner->account;

	if (line->len == 0)
		return false;
	for (size_t i = 0; i < owner->n; i++)
		if (begins_as(line, owner->names[i]))
			return true;
	return line->text[0] == ' ' || line->text[0] == '\t' ||
	       begins_as(line, account->name) || begins_as(line, account->number);
}

/* Whether a line looks as if meant for @name: maybe indented, maybe without a colon. */
static bool is_meant_for(const struct scan_line *line, const char *name, size_t len)
{
	size_t at = 0;

	while (at < line->len && (line->text[at] == ' ' || line->text[at] == '\t'))
		at++;
	return line->len - at > len && memcmp(line->text + at, name, len) == 0 &&
	       memchr(": \t", line->text[at + len], 3);
}

static bool is_meant_for_account(const struct scan_line *line,
				 const struct question *question)
{
	const struct owner *owner = question->owner;
	const struct account *account = &owner->account;

	for (size_t i = 0; i < owner->n; i++)
		if (is_meant_for(line, owner->names[i], strlen(owner->names[i])))
			return true;
	return is_meant_for(line, account->name, account->name_len) ||
	       is_meant_for(line, account->number, account->number_len);
}

static void note_malformed(struct facts_grants *grants, const struct question *question,
			   const struct scan_line *line, int fault)
{
	struct facts_malformed *malformed = &grants->malformed;
	size_t len = line->len < CURE_WORD_BYTES ? line->len : CURE_WORD_BYTES;

	if (malformed->number || entry_fault_is_harmless(fault) ||
	    !is_meant_for_account(line, question))
		return;
	malformed->number = line->number;
	malformed->fault = fault;
	malformed->len = line->len;
	memcpy(malformed->text, line->text, len);
	entry_repair(line->text, line->len, &malformed->repair);
}

static void note_own(struct facts_grants *grants, struct range range)
{
	grants->owns = true;
	if (grants->ranges++ == 0)
		grants->first = range;
}

static void note_other(struct facts_grants *grants, const struct entry *entry,
		       uint64_t number)
{
	if (grants->taken)
		return;
	grants->taken = number;
	memcpy(grants->taken_by, entry->owner, entry->owner_len);
	grants->taken_by[entry->owner_len] = '\0';
}

/*
 * Notes a line about the account or, else, about the missing ids. Nearly all lines of a
 * large database end at the first check.
 */
static void note_line(struct facts_grants *grants, const struct question *question,
		      const struct scan_line *line)
{
	struct entry entry;
	int fault;

	if (!may_be_meant(line, question->owner) &&
	    !entry_may_overlap(line->text, line->len, question->missing))
		return;
	fault = entry_parse(line->text, line->len, &entry);
	if (fault) {
		note_malformed(grants, question, line, fault);
	} else if (owner_is(&entry, question->owner)) {
		note_own(grants, entry.range);
		grants->partly |= range_overlaps(question->asked, entry.range);
	} else if (range_overlaps(entry.range, question->missing)) {
		note_other(grants, &entry, line->number);
	}
}

/* Reads the database of the requested kind. */
static void read_own_kind(struct facts *facts, struct owner *owner)
{
	CLEANUP(dbfile_cleanup) struct dbfile file = DBFILE_UNOPENED;
	CLEANUP(scan_cleanup) struct scan scan = { 0 };
	const struct question question = {
		.owner = owner,
		.asked = extent_outer(&facts->map->extents[facts->refused]),
		.missing = facts->missing,
	};
	struct scan_line line;

	if (!open_as_caller(facts->kind, &file, &scan))
		return;
	while (scan_next(&scan, &line) > 0)
		note_line(&facts->grants, &question, &line);
	facts->grants.readable = true;
	if (facts->grants.malformed.number)
		facts_judge_malformed(facts, owner, file.fd, file.status.st_size);
}

/* Whether the database of the other kind grants the caller all of @left. */
static bool other_kind_grants(const struct facts *facts, struct owner *owner,
			      struct range_set *left)
{
	CLEANUP(dbfile_cleanup) struct dbfile file = DBFILE_UNOPENED;
	CLEANUP(scan_cleanup) struct scan scan = { 0 };
	struct entry entry;

	if (left->n == 0 || !open_as_caller(kind_all[!facts->kind->group], &file, &scan))
		return false;
	while (left->n > 0 && owner_next_entry(owner, &scan, &entry) > 0)
		range_set_subtract(left, entry.range);
	return left->n == 0;
}

/* Fills facts->link_broken. */
void facts_gather_file(struct facts *facts)
{
	struct stat status;

	facts->link_broken = fstatat(AT_FDCWD, facts->kind->path, &status, 0) != 0 ||
			     !S_ISREG(status.st_mode);
}

/* Whether the caller has the rights of a group without a map: as root, or as a member. */
static bool is_member(const struct facts *facts, uint64_t gid)
{
	gid_t groups[GRANTS_GROUPS];
	int n = getgroups(GRANTS_GROUPS, groups);

	for (int i = 0; i < n; i++)
		if (groups[i] == gid)
			return true;
	return facts->uid == 0;
}

/*
 * Fills facts->grants and facts->member; facts->missing and facts->account must be known.
 */
void facts_gather_grants(struct facts *facts)
{
	CLEANUP(range_set_cleanup) struct range_set left = RANGE_SET(GRANTS_RANGES);
	CLEANUP(owner_cleanup) struct owner owner = { 0 };

	facts->grants = (struct facts_grants){ 0 };
	facts->member = is_member(facts, facts->missing.start);
	/* Lines cannot be judged without all names of the caller. */
	if (owner_init(&owner, facts->account, AT_FDCWD))
		return;
	read_own_kind(facts, &owner);
	if (facts->grants.readable && range_set_add(&left, facts->missing) == 0)
		facts->grants.in_other_kind = other_kind_grants(facts, &owner, &left);
}

/* Steps to the next line of the caller. Returns 1, 0 or -errno. */
static int next_own(struct owner *owner, struct scan *scan, struct scan_line *line,
		    struct entry *entry)
{
	int r;

	/* Not owner_next_entry(), which does not number the lines. */
	while ((r = scan_next(scan, line)) > 0)
		if (owner_begins(line->text, line->len, owner) &&
		    entry_parse(line->text, line->len, entry) == 0 &&
		    owner_is(entry, owner))
			return 1;
	return r;
}

/*
 * Fills facts->twice: programs map every line of a user, so extents that overlap outside
 * come from two lines that do, or from the own id and a line that has it. The clash and
 * facts->account must be known.
 */
void facts_gather_twice(struct facts *facts)
{
	CLEANUP(dbfile_cleanup) struct dbfile file = DBFILE_UNOPENED;
	CLEANUP(scan_cleanup) struct scan scan = { 0 };
	CLEANUP(owner_cleanup) struct owner owner = { 0 };
	struct range a = extent_outer(&facts->map->extents[facts->clash_a]);
	struct range b = extent_outer(&facts->map->extents[facts->clash_b]);
	struct facts_twice twice = {
		.id = (uint32_t)(a.start > b.start ? a.start : b.start),
	};
	struct scan_line line;
	struct entry entry;
	size_t n = 0;

	if (!range_overlaps(a, b) || owner_init(&owner, facts->account, AT_FDCWD) ||
	    !open_as_caller(facts->kind, &file, &scan))
		return;
	while (n < 2 && next_own(&owner, &scan, &line, &entry) > 0) {
		if (!range_contains(entry.range, twice.id))
			continue;
		twice.lines[n] = line.number;
		memcpy(twice.owners[n], entry.owner, entry.owner_len);
		twice.ranges[n++] = entry.range;
	}
	facts->twice = twice;
}

/* The largest extent at inner 0. */
static size_t largest_at_zero(const struct idmap *map)
{
	size_t largest = SIZE_MAX;

	for (size_t i = 0; i < map->n; i++)
		if (map->extents[i].inner == 0 &&
		    (largest == SIZE_MAX ||
		     map->extents[i].count > map->extents[largest].count))
			largest = i;
	return largest;
}

/* Whether an extent is at inner 0 and has no id of the largest one there. */
bool facts_is_other_at_zero(const struct idmap *map, size_t extent)
{
	const struct extent *extents = map->extents;
	size_t largest = largest_at_zero(map);

	return extents[extent].inner == 0 && extent != largest &&
	       !range_overlaps(extent_outer(&extents[extent]),
			       extent_outer(&extents[largest]));
}

static bool others_are_in_use(const struct facts *facts)
{
	CLEANUP(range_set_cleanup) struct range_set others = RANGE_SET(LIMIT_EXTENTS);

	for (size_t i = 0; i < facts->map->n; i++)
		if (facts_is_other_at_zero(facts->map, i) &&
		    range_set_add(&others, extent_outer(&facts->map->extents[i])))
			return false;
	return busy_uses(facts->kind, &others);
}

/*
 * Fills facts->lines_at_zero: Incus and LXD ask for each range of root so. The clash and
 * facts->account must be known.
 */
void facts_gather_lines_at_zero(struct facts *facts)
{
	CLEANUP(dbfile_cleanup) struct dbfile file = DBFILE_UNOPENED;
	CLEANUP(scan_cleanup) struct scan scan = { 0 };
	CLEANUP(owner_cleanup) struct owner owner = { 0 };
	const struct extent *extents = facts->map->extents;
	bool is_line[LIMIT_EXTENTS] = { false };
	struct scan_line line;
	struct entry entry;

	if (facts->clash != IDMAP_CLASH_INNER || extents[facts->clash_a].inner != 0 ||
	    extents[facts->clash_b].inner != 0 ||
	    owner_init(&owner, facts->account, AT_FDCWD) ||
	    !open_as_caller(facts->kind, &file, &scan))
		return;
	while (next_own(&owner, &scan, &line, &entry) > 0)
		for (size_t i = 0; i < facts->map->n; i++)
			is_line[i] |= extents[i].outer == entry.range.start &&
				      extents[i].count == range_count(entry.range);
	facts->lines_at_zero = true;
	for (size_t i = 0; i < facts->map->n; i++)
		facts->lines_at_zero &= extents[i].inner != 0 || is_line[i];
	facts->others_in_use = facts->lines_at_zero && others_are_in_use(facts);
}

/* Fills facts->grants from the grants of a plugin, in place of facts_gather_grants(). */
void facts_take_grants(struct facts *facts, const struct range_set *granted)
{
	struct range asked = extent_outer(&facts->map->extents[facts->refused]);

	facts->grants.readable = true;
	for (size_t i = 0; i < granted->n; i++)
		note_own(&facts->grants, granted->ranges[i]);
	facts->grants.partly = range_set_overlaps(granted, asked);
}
