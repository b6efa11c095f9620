// SPDX-License-Identifier: BSD-3-Clause
/*
 * entry: the input is a line, or an owner for a line.
 */
#include "libsubid/core/entry-readers.h"
#include "libsubid/core/entry.h"
#include "libsubid/core/limits.h"
#include "tests/fuzz/fuzz.h"

/* Whether a field is a number of at most @max as printf(3) writes it. */
static bool is_number(const char *field, unsigned long long max)
{
	unsigned long long value = strtoull(field, NULL, 10);
	char again[24];

	snprintf(again, sizeof(again), "%llu", value);
	return strcmp(again, field) == 0 && value <= max;
}

/* The same grammar by cutting a copy at its colons: whether the line grants ids. */
static bool model_grants(const char *line, size_t len)
{
	char copy[LIMIT_LINE_BYTES + 1], *rest = copy, *fields[4];
	size_t n = 0, owner_len;

	if (len > LIMIT_LINE_BYTES)
		return false;
	if (len > 0)
		memcpy(copy, line, len);
	copy[len] = '\0';
	if (strlen(copy) != len)
		return false;
	while (n < COUNT_OF(fields) && rest)
		fields[n++] = strsep(&rest, ":");
	if (n != 3 || rest)
		return false;

	owner_len = strlen(fields[0]);
	if (owner_len == 0 || owner_len > LIMIT_OWNER_BYTES ||
	    strchr("#+- ", fields[0][0]) || fields[0][owner_len - 1] == ' ')
		return false;
	for (size_t i = 0; i < owner_len; i++)
		if ((unsigned char)fields[0][i] < ' ' || fields[0][i] == 0x7f)
			return false;
	if (strspn(fields[0], "0123456789") == owner_len &&
	    !is_number(fields[0], ID_NONE - 1))
		return false;
	return is_number(fields[1], ID_NONE) && is_number(fields[2], ID_END) &&
	       strcmp(fields[2], "0") != 0 &&
	       strtoull(fields[1], NULL, 10) + strtoull(fields[2], NULL, 10) <= ID_END;
}

/* The filter finds each id of the line and no other. */
static void check_overlap(const char *line, size_t len, struct range range)
{
	const struct range first = { range.start, range.start + 1 };
	const struct range last = { range.end - 1, range.end };
	const struct range before = { 0, range.start }, behind = { range.end, ID_END };

	FUZZ_ASSERT(entry_may_overlap(line, len, range));
	FUZZ_ASSERT(entry_may_overlap(line, len, first));
	FUZZ_ASSERT(entry_may_overlap(line, len, last));
	FUZZ_ASSERT(range.start == 0 || !entry_may_overlap(line, len, before));
	FUZZ_ASSERT(range.end == ID_END || !entry_may_overlap(line, len, behind));
	FUZZ_ASSERT(entry_readers_may_overlap(line, len, range));
	FUZZ_ASSERT(range.start == 0 || !entry_readers_may_overlap(line, len, before));
}

static void check_entry(const char *line, size_t len, const struct entry *entry)
{
	char out[ENTRY_BYTES];
	size_t n;

	FUZZ_ASSERT(entry->owner == line && entry->owner_len > 0);
	FUZZ_ASSERT(entry->owner_len <= LIMIT_OWNER_BYTES && entry->owner_len < len);
	FUZZ_ASSERT(line[entry->owner_len] == ':');
	FUZZ_ASSERT(entry_check_owner(entry->owner, entry->owner_len) == 0);
	FUZZ_ASSERT(!memchr(line, '\n', len) && !memchr(line, '\0', len));
	FUZZ_ASSERT(entry->range.start < entry->range.end && entry->range.end <= ID_END);
	FUZZ_ASSERT(!entry->by_id || entry->owner_id < ID_NONE);

	/* The entry is written as exactly this line. */
	n = entry_format(entry->owner, entry->owner_len, entry->range, out);
	FUZZ_ASSERT(n == len + 1 && memcmp(out, line, len) == 0 && out[len] == '\n');

	check_overlap(line, len, entry->range);
}

/* Other programs read an entry as we do, and nothing in a line that the filter skips. */
static void check_readings(const char *line, size_t len, const struct entry *entry)
{
	const struct range range = { 100000, 165536 };
	struct entry_readings readings;
	bool may = entry_readers_may_overlap(line, len, range);

	entry_readings_find(line, len, len, &readings);
	FUZZ_ASSERT(readings.n <= ENTRY_READINGS);
	for (size_t i = 0; i < readings.n; i++) {
		const struct entry_reading *reading = &readings.items[i];
		const struct range found = reading->entry.range;

		FUZZ_ASSERT(found.start < found.end && found.end <= ID_END);
		FUZZ_ASSERT(reading->entry.owner_len > 0);
		FUZZ_ASSERT(!reading->excessive || reading->by_shadow);
		FUZZ_ASSERT(entry || may || !range_overlaps(found, range));
	}
	if (entry)
		FUZZ_ASSERT(readings.n > 0 && readings.items[0].by_shadow &&
			    readings.items[0].entry.owner_len == entry->owner_len &&
			    readings.items[0].entry.by_id == entry->by_id &&
			    readings.items[0].entry.owner_id == entry->owner_id &&
			    range_equals(readings.items[0].entry.range, entry->range));
}

/* An owner is allowed exactly if a line with it belongs to that owner. */
static void check_owner(const char *owner, size_t len)
{
	const struct range range = { 100000, 165536 };
	char out[ENTRY_BYTES];
	struct entry entry;
	size_t n;
	int r;

	r = entry_check_owner(owner, len);
	if (len > LIMIT_OWNER_BYTES) {
		FUZZ_ASSERT(r);
		return;
	}
	n = entry_format(owner, len, range, out);
	FUZZ_ASSERT((entry_parse(out, n - 1, &entry) == 0) == (r == 0));
	if (r == 0)
		FUZZ_ASSERT(entry.owner_len == len && range_equals(entry.range, range));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = { data, size };
	char *text = fuzz_text(&input);
	struct entry entry, before;
	int fault;

	memset(&entry, 0x5e, sizeof(entry));
	before = entry;
	fault = entry_parse(text, size, &entry);
	FUZZ_ASSERT((fault == 0) == model_grants(text, size));
	if (fault) {
		FUZZ_ASSERT(fault > 0 && entry_reason(fault)[0]);
		FUZZ_ASSERT(memcmp(&entry, &before, sizeof(entry)) == 0);
		FUZZ_ASSERT((fault == ENTRY_TOO_LONG) == (size > LIMIT_LINE_BYTES));
		FUZZ_ASSERT(fault != ENTRY_COMMENT || text[0] == '#');
		entry_may_overlap(text, size, (struct range){ 100000, 165536 });
	} else {
		check_entry(text, size, &entry);
	}
	check_readings(text, size, fault ? NULL : &entry);
	check_owner(text, size);
	free(text);
	return 0;
}
