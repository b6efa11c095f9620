// SPDX-License-Identifier: BSD-3-Clause
/*
 * Edits of a whole database: the requested change is made, and no other byte changes.
 */
#include "libsubid/core/limits.h"
#include "libsubid/core/table.h"
#include "tests/unit/rng.h"
#include "tests/unit/unit.h"

static bool is_owner(const struct entry *entry, void *owner)
{
	return entry->owner_len == strlen(owner) &&
	       memcmp(entry->owner, owner, entry->owner_len) == 0;
}

static bool is_anybody(const struct entry *entry, void *context)
{
	(void)entry;
	(void)context;
	return true;
}

static bool is_nobody(const struct entry *entry, void *context)
{
	(void)entry;
	(void)context;
	return false;
}

static bool begins_with(const char *line, size_t len, const void *context)
{
	const char *want = context;

	return len >= strlen(want) && memcmp(line, want, strlen(want)) == 0;
}

static void load(struct table *table, const char *text, size_t len)
{
	cr_assert(table_load(exact_copy(text, len), len, table) == 0);
	cr_assert(table->len == len && !table->changed);
	cr_assert(len == 0 || memcmp(table->text, text, len) == 0);
}

static void holds(const struct table *table, const char *text, size_t len)
{
	cr_assert(table->len == len && (len == 0 || memcmp(table->text, text, len) == 0),
		  "%zu bytes for %zu:\n%.*s---\n%.*s---", table->len, len,
		  (int)table->len, table->text, (int)len, text);
	cr_assert(table->allocated >= table->len);
}

/* Each line once, with its number, its bytes and its meaning. */
Test(table, lines)
{
	static const struct {
		const char *text;
		size_t len;
		int fault;
	} rows[] = {
		{ BYTES("elsa:3000000:1000000"), 0 },
		{ BYTES(""), ENTRY_BLANK },
		{ BYTES("# anna:1:2"), ENTRY_COMMENT },
		{ BYTES("anna:1:2\r"), ENTRY_COUNT_CR },
		{ BYTES("anna:1\0:2"), ENTRY_NUL },
		{ BYTES(" \t"), ENTRY_BLANK },
		{ BYTES("x"), ENTRY_FIELDS },
		{ BYTES("1000:5:6"), 0 },
	};

	for (int final = 0; final < 2; final++) {
		CLEANUP(table_cleanup) struct table table = { 0 };
		struct table_cursor cursor = { 0 };
		struct table_line line;
		char text[256];
		size_t len = 0;

		for (size_t i = 0; i < COUNT_OF(rows); i++) {
			memcpy(text + len, rows[i].text, rows[i].len);
			len += rows[i].len;
			text[len++] = '\n';
		}
		load(&table, text, len - (final ? 0 : 1));
		for (size_t i = 0; i < COUNT_OF(rows); i++) {
			cr_assert(table_next(&table, &cursor, &line), "line %zu", i + 1);
			cr_assert(line.number == i + 1 && line.len == rows[i].len &&
					  memcmp(line.text, rows[i].text, line.len) == 0,
				  "line %zu: '%.*s'", i + 1, (int)line.len, line.text);
			cr_assert(line.fault == rows[i].fault, "line %zu: %d", i + 1,
				  line.fault);
			if (!line.fault)
				cr_assert(line.entry.owner == line.text);
		}
		memset(&line, 0x5e, sizeof(line));
		cr_assert_not(table_next(&table, &cursor, &line));
		cr_assert_not(table_next(&table, &cursor, &line));
		cr_assert(cursor.number == COUNT_OF(rows) &&
			  line.number == 0x5e5e5e5e5e5e5e5e);
	}
}

