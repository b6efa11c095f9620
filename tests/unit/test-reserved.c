// SPDX-License-Identifier: BSD-3-Clause
/*
 * Which ids have a fixed meaning, and which ids of a range must not be delegated.
 */
#include <inttypes.h>

#include "libsubid/core/limits.h"
#include "libsubid/core/reserved.h"
#include "tests/unit/unit.h"

/* Those that are never delegated, as systemd documents them. */
static const struct range never[] = {
	{ 60001, 60514 }, { 60514, 60578 }, { 61184, 65520 },
	{ 65534, 65535 }, { 65535, 65536 }, { 2147352576, 2147418112 },
};

static bool is_never(uint64_t id)
{
	for (size_t i = 0; i < COUNT_OF(never); i++)
		if (range_contains(never[i], id))
			return true;
	return false;
}

/* The ids at both sides of each border. */
Test(reserved, find)
{
	for (size_t i = 0; i < COUNT_OF(never); i++)
		for (uint64_t id = never[i].start - 1; id <= never[i].end; id++) {
			const struct reserved *reserved = reserved_find((uint32_t)id);

			cr_assert_eq(reserved && reserved->how == RESERVED_NEVER,
				     is_never(id), "%" PRIu64, id);
			cr_assert_eq(reserved_is_never(reserved), is_never(id));
		}
	cr_assert(reserved_find(0)->how == RESERVED_ALONE);
	cr_assert(reserved_find(ID_NONE)->how == RESERVED_ALONE);
	cr_assert(reserved_is_never(reserved_find(0)));
	cr_assert(reserved_find(524288)->how == RESERVED_CHOSEN);
	cr_assert(reserved_find(1879048191)->how == RESERVED_CHOSEN);
	cr_assert(!reserved_is_never(reserved_find(524288)));
	cr_assert(!reserved_find(1879048192) && !reserved_find(524287));
	cr_assert(!reserved_find(100000) && !reserved_is_never(NULL));
}

/* All reserved ids in the range of all ids, and the common part at a border. */
Test(reserved, next)
{
	const struct reserved *reserved = NULL;
	struct range ids;

	for (size_t i = 0; i < COUNT_OF(never); i++) {
		reserved = reserved_next((struct range){ 0, ID_END }, reserved, &ids);
		cr_assert(reserved && reserved->what[0]);
		cr_assert(ids.start == never[i].start && ids.end == never[i].end);
	}
	cr_assert_not(reserved_next((struct range){ 0, ID_END }, reserved, &ids));

	reserved = reserved_next_chosen((struct range){ 0, 600000 }, NULL, &ids);
	cr_assert(reserved && ids.start == 524288 && ids.end == 600000);
	cr_assert_not(reserved_next_chosen((struct range){ 0, ID_END }, reserved, &ids));
	cr_assert_not(reserved_next_chosen((struct range){ 0, 524288 }, NULL, &ids));

	cr_assert(reserved_find_in((struct range){ 0, 60002 })->first == 60001);
	cr_assert(reserved_find_in((struct range){ 589824, 655360 })->first == 524288);
	cr_assert_not(reserved_find_in((struct range){ 0, 60001 }));
	cr_assert_not(reserved_find_in((struct range){ ID_NONE, ID_END }));

	cr_assert(reserved_next((struct range){ 60570, 60600 }, NULL, &ids));
	cr_assert(ids.start == 60570 && ids.end == 60578);
	cr_assert_not(reserved_next((struct range){ 60578, 61184 }, NULL, &ids));
	cr_assert_not(reserved_next((struct range){ 524288, 600000 }, NULL, &ids));
	cr_assert_not(reserved_next((struct range){ 0, 1 }, NULL, &ids));
	cr_assert_not(reserved_next((struct range){ ID_NONE, ID_END }, NULL, &ids));
}
