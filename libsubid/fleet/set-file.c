// SPDX-License-Identifier: BSD-3-Clause
/*
 * set-file: reads and writes sets of ranges.
 *
 * MUST: a text is accepted only as a whole: with the number of lines and the checksum
 * that its last line has.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libsubid/core/array.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/fleet/crc32c.h"
#include "libsubid/fleet/set-file.h"

#define SET_HEADER  "subid-set "
#define SET_VERSION "1 "
#define SET_END	    "end "

static const char *const kind_words[] = { "both ", "uid ", "gid " };

/* What is left to read. */
struct set_reader {
	const char *at;
	const char *end;
	uint64_t number; /* of the current line */
	const char *line;
	size_t len;
};

/* Steps to the next line; one without a newline is none. */
static bool next_set_line(struct set_reader *reader)
{
	const char *newline =
		memchr(reader->at, '\n', (size_t)(reader->end - reader->at));

	if (!newline)
		return false;
	reader->line = reader->at;
	reader->len = (size_t)(newline - reader->at);
	reader->at = newline + 1;
	reader->number++;
	return true;
}

/* Takes a word from the begin of a text; false: it begins with another one. */
bool set_file_take(const char **text, size_t *len, const char *word)
{
	size_t n = strlen(word);

	if (*len < n || memcmp(*text, word, n) != 0)
		return false;
	*text += n;
	*len -= n;
	return true;
}

static bool take_prefix(struct set_reader *reader, const char *word)
{
	return set_file_take(&reader->line, &reader->len, word);
}

static int read_header(struct set_reader *reader, struct set_file *set)
{
	if (!next_set_line(reader) || !take_prefix(reader, SET_HEADER))
		return SET_FILE_HEADER;
	if (!take_prefix(reader, SET_VERSION))
		return SET_FILE_VERSION;
	return num_parse(reader->line, reader->len, UINT64_MAX, &set->serial) ?
		       SET_FILE_HEADER :
		       0;
}

/* Reads `KIND owner:start:count`. Returns 0, a fault or -ENOMEM. */
static int read_set_line(struct set_reader *reader, struct set_file *set, int *ret_why)
{
	struct set_file_line line = { .number = reader->number };
	struct entry entry;
	size_t word = 0;

	while (word < 3 && !take_prefix(reader, kind_words[word]))
		word++;
	if (word == 3)
		return SET_FILE_KIND;
	while (take_prefix(reader, " "))
		;
	*ret_why = entry_parse(reader->line, reader->len, &entry);
	if (*ret_why)
		return SET_FILE_ENTRY;
	line.owner = entry.owner;
	line.owner_len = entry.owner_len;
	line.range = entry.range;
	line.kinds[0] = word != 2;
	line.kinds[1] = word != 1;
	return set_file_put(set, &line);
}

/* Compares the set with `N CHECKSUM`. */
static int check_end(const struct set_reader *reader, struct set_file *set,
		     uint32_t checksum)
{
	const char *space = memchr(reader->line, ' ', reader->len);
	size_t len = space ? (size_t)(space - reader->line) : 0;
	uint64_t n;

	if (!space || num_parse(reader->line, len, UINT64_MAX, &n) ||
	    !crc32c_read(space + 1, reader->len - len - 1, &set->checksum))
		return SET_FILE_CUT;
	if (n != set->n)
		return SET_FILE_COUNT;
	if (checksum != set->checksum)
		return SET_FILE_CHECKSUM;
	return reader->at < reader->end ? SET_FILE_BEHIND : 0;
}

static uint32_t checksum_of(const char *text, const char *end)
{
	struct crc32c crc;

	crc32c_start(&crc);
	crc32c_add(&crc, text, (size_t)(end - text));
	return crc32c_end(&crc);
}

static int read_set(const char *text, struct set_reader *reader, struct set_file *set,
		    int *ret_why)
{
	int r = read_header(reader, set);

	while (r == 0 && next_set_line(reader)) {
		const char *line = reader->line;

		if (take_prefix(reader, SET_END))
			return check_end(reader, set, checksum_of(text, line));
		r = read_set_line(reader, set, ret_why);
	}
	return r ? r : SET_FILE_CUT;
}

/*
 * Reads a set.
 *
 * text: must live as long as the set. ret_place: where the fault is.
 * Returns 0, an enum set_file_fault or -ENOMEM. Free with set_file_cleanup().
 */
int set_file_parse(const char *text, size_t len, struct set_file *ret_set,
		   struct set_file_place *ret_place)
{
	CLEANUP(set_file_cleanup) struct set_file set = { 0 };
	struct set_reader reader = { .at = text, .end = text + len };
	int why = 0, r = read_set(text, &reader, &set, &why);