/* Files without lines, with only newlines, and a line longer than the limit. */
Test(table, odd_files)
{
	CLEANUP(table_cleanup) struct table table = { 0 };
	struct table_cursor cursor = { 0 };
	struct table_line line;
	CLEANUP(cleanup_free) char *text = malloc(100001);

	load(&table, "", 0);
	cr_assert(!table_next(&table, &cursor, &line) && cursor.number == 0);
	table_clear(&table);

	load(&table, "\n\n", 2);
	cr_assert(table_next(&table, &cursor, &line) && line.len == 0 &&
		  line.number == 1);
	cr_assert(table_next(&table, &cursor, &line) && line.len == 0 &&
		  line.number == 2);
	cr_assert_not(table_next(&table, &cursor, &line));
	table_clear(&table);

	cr_assert(text);
	memset(text, '1', 100001);
	text[100000] = '\n';
	load(&table, text, 100001);
	cursor = (struct table_cursor){ 0 };
	cr_assert(table_next(&table, &cursor, &line) && line.len == 100000);
	cr_assert(line.fault == ENTRY_TOO_LONG);
	cr_assert_not(table_next(&table, &cursor, &line));

	cr_assert_null(table_clear(&table));
	cr_assert(!table.text && table.len == 0 && table.allocated == 0);
	cr_assert_null(table_clear(&table));
	cr_assert_null(table_clear(NULL));
}

/* A new line is added at the end, after a newline if the file lacks one. */
Test(table, append)
{
	static const struct {
		const char *before;
		size_t before_len;
		const char *after;
		size_t after_len;
	} rows[] = {
		{ BYTES(""), BYTES("elsa:5:6\n") },
		{ BYTES("\n"), BYTES("\nelsa:5:6\n") },
		{ BYTES("x"), BYTES("x\nelsa:5:6\n") },
		{ BYTES("anna:1:2"), BYTES("anna:1:2\nelsa:5:6\n") },
		{ BYTES("anna:1:2\n"), BYTES("anna:1:2\nelsa:5:6\n") },
		{ BYTES("anna:1:2\r\n"), BYTES("anna:1:2\r\nelsa:5:6\n") },
		{ BYTES("# comment\n\n \n"), BYTES("# comment\n\n \nelsa:5:6\n") },
		{ BYTES("a\0\n\0"), BYTES("a\0\n\0\n\nelsa:5:6\n") },
		/* Shadow reads the next line as the rest of a line with a NUL. */
		{ BYTES("a\0b\n"), BYTES("a\0b\n\nelsa:5:6\n") },
		{ BYTES("\0"), BYTES("\0\n\nelsa:5:6\n") },
		{ BYTES("a\0\n\n"), BYTES("a\0\n\nelsa:5:6\n") },
		{ BYTES("a\0\nb\n"), BYTES("a\0\nb\nelsa:5:6\n") },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		CLEANUP(table_cleanup) struct table table = { 0 };

		load(&table, rows[i].before, rows[i].before_len);
		cr_assert(table_append(&table, "elsa", 4, (struct range){ 5, 11 }) == 0);
		cr_assert(table.changed);
		holds(&table, rows[i].after, rows[i].after_len);
		cr_assert(table_append(&table, "0", 1, (struct range){ 0, ID_END }) == 0);
		cr_assert(table.len == rows[i].after_len + 15);
		cr_assert(memcmp(table.text + rows[i].after_len, "0:0:4294967296\n",
				 15) == 0);
	}
}

/* An owner that would inject a line, or that cannot be one, changes nothing. */
Test(table, append_refuses)
{
	static const struct {
		const char *owner;
		size_t len;
	} rows[] = {
		{ BYTES("x:1:1\nroot") }, { BYTES("x\nroot") }, { BYTES("") },
		{ BYTES("#x") },	  { BYTES("x\0") },	{ BYTES("01") },
		{ BYTES("-x") },	  { BYTES(" x") },	{ BYTES("x:") },
	};
	CLEANUP(table_cleanup) struct table table = { 0 };

	load(&table, BYTES("anna:1:2"));
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		cr_assert(table_append(&table, rows[i].owner, rows[i].len,
				       (struct range){ 5, 11 }) == -EINVAL);
		cr_assert_not(table.changed);
		holds(&table, BYTES("anna:1:2"));
	}
}

