// SPDX-License-Identifier: BSD-3-Clause
/*
 * alloc: first fit and the deterministic place.
 *
 * Invariants: a range that is returned lies within the bounds and holds no id that is in
 * use; first fit finds one whenever there is one. Ids end at 4294967294: a range never
 * holds 4294967295.
 */
#include <stdbool.h>

#include "libsubid/core/alloc.h"
#include "libsubid/core/limits.h"

/* The smallest multiple of @align that is not below @value; false beyond all ids. */
static bool align_up(uint64_t value, uint64_t align, uint64_t *ret)
{
	uint64_t rest = align > 1 ? value % align : 0;

	/* Ids and alignments below 2^33 cannot overflow; larger alignments are refused.
	 */
	if (align > ID_END)
		return false;
	*ret = rest ? value + (align - rest) : value;
	return *ret < ID_END;
}

/*
 * Finds the lowest free range.
 *
 * used: ids that must not be handed out; for a range that is to be the same in both
 * databases, the ids that are in use in either.
 * Returns 0 or ALLOC_NONE; *ret_range is written only with 0. Thread-safe.
 */
int alloc_first_fit(const struct alloc_request *request, const struct range_set *used,
		    struct range *ret_range)
{
	uint64_t at = request->bounds.start, end = request->bounds.end;

	if (end > ID_NONE)
		end = ID_NONE;
	if (request->count == 0)
		return ALLOC_NONE;

	for (size_t i = 0; align_up(at, request->align, &at); i++) {
		bool last = i == used->n || used->ranges[i].start >= end;
		uint64_t gap_end = last ? end : used->ranges[i].start;

		if (at < gap_end && request->count <= gap_end - at) {
			*ret_range = (struct range){ at, at + request->count };
			return 0;
		}
		if (last)
			break;
		if (used->ranges[i].end > at)
			at = used->ranges[i].end;
	}
	return ALLOC_NONE;
}

/*
 * Finds the place that follows from the uid alone, as SUB_UID_DETERMINISTIC of
 * login.defs(5) has it: bounds.start + (uid - uid_min) * count.
 *
 * Returns 0, ALLOC_BELOW or ALLOC_BEYOND; whether the place is free is not looked at.
 * *ret_range is written only with 0. Thread-safe.
 */
int alloc_deterministic(const struct alloc_request *request, uint64_t uid,
			uint64_t uid_min, struct range *ret_range)
{
	uint64_t end = request->bounds.end < ID_NONE ? request->bounds.end : ID_NONE;
	uint64_t offset, start, last;

	if (uid < uid_min)
		return ALLOC_BELOW;
	if (request->count == 0 ||
	    __builtin_mul_overflow(uid - uid_min, request->count, &offset) ||
	    __builtin_add_overflow(request->bounds.start, offset, &start) ||
	    __builtin_add_overflow(start, request->count, &last) || last > end)
		return ALLOC_BEYOND;

	*ret_range = (struct range){ start, last };
	return 0;
}
