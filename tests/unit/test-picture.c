// SPDX-License-Identifier: BSD-3-Clause
/*
 * The picture of `subid list --map`: on any screen each id is in one row, each cell has
 * the right marks, and no line is too long.
 */
#include <inttypes.h>
#include <locale.h>

#include "command/text-width.h"
#include "libsubid/core/limits.h"
#include "subid/picture/picture.h"
#include "tests/unit/rng.h"
#include "tests/unit/unit.h"

#define ITEMS  1200
#define OWNERS 1200
#define UTF8   "C.UTF-8"
#define THIRTY_ONE 31

static char names[OWNERS][24];
static const char *pointers[OWNERS];

static struct picture_question question_of(struct picture_item *items, size_t n)
{
	for (size_t i = 0; i < OWNERS; i++) {
		snprintf(names[i], sizeof(names[i]), "user%04zu", i);
		pointers[i] = names[i];
	}
	return (struct picture_question){
		.span = { 0, ID_NONE },
		.kinds = 3,
		.items = items,
		.n = n,
		.names = pointers,
		.reserved = true,
		.width = 80,
		.height = 24,
		.charset = PRINTABLE_UTF8,
	};
}

/* @n users with 65536 ids each, one after the other. */
static void fill(struct picture_item *items, size_t n)
{
	for (size_t i = 0; i < n; i++)
		items[i] = (struct picture_item){
			.first = (uint32_t)(100000 + 65536 * i),
			.last = (uint32_t)(165535 + 65536 * i),
			.owner = (uint32_t)i,
			.kinds = 3,
		};
}

/* What picture_put() prints; the caller frees it. */
static char *printed(const struct picture *picture)
{
	char path[] = "/tmp/picture-XXXXXX";
	int fd = mkstemp(path), out = dup(STDOUT_FILENO);
	char *text = calloc(1, 1 << 16);

	cr_assert(fd >= 0 && out >= 0 && text);
	unlink(path);
	fflush(stdout);
	dup2(fd, STDOUT_FILENO);
	picture_put(picture, false);
	fflush(stdout);
	dup2(out, STDOUT_FILENO);
	cr_assert(pread(fd, text, (1 << 16) - 1, 0) > 0);
	close(fd);
	close(out);
	return text;
}

/* Rows and cells cover the span, each id once; the picture fits the screen. */
static void assert_fits(const struct picture *picture)
{
	const struct picture_question *question = picture->question;
	CLEANUP(cleanup_free) char *text = printed(picture);
	uint64_t at = question->span.start;
	size_t items = 0, lines = 0;

	for (size_t i = 0; i < picture->n; i++) {
		const struct picture_row *row = &picture->rows[i];

		cr_assert(row->ids.start == at && row->ids.end > at);
		cr_assert(!row->ranges || row->item == items);
		items += row->n;
		cr_assert(row->n_cells > 0 && row->n_cells <= picture->bar_cells);
		for (size_t j = 0; j < row->n_cells; j++) {
			cr_assert(row->cells[j].ids.start == at &&
				  row->cells[j].ids.end > at);
			at = row->cells[j].ids.end;
		}
		cr_assert(at == row->ids.end);
	}
	cr_assert(at == question->span.end && items == question->n);
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"), lines++)
		cr_assert(text_width(line) <= question->width, "%zu cells: '%s'",
			  text_width(line), line);
	cr_assert(lines < question->height, "%zu lines", lines);
}

/* Thirty users and the line of podman's manual: each user is named on 80 x 24. */
Test(picture, thirty)
{
	struct picture_item items[THIRTY_ONE];
	struct picture picture = PICTURE_NONE;
	struct picture_question question = question_of(items, THIRTY_ONE);
	CLEANUP(cleanup_free) char *text = NULL;

	setlocale(LC_CTYPE, UTF8);
	fill(items, THIRTY_ONE - 1);
	items[THIRTY_ONE - 1] = (struct picture_item){ 2147483647, 4294967294, 30, 3, false };
	pointers[30] = "containers";
	cr_assert(picture_draw(&question, &picture) == 0);
	assert_fits(&picture);
	text = printed(&picture);
	for (size_t i = 0; i < THIRTY_ONE; i++)
		cr_assert(strstr(text, pointers[i]), "%s", pointers[i]);
	cr_assert(strstr(text, "2147483647-4294967294 ") && strstr(text, "reserved") &&
		  strstr(text, "free"));
	picture_cleanup(&picture);
}

