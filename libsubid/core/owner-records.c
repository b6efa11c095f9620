// SPDX-License-Identifier: BSD-3-Clause
/*
 * owner-records: reads, finds and writes records about owners.
 *
 * Invariant: a line that is not understood as a whole is skipped, and what is written can
 * be read again. The newest record of an id counts.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libsubid/core/array.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "libsubid/core/num.h"
#include "libsubid/core/owner-records.h"

/* A seconds count beyond the year 5000 is no date. */
#define EPOCH_MAX 99999999999
/* Bytes of a line besides owner and note: four numbers, the kind, spaces, a newline. */
#define RECORD_BYTES (4 * NUM_BYTES + 16)

static int put_record_text(struct owner_records *records, const char *text, size_t len,
			   size_t *ret_offset)
{
	int r = ARRAY_RESERVE_ALL(records->text, records->len + len + 1,
				  records->text_allocated);

	if (r)
		return r;
	*ret_offset = records->len;
	memcpy(records->text + records->len, text, len);
	records->text[records->len + len] = '\0';
	records->len += len + 1;
	return 0;
}

static int add_record(struct owner_records *records, struct owner_record record,
		      const char *owner, size_t owner_len, const char *note,
		      size_t note_len)
{
	int r = records->n < LIMIT_OWNER_RECORDS ? 0 : -E2BIG;

	if (r == 0)
		r = ARRAY_RESERVE(records->items, records->n, records->allocated);
	if (r == 0)
		r = put_record_text(records, owner, owner_len, &record.owner);
	if (r == 0)
		r = put_record_text(records, note, note_len, &record.note);
	if (r == 0)
		records->items[records->n++] = record;
	return r;
}

/*
 * Adds a record, with copies of the texts. Returns 0, -E2BIG or -ENOMEM; the records
 * change only with 0.
 */
int owner_records_add(struct owner_records *records, struct owner_record record,
		      const char *owner, size_t owner_len, const char *note)
{
	return add_record(records, record, owner, owner_len, note, strlen(note));
}

/* Steps to the next of the words, which one space separates. */
static bool next_record_word(const char **at, const char *end, const char **ret_word,
			     size_t *ret_len)
{
	const char *space;

	if (*at >= end)
		return false;
	space = memchr(*at, ' ', (size_t)(end - *at));
	*ret_word = *at;
	*ret_len = (size_t)((space ? space : end) - *at);
	*at = space ? space + 1 : end;
	return *ret_len > 0;
}

static bool next_record_number(const char **at, const char *end, uint64_t max,
			       uint64_t *ret_value)
{
	const char *word;
	size_t len;

	return next_record_word(at, end, &word, &len) &&
	       num_parse(word, len, max, ret_value) == 0;
}

static bool is_octal(char c)
{
	return c >= '0' && c <= '7';
}

/* Resolves `\ooo`. Returns the length; 0: it is no owner. */
static size_t read_record_owner(const char *word, size_t len,
				char out[static LIMIT_OWNER_BYTES])
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		char c = word[i];

		if (n == LIMIT_OWNER_BYTES)
			return 0;
		if (c == '\\') {
			if (len - i < 4 || word[i + 1] > '3' || !is_octal(word[i + 1]) ||
			    !is_octal(word[i + 2]) || !is_octal(word[i + 3]))
				return 0;
			c = (char)((word[i + 1] - '0') << 6 | (word[i + 2] - '0') << 3 |
				   (word[i + 3] - '0'));
			i += 3;
		}
		out[n++] = c;
	}
	return entry_check_owner(out, n) == 0 ? n : 0;
}

static bool read_record_uid(const char **at, const char *end, uint32_t *ret_uid)
{
	const char *word;
	uint64_t uid = ID_NONE;
	size_t len;

	if (!next_record_word(at, end, &word, &len) ||
	    ((len != 1 || *word != '-') && num_parse(word, len, ID_NONE - 1, &uid)))
		return false;
	*ret_uid = (uint32_t)uid;
	return true;
}

static bool is_plain_text(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			return false;
	return true;
}

