// SPDX-License-Identifier: BSD-3-Clause
/*
 * set-file: the input is a text without the last line, which is made for it, or a whole
 * text. What is read and written again is the same set.
 */
#include "libsubid/fleet/crc32c.h"
#include "libsubid/fleet/set-file.h"
#include "tests/fuzz/fuzz.h"

static size_t close_text(char *text, size_t len)
{
	struct crc32c crc;
	uint64_t lines = 0;

	for (size_t i = 0; i < len; i++)
		lines += text[i] == '\n';
	crc32c_start(&crc);
	crc32c_add(&crc, text, len);
	return len + set_file_format_end(lines > 0 ? lines - 1 : 0, crc32c_end(&crc),
					 text + len);
}

static void check_set(const struct set_file *set)
{
	for (size_t i = 0; i < set->n; i++) {
		const struct set_file_line *line = &set->lines[i];

		FUZZ_ASSERT(line->kinds[0] || line->kinds[1]);
		FUZZ_ASSERT(line->owner_len > 0 && line->owner_len <= LIMIT_OWNER_BYTES);
		FUZZ_ASSERT(line->range.start < line->range.end &&
			    line->range.end <= ID_END);
		FUZZ_ASSERT(i == 0 || set->lines[i - 1].range.start <= line->range.start);
	}
}

static void write_again(const struct set_file *set, char *out)
{
	struct set_file_place place;
	struct set_file again;
	size_t len = set_file_format_header(set->serial, out);

	for (size_t i = 0; i < set->n; i++)
		len += set_file_format_line(&set->lines[i], out + len);
	len = close_text(out, len);
	FUZZ_ASSERT(set_file_parse(out, len, &again, &place) == 0);
	FUZZ_ASSERT(again.n == set->n && again.serial == set->serial);
	for (size_t i = 0; i < set->n; i++)
		FUZZ_ASSERT(set_file_joins(&set->lines[i], &again.lines[i]) &&
			    set->lines[i].kinds[0] == again.lines[i].kinds[0]);
	set_file_cleanup(&again);
}

static void try_text(const char *text, size_t len)
{
	struct set_file_place place = { 0 };
	struct set_file set;
	char *out;

	if (set_file_parse(text, len, &set, &place)) {
		FUZZ_ASSERT(place.line <= len);
		return;
	}
	check_set(&set);
	out = malloc((set.n + 2) * SET_FILE_LINE_BYTES);
	FUZZ_ASSERT(out);
	write_again(&set, out);
	free(out);
	set_file_cleanup(&set);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = { data, size };
	char *text = fuzz_text(&input);
	char *closed = malloc(size + SET_FILE_LINE_BYTES);

	FUZZ_ASSERT(closed);
	try_text(text, input.size);
	memcpy(closed, text, input.size);
	try_text(closed, close_text(closed, input.size));
	free(closed);
	free(text);
	return 0;
}
