/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * entry: the grammar of one line of a subordinate id database, see subuid(5).
 */
#ifndef SUBID_ENTRY_H
#define SUBID_ENTRY_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "libsubid/core/limits.h"
#include "libsubid/core/range.h"

struct entry {
	const char *owner; /* into the line; not terminated */
	size_t owner_len;
	bool by_id;	   /* the owner is a decimal uid */
	uint32_t owner_id; /* by_id: this uid */
	struct range range;
};

/* Why a line grants nothing. The values are never stored, so the order may change. */
enum entry_fault {
	ENTRY_BLANK = 1,    /* empty, or only whitespace; harmless */
	ENTRY_COMMENT,	    /* begins with `#`; harmless */
	ENTRY_TOO_LONG,	    /* more than LIMIT_LINE_BYTES */
	ENTRY_NUL,	    /* holds a NUL byte */
	ENTRY_FIELDS,	    /* not three fields */
	ENTRY_OWNER_EMPTY,  /* nothing before the first colon */
	ENTRY_OWNER_LONG,   /* more than LIMIT_OWNER_BYTES */
	ENTRY_OWNER_SIGN,   /* begins with `-` or `+` */
	ENTRY_OWNER_BLANK,  /* whitespace at an end, or a control character */
	ENTRY_OWNER_NUMBER, /* digits, but no uid */
	ENTRY_START_NUMBER, /* not a decimal number */
	ENTRY_COUNT_NUMBER, /* not a decimal number */
	ENTRY_COUNT_CR,	    /* a carriage return after the count */
	ENTRY_COUNT_BLANK,  /* whitespace after the count */
	ENTRY_COUNT_ZERO,   /* grants nothing */
	ENTRY_BEYOND,	    /* start or end beyond 2^32 */
};

int entry_parse(const char *line, size_t len, struct entry *ret_entry);
void entry_set_owner(struct entry *entry, const char *owner, size_t len);
int entry_check_owner(const char *owner, size_t len);
const char *entry_reason(int fault);
bool entry_fault_is_harmless(int fault);

/*
 * Returns whether an owner is that of retired ids: it begins with `~`, as tools make no
 * login name, and belongs to no user, even if a name service has such a login name.
 */
static inline bool entry_owner_is_retired(const char *owner, size_t len)
{
	return len > 0 && owner[0] == '~';
}

/* Bytes that entry_format() may write for an owner of LIMIT_OWNER_BYTES. */
#define ENTRY_BYTES (256 + 1 + 20 + 1 + 20 + 1)

size_t entry_format(const char *owner, size_t owner_len, struct range range,
		    char out[static ENTRY_BYTES]);

/*
 * Finds the lines of a large database that are worth parsing.
 *
 * Invariant: the filter is exact for every entry. A line that is no entry may pass: the
 * caller confirms with entry_parse() or entry_readings_find().
 */

/* Digits that are read at once; numbers of so many digits are below the limit. */
#define ENTRY_BLOCK	  8
#define ENTRY_BLOCK_LIMIT 100000000

/* Bytes that are read at the end of a line: a count of one block, a start of one block
 * and two digits, and the byte before each. */
#define ENTRY_FILTER_BYTES (ENTRY_BLOCK + 1 + ENTRY_BLOCK + 2 + 1)

/*
 * Counts the digits before @end, at most ENTRY_BLOCK; so many bytes must be readable. A
 * byte above 0xc9 before the digits makes the result too small; a colon never does.
 */
static inline size_t entry_count_digits(const char *end)
{
	uint64_t bytes, others;

	memcpy(&bytes, end - ENTRY_BLOCK, ENTRY_BLOCK);
	/* A digit becomes its value, anything else more than 9. */
	bytes = le64toh(bytes) ^ 0x3030303030303030;
	others = ((bytes + 0x0606060606060606) | bytes) & 0xf0f0f0f0f0f0f0f0;
	return others ? (size_t)__builtin_clzll(others) / 8 : ENTRY_BLOCK;
}

static inline bool entry_is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

/*
 * Checks whether the highest digits alone prove that a line holds no id of @range,
 * with any lower digits. The line must have at least ENTRY_FILTER_BYTES.
 *
 * all_readers: prove it for every program, see entry-readers.h: numbers must be ids in
 * their only spelling, and no further field may follow.
 */
static inline bool entry_is_far(const char *line, const char *end, struct range range,
				bool all_readers)
{
	size_t n = entry_count_digits(end);
	const char *at = end - n - 1, *start;
	uint64_t top = 0;

	if (*at != ':' || n == 0 || (all_readers && at[1] == '0'))
		return false;
	n = entry_count_digits(at);
	start = at - n;
	if (n == ENTRY_BLOCK && entry_is_digit(start[-1])) {
		top = (uint64_t)(*--start - '0');
		if (entry_is_digit(start[-1]))
			top += 10 * (uint64_t)(*--start - '0');
		top *= ENTRY_BLOCK_LIMIT;
	}
	if (start[-1] != ':' ||
	    (top < range.end && top + 2 * ENTRY_BLOCK_LIMIT > range.start))
		return false;
	if (!all_readers)
		return true;
	n = (size_t)(start - 1 - line);
	return top + ENTRY_BLOCK_LIMIT <= ID_END && *start != '0' &&
	       !memchr(line, ':', n) && !memchr(line, '\0', n);
}

bool entry_look_closer(const char *line, size_t len, struct range range);

/*
 * Checks whether the line may be an entry with ids of @range. False is certain; the
 * caller confirms true with entry_parse(). In a large database few lines are near the
 * range, and parsing all of them costs several times as much.
 *
 * It reads start and count from the end of the line and skips the owner: numbers of many
 * lines have the same length, which helps branch prediction. The part that rules out most
 * lines is inline. Thread-safe.
 */
static inline bool entry_may_overlap(const char *line, size_t len, struct range range)
{
	if (len >= ENTRY_FILTER_BYTES && entry_is_far(line, line + len, range, false))
		return false;
	return entry_look_closer(line, len, range);
}

/*
 * As entry_may_overlap(), but a line that other programs may read differently always
 * passes; entry_readings_find() finds how they read it. Thread-safe.
 */
static inline bool entry_readers_may_overlap(const char *line, size_t len,
					     struct range range)
{
	if (len >= ENTRY_FILTER_BYTES && entry_is_far(line, line + len, range, true))
		return false;
	return entry_look_closer(line, len, range);
}

#endif
