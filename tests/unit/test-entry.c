// SPDX-License-Identifier: BSD-3-Clause
/*
 * The grammar of a line: lines that grant ids, and the reason why others do not.
 */
#include <regex.h>

#include "libsubid/core/entry-readers.h"
#include "libsubid/core/entry.h"
#include "libsubid/core/limits.h"
#include "tests/unit/rng.h"
#include "tests/unit/unit.h"

#define TEN	"0123456789"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN
/* The longest owner, and one byte more. */
#define OWNER_256 "x" HUNDRED HUNDRED TEN TEN TEN TEN TEN "abcde"
#define OWNER_257 OWNER_256 "f"

static int parse(const char *line, size_t len, struct entry *entry)
{
	CLEANUP(cleanup_free) char *copy = exact_copy(line, len);
	int r = entry_parse(copy, len, entry);

	/* After a copy the owner is still the same bytes of the line. */
	if (r == 0) {
		cr_assert(entry->owner == copy, "the owner is not in the line");
		entry->owner = line;
	}
	return r;
}

/* Lines that grant something. */
Test(entry, valid)
{
	static const struct {
		const char *line;
		const char *owner;
		bool by_id;
		uint32_t id;
		uint64_t start, count;
	} rows[] = {
		{ "elsa:3000000:1000000", "elsa", false, 0, 3000000, 1000000 },
		{ "1000:100000:65536", "1000", true, 1000, 100000, 65536 },
		{ "0:1:1", "0", true, 0, 1, 1 },
		{ "root:0:1", "root", false, 0, 0, 1 },
		{ "root:1000:1", "root", false, 0, 1000, 1 },
		{ "a:0:4294967296", "a", false, 0, 0, 4294967296 },
		{ "a:1:4294967295", "a", false, 0, 1, 4294967295 },
		{ "a:4294967295:1", "a", false, 0, 4294967295, 1 },
		{ "a:4294967294:2", "a", false, 0, 4294967294, 2 },
		{ "containers:2147483647:2147483648", "containers", false, 0, 2147483647,
		  2147483648 },
		{ "4294967294:5:6", "4294967294", true, 4294967294, 5, 6 },
		{ "a b:5:6", "a b", false, 0, 5, 6 },
		{ "DOMAIN\\domain users:5:6", "DOMAIN\\domain users", false, 0, 5, 6 },
		{ "elsa@example.org:5:6", "elsa@example.org", false, 0, 5, 6 },
		{ "j\xc3\xbcrgen:5:6", "j\xc3\xbcrgen", false, 0, 5, 6 },
		{ "\xff:5:6", "\xff", false, 0, 5, 6 },
		{ "!:5:6", "!", false, 0, 5, 6 },
		{ "~:5:6", "~", false, 0, 5, 6 },
		{ "a#b:5:6", "a#b", false, 0, 5, 6 },
		{ "a-:5:6", "a-", false, 0, 5, 6 },
		{ "a+b:5:6", "a+b", false, 0, 5, 6 },
		{ "_:5:6", "_", false, 0, 5, 6 },
		{ "1000a:5:6", "1000a", false, 0, 5, 6 },
		{ "01x:5:6", "01x", false, 0, 5, 6 },
		{ "0x10:5:6", "0x10", false, 0, 5, 6 },
		{ "/:5:6", "/", false, 0, 5, 6 },
		{ OWNER_256 ":5:6", OWNER_256, false, 0, 5, 6 },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct entry entry;
		int r = parse(rows[i].line, strlen(rows[i].line), &entry);

		cr_assert(r == 0, "'%s': %d, %s", rows[i].line, r, entry_reason(r));
		cr_assert(entry.owner_len == strlen(rows[i].owner) &&
				  memcmp(entry.owner, rows[i].owner, entry.owner_len) ==
					  0,
			  "'%s': the owner is '%.*s'", rows[i].line, (int)entry.owner_len,
			  entry.owner);
		cr_assert(entry.by_id == rows[i].by_id && entry.owner_id == rows[i].id,
			  "'%s': %d, %u", rows[i].line, entry.by_id, entry.owner_id);
		cr_assert(entry.range.start == rows[i].start &&
				  range_count(entry.range) == rows[i].count,
			  "'%s'", rows[i].line);
	}
}

