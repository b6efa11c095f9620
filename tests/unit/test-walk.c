// SPDX-License-Identifier: BSD-3-Clause
/*
 * Walks through directories: every file is visited once, with names of any length and at
 * any depth, and a directory that is replaced meanwhile does not lead the walk elsewhere.
 */
#include <linux/fs.h>
#include <sys/syscall.h>

#include "libsubid/sys/walk.h"
#include "tests/unit/unit.h"

static struct tmpdir tmpdir;

static void make_tmpdir(void)
{
	tmpdir_make(&tmpdir);
}

/* A tree may be deeper than the longest path, which nftw(3) does not support. */
static void remove_tmpdir(void)
{
	char command[sizeof(tmpdir.path) + 32];

	snprintf(command, sizeof(command), "rm -rf '%s/tree'", tmpdir.path);
	cr_expect(system(command) == 0);
	tmpdir_cleanup(&tmpdir);
}

TestSuite(walk, .init = make_tmpdir, .fini = remove_tmpdir);

/* The visited files as lines `PATH` or `PATH: ERROR`, relative to the directory. */
struct taken {
	char text[8192];
	size_t len;
	size_t n;
	size_t errors;
	int highest; /* a descriptor that was free meanwhile */
	/* What happens when @path is visited. */
	const char *path;
	void (*act)(void);
	int end;
};

static const char *error_name(int error)
{
	switch (error) {
	case EACCES:
		return "EACCES";
	case ELOOP:
		return "ELOOP";
	case ENOENT:
		return "ENOENT";
	case ENOTDIR:
		return "ENOTDIR";
	case ESTALE:
		return "ESTALE";
	default:
		return "another error";
	}
}