/* Removing from one entry: nothing, all, either end, the middle, at every position. */
Test(table, subtract)
{
	static const struct {
		uint64_t start, end;
		const char *rest;   /* of elsa:100:100, NULL: unchanged */
		const char *behind; /* of a line that is split, at the end of the file */
	} rows[] = {
		{ 0, 100, NULL, NULL },
		{ 200, 300, NULL, NULL },
		{ 0, 1, NULL, NULL },
		{ 4294967295, 4294967296, NULL, NULL },
		{ 100, 200, "", NULL },
		{ 0, 4294967296, "", NULL },
		{ 99, 201, "", NULL },
		{ 0, 101, "elsa:101:99\n", NULL },
		{ 100, 101, "elsa:101:99\n", NULL },
		{ 100, 199, "elsa:199:1\n", NULL },
		{ 50, 150, "elsa:150:50\n", NULL },
		{ 199, 200, "elsa:100:99\n", NULL },
		{ 199, 300, "elsa:100:99\n", NULL },
		{ 101, 200, "elsa:100:1\n", NULL },
		{ 150, 250, "elsa:100:50\n", NULL },
		{ 101, 199, "elsa:100:1\n", "elsa:199:1\n" },
		{ 150, 151, "elsa:100:50\n", "elsa:151:49\n" },
	};
	static const struct {
		const char *before;
		const char *newline;
		const char *after;
	} places[] = {
		{ "", "\n", "" },
		{ "", "", "" },
		{ "anna:100:100\n", "\n", "" },
		{ "anna:100:100\n", "", "" },
		{ "", "\n", "anna:100:100\n" },
		{ "# elsa:100:100\n\nelsa:100:100 \n", "\n", "elsa:100:100\r\n\n\nx" },
		{ "elsa:1:2x:3\n", "\n", "\n" },
	};

	char elsa[] = "elsa";

	for (size_t p = 0; p < COUNT_OF(places); p++) {
		for (size_t i = 0; i < COUNT_OF(rows); i++) {
			CLEANUP(table_cleanup) struct table table = { 0 };
			char before[256], after[256];
			bool changes = rows[i].rest;
			size_t len;

			snprintf(before, sizeof(before), "%selsa:100:100%s%s",
				 places[p].before, places[p].newline, places[p].after);
			snprintf(after, sizeof(after), "%s%s%s", places[p].before,
				 changes ? rows[i].rest : "", places[p].after);
			len = strlen(after);
			/* The first change adds a missing last newline. */
			if (len > 0 && after[len - 1] != '\n')
				memcpy(after + len, "\n", 2);
			if (rows[i].behind)
				strcat(after, rows[i].behind);

			load(&table, before, strlen(before));
			cr_assert(table_subtract(&table, is_owner, elsa,
						 (struct range){ rows[i].start,
								 rows[i].end }) == 0);
			cr_assert(table.changed == changes, "row %zu, place %zu", i, p);
			if (changes)
				holds(&table, after, strlen(after));
			else
				holds(&table, before, strlen(before));
		}
	}
}

/* All matching entries, and no others. */
Test(table, subtract_match)
{
	CLEANUP(table_cleanup) struct table table = { 0 };
	static const char text[] = "elsa:100:10\nanna:100:10\nx\n1000:105:10\nelsa:95:8";
	char elsa[] = "elsa";

	load(&table, BYTES(text));
	cr_assert(table_subtract(&table, is_nobody, NULL, (struct range){ 0, ID_END }) ==
		  0);
	cr_assert_not(table.changed);
	holds(&table, BYTES(text));

	cr_assert(table_subtract(&table, is_owner, elsa, (struct range){ 98, 104 }) == 0);
	cr_assert(table.changed);
	holds(&table, BYTES("elsa:104:6\nanna:100:10\nx\n1000:105:10\nelsa:95:3\n"));

	cr_assert(table_subtract(&table, is_anybody, NULL, (struct range){ 106, 107 }) ==
		  0);
	holds(&table, BYTES("elsa:104:2\nanna:100:6\nx\n1000:105:1\nelsa:95:3\n"
			    "elsa:107:3\nanna:107:3\n1000:107:8\n"));

	cr_assert(table_subtract(&table, is_anybody, NULL, (struct range){ 0, ID_END }) ==
		  0);
	holds(&table, BYTES("x\n"));
	cr_assert(table_subtract(&table, is_anybody, NULL, (struct range){ 0, ID_END }) ==
		  0);
	holds(&table, BYTES("x\n"));
}

