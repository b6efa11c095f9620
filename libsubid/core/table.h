/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * table: a whole database in memory, for those who change it.
 *
 * Every byte that is not changed on purpose stays as it is: malformed lines, comments,
 * blank lines, the order.
 */
#ifndef SUBID_TABLE_H
#define SUBID_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libsubid/core/entry-readers.h"
#include "libsubid/core/entry.h"

struct table {
	char *text; /* ends with a newline unless empty, or as it was read */
	size_t len;
	size_t allocated;
	bool changed; /* differs from what table_load() took */
	size_t kept;  /* with all that was taken in front, how long that is; else 0 */
};

/* One line of a table, and where it stands. Valid until the table changes. */
struct table_line {
	const char *text; /* without the newline */
	size_t len;
	uint64_t number; /* from 1 */
	int fault;	 /* 0, or the enum entry_fault that makes it no entry */
	struct entry entry;
};

/* Where an iteration stands; starts zeroed. */
struct table_cursor {
	size_t offset;
	uint64_t number;
};

/*
 * A line as a program reads it. An iteration starts with a zeroed one; it is valid until
 * the next step, and until the table changes.
 */
struct table_near {
	struct table_line line;
	const struct entry_reading *reading;
	struct table_cursor cursor;
	struct entry_readings readings; /* of the line, of which this is one, */
	size_t next;			/* and this the number of the next */
};

/* What table_take_back() goes back to. */
struct table_mark {
	size_t len;
	bool changed;
};

/* Tells whether an entry is meant. Owners have several spellings: the caller knows. */
typedef bool (*table_match_fn)(const struct entry *entry, void *context);
/* Gives the name that the owner of an entry is to have; NULL: the line stays as it is. */
typedef const char *(*table_name_fn)(const struct entry *entry, void *context);
/* Tells whether a line may be meant, quickly: false is certain. */
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
int table_drop_lines(struct table *table, const uint64_t *numbers, size_t n);
int table_rename_all(struct table *table, table_name_fn name, void *context);
int table_rename(struct table *table, const char *old, size_t old_len, const char *owner,
		 size_t owner_len);

static inline void table_cleanup(struct table *table)
{
	table_clear(table);
}

#endif