/* Lines that grant nothing, each with its reason. */
Test(entry, faults)
{
	static const struct {
		const char *line;
		size_t len;
		int fault;
	} rows[] = {
		{ BYTES(""), ENTRY_BLANK },
		{ BYTES(" "), ENTRY_BLANK },
		{ BYTES("\t \t"), ENTRY_BLANK },
		{ BYTES("#"), ENTRY_COMMENT },
		{ BYTES("# elsa:1:2"), ENTRY_COMMENT },
		{ BYTES("#elsa:1:2"), ENTRY_COMMENT },
		/* No comments but at the begin of a line. */
		{ BYTES(" #"), ENTRY_FIELDS },
		{ BYTES(" # elsa:1:2"), ENTRY_OWNER_BLANK },
		{ BYTES("elsa:1:2#"), ENTRY_COUNT_NUMBER },
		{ BYTES("elsa:1:2 # why"), ENTRY_COUNT_NUMBER },

		{ BYTES("\r"), ENTRY_FIELDS },
		{ BYTES("elsa"), ENTRY_FIELDS },
		{ BYTES("elsa:"), ENTRY_FIELDS },
		{ BYTES("elsa:1"), ENTRY_FIELDS },
		{ BYTES(":"), ENTRY_FIELDS },
		{ BYTES("elsa 1 2"), ENTRY_FIELDS },
		{ BYTES("elsa:1:2:"), ENTRY_FIELDS },
		{ BYTES("elsa:1:2:3"), ENTRY_FIELDS },
		{ BYTES("elsa::1:2"), ENTRY_FIELDS },
		{ BYTES(":::"), ENTRY_FIELDS },
		{ BYTES("elsa;1;2"), ENTRY_FIELDS },

		{ BYTES("::"), ENTRY_OWNER_EMPTY },
		{ BYTES(":1:2"), ENTRY_OWNER_EMPTY },
		{ BYTES(OWNER_257 ":1:2"), ENTRY_OWNER_LONG },
		{ BYTES("-elsa:1:2"), ENTRY_OWNER_SIGN },
		{ BYTES("+elsa:1:2"), ENTRY_OWNER_SIGN },
		{ BYTES("+:1:2"), ENTRY_OWNER_SIGN },
		{ BYTES("-1:1:2"), ENTRY_OWNER_SIGN },
		{ BYTES("+1000:1:2"), ENTRY_OWNER_SIGN },
		{ BYTES(" elsa:1:2"), ENTRY_OWNER_BLANK },
		{ BYTES("\telsa:1:2"), ENTRY_OWNER_BLANK },
		{ BYTES("elsa :1:2"), ENTRY_OWNER_BLANK },
		{ BYTES("elsa\t:1:2"), ENTRY_OWNER_BLANK },
		{ BYTES("el\tsa:1:2"), ENTRY_OWNER_BLANK },
		{ BYTES("el\nsa:1:2"), ENTRY_OWNER_BLANK },
		{ BYTES("el\rsa:1:2"), ENTRY_OWNER_BLANK },
		{ BYTES("el\x7fsa:1:2"), ENTRY_OWNER_BLANK },
		{ BYTES("el\x1f:1:2"), ENTRY_OWNER_BLANK },
		{ BYTES("\x01:1:2"), ENTRY_OWNER_BLANK },
		{ BYTES(" :1:2"), ENTRY_OWNER_BLANK },
		{ BYTES(" 1000:1:2"), ENTRY_OWNER_BLANK },
		{ BYTES("1000 :1:2"), ENTRY_OWNER_BLANK },
		{ BYTES("00:1:2"), ENTRY_OWNER_NUMBER },
		{ BYTES("01000:1:2"), ENTRY_OWNER_NUMBER },
		{ BYTES("4294967295:1:2"), ENTRY_OWNER_NUMBER },
		{ BYTES("4294967296:1:2"), ENTRY_OWNER_NUMBER },
		{ BYTES("4294968296:1:2"), ENTRY_OWNER_NUMBER },
		{ BYTES("18446744073709551615:1:2"), ENTRY_OWNER_NUMBER },
		{ BYTES("18446744073709551616:1:2"), ENTRY_OWNER_NUMBER },
		{ BYTES("18446744073709552616:1:2"), ENTRY_OWNER_NUMBER },

		{ BYTES("elsa::2"), ENTRY_START_NUMBER },
		{ BYTES("elsa::"), ENTRY_START_NUMBER },
		{ BYTES("elsa:x:2"), ENTRY_START_NUMBER },
		{ BYTES("elsa:-1:2"), ENTRY_START_NUMBER },
		{ BYTES("elsa:+1:2"), ENTRY_START_NUMBER },
		{ BYTES("elsa: 1:2"), ENTRY_START_NUMBER },
		{ BYTES("elsa:1 :2"), ENTRY_START_NUMBER },
		{ BYTES("elsa:\t1:2"), ENTRY_START_NUMBER },
		{ BYTES("elsa:1\r:2"), ENTRY_START_NUMBER },
		{ BYTES("elsa:0100000:2"), ENTRY_START_NUMBER },
		{ BYTES("elsa:00:2"), ENTRY_START_NUMBER },
		{ BYTES("elsa:0x186a0:2"), ENTRY_START_NUMBER },
		{ BYTES("elsa:186a0h:2"), ENTRY_START_NUMBER },
		{ BYTES("elsa:1e5:2"), ENTRY_START_NUMBER },
		{ BYTES("elsa:1.:2"), ENTRY_START_NUMBER },
		{ BYTES("elsa:1,000:2"), ENTRY_START_NUMBER },
		{ BYTES("elsa:99999999999999999999x:2"), ENTRY_START_NUMBER },

		{ BYTES("elsa:1:"), ENTRY_COUNT_NUMBER },
		{ BYTES("elsa:1:x"), ENTRY_COUNT_NUMBER },
		{ BYTES("elsa:1:-2"), ENTRY_COUNT_NUMBER },
		{ BYTES("elsa:1:+2"), ENTRY_COUNT_NUMBER },
		{ BYTES("elsa:1: 2"), ENTRY_COUNT_NUMBER },
		{ BYTES("elsa:1:\t2"), ENTRY_COUNT_NUMBER },
		{ BYTES("elsa:1:02"), ENTRY_COUNT_NUMBER },
		{ BYTES("elsa:1:00"), ENTRY_COUNT_NUMBER },
		{ BYTES("elsa:1:0x10000"), ENTRY_COUNT_NUMBER },
		{ BYTES("elsa:1:2;"), ENTRY_COUNT_NUMBER },
		{ BYTES("elsa:1:2\x80"), ENTRY_COUNT_NUMBER },
		{ BYTES("elsa:1:2\r"), ENTRY_COUNT_CR },
		{ BYTES("elsa:1:\r"), ENTRY_COUNT_CR },
		{ BYTES("elsa:1:2\r\r"), ENTRY_COUNT_CR },
		{ BYTES("elsa:1:2 "), ENTRY_COUNT_BLANK },
		{ BYTES("elsa:1:2\t"), ENTRY_COUNT_BLANK },
		{ BYTES("elsa:1: "), ENTRY_COUNT_BLANK },
		{ BYTES("elsa:1:2\r "), ENTRY_COUNT_BLANK },
		{ BYTES("elsa:1:2\v"), ENTRY_COUNT_BLANK },
		{ BYTES("elsa:1:2\x7f"), ENTRY_COUNT_BLANK },
		{ BYTES("elsa:1:0"), ENTRY_COUNT_ZERO },
		{ BYTES("elsa:0:0"), ENTRY_COUNT_ZERO },
		{ BYTES("0:0:0"), ENTRY_COUNT_ZERO },
		/* A count of 0 is the first reason: the range is empty, wherever it
		   starts. */
		{ BYTES("elsa:4294967296:0"), ENTRY_COUNT_ZERO },

		{ BYTES("elsa:0:4294967297"), ENTRY_BEYOND },
		{ BYTES("elsa:1:4294967296"), ENTRY_BEYOND },
		{ BYTES("elsa:4294967295:2"), ENTRY_BEYOND },
		{ BYTES("elsa:4294967296:1"), ENTRY_BEYOND },
		{ BYTES("elsa:4295067296:65536"), ENTRY_BEYOND },
		{ BYTES("elsa:4294967297:1"), ENTRY_BEYOND },
		{ BYTES("elsa:18446744073709551615:1"), ENTRY_BEYOND },
		{ BYTES("elsa:18446744073709551616:1"), ENTRY_BEYOND },
		{ BYTES("elsa:18446744073709651616:65536"), ENTRY_BEYOND },
		{ BYTES("elsa:1:18446744073709551615"), ENTRY_BEYOND },
		{ BYTES("elsa:1:18446744073709551616"), ENTRY_BEYOND },
		{ BYTES("elsa:100000:18446744073709451616"), ENTRY_BEYOND },
		{ BYTES("elsa:18446744073709551615:18446744073709551615"), ENTRY_BEYOND },
		{ BYTES("elsa:340282366920938463463374607431768211456:1"), ENTRY_BEYOND },

		{ BYTES("\0"), ENTRY_NUL },
		{ BYTES("elsa\0:1:2"), ENTRY_NUL },
		{ BYTES("\0elsa:1:2"), ENTRY_NUL },
		{ BYTES("elsa:1\0:2"), ENTRY_NUL },
		{ BYTES("elsa:1:2\0"), ENTRY_NUL },
		{ BYTES("elsa:1:2\0:3"), ENTRY_NUL },
		{ BYTES("x\0"), ENTRY_NUL },
		{ BYTES("# \0"), ENTRY_COMMENT },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct entry entry, before;
		int r;

		memset(&entry, 0x5e, sizeof(entry));
		before = entry;
		r = parse(rows[i].line, rows[i].len, &entry);
		cr_assert(r == rows[i].fault, "row %zu '%s': %d (%s) for %d (%s)", i,
			  rows[i].line, r, entry_reason(r), rows[i].fault,
			  entry_reason(rows[i].fault));
		cr_assert(memcmp(&entry, &before, sizeof(entry)) == 0,
			  "row %zu '%s': written", i, rows[i].line);
		cr_assert(entry_fault_is_harmless(r) ==
			  (r == ENTRY_BLANK || r == ENTRY_COMMENT));
	}
}

