// SPDX-License-Identifier: BSD-3-Clause
/*
 * Settings of login.defs: which line sets a key, and to what.
 */
#include "libsubid/sys/etc-directory.h"
#include "libsubid/sys/login-defs.h"
#include "tests/unit/unit.h"

static struct tmpdir tmpdir;

static void set_up(void)
{
	tmpdir_make(&tmpdir);
}

static void tear_down(void)
{
	tmpdir_cleanup(&tmpdir);
}

TestSuite(login_defs, .init = set_up, .fini = tear_down);

Test(login_defs, table)
{
	static const struct {
		const char *text;
		const char *value; /* NULL: not set */
	} rows[] = {
		{ "", NULL },
		{ "\n", NULL },
		{ "KEY yes\n", "yes" },
		{ "KEY yes", "yes" },
		{ "KEY\tyes\n", "yes" },
		{ "KEY \t yes\n", "yes" },
		{ " KEY yes\n", "yes" },
		{ "\tKEY yes\n", "yes" },
		{ "KEY yes \t\n", "yes" },
		{ "KEY yes\r\n", "yes" },
		{ "KEY \"yes\"\n", "yes" },
		{ "KEY\"yes\"\n", "yes" },
		{ "KEY \" yes \"\n", "yes" },
		{ "KEY two words\n", "two words" },
		{ "KEY /a/path:/another\n", "/a/path:/another" },
		{ "KEY 100000\n", "100000" },
		{ "KEY \n", "" },
		{ "KEY\n", "" },
		{ "KEY", "" },
		/* Other keys, and keys that are similar. */
		{ "key yes\n", NULL },
		{ "Key yes\n", NULL },
		{ "KEYS yes\n", NULL },
		{ "KE yes\n", NULL },
		{ "KEY=yes\n", NULL },
		{ "KEY:yes\n", NULL },
		{ "OTHER KEY yes\n", NULL },
		{ "OTHER yes\nKEY no\nANOTHER yes\n", "no" },
		/* Comments. */
		{ "#KEY yes\n", NULL },
		{ "# KEY yes\n", NULL },
		{ " # KEY yes\n", NULL },
		{ "#\nKEY yes\n", "yes" },
		/* The last one counts, with any lines between. */
		{ "KEY yes\nKEY no\n", "no" },
		{ "KEY no\nKEY yes\n", "yes" },
		{ "KEY yes\nOTHER no\n", "yes" },
		{ "KEY yes\n\nKEY maybe\n#KEY no", "maybe" },
		{ "KEY longer value\nKEY x\n", "x" },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const char *path = tmpdir_put(&tmpdir, "login.defs", rows[i].text,
					      strlen(rows[i].text), 0644);
		char value[LOGIN_DEFS_VALUE_BYTES] = "untouched";
		int r = login_defs_lookup(AT_FDCWD, path, "KEY", value);

		cr_assert(r == (rows[i].value ? 0 : CONF_UNSET), "row %zu '%s': %d", i,
			  rows[i].text, r);
		cr_assert_str_eq(value, rows[i].value ? rows[i].value : "untouched",
				 "row %zu '%s': '%s'", i, rows[i].text, value);
	}
}

static int read_number(const char *path, uint64_t fallback, uint64_t *ret_value)
{
	struct login_defs_item item = { .key = "KEY" };
	int r = login_defs_read(AT_FDCWD, path, &item, 1);

	return r ? r : login_defs_item_number(&item, fallback, ret_value);
}

/* Numbers: a default if nothing is set, and an error if it is not a number. */
Test(login_defs, number)
{
	static const struct {
		const char *text;
		int r;
		uint64_t value;
	} rows[] = {
		{ "", 0, 77 },
		{ "#KEY 5\n", 0, 77 },
		{ "KEY 100000\n", 0, 100000 },
		{ "KEY 0\n", 0, 0 },
		{ "KEY \"600100000\"\n", 0, 600100000 },
		{ "KEY 18446744073709551615\n", 0, UINT64_MAX },
		{ "KEY 18446744073709551616\n", CONF_MALFORMED, 0 },
		{ "KEY 0100000\n", CONF_MALFORMED, 0 },
		{ "KEY 0x100\n", CONF_MALFORMED, 0 },
		{ "KEY -1\n", CONF_MALFORMED, 0 },
		{ "KEY 1 2\n", CONF_MALFORMED, 0 },
		{ "KEY many\n", CONF_MALFORMED, 0 },
		{ "KEY\n", CONF_MALFORMED, 0 },
		{ "KEY 1\nKEY x\n", CONF_MALFORMED, 0 },
		{ "KEY x\nKEY 1\n", 0, 1 },
	};
	uint64_t value;

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		int r;

		value = 99;
		r = read_number(tmpdir_put(&tmpdir, "login.defs", rows[i].text,
					   strlen(rows[i].text), 0644),
				77, &value);
		cr_assert(r == rows[i].r, "row %zu '%s': %d", i, rows[i].text, r);
		cr_assert(value == (r ? 99 : rows[i].value), "row %zu '%s'", i,
			  rows[i].text);
	}
	value = 99;
	cr_assert(read_number(tmpdir_path(&tmpdir, "missing"), 77, &value) == 0 &&
		  value == 77);
	cr_assert(read_number(tmpdir.path, 55, &value) == -EISDIR && value == 77);
}

