// SPDX-License-Identifier: BSD-3-Clause
/*
 * Sources: which ones are asked, in which order, and which answer counts. The plugins are
 * tests/unit/plugin.c; they answer by the owner that they are asked about.
 */
#include "libsubid/core/limits.h"
#include "libsubid/source/plugin.h"
#include "libsubid/source/source.h"
#include "tests/unit/plugins.h"

static struct tmpdir tmpdir;

static void set_up(void)
{
	tmpdir_make(&tmpdir);
	plugins_copy(&tmpdir, "sample", "sample");
	plugins_copy(&tmpdir, "nofree", "nofree");
	plugins_copy(&tmpdir, "nocall", "nocall");
	tmpdir_put(&tmpdir, "libsubid_files.so", BYTES(""), 0644);
	tmpdir_put(&tmpdir, "libsubid_FILES.so", BYTES(""), 0644);
	tmpdir_put(&tmpdir, "libsubid_text.so", BYTES("text\n"), 0644);
	tmpdir_put(&tmpdir, "libsubid_open.so", BYTES(""), 0666);
	tmpdir_put(&tmpdir, "libsubid_elf.so",
		   BYTES("\x7f"
			 "ELF and no more"),
		   0644);
}

static void tear_down(void)
{
	tmpdir_cleanup(&tmpdir);
}

TestSuite(source, .init = set_up, .fini = tear_down);

/* A line with these words, as nsswitch.c reads it. */
static struct nsswitch words(const char *text)
{
	struct nsswitch nsswitch = { 0 };
	char copy[256], *rest = copy, *word;

	snprintf(copy, sizeof(copy), "%s", text);
	while ((word = strsep(&rest, " ")))
		snprintf(nsswitch.sources[nsswitch.n_sources++], NSSWITCH_WORD_BYTES,
			 "%s", word);
	return nsswitch;
}

/* Names of plugins that no machine has. */
Test(source, find)
{
	static const struct {
		const char *words, *found;
	} rows[] = {
		{ "files", "files" },
		{ "FILES", "FILES" },
		{ "sample", "+sample" },
		{ "sample files", "+sample files" },
		{ "files sample nofree", "files +sample +nofree" },
		/* A source that is not installed is skipped; if none is left: the files.
		 */
		{ "unit-absent", "files" },
		{ "unit-absent unit-too", "files" },
		{ "unit-absent sample", "+sample" },
		{ "sample unit-absent", "+sample" },
		{ "unit-absent Files", "Files" },
		{ "pupp", "files" },
		{ "SAMPLE", "files" },
		{ "sample.so", "files" },
		{ ".", "files" },
		{ "..", "files" },
		{ "%s", "files" },
		{ "/sample", "files" },
		{ "x/../libsubid_sample", "files" },
		{ "1 2 3 4 5 6 7 sample", "+sample" },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct nsswitch nsswitch = words(rows[i].words);
		struct source_list list;
		char found[256] = "";

		source_find(&nsswitch, tmpdir.path, &list);
		for (size_t k = 0; k < list.n; k++)
			sprintf(found + strlen(found), "%s%s%s", k ? " " : "",
				list.sources[k].type == SOURCE_PLUGIN ? "+" : "",
				list.sources[k].name);
		cr_assert_str_eq(found, rows[i].found, "%s: %s", rows[i].words, found);
		cr_assert(source_has(&list, SOURCE_PLUGIN) == (strchr(found, '+') != 0));
		cr_assert(source_has(&list, SOURCE_FILES) ==
			  (strcasestr(found, "files") != 0));
	}
}

static const char *hidden(void *context)
{
	struct nsswitch nsswitch = words("unit-absent");
	struct source_list list;

	(void)context;
	if (geteuid() == 0)
		CHILD_ASSERT(setresuid(65534, 65534, 65534) == 0);
	source_find(&nsswitch, tmpdir.path, &list);
	CHILD_ASSERT(list.sources[0].type == SOURCE_PLUGIN);
	return NULL;
}

/* A plugin that may be installed is not skipped. */
Test(source, in_doubt)
{
	cr_assert(fchmodat(AT_FDCWD, tmpdir.path, 0600, 0) == 0);
	child_run(hidden, NULL);
	cr_assert(fchmodat(AT_FDCWD, tmpdir.path, 0700, 0) == 0);
}

struct row {
	const char *words, *owner;
	int files;	  /* their answer */
	int r;		  /* the result, */
	const char *who;  /* its source, */
	int fault, error; /* the reason of a failure */
	int asked;	  /* how often the files are asked */
};

/* Has ranges, has none, and cannot be used. */
#define HAS  1
#define NONE 0
#define EIO_ (-EIO)