/* The limit of the length is checked first; up to it the content decides. */
Test(entry, long_lines)
{
	static const struct {
		const char *begin;
		int fault; /* at LIMIT_LINE_BYTES */
	} rows[] = {
		{ "elsa:1:2", ENTRY_COUNT_NUMBER },
		{ "elsa:1:", ENTRY_BEYOND },
		{ "elsa:", ENTRY_FIELDS },
		{ "#", ENTRY_COMMENT },
		{ "1", ENTRY_FIELDS },
		{ ":1:2", ENTRY_OWNER_EMPTY },
	};
	static char line[2 * LIMIT_LINE_BYTES];

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct entry entry;
		int r;

		memset(line, rows[i].fault == ENTRY_BEYOND ? '9' : 'x', sizeof(line));
		memcpy(line, rows[i].begin, strlen(rows[i].begin));
		r = parse(line, LIMIT_LINE_BYTES, &entry);
		cr_assert(r == rows[i].fault, "row %zu: %d", i, r);
		cr_assert(parse(line, LIMIT_LINE_BYTES + 1, &entry) == ENTRY_TOO_LONG);
		cr_assert(parse(line, sizeof(line), &entry) == ENTRY_TOO_LONG);
	}
	memset(line, ' ', sizeof(line));
	cr_assert(entry_parse(line, LIMIT_LINE_BYTES, &(struct entry){ 0 }) ==
		  ENTRY_BLANK);
	cr_assert(entry_parse(line, LIMIT_LINE_BYTES + 1, &(struct entry){ 0 }) ==
		  ENTRY_TOO_LONG);
}

