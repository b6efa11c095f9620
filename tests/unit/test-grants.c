// SPDX-License-Identifier: BSD-3-Clause
/*
 * Grants: files and plugins decide in their order, and never together. The plugins are
 * tests/unit/plugin.c, where elsa has 100000-231071.
 */
#include "mapwriter/grants.h"
#include "tests/unit/accounts.h"
#include "tests/unit/helper-inside.h"
#include "tests/unit/plugins.h"

static struct tmpdir tmpdir;

static void set_up(void)
{
	tmpdir_make(&tmpdir);
	plugins_copy(&tmpdir, "sample", "sample");
	tmpdir_put(&tmpdir, "libsubid_text.so", BYTES("text\n"), 0644);
}

static void tear_down(void)
{
	tmpdir_cleanup(&tmpdir);
}

TestSuite(grants, .init = set_up, .fini = tear_down);

/* Owners of lines are looked up in the passwd file alone. */
static const struct lookup local = { .directory = AT_FDCWD };

struct row {
	const char *first, *second; /* sources; NULL: none */
	const char *database;	    /* NULL: there is none */
	struct extent extent;
	int r;
	bool delegated;
};

#define HAS  "elsa:300000:65536\n"
#define NONE "anna:300000:65536\n"

static const struct row rows[] = {
	{ "sample", NULL, HAS, { 0, 100000, 131072 }, 0, true },
	{ "sample", NULL, HAS, { 0, 100000, 131073 }, DECIDE_REFUSED, false },
	{ "sample", NULL, HAS, { 0, 300000, 1 }, DECIDE_REFUSED, false },
	{ "files", "sample", HAS, { 0, 300000, 65536 }, 0, true },
	{ "files", "sample", HAS, { 0, 100000, 1 }, DECIDE_REFUSED, false },
	{ "files", "sample", NONE, { 0, 100000, 131072 }, 0, true },
	{ "files", "sample", NULL, { 0, 100000, 131072 }, 0, true },
	{ "files", "sample", "5001:1:1\n", { 0, 100000, 1 }, DECIDE_REFUSED, false },
	{ "sample", "files", HAS, { 0, 300000, 1 }, DECIDE_REFUSED, false },
	/* Adjacent ranges of two sources are not joined. */
	{ "files",
	  "sample",
	  "elsa:90000:10000\n",
	  { 0, 99999, 2 },
	  DECIDE_REFUSED,
	  false },
	{ "sample",
	  "files",
	  "elsa:90000:10000\n",
	  { 0, 99999, 2 },
	  DECIDE_REFUSED,
	  false },
	{ "text", "files", HAS, { 0, 300000, 65536 }, 0, true },
	{ "text", "files", NONE, { 0, 300000, 65536 }, DECIDE_NO_SOURCE, false },
	{ "text", NULL, HAS, { 0, 300000, 65536 }, DECIDE_NO_SOURCE, false },
	/* The own id needs no source; no source can grant an empty request. */
	{ "text", NULL, HAS, { 0, 5001, 1 }, 0, false },
	{ "sample", NULL, HAS, { 0, 100000, 0 }, DECIDE_REFUSED, false },
};

static const char *check_row(const struct row *row, const struct kind *kind)
{
	struct nsswitch nsswitch = { 0 };
	struct idmap map = { .extents = { row->extent }, .n = 1 };
	struct dbfile file = { .fd = -1, .fault = DBFILE_CLOSED, .error = ENOENT };
	struct decision decision = { 0 };
	CLEANUP(helper_end) struct helper helper = HELPER_PATIENT;
	CLEANUP(grants_cleanup) struct grants grants = { .helper = &helper };
	uint32_t up = kind->group && row->extent.outer == 100000 ? 10000000 : 0;

	if (row->database)
		file = (struct dbfile){
			.fd = file_of(row->database, strlen(row->database)),
			.status = { .st_mode = S_IFREG | 0644 },
		};
	snprintf(nsswitch.sources[nsswitch.n_sources++], NSSWITCH_WORD_BYTES, "%s",
		 row->first);
	if (row->second)
		snprintf(nsswitch.sources[nsswitch.n_sources++], NSSWITCH_WORD_BYTES,
			 "%s", row->second);
	source_find(&nsswitch, tmpdir.path, &grants.sources);
	/* Group ids of the plugin lie higher. */
	map.extents[0].outer += up;
	CHILD_ASSERT(grants_decide(kind, &map, &local, &elsa, 5001, &file, &grants,
				   &decision) == row->r);
	CHILD_ASSERT(decision.delegated == row->delegated);
	CHILD_ASSERT(file.fd == -1);
	return NULL;
}

static const char *decisions(void *context)
{
	const char *complaint = child_own_mounts();
	static char text[300];

	(void)context;
	for (size_t i = 0; !complaint && i < 2 * COUNT_OF(rows); i++) {
		complaint = check_row(&rows[i / 2], i % 2 ? &kind_gid : &kind_uid);
		if (complaint) {
			snprintf(text, sizeof(text), "row %zu: %s", i / 2, complaint);
			complaint = text;
		}
	}
	return complaint;
}

