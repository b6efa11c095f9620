// SPDX-License-Identifier: BSD-3-Clause
/*
 * entry: parses `owner:start:count`, or finds the fault of a line.
 *
 * Invariant: a line grants ids only if all programs read the same ids from it. So a
 * number has one spelling, a line has three fields, and whitespace is never trimmed.
 */
#include <string.h>

#include "libsubid/core/entry.h"
#include "libsubid/core/limits.h"
#include "libsubid/core/num.h"

#define N_(text) (text) /* for xgettext; translated when it is printed */

_Static_assert(ENTRY_BYTES == LIMIT_OWNER_BYTES + 2 * NUM_BYTES + 3,
	       "an entry fits its buffer");

static const char *const reasons[] = {
	[ENTRY_BLANK] = N_("the line is blank"),
	[ENTRY_COMMENT] = N_("the line is a comment"),
	[ENTRY_TOO_LONG] = N_("the line is longer than 4096 bytes"),
	[ENTRY_NUL] = N_("the line holds a NUL byte"),
	[ENTRY_FIELDS] = N_("the line has not three fields owner:start:count"),
	[ENTRY_OWNER_EMPTY] = N_("the owner is missing"),
	[ENTRY_OWNER_LONG] = N_("the owner is longer than 256 bytes"),
	[ENTRY_OWNER_SIGN] = N_("the owner begins with a sign"),
	[ENTRY_OWNER_BLANK] = N_("the owner holds whitespace or a control character"),
	[ENTRY_OWNER_NUMBER] = N_("the owner is a number but not a decimal uid"),
	[ENTRY_START_NUMBER] = N_("the start is not a plain decimal number"),
	[ENTRY_COUNT_NUMBER] = N_("the count is not a plain decimal number"),
	[ENTRY_COUNT_CR] = N_("the line ends with a carriage return"),
	[ENTRY_COUNT_BLANK] = N_("the line ends with whitespace"),
	[ENTRY_COUNT_ZERO] = N_("the count is 0"),
	[ENTRY_BEYOND] = N_("the range reaches beyond 4294967296"),
};

static bool is_space_or_control(char c)
{
	return (unsigned char)c <= ' ' || c == 0x7f;
}

static bool all_digits(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] < '0' || text[i] > '9')
			return false;
	return true;
}

static bool all_whitespace(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] != ' ' && text[i] != '\t')
			return false;
	return true;
}

/*
 * Checks a text for control characters, see ascii(7), eight bytes at once: the lengths of
 * names vary, so a loop over bytes is badly predicted and would make a pass over a large
 * database 50 % slower.
 */
static bool has_control(const char *text, size_t len)
{
	const uint64_t ones = 0x0101010101010101, high = 0x80 * ones;
	uint64_t bytes, del, found = 0;

	for (; len < sizeof(bytes) && len > 0; len--)
		if (is_space_or_control(text[len - 1]) && text[len - 1] != ' ')
			return true;
	for (size_t i = 0; i < len; i += sizeof(bytes)) {
		/* The last block ends with the text and may overlap the one before. */
		size_t from = len - i < sizeof(bytes) ? len - sizeof(bytes) : i;

		memcpy(&bytes, text + from, sizeof(bytes));
		del = bytes ^ (0x7f * ones);
		found |= ((bytes - ' ' * ones) & ~bytes) | ((del - ones) & ~del);
	}
	return found & high;
}

/*
 * Parses the owner of a line: a login name or a decimal uid.
 *
 * A space inside a name is allowed, because directory services have such names; a control
 * character is not. An owner of digits only must be a uid in its one spelling.
 */
static int owner_parse(const char *owner, size_t len, struct entry *entry)
{
	uint64_t id;

	if (len == 0)
		return ENTRY_OWNER_EMPTY;
	if (len > LIMIT_OWNER_BYTES)
		return ENTRY_OWNER_LONG;
	if (owner[0] == '-' || owner[0] == '+')
		return ENTRY_OWNER_SIGN;
	if (owner[0] == ' ' || owner[len - 1] == ' ')
		return ENTRY_OWNER_BLANK;
	if (has_control(owner, len))
		return ENTRY_OWNER_BLANK;

	entry->owner = owner;
	entry->owner_len = len;
	entry->by_id = false;
	entry->owner_id = 0;
	if (all_digits(owner, len)) {
		if (num_parse(owner, len, ID_NONE - 1, &id))
			return ENTRY_OWNER_NUMBER;
		entry->by_id = true;
		entry->owner_id = (uint32_t)id;
	}
	return 0;
}

/* Finds why the count is not a number; whitespace and a carriage return have own faults.
 */