/* The edges of the range, and lines that end before they begin. */
Test(entry, may_overlap)
{
	static const struct {
		const char *line;
		struct range range;
		bool may;
	} rows[] = {
		{ "elsa:100:10", { 100, 101 }, true },
		{ "elsa:100:10", { 109, 110 }, true },
		{ "elsa:100:10", { 0, 101 }, true },
		{ "elsa:100:10", { 109, 500 }, true },
		{ "elsa:100:10", { 0, ID_END }, true },
		{ "elsa:100:10", { 103, 104 }, true },
		{ "elsa:100:10", { 99, 100 }, false },
		{ "elsa:100:10", { 110, 111 }, false },
		{ "elsa:100:10", { 0, 100 }, false },
		{ "x:0:4294967296", { 0, 1 }, true },
		{ "x:0:4294967296", { 4294967295, 4294967296 }, true },
		{ "a b:4294967295:1", { 4294967295, 4294967296 }, true },
		{ "a b:4294967295:1", { 4294967294, 4294967295 }, false },
		/* numbers around the eight digits that are read at once */
		{ "e:1:12345678", { 12345678, 12345679 }, true },
		{ "e:1:12345678", { 12345679, 12345680 }, false },
		{ "elsa:1:123456789", { 123456789, 123456790 }, true },
		{ "elsa:1:123456789", { 123456790, 123456791 }, false },
		{ "elsa:1234567:1", { 1234567, 1234568 }, true },
		{ "elsa:1234567:1", { 1234568, 1234569 }, false },
		{ "elsa:12345678:1", { 12345678, 12345679 }, true },
		{ "elsa:12345678:1", { 12345679, 12345680 }, false },
		{ "elsa:123456789:1", { 123456789, 123456790 }, true },
		{ "elsa:123456789:1", { 123456790, 123456791 }, false },
		{ "elsa:3000000000:7654321", { 3007654320, 3007654321 }, true },
		{ "elsa:3000000000:7654321", { 3007654321, 3007654322 }, false },
		/* the most that the digits below the highest two can add */
		{ "elsa:3099999999:9999999", { 3109999997, 3109999998 }, true },
		{ "elsa:3099999999:9999999", { 3109999998, 3109999999 }, false },
		{ "elsa:3000000000:1", { 3000000000, 3000000001 }, true },
		{ "elsa:3000000000:1", { 2999999999, 3000000000 }, false },
		{ "elsa:1000000:65536", { 1065535, 1065536 }, true },
		{ "elsa:1000000:65536", { 1065536, 1065537 }, false },
		/* bytes that are next to digits, and those beyond them */
		{ "12345678:65536:65536", { 65536, 65537 }, true },
		{ "12345678:65536:65536", { 131072, 131073 }, false },
		{ "/0:65536:65536", { 65536, 65537 }, true },
		{ "\xff\xff\xff\xff:65536:65536", { 65536, 65537 }, true },
		{ "\xff\xff\xff\xff:65536:65536", { 65535, 65536 }, false },
		{ "\xff\xff:1:9", { 9, 10 }, true },
		{ "\xff\xff:1:9", { 10, 11 }, false },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		cr_assert(entry_may_overlap(rows[i].line, strlen(rows[i].line),
					    rows[i].range) == rows[i].may,
			  "row %zu", i);
}

/* The filter for other programs skips no odd line; it skips lines that all programs read
 * alike and that are far away. */
Test(entry, readers_may_overlap)
{
	static const struct {
		const char *line;
		size_t len;
		bool may;
	} rows[] = {
		{ BYTES("elsa:100000:65536"), false },
		{ BYTES("elsa-of-the-snow:100000:65536"), false },
		{ BYTES("elsa:0:1"), false },
		{ BYTES("elsa:0:100000"), false },
		{ BYTES(""), true },
		{ BYTES("elsa"), true },
		{ BYTES("elsa:1"), true },
		{ BYTES("elsa:1:"), true },
		{ BYTES("elsa:0:0"), true },
		{ BYTES("elsa:0100000:65536"), true },
		{ BYTES("elsa-of-the-snow:0100000:65536"), true },
		{ BYTES("elsa:100000:065536"), true },
		{ BYTES("elsa-of-the-snow:100000:065536"), true },
		{ BYTES("elsa:3000000000:65536:5:6"), true },
		{ BYTES("elsa-of-the-snow:3000000000:65536:5"), true },
		{ BYTES("elsa:3000000000:5:"), true },
		{ BYTES("elsa-of-the-snow:3000000000:5:"), true },
		{ BYTES("elsa:+100000:65536"), true },
		{ BYTES("elsa:0xb2d05e00:65536"), true },
		{ BYTES("elsa:100000:65536 "), true },
		{ BYTES("el\0sa:100000:65536"), true },
		{ BYTES("el\0sa-of-the-snow:100000:65536"), true },
		{ BYTES("elsa:100000:99999999999999999999"), true },
		{ BYTES("elsa:99999999999999999999:65536"), true },
	};
	const struct range range = { 3000000000, 3000065536 };

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		CLEANUP(cleanup_free) char *copy = exact_copy(rows[i].line, rows[i].len);

		cr_assert_eq(entry_readers_may_overlap(copy, rows[i].len, range),
			     rows[i].may, "row %zu '%s'", i, rows[i].line);
	}
}

