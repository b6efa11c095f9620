/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * scan: a file line by line, in bounded memory.
 */
#ifndef SUBID_SCAN_H
#define SUBID_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "libsubid/core/entry.h"
#include "libsubid/core/limits.h"
#include "libsubid/core/newlines.h"
#include "libsubid/core/starts.h"

/* Room for a whole line and its newline at least; larger reads cost fewer calls. */
#define SCAN_BYTES (64 * 1024)

struct scan {
	int fd; /* not owned */
	char *buffer;
	size_t begin; /* of what is buffered but not told */
	size_t end;
	/* Newlines that have been seen but not told, of the block that ends at `seen`. */
	uint64_t newlines;
	size_t seen;	/* begin or more, if there are none */
	uint64_t total; /* bytes read */
	uint64_t number;
	bool stream; /* a pipe, which has no begin to go back to */
	bool at_end;
	bool in_long_line; /* the rest of the line that was told last is to be dropped */
};

struct scan_line {
	const char *text; /* without the newline; valid until the next call */
	size_t len;	 /* LIMIT_LINE_BYTES + 1 at the most: then the rest is left out */
	uint64_t number; /* from 1; 0 where lines were passed over */
};

int scan_start(struct scan *scan, int fd);
int scan_start_stream(struct scan *scan, int fd);
void scan_rewind(struct scan *scan);
int scan_next_unbuffered(struct scan *scan, struct scan_line *ret_line);
int scan_next_starting(struct scan *scan, const struct starts *starts,
		       struct scan_line *ret_line);
struct scan *scan_end(struct scan *scan);

/*
 * Steps to the next line.
 * Returns 1 with a line, 0 at the end, -errno when reading failed (-EFBIG beyond
 * LIMIT_FILE_BYTES). Inline, since a large database has nothing that is done oftener.
 */
static inline int scan_next(struct scan *scan, struct scan_line *ret_line)
{
	const char *text = scan->buffer + scan->begin;
	size_t len;

	if (scan->in_long_line)
		return scan_next_unbuffered(scan, ret_line);
	while (scan->newlines == 0) {
		if (scan->end - scan->seen < NEWLINES_BLOCK)
			return scan_next_unbuffered(scan, ret_line);
		scan->newlines = newlines_of(scan->buffer + scan->seen);
		scan->seen += NEWLINES_BLOCK;
	}
	len = scan->seen - NEWLINES_BLOCK + (size_t)__builtin_ctzll(scan->newlines) -
	      scan->begin;
	if (len > LIMIT_LINE_BYTES)
		return scan_next_unbuffered(scan, ret_line);
	scan->newlines &= scan->newlines - 1;
	scan->begin += len + 1;
	*ret_line = (struct scan_line){ text, len, ++scan->number };
	return 1;
}

static inline void scan_cleanup(struct scan *scan)
{
	scan_end(scan);
}

#endif
