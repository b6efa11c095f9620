// SPDX-License-Identifier: BSD-3-Clause
/*
 * Lines of a file, compared with a model that has all bytes in memory and splits them.
 * The program is linked with --wrap for read(2) and both names of pread(2): a test sets
 * the sizes of reads, and which of them fail.
 */
#include "libsubid/sys/scan.h"
#include "tests/unit/rng.h"
#include "tests/unit/unit.h"

/* How read(2) behaves. */
static struct {
	size_t most;	   /* bytes a call, 0: random */
	struct rng *rng;   /* otherwise random, from 1 to `most` */
	size_t fail_after; /* calls until one fails, SIZE_MAX: none does */
	int error;
	size_t interrupts; /* number of interrupted calls before each read */
	size_t calls;
} reads = { .fail_after = SIZE_MAX };

ssize_t __real_read(int fd, void *buffer, size_t size);
__attribute__((used)) ssize_t __wrap_read(int fd, void *buffer, size_t size);
ssize_t __real_pread(int fd, void *buffer, size_t size, off_t offset);
__attribute__((used)) ssize_t __wrap_pread(int fd, void *buffer, size_t size,
					   off_t offset);
__attribute__((used)) ssize_t __wrap_pread64(int fd, void *buffer, size_t size,
					     off_t offset);

/* Returns how many of @size bytes a call reads, or -1 if it fails. */
static ssize_t portion(size_t size)
{
	size_t most = reads.most;

	if (reads.calls++ >= reads.fail_after) {
		errno = reads.error;
		return -1;
	}
	if (reads.interrupts && reads.calls % (reads.interrupts + 1)) {
		errno = EINTR;
		return -1;
	}
	if (reads.rng && most)
		most = 1 + rng_below(reads.rng, most);
	return (ssize_t)(most && size > most ? most : size);
}

ssize_t __wrap_read(int fd, void *buffer, size_t size)
{
	ssize_t n = portion(size);

	return n < 0 ? n : __real_read(fd, buffer, (size_t)n);
}

ssize_t __wrap_pread(int fd, void *buffer, size_t size, off_t offset)
{
	ssize_t n = portion(size);

	return n < 0 ? n : __real_pread(fd, buffer, (size_t)n, offset);
}

ssize_t __wrap_pread64(int fd, void *buffer, size_t size, off_t offset)
{
	return __wrap_pread(fd, buffer, size, offset);
}

/* Both ways to find newlines, whatever the other bytes are. */
Test(newlines, model)
{
	struct rng rng = { rng_seed() };

	for (int round = 0; round < 200000; round++) {
		size_t typical = (size_t)1 << rng_below(&rng, 8);
		char block[NEWLINES_BLOCK];
		uint64_t expected = 0;

		for (size_t i = 0; i < sizeof(block); i++) {
			block[i] =
				rng_once_in(&rng, typical) ? '\n' : (char)rng_next(&rng);
			expected |= (uint64_t)(block[i] == '\n') << i;
		}
		cr_assert(newlines_of(block) == expected);
		cr_assert(newlines_portable(block) == expected);
	}
}

/* A text, and the position of the model in it. */
struct model {
	const char *text;
	size_t len;
	size_t at;
	uint64_t number;
};

static bool model_next(struct model *model, struct scan_line *line)
{
	size_t n = 0;

	if (model->at == model->len)
		return false;
	line->text = model->text + model->at;
	while (model->at < model->len && model->text[model->at] != '\n') {
		model->at++;
		n++;
	}
	if (model->at < model->len)
		model->at++;
	line->len = n > LIMIT_LINE_BYTES ? LIMIT_LINE_BYTES + 1 : n;
	line->number = ++model->number;
	return true;
}

static void agree_to_the_end(struct scan *scan, const char *text, size_t len)
{
	struct model model = { .text = text, .len = len };
	struct scan_line got, expected;
	int r;

	while (model_next(&model, &expected)) {
		r = scan_next(scan, &got);
		cr_assert(r == 1, "line %" PRIu64 ": %d", expected.number, r);
		cr_assert(got.number == expected.number && got.len == expected.len,
			  "line %" PRIu64 ", %zu bytes, for line %" PRIu64 ", %zu bytes",
			  got.number, got.len, expected.number, expected.len);
		cr_assert(memcmp(got.text, expected.text, got.len) == 0, "line %" PRIu64,
			  got.number);
	}
	cr_assert(scan_next(scan, &got) == 0);
	cr_assert(scan_next(scan, &got) == 0);
}

