// SPDX-License-Identifier: BSD-3-Clause
/*
 * policy-files: which files of which directories count, in an image.
 */
#include "libsubid/core/limits.h"
#include "libsubid/sys/dbfile.h"
#include "libsubid/sys/policy-files.h"
#include "tests/unit/unit.h"

/* A path below the directory of the databases, in the image. */
#define ETC(path) (&(SYSCONFDIR path)[1])

static struct tmpdir tmpdir;

static void make_directory(const char *path)
{
	cr_assert(mkdirat(tmpdir.fd, path, 0755) == 0, "%s", path);
}

static void set_up(void)
{
	char etc[] = SYSCONFDIR "/";
	static const char *const paths[] = {
		"run",		 "run/subid.d",		  "usr",     "usr/local",
		"usr/local/lib", "usr/local/lib/subid.d", "usr/lib", "usr/lib/subid.d",
	};

	umask(022);
	tmpdir_make(&tmpdir);
	for (size_t i = 0; i < COUNT_OF(paths); i++)
		make_directory(paths[i]);
	for (char *at = strchr(etc + 1, '/'); at; at = strchr(at + 1, '/')) {
		*at = '\0';
		mkdirat(tmpdir.fd, etc + 1, 0755);
		*at = '/';
	}
	make_directory(ETC("/subid.d"));
}

static void tear_down(void)
{
	tmpdir_cleanup(&tmpdir);
}

TestSuite(policy_files, .init = set_up, .fini = tear_down);

static void put(const char *path, const char *text)
{
	tmpdir_put(&tmpdir, path, text, strlen(text), 0644);
}

static void need_root(void)
{
	if (geteuid() != 0)
		unit_skip("only root can make files of root");
}

/* Compares the owners of lines `owner` in their order, with a space after each. */
static void expect_owners(const char *root, const char *owners)
{
	CLEANUP(fd_cleanup) int etc = openat(tmpdir.fd, ETC(""), O_RDONLY | O_DIRECTORY);
	struct policy_files files;
	char text[256] = "";

	cr_assert(policy_files_read(etc, root, &files) == 0);
	cr_assert(!policy_files_are_wrong(&files));
	for (size_t i = 0; i < files.policy.n_owners; i++)
		sprintf(text + strlen(text), "%.*s ",
			(int)files.policy.owners[i].name.len,
			files.policy.owners[i].name.text);
	cr_assert_str_eq(text, owners, "%s", text);
	policy_files_cleanup(&files);
}

static void expect_fault(const char *path, int fault, int error)
{
	struct policy_files files;

	cr_assert(policy_files_read(-1, tmpdir.path, &files) == 0);
	cr_assert(policy_files_are_wrong(&files) && files.n_faults == 1);
	cr_assert(files.faults[0].fault == fault && files.faults[0].error == error,
		  "%d %d", files.faults[0].fault, files.faults[0].error);
	cr_assert_str_eq(files.faults[0].path, path, "%s", files.faults[0].path);
	policy_files_cleanup(&files);
}

Test(policy_files, none)
{
	need_root();
	expect_owners(tmpdir.path, "");
	cr_assert(unlinkat(tmpdir.fd, "run/subid.d", AT_REMOVEDIR) == 0);
	cr_assert(unlinkat(tmpdir.fd, "usr/lib/subid.d", AT_REMOVEDIR) == 0);
	expect_owners(tmpdir.path, "");
}

Test(policy_files, order)
{
	need_root();
	put(ETC("/subid.d/30.conf"), "owner c\n");
	put("run/subid.d/20.conf", "owner b\n");
	put("usr/local/lib/subid.d/10.conf", "owner a\n");
	put("usr/lib/subid.d/40.conf", "owner d\n");
	put(ETC("/subid.d/README"), "none\n");
	put(ETC("/subid.d/.50.conf"), "none\n");
	put(ETC("/subid.d/60.conf.dpkg-new"), "none\n");
	expect_owners(tmpdir.path, "a b c d ");
	/* A name in an earlier directory hides the later ones. */
	put("usr/lib/subid.d/30.conf", "none\n");
	put("run/subid.d/40.conf", "owner e\n");
	put("usr/local/lib/subid.d/20.conf", "none\n");
	expect_owners(tmpdir.path, "a b c e ");
	expect_owners(NULL, "c ");
}

