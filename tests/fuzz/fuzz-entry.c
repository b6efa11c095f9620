// SPDX-License-Identifier: BSD-3-Clause
/*
 * entry: the input is a line, or an owner for a line.
 */
#include "libsubid/core/entry.h"
#include "libsubid/core/limits.h"
#include "tests/fuzz/fuzz.h"

/* The quick look sees each id of the line and no other. */
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

	/* The line is the one spelling of what it says. */
	n = entry_format(entry->owner, entry->owner_len, entry->range, out);
	FUZZ_ASSERT(n == len + 1 && memcmp(out, line, len) == 0 && out[len] == '\n');

	check_overlap(line, len, entry->range);
}

/* An owner is allowed exactly if a line with it is his. */
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
		FUZZ_ASSERT(entry.owner_len == len && entry.range.start == range.start &&
			    entry.range.end == range.end);
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
	if (fault) {
		FUZZ_ASSERT(fault > 0 && entry_reason(fault)[0]);
		FUZZ_ASSERT(memcmp(&entry, &before, sizeof(entry)) == 0);
		FUZZ_ASSERT((fault == ENTRY_TOO_LONG) == (size > LIMIT_LINE_BYTES));
		FUZZ_ASSERT(fault != ENTRY_COMMENT || text[0] == '#');
		entry_may_overlap(text, size, (struct range){ 100000, 165536 });
	} else {
		check_entry(text, size, &entry);
	}
	check_owner(text, size);
	free(text);
	return 0;
}
