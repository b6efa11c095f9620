// SPDX-License-Identifier: BSD-3-Clause
/*
 * set-file, applied: the texts, what is wrong with one, and that no part of one is taken
 * for the whole. Shared ids are compared with a model that counts them one by one.
 */
#include "libsubid/fleet/applied.h"
#include "libsubid/fleet/crc32c.h"
#include "libsubid/fleet/set-file.h"
#include "tests/unit/rng.h"
#include "tests/unit/unit.h"

#define TEXT_BYTES 4096

static uint32_t checksum_of(const char *text, size_t len)
{
	struct crc32c crc;

	crc32c_start(&crc);
	crc32c_add(&crc, text, len);
	return crc32c_end(&crc);
}

/* Appends the last line for the @n lines of @text. */
static void close_set(char text[static TEXT_BYTES], uint64_t n)
{
	size_t len = strlen(text);

	len += set_file_format_end(n, checksum_of(text, len), text + len);
	text[len] = '\0';
}

Test(set_file, checksum)
{
	char digits[CRC32C_DIGITS + 1] = "";
	uint32_t value;

	/* The value of RFC 3720 for these digits. */
	cr_assert(checksum_of("123456789", 9) == 0xe3069283);
	cr_assert(crc32c_write(0xe3069283, digits) == digits + CRC32C_DIGITS);
	cr_assert(strcmp(digits, "e3069283") == 0);
	cr_assert(crc32c_read(digits, 8, &value) && value == 0xe3069283);
	cr_assert(!crc32c_read("E3069283", 8, &value));
	cr_assert(!crc32c_read("e306928", 7, &value));
	cr_assert(!crc32c_read("0e3069283", 9, &value));
	cr_assert(!crc32c_read("e306928g", 8, &value));
}

Test(set_file, texts)
{
	static const struct {
		const char *text; /* without the last line */
		uint64_t n;
		int fault;
		uint64_t line;
	} rows[] = {
		{ "subid-set 1 0\n", 0, 0, 0 },
		{ "subid-set 1 18446744073709551615\nboth a:1:1\n", 1, 0, 0 },
		{ "subid-set 1 7\nboth a:1:1\nuid  b:2:1\ngid c:2:1\n", 3, 0, 0 },
		{ "subid-set 1 7\nboth a:1:1\n", 2, SET_FILE_COUNT, 3 },
		{ "subid-set 1 7\nboth a:1:1\n", 0, SET_FILE_COUNT, 3 },
		{ "", 0, SET_FILE_HEADER, 1 },
		{ "subid-set 1\n", 0, SET_FILE_VERSION, 1 },
		{ "subid-set 1 \n", 0, SET_FILE_HEADER, 1 },
		{ "subid-set 1 07\n", 0, SET_FILE_HEADER, 1 },
		{ "subid-set 1 -7\n", 0, SET_FILE_HEADER, 1 },
		{ "subid-set 1 18446744073709551616\n", 0, SET_FILE_HEADER, 1 },
		{ "subid-set 2 7\n", 0, SET_FILE_VERSION, 1 },
		{ "subid-set 11 7\n", 0, SET_FILE_VERSION, 1 },
		{ "subid-set  1 7\n", 0, SET_FILE_VERSION, 1 },
		{ "# a set\nsubid-set 1 7\n", 0, SET_FILE_HEADER, 1 },
		{ "subid-set 1 7\n\n", 0, SET_FILE_KIND, 2 },
		{ "subid-set 1 7\na:1:1\n", 1, SET_FILE_KIND, 2 },
		{ "subid-set 1 7\n# both a:1:1\n", 1, SET_FILE_KIND, 2 },
		{ "subid-set 1 7\nboth\ta:1:1\n", 1, SET_FILE_KIND, 2 },
		{ "subid-set 1 7\nuids a:1:1\n", 1, SET_FILE_KIND, 2 },
		{ "subid-set 1 7\nboth a:1:0\n", 1, SET_FILE_ENTRY, 2 },
		{ "subid-set 1 7\nboth a:1:1\r\n", 1, SET_FILE_ENTRY, 2 },
		{ "subid-set 1 7\nboth a:1:1\nuid a:4294967295:2\n", 2, SET_FILE_ENTRY,
		  3 },
		{ "subid-set 1 7\nboth :1:1\n", 1, SET_FILE_ENTRY, 2 },
		{ "subid-set 1 7\nboth a:01:1\n", 1, SET_FILE_ENTRY, 2 },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct set_file_place place = { 0 };
		struct set_file set = { 0 };
		char text[TEXT_BYTES];
		int r;

		snprintf(text, sizeof(text), "%s", rows[i].text);
		close_set(text, rows[i].n);
		r = set_file_parse(text, strlen(text), &set, &place);
		cr_assert(r == rows[i].fault, "row %zu: %d", i, r);
		if (r == 0)
			cr_assert(set.n == rows[i].n, "row %zu", i);
		else
			cr_assert(place.line == rows[i].line, "row %zu: %d", i,
				  (int)place.line);
		set_file_cleanup(&set);
	}
}

static const char whole[] = "subid-set 1 7\n"
			    "both alice:100000:65536\n"
			    "uid  kubelet:65536000:7208960\n"
			    "gid  1001:200000:65536\n";

