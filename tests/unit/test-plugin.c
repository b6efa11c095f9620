// SPDX-License-Identifier: BSD-3-Clause
/*
 * Plugins: which files are loaded, and which answers are accepted. The plugins are
 * tests/unit/plugin.c; they answer by the owner that they are asked about.
 */
#include <dlfcn.h>
#include <sys/resource.h>

#include "libsubid/core/limits.h"
#include "libsubid/source/plugin.h"
#include "tests/unit/plugins.h"

static struct tmpdir tmpdir;

static void set_up(void)
{
	tmpdir_make(&tmpdir);
	plugins_copy(&tmpdir, "sample", "sample");
	plugins_copy(&tmpdir, "nofree", "nofree");
	plugins_copy(&tmpdir, "nocall", "nocall");
}

static void tear_down(void)
{
	tmpdir_cleanup(&tmpdir);
}

TestSuite(plugin, .init = set_up, .fini = tear_down);

static int opens(const char *path, const char *name)
{
	CLEANUP(plugin_cleanup) struct plugin plugin = PLUGIN_NONE;
	int r = plugin_open(path, name, &plugin);

	/* Written only if the result is 0. */
	return (r == 0) == (plugin.handle != NULL) ? r : -1000;
}

static const char *in_directory(const char *name)
{
	return tmpdir_path(&tmpdir, name);
}

static bool set_mode(const char *name, mode_t mode)
{
	return fchmodat(tmpdir.fd, name, mode, 0) == 0;
}

static const char *whose(void *context)
{
	static const char file[] = "libsubid_sample.so";
	const char *complaint = child_own_mounts();

	(void)context;
	if (complaint)
		return complaint;
	CHILD_ASSERT(opens(tmpdir.path, "sample") == 0);
	CHILD_ASSERT(set_mode(file, 0664));
	CHILD_ASSERT(opens(tmpdir.path, "sample") == PLUGIN_WRITABLE);
	CHILD_ASSERT(set_mode(file, 0646));
	CHILD_ASSERT(opens(tmpdir.path, "sample") == PLUGIN_WRITABLE);
	CHILD_ASSERT(set_mode(file, 0444));
	CHILD_ASSERT(opens(tmpdir.path, "sample") == 0);
	/* A user who can write to the directory can put another file there. */
	CHILD_ASSERT(chmod(tmpdir.path, 0770) == 0);
	CHILD_ASSERT(opens(tmpdir.path, "sample") == PLUGIN_WRITABLE);
	CHILD_ASSERT(chmod(tmpdir.path, 01777) == 0);
	CHILD_ASSERT(opens(tmpdir.path, "sample") == PLUGIN_WRITABLE);
	CHILD_ASSERT(chmod(tmpdir.path, 0755) == 0);
	CHILD_ASSERT(opens(tmpdir.path, "sample") == 0);
	return NULL;
}

Test(plugin, whose)
{
	child_run(whose, NULL);
}

static const char *foreign(void *context)
{
	(void)context;
	if (geteuid() != 0)
		return CHILD_SKIP "needs root to give files away";
	CHILD_ASSERT(fchownat(tmpdir.fd, "libsubid_sample.so", 65534, 0, 0) == 0);
	CHILD_ASSERT(opens(tmpdir.path, "sample") == PLUGIN_FOREIGN);
	CHILD_ASSERT(opens(tmpdir.path, "nofree") == 0);
	CHILD_ASSERT(chown(tmpdir.path, 1, 0) == 0);
	CHILD_ASSERT(opens(tmpdir.path, "nofree") == PLUGIN_FOREIGN);
	return NULL;
}

/* The overflow uid is the outer root only if not every id is mapped. */
Test(plugin, foreign)
{
	child_run(foreign, NULL);
}

/*
 * In a namespace without ids root's files show the overflow uid. If a caller leaves no
 * free descriptors, that is an error, and never a plugin that may be skipped.
 */
