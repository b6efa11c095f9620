// SPDX-License-Identifier: BSD-3-Clause
/*
 * scan: reads lines of a file or stream.
 *
 * Invariant: the buffer has at most SCAN_BYTES for any file. A line of any length is
 * returned once, cut off after LIMIT_LINE_BYTES + 1 bytes, so that the caller sees that
 * it is too long. There is no mmap(2): a file that shrinks would cause SIGBUS. Files are
 * read with pread(2), which fails for a pipe, so that a pipe is not mistaken for an empty
 * file.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libsubid/sys/fd.h"
#include "libsubid/sys/scan.h"

_Static_assert(SCAN_BYTES > LIMIT_LINE_BYTES + 1, "a line fits the buffer");

/* Forgets all that was read. */
static void scan_reset(struct scan *scan)
{
	scan->begin = scan->end = scan->seen = 0;
	scan->newlines = scan->total = scan->number = 0;
	scan->at_end = scan->in_long_line = false;
}

/*
 * Starts at the begin of a file; reads of a pipe or socket fail with -EBADFD. The scan
 * neither owns the descriptor nor changes its position. End with scan_end(). A
 * scan belongs to one thread.
 */
void scan_start(struct scan *scan, int fd)
{
	scan->fd = fd;
	scan->buffer = scan->few;
	scan->size = SCAN_FEW;
	scan->stream = false;
	scan_reset(scan);
}

/* Takes the large buffer. Returns 0 or -ENOMEM. */
static int scan_grow(struct scan *scan)
{
	char *buffer = malloc(SCAN_BYTES);

	if (!buffer)
		return -ENOMEM;
	memcpy(buffer, scan->few, scan->end);
	scan->buffer = buffer;
	scan->size = SCAN_BYTES;
	return 0;
}

/* As scan_start(), also for a pipe, from the current position. */
int scan_start_stream(struct scan *scan, int fd)
{
	scan_start(scan, fd);
	scan->stream = true;
	return scan_grow(scan);
}

/* Starts again at the begin of the file. An empty file is not read again. */
void scan_rewind(struct scan *scan)
{
	if (scan->total > 0)
		scan_reset(scan);
}

/* Frees the buffer. Takes NULL and a zeroed scan. Returns NULL. */
struct scan *scan_end(struct scan *scan)
{
	if (scan && scan->buffer != scan->few)
		free(scan->buffer);
	if (scan)
		scan->buffer = NULL;
	return NULL;
}

/* Moves the begin of the next line, and forgets the newlines found so far. */
static void scan_move(struct scan *scan, size_t begin)
{
	scan->begin = scan->seen = begin;
	scan->newlines = 0;
}

static int scan_read(const struct scan *scan, size_t *ret_n)
{
	char *to = scan->buffer + scan->end;
	size_t room = scan->size - scan->end;

	return scan->stream ? fd_read(scan->fd, to, room, ret_n) :
			      fd_read_at(scan->fd, to, room, scan->total, ret_n);
}

/*
 * Reads more bytes; first moves the buffered ones to the front. A file that begins with
 * SCAN_FEW bytes is read again, by one call: if it is rewritten in place meanwhile, no
 * line is half old and half new.
 */
static int scan_fill(struct scan *scan)
{
	size_t n = 0;
	int r = 0;

	if (scan->begin > 0) {
		memmove(scan->buffer, scan->buffer + scan->begin,
			scan->end - scan->begin);
		scan->end -= scan->begin;
		scan_move(scan, 0);
	}
	if (scan->size == SCAN_FEW && scan->total >= SCAN_FEW)
		r = scan_grow(scan);
	if (r == 0)
		r = scan_read(scan, &n);
	if (r == 0 && scan->size == SCAN_FEW && n == SCAN_FEW) {
		r = scan_grow(scan);
		if (r == 0)
			r = scan_read(scan, &n);
	}
	if (r)
		return r;
	scan->total += n;
	if (scan->total > LIMIT_FILE_BYTES)
		return -EFBIG;
	scan->end += n;
	scan->at_end = n == 0;
	return 0;
}

/* Skips the rest of a line that was too long. */
static int scan_skip_rest(struct scan *scan)
{
	while (scan->in_long_line) {
		char *newline =
			memchr(scan->buffer + scan->begin, '\n', scan->end - scan->begin);
		int r;

		scan_move(scan,
			  newline ? (size_t)(newline + 1 - scan->buffer) : scan->end);
		scan->in_long_line = !newline && !scan->at_end;
		if (scan->in_long_line) {
			r = scan_fill(scan);
			if (r)
				return r;
		}
	}
	return 0;
}

/* As scan_next(), for a line that is too long or not wholly in the buffer. */
int scan_next_unbuffered(struct scan *scan, struct scan_line *ret_line)
{
	size_t searched = 0;
	int r;

	r = scan_skip_rest(scan);
	if (r)
		return r;

	for (;;) {
		char *text = scan->buffer + scan->begin;
		size_t buffered = scan->end - scan->begin;
		char *newline = memchr(text + searched, '\n', buffered - searched);
		size_t len = newline ? (size_t)(newline - text) : buffered;

		if (!newline && len <= LIMIT_LINE_BYTES && !scan->at_end) {
			searched = buffered;
			r = scan_fill(scan);
			if (r)
				return r;
			continue;
		}
		if (!newline && len == 0)
			return 0;

		scan_move(scan, scan->begin + len + (newline ? 1 : 0));
		scan->in_long_line = !newline && !scan->at_end;
		if (len > LIMIT_LINE_BYTES + 1)
			len = LIMIT_LINE_BYTES + 1;
		*ret_line = (struct scan_line){ text, len, ++scan->number };
		return 1;
	}
}

/*
 * Steps to the next line with one of two prefixes, and skips others at the speed of
 * reading. Skipped lines are not counted: the line's number is 0. In the last
 * STARTS_BYTES bytes of the file any line is returned. Returns as scan_next() does.
 */
int scan_next_starting(struct scan *scan, const struct line_prefixes *starts,
		       struct scan_line *ret_line)
{
	for (;;) {
		int r = scan_skip_rest(scan);
		const char *text = scan->buffer + scan->begin;
		size_t buffered = scan->end - scan->begin, at;

		if (r == 0 && buffered < STARTS_BYTES && !scan->at_end) {
			r = scan_fill(scan);
			if (r == 0)
				continue;
		}
		if (r)
			return r;
		if (buffered < STARTS_BYTES || line_prefixes_match(starts, text)) {
			r = scan_next(scan, ret_line);
			if (r > 0)
				ret_line->number = 0;
			return r;
		}
		at = line_prefixes_find(starts, text, buffered);
		scan->in_long_line = at == buffered;
		scan_move(scan, at == buffered ? scan->end : scan->begin + at + 1);
	}
}