/* `yes` in any case and nothing else. */
Test(login_defs, is_yes)
{
	static const struct {
		const char *text;
		bool yes;
	} rows[] = {
		{ "KEY yes\n", true },	   { "KEY YES\n", true },
		{ "KEY Yes\n", true },	   { "KEY \"yes\"\n", true },
		{ "KEY no\n", false },	   { "KEY y\n", false },
		{ "KEY 1\n", false },	   { "KEY true\n", false },
		{ "KEY yess\n", false },   { "KEY ye\n", false },
		{ "KEY\n", false },	   { "", false },
		{ "KEY yes no\n", false }, { "#KEY yes\n", false },
		{ "OTHER yes\n", false },  { "KEY yes\nKEY no\n", false },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const char *path = tmpdir_put(&tmpdir, "login.defs", rows[i].text,
					      strlen(rows[i].text), 0644);

		cr_assert(login_defs_is_yes(AT_FDCWD, path, "KEY") == rows[i].yes,
			  "row %zu '%s'", i, rows[i].text);
	}
}

/* A missing file sets nothing; an unreadable one counts as "no", with an error. */
Test(login_defs, files)
{
	char value[LOGIN_DEFS_VALUE_BYTES] = "untouched";

	cr_assert(login_defs_lookup(AT_FDCWD, tmpdir_path(&tmpdir, "missing"), "KEY",
				    value) == CONF_UNSET);
	cr_assert_not(
		login_defs_is_yes(AT_FDCWD, tmpdir_path(&tmpdir, "missing"), "KEY"));
	cr_assert(mkdirat(tmpdir.fd, "directory", 0755) == 0);
	cr_assert(login_defs_lookup(AT_FDCWD, tmpdir_path(&tmpdir, "directory"), "KEY",
				    value) == -EISDIR);
	cr_assert_not(
		login_defs_is_yes(AT_FDCWD, tmpdir_path(&tmpdir, "directory"), "KEY"));
	tmpdir_put(&tmpdir, "file", BYTES("KEY yes\n"), 0644);
	cr_assert(login_defs_lookup(AT_FDCWD, tmpdir_path(&tmpdir, "file/x"), "KEY",
				    value) == -ENOTDIR);
	cr_assert(symlinkat("loop", tmpdir.fd, "loop") == 0);
	cr_assert(login_defs_lookup(AT_FDCWD, tmpdir_path(&tmpdir, "loop"), "KEY",
				    value) == -ELOOP);
	cr_assert_str_eq(value, "untouched");
}

/* Values are cut to their buffer, and lines at their limit. */
Test(login_defs, long_lines)
{
	static char text[100000];
	char value[LOGIN_DEFS_VALUE_BYTES + 1];

	for (size_t len = LOGIN_DEFS_VALUE_BYTES - 3; len <= LOGIN_DEFS_VALUE_BYTES + 3;
	     len++) {
		size_t kept = len < LOGIN_DEFS_VALUE_BYTES - 1 ?
				      len :
				      LOGIN_DEFS_VALUE_BYTES - 1;

		memset(text, 'v', sizeof(text));
		memcpy(text, "KEY ", 4);
		text[4 + len] = '\n';
		memset(value, '~', sizeof(value));
		cr_assert(login_defs_lookup(
				  AT_FDCWD,
				  tmpdir_put(&tmpdir, "login.defs", text, 5 + len, 0644),
				  "KEY", value) == 0);
		cr_assert(strlen(value) == kept && strspn(value, "v") == kept, "%zu: %zu",
			  len, strlen(value));
		cr_assert(value[LOGIN_DEFS_VALUE_BYTES] == '~');
	}
	/* A line of any length, and the text after it. */
	memset(text, 'v', sizeof(text));
	memcpy(text, "KEY ", 4);
	memcpy(text + sizeof(text) - 10, "\nKEY next\n", 10);
	tmpdir_put(&tmpdir, "login.defs", text, sizeof(text), 0644);
	cr_assert(login_defs_lookup(AT_FDCWD, tmpdir_path(&tmpdir, "login.defs"), "KEY",
				    value) == 0);
	cr_assert_str_eq(value, "next");
	memset(text, ' ', sizeof(text));
	memcpy(text + sizeof(text) - 10, "KEY yes\n\n\n", 10);
	tmpdir_put(&tmpdir, "login.defs", text, sizeof(text), 0644);
	cr_assert(login_defs_lookup(AT_FDCWD, tmpdir_path(&tmpdir, "login.defs"), "KEY",
				    value) == CONF_UNSET);
}