static int count_fault(const char *count, size_t len)
{
	if (len > 0 && count[len - 1] == '\r')
		return ENTRY_COUNT_CR;
	if (len > 0 && is_space_or_control(count[len - 1]))
		return ENTRY_COUNT_BLANK;
	return ENTRY_COUNT_NUMBER;
}

/*
 * Parses a line that is neither empty nor a comment. If it fails, the caller replaces the
 * fault for a line with a NUL or without exactly two colons.
 */
static int parse_fields(const char *line, size_t len, struct entry *entry)
{
	const char *start, *start_end, *count, *count_end, *end = line + len;
	uint64_t first, n;
	int r;

	start = memchr(line, ':', len);
	if (!start)
		return ENTRY_FIELDS;
	r = owner_parse(line, (size_t)(start - line), entry);
	if (r)
		return r;

	start_end = num_read(++start, end, &first);
	if (start_end == start || start_end == end || *start_end != ':')
		return ENTRY_START_NUMBER;
	count = start_end + 1;
	count_end = num_read(count, end, &n);
	if (start_end - start > NUM_DIGITS_SAFE)
		return ENTRY_BEYOND;
	if (count_end == count || count_end != end)
		return count_fault(count, (size_t)(end - count));
	if (count_end - count > NUM_DIGITS_SAFE)
		return ENTRY_BEYOND;

	r = range_make(first, n, &entry->range);
	if (r)
		return r == RANGE_EMPTY ? ENTRY_COUNT_ZERO : ENTRY_BEYOND;
	return 0;
}

static size_t count_colons(const char *line, size_t len)
{
	size_t colons = 0;

	for (size_t i = 0; i < len; i++)
		colons += line[i] == ':';
	return colons;
}

/*
 * Reads one line.
 *
 * line, len: without the newline, need not be terminated. The entry points into it.
 * Returns 0 or an enum entry_fault; *ret_entry is written only with 0. Thread-safe.
 */
int entry_parse(const char *line, size_t len, struct entry *ret_entry)
{
	struct entry entry;
	int r;

	if (len > LIMIT_LINE_BYTES)
		return ENTRY_TOO_LONG;
	if (len > 0 && line[0] == '#')
		return ENTRY_COMMENT;
	if (all_whitespace(line, len))
		return ENTRY_BLANK;

	r = parse_fields(line, len, &entry);
	if (r == 0) {
		*ret_entry = entry;
		return 0;
	}
	/* Checked only now, so that entries do not pay for it. */
	if (memchr(line, '\0', len))
		return ENTRY_NUL;
	return count_colons(line, len) != 2 ? ENTRY_FIELDS : r;
}

/*
 * Sets the owner of an entry, without a copy. An owner that no line may have counts as a
 * name. Thread-safe.
 */
void entry_set_owner(struct entry *entry, const char *owner, size_t len)
{
	if (owner_parse(owner, len, entry) == 0)
		return;
	entry->owner = owner;
	entry->owner_len = len;
	entry->by_id = false;
	entry->owner_id = 0;
}

/*
 * Returns 0 if @owner is allowed in a line, or the enum entry_fault of that line. A colon
 * is ENTRY_FIELDS, a newline ENTRY_OWNER_BLANK, a NUL ENTRY_NUL. Thread-safe.
 */
int entry_check_owner(const char *owner, size_t len)
{
	struct entry entry;

	if (memchr(owner, '\0', len))
		return ENTRY_NUL;
	if (memchr(owner, ':', len))
		return ENTRY_FIELDS;
	if (len > 0 && owner[0] == '#')
		return ENTRY_COMMENT;
	return owner_parse(owner, len, &entry);
}

/* Returns an English sentence without its full stop, never NULL. Thread-safe. */
const char *entry_reason(int fault)
{
	if (fault < 1 || (size_t)fault >= sizeof(reasons) / sizeof(reasons[0]))
		return "";
	return reasons[fault];
}

/* Returns whether a line is empty or a comment and so needs no fix. Thread-safe. */
bool entry_fault_is_harmless(int fault)
{
	return fault == ENTRY_BLANK || fault == ENTRY_COMMENT;
}

/*
 * Writes the line for @owner and @range with its newline, without a NUL.
 * The owner must pass entry_check_owner(). Returns the number of bytes. Thread-safe.
 */
size_t entry_format(const char *owner, size_t owner_len, struct range range,
		    char out[static ENTRY_BYTES])
{
	size_t n = owner_len;

	memcpy(out, owner, owner_len);
	out[n++] = ':';
	n += num_format(range.start, out + n);
	out[n++] = ':';
	n += num_format(range_count(range), out + n);
	out[n++] = '\n';
	return n;
}

/*
 * The exact comparison, for lines that entry_is_far() does not rule out.
 */

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
