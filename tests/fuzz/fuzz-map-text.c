// SPDX-License-Identifier: BSD-3-Clause
/*
 * map-text: lines of mappings, and the whole as config.json.
 */
#include "libsubid/core/limits.h"
#include "subid/show/map-text.h"
#include "tests/fuzz/fuzz.h"

static void check_extent(const struct extent *extent)
{
	FUZZ_ASSERT((uint64_t)extent->inner + extent->count <= ID_NONE);
	FUZZ_ASSERT((uint64_t)extent->outer + extent->count <= ID_NONE);
}

/* A parsed line has its own numbers; a comment has none. */
static void check_line(const char *text, size_t len)
{
	struct map_text_line line;
	char *exact = malloc(len ? len : 1);
	int fault;

	FUZZ_ASSERT(exact);
	if (len > 0)
		memcpy(exact, text, len);
	fault = map_text_parse(exact, len, &line);
	FUZZ_ASSERT(fault >= 0 && fault <= MAP_TEXT_SIZES);
	if (fault == 0) {
		FUZZ_ASSERT(line.kinds[0] || line.kinds[1]);
		FUZZ_ASSERT(memchr(exact, 'u', len) || memchr(exact, 'g', len) ||
			    memchr(exact, 'b', len));
		check_extent(&line.extent);
	}
	free(exact);
}

static int take(const struct kind *kind, size_t index, int fault,
		const struct extent *extent, void *context)
{
	size_t *n = context;

	FUZZ_ASSERT(index == n[kind->group]++);
	FUZZ_ASSERT(fault == 0 || (fault >= MAP_TEXT_WORDS && fault <= MAP_TEXT_BEYOND));
	if (fault == 0)
		check_extent(extent);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	char error[MAP_OCI_ERROR_BYTES] = "";
	size_t n[2] = { 0, 0 }, begin = 0;
	int r;

	for (size_t i = 0; i <= size; i++)
		if (i == size || text[i] == '\n') {
			check_line(text + begin, i - begin);
			begin = i + 1;
		}
	r = map_oci_read(size > 0 ? text : "", size, take, n, error);
	FUZZ_ASSERT(r >= 0 && r <= MAP_OCI_NO_READER);
	FUZZ_ASSERT((r == MAP_OCI_SYNTAX) == (error[0] != '\0'));
	return 0;
}
