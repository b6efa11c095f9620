/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * set-file: a set of ranges for many hosts, as `subid export` writes and `subid apply`
 * reads it:
 *
 *	subid-set 1 SERIAL
 *	both alice:131072:65536
 *	uid  kubelet:65536:7208960
 *	end 2 CRC32C
 *
 * The last line makes a copy that was cut off or damaged evident: how many lines are
 * between the first one and it, and the checksum of all bytes before it.
 */
#ifndef SUBID_SET_FILE_H
#define SUBID_SET_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libsubid/core/entry.h"
#include "libsubid/core/limits.h"
#include "libsubid/core/num.h"
#include "libsubid/core/range.h"

/* A larger set is refused. */
#define SET_FILE_LINES_MAX ((size_t)16 * 1024 * 1024)

/* One line: a range of one kind or of both. */
struct set_file_line {
	const char *owner; /* into the text; not terminated */
	size_t owner_len;
	struct range range;
	bool kinds[2]; /* kind_uid, kind_gid */
	uint64_t number;
};

struct set_file {
	uint64_t serial;
	uint32_t checksum;
	struct set_file_line *lines; /* sorted as by set_file_sort() */
	size_t n;
	size_t allocated;
};

/* Why a text is no set. */
enum set_file_fault {
	SET_FILE_HEADER = 1, /* the first line is another */
	SET_FILE_VERSION,    /* a version of the format that is not known */
	SET_FILE_KIND,	     /* a line begins with none of the kinds */
	SET_FILE_ENTRY,	     /* what follows the kind is not owner:start:count */
	SET_FILE_CUT,	     /* there is no line `end` */
	SET_FILE_COUNT,	     /* another number of lines than `end` says */
	SET_FILE_CHECKSUM,   /* other bytes */
	SET_FILE_BEHIND,     /* something follows `end` */
	SET_FILE_MANY,	     /* more than SET_FILE_LINES_MAX */
};

/* Where a fault is. */
struct set_file_place {
	uint64_t line; /* from 1 */
	int why;       /* SET_FILE_ENTRY: an enum entry_fault */
};

/* Ids that two lines of one kind share; returns other than 0 to end the search. */
typedef int (*set_file_shared_fn)(const struct set_file_line *a,
				  const struct set_file_line *b, size_t k, void *context);

int set_file_parse(const char *text, size_t len, struct set_file *ret_set,
		   struct set_file_place *ret_place);
bool set_file_take(const char **text, size_t *len, const char *word);
int set_file_put(struct set_file *set, const struct set_file_line *line);
void set_file_sort(struct set_file *set);
bool set_file_joins(const struct set_file_line *a, const struct set_file_line *b);
int set_file_find_shared(const struct set_file *set, size_t k, set_file_shared_fn take,
			 void *context);
void set_file_cleanup(struct set_file *set);

/*
 * The text, line by line.
 */

/* Bytes that a line may have. */
#define SET_FILE_LINE_BYTES (5 + ENTRY_BYTES)

size_t set_file_format_header(uint64_t serial, char out[static SET_FILE_LINE_BYTES]);
size_t set_file_format_line(const struct set_file_line *line,
			    char out[static SET_FILE_LINE_BYTES]);
size_t set_file_format_end(uint64_t n, uint32_t checksum,
			   char out[static SET_FILE_LINE_BYTES]);

#endif
