// SPDX-License-Identifier: BSD-3-Clause
/*
 * scan: the size of the reads, then the text. In it, 0xfe, a length and a byte stand for
 * a run of that byte, so that few bytes of input make long lines.
 *
 * The lines are compared with those of the text in memory, from a file and from a socket
 * that gives the text in pieces.
 */
#include <sys/socket.h>

#include "libsubid/sys/scan.h"
#include "tests/fuzz/fuzz.h"

#define TEXT_MAX 160000
/* Pieces are smaller than the scan's buffer, and fewer than a socket takes. */
#define PIECE_MAX  4096
#define PIECES_MAX 150

static size_t expand(struct fuzz_input *input, char *text)
{
	size_t len = 0;

	while (input->size > 0 && len < TEXT_MAX) {
		uint8_t byte = fuzz_byte(input);
		size_t n = 1;

		if (byte == 0xfe) {
			n = (size_t)fuzz_byte(input) << 8;
			n = (n | fuzz_byte(input)) * 2;
			byte = fuzz_byte(input);
		}
		if (n > TEXT_MAX - len)
			n = TEXT_MAX - len;
		memset(text + len, byte, n);
		len += n;
	}
	return len;
}

static void compare(struct scan *scan, const char *text, size_t len)
{
	uint64_t number = 0;
	struct scan_line got;
	const char *line;
	size_t line_len;

	while (fuzz_line(&text, &len, &line, &line_len)) {
		FUZZ_ASSERT(scan_next(scan, &got) == 1);
		if (line_len > LIMIT_LINE_BYTES)
			line_len = LIMIT_LINE_BYTES + 1;
		FUZZ_ASSERT(got.number == ++number && got.len == line_len);
		FUZZ_ASSERT(line_len == 0 || memcmp(got.text, line, line_len) == 0);
	}
	FUZZ_ASSERT(scan_next(scan, &got) == 0);
	FUZZ_ASSERT(scan_next(scan, &got) == 0);
}

static bool begins_so(const struct line_prefixes *starts, const char *line, size_t len)
{
	char start[STARTS_BYTES] = { 0 };

	memcpy(start, line, len < STARTS_BYTES ? len : STARTS_BYTES);
	return line_prefixes_match(starts, start);
}

/* Lines that begin like the first or the last bytes of the text. At the end of the text
 * the scan may return other lines, too. */
static void compare_starting(struct scan *scan, const char *text, size_t len)
{
	const char *end = text + len;
	struct line_prefixes starts;
	struct scan_line got;
	const char *line;
	size_t line_len;
	int r;

	start_set(&starts.either, "elsa", 4);
	start_set(&starts.other, "5001", 4);
	if (len >= 4) {
		start_set(&starts.either, text, 4);
		start_set(&starts.other, end - 4, 4);
	}
	if (memchr(starts.either.bytes, '\n', 4) || memchr(starts.other.bytes, '\n', 4))
		return;
	r = scan_next_starting(scan, &starts, &got);
	while (fuzz_line(&text, &len, &line, &line_len)) {
		bool meant = begins_so(&starts, line, line_len), found;

		if (line_len > LIMIT_LINE_BYTES)
			line_len = LIMIT_LINE_BYTES + 1;
		found = r == 1 && got.number == 0 && got.len == line_len &&
			(line_len == 0 || memcmp(got.text, line, line_len) == 0);
		if (!meant && (!found || end - line >= STARTS_BYTES))
			continue;
		FUZZ_ASSERT(found);
		r = scan_next_starting(scan, &starts, &got);
	}
	FUZZ_ASSERT(r == 0);
	FUZZ_ASSERT(scan_next_starting(scan, &starts, &got) == 0);
}

static int socket_of(const char *text, size_t len, size_t piece)
{
	int ends[2];

	if (piece < len / PIECES_MAX + 1)
		piece = len / PIECES_MAX + 1;
	if (piece > PIECE_MAX)
		return -1;
	FUZZ_ASSERT(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
	while (len > 0) {
		size_t n = piece < len ? piece : len;

		if (send(ends[1], text, n, MSG_DONTWAIT) != (ssize_t)n) {
			close(ends[0]);
			ends[0] = -1;
			break;
		}
		text += n;
		len -= n;
	}
	close(ends[1]);
	return ends[0];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char text[TEXT_MAX];
	struct fuzz_input input = { data, size };
	size_t piece = 1 + (size_t)fuzz_byte(&input) * 17;
	size_t len = expand(&input, text);
	struct scan scan;
	int fd;

	scan_start(&scan, fuzz_file(text, len));
	compare(&scan, text, len);
	FUZZ_ASSERT(scan.total == len);
	scan_rewind(&scan);
	compare_starting(&scan, text, len);
	scan_rewind(&scan);
	compare(&scan, text, len);
	scan_end(&scan);

	for (int starting = 0; starting < 2; starting++) {
		fd = socket_of(text, len, piece);
		if (fd < 0)
			continue;
		FUZZ_ASSERT(scan_start_stream(&scan, fd) == 0);
		if (starting)
			compare_starting(&scan, text, len);
		else
			compare(&scan, text, len);
		scan_end(&scan);
		close(fd);
	}
	return 0;
}
