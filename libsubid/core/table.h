/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * table: a whole database in memory, for changes.
 *
 * A change keeps all other bytes as they are: malformed lines, comments, empty lines, the
 * order.
 */
#ifndef SUBID_TABLE_H
#define SUBID_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "libsubid/core/entry-readers.h"
#include "libsubid/core/entry.h"

struct table {
	char *text; /* as it was read; after a change it ends with a newline */
	size_t len;
	size_t allocated;
	bool changed; /* differs from the text of table_load() */
	size_t kept;  /* length of the loaded text if it is still in front; else 0 */
};

/* One line of a table. Valid until the table changes. */
struct table_line {
	const char *text; /* without the newline */
	size_t len;
	uint64_t number; /* from 1 */
	int fault;	 /* 0, or an enum entry_fault */
	struct entry entry;
};

/* The position of an iteration; starts zeroed. */
struct table_cursor {
	size_t offset;
	uint64_t number;
};

/*
 * A line as a program reads it. An iteration starts with a zeroed one; it is valid until
 * the next step or change of the table.
 */
struct table_near {
	struct table_line line;
	const struct entry_reading *reading;
	struct table_cursor cursor;
	struct entry_readings readings; /* of the line; `reading` is one of them */
	size_t next;			/* the index of the next reading */
};

/* What takes the place of a line: whole lines, or nothing. */
struct table_change {
	uint64_t number; /* of the line, from 1 */
	const char *text;
	size_t len;
};

/* The state that table_take_back() restores. */
struct table_mark {
	size_t len;
	bool changed;
};

/* Returns whether an entry belongs to the owner; the caller knows the owner's names. */
typedef bool (*table_match_fn)(const struct entry *entry, void *context);
/* Returns the new owner of an entry; NULL: do not change it. */
typedef const char *(*table_name_fn)(const struct entry *entry, void *context);
/* A quick filter for lines; false is certain. */
typedef bool (*table_maybe_fn)(const char *line, size_t len, const void *context);

int table_load(char *text, size_t len, struct table *ret_table);
struct table *table_clear(struct table *table);
bool table_next(const struct table *table, struct table_cursor *cursor,
		struct table_line *ret_line);
void table_readings(const struct table *table, const struct table_line *line,
		    struct entry_readings *ret_readings);
bool table_next_entry(const struct table *table, struct table_cursor *cursor,
		      table_maybe_fn maybe, const void *context,
		      struct table_line *ret_line);
bool table_next_near(const struct table *table, struct range range,
		     struct table_near *near);
bool table_next_in_force(const struct table *table, struct range range,
			 struct table_near *near);
int table_append(struct table *table, const char *owner, size_t owner_len,
		 struct range range);
struct table_mark table_mark(const struct table *table);
void table_take_back(struct table *table, struct table_mark mark);
int table_subtract(struct table *table, table_match_fn match, void *context,
		   struct range range);
int table_copy_replaced(const struct table *table, const struct table_change *changes,
			size_t n, struct table *ret_table);
int table_replace_lines(struct table *table, const struct table_change *changes,
			size_t n);
int table_rename_all(struct table *table, table_name_fn name, void *context);
int table_rename(struct table *table, const char *old, size_t old_len, const char *owner,
		 size_t owner_len);

/* Returns whether both have the same text, as on most hosts: ranges come in pairs. */
static inline bool table_equals(const struct table *a, const struct table *b)
{
	return a->len == b->len && (a->len == 0 || memcmp(a->text, b->text, a->len) == 0);
}

static inline void table_cleanup(struct table *table)
{
	table_clear(table);
}

#endif
