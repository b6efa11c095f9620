// SPDX-License-Identifier: BSD-3-Clause
/*
 * entry-readers: reads a line as two groups of other programs do.
 *
 * Shadow's programs read numbers with strtoul(3) and base 0: octal, hexadecimal, with a
 * sign and after whitespace. They ignore all fields after the third. A NUL hides the rest
 * of the line and its newline, so the next line continues it.
 *
 * The container engines and managers (containers/storage, moby, LXD) read decimal numbers
 * with a sign and leading zeros. Some remove whitespace around the line, some ignore
 * further fields, some end the line at `#`.
 *
 * Invariant: the readings of each known version of these programs are found; ranges are
 * cut off at 2^32.
 */
#include <string.h>

#include "libsubid/core/entry-readers.h"
#include "libsubid/core/limits.h"
#include "libsubid/core/num.h"
#include "libsubid/core/passwd.h"

/* Shadow reads lines with NUL bytes as one; at most so many are joined here. */
#define JOINED_LINES 64

/* The fields of a line; the count ends at a third colon. */
struct fields {
	const char *owner;
	size_t owner_len;
	const char *start;
	size_t start_len;
	const char *count;
	size_t count_len;
};

static bool split(const char *text, size_t len, struct fields *ret_fields)
{
	const char *end = text + len, *start, *count, *behind;

	start = memchr(text, ':', len);
	count = start ? memchr(start + 1, ':', (size_t)(end - start - 1)) : NULL;
	if (!count)
		return false;
	behind = memchr(count + 1, ':', (size_t)(end - count - 1));
	*ret_fields = (struct fields){
		.owner = text,
		.owner_len = (size_t)(start - text),
		.start = start + 1,
		.start_len = (size_t)(count - start - 1),
		.count = count + 1,
		.count_len = (size_t)((behind ? behind : end) - count - 1),
	};
	return true;
}

/* Reads the whole text as a number with base 0. */
static bool read_as_strtoul(const char *text, size_t len, struct num_strtoul *ret_number)
{
	return num_strtoul(text, text + len, 0, ret_number) == text + len;
}

/* Reads a number as the engines do: a plus sign is allowed, whitespace or minus not. */
static bool read_decimal(const char *text, size_t len, uint64_t *ret_value)
{
	struct num_strtoul number;

	if (len == 0 || whitespace_is(*text) || *text == '-' ||
	    num_strtoul(text, text + len, 10, &number) != text + len ||
	    number.value > INT64_MAX)
		return false;
	*ret_value = number.value;
	return true;
}

static void put_reading(struct entry_readings *readings, const struct fields *fields,
			struct range range, bool by_shadow, bool excessive)
{
	struct entry_reading *reading = &readings->items[readings->n++];

	*reading =
		(struct entry_reading){ .by_shadow = by_shadow, .excessive = excessive };
	entry_set_owner(&reading->entry, fields->owner, fields->owner_len);
	reading->entry.range = range;
}

/*
 * Joins the text that shadow reads as one line: each line up to its first NUL, and the
 * next. Returns false if the text is too long for shadow or has too many lines.
 */
static bool join(const char *line, size_t left, char joined[static ENTRY_SHADOW_BYTES],
		 size_t *ret_len)
{
	const char *end = line + left, *newline, *stop;
	size_t len = 0;

	for (int n = 0; line < end; n++, line = newline + 1) {
		newline = memchr(line, '\n', (size_t)(end - line));
		if (!newline)
			newline = end;
		stop = memchr(line, '\0', (size_t)(newline - line));
		if (!stop)
			stop = newline;
		if (n == JOINED_LINES ||
		    (size_t)(stop - line) >= ENTRY_SHADOW_BYTES - len)
			return false;
		memcpy(joined + len, line, (size_t)(stop - line));
		len += (size_t)(stop - line);
		if (stop == newline)
			break;
	}
	*ret_len = len;
	return true;
}

/* A user name has no whitespace at its ends. */
static bool is_trimmed(const char *text, size_t len)
{
	return len > 0 && !whitespace_is(text[0]) && !whitespace_is(text[len - 1]);
}

static void read_as_shadow(const char *line, size_t len, size_t left,
			   struct entry_readings *readings)
{
	struct num_strtoul start, count;
	struct fields fields;
	uint64_t end;