static const char *in_doubt(void *context)
{
	int r = 1;

	(void)context;
	if (unshare(CLONE_NEWUSER))
		return CHILD_SKIP "no user namespaces for this user";
	for (rlim_t n = 0; n < 20 && r; n++) {
		struct rlimit limit = { n, 20 };

		CHILD_ASSERT(setrlimit(RLIMIT_NOFILE, &limit) == 0);
		r = opens(tmpdir.path, "sample");
		CHILD_ASSERT(r == 0 || r == -EMFILE || r == PLUGIN_UNLOADABLE);
	}
	CHILD_ASSERT(r == 0);
	return NULL;
}

Test(plugin, in_doubt)
{
	child_run(in_doubt, NULL);
}

static const char *what(void *context)
{
	const char *complaint = child_own_mounts();

	(void)context;
	if (complaint)
		return complaint;
	CHILD_ASSERT(opens(tmpdir.path, "nocall") == PLUGIN_MALFORMED);
	tmpdir_put(&tmpdir, "libsubid_text.so", BYTES("no library\n"), 0644);
	CHILD_ASSERT(opens(tmpdir.path, "text") == PLUGIN_MALFORMED);
	tmpdir_put(&tmpdir, "libsubid_empty.so", BYTES(""), 0644);
	CHILD_ASSERT(opens(tmpdir.path, "empty") == PLUGIN_MALFORMED);
	tmpdir_put(&tmpdir, "libsubid_short.so",
		   BYTES("\x7f"
			 "EL"),
		   0644);
	CHILD_ASSERT(opens(tmpdir.path, "short") == PLUGIN_MALFORMED);
	/* Looks like a plugin; only the loader finds out that it is none, without a
	 * reason. */
	tmpdir_put(&tmpdir, "libsubid_elf.so",
		   BYTES("\x7f"
			 "ELF and no more"),
		   0644);
	CHILD_ASSERT(opens(tmpdir.path, "elf") == PLUGIN_UNLOADABLE);
	CHILD_ASSERT(mkdirat(tmpdir.fd, "libsubid_directory.so", 0755) == 0);
	CHILD_ASSERT(opens(tmpdir.path, "directory") == PLUGIN_MALFORMED);
	CHILD_ASSERT(mkfifoat(tmpdir.fd, "libsubid_fifo.so", 0644) == 0);
	CHILD_ASSERT(opens(tmpdir.path, "fifo") == PLUGIN_MALFORMED);
	/* It was not found there, so it is in another directory. */
	CHILD_ASSERT(opens(tmpdir.path, "missing") == PLUGIN_ELSEWHERE);
	CHILD_ASSERT(opens(in_directory("missing"), "sample") == PLUGIN_ELSEWHERE);
	CHILD_ASSERT(opens(in_directory("libsubid_text.so"), "sample") ==
		     PLUGIN_ELSEWHERE);
	return NULL;
}

Test(plugin, what)
{
	child_run(what, NULL);
}

static const char *links(void *context)
{
	const char *complaint = child_own_mounts();
	char outside[600];

	(void)context;
	if (complaint)
		return complaint;
	CHILD_ASSERT(symlinkat("libsubid_sample.so", tmpdir.fd, "libsubid_one.so") == 0);
	CHILD_ASSERT(opens(tmpdir.path, "one") == 0);
	/* The file that the link leads to is checked. */
	CHILD_ASSERT(set_mode("libsubid_sample.so", 0666));
	CHILD_ASSERT(opens(tmpdir.path, "one") == PLUGIN_WRITABLE);
	CHILD_ASSERT(set_mode("libsubid_sample.so", 0644));
	CHILD_ASSERT(symlinkat("libsubid_one.so", tmpdir.fd, "libsubid_two.so") == 0);
	CHILD_ASSERT(opens(tmpdir.path, "two") == PLUGIN_MALFORMED);
	CHILD_ASSERT(symlinkat("libsubid_loop.so", tmpdir.fd, "libsubid_loop.so") == 0);
	CHILD_ASSERT(opens(tmpdir.path, "loop") == PLUGIN_MALFORMED);
	CHILD_ASSERT(symlinkat("nowhere", tmpdir.fd, "libsubid_dangling.so") == 0);
	CHILD_ASSERT(opens(tmpdir.path, "dangling") == PLUGIN_ELSEWHERE);
	CHILD_ASSERT(symlinkat("..", tmpdir.fd, "libsubid_up.so") == 0);
	CHILD_ASSERT(opens(tmpdir.path, "up") == PLUGIN_MALFORMED);
	/* Not out of the directory, even if the path leads back. */
	snprintf(outside, sizeof(outside), "%s/libsubid_sample.so", tmpdir.path);
	CHILD_ASSERT(symlinkat(outside, tmpdir.fd, "libsubid_path.so") == 0);
	CHILD_ASSERT(opens(tmpdir.path, "path") == PLUGIN_MALFORMED);
	CHILD_ASSERT(symlinkat("./libsubid_sample.so", tmpdir.fd, "libsubid_dot.so") ==
		     0);
	CHILD_ASSERT(opens(tmpdir.path, "dot") == PLUGIN_MALFORMED);
	return NULL;
}