/*
 * A malformed line is removed if shadow's map writers would grant a removed id by it: the
 * whole line, since no rest of it may grant ids. A line that they do not read is kept.
 */
Test(table, subtract_malformed)
{
	static const struct {
		const char *text;
		size_t len;
		struct range range;
		bool gone;
	} rows[] = {
		{ BYTES("elsa:+100:10"), { 100, 110 }, true },
		{ BYTES("elsa:+100:10"), { 109, 200 }, true },
		{ BYTES("elsa:+100:10"), { 110, 200 }, false },
		{ BYTES("elsa:0x64:10:"), { 100, 101 }, true },
		/* lines that only other programs read, here as 100 to 109 */
		{ BYTES("elsa:0100:10"), { 64, 65 }, true },
		{ BYTES("elsa:0100:10"), { 100, 110 }, false },
		{ BYTES("elsa:100:10\r"), { 100, 110 }, false },
		{ BYTES(" elsa:100:10"), { 100, 110 }, false },
		/* all ids for old versions */
		{ BYTES("elsa:0:0"), { 4000000000, 4000000001 }, true },
		{ BYTES("elsa:1:0"), { 0, ID_END }, false },
		{ BYTES("anna:+100:10"), { 0, ID_END }, false },
		{ BYTES("#elsa:100:10"), { 0, ID_END }, false },
		{ BYTES("elsa:100:10:\0\nx:y"), { 100, 101 }, true },
		{ BYTES("el\0\nsa:100:10"), { 100, 101 }, true },
	};
	char elsa[] = "elsa";

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		CLEANUP(table_cleanup) struct table table = { 0 };
		const char *newline = memchr(rows[i].text, '\n', rows[i].len);
		size_t first =
			newline ? (size_t)(newline - rows[i].text) + 1 : rows[i].len;
		char before[64], after[64];
		size_t len = 0;

		memcpy(before, "anna:1:1\n", 9);
		memcpy(before + 9, rows[i].text, rows[i].len);
		memcpy(after, before, 9);
		memcpy(after + 9, rows[i].text + first, rows[i].len - first);
		len = 9 + rows[i].len - first;
		if (newline)
			after[len++] = '\n';
		load(&table, before, 9 + rows[i].len);
		cr_assert(table_subtract(&table, is_owner, elsa, rows[i].range) == 0);
		cr_assert_eq(table.changed, rows[i].gone, "row %zu", i);
		if (rows[i].gone)
			holds(&table, after, len);
		else
			holds(&table, before, 9 + rows[i].len);
	}
}

/* Removing the last entry leaves an empty file, without a newline. */
Test(table, subtract_all)
{
	CLEANUP(table_cleanup) struct table table = { 0 };

	load(&table, BYTES("elsa:100:10\nelsa:100:10"));
	cr_assert(table_subtract(&table, is_anybody, NULL, (struct range){ 0, ID_END }) ==
		  0);
	cr_assert(table.changed && table.len == 0);
	cr_assert(table_append(&table, "anna", 4, (struct range){ 1, 2 }) == 0);
	holds(&table, BYTES("anna:1:1\n"));
}

