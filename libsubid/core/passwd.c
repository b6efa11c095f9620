// SPDX-License-Identifier: BSD-3-Clause
/*
 * passwd: parses lines of passwd(5) and group(5), for all other modules.
 *
 * Invariant: if the result is 0 or PASSWD_ODD, libc reads the line as an account or group
 * with the same name and ids.
 */
#include <string.h>

#include "libsubid/core/limits.h"
#include "libsubid/core/num.h"
#include "libsubid/core/passwd.h"

/* Returns the next field of a line and its length; NULL after the last one. */
static const char *next_field(const char **rest, const char *end, size_t *ret_len)
{
	const char *field = *rest, *colon;

	if (!field)
		return NULL;
	colon = memchr(field, ':', (size_t)(end - field));
	*ret_len = (size_t)((colon ? colon : end) - field);
	*rest = colon ? colon + 1 : NULL;
	return field;
}

/*
 * Finds a field of a line, PASSWD_HOME or PASSWD_MEMBERS. Its length is 0 if there is
 * none. Thread-safe.
 */
const char *passwd_find_field(const char *line, size_t len, int field_index,
			      size_t *ret_len)
{
	const char *nul = memchr(line, '\0', len), *end = nul ? nul : line + len;
	const char *rest = line, *field = NULL;

	*ret_len = 0;
	for (int i = 0; i <= field_index; i++)
		field = next_field(&rest, end, ret_len);
	if (!field)
		*ret_len = 0;
	return field ? field : end;
}

static bool read_plain_id(const char **rest, const char *end, uint32_t *ret_id)
{
	size_t len = 0;
	const char *field = next_field(rest, end, &len);
	uint64_t id;

	if (!field || num_parse(field, len, ID_NONE - 1, &id))
		return false;
	*ret_id = (uint32_t)id;
	return true;
}

/* Reads a line as tools write it: no whitespace, no sign, no leading zero. */
static bool read_plain(const char *line, size_t len, bool group,
		       struct passwd_line *ret_line)
{
	const char *rest = line, *end = line + len;
	size_t field_len = 0;

	ret_line->name = next_field(&rest, end, &ret_line->name_len);
	if (ret_line->name_len == 0 || ret_line->name_len > LIMIT_OWNER_BYTES ||
	    whitespace_is(ret_line->name[0]) || strchr("+-#", ret_line->name[0]))
		return false;
	ret_line->gid = ID_NONE;
	if (!next_field(&rest, end, &field_len) ||
	    !read_plain_id(&rest, end, &ret_line->id))
		return false;
	if (!group && !read_plain_id(&rest, end, &ret_line->gid))
		return false;
	return !memchr(line, '\0', (size_t)((rest ? rest : end) - line));
}

/*
 * Reads an id as strtoull(3) with base 10 does, with 64 bits on every machine. The GNU C
 * library rejects lines with more than 32 bits (older versions read the largest number,
 * which is no id). Returns the end of the id, or NULL if there is none.
 */
static const char *read_odd_id(const char *text, const char *end, uint32_t *ret_id)
{
	struct num_strtoul number;

	text = num_strtoul(text, end, 10, &number);
	if (!text || number.value > ID_NONE)
		return NULL;
	*ret_id = (uint32_t)number.value;
	return text;
}

/* Reads the name and returns the start of the third field; NULL: there is none. */
static const char *read_odd_name(const char *line, const char *end,
				 struct passwd_line *ret_line)
{
	const char *rest = line + whitespace_count(line, (size_t)(end - line));
	size_t field_len = 0;

	if (rest == end || strchr("+-#", *rest))
		return NULL;
	ret_line->name = next_field(&rest, end, &ret_line->name_len);
	return next_field(&rest, end, &field_len) ? rest : NULL;
}

/* A number at the end of a line that was cut may have more digits. */
static bool is_cut(const char *at, const char *end, size_t len)
{
	return at == end && len > LIMIT_LINE_BYTES;
}

/* Reads a line that read_plain() rejects. Returns a PASSWD_ value, never 0. */
static int read_odd(const char *line, size_t len, bool group,
		    struct passwd_line *ret_line)
{
	const char *nul = memchr(line, '\0', len), *end = nul ? nul : line + len, *at;

	at = read_odd_name(line, end, ret_line);
	if (at)
		at = read_odd_id(at, end, &ret_line->id);
	if (!at || ret_line->id == ID_NONE || (at < end && *at != ':') ||
	    is_cut(at, end, len))
		return PASSWD_NONE;
	ret_line->gid = ID_NONE;
	if (!group) {
		at = at < end ? read_odd_id(at + 1, end, &ret_line->gid) : NULL;
		if (!at || (at < end && *at != ':') || is_cut(at, end, len))
			return PASSWD_ID_ONLY;
	}
	return ret_line->name_len > 0 && ret_line->name_len <= LIMIT_OWNER_BYTES ?
		       PASSWD_ODD :
		       PASSWD_ID_ONLY;
}

/*
 * Reads a line of passwd(5), `name:password:uid:gid:...`, or with @group of group(5),
 * `name:password:gid:...`.
 *
 * line, len: without the newline; the begin of a line longer than LIMIT_LINE_BYTES.
 * Returns 0 or a PASSWD_ value; *ret_line is written except with PASSWD_NONE. With
 * PASSWD_ID_ONLY the name may be empty or too long for an owner. Thread-safe.
 */
int passwd_read_line(const char *line, size_t len, bool group,
		     struct passwd_line *ret_line)
{
	struct passwd_line found = { .name = NULL };
	int r;

	/* Silences gcc -fanalyzer; @line is never NULL. */
	if (!line)
		return PASSWD_NONE;
	if (len <= LIMIT_LINE_BYTES && read_plain(line, len, group, &found)) {
		*ret_line = found;
		return 0;
	}
	r = read_odd(line, len, group, &found);
	if (r != PASSWD_NONE)
		*ret_line = found;
	return r;
}