Test(plugin, links)
{
	child_run(links, NULL);
}

/* A name is a word, never a path; if that is uncertain, a plugin is not skipped. */
Test(plugin, installed)
{
	static char word[5000];

	cr_assert(plugin_is_installed(tmpdir.path, "sample"));
	cr_assert_not(plugin_is_installed(tmpdir.path, "unit-absent"));
	cr_assert_not(plugin_is_installed(in_directory("missing"), "sample"));
	cr_assert_not(plugin_is_installed(tmpdir.path, "x/../libsubid_sample"));
	cr_assert_not(plugin_is_installed(tmpdir.path, "/sample"));
	memset(word, 's', sizeof(word) - 1);
	cr_assert(plugin_is_installed(tmpdir.path, word));
	cr_assert(opens(tmpdir.path, word) == -ENAMETOOLONG);
	cr_assert(plugin_is_installed(word, "sample"));
}

/* Runs @body with an open plugin, and checks that all its answers were freed. */
static const char *with_plugin(const char *name,
			       const char *(*body)(const struct plugin *plugin))
{
	CLEANUP(plugin_cleanup) struct plugin plugin = PLUGIN_NONE;
	const char *complaint = child_own_mounts();
	int *answers;

	if (complaint)
		return complaint;
	CHILD_ASSERT(plugin_open(tmpdir.path, name, &plugin) == 0);
	complaint = body(&plugin);
	answers = dlsym(plugin.handle, "subid_test_answers");
	CHILD_ASSERT(answers && *answers == 0);
	return complaint;
}

static const char *ask_ranges(const struct plugin *plugin)
{
	static const struct {
		const char *owner;
		int r;
	} rows[] = {
		{ "nothing", 0 },
		{ "unknown", 0 },
		{ "error", 0 },
		{ "nobody-knows", 0 },
		{ "conn", PLUGIN_DOWN },
		{ "status", PLUGIN_LIES },
		{ "status-negative", PLUGIN_LIES },
		{ "negative", PLUGIN_LIES },
		{ "least", PLUGIN_LIES },
		{ "huge", PLUGIN_LIES },
		{ "many", PLUGIN_LIES },
		{ "null", PLUGIN_LIES },
		{ "zero", PLUGIN_LIES },
		{ "beyond", PLUGIN_LIES },
		{ "far", PLUGIN_LIES },
		{ "wrap", PLUGIN_LIES },
		{ "all", PLUGIN_LIES },
	};
	const struct range other = { 7, 8 }, both = { 100000, 231072 };
	CLEANUP(range_set_cleanup)
	struct range_set set = RANGE_SET(LIMIT_PLUGIN_ANSWER);

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		static char complaint[64];

		snprintf(complaint, sizeof(complaint), "the answer about %s",
			 rows[i].owner);
		CHILD_ASSERT(range_set_add(&set, other) == 0);
		if (plugin_ranges(plugin, rows[i].owner, &kind_uid, NULL, &set) !=
		    rows[i].r)
			return complaint;
		/* The set changes only if the result is 0. */
		if (set.n != (rows[i].r ? 1 : 0))
			return complaint;
		range_set_clear(&set);
	}
	/* Adjacent ranges are joined. */
	CHILD_ASSERT(plugin_ranges(plugin, "elsa", &kind_uid, NULL, &set) == 0);
	CHILD_ASSERT(set.n == 1 && range_set_covers(&set, both));
	CHILD_ASSERT(plugin_ranges(plugin, "elsa", &kind_gid, NULL, &set) == 0);
	CHILD_ASSERT(set.n == 1 && set.ranges[0].start == 10100000);
	CHILD_ASSERT(plugin_ranges(plugin, "last", &kind_uid, NULL, &set) == 0);
	CHILD_ASSERT(set.n == 1 && set.ranges[0].end == ID_END);
	return NULL;
}

