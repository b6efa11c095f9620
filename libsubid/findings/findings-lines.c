// SPDX-License-Identifier: BSD-3-Clause
/*
 * findings-lines: finds faults of single lines.
 *
 * Invariant: a malformed line is reported once: as read-differently if another program
 * would read it as a grant, else by its fault.
 */
#include <errno.h>
#include <string.h>

#include "libsubid/core/array.h"
#include "libsubid/core/entry.h"
#include "libsubid/core/limits.h"
#include "libsubid/core/printable.h"
#include "libsubid/core/reserved.h"
#include "libsubid/findings/findings.h"

_Static_assert(FINDING_RANGE_BEYOND - FINDING_LINE_TOO_LONG ==
		       ENTRY_BEYOND - ENTRY_TOO_LONG,
	       "a code for each fault");

/* Prepares a search; search_cleanup() ends it. */
void search_init(struct search *search)
{
	const struct findings_question *question = &search->findings->question;

	owner_table_init(&search->holders, question->users);
	search->holders.spellings = question->spellings;
	search->kubelet = OWNER_TABLE_NONE;
}

/* Frees a search, also a zeroed one. */
void search_cleanup(struct search *search)
{
	for (unsigned group = 0; group < 2; group++) {
		free(search->sides[group].lines);
		free(search->sides[group].order);
	}
	owner_table_cleanup(&search->holders);
}

/*
 * Returns whether other programs read a line with wrong fields or numbers as an entry.
 * For other faults the report of the fault is enough.
 */
static bool is_read_elsewhere(const struct table *table, const struct table_line *line)
{
	struct entry_readings readings;

	if (line->fault != ENTRY_FIELDS && line->fault != ENTRY_START_NUMBER &&
	    line->fault != ENTRY_COUNT_NUMBER)
		return false;
	table_readings(table, line, &readings);
	return readings.n > 0;
}

static struct findings_item item_of(enum finding_code code, unsigned group,
				    const struct table_line *line,
				    const struct table *table)
{
	return (struct findings_item){
		.line = (uint32_t)line->number,
		.offset = (uint32_t)(line->text - table->text),
		.first = 1, /* none */
		.code = (uint8_t)code,
		.group = (uint8_t)group,
		.fault = (uint8_t)line->fault,
	};
}

static int put_fault(struct search *search, unsigned group, const struct table_line *line)
{
	const struct table *table = search->findings->question.tables[group];
	int code = FINDING_LINE_TOO_LONG + (line->fault - ENTRY_TOO_LONG);

	if (entry_fault_is_harmless(line->fault))
		return 0;
	if (is_read_elsewhere(table, line))
		code = FINDING_READ_DIFFERENTLY;
	return findings_put(search->findings,
			    item_of((enum finding_code)code, group, line, table), false);
}

static int put_search_line(struct search_lines *side, struct search_line line)
{
	int r = ARRAY_RESERVE(side->lines, side->n, side->allocated);

	if (r == 0)
		side->lines[side->n++] = line;
	return r;
}

/* Returns the owner's uid, or for gids its primary gid; ID_NONE without an account. */
static uint32_t id_of_holder(const struct search *search, const struct holder *holder,
			     unsigned group)
{
	if (!holder->has_account)
		return ID_NONE;
	return group ? search_accounts(search, 0)->items[holder->user].gid : holder->uid;
}

/*
 * Adds the accounts in the range to @item: the first account, and the ids from it to the
 * last. Root's and the owner's own id have findings of their own and are left out.
 */
static void add_accounts(const struct accounts *accounts, bool primary,
			 struct range range, uint32_t own, struct findings_item *item)
{
	size_t at = accounts_lower_bound(accounts, range.start ? range.start : 1), end;
	bool none = item->first > item->last;
	uint32_t first, last;

	while (at < accounts->sorted && accounts_at(accounts, at)->id == own)
		at++;
	if (at == accounts->sorted || accounts_at(accounts, at)->id >= range.end)
		return;
	end = accounts_lower_bound(accounts, range.end);
	while (accounts_at(accounts, end - 1)->id == own)
		end--;
	first = accounts_at(accounts, at)->id;
	last = accounts_at(accounts, end - 1)->id;
	if (none || last > item->last)
		item->last = last;
	if (!none && first >= item->first)
		return;
	item->first = first;
	item->other = accounts->by_id[at];
	item->primary = primary;
}