	if (r) {
		*ret_place = (struct set_file_place){ reader.number, why };
		return r;
	}
	set_file_sort(&set);
	*ret_set = set;
	set = (struct set_file){ 0 };
	return 0;
}

/* Adds a line. Returns 0, SET_FILE_MANY or -ENOMEM. */
int set_file_put(struct set_file *set, const struct set_file_line *line)
{
	int r = set->n == SET_FILE_LINES_MAX ?
			SET_FILE_MANY :
			ARRAY_RESERVE(set->lines, set->n, set->allocated);

	if (r == 0)
		set->lines[set->n++] = *line;
	return r;
}

static int compare_owners(const struct set_file_line *a, const struct set_file_line *b)
{
	size_t len = a->owner_len < b->owner_len ? a->owner_len : b->owner_len;
	int r = memcmp(a->owner, b->owner, len);

	return r ? r : (a->owner_len > b->owner_len) - (a->owner_len < b->owner_len);
}

/* By ids, by owner, then `both`, `uid`, `gid`. */
static int compare_lines(const void *a, const void *b)
{
	const struct set_file_line *x = a, *y = b;
	int r = range_compare(&x->range, &y->range);

	if (r == 0)
		r = (x->range.end > y->range.end) - (x->range.end < y->range.end);
	if (r == 0)
		r = compare_owners(x, y);
	if (r == 0)
		r = (x->kinds[0] && x->kinds[1] ? 0 : 1 + x->kinds[1]) -
		    (y->kinds[0] && y->kinds[1] ? 0 : 1 + y->kinds[1]);
	return r;
}

/* Sorts by first id, so that the same set is the same text everywhere. */
void set_file_sort(struct set_file *set)
{
	for (size_t i = 1; i < set->n; i++)
		if (compare_lines(&set->lines[i - 1], &set->lines[i]) > 0) {
			qsort(set->lines, set->n, sizeof(*set->lines), compare_lines);
			return;
		}
}

/* Returns whether two neighbours of a sorted set are one line. */
bool set_file_joins(const struct set_file_line *a, const struct set_file_line *b)
{
	return range_equals(a->range, b->range) && compare_owners(a, b) == 0;
}

/*
 * Calls @take for each two lines of kind @k that share ids, the first one in front. Lines
 * are sorted, so only those that are still open can share ids with the next one.
 * Returns 0, -ENOMEM or what @take returned.
 */
int set_file_find_shared(const struct set_file *set, size_t k, set_file_shared_fn take,
			 void *context)
{
	CLEANUP(cleanup_free) size_t *open = NULL;
	size_t n = 0, allocated = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < set->n; i++) {
		const struct set_file_line *line = &set->lines[i];
		size_t left = 0;

		if (!line->kinds[k])
			continue;
		for (size_t j = 0; r == 0 && j < n; j++) {
			const struct set_file_line *other = &set->lines[open[j]];

			if (other->range.end <= line->range.start)
				continue;
			open[left++] = open[j];
			r = take(other, line, k, context);
		}
		n = r ? n : left;
		if (r == 0)
			r = ARRAY_RESERVE(open, n, allocated);
		if (r == 0)
			open[n++] = i;
	}
	return r;
}

/* Frees the set. Takes a zeroed one. */
void set_file_cleanup(struct set_file *set)
{
	free(set->lines);
	*set = (struct set_file){ 0 };
}

static size_t copy_word(char *out, size_t n, const char *text)
{
	size_t len = strlen(text);

	memcpy(out + n, text, len);
	return n + len;
}

/* Writes the first line. Returns its length. */
size_t set_file_format_header(uint64_t serial, char out[static SET_FILE_LINE_BYTES])
{
	size_t n = copy_word(out, 0, SET_HEADER SET_VERSION);

	n += num_format(serial, out + n);
	return copy_word(out, n, "\n");
}

/* Writes a line; its owner passes entry_check_owner(). Returns its length. */
size_t set_file_format_line(const struct set_file_line *line,
			    char out[static SET_FILE_LINE_BYTES])
{
	size_t n = copy_word(out, 0,
			     line->kinds[0] && line->kinds[1] ? "both " :
			     line->kinds[0]		      ? "uid  " :
								"gid  ");

	return n + entry_format(line->owner, line->owner_len, line->range, out + n);
}

/* Writes the last line. Returns its length. */
size_t set_file_format_end(uint64_t n, uint32_t checksum,
			   char out[static SET_FILE_LINE_BYTES])
{
	size_t len = copy_word(out, 0, SET_END);

	len += num_format(n, out + len);
	out[len++] = ' ';
	len = (size_t)(crc32c_write(checksum, out + len) - out);
	return copy_word(out, len, "\n");
}
