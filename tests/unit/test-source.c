// SPDX-License-Identifier: BSD-3-Clause
/*
 * Sources: a word is a plugin if it is installed, and never a path.
 */
#include "libsubid/sys/source.h"
#include "tests/unit/unit.h"

static struct folder folder;

/* Names that no machine has, wherever the loader looks. */
static void set_up(void)
{
	folder_make(&folder);
	folder_put(&folder, "libsubid_unit-test.so", BYTES(""), 0644);
	folder_put(&folder, "libsubid_files.so", BYTES(""), 0644);
	folder_put(&folder, "libsubid_FILES.so", BYTES(""), 0644);
}

static void tear_down(void)
{
	folder_cleanup(&folder);
}

TestSuite(source, .init = set_up, .fini = tear_down);

Test(source, table)
{
	static const struct {
		const char *word;
		bool plugin;
	} rows[] = {
		{ "files", false },	   { "FILES", false },
		{ "Files", false },	   { "unit-test", true },
		{ "unit-absent", false },  { "unit-TEST", false },
		{ "unit-tes", false },	   { "unit-testt", false },
		{ "unit-test.so", false }, { ".", false },
		{ "..", false },	   { "%s", false },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		cr_assert(source_find(rows[i].word, folder.path) ==
				  (rows[i].plugin ? SOURCE_PLUGIN : SOURCE_FILES),
			  "'%s'", rows[i].word);
}

/* Without a folder of plugins there are none. */
Test(source, no_folder)
{
	cr_assert(source_find("unit-test", folder_path(&folder, "missing")) ==
		  SOURCE_FILES);
	cr_assert(
		source_find("unit-test", folder_path(&folder, "libsubid_unit-test.so")) ==
		SOURCE_FILES);
}

/* A word cannot leave the folder. */
Test(source, no_paths)
{
	struct folder other;
	char word[512];

	folder_make(&other);
	cr_assert(mkdirat(folder.fd, "libsubid_x", 0755) == 0);
	folder_put(&other, "evil.so", BYTES(""), 0644);
	snprintf(word, sizeof(word), "x/../../..%s/evil", other.path);
	cr_assert(source_find(word, folder.path) == SOURCE_FILES);
	cr_assert(source_find("x/../libsubid_unit-test", folder.path) == SOURCE_FILES);
	cr_assert(source_find("/unit-test", folder.path) == SOURCE_FILES);
	folder_cleanup(&other);
}

static const char *hidden(void *context)
{
	(void)context;
	if (geteuid() == 0)
		CHILD_ASSERT(setresuid(65534, 65534, 65534) == 0);
	CHILD_ASSERT(source_find("unit-absent", folder.path) == SOURCE_PLUGIN);
	return NULL;
}

/* Where it cannot be told whether a plugin is there, it is not passed over. */
Test(source, in_doubt)
{
	static char word[5000];

	memset(word, 's', sizeof(word) - 1);
	cr_assert(source_find(word, folder.path) == SOURCE_PLUGIN);
	cr_assert(source_find("unit-test", word) == SOURCE_PLUGIN);
	for (size_t i = 0; i < sizeof(word) - 2; i += 2)
		memcpy(word + i, "/s", 2);
	cr_assert(source_find("unit-test", word) == SOURCE_PLUGIN);
	cr_assert(fchmodat(AT_FDCWD, folder.path, 0600, 0) == 0);
	child_run(hidden, NULL);
	cr_assert(fchmodat(AT_FDCWD, folder.path, 0700, 0) == 0);
}
