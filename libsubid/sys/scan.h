/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * scan: reads a file line by line, in bounded memory.
 */
#ifndef SUBID_SCAN_H
#define SUBID_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "libsubid/core/entry.h"
#include "libsubid/core/limits.h"
#include "libsubid/core/line-prefix.h"
#include "libsubid/core/newlines.h"

/* More than a line and its newline, for fewer system calls. */
#define SCAN_BYTES (64 * 1024)
/* Enough for most files that a map writer reads: it needs no other memory for them. */
#define SCAN_FEW 4096

/* It must not be moved after scan_start(). */
struct scan {
	int fd; /* not owned */
	char *buffer; /* `few`, or for a larger file SCAN_BYTES on the heap */
	size_t size;
	size_t begin; /* of the buffered bytes that were not returned */
	size_t end;
	/* Newlines after `begin` in the block that ends at `seen`. */
	uint64_t newlines;
	size_t seen;	/* at least `begin`, if there are none */
	uint64_t total; /* bytes read */
	uint64_t number;
	bool stream; /* read without offsets, as for a pipe */
	bool at_end;
	bool in_long_line; /* skip the rest of the last line */
	char few[SCAN_FEW];
};

struct scan_line {
	const char *text; /* without the newline; valid until the next call */
	size_t len;	  /* at most LIMIT_LINE_BYTES + 1: then the line is cut off */
	uint64_t number;  /* from 1; 0 if lines were skipped */
};

void scan_start(struct scan *scan, int fd);
int scan_start_stream(struct scan *scan, int fd);
void scan_rewind(struct scan *scan);
int scan_next_unbuffered(struct scan *scan, struct scan_line *ret_line);
int scan_next_starting(struct scan *scan, const struct line_prefixes *starts,
		       struct scan_line *ret_line);
struct scan *scan_end(struct scan *scan);

/*
 * Steps to the next line.
 * Returns 1 with a line, 0 at the end, or -errno (-EFBIG beyond LIMIT_FILE_BYTES).
 * Inline, because it runs for each line of a large database.
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
