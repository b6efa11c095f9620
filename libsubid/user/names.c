// SPDX-License-Identifier: BSD-3-Clause
/*
 * names: names of many users in one hash table.
 *
 * Invariant: a name is there once, and belongs to one user.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libsubid/core/array.h"
#include "libsubid/user/names.h"

/*
 * The bit of `marks` that a name has, by its length and its first and last byte.
 */
static uint64_t mark_of(const char *name, size_t len)
{
	size_t sum;

	if (len == 0)
		return 1;
	sum = 7 * len + (unsigned char)name[0] + 13U * (unsigned char)name[len - 1];
	return (uint64_t)1 << (sum & 63);
}

/* Finds a name; NULL: it is not there. Valid until another one is added. */
struct names_slot *names_find(const struct names *names, const char *name, size_t len)
{
	uint32_t hash, number;
	size_t at = 0;

	/* If the bit is not set, the name is certainly not there. With few names, this
	 * answers for nearly all lines of a database. */
	if (!(names->marks & mark_of(name, len)))
		return NULL;
	hash = hash_bytes(name, len);
	while ((number = hash_next(&names->index, hash, &at))) {
		struct names_slot *slot = &names->slots[number - 1];

		if (slot->len == len && memcmp(names->text + slot->text, name, len) == 0)
			return slot;
	}
	return NULL;
}

/*
 * Stores a text, followed by a NUL, that no look-up of a name finds.
 *
 * ret_at: where it begins in names->text. Returns 0 or -ENOMEM.
 */
int names_put_text(struct names *names, const char *name, size_t len, size_t *ret_at)
{
	if (ARRAY_RESERVE_ALL(names->text, names->text_len + len + 1,
			      names->text_allocated))
		return -ENOMEM;
	*ret_at = names->text_len;
	memcpy(names->text + names->text_len, name, len);
	names->text[names->text_len + len] = '\0';
	names->text_len += len + 1;
	return 0;
}

/* Adds a name. Returns 0, NAMES_TWICE (it stays with its user) or -ENOMEM. */
int names_put(struct names *names, const char *name, size_t len, size_t person)
{
	size_t text;
	int r;

	if (names_find(names, name, len))
		return NAMES_TWICE;
	r = ARRAY_RESERVE(names->slots, names->n, names->allocated);
	if (r == 0)
		r = names_put_text(names, name, len, &text);
	if (r == 0)
		r = hash_put(&names->index, hash_bytes(name, len),
			     (uint32_t)names->n + 1);
	if (r)
		return r;
	names->slots[names->n++] =
		(struct names_slot){ .text = text, .len = len, .person = person };
	names->marks |= mark_of(name, len);
	return 0;
}

/* Frees them. Takes zeroed ones. */
void names_cleanup(struct names *names)
{
	free(names->text);
	free(names->slots);
	hash_cleanup(&names->index);
	*names = (struct names){ 0 };
}