Test(grants, decisions)
{
	child_run(decisions, NULL);
}

/*
 * The plugin's answer about an extent counts as well as its list. The caller's own id
 * needs no source, but its group is then not delegated.
 */
static const char *said(void *context)
{
	static const struct {
		const char *owner;
		struct idmap map;
		int r;
		bool delegated;
		size_t refused;
	} said_rows[] = {
		{ "deny", { { { 0, 100000, 1 } }, 1 }, DECIDE_REFUSED, false, 0 },
		{ "deny", { { { 0, 165535, 2 } }, 1 }, 0, true, 0 },
		{ "deny",
		  { { { 0, 165535, 2 }, { 2, 100000, 9 } }, 2 },
		  DECIDE_REFUSED,
		  false,
		  1 },
		{ "deny-large", { { { 0, 100000, 65535 } }, 1 }, 0, true, 0 },
		{ "deny-large",
		  { { { 0, 100000, 65536 } }, 1 },
		  DECIDE_REFUSED,
		  false,
		  0 },
		{ "more", { { { 0, 100000, 65536 } }, 1 }, 0, true, 0 },
		{ "more", { { { 0, 100000, 65537 } }, 1 }, DECIDE_REFUSED, false, 0 },
		{ "deny-own", { { { 0, 5001, 1 } }, 1 }, 0, false, 0 },
		{ "says-error", { { { 0, 100000, 1 } }, 1 }, DECIDE_NO_SOURCE, false, 0 },
		{ "says-error", { { { 0, 5001, 1 } }, 1 }, 0, false, 0 },
		{ "says-crash", { { { 0, 100000, 1 } }, 1 }, DECIDE_NO_SOURCE, false, 0 },
	};
	const struct nsswitch nsswitch = { .sources = { "sample", "files" },
					   .n_sources = 2 };
	const char *complaint = child_own_mounts();
	static char text[64];

	(void)context;
	if (complaint)
		return complaint;
	for (size_t i = 0; i < 2 * COUNT_OF(said_rows); i++) {
		const struct kind *kind = i % 2 ? &kind_gid : &kind_uid;
		struct idmap map = said_rows[i / 2].map;
		struct dbfile file = { .fd = file_of(BYTES(HAS)),
				       .status = { .st_mode = S_IFREG | 0644 } };
		CLEANUP(helper_end) struct helper helper = HELPER_PATIENT;
		CLEANUP(grants_cleanup) struct grants grants = { .helper = &helper };
		struct decision decision = { 0 };
		struct account account = elsa;
		int r;

		account_set(&account, said_rows[i / 2].owner,
			    strlen(said_rows[i / 2].owner), 5001, 5001);
		for (size_t k = 0; kind->group && k < map.n; k++)
			map.extents[k].outer +=
				map.extents[k].outer == 5001 ? 0 : 10000000;
		source_find(&nsswitch, tmpdir.path, &grants.sources);
		r = grants_decide(kind, &map, &local, &account, 5001, &file, &grants,
				  &decision);
		snprintf(text, sizeof(text), "row %zu: %d", i / 2, r);
		if (r != said_rows[i / 2].r ||
		    decision.delegated != said_rows[i / 2].delegated ||
		    (r == DECIDE_REFUSED && decision.refused != said_rows[i / 2].refused))
			return text;
	}
	return NULL;
}

Test(grants, said)
{
	child_run(said, NULL);
}

/* Unusable files are an error only when they are asked. */
static const char *unusable(void *context)
{
	struct nsswitch nsswitch = { .sources = { "files", "sample" }, .n_sources = 2 };
	struct idmap map = { .extents = { { 0, 100000, 1 } }, .n = 1 };
	const char *complaint = child_own_mounts();

	(void)context;
	if (complaint)
		return complaint;
	for (int turn = 0; turn < 2; turn++) {
		struct dbfile file = { .fd = file_of(BYTES(NONE)),
				       .status = { .st_mode = S_IFREG | 0666 } };
		CLEANUP(helper_end) struct helper helper = HELPER_PATIENT;
		CLEANUP(grants_cleanup) struct grants grants = { .helper = &helper };
		struct decision decision = { 0 };

		source_find(&nsswitch, tmpdir.path, &grants.sources);
		CHILD_ASSERT(grants_decide(&kind_uid, &map, &local, &elsa, 5001, &file,
					   &grants, &decision) ==
			     (turn == 0 ? DECIDE_NO_DATABASE : 0));
		CHILD_ASSERT(file.fault == DBFILE_WRITABLE);
		memcpy(nsswitch.sources[0], "sample", sizeof("sample"));
		memcpy(nsswitch.sources[1], "files", sizeof("files"));
	}
	return NULL;
}

Test(grants, unusable)
{
	child_run(unusable, NULL);
}