/* Returns 1 with a record that was added, 0, or -errno. */
static int parse_record(struct owner_records *records, const char *at, const char *end)
{
	struct owner_record record = { .epoch = 0 };
	char owner[LIMIT_OWNER_BYTES];
	uint64_t first, count;
	const char *word;
	size_t len;
	int r;

	if (!next_record_word(&at, end, &word, &len) || len != 3 ||
	    (memcmp(word, "uid", 3) != 0 && memcmp(word, "gid", 3) != 0))
		return 0;
	record.group = *word == 'g';
	if (!next_record_number(&at, end, ID_END, &first) ||
	    !next_record_number(&at, end, ID_END, &count) ||
	    range_make(first, count, &record.range) ||
	    !next_record_word(&at, end, &word, &len))
		return 0;
	len = read_record_owner(word, len, owner);
	if (len == 0 || !read_record_uid(&at, end, &record.uid) ||
	    !next_record_number(&at, end, EPOCH_MAX, &record.epoch) ||
	    !is_plain_text(at, (size_t)(end - at)))
		return 0;
	r = add_record(records, record, owner, len, at, (size_t)(end - at));
	return r ? r : 1;
}

/*
 * Adds the records of a file, whose lines are in the order of time.
 * Returns 0, -E2BIG or -ENOMEM. Free with owner_records_cleanup(). It belongs to one
 * thread.
 */
int owner_records_parse(struct owner_records *records, const char *text, size_t len)
{
	const char *end = text + len;

	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		const char *line_end = newline ? newline : end;
		int r = parse_record(records, text, line_end);

		if (r < 0)
			return r;
		records->skipped += r == 0;
		text = newline ? newline + 1 : end;
	}
	return 0;
}

struct record_key {
	uint64_t start; /* of the range, and ID_END more for gids */
	uint32_t index;
};

static uint64_t record_start(const struct owner_record *record)
{
	return record->range.start + (record->group ? 2 * ID_END : 0);
}

static uint64_t record_end(const struct owner_record *record)
{
	return record->range.end + (record->group ? 2 * ID_END : 0);
}

static int compare_records(const void *a, const void *b)
{
	const struct record_key *x = a, *y = b;

	return x->start != y->start ? (x->start > y->start) - (x->start < y->start) :
				      (x->index > y->index) - (x->index < y->index);
}

/* Sorts what was added, for owner_records_find() and the like. Returns 0 or -ENOMEM. */
int owner_records_sort(struct owner_records *records)
{
	CLEANUP(cleanup_free)
	struct record_key *keys = reallocarray(NULL, records->n + 1, sizeof(*keys));
	uint32_t *order = reallocarray(NULL, records->n + 1, sizeof(*order));
	uint64_t *reach = reallocarray(NULL, records->n + 1, sizeof(*reach)), end = 0;

	free(records->order);
	free(records->reach);
	records->order = order;
	records->reach = reach;
	if (!keys || !order || !reach)
		return -ENOMEM;
	for (size_t i = 0; i < records->n; i++)
		keys[i] = (struct record_key){ record_start(&records->items[i]),
					       (uint32_t)i };
	qsort(keys, records->n, sizeof(*keys), compare_records);
	for (size_t i = 0; i < records->n; i++) {
		uint64_t next = record_end(&records->items[keys[i].index]);

		order[i] = keys[i].index;
		end = next > end ? next : end;
		reach[i] = end;
	}
	return 0;
}

static bool is_record_of(const struct owner_records *records,
			 const struct owner_record *record, const struct entry *entry)
{
	const char *owner = owner_records_text(records, record->owner);
	char name[RETIRED_NAME_BYTES];
	size_t len = retired_name(owner, strlen(owner), name);

	return len == entry->owner_len && memcmp(name, entry->owner, len) == 0;
}

/*
 * Finds the newest record of an id that has the former owner of @entry, a line of retired
 * ids. NULL: none is known. Thread-safe.
 *
 * records: after owner_records_sort().
 */
