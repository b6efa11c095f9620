// SPDX-License-Identifier: BSD-3-Clause
/*
 * map-text: reads one line of a mapping.
 *
 *	lxc.idmap = u 0 100000 65536	LXC: inner id, outer id, count
 *	lxc.idmap: u 0 100000 65536	the same, as Proxmox writes it
 *	both 1000-1001 2000-2001	Incus, raw.idmap: outer ids, inner ids
 *
 * The key may be missing. Pure. MUST: a number is read as newuidmap(1) would read it, or
 * it is a fault; no line is guessed.
 */
#include <stdint.h>
#include <string.h>

#include "libsubid/core/limits.h"
#include "libsubid/core/num.h"
#include "libsubid/core/range.h"
#include "subid/show/map-text.h"

/* A part of a line. */
struct text_part {
	const char *text;
	size_t len;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static struct text_part trim(struct text_part part)
{
	while (part.len > 0 && is_blank(part.text[0])) {
		part.text++;
		part.len--;
	}
	while (part.len > 0 && is_blank(part.text[part.len - 1]))
		part.len--;
	return part;
}

static bool is_word(struct text_part part, const char *word)
{
	return part.len == strlen(word) && memcmp(part.text, word, part.len) == 0;
}

/* Takes the next word off @rest; it is empty at the end. */
static struct text_part take_word(struct text_part *rest)
{
	struct text_part word = trim(*rest);
	size_t len = 0;

	while (len < word.len && !is_blank(word.text[len]))
		len++;
	*rest = (struct text_part){ word.text + len, word.len - len };
	word.len = len;
	return word;
}

/* Takes `KEY =` or `KEY:` off @rest. Returns whether it was there. */
static bool take_key(struct text_part *rest, const char *key)
{
	size_t len = strlen(key);
	struct text_part value;

	if (rest->len < len || memcmp(rest->text, key, len) != 0)
		return false;
	value = trim((struct text_part){ rest->text + len, rest->len - len });
	if (value.len == 0 || (value.text[0] != '=' && value.text[0] != ':'))
		return false;
	*rest = trim((struct text_part){ value.text + 1, value.len - 1 });
	return true;
}

static int read_id(struct text_part word, uint64_t *ret_value)
{
	return num_parse(word.text, word.len, UINT64_MAX, ret_value) ? MAP_TEXT_NUMBER :
								       0;
}

/* `u 0 100000 65536`: inner id, outer id, count. */
static int read_lxc(struct text_part rest, struct map_text_line *line)
{
	struct text_part kind = take_word(&rest), words[3];
	uint64_t numbers[3];

	if (!is_word(kind, "u") && !is_word(kind, "g"))
		return MAP_TEXT_WORDS;
	for (size_t i = 0; i < 3; i++)
		words[i] = take_word(&rest);
	if (words[2].len == 0 || take_word(&rest).len > 0)
		return MAP_TEXT_WORDS;
	for (size_t i = 0; i < 3; i++)
		if (read_id(words[i], &numbers[i]))
			return MAP_TEXT_NUMBER;
	line->kinds[kind.text[0] == 'g'] = true;
	return extent_make(numbers[0], numbers[1], numbers[2], &line->extent) ?
		       MAP_TEXT_BEYOND :
		       0;
}

/* `1000` or `1000-1005`, as first id and count; a count may be 0 or less: none. */
static int read_range(struct text_part word, uint64_t *ret_first, uint64_t *ret_count)
{
	const char *dash = memchr(word.text, '-', word.len);
	size_t len = dash ? (size_t)(dash - word.text) : word.len;
	uint64_t last;

	if (read_id((struct text_part){ word.text, len }, ret_first))
		return MAP_TEXT_NUMBER;
	*ret_count = 1;
	if (!dash)
		return 0;
	if (read_id((struct text_part){ dash + 1, word.len - len - 1 }, &last))
		return MAP_TEXT_NUMBER;
	*ret_count = last < *ret_first ? 0 : last - *ret_first + 1;
	/* All of 2^64 ids. */
	return last >= *ret_first && *ret_count == 0 ? MAP_TEXT_BEYOND : 0;
}

/* `both 1000 1000`: the ids outside, then those inside. */
static int read_incus(struct text_part rest, struct map_text_line *line)
{
	struct text_part kind = take_word(&rest), outer = take_word(&rest),
			 inner = take_word(&rest);
	uint64_t first_outer, first_inner, outers, inners;
	bool both = is_word(kind, "both");
	int r;

	if (inner.len == 0 || take_word(&rest).len > 0)
		return MAP_TEXT_WORDS;
	if (!both && !is_word(kind, "uid") && !is_word(kind, "gid"))
		return MAP_TEXT_WORDS;
	r = read_range(outer, &first_outer, &outers);
	if (r == 0)
		r = read_range(inner, &first_inner, &inners);
	if (r)
		return r;
	if (outers != inners)
		return MAP_TEXT_SIZES;
	line->kinds[0] = both || kind.text[0] == 'u';
	line->kinds[1] = both || kind.text[0] == 'g';
	return extent_make(first_inner, first_outer, outers, &line->extent) ?
		       MAP_TEXT_BEYOND :
		       0;
}

/* Takes quotes of YAML off a value. */
static struct text_part unquote(struct text_part value)
{
	char quote;

	if (value.len < 2)
		return value;
	quote = value.text[0];
	if ((quote == '"' || quote == '\'') && value.text[value.len - 1] == quote)
		return trim((struct text_part){ value.text + 1, value.len - 2 });
	return value;
}

/* Whether a line without a key is a mapping: a kind and then a number. */
static bool begins_mapping(struct text_part rest, const char *const *kinds)
{
	struct text_part kind = take_word(&rest), number = take_word(&rest);

	for (; *kinds; kinds++)
		if (is_word(kind, *kinds))
			return number.len > 0 && number.text[0] >= '0' &&
			       number.text[0] <= '9';
	return false;
}

static int read_line(struct text_part line, struct map_text_line *ret)
{
	static const char *const lxc[] = { "u", "g", NULL };
	static const char *const incus[] = { "uid", "gid", "both", NULL };

	if (take_key(&line, "lxc.idmap") || take_key(&line, "lxc.id_map"))
		return line.len == 0 ? MAP_TEXT_CLEARED : read_lxc(line, ret);
	if (take_key(&line, "raw.idmap")) {
		line = unquote(line);
		/* In YAML the lines of the value follow. */
		if (line.len == 0 || line.text[0] == '|' || line.text[0] == '>')
			return MAP_TEXT_OTHER;
		return read_incus(line, ret);
	}
	if (begins_mapping(line, lxc))
		return read_lxc(line, ret);
	if (begins_mapping(line, incus))
		return read_incus(line, ret);
	return MAP_TEXT_OTHER;
}

/*
 * Reads a line, without its newline.
 * Returns 0 or an enum map_text; *ret_line is written only with 0. Thread-safe.
 */
int map_text_parse(const char *text, size_t len, struct map_text_line *ret_line)
{
	struct text_part line = trim((struct text_part){ text, len });
	struct map_text_line found = { .kinds = { false, false } };
	int r;

	if (line.len == 0 || line.text[0] == '#')
		return MAP_TEXT_OTHER;
	if (line.text[0] == '[')
		return MAP_TEXT_SECTION;
	r = read_line(line, &found);
	if (r == 0)
		*ret_line = found;
	return r;
}