static const char *ranges(void *context)
{
	(void)context;
	return with_plugin("sample", ask_ranges);
}

Test(plugin, ranges)
{
	child_run(ranges, NULL);
}

static const char *ranges_without_free(void *context)
{
	CLEANUP(plugin_cleanup) struct plugin plugin = PLUGIN_NONE;
	const char *complaint = child_own_mounts();

	(void)context;
	if (complaint)
		return complaint;
	CHILD_ASSERT(plugin_open(tmpdir.path, "nofree", &plugin) == 0);
	CHILD_ASSERT(plugin.release == NULL);
	return ask_ranges(&plugin);
}

Test(plugin, ranges_without_free)
{
	child_run(ranges_without_free, NULL);
}

/* The plugin is asked about an extent only if the extent is within one range. */
static const char *ask_extents(const struct plugin *plugin)
{
	static const struct {
		const char *owner;
		struct range extent;
		int r;
		bool denied;
	} rows[] = {
		/* It answers "yes" to an extent within one range. */
		{ "elsa", { 100000, 165536 }, 0, false },
		{ "elsa", { 231071, 231072 }, 0, false },
		/* It would answer "no" to these, but is not asked. */
		{ "elsa", { 100000, 231072 }, 0, false },
		{ "elsa", { 165535, 165537 }, 0, false },
		{ "elsa", { 231071, 231073 }, 0, false },
		{ "elsa", { 5, 6 }, 0, false },
		{ "deny", { 100000, 100001 }, 0, true },
		{ "deny", { 100000, 165536 }, 0, true },
		{ "deny", { 165536, 231072 }, 0, true },
		{ "deny", { 165535, 165537 }, 0, false },
		{ "deny-large", { 100000, 165535 }, 0, false },
		{ "deny-large", { 100000, 165536 }, 0, true },
		{ "deny-unset", { 100000, 100001 }, 0, true },
		{ "deny-unknown", { 100000, 100001 }, 0, true },
		{ "more", { 100000, 165536 }, 0, false },
		{ "says-two", { 100000, 100001 }, PLUGIN_LIES, false },
		{ "says-conn", { 100000, 100001 }, PLUGIN_DOWN, false },
		{ "says-error", { 100000, 100001 }, PLUGIN_MUTE, false },
		{ "says-status", { 100000, 100001 }, PLUGIN_LIES, false },
		{ "says-error", { 99999, 100001 }, 0, false },
		{ "nothing", { 100000, 100001 }, 0, false },
		{ "conn", { 100000, 100001 }, PLUGIN_DOWN, false },
	};
	CLEANUP(range_set_cleanup)
	struct range_set set = RANGE_SET(LIMIT_PLUGIN_ANSWER);
	static char complaint[64];

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		CLEANUP(plugin_extents_cleanup)
		struct plugin_extents extents = {
			.extents = &rows[i].extent,
			.n = 1,
			.denied = RANGE_SET(1),
		};
		const struct range_set *denied = &extents.denied;
		int r = plugin_ranges(plugin, rows[i].owner, &kind_uid, &extents, &set);

		snprintf(complaint, sizeof(complaint), "row %zu: %d", i, r);
		if (r != rows[i].r || denied->n != rows[i].denied)
			return complaint;
		if (denied->n && (denied->ranges[0].start != rows[i].extent.start ||
				  denied->ranges[0].end != rows[i].extent.end))
			return complaint;
	}
	return NULL;
}

