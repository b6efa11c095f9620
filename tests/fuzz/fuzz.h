/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fuzz: what the fuzz targets share. A target takes its parameters from the start of the
 * input and its text from the rest, and calls abort(3) if an invariant does not hold.
 */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Unlike assert(3) it is there in every build. */
#define FUZZ_ASSERT(condition)                                                          \
	do {                                                                            \
		if (!(condition)) {                                                     \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                        \
		}                                                                       \
	} while (0)

struct fuzz_input {
	const uint8_t *data;
	size_t size;
};

/* The next byte, 0 at the end. */
static inline uint8_t fuzz_byte(struct fuzz_input *input)
{
	if (input->size == 0)
		return 0;
	input->size--;
	return *input->data++;
}

/*
 * The next id: most often one of a few that are close together, at either end of all ids
 * or in the middle, since distant ids seldom overlap.
 */
static inline uint64_t fuzz_id(struct fuzz_input *input)
{
	static const uint64_t bases[] = { 0, 100000, 2147483640, 4294967232 };
	uint8_t byte = fuzz_byte(input);
	uint64_t id = 0;

	if (byte != 255)
		return bases[byte >> 6] + (byte & 63);
	for (int i = 0; i < 4; i++)
		id = id << 8 | fuzz_byte(input);
	return id;
}

/* The rest of the input, as a text of exactly its size. To be freed. */
static inline char *fuzz_text(const struct fuzz_input *input)
{
	char *text = calloc(1, input->size ? input->size : 1);

	FUZZ_ASSERT(text);
	if (input->size > 0)
		memcpy(text, input->data, input->size);
	return text;
}

/* A file with the text, at its beginning; one descriptor serves all inputs. */
static inline int fuzz_file(const char *text, size_t len)
{
	static int fd = -1;

	if (fd < 0)
		fd = memfd_create("fuzz", MFD_CLOEXEC);
	FUZZ_ASSERT(fd >= 0 && ftruncate(fd, 0) == 0);
	FUZZ_ASSERT(len == 0 || pwrite(fd, text, len, 0) == (ssize_t)len);
	FUZZ_ASSERT(lseek(fd, 0, SEEK_SET) == 0);
	return fd;
}

/* The same by a path, in a buffer that the next call overwrites. */
static inline const char *fuzz_path(const char *text, size_t len)
{
	static char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fuzz_file(text, len));
	return path;
}

/* Cuts the next line off, without its newline: the whole text is in memory here. */
static inline bool fuzz_line(const char **text, size_t *len, const char **ret_line,
			     size_t *ret_len)
{
	const char *newline;

	if (*len == 0)
		return false;
	newline = memchr(*text, '\n', *len);
	*ret_line = *text;
	*ret_len = newline ? (size_t)(newline - *text) : *len;
	*text += *ret_len + (newline ? 1 : 0);
	*len -= *ret_len + (newline ? 1 : 0);
	return true;
}

#endif