static bool begins_so(const struct line_prefixes *starts, const struct scan_line *line)
{
	char start[STARTS_BYTES] = { 0 };

	memcpy(start, line->text, line->len < STARTS_BYTES ? line->len : STARTS_BYTES);
	return line_prefixes_match(starts, start);
}

/* Lines that begin in one of two ways, among others; at the end other lines may come. */
static void starting_agree_to_the_end(struct scan *scan,
				      const struct line_prefixes *starts,
				      const char *text, size_t len)
{
	struct model model = { .text = text, .len = len };
	struct scan_line got, expected;
	int r = scan_next_starting(scan, starts, &got);

	while (model_next(&model, &expected)) {
		bool found = r == 1 && got.number == 0 && got.len == expected.len &&
			     memcmp(got.text, expected.text, got.len) == 0;

		if (!begins_so(starts, &expected)) {
			size_t behind = (size_t)(text + len - expected.text);

			if (!found || behind >= STARTS_BYTES)
				continue;
		}
		cr_assert(found, "line %" PRIu64, expected.number);
		r = scan_next_starting(scan, starts, &got);
	}
	cr_assert(r == 0);
	cr_assert(scan_next_starting(scan, starts, &got) == 0);
}

/* A line that begins like the last line, or like the one before it. */
static struct line_prefixes line_prefixes_of(const char *text, size_t len)
{
	struct line_prefixes starts = { { { 0 }, 0 }, { { 0 }, 0 } };
	struct model model = { .text = text, .len = len };
	struct scan_line line;

	start_set(&starts.either, "aa", 2);
	start_set(&starts.other, "ba", 2);
	while (model_next(&model, &line)) {
		if (line.len == 0)
			continue;
		starts.other = starts.either;
		start_set(&starts.either, line.text, line.len);
	}
	return starts;
}

/* The text by reads of any size, then again from the beginning. */
static void agree(const char *text, size_t len, size_t most)
{
	CLEANUP(fd_cleanup) int fd = file_of(text, len);
	CLEANUP(scan_cleanup) struct scan scan = { 0 };
	const struct line_prefixes starts = line_prefixes_of(text, len);

	reads.most = most;
	scan_start(&scan, fd);
	agree_to_the_end(&scan, text, len);
	cr_assert(scan.total == len);
	scan_rewind(&scan);
	agree_to_the_end(&scan, text, len);
	scan_rewind(&scan);
	starting_agree_to_the_end(&scan, &starts, text, len);
	reads.most = 0;
}

static const size_t chunks[] = {
	0, 1, 2, 3, 7, 100, 4095, 4096, 4097, 4098, 8191, 65535, 65536, 65537,
};

/* All lines, and then lines that begin with a prefix, in one scan. */
static void mixed_agree_to_the_end(struct scan *scan, const struct line_prefixes *starts,
				   struct rng *rng, const char *text, size_t len)
{
	struct model model = { .text = text, .len = len };
	struct scan_line got, expected = { 0 };
	bool starting, more;
	int r;

	do {
		bool passed;

		starting = rng_once_in(rng, 3);
		r = starting ? scan_next_starting(scan, starts, &got) :
			       scan_next(scan, &got);
		do {
			more = model_next(&model, &expected);
			passed = more && starting && !begins_so(starts, &expected) &&
				 (size_t)(text + len - expected.text) >= STARTS_BYTES;
		} while (passed);
		cr_assert((r == 1) == more);
		if (more)
			cr_assert(got.len == expected.len &&
				  memcmp(got.text, expected.text, got.len) == 0);
	} while (more);
	cr_assert(r == 0);
}