/* A file of LIMIT_FILE_BYTES is read and written, a larger one is not. */
Test(table, limit)
{
	CLEANUP(table_cleanup) struct table table = { 0 };
	const size_t limit = LIMIT_FILE_BYTES, n = strlen("elsa:5:1\n");
	char *text = mmap(NULL, limit, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	struct table huge = { .text = text, .allocated = limit };

	cr_assert(text != MAP_FAILED);
	cr_assert(table_load(text, limit + 1, &table) == -EFBIG);
	cr_assert(!table.text && table.len == 0);

	huge.len = limit - n + 1;
	text[huge.len - 1] = '\n';
	cr_assert(table_append(&huge, "elsa", 4, (struct range){ 5, 6 }) == -EFBIG);
	huge.len = limit - n;
	text[huge.len - 1] = 'x';
	cr_assert(table_append(&huge, "elsa", 4, (struct range){ 5, 6 }) == -EFBIG);
	cr_assert(huge.text == text && huge.len == limit - n && !huge.changed);
	/* An empty line after a NUL does not fit either. */
	text[huge.len - 1] = '\n';
	cr_assert(table_append(&huge, "elsa", 4, (struct range){ 5, 6 }) == -EFBIG);
	text[huge.len - 2] = '\n';
	cr_assert(table_append(&huge, "elsa", 4, (struct range){ 5, 6 }) == 0);
	cr_assert(huge.text == text && huge.len == limit && huge.changed);
	cr_assert(memcmp(text + limit - n, "elsa:5:1\n", n) == 0);
	munmap(text, limit);
}

/* Lines near a range as programs read them, or entries that a filter passes, with their
 * line numbers. */
Test(table, next_of_some)
{
	static const char some[] =
		"elsa:100:10\n# elsa:100:10\nanna:105:1\nelsa:0151:10\n"
		"elsa:110:10\nelsa:109:1\nelsa:90:10\nelsa:0100:8\nelsa:+108:8:\nelsa:1:0";
	static const struct {
		uint64_t number, start;
		bool by_shadow;
	} wanted[] = {
		{ 1, 100, true }, { 3, 105, true },  { 4, 105, true },
		{ 6, 109, true }, { 8, 100, false }, { 9, 108, true },
	};
	const struct range range = { 100, 110 };
	CLEANUP(table_cleanup) struct table table = { 0 };
	struct table_cursor cursor = { 0 };
	struct table_near near = { .next = 0 }, force = { .next = 0 };
	struct table_line line;

	load(&table, BYTES(some));
	for (size_t i = 0; i < COUNT_OF(wanted); i++) {
		cr_assert(table_next_near(&table, range, &near));
		cr_assert(near.line.number == wanted[i].number &&
			  near.reading->entry.range.start == wanted[i].start &&
			  near.reading->by_shadow == wanted[i].by_shadow);
		if (!wanted[i].by_shadow)
			continue;
		cr_assert(table_next_in_force(&table, range, &force));
		cr_assert_eq(force.line.number, wanted[i].number);
	}
	cr_assert_not(table_next_near(&table, range, &near));
	cr_assert_not(table_next_in_force(&table, range, &force));

	cr_assert(table_next_entry(&table, &cursor, begins_with, "anna", &line));
	cr_assert(line.number == 3 && line.entry.range.start == 105);
	cr_assert_not(table_next_entry(&table, &cursor, begins_with, "anna", &line));
	/* A line that the filter passes must still be an entry. */
	cursor = (struct table_cursor){ 0 };
	cr_assert_not(table_next_entry(&table, &cursor, begins_with, "#", &line));
}

/*
 * A model of a file: its lines with their meaning, so that nothing has to be parsed.
 */
#define LINES	  64
#define LINE_ROOM 40

struct model_line {
	char text[LINE_ROOM];
	size_t len;
	const char *owner;     /* NULL: no entry, */
	const char *by_shadow; /* but shadow reads one, of this owner; or NULL */
	uint64_t start, end;
};

struct model {
	struct model_line lines[LINES];
	size_t n;
	bool unterminated;
};

static const char *const owners[] = { "elsa", "anna", "1000" };

static struct model_line model_entry(const char *owner, uint64_t start, uint64_t end)
{
	struct model_line line = { .owner = owner, .start = start, .end = end };

	line.len = (size_t)snprintf(line.text, sizeof(line.text),
				    "%s:%" PRIu64 ":%" PRIu64, owner, start, end - start);
	return line;
}

static struct range some_range(struct rng *rng)
{
	uint64_t base = rng_once_in(rng, 2) ? 0 : ID_END - 100;
	uint64_t start = base + rng_below(rng, 100);

	return (struct range){ start, start + 1 + rng_below(rng, base + 100 - start) };
}

static struct model_line some_line(struct rng *rng)
{
	static const struct {
		const char *text;
		size_t len;
		const char *by_shadow;
		uint64_t start, end;
	} others[] = {
		{ BYTES(""), NULL, 0, 0 },
		{ BYTES(" "), NULL, 0, 0 },
		{ BYTES("# elsa:1:50"), NULL, 0, 0 },
		{ BYTES("elsa:1:50 "), NULL, 0, 0 },
		{ BYTES("elsa:1:50\r"), NULL, 0, 0 },
		{ BYTES("elsa:01:50"), "elsa", 1, 51 },
		{ BYTES("elsa:1:50:"), "elsa", 1, 51 },
		{ BYTES("elsa:1:0"), NULL, 0, 0 },
		{ BYTES("elsa::1\0:50"), NULL, 0, 0 },
		{ BYTES("elsa::\0\0"), NULL, 0, 0 },
		{ BYTES("\xff\xfe"), NULL, 0, 0 },
		{ BYTES("elsa:4294967290:7"), "elsa", 4294967290, ID_END },
		{ BYTES("+elsa:1:50"), "+elsa", 1, 51 },
		{ BYTES(":1:50"), NULL, 0, 0 },
	};
	struct model_line line = { 0 };
	struct range range;

	if (rng_once_in(rng, 2)) {
		range = some_range(rng);
		return model_entry(owners[rng_below(rng, COUNT_OF(owners))], range.start,
				   range.end);
	}
	size_t i = rng_below(rng, COUNT_OF(others));

	memcpy(line.text, others[i].text, others[i].len);
	line.len = others[i].len;
	line.by_shadow = others[i].by_shadow;
	line.start = others[i].start;
	line.end = others[i].end;
	return line;
}

static size_t model_write(const struct model *model, char *text)
{
	size_t len = 0;

	for (size_t i = 0; i < model->n; i++) {
		memcpy(text + len, model->lines[i].text, model->lines[i].len);
		len += model->lines[i].len;
		if (i + 1 < model->n || !model->unterminated)
			text[len++] = '\n';
	}
	return len;
}

/* An empty line separates a line with a NUL from the next one. */
static void model_part(struct model *model)
{
	const struct model_line *last = &model->lines[model->n ? model->n - 1 : 0];

	if (model->n > 0 && memchr(last->text, '\0', last->len))
		model->lines[model->n++] = (struct model_line){ 0 };
}

static bool model_subtract(struct model *model, const char *owner, struct range range)
{
	struct model next = { 0 }, behind = { 0 };
	bool changed = false;

	for (size_t i = 0; i < model->n; i++) {
		const struct model_line *line = &model->lines[i];
		const char *whose = line->owner ? line->owner : line->by_shadow;
		bool meant = whose && (!owner || strcmp(owner, whose) == 0);
		bool kept = true;

		/* Id by id: a line is removed if one of its ids is in the range. */
		for (uint64_t id = line->start; meant && id < line->end; id++)
			if (id >= range.start && id < range.end)
				kept = false;
		if (kept) {
			next.lines[next.n++] = *line;
			continue;
		}
		changed = true;
		model_part(&next);
		/* A line that only shadow reads is removed as a whole. */
		if (!line->owner)
			continue;
		if (line->start < range.start)
			next.lines[next.n++] =
				model_entry(line->owner, line->start, range.start);
		if (line->end <= range.end)
			continue;
		/* The upper half of a line that is split is a new line. */
		struct model *to = line->start < range.start ? &behind : &next;

		to->lines[to->n++] = model_entry(line->owner, range.end, line->end);
	}
	if (behind.n > 0)
		model_part(&next);
	for (size_t i = 0; i < behind.n; i++)
		next.lines[next.n++] = behind.lines[i];
	if (changed)
		*model = next;
	return changed;
}

/* Random files and several edits of each, one after another, against the model. */
Test(table, model)
{
	struct rng rng = { rng_seed() };
	size_t splits = 0;

	for (int round = 0; round < 20000; round++) {
		CLEANUP(table_cleanup) struct table table = { 0 };
		static char text[LINES * LINE_ROOM];
		struct model model = { 0 };
		bool changed = false;
		size_t len;

		for (size_t n = rng_below(&rng, 10); model.n < n;)
			model.lines[model.n++] = some_line(&rng);
		/* Without a newline an empty last line is none. */
		model.unterminated = model.n > 0 && model.lines[model.n - 1].len > 0 &&
				     rng_once_in(&rng, 2);
		len = model_write(&model, text);
		load(&table, text, len);

		for (size_t step = 0; step < 5; step++) {
			struct range range = some_range(&rng);
			const char *owner = owners[rng_below(&rng, COUNT_OF(owners))];
			size_t before = model.n;
			char name[8];

			snprintf(name, sizeof(name), "%s", owner);
			if (rng_once_in(&rng, 3)) {
				cr_assert(table_append(&table, name, strlen(name),
						       range) == 0);
				model_part(&model);
				model.lines[model.n++] =
					model_entry(owner, range.start, range.end);
				model.unterminated = false;
				changed = true;
			} else if (rng_once_in(&rng, 4)) {
				cr_assert(table_subtract(&table, is_anybody, NULL,
							 range) == 0);
				changed |= model_subtract(&model, NULL, range);
			} else {
				cr_assert(table_subtract(&table, is_owner, name, range) ==
					  0);
				changed |= model_subtract(&model, owner, range);
			}
			splits += model.n > before;
			len = model_write(&model, text);
			cr_assert(
				table.changed == changed && table.len == len &&
					(len == 0 || memcmp(table.text, text, len) == 0),
				"seed %" PRIu64 ", round %d, step %zu:\n%.*s---\n%.*s---",
				rng_seed(), round, step, (int)table.len, table.text,
				(int)len, text);
		}
	}
	cr_assert(splits > 1000, "%zu lines were split", splits);
}

/* Many appends need memory for the new text and little more. */
Test(table, many_appends)
{
	CLEANUP(table_cleanup) struct table table = { 0 };
	struct table_cursor cursor = { 0 };
	struct table_line line;
	uint64_t n = 0;

	load(&table, BYTES("# head"));
	for (uint64_t i = 0; i < 20000; i++)
		cr_assert(table_append(&table, "elsa", 4, (struct range){ i, i + 1 }) ==
			  0);
	cr_assert(table.allocated < table.len + table.len / 8 + 1024);
	cr_assert(table_next(&table, &cursor, &line) && line.fault == ENTRY_COMMENT);
	for (; table_next(&table, &cursor, &line); n++)
		cr_assert(!line.fault && line.entry.range.start == n &&
			  line.number == n + 2);
	cr_assert(n == 20000);
}

/* Entries of exactly this owner get the new name; all other bytes are unchanged. */
Test(table, rename)
{
	static const char before[] = "# old:1:1\nold:1:2\nolder:3:4\nold:bad\n\nold:5:6";
	static const char after[] =
		"# old:1:1\nemma:1:2\nolder:3:4\nold:bad\n\nemma:5:6\n";
	struct table table;

	load(&table, BYTES(before));
	cr_assert(table_rename(&table, "nobody", 6, "emma", 4) == 0);
	cr_assert(!table.changed);
	cr_assert(table_rename(&table, "old", 3, "x:1:1\nroot", 10) == -EINVAL);
	cr_assert(!table.changed && table.len == sizeof(before) - 1);
	cr_assert(table_rename(&table, "old", 3, "emma", 4) == 0);
	cr_assert(table.changed && table.len == sizeof(after) - 1);
	cr_assert(memcmp(table.text, after, table.len) == 0);
	table_clear(&table);
}

/* The new name of one-letter owners is @context; that of `x` cannot be in a line. */
static const char *new_owner(const struct entry *entry, void *context)
{
	if (entry->owner_len > 1)
		return NULL;
	return entry->owner[0] == 'x' ? "x:1" : context;
}

/* Each entry gets its new name; if one name cannot be in a line, none changes. */
Test(table, rename_all)
{
	static const char before[] = "a:1:2\nab:3:4\n# c\nb:bad\nc:5:6";
	static const char after[] = "emma:1:2\nab:3:4\n# c\nb:bad\nemma:5:6\n";
	char emma[] = "emma";
	struct table table;

	load(&table, BYTES("ab:1:2"));
	cr_assert(table_rename_all(&table, new_owner, emma) == 0 && !table.changed);
	table_clear(&table);
	load(&table, BYTES("a:1:2\nx:3:4\n"));
	cr_assert(table_rename_all(&table, new_owner, emma) == -EINVAL && !table.changed);
	table_clear(&table);
	load(&table, BYTES(before));
	cr_assert(table_rename_all(&table, new_owner, emma) == 0);
	cr_assert(table.changed && table.len == sizeof(after) - 1);
	cr_assert(memcmp(table.text, after, table.len) == 0);
	table_clear(&table);
}

/* Applies @change to a table whose first line has a NUL. */
static void check_joint(int (*change)(struct table *table), const char *line,
			const char *after)
{
	CLEANUP(table_cleanup) struct table table = { 0 };
	char text[128], want[128];
	int n = snprintf(text, sizeof(text), "a%c\n%s\nanna:1:1\n", '\0', line);
	int len = snprintf(want, sizeof(want), "a%c\n%s", '\0', after);

	load(&table, text, (size_t)n);
	cr_assert(change(&table) == 0 && table.changed);
	holds(&table, want, (size_t)len);
}

static char name_of_elsa[] = "elsa";

static int take_all(struct table *table)
{
	return table_subtract(table, is_owner, name_of_elsa, (struct range){ 0, 1000 });
}

static int take_middle(struct table *table)
{
	return table_subtract(table, is_owner, name_of_elsa, (struct range){ 110, 120 });
}

static int rename_elsa(struct table *table)
{
	return table_rename(table, "elsa", 4, "emma", 4);
}

static int drop_second(struct table *table)
{
	return table_replace_lines(table, &(const struct table_change){ .number = 2 }, 1);
}

static int drop_third(struct table *table)
{
	return table_replace_lines(table, &(const struct table_change){ .number = 3 }, 1);
}

/* No change joins a line with a NUL and the line after it. */
Test(table, lines_with_a_nul)
{
	check_joint(take_all, "elsa:100:100", "\nanna:1:1\n");
	check_joint(take_all, "elsa:100:100\nelsa:300:1", "\nanna:1:1\n");
	check_joint(take_middle, "elsa:100:100",
		    "\nelsa:100:10\nanna:1:1\nelsa:120:80\n");
	check_joint(rename_elsa, "elsa:100:100", "\nemma:100:100\nanna:1:1\n");
	check_joint(drop_second, "elsa:100:100", "\nanna:1:1\n");
	check_joint(drop_third, "elsa:100:100", "elsa:100:100\n");
}

/* Lines by number, with any content; the last line gets a newline. */
Test(table, replace_lines)
{
	static const struct {
		const char *before;
		struct table_change changes[3];
		size_t n;
		const char *after; /* NULL: unchanged */
	} rows[] = {
		{ "", { { 0 } }, 0, NULL },
		{ "a\nb\n", { { 0 } }, 0, NULL },
		{ "a\nb", { { 0 } }, 0, "a\nb\n" },
		{ "a\nb\nc", { { 1, "", 0 } }, 1, "b\nc\n" },
		{ "a\nb\nc\n", { { 2, "", 0 } }, 1, "a\nc\n" },
		{ "a\nb\nc", { { 3, NULL, 0 } }, 1, "a\nb\n" },
		{ "a\nb\nc", { { 1, "", 0 }, { 2, "", 0 }, { 3, "", 0 } }, 3, "" },
		{ "a\n\nc\nd\n", { { 2, "", 0 }, { 4, "", 0 } }, 2, "a\nc\n" },
		{ "a\nb\nc", { { 1, "x\ny\n", 4 }, { 3, "z\n", 2 } }, 2, "x\ny\nb\nz\n" },
		{ "a\nb\n", { { 7, "x\n", 2 } }, 1, "a\nb\n" },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		CLEANUP(table_cleanup) struct table table = { 0 };
		const char *after = rows[i].after ? rows[i].after : rows[i].before;

		load(&table, rows[i].before, strlen(rows[i].before));
		cr_assert(table_replace_lines(&table, rows[i].changes, rows[i].n) == 0);
		cr_assert(table.changed == (rows[i].after != NULL), "row %zu", i);
		holds(&table, after, strlen(after));
	}
}
