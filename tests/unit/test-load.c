// SPDX-License-Identifier: BSD-3-Clause
/*
 * A database is read whole or not at all.
 */
#include "libsubid/core/limits.h"
#include "libsubid/sys/dbfile.h"
#include "tests/unit/unit.h"

#define TEXT "elsa:100000:65536\n\0anna:1:1"

/* From any position of the descriptor, and with a NUL in the text. */
Test(load, whole)
{
	CLEANUP(fd_cleanup) int fd = file_of(BYTES(TEXT));
	struct table table;
	char byte;

	cr_assert(read(fd, &byte, 1) == 1);
	cr_assert(load_table(fd, sizeof(TEXT) - 1, &table) == 0);
	cr_assert(table.len == sizeof(TEXT) - 1);
	cr_assert(memcmp(table.text, TEXT, table.len) == 0 && !table.changed);
	table_clear(&table);
}

/* Sizes around those of pages; the buffer has space after the text. */
Test(load, sizes)
{
	static char text[5 * 4096];

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)('a' + i % 23);
	for (size_t len = 1; len < sizeof(text); len += 1 + len % 511) {
		CLEANUP(fd_cleanup) int fd = file_of(text, len);
		CLEANUP(table_cleanup) struct table table = { 0 };

		cr_assert(load_table(fd, (off_t)len, &table) == 0);
		cr_assert(table.len == len && memcmp(table.text, text, len) == 0);
		cr_assert(table.allocated >= len + ENTRY_BYTES);
		cr_assert(table_append(&table, "elsa", 4, (struct range){ 1, 2 }) == 0);
		cr_assert(memcmp(table.text, text, len) == 0);
		cr_assert(memcmp(table.text + len, "\nelsa:1:1\n", 10) == 0);
	}
}

Test(load, empty)
{
	CLEANUP(fd_cleanup) int fd = file_of("", 0);
	struct table table;

	cr_assert(load_table(fd, 0, &table) == 0);
	cr_assert(table.len == 0);
	table_clear(&table);
}

/* It grew or shrank after fstat(2). */
Test(load, changed_meanwhile)
{
	CLEANUP(fd_cleanup) int fd = file_of(BYTES(TEXT));
	struct table table;

	cr_assert(load_table(fd, sizeof(TEXT) - 2, &table) == -ESTALE);
	cr_assert(load_table(fd, sizeof(TEXT), &table) == -ESTALE);
	cr_assert(load_table(fd, 0, &table) == -ESTALE);
}

/* Holes of any size, at the beginning, in the middle and at the end. */
Test(load, hole)
{
	static const struct {
		off_t text, size;
	} rows[] = {
		{ 0, 1 << 20 },
		{ 0, 1LL << 29 },
		{ 1 << 16, 1 << 17 },
		{ 1 << 19, 0 },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		CLEANUP(fd_cleanup) int fd = file_of("", 0);
		struct table table;
		off_t size;

		cr_assert(ftruncate(fd, rows[i].size) == 0);
		cr_assert(pwrite(fd, TEXT, sizeof(TEXT), rows[i].text) == sizeof(TEXT));
		size = lseek(fd, 0, SEEK_END);
		if (lseek(fd, 0, SEEK_HOLE) == size)
			unit_skip("the file system has no holes");
		cr_assert(load_table(fd, size, &table) == -EILSEQ, "row %zu", i);
	}
}

Test(load, not_at_all)
{
	CLEANUP(fd_cleanup) int tmpdir = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct table table;

	cr_assert(load_table(tmpdir, 5, &table) == -EISDIR);
	cr_assert(load_table(tmpdir, (off_t)LIMIT_FILE_BYTES + 1, &table) == -EFBIG);
	cr_assert(load_table(-1, 5, &table) == -EBADF);
}
