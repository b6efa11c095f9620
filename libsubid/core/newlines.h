/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * newlines: finds the newlines of a block as bits, in a few instructions a line; in short
 * lines a call of memchr(3) costs more than its search.
 */
#ifndef SUBID_NEWLINES_H
#define SUBID_NEWLINES_H

#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* Bytes of a block, one bit for each. */
#define NEWLINES_BLOCK 64

/*
 * For any machine. Each newline of a word keeps another bit of its byte, and the
 * multiplication adds these bits up in the highest byte, without carry.
 */
static inline uint64_t newlines_portable(const char *block)
{
	typedef unsigned char vector __attribute__((vector_size(16)));
	typedef uint64_t halves __attribute__((vector_size(16)));
	const halves bits = { 0x8040201008040201, 0x8040201008040201 };
	uint64_t mask = 0;

	for (size_t i = 0; i < NEWLINES_BLOCK; i += sizeof(vector)) {
		vector bytes;
		halves found;

		memcpy(&bytes, block + i, sizeof(bytes));
		found = (halves)(bytes == '\n');
		for (size_t j = 0; j < 2; j++) {
			uint64_t word = le64toh(found[j]) & bits[j];

			mask |= (word * 0x0101010101010101) >> 56 << (i + 8 * j);
		}
	}
	return mask;
}

/*
 * Sets bit n if byte n is a newline. All NEWLINES_BLOCK bytes must be readable.
 * Thread-safe.
 */
static inline uint64_t newlines_of(const char *block)
{
#ifdef __SSE2__
	/* Every x86-64 has an instruction for this. */
	const __m128i newline = _mm_set1_epi8('\n');
	uint64_t mask = 0;

	for (size_t i = 0; i < NEWLINES_BLOCK; i += sizeof(newline)) {
		__m128i bytes;

		memcpy(&bytes, block + i, sizeof(bytes));
		mask |= (uint64_t)(uint32_t)_mm_movemask_epi8(
				_mm_cmpeq_epi8(bytes, newline))
			<< i;
	}
	return mask;
#else
	return newlines_portable(block);
#endif
}

#endif
