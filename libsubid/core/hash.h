/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * hash: a hash table of numbers, from 1 on, which the caller uses as indices of its
 * items. The caller hashes and compares the items.
 *
 * Root chooses the names, so no user can make them collide.
 */
#ifndef SUBID_HASH_H
#define SUBID_HASH_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

struct hash_slot {
	uint32_t hash;
	uint32_t number; /* 0: the slot is free */
};

/* Open addressing, at most half full; zeroed: empty. */
struct hash {
	struct hash_slot *slots;
	size_t size; /* a power of two, or 0 */
	size_t n;
};

/* FNV-1a, folded so that the low bits depend on all bytes. */
static inline uint32_t hash_bytes(const char *text, size_t len)
{
	uint32_t value = 2166136261U;

	for (size_t i = 0; i < len; i++)
		value = (value ^ (unsigned char)text[i]) * 16777619U;
	return value ^ value >> 16;
}

/* Hashes a number; the hashes of neighbours differ widely. */
static inline uint32_t hash_number(uint32_t number)
{
	number = (number ^ number >> 16) * 0x85ebca6bU;
	return number ^ number >> 13;
}

/*
 * Returns the next number with this hash, or 0. @at: the position, which the caller sets
 * to 0 first.
 */
static inline uint32_t hash_next(const struct hash *table, uint32_t hash, size_t *at)
{
	if (table->size == 0)
		return 0;
	for (;;) {
		const struct hash_slot *slot =
			&table->slots[(hash + (*at)++) & (table->size - 1)];

		if (slot->number == 0 || slot->hash == hash)
			return slot->number;
	}
}

static inline void hash_insert(struct hash *table, struct hash_slot slot)
{
	size_t at = slot.hash & (table->size - 1);

	while (table->slots[at].number != 0)
		at = (at + 1) & (table->size - 1);
	table->slots[at] = slot;
	table->n++;
}

/* Makes room for @n numbers in all. Returns 0 or -ENOMEM. */
static inline int hash_reserve(struct hash *table, size_t n)
{
	struct hash bigger = { .size = table->size ? table->size : 16 };

	while (bigger.size < 2 * n)
		bigger.size *= 2;
	if (bigger.size == table->size)
		return 0;
	bigger.slots = calloc(bigger.size, sizeof(*bigger.slots));
	if (!bigger.slots)
		return -ENOMEM;
	for (size_t i = 0; i < table->size; i++)
		if (table->slots[i].number != 0)
			hash_insert(&bigger, table->slots[i]);
	free(table->slots);
	*table = bigger;
	return 0;
}

/* Adds a number. Returns 0 or -ENOMEM. */
static inline int hash_put(struct hash *table, uint32_t hash, uint32_t number)
{
	int r = hash_reserve(table, table->n + 1);

	if (r == 0)
		hash_insert(table, (struct hash_slot){ hash, number });
	return r;
}

/* Frees the table. Takes a zeroed one. */
static inline void hash_cleanup(struct hash *table)
{
	free(table->slots);
	*table = (struct hash){ 0 };
}

#endif