Test(policy_files, masked)
{
	need_root();
	put("usr/lib/subid.d/10.conf", "none\n");
	cr_assert(symlinkat("/dev/null", tmpdir.fd, ETC("/subid.d/10.conf")) == 0);
	put("usr/lib/subid.d/20.conf", "none\n");
	put("run/subid.d/20.conf", "");
	expect_owners(tmpdir.path, "");
	cr_assert(symlinkat("20.conf", tmpdir.fd, "run/subid.d/30.conf") == 0);
	expect_fault("/run/subid.d/30.conf", DBFILE_CLOSED, ELOOP);
}

Test(policy_files, others_could_write)
{
	need_root();
	put(ETC("/subid.d/10.conf"), "owner a\n");
	cr_assert(fchmodat(tmpdir.fd, ETC("/subid.d/10.conf"), 0664, 0) == 0);
	expect_fault(SYSCONFDIR "/subid.d/10.conf", DBFILE_WRITABLE, EACCES);
	cr_assert(fchmodat(tmpdir.fd, ETC("/subid.d/10.conf"), 0644, 0) == 0);
	cr_assert(fchownat(tmpdir.fd, ETC("/subid.d/10.conf"), 5, 0, 0) == 0);
	expect_fault(SYSCONFDIR "/subid.d/10.conf", DBFILE_FOREIGN, EACCES);
	cr_assert(fchownat(tmpdir.fd, ETC("/subid.d/10.conf"), 0, 5, 0) == 0);
	expect_owners(tmpdir.path, "a ");
	cr_assert(fchmodat(tmpdir.fd, ETC("/subid.d"), 0775, 0) == 0);
	expect_fault(SYSCONFDIR "/subid.d", DBFILE_WRITABLE, EACCES);
	cr_assert(fchmodat(tmpdir.fd, ETC("/subid.d"), 0755, 0) == 0);
	cr_assert(fchownat(tmpdir.fd, ETC("/subid.d"), 5, 0, 0) == 0);
	expect_fault(SYSCONFDIR "/subid.d", DBFILE_FOREIGN, EACCES);
}

Test(policy_files, not_regular)
{
	need_root();
	make_directory("run/subid.d/10.conf");
	expect_fault("/run/subid.d/10.conf", DBFILE_NOT_REGULAR, EISDIR);
	cr_assert(unlinkat(tmpdir.fd, "run/subid.d/10.conf", AT_REMOVEDIR) == 0);
	cr_assert(mkfifoat(tmpdir.fd, "run/subid.d/10.conf", 0644) == 0);
	expect_fault("/run/subid.d/10.conf", DBFILE_NOT_REGULAR, EINVAL);
	cr_assert(unlinkat(tmpdir.fd, "run/subid.d/10.conf", 0) == 0);
	cr_assert(unlinkat(tmpdir.fd, "run/subid.d", AT_REMOVEDIR) == 0);
	put("run/subid.d", "");
	expect_fault("/run/subid.d", DBFILE_CLOSED, ENOTDIR);
}

/* Files of the maximum, together, are read, and one byte more is refused. */
Test(policy_files, size)
{
	static char text[LIMIT_POLICY_BYTES / 2 + 1];
	const size_t half = LIMIT_POLICY_BYTES / 2;

	need_root();
	for (size_t i = 0; i < half; i++)
		text[i] = i % 100 ? '#' : '\n';
	text[0] = '#';
	text[half - 1] = '\n';
	tmpdir_put(&tmpdir, "run/subid.d/10.conf", text, half, 0644);
	memset(text, '#', half);
	for (size_t i = 4000; i < half; i += 4000)
		text[i] = '\n';
	tmpdir_put(&tmpdir, "run/subid.d/20.conf", text, half, 0644);
	expect_owners(tmpdir.path, "");
	text[half] = '\n';
	tmpdir_put(&tmpdir, "run/subid.d/20.conf", text, half + 1, 0644);
	expect_fault("/run/subid.d/20.conf", DBFILE_UNREADABLE, EFBIG);
}

/* The place of an error. */
Test(policy_files, place)
{
	struct policy_files files;

	need_root();
	put("run/subid.d/10.conf", "# x\n");
	put("usr/lib/subid.d/20.conf", "\n\nowner\n");
	cr_assert(policy_files_read(-1, tmpdir.path, &files) == 0);
	cr_assert(files.policy.n_errors == 1 && policy_files_are_wrong(&files));
	cr_assert(files.policy.errors[0].place.line == 3);
	cr_assert_str_eq(files.files[files.policy.errors[0].place.file].path,
			 "/usr/lib/subid.d/20.conf");
	policy_files_cleanup(&files);
}
