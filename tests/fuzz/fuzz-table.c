// SPDX-License-Identifier: BSD-3-Clause
/*
 * table: a few edits, then the file. Each edit is compared with one that is made line by
 * line into a new buffer.
 */
#include "libsubid/core/limits.h"
#include "libsubid/core/table.h"
#include "tests/fuzz/fuzz.h"

static const char *const owners[] = { "elsa", "anna", "1000", "a b" };

static bool is_owner(const struct entry *entry, void *context)
{
	const char *owner = context;

	return !owner || (entry->owner_len == strlen(owner) &&
			  memcmp(entry->owner, owner, entry->owner_len) == 0);
}

struct buffer {
	char *text;
	size_t len;
};

static void put(struct buffer *buffer, const char *text, size_t len)
{
	if (len > 0)
		memcpy(buffer->text + buffer->len, text, len);
	buffer->len += len;
}

static void end_line(struct buffer *buffer)
{
	if (buffer->len > 0 && buffer->text[buffer->len - 1] != '\n')
		put(buffer, "\n", 1);
}

/* A line with a NUL at the end is separated from the next one. */
static void part(struct buffer *buffer)
{
	size_t begin = buffer->len;

	if (begin == 0)
		return;
	begin--;
	while (begin > 0 && buffer->text[begin - 1] != '\n')
		begin--;
	if (memchr(buffer->text + begin, '\0', buffer->len - begin))
		put(buffer, "\n", 1);
}

/* One edit may split each line into two longer ones. */
static struct buffer buffer_for(const struct table *table)
{
	struct buffer buffer = { .text = malloc(table->len * 8 + 2 * ENTRY_BYTES) };

	FUZZ_ASSERT(buffer.text);
	return buffer;
}

static void expect(const struct table *table, const struct buffer *expected)
{
	FUZZ_ASSERT(table->len == expected->len);
	FUZZ_ASSERT(table->len == 0 ||
		    memcmp(table->text, expected->text, expected->len) == 0);
	free(expected->text);
}

static void append(struct table *table, const char *owner, struct range range)
{
	struct buffer expected = buffer_for(table);
	char line[64];
	int n = snprintf(line, sizeof(line), "%s:%llu:%llu\n", owner,
			 (unsigned long long)range.start,
			 (unsigned long long)range_count(range));

	put(&expected, table->text, table->len);
	end_line(&expected);
	part(&expected);
	put(&expected, line, (size_t)n);
	FUZZ_ASSERT(table_append(table, owner, strlen(owner), range) == 0);
	FUZZ_ASSERT(table->changed);
	expect(table, &expected);
}

/* The line without the range, or none; the upper half of a split goes to @behind. */
static void put_rest(struct buffer *buffer, struct buffer *behind,
		     const struct entry *entry, struct range range)
{
	char line[ENTRY_BYTES];
	struct range low = { entry->range.start, range.start };
	struct range high = { range.end, entry->range.end };
	bool split = low.start < low.end && high.start < high.end;

	if (low.start < low.end)
		put(buffer, line,
		    entry_format(entry->owner, entry->owner_len, low, line));
	if (high.start < high.end)
		put(split ? behind : buffer, line,
		    entry_format(entry->owner, entry->owner_len, high, line));
}

/* Whether shadow's map writers grant the owner ids of the range by a malformed line.
 */
static bool is_in_force(const char *line, size_t len, size_t left, char *owner,
			struct range range)
{
	struct entry_readings readings;

	entry_readings_find(line, len, left, &readings);
	for (size_t i = 0; i < readings.n; i++)
		if (readings.items[i].by_shadow &&
		    range_overlaps(readings.items[i].entry.range, range) &&
		    is_owner(&readings.items[i].entry, owner))
			return true;
	return false;
}