/* A number of any length, each length as often. */
static uint64_t any_number(struct rng *rng, uint64_t most)
{
	uint64_t limit = 1;

	for (uint64_t digits = 1 + rng_below(rng, 10); digits > 0; digits--)
		limit *= 10;
	return rng_below(rng, limit < most ? limit : most);
}

/* Lines of every kind of numbers, and ranges that begin or end near them. */
Test(entry, may_overlap_numbers)
{
	struct rng rng = { rng_seed() };
	size_t may = 0, near = 0;

	for (int round = 0; round < 2000000; round++) {
		uint64_t start = any_number(&rng, ID_END);
		uint64_t count = 1 + any_number(&rng, ID_END - start);
		uint64_t at = rng_once_in(&rng, 2) ? start : start + count;
		uint64_t off = rng_once_in(&rng, 2) ? rng_below(&rng, 3) :
						      any_number(&rng, ID_END);
		struct range range;
		char line[64];
		bool expected;
		int len;

		at = rng_once_in(&rng, 2) ? at + off : at - off;
		if (at >= ID_END)
			continue;
		range = (struct range){ at, at + 1 + any_number(&rng, ID_END - at) };
		len = snprintf(line, sizeof(line), "elsa:%" PRIu64 ":%" PRIu64, start,
			       count);
		expected = start < range.end && range.start < start + count;
		cr_assert(entry_may_overlap(line, (size_t)len, range) == expected,
			  "'%s' and %" PRIu64 " to %" PRIu64, line, range.start,
			  range.end);
		cr_assert(entry_readers_may_overlap(line, (size_t)len, range) == expected,
			  "'%s' and %" PRIu64 " to %" PRIu64, line, range.start,
			  range.end);
		may += expected;
		near += !expected;
	}
	cr_assert(may > 100000 && near > 100000);
}