/* A text that is cut off anywhere, or has one other bit, is no set. */
Test(set_file, damage)
{
	struct set_file_place place;
	struct set_file set;
	char text[TEXT_BYTES];
	size_t len;

	snprintf(text, sizeof(text), "%s", whole);
	close_set(text, 3);
	len = strlen(text);
	for (size_t cut = 0; cut < len; cut++)
		cr_assert(set_file_parse(text, cut, &set, &place) > 0, "cut at %zu", cut);
	for (size_t at = 0; at < 8 * len; at++) {
		text[at / 8] = (char)(text[at / 8] ^ 1 << at % 8);
		cr_assert(set_file_parse(text, len, &set, &place) > 0, "bit %zu", at);
		text[at / 8] = (char)(text[at / 8] ^ 1 << at % 8);
	}
	strcpy(text + len, "\n");
	cr_assert(set_file_parse(text, len + 1, &set, &place) == SET_FILE_BEHIND);
	cr_assert(set_file_parse(text, len, &set, &place) == 0);
	set_file_cleanup(&set);
}

/* In any order of the lines the set is the same, and is written as it was read. */
Test(set_file, order)
{
	static const char sorted[] = "subid-set 1 7\n"
				     "both alice:100000:65536\n"
				     "gid  1001:200000:65536\n"
				     "uid  kubelet:65536000:7208960\n";
	struct set_file_place place;
	struct set_file set;
	char text[TEXT_BYTES], out[TEXT_BYTES];
	size_t len;

	snprintf(text, sizeof(text), "%s", whole);
	close_set(text, 3);
	cr_assert(set_file_parse(text, strlen(text), &set, &place) == 0);
	cr_assert(set.serial == 7 && set.n == 3);
	len = set_file_format_header(set.serial, out);
	for (size_t i = 0; i < set.n; i++)
		len += set_file_format_line(&set.lines[i], out + len);
	cr_assert(len == strlen(sorted) && memcmp(out, sorted, len) == 0);
	cr_assert(!set_file_joins(&set.lines[0], &set.lines[1]));
	cr_assert(set_file_joins(&set.lines[1], &set.lines[1]));
	set_file_cleanup(&set);
}

struct found_pairs {
	const struct set_file *set;
	bool shared[8][8];
	size_t n;
};

static int note_pair(const struct set_file_line *a, const struct set_file_line *b,
		     size_t k, void *context)
{
	struct found_pairs *found = context;
	size_t i = (size_t)(a - found->set->lines), j = (size_t)(b - found->set->lines);

	cr_assert(a->kinds[k] && b->kinds[k] && i < j && !found->shared[i][j]);
	found->shared[i][j] = true;
	found->n++;
	return 0;
}

Test(set_file, shared_ids)
{
	struct rng rng = { 7 };

	for (int round = 0; round < 3000; round++) {
		struct set_file set = { 0 };
		size_t n = rng_below(&rng, 8);

		for (size_t i = 0; i < n; i++) {
			uint64_t start = rng_below(&rng, 40);
			struct set_file_line line = {
				.owner = "a",
				.owner_len = 1,
				.range = { start, start + 1 + rng_below(&rng, 9) },
				.kinds = { rng_below(&rng, 4) > 0, true },
			};

			cr_assert(set_file_put(&set, &line) == 0);
		}
		set_file_sort(&set);
		for (size_t k = 0; k < 2; k++) {
			struct found_pairs found = { .set = &set };
			size_t wanted = 0;

			cr_assert(set_file_find_shared(&set, k, note_pair, &found) == 0);
			for (size_t i = 0; i < set.n; i++)
				for (size_t j = 0; j < i; j++)
					wanted += set.lines[i].kinds[k] &&
						  set.lines[j].kinds[k] &&
						  range_overlaps(set.lines[i].range,
								 set.lines[j].range);
			cr_assert(found.n == wanted, "%zu of %zu", found.n, wanted);
		}
		set_file_cleanup(&set);
	}
}

Test(applied, round_trip)
{
	struct applied applied = { .serial = UINT64_MAX, .checksum = 5 }, again;
	char *text;
	size_t len;

	cr_assert(applied_put(&applied, "alice", 5, false) == 0);
	cr_assert(applied_put(&applied, "bob jones", 9, true) == 0);
	cr_assert(applied_format(&applied, &text, &len) == 0);
	cr_assert(applied_parse(text, len, &again) == 0);
	cr_assert(again.serial == UINT64_MAX && again.checksum == 5 && again.n == 2);
	cr_assert(again.n_owners == 1 && again.n_gone == 1);
	cr_assert(!again.owners[0].gone && again.owners[0].len == 5);
	cr_assert(again.owners[1].gone && again.owners[1].len == 9);
	applied_cleanup(&again);
	for (size_t cut = 0; cut < len; cut++)
		cr_assert(applied_parse(text, cut, &again) == APPLIED_MALFORMED,
			  "cut at %zu", cut);
	applied_cleanup(&applied);
	free(text);
}

Test(applied, malformed)
{
	static const char *const texts[] = {
		"",
		"\n",
		"subid-applied 2 7 00000000 0 0\n",
		"subid-applied 1 07 00000000 0 0\n",
		"subid-applied 1 7 0000000 0 0\n",
		"subid-applied 1 7 00000000 0\n",
		"subid-applied 1 7 00000000 0 0 0\n",
		"subid-applied 1 7 00000000 1 0\n",
		"subid-applied 1 7 00000000 1 0\ngone a\n",
		"subid-applied 1 7 00000000 1 0\nalice\n",
	};
	struct applied applied;

	for (size_t i = 0; i < COUNT_OF(texts); i++)
		cr_assert(applied_parse(texts[i], strlen(texts[i]), &applied) ==
				  APPLIED_MALFORMED,
			  "row %zu", i);
}