static void subtract(struct table *table, char *owner, struct range range)
{
	struct buffer expected = buffer_for(table), behind = buffer_for(table);
	const char *text = table->text, *line, *begin;
	size_t left = table->len, len;
	bool changed = false, before = table->changed;
	struct table_cursor cursor = { 0 };
	struct table_line got;
	struct entry entry;

	while (begin = text, fuzz_line(&text, &left, &line, &len)) {
		size_t from = table->len - (size_t)(line - table->text);
		int fault = entry_parse(line, len, &entry);

		if (fault == 0 && is_owner(&entry, owner) &&
		    entry.range.start < range.end && range.start < entry.range.end) {
			part(&expected);
			put_rest(&expected, &behind, &entry, range);
			changed = true;
		} else if (fault && is_in_force(line, len, from, owner, range)) {
			part(&expected);
			changed = true;
		} else {
			put(&expected, begin, (size_t)(text - begin));
		}
	}
	if (changed)
		end_line(&expected);
	if (behind.len > 0)
		part(&expected);
	put(&expected, behind.text, behind.len);
	free(behind.text);
	FUZZ_ASSERT(table_subtract(table, is_owner, owner, range) == 0);
	FUZZ_ASSERT(table->changed == (before || changed));
	expect(table, &expected);

	while (table_next(table, &cursor, &got))
		FUZZ_ASSERT(got.fault || !is_owner(&got.entry, owner) ||
			    !range_overlaps(got.entry.range, range));
}

/* The lines near a range are all lines with ids near it, as each program reads them. */
static void check_near(const struct table *table, struct range range)
{
	struct table_near near = { .next = 0 };
	struct table_cursor cursor = { 0 };
	struct entry_readings readings;
	struct table_line line;

	while (table_next(table, &cursor, &line)) {
		table_readings(table, &line, &readings);
		for (size_t i = 0; i < readings.n; i++) {
			const struct entry *entry = &readings.items[i].entry;

			if (!range_overlaps(entry->range, range))
				continue;
			FUZZ_ASSERT(table_next_near(table, range, &near));
			FUZZ_ASSERT(near.line.number == line.number &&
				    near.line.text == line.text &&
				    near.line.len == line.len &&
				    near.line.fault == line.fault);
			FUZZ_ASSERT(near.reading->entry.range.start ==
					    entry->range.start &&
				    near.reading->entry.owner_len == entry->owner_len);
		}
	}
	FUZZ_ASSERT(!table_next_near(table, range, &near));
}

/* The lines of a table, joined, are its text. */
static void check_lines(const struct table *table)
{
	const char *text = table->text, *line;
	size_t left = table->len, len;
	struct table_cursor cursor = { 0 };
	struct table_line got;
	uint64_t number = 0;

	while (fuzz_line(&text, &left, &line, &len)) {
		struct entry entry;

		FUZZ_ASSERT(table_next(table, &cursor, &got));
		FUZZ_ASSERT(got.text == line && got.len == len && got.number == ++number);
		FUZZ_ASSERT(got.fault == entry_parse(line, len, &entry));
	}
	FUZZ_ASSERT(!table_next(table, &cursor, &got));
}

/* The part that counts as kept is the beginning of the old text. */
static void check_kept(const struct table *table, const char *loaded, size_t size)
{
	FUZZ_ASSERT(table->changed || table->kept == size);
	if (table->kept == 0)
		return;
	FUZZ_ASSERT(table->kept == size && table->len >= size);
	FUZZ_ASSERT(memcmp(table->text, loaded, size) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = { data, size };
	struct {
		uint8_t kind;
		struct range range;
	} edits[8];
	size_t n = fuzz_byte(&input) % COUNT_OF(edits);
	struct table table;
	char owner[8], *text, *loaded;

	for (size_t i = 0; i < n; i++) {
		uint64_t start, count;

		edits[i].kind = fuzz_byte(&input);
		start = fuzz_id(&input);
		count = 1 + fuzz_id(&input) % 70000;
		if (range_make(start, count, &edits[i].range))
			edits[i].range = (struct range){ start, start + 1 };
	}
	text = fuzz_text(&input);
	loaded = fuzz_text(&input);
	FUZZ_ASSERT(table_load(text, input.size, &table) == 0);
	FUZZ_ASSERT(table.len == input.size && !table.changed);
	check_lines(&table);
	for (size_t i = 0; i < n; i++) {
		snprintf(owner, sizeof(owner), "%s", owners[edits[i].kind / 4 % 4]);
		if (edits[i].kind % 4 == 0)
			append(&table, owner, edits[i].range);
		else
			subtract(&table, edits[i].kind % 4 == 1 ? NULL : owner,
				 edits[i].range);
		check_lines(&table);
		check_near(&table, edits[i].range);
		check_kept(&table, loaded, input.size);
	}
	free(loaded);
	table_clear(&table);
	return 0;
}