/* A NUL has no special meaning. */
Test(login_defs, nul)
{
	static const struct {
		const char *text;
		size_t len;
	} rows[] = {
		{ BYTES("\0KEY yes\n") }, { BYTES("KEY\0 yes\n") },
		{ BYTES("KEY\0yes\n") },  { BYTES("KE\0Y yes\n") },
		{ BYTES("KEY y\0es\n") },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		cr_assert_not(
			login_defs_is_yes(AT_FDCWD,
					  tmpdir_put(&tmpdir, "login.defs", rows[i].text,
						     rows[i].len, 0644),
					  "KEY"),
			"row %zu", i);
}

/* All keys in one pass have the same values as each alone; a key may occur twice. */
Test(login_defs, many)
{
	static const char text[] = "A 1\n B 2\nA 3\nAB \"4\"\nB\n#A 5\nC no\nC YES\n";
	struct login_defs_item items[] = { { .key = "A" },  { .key = "B" },
					   { .key = "AB" }, { .key = "AC" },
					   { .key = "C" },  { .key = "A" } };
	const char *path = tmpdir_put(&tmpdir, "login.defs", text, strlen(text), 0644);
	char value[LOGIN_DEFS_VALUE_BYTES];
	uint64_t number;

	cr_assert(login_defs_read(AT_FDCWD, path, items, COUNT_OF(items)) == 0);
	for (size_t i = 0; i < COUNT_OF(items); i++) {
		int r = login_defs_lookup(AT_FDCWD, path, items[i].key, value);

		cr_assert_eq(items[i].is_set, r == 0, "%s", items[i].key);
		if (r == 0)
			cr_assert_str_eq(items[i].value, value, "%s", items[i].key);
	}
	cr_expect(login_defs_item_number(&items[0], 7, &number) == 0 && number == 3);
	cr_expect(login_defs_item_number(&items[1], 7, &number) == CONF_MALFORMED);
	cr_expect(login_defs_item_number(&items[3], 7, &number) == 0 && number == 7);
	cr_expect(login_defs_item_yes(&items[4]) && !login_defs_item_yes(&items[3]));

	cr_assert(login_defs_read(AT_FDCWD, tmpdir_path(&tmpdir, "missing"), items,
				  COUNT_OF(items)) == 0);
	for (size_t i = 0; i < COUNT_OF(items); i++)
		cr_expect_not(items[i].is_set);
	cr_expect(login_defs_read(AT_FDCWD, tmpdir.path, items, 1) == -EISDIR);
}

static void put(const char *name, const char *text)
{
	tmpdir_put(&tmpdir, name, text, strlen(text), 0644);
}

/* The value of KEY in etc/login.defs, usr/login.defs and what adds to them. */
static const char *layered(bool image)
{
	static struct login_defs_item item;
	char vendor[512], path[512];
	int r;

	snprintf(vendor, sizeof(vendor), "%s/usr/login.defs", tmpdir.path);
	snprintf(path, sizeof(path), "%s/etc/login.defs", tmpdir.path);
	item = (struct login_defs_item){ .key = "KEY" };
	r = login_defs_read_with(image ? tmpdir.fd : AT_FDCWD,
				 image ? "etc/login.defs" : path, vendor, &item, 1);
	cr_assert_eq(r, 0, "%d", r);
	return item.is_set ? item.value : "-";
}

/* Each file in turn, and what it makes of the value. */
Test(login_defs, vendor)
{
	static const struct {
		const char *name, *text, *value;
	} rows[] = {
		{ "usr/login.defs", "KEY vendor\n", "vendor" },
		{ "usr/login.defs.d/50-b.defs", "KEY vendor's b\n", "vendor's b" },
		{ "etc/login.defs.d/40-a.defs", "KEY a\n", "vendor's b" },
		/* Of files with the same name, only that of /etc. */
		{ "etc/login.defs.d/50-b.defs", "OTHER b\n", "a" },
		{ "etc/login.defs.d/60-c.conf", "KEY c\n", "a" },
		{ "etc/login.defs.d/.60-c.defs", "KEY c\n", "a" },
		{ "etc/login.defs.d/60-c.defs", "KEY c\nKEY d\n", "d" },
		{ "usr/login.defs.d/70-e.defs", "KEY e\n", "e" },
		/* The site's file replaces only the vendor's file. */
		{ "etc/login.defs", "KEY site\n", "e" },
		{ "etc/login.defs.d/70-e.defs", "", "d" },
		{ "etc/login.defs.d/60-c.defs", "", "a" },
		{ "etc/login.defs.d/40-a.defs", "", "site" },
		{ "etc/login.defs", "OTHER site\n", "-" },
	};
	static const char *const directories[] = { "etc", "usr", "etc/login.defs.d",
						   "usr/login.defs.d" };

	for (size_t i = 0; i < COUNT_OF(directories); i++) {
		cr_assert_str_eq(layered(false), "-");
		cr_assert(mkdirat(tmpdir.fd, directories[i], 0755) == 0);
	}
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		put(rows[i].name, rows[i].text);
		cr_expect_str_eq(layered(false), rows[i].value, "%s", rows[i].name);
		cr_expect_str_eq(layered(true), rows[i].value, "%s", rows[i].name);
	}
}