/* Names of every length, with every byte at every position. */
Test(entry, owner_bytes)
{
	static const char numbers[] = ":100000:65536";
	char line[300 + sizeof(numbers)];

	for (size_t n = 1; n <= LIMIT_OWNER_BYTES + 1; n++) {
		size_t len = n + sizeof(numbers) - 1;
		struct entry entry;

		memset(line, 'x', n);
		memcpy(line + n, numbers, sizeof(numbers));
		cr_assert_eq(parse(line, len, &entry) == 0, n <= LIMIT_OWNER_BYTES, "%zu",
			     n);
		for (size_t at = 0; n < 30 && at < n; at++)
			for (int byte = 0; byte < 256; byte++) {
				bool end = at == 0 || at == n - 1;
				bool good = byte >= ' ' && byte != 0x7f && byte != ':' &&
					    !(end && byte == ' ') &&
					    !(at == 0 && strchr("#+-", byte));

				line[at] = (char)byte;
				cr_assert_eq(parse(line, len, &entry) == 0, good,
					     "%zu, %zu: %d", n, at, byte);
				line[at] = 'x';
			}
	}
}

/* Each fault has its own sentence, and only faults have one. */
Test(entry, reasons)
{
	for (int fault = ENTRY_BLANK; fault <= ENTRY_BEYOND; fault++) {
		const char *reason = entry_reason(fault);

		cr_assert(reason && strlen(reason) > 8, "fault %d", fault);
		cr_assert(reason[strlen(reason) - 1] != '.' && !strchr(reason, '\n'));
		for (int other = ENTRY_BLANK; other < fault; other++)
			cr_assert_str_neq(reason, entry_reason(other));
	}
	cr_assert_str_eq(entry_reason(0), "");
	cr_assert_str_eq(entry_reason(-1), "");
	cr_assert_str_eq(entry_reason(INT32_MIN), "");
	cr_assert_str_eq(entry_reason(INT32_MAX), "");
	cr_assert_str_eq(entry_reason(ENTRY_BEYOND + 1), "");
	cr_assert_not(entry_fault_is_harmless(0));
}

/*
 * The same grammar as an extended regular expression, for lines of bytes that a string
 * can hold. The edges of the numbers are compared as numbers.
 */
static bool model_grants(const regex_t *form, const char *line)
{
	regmatch_t part[4];
	const char *start;
	char *owner_end, *start_end;
	unsigned long long first, count;

	if (strlen(line) > LIMIT_LINE_BYTES ||
	    regexec(form, line, COUNT_OF(part), part, 0))
		return false;
	if (part[1].rm_eo > LIMIT_OWNER_BYTES)
		return false;
	if (strspn(line, TEN) == (size_t)part[1].rm_eo) {
		errno = 0;
		if ((line[0] == '0' && part[1].rm_eo > 1) ||
		    strtoull(line, &owner_end, 10) >= 4294967295 || errno)
			return false;
	}
	start = line + part[2].rm_so;
	errno = 0;
	first = strtoull(start, &start_end, 10);
	count = strtoull(start_end + 1, NULL, 10);
	return !errno && first <= 4294967295 && count <= 4294967296 - first;
}

/* Whether another program reads ids of the range in a malformed line. */
static bool is_read(const char *line, size_t len, struct range range)
{
	struct entry_readings readings;

	entry_readings_find(line, len, len, &readings);
	for (size_t i = 0; i < readings.n; i++)
		if (range_overlaps(readings.items[i].entry.range, range))
			return true;
	return false;
}

