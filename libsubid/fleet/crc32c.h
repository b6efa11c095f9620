/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * crc32c: the checksum of RFC 3720, appendix B.4.
 *
 *	crc32c_start, crc32c_add ..., crc32c_end
 */
#ifndef SUBID_CRC32C_H
#define SUBID_CRC32C_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The digits of its text. */
#define CRC32C_DIGITS 8

struct crc32c {
	uint32_t table[256];
	uint32_t value;
};

static inline void crc32c_start(struct crc32c *crc)
{
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t value = i;

		for (int bit = 0; bit < 8; bit++)
			value = value >> 1 ^ (value & 1 ? UINT32_C(0x82f63b78) : 0);
		crc->table[i] = value;
	}
	crc->value = UINT32_MAX;
}

static inline void crc32c_add(struct crc32c *crc, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		crc->value = crc->value >> 8 ^
			     crc->table[(crc->value ^ (unsigned char)text[i]) & 0xff];
}

static inline uint32_t crc32c_end(const struct crc32c *crc)
{
	return ~crc->value;
}

/* Reads the text of a checksum, which has one spelling. */
static inline bool crc32c_read(const char *text, size_t len, uint32_t *ret_value)
{
	uint32_t value = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned digit = (unsigned char)text[i] - (unsigned)'0';
		unsigned letter = (unsigned char)text[i] - (unsigned)'a';

		if (digit > 9 && letter > 5)
			return false;
		value = value << 4 | (digit > 9 ? 10 + letter : digit);
	}
	*ret_value = value;
	return len == CRC32C_DIGITS;
}

/* Writes it; returns the end of the text. */
static inline char *crc32c_write(uint32_t value, char *out)
{
	for (unsigned shift = 32; shift > 0; shift -= 4)
		*out++ = "0123456789abcdef"[value >> (shift - 4) & 15];
	return out;
}

#endif
