// SPDX-License-Identifier: BSD-3-Clause
/*
 * How other programs read malformed lines. The rows of shadow are what Debian's
 * newuidmap 4.13 maps, see tests/kernel/programs/test_odd_lines.py.
 */
#include "libsubid/core/entry-readers.h"
#include "libsubid/core/limits.h"
#include "tests/unit/unit.h"

#define TEN	"0123456789"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN
#define THOUSAND \
	HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED
#define REST (ID_END - 100000)

/* count 0: no program of that kind reads the line. */
struct row {
	const char *line;
	size_t len;
	uint64_t start, count;	       /* shadow's */
	uint64_t dec_start, dec_count; /* the engines', if it differs */
	bool excessive;
	const char *owner; /* NULL: anna */
};

#define NONE(text)                                    \
	{                                             \
		.line = text, .len = sizeof(text) - 1 \
	}
#define BOTH(text, first, n, dec_first, dec_n)                                     \
	{                                                                          \
		.line = text, .len = sizeof(text) - 1, .start = first, .count = n, \
		.dec_start = dec_first, .dec_count = dec_n                         \
	}
#define SHADOW(text, first, n)	BOTH(text, first, n, 0, 0)
#define ENGINES(text, first, n) BOTH(text, 0, 0, first, n)
#define ALL(text)                                                                   \
	{                                                                           \
		.line = text, .len = sizeof(text) - 1, .start = 0, .count = ID_END, \
		.excessive = true                                                   \
	}
#define OWNER(text, name)                                                               \
	{                                                                               \
		.line = text, .len = sizeof(text) - 1, .start = 100000, .count = 65536, \
		.owner = name                                                           \
	}

static const struct row rows[] = {
	/* numbers with base 0, and decimal ones */
	SHADOW("anna:0x186a0:65536", 100000, 65536),
	SHADOW("anna:0X186A0:0x10000", 100000, 65536),
	BOTH("anna:0100000:65536", 32768, 65536, 100000, 65536),
	BOTH("anna:0100000:0200000", 32768, 65536, 100000, 200000),
	BOTH("anna:0303240:65536", 100000, 65536, 303240, 65536),
	ENGINES("anna:089:65536", 89, 65536),
	SHADOW("anna:00:10", 0, 10),
	SHADOW("anna:0b11000011010100000:65536", 100000, 65536),
	NONE("anna:0x:65536"),
	NONE("anna:0b2:65536"),
	NONE("anna:0xg:65536"),
	NONE("anna:1e5:65536"),
	NONE("anna:100_000:65536"),
	NONE("anna::65536"),
	/* signs */
	SHADOW("anna:+100000:65536", 100000, 65536),
	SHADOW("anna:100000:+65536", 100000, 65536),
	SHADOW("anna:+0x186a0:65536", 100000, 65536),
	NONE("anna:++100000:65536"),
	NONE("anna:+:65536"),
	SHADOW("anna:-18446744073709451616:65536", 100000, 65536),
	ALL("anna:-100000:65536"),
	ALL("anna:100000:-1"),
	ALL("anna:0:-1"),
	ALL("anna:-100:200"),
	/* whitespace */
	SHADOW("anna: 100000:65536", 100000, 65536),
	SHADOW("anna:\t100000:\v\f\r65536", 100000, 65536),
	SHADOW("anna: +100000:65536", 100000, 65536),
	NONE("anna:+ 100000:65536"),
	NONE("anna:100000 :65536"),
	ENGINES("anna:100000:65536\r", 100000, 65536),
	ENGINES("anna:100000:65536 \t", 100000, 65536),
	ENGINES("anna:100000:65536\xc2\xa0", 100000, 65536),
	ENGINES("anna:100000:65536\xe2\x80\x83", 100000, 65536),
	NONE("anna:100000:65536\xc2\xa1"),
	ENGINES(" anna:100000:65536", 100000, 65536),
	ENGINES("\t\xe3\x80\x80 anna:100000:65536", 100000, 65536),
	ENGINES("anna :100000:65536", 100000, 65536),
	ENGINES(" anna:0100000:65536", 100000, 65536),
	/* fields */
	SHADOW("anna:100000:65536:", 100000, 65536),
	SHADOW("anna:100000:65536:x:y", 100000, 65536),
	SHADOW("anna:100000:65536:5", 100000, 65536),
	NONE("anna:100000:65536 :"),
	NONE("anna:100000"),
	NONE("anna:100000:"),
	NONE("anna"),
	NONE(""),
	NONE(":100000:65536"),
	/* comments */
	ENGINES("anna:100000:65536#podman", 100000, 65536),
	NONE("anna:100000:65536 # podman"),
	NONE("#anna:100000:65536"),
	NONE(" #anna:100000:65536"),
	OWNER("anna#:100000:65536", "anna#"),
	/* beyond 2^32 */
	SHADOW("anna:100000:4294967296", 100000, REST),
	SHADOW("anna:100000:9223372036854775807", 100000, REST),
	SHADOW("anna:100000:9223372036854775808", 100000, REST),
	ALL("anna:100000:18446744073709551615"),
	NONE("anna:100000:18446744073709551616"),
	SHADOW("anna:0:4294967297", 0, ID_END),
	ALL("anna:4294967296:10"),
	ALL("anna:0:0"),
	ALL("anna:0:000"),
	NONE("anna:1:0"),
	/* owners */
	OWNER("+anna:100000:65536", "+anna"),
	OWNER("05002:100000:65536", "05002"),
	OWNER("5002:100000:65536:", "5002"),
	OWNER("an\tna:100000:65536", "an\tna"),
};