	if (memchr(line, '\0', len)) {
		if (!join(line, left, readings->joined, &len))
			return;
		line = readings->joined;
	}
	if (!split(line, len, &fields) || !is_trimmed(fields.owner, fields.owner_len) ||
	    !read_as_strtoul(fields.start, fields.start_len, &start) ||
	    !read_as_strtoul(fields.count, fields.count_len, &count))
		return;
	/* Count 0 is an empty range, but from start 0 old versions read every id. */
	if (count.value == 0 && start.value > 0)
		return;
	if (count.value == 0 || start.value >= ID_END ||
	    __builtin_add_overflow(start.value, count.value, &end) ||
	    ((start.negative || count.negative) && end > ID_END))
		put_reading(readings, &fields, (struct range){ 0, ID_END }, true, true);
	else
		put_reading(readings, &fields,
			    (struct range){ start.value, end < ID_END ? end : ID_END },
			    true, false);
}

/* Returns the size of the whitespace character at the begin of UTF-8 text, or 0. */
static size_t space_bytes(const char *text, size_t len)
{
	static const char *const wide[] = {
		"\xc2\x85",	"\xc2\xa0",	"\xe1\x9a\x80", "\xe2\x80\xa8",
		"\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80",
	};

	if (len > 0 && whitespace_is(*text))
		return 1;
	if (len >= 3 && memcmp(text, "\xe2\x80", 2) == 0 &&
	    (unsigned char)text[2] - 0x80U <= 0x0a)
		return 3;
	for (size_t i = 0; i < sizeof(wide) / sizeof(wide[0]); i++)
		if (strlen(wide[i]) <= len && memcmp(text, wide[i], strlen(wide[i])) == 0)
			return strlen(wide[i]);
	return 0;
}

static size_t spaces_before(const char *text, size_t len)
{
	size_t n = 0, bytes;

	while ((bytes = space_bytes(text + n, len - n)) > 0)
		n += bytes;
	return n;
}

static size_t spaces_behind(const char *text, size_t len)
{
	size_t n = 0;

	for (size_t bytes = 1; bytes <= 3 && bytes <= len - n; bytes++)
		if (space_bytes(text + len - n - bytes, bytes) == bytes) {
			n += bytes;
			bytes = 0;
		}
	return n;
}

static bool has_reading(const struct entry_readings *readings,
			const struct fields *fields, struct range range)
{
	const struct entry *entry = &readings->items[0].entry;

	return readings->n > 0 && !readings->items[0].excessive &&
	       range_equals(entry->range, range) &&
	       entry->owner_len == fields->owner_len &&
	       memcmp(entry->owner, fields->owner, fields->owner_len) == 0;
}

static void read_as_engine(const char *line, size_t len, struct entry_readings *readings)
{
	size_t before = spaces_before(line, len);
	const char *text = line + before, *hash = memchr(line, '#', len);
	uint64_t start, count;
	struct fields fields;
	struct range range;

	len -= before;
	if (hash && hash < text)
		return;
	len = hash ? (size_t)(hash - text) : len - spaces_behind(text, len);
	if (!split(text, len, &fields))
		return;
	/* This is the intended user, although no program finds this name. */
	fields.owner_len -= spaces_behind(fields.owner, fields.owner_len);
	if (fields.owner_len == 0 ||
	    !read_decimal(fields.start, fields.start_len, &start) ||
	    !read_decimal(fields.count, fields.count_len, &count) || count == 0 ||
	    start >= ID_END)
		return;
	range = (struct range){ start, count < ID_END - start ? start + count : ID_END };
	if (!has_reading(readings, &fields, range))
		put_reading(readings, &fields, range, false, false);
}

/*
 * Finds how other programs read a malformed line; all of them ignore comments.
 *
 * line, len: without the newline. left: the bytes from @line to the end of the database,
 * or @len if unknown; needed because shadow joins lines that hold a NUL. ret_readings:
 * points into @line and into itself. Thread-safe.
 */
void entry_readings_find(const char *line, size_t len, size_t left,
			 struct entry_readings *ret_readings)
{
	ret_readings->n = 0;
	if (len == 0 || line[0] == '#')
		return;
	read_as_shadow(line, len, left, ret_readings);
	read_as_engine(line, len, ret_readings);
}
