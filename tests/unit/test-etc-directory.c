// SPDX-License-Identifier: BSD-3-Clause
/*
 * Directories and files of an image: no link leads out of it.
 */
#include "libsubid/sys/etc-directory.h"
#include "libsubid/sys/scan.h"
#include "tests/unit/unit.h"

static struct tmpdir image;

static void make(const char *name)
{
	cr_assert(mkdir(tmpdir_path(&image, name), 0755) == 0, "%s: %s", name,
		  strerror(errno));
}

static void put_link(const char *name, const char *target)
{
	unlink(tmpdir_path(&image, name));
	cr_assert(symlink(target, tmpdir_path(&image, name)) == 0);
}

static void setup(void)
{
	tmpdir_make(&image);
	make("usr");
	make("usr/etc");
	tmpdir_put(&image, "usr/etc/passwd", BYTES("inside\n"), 0644);
}

static void teardown(void)
{
	tmpdir_cleanup(&image);
}

static void check_inside(int tmpdir)
{
	CLEANUP(fd_cleanup) int fd = -1;
	char text[16] = "";

	if (tmpdir == -ENOSYS)
		unit_skip("no openat2(2)");
	cr_assert(tmpdir >= 0, "%s", strerror(-tmpdir));
	fd = etc_open(tmpdir, "passwd");
	cr_assert(fd >= 0, "%s", strerror(-fd));
	cr_assert(read(fd, text, sizeof(text) - 1) == 7);
	cr_assert_str_eq(text, "inside\n");
	fd_close(tmpdir);
}

/* A link in any form leads to the image's directory. */
Test(etc_directory, tmpdir, .init = setup, .fini = teardown)
{
	static const char *const targets[] = { "usr/etc", "/usr/etc", "../../../usr/etc",
					       "/../usr/etc/.", "other" };

	put_link("other", "/usr/etc");
	for (size_t i = 0; i < COUNT_OF(targets); i++) {
		put_link("etc", targets[i]);
		check_inside(etc_open_directory(image.path, "/etc"));
	}
	check_inside(etc_open_directory(image.path, "/usr//etc/"));
	put_link("etc", "/etc");
	cr_assert(etc_open_directory(image.path, "/etc") == -ELOOP);
	put_link("etc", "/nowhere");
	cr_assert(etc_open_directory(image.path, "/etc") == -ENOENT);
	put_link("etc", "/usr/etc/passwd");
	cr_assert(etc_open_directory(image.path, "/etc") == -ENOTDIR);
	cr_assert(etc_open_directory(tmpdir_path(&image, "nowhere"), "/etc") == -ENOENT);
}

/* Of this system: as open(2) does. */
Test(etc_directory, ours, .init = setup, .fini = teardown)
{
	char path[512];
	int fd;

	snprintf(path, sizeof(path), "%s/usr/etc", image.path);
	put_link("etc", path);
	check_inside(etc_open_directory(NULL, tmpdir_path(&image, "etc")));
	fd = etc_open(AT_FDCWD, tmpdir_path(&image, "usr/etc/passwd"));
	cr_assert(fd >= 0);
	fd_close(fd);
	fd = etc_open_directory(NULL, "/etc");
	cr_assert(fd >= 0);
	fd_close(fd);
}

/* A file that is a link, and a name that is no file. */
Test(etc_directory, file, .init = setup, .fini = teardown)
{
	CLEANUP(fd_cleanup) int tmpdir = etc_open_directory(image.path, "/usr/etc");
	CLEANUP(scan_cleanup) struct scan scan = { 0 };
	struct scan_line line;
	int fd;

	put_link("usr/etc/link", "passwd");
	cr_assert(etc_open(tmpdir, "link") == -ELOOP);
	cr_assert(etc_open(tmpdir, "nowhere") == -ENOENT);
	cr_assert(mkfifo(tmpdir_path(&image, "usr/etc/pipe"), 0644) == 0);
	cr_assert(etc_open(tmpdir, "pipe") == -EBADFD);
	fd = etc_open(AT_FDCWD, tmpdir_path(&image, "usr/etc/pipe"));
	cr_assert(fd >= 0);
	scan_start(&scan, fd);
	cr_assert(scan_next(&scan, &line) == -EBADFD);
	fd_close(fd);
	make("usr/etc/directory");
	cr_assert(etc_open(tmpdir, "directory") == -EISDIR);
	/* Of this system a file may be masked by the null device. */
	fd = etc_open(AT_FDCWD, "/dev/null");
	cr_assert(fd >= 0);
	fd_close(fd);
	fd = etc_open(AT_FDCWD, "/dev/zero");
	scan_end(&scan);
	cr_assert(fd >= 0);
	scan_start(&scan, fd);
	cr_assert(scan_next(&scan, &line) == 1);
	cr_assert(scan_next(&scan, &line) == -EFBIG);
	fd_close(fd);
}
