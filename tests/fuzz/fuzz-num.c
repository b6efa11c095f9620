// SPDX-License-Identifier: BSD-3-Clause
/*
 * num: the first byte chooses the maximum, the rest is the text.
 */
#include "libsubid/core/num.h"
#include "tests/fuzz/fuzz.h"

#define UNTOUCHED 0x5eed5eed5eed5eedU

#define LOW UINT64_C(1000000000000000000) /* 10^18 */

/*
 * The same by the text: a number of more than 20 digits is beyond 64 bits, and one of up
 * to 20 digits is computed as two numbers, neither of which can overflow.
 */
static int model(const char *text, size_t len, uint64_t max, uint64_t *ret_value)
{
	uint64_t high = 0, low = 0;

	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return NUM_MALFORMED;
		if (len - i > 18 && len <= 20)
			high = high * 10 + (unsigned int)(text[i] - '0');
		else if (len <= 20)
			low = low * 10 + (unsigned int)(text[i] - '0');
	}
	if (len == 0 || (len > 1 && text[0] == '0'))
		return NUM_MALFORMED;
	if (len > 20 || high > max / LOW || (high == max / LOW && low > max % LOW))
		return NUM_TOO_BIG;
	*ret_value = high * LOW + low;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint64_t maxima[] = { UINT64_MAX, 4294967294, 4294967296, 0,
					   2147483647 };
	struct fuzz_input input = { data, size };
	uint64_t max = maxima[fuzz_byte(&input) % COUNT_OF(maxima)];
	uint64_t value = UNTOUCHED, expected = UNTOUCHED;
	char *text = fuzz_text(&input), out[NUM_BYTES];
	int r = num_parse(text, input.size, max, &value);

	FUZZ_ASSERT(r == model(text, input.size, max, &expected));
	FUZZ_ASSERT(value == expected);
	if (r == 0) {
		/* There is no second spelling. */
		FUZZ_ASSERT(num_format(value, out) == input.size);
		FUZZ_ASSERT(memcmp(out, text, input.size) == 0);
	}
	free(text);
	return 0;
}