static const struct row rows[] = {
	/* The first source that has a range answers. */
	{ "files sample", "elsa", HAS, 0, "files", 0, 0, 1 },
	{ "files sample", "elsa", NONE, 0, "sample", 0, 0, 1 },
	{ "sample files", "elsa", HAS, 0, "sample", 0, 0, 0 },
	{ "sample files", "nothing", HAS, 0, "files", 0, 0, 1 },
	{ "sample files", "unknown", HAS, 0, "files", 0, 0, 1 },
	{ "sample files", "error", HAS, 0, "files", 0, 0, 1 },
	{ "sample nofree", "elsa", HAS, 0, "sample", 0, 0, 0 },
	{ "unit-absent sample", "elsa", HAS, 0, "sample", 0, 0, 0 },
	{ "unit-absent", "elsa", HAS, 0, "files", 0, 0, 1 },
	/* No source has one. */
	{ "files sample", "nothing", NONE, SOURCE_NONE, NULL, 0, 0, 1 },
	{ "sample nofree", "error", HAS, SOURCE_NONE, NULL, 0, 0, 0 },
	{ "unit-absent", "elsa", NONE, SOURCE_NONE, NULL, 0, 0, 1 },
	/* Broken until root fixes it: an error, unless a later source answers. */
	{ "text files", "elsa", HAS, 0, "files", 0, 0, 1 },
	{ "open sample", "elsa", HAS, 0, "sample", 0, 0, 0 },
	{ "nocall files", "elsa", NONE, SOURCE_FAILED, "nocall", PLUGIN_MALFORMED, 0, 1 },
	{ "text", "elsa", HAS, SOURCE_FAILED, "text", PLUGIN_MALFORMED, 0, 0 },
	{ "open text sample", "unknown", HAS, SOURCE_FAILED, "open", PLUGIN_WRITABLE, 0,
	  0 },
	{ "files open", "elsa", HAS, 0, "files", 0, 0, 1 },
	{ "files open", "elsa", NONE, SOURCE_FAILED, "open", PLUGIN_WRITABLE, 0, 1 },
	/* If a source does not answer now, no other one answers in its place. */
	{ "elf files", "elsa", HAS, SOURCE_FAILED, "elf", PLUGIN_UNLOADABLE, 0, 0 },
	{ "sample files", "conn", HAS, SOURCE_FAILED, "sample", PLUGIN_DOWN, 0, 0 },
	{ "sample files", "negative", HAS, SOURCE_FAILED, "sample", PLUGIN_LIES, 0, 0 },
	{ "sample nofree", "beyond", HAS, SOURCE_FAILED, "sample", PLUGIN_LIES, 0, 0 },
	{ "open sample files", "conn", HAS, SOURCE_FAILED, "sample", PLUGIN_DOWN, 0, 0 },
	{ "files sample", "elsa", EIO_, SOURCE_FAILED, "files", 0, EIO, 1 },
	{ "files sample", "conn", HAS, 0, "files", 0, 0, 1 },
};

static const char *check_row(const struct row *row)
{
	CLEANUP(range_set_cleanup)
	struct range_set set = RANGE_SET(LIMIT_PLUGIN_ANSWER);
	struct nsswitch nsswitch = words(row->words);
	const struct source *source;
	struct source_walk walk;
	struct source_list list;
	int asked = 0, r;
	bool by_plugin;

	source_find(&nsswitch, tmpdir.path, &list);
	walk = source_walk(&list);
	while ((source = source_next(&walk)))
		if (source->type == SOURCE_FILES) {
			asked++;
			source_take(&walk, row->files < 0 ? row->files : 0,
				    row->files == HAS);
		} else {
			r = plugin_ask_ranges(list.plugin_directory, source->name,
					      row->owner, &kind_uid, NULL, &set);
			source_take(&walk, r, set.n);
		}
	CHILD_ASSERT(walk.r == row->r);
	CHILD_ASSERT(!walk.answer.source == !row->who);
	CHILD_ASSERT(!row->who || strcmp(walk.answer.source->name, row->who) == 0);
	CHILD_ASSERT(walk.answer.fault == row->fault && walk.answer.error == row->error);
	CHILD_ASSERT(asked == row->asked);
	by_plugin = walk.r == 0 && strcmp(row->who, "files") != 0;
	CHILD_ASSERT(set.n == by_plugin);
	/* A walk that has ended stays ended. */
	CHILD_ASSERT(!source_next(&walk));
	return NULL;
}

static const char *ranges(void *context)
{
	const char *complaint = child_own_mounts();
	static char text[600];

	(void)context;
	for (size_t i = 0; !complaint && i < COUNT_OF(rows); i++) {
		complaint = check_row(&rows[i]);
		if (complaint) {
			snprintf(text, sizeof(text), "row %zu, '%s' about %s: %s", i,
				 rows[i].words, rows[i].owner, complaint);
			complaint = text;
		}
	}
	return complaint;
}

Test(source, ranges)
{
	child_run(ranges, NULL);
}