static int find_account_ids(struct search *search, unsigned group, struct range range,
			    uint32_t own, bool of_root, struct findings_item item)
{
	const struct accounts *primary = search->findings->question.primary;

	item.code = FINDING_ACCOUNT;
	add_accounts(search_accounts(search, group), false, range, own, &item);
	if (group && primary)
		add_accounts(primary, true, range, own, &item);
	return item.first > item.last ? 0 : findings_put(search->findings, item, of_root);
}

static int put_id_finding(struct search *search, struct findings_item item,
			  enum finding_code code, uint32_t id, uint32_t other,
			  bool of_root)
{
	item.code = (uint8_t)code;
	item.first = item.last = id;
	item.other = other;
	return findings_put(search->findings, item, of_root);
}

/* Finds ids in the range that must not be delegated. */
static int find_reserved_ids(struct search *search, struct range range, bool of_root,
			     struct findings_item item)
{
	struct range ids;

	if (!search->findings->question.reserved || !reserved_next(range, NULL, &ids))
		return 0;
	item.code = FINDING_RESERVED;
	item.first = (uint32_t)ids.start;
	item.last = (uint32_t)(ids.end - 1);
	return findings_put(search->findings, item, of_root);
}

/* Finds all ids that the range must not hold. */
static int find_ids(struct search *search, unsigned group, const struct holder *holder,
		    struct range range, struct findings_item item)
{
	bool of_root = holder->has_uid && holder->uid == 0;
	bool note = of_root || search->findings->question.scarce;
	uint32_t own = id_of_holder(search, holder, group);
	int r = 0;

	if (range_contains(range, 0))
		r = put_id_finding(search, item, FINDING_ID_ZERO, 0, 0, of_root);
	if (r == 0 && range_contains(range, ID_NONE))
		r = put_id_finding(search, item, FINDING_NO_ID, ID_NONE, 0, false);
	if (r == 0 && own != ID_NONE && own != 0 && range_contains(range, own))
		r = put_id_finding(search, item, FINDING_OWN_ID, own, holder->user, note);
	if (r == 0)
		r = find_reserved_ids(search, range, of_root, item);
	return r ? r : find_account_ids(search, group, range, own, note, item);
}

static bool is_among(const struct accounts *accounts, const struct entry *entry)
{
	return accounts && accounts_by_name(accounts, entry->owner, entry->owner_len);
}

/* Checks whether the owner is the uid of one account and the login name of another. */
static bool is_ambiguous(const struct search *search, const struct holder *holder,
			 const struct entry *entry, uint32_t *ret_user)
{
	if (!entry->by_id || holder->uid != entry->owner_id)
		return false;
	*ret_user =
		owner_table_user_named(&search->holders, entry->owner, entry->owner_len);
	return *ret_user != OWNER_TABLE_NONE &&
	       search_accounts(search, 0)->items[*ret_user].id != holder->uid;
}

/*
 * Returns whether no login can have this owner: it has quotes, markup, a byte order mark,
 * other characters that are not visible, or a variable of a shell. Names of directory
 * services have letters of all languages, and whitespace between words.
 */
static bool is_odd_owner(const char *owner, size_t len)
{
	static const bool marks[128] = {
		['"'] = true, ['\''] = true, ['`'] = true, ['<'] = true, ['>'] = true,
		['*'] = true, ['{'] = true,  ['}'] = true, ['('] = true, [')'] = true,
		['['] = true, [']'] = true,  ['|'] = true, [';'] = true, ['&'] = true,
		['!'] = true, ['?'] = true,  ['#'] = true, ['%'] = true, ['^'] = true,
		['='] = true, [','] = true,  ['/'] = true, ['~'] = true,
	};
	static const char *const invisible[] = { "\xef\xbb\xbf", "\xc2\xa0",
						 "\xe2\x80\x8b", "\xe2\x80\x8c",
						 "\xe2\x80\x8d", "\xe2\x80\x8e",
						 "\xe2\x80\x8f", "\xe2\x81\xa0" };

	for (size_t i = 0; i < len; i++) {
		unsigned char byte = (unsigned char)owner[i];

		/* `@` stands in front of groups in other files, and within names. */
		if (byte < 128 ? marks[byte] || (byte == '$' && i + 1 < len) ||
					 (byte == '@' && i == 0) :
				 false)
			return true;
		for (size_t k = 0;
		     byte >= 128 && k < sizeof(invisible) / sizeof(invisible[0]); k++) {
			size_t n = strlen(invisible[k]);

			if (n <= len - i && memcmp(owner + i, invisible[k], n) == 0)
				return true;
		}
	}
	return false;
}