/* The filter never misses an id that the line has. */
static void look_for_ids(const char *line, size_t len, const struct entry *entry)
{
	static const uint64_t ids[] = { 0,	    1,		65535,
					65536,	    100000,	2147483648,
					4294967293, 4294967294, 4294967295 };
	CLEANUP(cleanup_free) char *copy = exact_copy(line, len);

	for (size_t i = 0; i < COUNT_OF(ids); i++) {
		for (size_t j = i; j < COUNT_OF(ids); j++) {
			struct range range = { ids[i], ids[j] + 1 };
			bool may = entry_may_overlap(copy, len, range);
			bool any = entry_readers_may_overlap(copy, len, range);

			/* Its result for a line that grants nothing does not matter. */
			if (entry)
				cr_assert(may == range_overlaps(entry->range, range) &&
						  any == may,
					  "'%.*s': %" PRIu64 " to %" PRIu64, (int)len,
					  line, ids[i], ids[j]);
			else if (!any)
				cr_assert_not(is_read(copy, len, range),
					      "'%.*s': %" PRIu64 " to %" PRIu64, (int)len,
					      line, ids[i], ids[j]);
		}
	}
}

/* Lines of plausible parts, damaged in one or two places, parsed by both. */
Test(entry, model)
{
	static const char *const owners[] = { "elsa",	    "anna", "0",  "1000",
					      "4294967294", "a b",  "x-", "\xc3\xbc",
					      "1a",	    "00" };
	static const char *const numbers[] = {
		"0",	      "1",	    "65536",
		"100000",     "4294967294", "4294967295",
		"4294967296", "4294967297", "18446744073709551616",
		"2147483648"
	};
	static const char bytes[] = "0123456789:::  -+#\t\r\x01\x7f\x80\xff"
				    "aZ";
	struct rng rng = { rng_seed() };
	size_t granted = 0;
	regex_t form;

	cr_assert(regcomp(&form,
			  "^([^\x01-\x20+:\x7f#-]|"
			  "[^\x01-\x20+:\x7f#-][^\x01-\x1f:\x7f]*[^\x01-\x20:\x7f])"
			  ":(0|[1-9][0-9]*):([1-9][0-9]*)$",
			  REG_EXTENDED) == 0);
	for (int i = 0; i < 300000; i++) {
		char line[128];
		struct entry entry;
		bool expected;
		int len, r;

		len = snprintf(line, sizeof(line) - 4, "%s:%s:%s",
			       owners[rng_below(&rng, COUNT_OF(owners))],
			       numbers[rng_below(&rng, COUNT_OF(numbers))],
			       numbers[rng_below(&rng, COUNT_OF(numbers))]);
		for (size_t edits = rng_below(&rng, 3); edits > 0; edits--) {
			size_t at = rng_below(&rng, (size_t)len);
			char byte = bytes[rng_below(&rng, sizeof(bytes) - 1)];

			switch (rng_below(&rng, 3)) {
			case 0:
				line[at] = byte;
				break;
			case 1:
				memmove(line + at + 1, line + at, (size_t)++len - at);
				line[at] = byte;
				break;
			default:
				memmove(line + at, line + at + 1, (size_t)len-- - at);
				break;
			}
			if (len == 0)
				break;
		}
		if (len == 0)
			continue;
		expected = model_grants(&form, line);
		r = parse(line, (size_t)len, &entry);
		cr_assert((r == 0) == expected, "seed %" PRIu64 ", case %d: '%s': %d",
			  rng_seed(), i, line, r);
		look_for_ids(line, (size_t)len, r == 0 ? &entry : NULL);
		granted += expected;
	}
	regfree(&form);
	cr_assert(granted > 10000, "%zu lines granted something", granted);
}

