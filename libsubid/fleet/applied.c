// SPDX-License-Identifier: BSD-3-Clause
/*
 * applied: reads and writes what is remembered of the last set.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libsubid/core/array.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/num.h"
#include "libsubid/fleet/applied.h"
#include "libsubid/fleet/crc32c.h"
#include "libsubid/fleet/set-file.h"

#define APPLIED_HEADER "subid-applied 1 "

static const char *const words[] = { "owner ", "gone " };

/* Adds an owner. Returns 0 or -ENOMEM. */
int applied_put(struct applied *applied, const char *name, size_t len, bool gone)
{
	int r = ARRAY_RESERVE(applied->owners, applied->n, applied->allocated);

	if (r)
		return r;
	applied->owners[applied->n++] = (struct applied_owner){ name, len, gone };
	applied->n_owners += !gone;
	applied->n_gone += gone;
	return 0;
}

/* Takes the text up to a space, or the end, from @line. */
static const char *cut_word(const char **line, size_t *left, size_t *ret_len)
{
	const char *word = *line, *space = memchr(word, ' ', *left);
	size_t len = space ? (size_t)(space - word) : *left;

	*ret_len = len;
	*line += space ? len + 1 : len;
	*left -= space ? len + 1 : len;
	return word;
}

static bool take_serial(const char **line, size_t *left, uint64_t *ret_number)
{
	size_t len;
	const char *word = cut_word(line, left, &len);

	return num_parse(word, len, UINT64_MAX, ret_number) == 0;
}

/*
 * Reads only the first line, all but the owners. Returns 0 or APPLIED_MALFORMED.
 */
int applied_parse_header(const char *text, size_t len, struct applied *ret_applied)
{
	const char *newline = memchr(text, '\n', len), *word;
	struct applied applied = { 0 };
	size_t n;

	len = newline ? (size_t)(newline - text) : 0;
	if (!set_file_take(&text, &len, APPLIED_HEADER) ||
	    !take_serial(&text, &len, &applied.serial))
		return APPLIED_MALFORMED;
	word = cut_word(&text, &len, &n);
	if (!crc32c_read(word, n, &applied.checksum) ||
	    !take_serial(&text, &len, &applied.n_owners) ||
	    !take_serial(&text, &len, &applied.n_gone) || len > 0)
		return APPLIED_MALFORMED;
	*ret_applied = applied;
	return 0;
}

static int read_applied_owner(const char *line, size_t len, struct applied *applied)
{
	for (size_t gone = 0; gone < 2; gone++)
		if (set_file_take(&line, &len, words[gone]))
			return applied_put(applied, line, len, gone == 1);
	return APPLIED_MALFORMED;
}

/*
 * Reads the text, which must live as long as the result. Returns 0, APPLIED_MALFORMED or
 * -ENOMEM. Free with applied_cleanup().
 */
int applied_parse(const char *text, size_t len, struct applied *ret_applied)
{
	struct applied header;
	CLEANUP(applied_cleanup) struct applied applied = { 0 };
	const char *end = text + len, *at;
	int r = applied_parse_header(text, len, &header);

	if (r)
		return r;
	at = (const char *)memchr(text, '\n', len) + 1;
	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));

		if (!newline)
			return APPLIED_MALFORMED;
		r = read_applied_owner(at, (size_t)(newline - at), &applied);
		if (r)
			return r;
		at = newline + 1;
	}
	if (applied.n_owners != header.n_owners || applied.n_gone != header.n_gone)
		return APPLIED_MALFORMED;
	applied.serial = header.serial;
	applied.checksum = header.checksum;
	*ret_applied = applied;
	applied = (struct applied){ 0 };
	return 0;
}

static char *copy_bytes(char *at, const char *text, size_t len)
{
	memcpy(at, text, len);
	return at + len;
}

/* Writes the text, for free(3). Returns 0 or -ENOMEM. */
int applied_format(const struct applied *applied, char **ret_text, size_t *ret_len)
{
	size_t size = strlen(APPLIED_HEADER) + 3 * (NUM_BYTES + 1) + CRC32C_DIGITS + 1;
	char *text, *at;

	for (size_t i = 0; i < applied->n; i++)
		size += strlen(words[0]) + applied->owners[i].len + 1;
	text = malloc(size);
	if (!text)
		return -ENOMEM;
	at = copy_bytes(text, APPLIED_HEADER, strlen(APPLIED_HEADER));
	at += num_format(applied->serial, at);
	*at++ = ' ';
	at = crc32c_write(applied->checksum, at);
	*at++ = ' ';
	at += num_format(applied->n_owners, at);
	*at++ = ' ';
	at += num_format(applied->n_gone, at);
	*at++ = '\n';
	for (size_t i = 0; i < applied->n; i++) {
		const struct applied_owner *owner = &applied->owners[i];
		const char *word = words[owner->gone];

		at = copy_bytes(at, word, strlen(word));
		at = copy_bytes(at, owner->name, owner->len);
		*at++ = '\n';
	}
	*ret_text = text;
	*ret_len = (size_t)(at - text);
	return 0;
}

/* Frees the owners. Takes a zeroed one. */
void applied_cleanup(struct applied *applied)
{
	free(applied->owners);
	*applied = (struct applied){ 0 };
}
