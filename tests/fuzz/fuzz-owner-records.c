// SPDX-License-Identifier: BSD-3-Clause
/*
 * owner-records: the input is a file of records. What is read is written and read again.
 */
#include "libsubid/core/limits.h"
#include "libsubid/core/owner-records.h"
#include "tests/fuzz/fuzz.h"

static void check_record(const struct owner_records *records,
			 const struct owner_record *record)
{
	const char *owner = owner_records_text(records, record->owner);
	char name[RETIRED_NAME_BYTES];
	struct entry entry = { .owner = name };

	FUZZ_ASSERT(record->range.start < record->range.end);
	FUZZ_ASSERT(record->range.end <= ID_END);
	FUZZ_ASSERT(entry_check_owner(owner, strlen(owner)) == 0);
	entry.owner_len = retired_name(owner, strlen(owner), name);
	FUZZ_ASSERT(entry_check_owner(name, entry.owner_len) == 0);
	FUZZ_ASSERT(owner_records_find(records, record->group, record->range.start,
				       &entry) >= record);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct owner_records records = { .n = 0 }, again = { .n = 0 };
	struct fuzz_input input = { data, size };
	char *text = fuzz_text(&input), *first = NULL, *second = NULL;
	size_t first_len, second_len;

	FUZZ_ASSERT(owner_records_parse(&records, text, input.size) == 0);
	FUZZ_ASSERT(owner_records_sort(&records) == 0);
	for (size_t i = 0; i < records.n; i++)
		check_record(&records, &records.items[i]);
	FUZZ_ASSERT(owner_records_format(&records, &first, &first_len) == 0);
	FUZZ_ASSERT(owner_records_parse(&again, first, first_len) == 0);
	FUZZ_ASSERT(again.n == records.n && again.skipped == 0);
	FUZZ_ASSERT(owner_records_format(&again, &second, &second_len) == 0);
	FUZZ_ASSERT(first_len == second_len && memcmp(first, second, first_len) == 0);
	free(first);
	free(second);
	free(text);
	owner_records_cleanup(&records);
	owner_records_cleanup(&again);
	return 0;
}