/* Each listed range that is not joined with another one. */
static const char *ask_listed(const struct plugin *plugin)
{
	static const struct {
		const char *owner;
		int r;
		bool denied;
	} rows[] = {
		{ "elsa", 0, false },
		{ "deny", 0, false },
		{ "deny-large", 0, true },
		{ "deny-unset", 0, true },
		{ "more", 0, false },
		{ "nothing", 0, false },
		{ "says-conn", PLUGIN_DOWN, false },
	};
	CLEANUP(range_set_cleanup)
	struct range_set set = RANGE_SET(LIMIT_PLUGIN_ANSWER);

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		CLEANUP(plugin_extents_cleanup)
		struct plugin_extents extents = { .denied = RANGE_SET(2) };
		int r = plugin_ranges(plugin, rows[i].owner, &kind_uid, &extents, &set);

		if (r != rows[i].r || extents.denied.n != rows[i].denied)
			return rows[i].owner;
	}
	return NULL;
}

static const char *extents(void *context)
{
	const char *complaint = with_plugin("sample", ask_extents);

	(void)context;
	return complaint ? complaint : with_plugin("sample", ask_listed);
}

Test(plugin, extents)
{
	child_run(extents, NULL);
}

/* By the numbers of the roles in plugin.c. */
static const char *ask_owners(const struct plugin *plugin)
{
	static const int rows[] = {
		-2,	     -1,	  0,	       0,	    PLUGIN_DOWN,
		PLUGIN_MUTE, PLUGIN_LIES, PLUGIN_LIES, PLUGIN_LIES, PLUGIN_LIES,
		PLUGIN_LIES, PLUGIN_LIES, PLUGIN_LIES,
	};

	for (uint32_t id = 0; id < COUNT_OF(rows); id++) {
		CLEANUP(cleanup_free) uid_t *uids = NULL;
		size_t n = 77;
		int r = plugin_owners(plugin, id, &kind_uid, &uids, &n);

		if (rows[id] < 0) {
			CHILD_ASSERT(r == 0 && n == (size_t)-rows[id] && uids);
			CHILD_ASSERT(uids[0] == 5001 && (n < 2 || uids[1] == 5002));
		} else {
			CHILD_ASSERT(r == rows[id] && !uids && n == (r ? 77 : 0));
		}
	}
	return NULL;
}

static const char *owners(void *context)
{
	(void)context;
	return with_plugin("sample", ask_owners);
}

Test(plugin, owners)
{
	child_run(owners, NULL);
}

/* No mapping and no descriptor is left. */
static const char *come_and_go(void *context)
{
	const char *complaint = child_own_mounts();
	int before[2], after[2];

	(void)context;
	if (complaint)
		return complaint;
	CHILD_ASSERT(pipe2(before, O_CLOEXEC) == 0);
	fd_close(before[0]);
	fd_close(before[1]);
	for (int i = 0; i < 1000; i++)
		CHILD_ASSERT(opens(tmpdir.path, i % 2 ? "sample" : "nofree") == 0);
#ifdef __GLIBC__
	/* musl never unloads. */
	CHILD_ASSERT(!dlopen(in_directory("libsubid_sample.so"), RTLD_NOW | RTLD_NOLOAD));
#endif
	CHILD_ASSERT(pipe2(after, O_CLOEXEC) == 0);
	CHILD_ASSERT(memcmp(before, after, sizeof(before)) == 0);
	fd_close(after[0]);
	fd_close(after[1]);
	return NULL;
}

Test(plugin, come_and_go)
{
	child_run(come_and_go, NULL);
}

/* Without a free descriptor nothing is known about the plugin. */
static const char *no_descriptors(void *context)
{
	const char *complaint = child_own_mounts();
	const struct rlimit none = { 3, 3 };

	(void)context;
	if (complaint)
		return complaint;
	for (int fd = 3; fd < 64; fd++)
		close(fd);
	CHILD_ASSERT(open("/dev/null", O_RDONLY | O_CLOEXEC) == 3);
	CHILD_ASSERT(setrlimit(RLIMIT_NOFILE, &none) == 0);
	CHILD_ASSERT(opens(tmpdir.path, "sample") == -EMFILE);
	return NULL;
}

Test(plugin, no_descriptors)
{
	child_run(no_descriptors, NULL);
}