/* The state of a cell, counted id by id. */
static void assert_cells(const struct picture *picture)
{
	const struct picture_question *question = picture->question;

	for (size_t i = 0; i < picture->n; i++)
		for (size_t j = 0; j < picture->rows[i].n_cells; j++) {
			const struct picture_cell *cell = &picture->rows[i].cells[j];
			uint64_t covered[2] = { 0 };
			bool shared = false;

			for (uint64_t id = cell->ids.start; id < cell->ids.end; id++)
				for (unsigned int kind = 0; kind < 2; kind++) {
					uint32_t owner = UINT32_MAX;

					for (size_t k = 0; k < question->n; k++) {
						const struct picture_item *item =
							&question->items[k];

						if (!(item->kinds & 1U << kind) ||
						    id < item->first || id > item->last)
							continue;
						shared |= owner != UINT32_MAX &&
							  owner != item->owner;
						covered[kind] += owner == UINT32_MAX;
						owner = item->owner;
					}
				}
			cr_assert(cell->covered[0] == covered[0] &&
					  cell->covered[1] == covered[1] &&
					  cell->shared == shared,
				  "row %zu, cell %zu: %" PRIu64 "-%" PRIu64, i, j,
				  cell->ids.start, cell->ids.end);
		}
}

static int by_first(const void *a, const void *b)
{
	const struct picture_item *x = a, *y = b;

	return x->first != y->first ? (x->first > y->first) - (x->first < y->first) :
				      (x->last > y->last) - (x->last < y->last);
}

/* Few ids, random ranges of few owners: each cell is compared with a count of its ids. */
Test(picture, model)
{
	struct rng rng = { 1 };

	setlocale(LC_CTYPE, UTF8);
	for (size_t round = 0; round < 400; round++) {
		struct picture_item items[12];
		size_t n = rng_below(&rng, 13);
		struct picture picture = PICTURE_NONE;
		struct picture_question question = question_of(items, n);

		for (size_t i = 0; i < n; i++) {
			items[i] = (struct picture_item){
				.first = (uint32_t)rng_below(&rng, 300),
				.owner = (uint32_t)rng_below(&rng, 4),
				.kinds = (uint8_t)(1 + rng_below(&rng, 3)),
			};
			items[i].last = items[i].first + (uint32_t)rng_below(&rng, 60);
		}
		qsort(items, n, sizeof(*items), by_first);
		question.span = (struct range){ 0, 400 };
		question.width = 40 + rng_below(&rng, 100);
		question.height = 12 + rng_below(&rng, 30);
		cr_assert(picture_draw(&question, &picture) == 0);
		assert_fits(&picture);
		assert_cells(&picture);
		picture_cleanup(&picture);
	}
}

/* Many users, with gaps and overlaps of any size: whatever the screen, it fits. */
Test(picture, screens)
{
	static const size_t sizes[][2] = { { 40, 12 },  { 40, 24 },  { 80, 24 },
					   { 80, 13 }, { 200, 24 }, { 200, 60 } };
	static struct picture_item items[ITEMS];
	static const uint32_t users[] = { 0, 1, 2, 1000, 65534, 300000 };
	struct rng rng = { 7 };

	setlocale(LC_CTYPE, UTF8);
	for (size_t round = 0; round < 60; round++) {
		size_t n = round % 3 == 0 ? rng_below(&rng, 40) : rng_below(&rng, ITEMS);
		uint64_t at = rng_below(&rng, 3) * 100000;
		struct picture picture = PICTURE_NONE;
		struct picture_question question = question_of(items, n);

		for (size_t i = 0; i < n; i++) {
			uint64_t count = 1 + rng_below(&rng, round % 2 ? 65536 : 2000000);

			items[i] = (struct picture_item){
				.first = (uint32_t)at,
				.last = (uint32_t)(at + count - 1),
				.owner = (uint32_t)i,
				.kinds = (uint8_t)(rng_below(&rng, 9) ? 3 : 1 + i % 2),
			};
			at += rng_below(&rng, 3) ? count : rng_below(&rng, 2 * count);
		}
		question.accounts[0] = users;
		question.n_accounts[0] = COUNT_OF(users);
		question.charset = round % 2 ? PRINTABLE_UTF8 : PRINTABLE_ASCII;
		for (size_t i = 0; i < COUNT_OF(sizes); i++) {
			question.width = sizes[i][0];
			question.height = sizes[i][1];
			cr_assert(picture_draw(&question, &picture) == 0);
			assert_fits(&picture);
			picture_cleanup(&picture);
		}
	}
}