/* No file, empty files, and what a newline at the end makes of them. */
Test(scan, small)
{
	static const struct {
		const char *text;
		size_t len;
	} rows[] = {
		{ BYTES("") },	    { BYTES("\n") },	   { BYTES("\n\n") },
		{ BYTES("a") },	    { BYTES("a\n") },	   { BYTES("a\nb") },
		{ BYTES("\na") },   { BYTES("a\n\n") },	   { BYTES("\n\na\n\nb") },
		{ BYTES("\0") },    { BYTES("\0\n\0") },   { BYTES("a\0b\nc\0") },
		{ BYTES("a\r\n") }, { BYTES("\r\n\r\n") }, { BYTES("\xff\n\x80") },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		for (size_t j = 0; j < COUNT_OF(chunks); j++)
			agree(rows[i].text, rows[i].len, chunks[j]);
}

/* Lines around each size of the reader, at every place, read in odd pieces. */
Test(scan, boundaries)
{
	static const size_t lengths[] = { 0,	  1,	  4094,	 4095,	4096,  4097,
					  4098,	  8192,	  9000,	 61439, 61440, 65534,
					  65535,  65536,  65537, 65538, 69632, 69633,
					  131071, 131072, 131073 };
	static char text[3 * 131073 + 3];
	size_t tried = 0;

	for (size_t i = 0; i < COUNT_OF(lengths); i++) {
		for (size_t j = 0; j < COUNT_OF(lengths); j++) {
			for (int final = 0; final < 2; final++) {
				size_t a = lengths[i], b = lengths[j], len = a + b + 5;
				/* Byte by byte only if that does not take long. */
				size_t k = (i * COUNT_OF(lengths) + j) % COUNT_OF(chunks);
				size_t most =
					chunks[k] < 100 && len > 20000 ? 4099 : chunks[k];

				memset(text, 'a', a);
				text[a] = '\n';
				memset(text + a + 1, 'b', b);
				memcpy(text + a + 1 + b, "\nxyz", 4);
				text[len] = '\n';
				agree(text, len + (final ? 1 : 0), most);
				tried++;
			}
		}
	}
	cr_assert(tried == 2 * COUNT_OF(lengths) * COUNT_OF(lengths));
}

/* The end of the file at each place around the limits, with no newline at all. */
Test(scan, no_newline)
{
	static const size_t lengths[] = { 4095, 4096, 4097, 65535, 65536, 65537, 200000 };
	CLEANUP(cleanup_free) char *text = malloc(200001);

	cr_assert(text);
	memset(text, 'x', 200001);
	for (size_t i = 0; i < COUNT_OF(lengths); i++)
		for (size_t j = 0; j < COUNT_OF(chunks); j++)
			agree(text, lengths[i], chunks[j] < 100 ? 0 : chunks[j]);
	/* A long line that ends where the buffer does. */
	for (size_t i = 0; i < COUNT_OF(lengths); i++) {
		text[lengths[i]] = '\n';
		agree(text, lengths[i] + 1, 0);
		agree(text, lengths[i] + 1, lengths[i]);
		text[lengths[i]] = 'x';
	}
}

/* Random files, read in random pieces, with interruptions. */
Test(scan, model)
{
	struct rng rng = { rng_seed() };
	static char text[300000];

	for (int round = 0; round < 300; round++) {
		size_t len = rng_below(&rng, sizeof(text)) >> rng_below(&rng, 10);
		size_t typical = (size_t)1 << rng_below(&rng, 18);

		for (size_t i = 0; i < len; i++)
			text[i] =
				rng_once_in(&rng, typical) ? '\n' : (char)rng_next(&rng);
		reads.rng = rng_once_in(&rng, 2) ? &rng : NULL;
		reads.interrupts = rng_below(&rng, 3);
		agree(text, len,
		      len > 50000 ? 3000 + rng_below(&rng, 70000) :
				    1 + rng_below(&rng, 5000));
		reads.rng = NULL;
		reads.interrupts = 0;
	}
	cr_assert(reads.calls > 1000);
}

/* Lines of which some begin so, long ones among them, in odd pieces. */
Test(scan, mixed)
{
	struct rng rng = { rng_seed() };
	static char text[200000];
	struct line_prefixes starts;

	start_set(&starts.either, "elsa", 4);
	start_set(&starts.other, "1000", 4);
	for (int round = 0; round < 1000; round++) {
		size_t most = (size_t)20 << rng_below(&rng, 9), len = 0;
		size_t end = rng_below(&rng, sizeof(text) - 20000);

		while (len < end) {
			size_t rest = rng_below(&rng, most);

			len += (size_t)sprintf(text + len, "%s",
					       rng_once_in(&rng, 4) ? "elsa:" :
					       rng_once_in(&rng, 4) ? "1000:" :
								      "");
			memset(text + len, 'x', rest);
			len += rest;
			text[len++] = '\n';
		}
		for (int i = 0; i < 2; i++) {
			CLEANUP(fd_cleanup)
			int fd = file_of(text, len - (size_t)i * (len > 0));
			CLEANUP(scan_cleanup) struct scan scan = { 0 };

			reads.most = 1 + rng_below(&rng, 70000);
			scan_start(&scan, fd);
			mixed_agree_to_the_end(&scan, &starts, &rng, text,
					       len - (size_t)i * (len > 0));
			reads.most = 0;
		}
	}
}

/* A pipe may return fewer bytes: for the scan that is not the end. */
Test(scan, pipe)
{
	static char text[200000];
	struct rng rng = { rng_seed() };
	CLEANUP(scan_cleanup) struct scan scan = { 0 };
	int ends[2];
	pid_t pid;

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = rng_once_in(&rng, 700) ? '\n' : 'p';
	memset(text + 50000, 'q', 70000);
	cr_assert(pipe2(ends, O_CLOEXEC) == 0);
	pid = fork();
	cr_assert(pid >= 0);
	if (pid == 0) {
		for (size_t at = 0; at < sizeof(text);) {
			size_t n = 1 + rng_below(&rng, 3000);

			n = n < sizeof(text) - at ? n : sizeof(text) - at;
			if (write(ends[1], text + at, n) != (ssize_t)n)
				_exit(1);
			at += n;
		}
		_exit(0);
	}
	close(ends[1]);
	cr_assert(scan_start_stream(&scan, ends[0]) == 0);
	agree_to_the_end(&scan, text, sizeof(text));
	close(ends[0]);
	cr_assert(waitpid(pid, NULL, 0) == pid);
}

/* A pipe or a device is an error, unless it is read as a stream. */
Test(scan, no_file)
{
	CLEANUP(scan_cleanup) struct scan scan = { 0 };
	struct scan_line line;
	int ends[2];

	cr_assert(pipe2(ends, O_CLOEXEC) == 0);
	cr_assert(write(ends[1], "a\n", 2) == 2);
	scan_start(&scan, ends[0]);
	cr_assert(scan_next(&scan, &line) == -EBADFD);
	close(ends[0]);
	close(ends[1]);
}

/* A scan reads the whole file, and keeps the position of the descriptor. */
Test(scan, offset)
{
	static const char text[] = "first\nsecond\n";
	CLEANUP(fd_cleanup) int fd = file_of(BYTES(text));
	CLEANUP(scan_cleanup) struct scan scan = { 0 };

	cr_assert(lseek(fd, 6, SEEK_SET) == 6);
	scan_start(&scan, fd);
	agree_to_the_end(&scan, text, sizeof(text) - 1);
	scan_rewind(&scan);
	agree_to_the_end(&scan, text, sizeof(text) - 1);
	cr_assert(lseek(fd, 0, SEEK_CUR) == 6);
	/* The scan does not own the descriptor. */
	cr_assert_null(scan_end(&scan));
	cr_assert(fcntl(fd, F_GETFD) >= 0);
	cr_assert_null(scan_end(&scan));
	cr_assert_null(scan_end(NULL));
}

/* A new scan, begun in the middle of a line that is too long, skips nothing. */
Test(scan, rewind_in_long_line)
{
	static char text[30000];
	CLEANUP(fd_cleanup) int fd = -1;
	CLEANUP(scan_cleanup) struct scan scan = { 0 };
	struct scan_line line;

	memset(text, 'x', sizeof(text));
	text[20000] = '\n';
	fd = file_of(text, sizeof(text));
	reads.most = 5000;
	scan_start(&scan, fd);
	cr_assert(scan_next(&scan, &line) == 1 && line.len == LIMIT_LINE_BYTES + 1);
	scan_rewind(&scan);
	agree_to_the_end(&scan, text, sizeof(text));
}

/* A failed read is reported, after all lines before it. */
Test(scan, failing_read)
{
	static char text[200000];
	size_t failed = 0;

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = i % 90 == 89 ? '\n' : 'x';
	memset(text + 20000, 'y', 100000);
	for (size_t after = 0; after < 60; after++) {
		CLEANUP(fd_cleanup) int fd = file_of(text, sizeof(text));
		CLEANUP(scan_cleanup) struct scan scan = { 0 };
		struct model model = { .text = text, .len = sizeof(text) };
		struct scan_line got, expected = { 0 };
		int r;

		reads.most = 4000;
		reads.calls = 0;
		reads.fail_after = after;
		reads.error = EIO;
		scan_start(&scan, fd);
		while ((r = scan_next(&scan, &got)) == 1) {
			cr_assert(model_next(&model, &expected));
			cr_assert(got.len == expected.len &&
				  got.number == expected.number);
		}
		reads.fail_after = SIZE_MAX;
		cr_assert(r == (after < 51 ? -EIO : 0), "after %zu calls: %d", after, r);
		failed += r < 0;
	}
	cr_assert(failed == 51);
}

/* A file that fits the large buffer is as it was when its first line was read. */
Test(scan, rewritten_in_place)
{
	static char old[SCAN_BYTES], new[SCAN_BYTES];

	memset(old, 'o', sizeof(old));
	memset(new, 'n', sizeof(new));
	for (size_t i = 99; i < sizeof(old); i += 100)
		old[i] = new[i] = '\n';
	for (size_t size = SCAN_FEW - 1; size < SCAN_BYTES; size += 4000) {
		CLEANUP(fd_cleanup) int fd = file_of(old, size);
		CLEANUP(scan_cleanup) struct scan scan = { 0 };
		struct scan_line line;
		size_t lines = 0;

		scan_start(&scan, fd);
		while (scan_next(&scan, &line) == 1) {
			cr_assert(memchr(line.text, 'n', line.len) == NULL, "%zu", size);
			if (lines++ == 0)
				cr_assert(pwrite(fd, new, size, 0) == (ssize_t)size);
		}
		cr_assert(lines == (size + 99) / 100);
	}
}

/* One byte more than LIMIT_FILE_BYTES is too much, also if fstat(2) shows less. */
Test(scan, limit)
{
	for (size_t more = 0; more < 2; more++) {
		CLEANUP(fd_cleanup) int fd = file_of("abcdefghij\nk", 12);
		CLEANUP(scan_cleanup) struct scan scan = { 0 };
		struct scan_line line;

		cr_assert(scan_start_stream(&scan, fd) == 0);
		scan.total = LIMIT_FILE_BYTES - 12 + more;
		if (more) {
			cr_assert(scan_next(&scan, &line) == -EFBIG);
			continue;
		}
		cr_assert(scan_next(&scan, &line) == 1 && line.len == 10);
		cr_assert(scan_next(&scan, &line) == 1 && line.len == 1);
		cr_assert(scan_next(&scan, &line) == 0);
	}
}

/* The same with a real file: a gibibyte in one line, and one byte more. */
Test(scan, gibibyte)
{
	CLEANUP(fd_cleanup) int fd = file_of("", 0);
	CLEANUP(scan_cleanup) struct scan scan = { 0 };
	struct scan_line line;

	cr_assert(ftruncate(fd, LIMIT_FILE_BYTES + 1) == 0);
	scan_start(&scan, fd);
	cr_assert(scan_next(&scan, &line) == 1 && line.len == LIMIT_LINE_BYTES + 1);
	cr_assert(scan_next(&scan, &line) == -EFBIG);
	cr_assert(ftruncate(fd, LIMIT_FILE_BYTES) == 0);
	scan_rewind(&scan);
	cr_assert(scan_next(&scan, &line) == 1 && line.len == LIMIT_LINE_BYTES + 1);
	cr_assert(scan_next(&scan, &line) == 0);
}
