// SPDX-License-Identifier: BSD-3-Clause
/*
 * entry-filter: the exact comparison, for lines that entry_is_far() does not rule out.
 */
#include <string.h>

#include "libsubid/core/entry-filter.h"
#include "libsubid/core/num.h"

/* Compares all digits, for entry_may_overlap() and its variant. Thread-safe. */
bool entry_look_closer(const char *line, size_t len, struct range range)
{
	const char *end = line + len, *owner_end = memchr(line, ':', len), *at, *count;
	uint64_t start, n;

	if (!owner_end || memchr(line, '\0', (size_t)(owner_end - line)))
		return true;
	at = num_read(owner_end + 1, end, &start);
	if (at == end || *at != ':' || at - owner_end > NUM_DIGITS_SAFE ||
	    start >= ID_END)
		return true;
	count = at + 1;
	at = num_read(count, end, &n);
	if (at != end || n == 0 || at - count > NUM_DIGITS_SAFE)
		return true;
	return start < range.end && range.start < start + n;
}