const struct owner_record *owner_records_find(const struct owner_records *records,
					      bool group, uint64_t id,
					      const struct entry *entry)
{
	uint64_t wanted = id + (group ? 2 * ID_END : 0);
	size_t at = BISECT(records->n, i,
			   record_start(&records->items[records->order[i]]) > wanted);
	const struct owner_record *found = NULL;

	for (; at > 0 && records->reach[at - 1] > wanted; at--) {
		const struct owner_record *record =
			&records->items[records->order[at - 1]];

		if (record_end(record) > wanted && (!found || record > found) &&
		    is_record_of(records, record, entry))
			found = record;
	}
	return found;
}

/*
 * Finds the newest record of exactly this range and owner, or NULL. Thread-safe.
 *
 * records: after owner_records_sort().
 */
const struct owner_record *owner_records_find_exact(const struct owner_records *records,
						    bool group, struct range range,
						    const char *owner)
{
	uint64_t wanted = range.start + (group ? 2 * ID_END : 0);
	size_t at = BISECT(records->n, i,
			   record_start(&records->items[records->order[i]]) > wanted);

	for (; at > 0; at--) {
		const struct owner_record *record =
			&records->items[records->order[at - 1]];

		if (record_start(record) != wanted)
			break;
		if (range_equals(record->range, range) &&
		    strcmp(owner_records_text(records, record->owner), owner) == 0)
			return record;
	}
	return NULL;
}

static size_t format_owner(const char *owner, char *out)
{
	size_t n = 0;

	for (; *owner; owner++) {
		unsigned char c = (unsigned char)*owner;

		if (c > ' ' && c != '\\' && c != 0x7f) {
			out[n++] = (char)c;
			continue;
		}
		out[n++] = '\\';
		out[n++] = (char)('0' + (c >> 6));
		out[n++] = (char)('0' + (c >> 3 & 7));
		out[n++] = (char)('0' + (c & 7));
	}
	return n;
}

/* Writes a record; @out has room for it. Returns the length. */
static size_t format_record(const struct owner_records *records,
			    const struct owner_record *record, char *out)
{
	const char *note = owner_records_text(records, record->note);
	size_t n = 4, len = strlen(note);

	memcpy(out, record->group ? "gid " : "uid ", n);
	n += num_format(record->range.start, out + n);
	out[n++] = ' ';
	n += num_format(range_count(record->range), out + n);
	out[n++] = ' ';
	n += format_owner(owner_records_text(records, record->owner), out + n);
	out[n++] = ' ';
	if (record->uid == ID_NONE)
		out[n++] = '-';
	else
		n += num_format(record->uid, out + n);
	out[n++] = ' ';
	n += num_format(record->epoch, out + n);
	out[n++] = ' ';
	memcpy(out + n, note, len);
	n += len;
	out[n++] = '\n';
	return n;
}

/* Writes all records as a text, which is freed with free(3). Returns 0 or -ENOMEM. */
int owner_records_format(const struct owner_records *records, char **ret_text,
			 size_t *ret_len)
{
	/* Each byte of an owner may become four. */
	char *text = malloc(4 * records->len + records->n * RECORD_BYTES + 1);
	size_t n = 0;

	if (!text)
		return -ENOMEM;
	for (size_t i = 0; i < records->n; i++)
		n += format_record(records, &records->items[i], text + n);
	*ret_text = text;
	*ret_len = n;
	return 0;
}

/* Frees the records. Takes zeroed ones. */
void owner_records_cleanup(struct owner_records *records)
{
	free(records->items);
	free(records->text);
	free(records->order);
	free(records->reach);
	*records = (struct owner_records){ .n = 0 };
}

/* Writes the owner that retired ids of @owner have; returns its length. Thread-safe. */
size_t retired_name(const char *owner, size_t len,
		    char ret_name[static RETIRED_NAME_BYTES])
{
	size_t n = len < LIMIT_OWNER_BYTES ? len : LIMIT_OWNER_BYTES - 1;

	ret_name[0] = '~';
	memcpy(ret_name + 1, owner, n);
	/* A line cannot have an owner with a space at its end. */
	while (n > 0 && ret_name[n] == ' ')
		n--;
	return n + 1;
}