static int take(void *context, const struct walk_entry *entry)
{
	struct taken *taken = context;
	const char *path = entry->path;
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	size_t skip = strlen(tmpdir.path);

	cr_assert((entry->status == NULL) == (entry->error != 0));
	if (strncmp(path, tmpdir.path, skip) == 0)
		path += skip;
	if (fd > taken->highest)
		taken->highest = fd;
	fd_close(fd);
	taken->n++;
	taken->errors += entry->error != 0;
	taken->len += (size_t)snprintf(taken->text + taken->len,
				       sizeof(taken->text) - taken->len, "%s%s%s\n", path,
				       entry->error ? ": " : "",
				       entry->error ? error_name(entry->error) : "");
	if (taken->len >= sizeof(taken->text))
		taken->len = sizeof(taken->text) - 1;
	if (taken->path && entry->status && strcmp(path, taken->path) == 0) {
		if (taken->act)
			taken->act();
		return taken->end;
	}
	return 0;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The lines sorted, since names in a directory have no order. */
static void sort_lines(struct taken *taken)
{
	char copy[sizeof(taken->text)], *lines[128], *rest = copy, *line;
	size_t n = 0, len = 0;

	memcpy(copy, taken->text, sizeof(copy));
	while ((line = strsep(&rest, "\n")) && *line && n < COUNT_OF(lines))
		lines[n++] = line;
	qsort(lines, n, sizeof(lines[0]), compare);
	for (size_t i = 0; i < n; i++)
		len += (size_t)snprintf(taken->text + len, sizeof(taken->text) - len,
					"%s\n", lines[i]);
}

/* Whether a walk visits exactly these files. */
static bool walks_to(const char *path, const struct walk_options *options,
		     const char *expected)
{
	struct taken taken = { .n = 0 };

	if (walk_below(path, options, take, &taken))
		return false;
	sort_lines(&taken);
	return strcmp(taken.text, expected) == 0;
}

static void put_file(int at, const char *name)
{
	int fd = openat(at, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	cr_assert(fd >= 0, "%s: %s", name, strerror(errno));
	fd_close(fd);
}

/* tree/{a/{b/{deep},x},c,link -> .., secret/TOP} */
static void make_tree(void)
{
	cr_assert(mkdirat(tmpdir.fd, "tree", 0755) == 0);
	cr_assert(mkdirat(tmpdir.fd, "tree/a", 0755) == 0);
	cr_assert(mkdirat(tmpdir.fd, "tree/a/b", 0755) == 0);
	cr_assert(mkdirat(tmpdir.fd, "tree/secret", 0755) == 0);
	put_file(tmpdir.fd, "tree/a/b/deep");
	put_file(tmpdir.fd, "tree/a/x");
	put_file(tmpdir.fd, "tree/c");
	put_file(tmpdir.fd, "tree/secret/TOP");
	cr_assert(symlinkat("..", tmpdir.fd, "tree/link") == 0);
	cr_assert(symlinkat("secret", tmpdir.fd, "tree/l") == 0);
}

static const struct walk_options plain = { .follow_first = true };

Test(walk, tree)
{
	char path[512];

	make_tree();
	cr_assert(
		walks_to(tmpdir_path(&tmpdir, "tree"), &plain,
			 "/tree\n/tree/a\n/tree/a/b\n/tree/a/b/deep\n/tree/a/x\n/tree/c\n"
			 "/tree/l\n/tree/link\n/tree/secret\n/tree/secret/TOP\n"));
	cr_assert(walks_to(tmpdir_path(&tmpdir, "tree/a/"), &plain,
			   "/tree/a/\n/tree/a/b\n/tree/a/b/deep\n/tree/a/x\n"));
	cr_assert(walks_to(tmpdir_path(&tmpdir, "tree/c"), &plain, "/tree/c\n"));
	/* Only the first link is followed, and only on request. */
	cr_assert(walks_to(tmpdir_path(&tmpdir, "tree/l"), &plain,
			   "/tree/l\n/tree/l/TOP\n"));
	cr_assert(walks_to(tmpdir_path(&tmpdir, "tree/l"),
			   &(struct walk_options){ .depth = 0 }, "/tree/l\n"));
	cr_assert(walks_to(tmpdir_path(&tmpdir, "none"), &plain, "/none: ENOENT\n"));
	cr_assert(walks_to(tmpdir_path(&tmpdir, "tree/c/x"), &plain,
			   "/tree/c/x: ENOTDIR\n"));
	cr_assert(walks_to("", &plain, ": ENOENT\n"));
	/* A path relative to a descriptor. */
	snprintf(path, sizeof(path), "%s/tree/a", tmpdir.path);
	cr_assert(chdir(path) == 0);
	cr_assert(walks_to("b", &plain, "b\nb/deep\n"));
	cr_assert(chdir("/") == 0);
}

Test(walk, depth)
{
	make_tree();
	cr_assert(walks_to(
		tmpdir_path(&tmpdir, "tree"), &(struct walk_options){ .depth = 1 },
		"/tree\n/tree/a\n/tree/c\n/tree/l\n/tree/link\n/tree/secret\n"));
	cr_assert(walks_to(tmpdir_path(&tmpdir, "tree/a"),
			   &(struct walk_options){ .depth = 2 },
			   "/tree/a\n/tree/a/b\n/tree/a/b/deep\n/tree/a/x\n"));
}

/* A result of the function other than 0 ends the walk. */
Test(walk, end)
{
	struct taken taken = { .path = "/tree/a/b", .end = 7 };

	make_tree();
	cr_assert(walk_below(tmpdir_path(&tmpdir, "tree"), &plain, take, &taken) == 7);
	cr_assert(!strstr(taken.text, "deep"), "%s", taken.text);
}

static void exchange(const char *a, const char *b)
{
	cr_assert(syscall(SYS_renameat2, tmpdir.fd, a, tmpdir.fd, b, RENAME_EXCHANGE) ==
			  0,
		  "%s", strerror(errno));
}

static void put_link(void)
{
	exchange("tree/a", "tree/l");
}

static void put_directory(void)
{
	exchange("tree/a", "tree/secret");
}

static void put_file_there(void)
{
	exchange("tree/a", "tree/c");
}

/* A directory is replaced by another file before it is opened. */
Test(walk, exchanged)
{
	static const struct {
		void (*act)(void);
		const char *line;
	} rows[] = {
		{ put_link, "/tree/a: ENOTDIR\n" },
		{ put_file_there, "/tree/a: ENOTDIR\n" },
		{ put_directory, "/tree/a: ESTALE\n" },
	};

	make_tree();
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct taken taken = { .path = "/tree/a", .act = rows[i].act };

		cr_assert(walk_below(tmpdir_path(&tmpdir, "tree"), &plain, take,
				     &taken) == 0);
		cr_assert(strstr(taken.text, rows[i].line), "row %zu: %s", i, taken.text);
		cr_assert(!strstr(taken.text, "/tree/a/"), "row %zu: %s", i, taken.text);
		rows[i].act();
	}
}

#define LEVELS 300
#define NAME   "a-directory-whose-name-is-rather-long-so-that-the-path-gets-long"

/* A directory in a directory and so on; in each, two files. */
static void make_deep(void)
{
	int at;

	cr_assert(mkdirat(tmpdir.fd, "tree", 0755) == 0);
	at = openat(tmpdir.fd, "tree", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < LEVELS; i++) {
		int next;

		put_file(at, "a");
		cr_assert(mkdirat(at, NAME, 0755) == 0);
		put_file(at, "z");
		next = openat(at, NAME, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		cr_assert(next >= 0);
		fd_close(at);
		at = next;
	}
	fd_close(at);
}

/* Deeper than the longest path, and than the number of open descriptors. */
Test(walk, deep)
{
	struct taken taken = { .n = 0 };

	cr_assert(LEVELS * strlen(NAME) > 4 * PATH_MAX);
	make_deep();
	cr_assert(walk_below(tmpdir_path(&tmpdir, "tree"), &plain, take, &taken) == 0);
	cr_assert(taken.n == 1 + 3 * LEVELS && taken.errors == 0, "%zu, %zu errors",
		  taken.n, taken.errors);
	cr_assert(taken.highest < 100, "%d", taken.highest);
}

static int take_end(void *context, const struct walk_entry *entry)
{
	size_t *deepest = context;

	if (strlen(entry->path) > *deepest)
		*deepest = strlen(entry->path);
	return 0;
}

Test(walk, paths_are_whole)
{
	size_t deepest = 0;

	make_deep();
	cr_assert(walk_below(tmpdir_path(&tmpdir, "tree"), &plain, take_end, &deepest) ==
		  0);
	cr_assert(deepest ==
		  strlen(tmpdir.path) + strlen("/tree") + LEVELS * (strlen(NAME) + 1));
}

struct moving {
	void (*act)(void); /* when the last directory is visited */
	size_t n;	   /* of files not below tree/elsewhere */
	size_t n_open;	   /* of these, files in directories that stay open */
	size_t errors;
	size_t depth; /* of the last error */
	bool done;
};

static int take_moving(void *context, const struct walk_entry *entry)
{
	struct moving *moving = context;
	size_t depth = 0;

	for (const char *at = entry->path; (at = strstr(at, NAME)); at++)
		depth++;
	if (entry->error) {
		cr_assert(entry->error == ESTALE);
		moving->errors++;
		moving->depth = depth;
	} else if (!strstr(entry->path, "elsewhere")) {
		moving->n++;
		moving->n_open += depth < 64;
	}
	if (depth == LEVELS && !moving->done) {
		moving->done = true;
		moving->act();
	}
	return 0;
}

/* Moves the directory at this depth, with everything below it. */
static void move_at(size_t depth)
{
	int at = openat(tmpdir.fd, "tree", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	for (size_t i = 1; i < depth; i++) {
		int next = openat(at, NAME, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		cr_assert(next >= 0);
		fd_close(at);
		at = next;
	}
	cr_assert(renameat(at, NAME, tmpdir.fd, "tree/elsewhere") == 0);
	fd_close(at);
}

static void move_near(void)
{
	move_at(40);
}

static void move_far(void)
{
	move_at(151);
}

/* A directory above is moved, and the walk returns to the directories that it came from.
 */
Test(walk, moved_above)
{
	struct moving moving = { .act = move_near };

	make_deep();
	cr_assert(walk_below(tmpdir_path(&tmpdir, "tree"), &plain, take_moving,
			     &moving) == 0);
	cr_assert(moving.done && moving.errors == 0 && moving.n == 1 + 3 * LEVELS,
		  "%zu, %zu errors", moving.n, moving.errors);
}

/* A moved directory that was closed is not found again: its rest is an error. Open
 * directories are read completely. */
Test(walk, moved_in_the_middle)
{
	struct moving moving = { .act = move_far };

	make_deep();
	cr_assert(walk_below(tmpdir_path(&tmpdir, "tree"), &plain, take_moving,
			     &moving) == 0);
	cr_assert(moving.done && moving.errors == 1 && moving.depth == 150,
		  "%zu errors, the last at %zu", moving.errors, moving.depth);
	cr_assert(moving.n_open == 1 + 3 * 63 + 2, "%zu", moving.n_open);
}

static const char *mounted(void *context)
{
	struct walk_options one = { .one_file_system = true };
	const char *complaint = child_own_mounts();
	char path[512], tree[512];

	(void)context;
	if (complaint)
		return complaint;
	snprintf(tree, sizeof(tree), "%s/tree", tmpdir.path);
	snprintf(path, sizeof(path), "%s/tree/a/b", tmpdir.path);
	CHILD_ASSERT(mount(tree, path, NULL, MS_BIND, NULL) == 0);
	CHILD_ASSERT(
		walks_to(tree, &plain,
			 "/tree\n/tree/a\n/tree/a/b: ELOOP\n/tree/a/x\n/tree/c\n/tree/l\n"
			 "/tree/link\n/tree/secret\n/tree/secret/TOP\n"));
	CHILD_ASSERT(umount(path) == 0);
	CHILD_ASSERT(mount("none", path, "tmpfs", 0, NULL) == 0);
	snprintf(path, sizeof(path), "%s/tree/a/b/inside", tmpdir.path);
	CHILD_ASSERT(mkdir(path, 0755) == 0);
	snprintf(path, sizeof(path), "%s/tree/a", tmpdir.path);
	CHILD_ASSERT(walks_to(path, &plain,
			      "/tree/a\n/tree/a/b\n/tree/a/b/inside\n/tree/a/x\n"));
	CHILD_ASSERT(walks_to(path, &one, "/tree/a\n/tree/a/b\n/tree/a/x\n"));
	return NULL;
}

/* A directory that is mounted below itself, and another file system. */
Test(walk, mounts)
{
	make_tree();
	child_run(mounted, NULL);
}

static const char *unreadable(void *context)
{
	(void)context;
	if (geteuid() == 0)
		CHILD_ASSERT(setgid(65534) == 0 && setuid(65534) == 0);
	CHILD_ASSERT(
		walks_to(tmpdir_path(&tmpdir, "tree"), &plain,
			 "/tree\n/tree/a\n/tree/a: EACCES\n/tree/c\n/tree/l\n/tree/link\n"
			 "/tree/secret\n/tree/secret/TOP: EACCES\n"));
	return NULL;
}

/* One directory cannot be read; of another one only the names can be read. */
Test(walk, unreadable)
{
	make_tree();
	cr_assert(fchmodat(tmpdir.fd, ".", 0755, 0) == 0);
	cr_assert(fchmodat(tmpdir.fd, "tree/a", 0, 0) == 0);
	cr_assert(fchmodat(tmpdir.fd, "tree/secret", 0444, 0) == 0);
	child_run(unreadable, NULL);
	cr_assert(fchmodat(tmpdir.fd, "tree/a", 0755, 0) == 0);
	cr_assert(fchmodat(tmpdir.fd, "tree/secret", 0755, 0) == 0);
}