/* The same, or only the case differs from an account. */
static bool is_odd_here(const struct search *search, const struct entry *entry)
{
	char lower[LIMIT_OWNER_BYTES];
	bool same = true;

	if (entry->by_id)
		return false;
	if (is_odd_owner(entry->owner, entry->owner_len))
		return true;
	for (size_t i = 0; i < entry->owner_len; i++) {
		char c = entry->owner[i];

		lower[i] = ascii_lower_case(c);
		same &= lower[i] == c;
	}
	return !same && owner_table_user_named(&search->holders, lower,
					       entry->owner_len) != OWNER_TABLE_NONE;
}

/* Finds faults of the owner field. */
static int find_name(struct search *search, const struct holder *holder,
		     const struct entry *entry, bool first, struct findings_item item)
{
	const struct findings_question *question = &search->findings->question;

	if (entry_owner_is_retired(entry->owner, entry->owner_len)) {
		item.code = is_among(question->users, entry) ? FINDING_RETIRED_ACCOUNT :
							       FINDING_RETIRED;
		item.first = (uint32_t)entry->range.start;
		item.last = (uint32_t)(entry->range.end - 1);
	} else if (!holder->has_account) {
		bool odd = is_odd_here(search, entry);

		if ((!first && !odd) || is_among(question->unknown, entry))
			return 0;
		item.code = odd ? FINDING_OWNER_ODD : FINDING_NO_ACCOUNT;
		if (!odd && is_among(question->renamed, entry))
			item.severity = FINDING_WARNING;
	} else if (is_ambiguous(search, holder, entry, &item.other)) {
		item.code = FINDING_AMBIGUOUS_OWNER;
	} else if (is_among(question->spellings, entry)) {
		item.code = FINDING_SPELLING;
		item.other = holder->user;
	} else {
		return 0;
	}
	return findings_put(search->findings, item, false);
}

static void widen_span(struct range *span, struct range range)
{
	if (span->end == 0 || range.start < span->start)
		span->start = range.start;
	if (range.end > span->end)
		span->end = range.end;
}

static int find_line_faults(struct search *search, unsigned group,
			    const struct table_line *line, size_t *known)
{
	const struct table *table = search->findings->question.tables[group];
	const struct entry *entry = &line->entry;
	struct findings_item item = item_of(0, group, line, table);
	struct holder holder;
	uint32_t number;
	bool first;
	int r;

	r = owner_table_put(&search->holders, entry, &number);
	if (r)
		return r;
	holder = search->holders.items[number];
	first = number >= *known;
	if (first)
		*known = (size_t)number + 1;
	widen_span(&search->findings->spans[group], entry->range);
	r = put_search_line(&search->sides[group],
			    (struct search_line){
				    .first = (uint32_t)entry->range.start,
				    .last = (uint32_t)(entry->range.end - 1),
				    .offset = item.offset,
				    .number = item.line,
				    .holder = number,
			    });
	if (r == 0)
		r = find_ids(search, group, &holder, entry->range, item);
	if (r == 0)
		r = find_name(search, &holder, entry, first, item);
	return r;
}

/* Checks each line of one database. Returns 0 or -ENOMEM. */
int search_lines(struct search *search, unsigned group)
{
	const struct table *table = search->findings->question.tables[group];
	struct table_cursor cursor = { 0 };
	struct table_line line;
	size_t known = search->holders.n;
	int r = 0;

	while (r == 0 && table_next(table, &cursor, &line)) {
		r = line.fault ? put_fault(search, group, &line) :
				 find_line_faults(search, group, &line, &known);
		if (r == 0 && cursor.offset == table->len &&
		    table->text[table->len - 1] != '\n')
			r = findings_put(
				search->findings,
				item_of(FINDING_NO_FINAL_NEWLINE, group, &line, table),
				false);
	}
	return r;
}
