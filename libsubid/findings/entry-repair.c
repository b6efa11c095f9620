// SPDX-License-Identifier: BSD-3-Clause
/*
 * entry-repair: finds the range that a malformed line was meant to grant: what other
 * programs read, or else its fields without whitespace, quotes and byte order mark.
 *
 * Invariant: a number is never guessed. Ids beyond the last one are left out.
 */
#include <string.h>

#include "libsubid/core/entry-readers.h"
#include "libsubid/core/num.h"
#include "libsubid/core/passwd.h"
#include "libsubid/findings/entry-repair.h"

/* The ids of a line that has no count: as many as useradd(8) gives by default. */
#define COUNT_DEFAULT	65536
#define BYTE_ORDER_MARK "\xef\xbb\xbf"

/* A part of the line. */
struct text {
	const char *at;
	size_t len;
};

/* A person does not see a NUL: the text around it is what was meant. */
static bool is_around_field(char c)
{
	return whitespace_is(c) || c == '\0' || c == '"' || c == '\'' || c == '`';
}

/* Removes what is not meant as part of a field, and a byte order mark before it. */
static struct text trim_field(struct text text)
{
	if (text.len >= 3 && memcmp(text.at, BYTE_ORDER_MARK, 3) == 0)
		text = (struct text){ text.at + 3, text.len - 3 };
	while (text.len > 0 && is_around_field(*text.at))
		text = (struct text){ text.at + 1, text.len - 1 };
	while (text.len > 0 && is_around_field(text.at[text.len - 1]))
		text.len--;
	return text;
}

/*
 * Splits a line, without a comment, at colons, or at whitespace if there is no colon.
 * Returns how many fields.
 */
static size_t split_fields(const char *line, size_t len, struct text fields[static 4])
{
	const char *hash = len > 0 ? memchr(line + 1, '#', len - 1) : NULL;
	const char *end = hash ? hash : line + len;
	bool colons = memchr(line, ':', len) != NULL;
	size_t n = 0;

	while (line <= end && n < 4) {
		const char *at = line;

		while (at < end && (colons ? *at != ':' : !whitespace_is(*at)))
			at++;
		if (colons || at > line)
			fields[n++] =
				trim_field((struct text){ line, (size_t)(at - line) });
		line = at + 1;
	}
	return n;
}

static bool read_plain_number(struct text text, uint64_t *ret_value)
{
	return num_parse(text.at, text.len, ID_END, ret_value) == 0;
}

static struct range cut_off_no_id(struct range range)
{
	if (range.end > ID_NONE)
		range.end = ID_NONE;
	return range.start < range.end ? range : (struct range){ 0 };
}

static void set_repair_owner(struct entry_repair *repair, const char *owner, size_t len)
{
	if (len > LIMIT_OWNER_BYTES)
		len = LIMIT_OWNER_BYTES;
	memcpy(repair->owner, owner, len);
	repair->owner[len] = '\0';
	repair->owner_len = len;
	repair->owner_ok = entry_check_owner(owner, len) == 0;
}

static void take_readings(const char *line, size_t len, struct entry_repair *repair)
{
	struct entry_readings readings;

	/* With a NUL, what is read depends on the next line. */
	if (memchr(line, '\0', len))
		return;
	entry_readings_find(line, len, len, &readings);
	for (size_t i = 0; i < readings.n; i++) {
		const struct entry_reading *reading = &readings.items[i];

		if (reading->excessive)
			continue;
		set_repair_owner(repair, reading->entry.owner, reading->entry.owner_len);
		if (reading->by_shadow)
			repair->by_shadow = cut_off_no_id(reading->entry.range);
		else
			repair->by_others = cut_off_no_id(reading->entry.range);
	}
}

/* Reads the fields as a person does. */
static void take_fields(const char *line, size_t len, struct entry_repair *repair)
{
	struct text fields[4] = { { line, 0 } };
	size_t n = split_fields(line, len, fields);
	uint64_t start, count;
	struct range range;

	set_repair_owner(repair, fields[0].at, fields[0].len);
	if (n < 2 || !read_plain_number(fields[1], &start) || start >= ID_NONE)
		return;
	if (n < 3 || !read_plain_number(fields[2], &count))
		repair->begin = (struct range){ start, start + 1 };
	else if (n == 3 && count > 0 &&
		 range_make(start, count < ID_END - start ? count : ID_END - start,
			    &range) == 0)
		repair->by_others = cut_off_no_id(range);
}

/*
 * Finds the range and the owner that a malformed line was meant to have. Thread-safe.
 */
void entry_repair(const char *line, size_t len, struct entry_repair *ret_repair)
{
	struct range *shadow = &ret_repair->by_shadow, *others = &ret_repair->by_others;

	*ret_repair = (struct entry_repair){ 0 };
	if (len > LIMIT_LINE_BYTES)
		return;
	take_readings(line, len, ret_repair);
	if (shadow->end == 0 && others->end == 0)
		take_fields(line, len, ret_repair);
	ret_repair->n = (shadow->end > 0 ? 1U : 0U) + (others->end > 0 ? 1U : 0U);
	if (ret_repair->n == 2 && range_equals(*shadow, *others))
		ret_repair->n = 1;
}

/*
 * Chooses between two readings: what is visible, unless only the other one can be given.
 *
 * is_refused: NULL: no ids are. ret_refused: the chosen ids are.
 * Returns the ids; end 0: the line names none.
 */
struct range entry_repair_choose(const struct entry_repair *repair,
				 entry_repair_refused_fn is_refused, void *context,
				 bool *ret_refused)
{
	struct range range =
		repair->by_others.end > 0 ? repair->by_others : repair->by_shadow;

	*ret_refused = false;
	if (repair->n == 0 && (repair->begin.end == 0 ||
			       range_make(repair->begin.start, COUNT_DEFAULT, &range)))
		return (struct range){ 0 };
	*ret_refused = is_refused && is_refused(range, context);
	if (*ret_refused && repair->n == 2 && !is_refused(repair->by_shadow, context)) {
		*ret_refused = false;
		return repair->by_shadow;
	}
	return range;
}