/* A link is followed only in the running system; one to /dev/null masks a file
 * everywhere. */
Test(login_defs, vendor_links)
{
	struct login_defs_item item = { .key = "KEY" };

	cr_assert(mkdirat(tmpdir.fd, "etc", 0755) == 0);
	cr_assert(mkdirat(tmpdir.fd, "real.d", 0755) == 0);
	put("real.d/a.defs", "KEY a\n");
	cr_assert(symlinkat("../real.d", tmpdir.fd, "etc/login.defs.d") == 0);
	cr_expect_str_eq(layered(false), "a");
	cr_expect_str_eq(layered(true), "-");
	cr_assert(symlinkat("/dev/null", tmpdir.fd, "real.d/b.defs") == 0);
	cr_expect_str_eq(layered(false), "a");
	cr_assert(unlinkat(tmpdir.fd, "etc/login.defs.d", 0) == 0);
	cr_assert(renameat(tmpdir.fd, "real.d", tmpdir.fd, "etc/login.defs.d") == 0);
	cr_expect_str_eq(layered(false), "a");
	cr_expect_str_eq(layered(true), "a");
	/* Without the vendor's file no drop-in files are read. */
	cr_expect(login_defs_read_with(tmpdir.fd, "etc/login.defs", NULL, &item, 1) == 0);
	cr_expect(!item.is_set);
}

/* The running system, by its path and by its directory, has the vendor's file. */
static const char *running_system(void *context)
{
	struct login_defs_item item = { .key = "KEY" };
	char value[LOGIN_DEFS_VALUE_BYTES];
	const char *skip = child_own_mounts();
	int etc, fd;

	(void)context;
	if (skip)
		return skip;
	if (mount("none", SYSCONFDIR, "tmpfs", 0, NULL))
		return CHILD_SKIP "no directory for the configuration of this build";
	CHILD_ASSERT(mount("none", "/usr", "tmpfs", 0, NULL) == 0);
	CHILD_ASSERT(mkdir("/usr/etc", 0755) == 0);
	fd = open(LOGIN_DEFS_VENDOR, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	CHILD_ASSERT(fd >= 0 && write(fd, "KEY 5\n", 6) == 6);
	CHILD_ASSERT(login_defs_lookup(AT_FDCWD, LOGIN_DEFS, "KEY", value) == 0);
	CHILD_ASSERT(strcmp(value, "5") == 0);
	etc = open(SYSCONFDIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHILD_ASSERT(etc >= 0 && login_defs_read(etc, "login.defs", &item, 1) == 0);
	CHILD_ASSERT(item.is_set && strcmp(item.value, "5") == 0);
	/* A map writer reads only the site's file. */
	CHILD_ASSERT(mkdir(LOGIN_DEFS ".d", 0755) == 0);
	fd = open(LOGIN_DEFS ".d/a.defs", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	CHILD_ASSERT(fd >= 0 && write(fd, "KEY yes\n", 8) == 8);
	CHILD_ASSERT(!login_defs_is_yes(AT_FDCWD, LOGIN_DEFS, "KEY"));
	CHILD_ASSERT(login_defs_lookup(AT_FDCWD, LOGIN_DEFS, "KEY", value) == 0);
	CHILD_ASSERT(strcmp(value, "yes") == 0);
	/* Without the vendor's file the drop-in file is not read. */
	CHILD_ASSERT(unlink(LOGIN_DEFS_VENDOR) == 0);
	CHILD_ASSERT(login_defs_lookup(AT_FDCWD, LOGIN_DEFS, "KEY", value) == CONF_UNSET);
	/* Any other directory is an image. */
	CHILD_ASSERT(mkdir("/usr/image", 0755) == 0);
	etc = open("/usr/image", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHILD_ASSERT(etc >= 0 && login_defs_read(etc, "login.defs", &item, 1) == 0);
	CHILD_ASSERT(!item.is_set);
	return NULL;
}

Test(login_defs, running_system)
{
	child_run(running_system, NULL);
}