/* An entry that was read is written as the same line: a line has one spelling. */
Test(entry, round_trip)
{
	struct rng rng = { rng_seed() };

	for (int i = 0; i < 100000; i++) {
		char owner[LIMIT_OWNER_BYTES], out[ENTRY_BYTES + 1], again[ENTRY_BYTES];
		size_t owner_len = rng_once_in(&rng, 50) ? LIMIT_OWNER_BYTES :
							   1 + rng_below(&rng, 12);
		uint64_t start = rng_next(&rng) % ID_END >> rng_below(&rng, 32);
		struct range range = { start,
				       start + 1 + rng_next(&rng) % (ID_END - start) };
		struct entry entry;
		size_t n;
		int r, s;

		for (size_t j = 0; j < owner_len; j++)
			owner[j] =
				rng_once_in(&rng, 40) ? (char)rng_next(&rng) :
				rng_once_in(&rng, 2) ? (char)('0' + rng_below(&rng, 10)) :
						       (char)('a' + rng_below(&rng, 26));
		memset(out, '~', sizeof(out));
		s = entry_check_owner(owner, owner_len);
		n = entry_format(owner, owner_len, range, out);
		cr_assert(n >= 6 && n <= ENTRY_BYTES && out[n - 1] == '\n' &&
			  out[n] == '~');

		/* An owner is accepted for a line exactly if the line then belongs to
		 * that owner. */
		r = entry_parse(out, n - 1, &entry);
		cr_assert((r == 0) == (s == 0),
			  "seed %" PRIu64 ", case %d: '%.*s': %d but %d", rng_seed(), i,
			  (int)owner_len, owner, r, s);
		if (r)
			continue;
		cr_assert(entry.owner_len == owner_len && entry.owner == out &&
			  range_equals(entry.range, range));
		cr_assert(entry_format(entry.owner, entry.owner_len, entry.range,
				       again) == n &&
			  memcmp(out, again, n) == 0);
	}
}

/* The line of the longest owner and the longest numbers fits, and is exact. */
Test(entry, format)
{
	char out[ENTRY_BYTES];
	size_t n;

	n = entry_format("serge", 5, (struct range){ 165536, 200001 }, out);
	cr_assert(n == 19 && memcmp(out, "serge:165536:34465\n", n) == 0);
	n = entry_format("a", 1, (struct range){ 0, ID_END }, out);
	cr_assert(n == 15 && memcmp(out, "a:0:4294967296\n", n) == 0);
	n = entry_format("a", 1, (struct range){ ID_NONE, ID_END }, out);
	cr_assert(n == 15 && memcmp(out, "a:4294967295:1\n", n) == 0);
	n = entry_format(BYTES(OWNER_256), (struct range){ 1000000000, 2000000000 }, out);
	cr_assert(n == 256 + 23);
	cr_assert(memcmp(out, OWNER_256 ":1000000000:1000000000\n", n) == 0);
}

/* Owners that would change the meaning of the line, or of the lines around it. */
Test(entry, check_owner)
{
	static const struct {
		const char *owner;
		size_t len;
		int fault;
	} rows[] = {
		{ BYTES("elsa"), 0 },
		{ BYTES("1000"), 0 },
		{ BYTES("0"), 0 },
		{ BYTES("4294967294"), 0 },
		{ BYTES("domain users"), 0 },
		{ BYTES(OWNER_256), 0 },
		{ BYTES(""), ENTRY_OWNER_EMPTY },
		{ BYTES(OWNER_257), ENTRY_OWNER_LONG },
		{ BYTES("x:1:1\nroot"), ENTRY_FIELDS },
		{ BYTES("x:"), ENTRY_FIELDS },
		{ BYTES(":"), ENTRY_FIELDS },
		{ BYTES("x\nroot"), ENTRY_OWNER_BLANK },
		{ BYTES("x\n"), ENTRY_OWNER_BLANK },
		{ BYTES("\nx"), ENTRY_OWNER_BLANK },
		{ BYTES("x\r"), ENTRY_OWNER_BLANK },
		{ BYTES("x "), ENTRY_OWNER_BLANK },
		{ BYTES(" x"), ENTRY_OWNER_BLANK },
		{ BYTES("x\0y"), ENTRY_NUL },
		{ BYTES("x\0"), ENTRY_NUL },
		{ BYTES("x:\0"), ENTRY_NUL },
		{ BYTES("#x"), ENTRY_COMMENT },
		{ BYTES("-x"), ENTRY_OWNER_SIGN },
		{ BYTES("+x"), ENTRY_OWNER_SIGN },
		{ BYTES("01000"), ENTRY_OWNER_NUMBER },
		{ BYTES("4294967295"), ENTRY_OWNER_NUMBER },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		CLEANUP(cleanup_free) char *copy = exact_copy(rows[i].owner, rows[i].len);
		int r = entry_check_owner(copy, rows[i].len);

		cr_assert(r == rows[i].fault, "row %zu '%s': %d for %d", i, rows[i].owner,
			  r, rows[i].fault);
	}
}