static const struct entry_reading *find(const struct entry_readings *readings,
					bool by_shadow, uint64_t start, uint64_t count)
{
	for (size_t i = 0; i < readings->n; i++) {
		const struct entry_reading *reading = &readings->items[i];

		if (reading->by_shadow == by_shadow &&
		    reading->entry.range.start == start &&
		    range_count(reading->entry.range) == count)
			return reading;
	}
	return NULL;
}

static void check_row(const struct row *row, const struct entry_readings *readings)
{
	const char *owner = row->owner ? row->owner : "anna";
	const struct entry_reading *reading;

	cr_assert_eq(readings->n, (size_t)(row->count > 0) + (row->dec_count > 0),
		     "'%s': %zu", row->line, readings->n);
	if (row->dec_count)
		cr_assert(find(readings, false, row->dec_start, row->dec_count), "'%s'",
			  row->line);
	if (row->count == 0)
		return;
	reading = find(readings, true, row->start, row->count);
	cr_assert(reading && reading->excessive == row->excessive, "'%s'", row->line);
	cr_assert(reading->entry.owner_len == strlen(owner) &&
			  memcmp(reading->entry.owner, owner, strlen(owner)) == 0,
		  "'%s'", row->line);
	cr_assert(reading->entry.by_id == (strcmp(owner, "5002") == 0), "'%s'",
		  row->line);
}

/* Each kind of malformed line, whether some program reads it or none. */
Test(entry_readers, rows)
{
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		CLEANUP(cleanup_free) char *copy = exact_copy(rows[i].line, rows[i].len);
		struct entry_readings readings;

		entry_readings_find(copy, rows[i].len, rows[i].len, &readings);
		check_row(&rows[i], &readings);
	}
}

/* For shadow a NUL ends the line together with its newline, and joins the next line. */
Test(entry_readers, joined)
{
	static const struct {
		const char *text;
		size_t len;
		const char *owner; /* NULL: shadow reads nothing */
		uint64_t start, count;
	} texts[] = {
		{ BYTES("anna:100000:65536:\0\nbob:7:5\n"), "anna", 100000, 65536 },
		{ BYTES("anna:1\0zz\n00000:65536\n"), "anna", 100000, 65536 },
		{ BYTES("anna:100000:6553\0\n6\n"), "anna", 100000, 65536 },
		{ BYTES("anna:100000:65536\0\n\nbob:7:5\n"), "anna", 100000, 65536 },
		{ BYTES("an\0\0\0\nna\0\n:100000:65536"), "anna", 100000, 65536 },
		{ BYTES("an\0:5:5\nna:100000:65536"), "anna", 100000, 65536 },
		{ BYTES("\0\n5002:100000:65536"), "5002", 100000, 65536 },
		{ BYTES("anna:100000:65536\0"), "anna", 100000, 65536 },
		{ BYTES("anna:100000:65536\0\nbob:7:5\n"), NULL, 0, 0 },
		{ BYTES("x\0\nanna:100000:65536\n"), "xanna", 100000, 65536 },
	};

	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		CLEANUP(cleanup_free)
		char *copy = exact_copy(texts[i].text, texts[i].len);
		const char *newline = memchr(copy, '\n', texts[i].len);
		size_t len = newline ? (size_t)(newline - copy) : texts[i].len;
		const struct entry_reading *reading;
		struct entry_readings readings;

		entry_readings_find(copy, len, texts[i].len, &readings);
		reading = find(&readings, true, texts[i].start, texts[i].count);
		cr_assert((reading != NULL) == (texts[i].owner != NULL), "row %zu", i);
		if (reading)
			cr_assert(reading->entry.owner_len == strlen(texts[i].owner) &&
					  memcmp(reading->entry.owner, texts[i].owner,
						 strlen(texts[i].owner)) == 0,
				  "row %zu", i);
	}
}

/* Lines that do not fit into shadow's buffer are not read; many of them are fast. */
Test(entry_readers, joined_too_long)
{
	static const char line[] = "anna:100000:65536:" THOUSAND;
	char text[3 * sizeof(line)];
	struct entry_readings readings;

	memcpy(text, line, sizeof(line));
	text[sizeof(line)] = '\n';
	entry_readings_find(text, sizeof(line), sizeof(line) + 1, &readings);
	cr_assert(find(&readings, true, 100000, 65536));
	memcpy(text + sizeof(line) + 1, line, sizeof(line) - 1);
	entry_readings_find(text, sizeof(line), 2 * sizeof(line), &readings);
	cr_assert_not(find(&readings, true, 100000, 65536));

	/* `anna:...:`, and then lines of a NUL alone */
	memset(text, '\n', sizeof(text));
	for (size_t i = 0; i < 2000; i += 2)
		text[i] = '\0';
	entry_readings_find(text, 1, 2000, &readings);
	cr_assert(readings.n == 0);
}
