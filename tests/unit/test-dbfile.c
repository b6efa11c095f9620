// SPDX-License-Identifier: BSD-3-Clause
/*
 * Databases that are not to be trusted, and that opening one does no harm.
 */
#include <limits.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "libsubid/core/limits.h"
#include "libsubid/sys/dbfile.h"
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

TestSuite(dbfile, .init = set_up, .fini = tear_down);

/* Opens, checks and compares; the result is kept, and a second check gives the same. */
static void expect(const char *path, int fault, int error)
{
	CLEANUP(dbfile_cleanup) struct dbfile file = DBFILE_UNOPENED;
	int r;

	dbfile_open(path, &file);
	r = dbfile_vet(&file);
	cr_assert(r == fault && file.fault == fault && file.error == error,
		  "%s: %d, %d, %s for %d, %s", path, r, file.fault, strerror(file.error),
		  fault, strerror(error));
	cr_assert((file.fd >= 0) == (fault != DBFILE_CLOSED), "%s: descriptor %d", path,
		  file.fd);
	cr_assert(dbfile_vet(&file) == fault && file.error == error, "%s: second look",
		  path);
}

/* The result for an ordinary file of the test: it is good if the test runs as root. */
static int own_fault(void)
{
	return geteuid() == 0 ? 0 : DBFILE_FOREIGN;
}

static int own_error(void)
{
	return geteuid() == 0 ? 0 : EACCES;
}

/* A file that was changed beyond 2038 can be opened where long has 32 bits. */
Test(dbfile, beyond_2038)
{
	const char *path = tmpdir_put(&tmpdir, "late", BYTES("elsa:1:1\n"), 0644);
	const struct timespec times[] = { { .tv_sec = 4000000000 },
					  { .tv_sec = 4000000000 } };
	struct stat st;

	cr_assert(utimensat(AT_FDCWD, path, times, 0) == 0);
	if (stat(path, &st) == 0 && st.st_mtim.tv_sec < 4000000000)
		unit_skip("a file system without times beyond 2038");
	expect(path, own_fault(), own_error());
}

/* Missing files and files that cannot be opened: the reason is kept. */
Test(dbfile, closed)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	expect(tmpdir_path(&tmpdir, "missing"), DBFILE_CLOSED, ENOENT);
	expect(tmpdir_path(&tmpdir, "missing/subuid"), DBFILE_CLOSED, ENOENT);
	tmpdir_put(&tmpdir, "file", BYTES("elsa:1:2\n"), 0644);
	expect(tmpdir_path(&tmpdir, "file/subuid"), DBFILE_CLOSED, ENOTDIR);
	expect("", DBFILE_CLOSED, ENOENT);

	if (strlen(tmpdir.path) + sizeof("/socket") > sizeof(address.sun_path))
		unit_skip("the path of the temporary directory is too long for a socket");
	strcpy(address.sun_path, tmpdir_path(&tmpdir, "socket"));
	cr_assert(bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
	close(fd);
	expect(address.sun_path, DBFILE_CLOSED, ENXIO);
}

/* No symbolic link is followed, wherever it leads. */
Test(dbfile, symlink)
{
	tmpdir_put(&tmpdir, "file", BYTES("elsa:1:2\n"), 0644);
	cr_assert(symlinkat("file", tmpdir.fd, "link") == 0);
	cr_assert(symlinkat("nowhere", tmpdir.fd, "dangling") == 0);
	cr_assert(symlinkat("/etc/passwd", tmpdir.fd, "absolute") == 0);
	expect(tmpdir_path(&tmpdir, "link"), DBFILE_CLOSED, ELOOP);
	expect(tmpdir_path(&tmpdir, "dangling"), DBFILE_CLOSED, ELOOP);
	expect(tmpdir_path(&tmpdir, "absolute"), DBFILE_CLOSED, ELOOP);
}

/* A file that is not regular is opened without waiting, and refused. */
Test(dbfile, not_regular)
{
	cr_assert(mkdirat(tmpdir.fd, "directory", 0755) == 0);
	cr_assert(mkfifo(tmpdir_path(&tmpdir, "fifo"), 0644) == 0);
	expect(tmpdir_path(&tmpdir, "directory"), DBFILE_NOT_REGULAR, EISDIR);
	expect(tmpdir_path(&tmpdir, "fifo"), DBFILE_NOT_REGULAR, EINVAL);
	expect("/dev/null", DBFILE_NOT_REGULAR, EINVAL);
	expect("/", DBFILE_NOT_REGULAR, EISDIR);
}

/* Writable by others: refused. Writable by the group: left to the administrator. */
Test(dbfile, modes)
{
	static const struct {
		mode_t mode;
		bool writable;
	} rows[] = {
		{ 0666, true },	 { 0646, true },  { 0602, true },  { 0777, true },
		{ 01666, true }, { 0644, false }, { 0600, false }, { 0664, false },
		{ 0660, false }, { 0444, false }, { 0640, false }, { 0755, false },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const char *path =
			tmpdir_put(&tmpdir, "file", BYTES("elsa:1:2\n"), rows[i].mode);

		if (rows[i].writable)
			expect(path, DBFILE_WRITABLE, EACCES);
		else
			expect(path, own_fault(), own_error());
		cr_assert(unlink(path) == 0);
	}
}

static const char *unreadable(void *path)
{
	struct dbfile file = DBFILE_UNOPENED;

	if (geteuid() == 0)
		CHILD_ASSERT(setresuid(65534, 65534, 65534) == 0);
	dbfile_open(path, &file);
	CHILD_ASSERT(dbfile_vet(&file) == DBFILE_CLOSED && file.error == EACCES);
	return NULL;
}

/* The mode of a file applies to a caller without privilege. */
Test(dbfile, unreadable)
{
	char path[512];

	cr_assert(chmod(tmpdir.path, 0755) == 0);
	snprintf(path, sizeof(path), "%s", tmpdir_put(&tmpdir, "file", BYTES("x"), 0000));
	child_run(unreadable, path);
}

/* The limit of the size, with files that have holes. */
Test(dbfile, huge)
{
	const char *path = tmpdir_put(&tmpdir, "file", BYTES("elsa:1:2\n"), 0644);

	cr_assert(truncate(path, LIMIT_FILE_BYTES) == 0);
	expect(path, own_fault(), own_error());
	cr_assert(truncate(path, LIMIT_FILE_BYTES + 1) == 0);
	expect(path, DBFILE_HUGE, EFBIG);
	cr_assert(truncate(path, LIMIT_FILE_BYTES * 64) == 0);
	expect(path, DBFILE_HUGE, EFBIG);
	cr_assert(truncate(path, 0) == 0);
	expect(path, own_fault(), own_error());
}

/* A file of a user other than root: the user could write to it at any time. */
Test(dbfile, owners)
{
	static const uid_t uids[] = { 1, 1000, 65534, INT_MAX, (uid_t)-2 };
	const char *path;

	expect("/etc/passwd", 0, 0);
	path = tmpdir_put(&tmpdir, "file", BYTES("elsa:1:2\n"), 0644);
	expect(path, own_fault(), own_error());
	if (geteuid() != 0)
		unit_skip("only root can give files to others");
	for (size_t i = 0; i < COUNT_OF(uids); i++) {
		/* The overflow uid is an ordinary id if every id is mapped. */
		cr_assert(chown(path, uids[i], 0) == 0);
		expect(path, DBFILE_FOREIGN, EACCES);
	}
	cr_assert(chown(path, 0, 1000) == 0);
	expect(path, 0, 0);
}

static int judge(const char *path)
{
	CLEANUP(dbfile_cleanup) struct dbfile file = DBFILE_UNOPENED;

	dbfile_open(path, &file);
	return dbfile_vet(&file);
}

/* Without a free descriptor the owner of a file is unknown. */
static bool judge_in_vain(const char *path)
{
	CLEANUP(dbfile_cleanup) struct dbfile file = DBFILE_UNOPENED;
	struct rlimit limit, none;

	dbfile_open(path, &file);
	if (getrlimit(RLIMIT_NOFILE, &limit))
		return false;
	none = (struct rlimit){ 0, limit.rlim_max };
	if (setrlimit(RLIMIT_NOFILE, &none) || dbfile_vet(&file) != DBFILE_UNKNOWN ||
	    file.error != EMFILE)
		return false;
	return setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

/* Files of two users, and the uid that the first user has inside. */
struct inside {
	char own[512];
	char other[512];
	unsigned int uid;
	int own_fault;
};

/*
 * In a user namespace with only one id, files of the other user and of root outside show
 * the overflow uid as their owner.
 */
static const char *in_namespace(void *context)
{
	const struct inside *inside = context;
	uid_t uid = geteuid();
	char line[64];

	if (unshare(CLONE_NEWUSER))
		return CHILD_SKIP "no user namespaces for this user";
	/* No id at all is mapped. */
	CHILD_ASSERT(judge(inside->own) == 0);
	CHILD_ASSERT(judge(inside->other) == 0);
	CHILD_ASSERT(judge_in_vain(inside->other));

	snprintf(line, sizeof(line), "%u %u 1\n", inside->uid, uid);
	CHILD_ASSERT(put_text("/proc/self/uid_map", line));
	CHILD_ASSERT(judge(inside->own) == inside->own_fault);
	CHILD_ASSERT(judge(inside->other) == 0);
	return NULL;
}

static void run_inside(unsigned int uid, int own_fault)
{
	struct inside inside = { .uid = uid, .own_fault = own_fault };

	snprintf(inside.own, sizeof(inside.own), "%s",
		 tmpdir_put(&tmpdir, "own", BYTES("x"), 0644));
	if (geteuid() == 0) {
		snprintf(inside.other, sizeof(inside.other), "%s",
			 tmpdir_put(&tmpdir, "other", BYTES("x"), 0644));
		cr_assert(chown(inside.other, 1, 1) == 0);
	} else {
		snprintf(inside.other, sizeof(inside.other), "/etc/passwd");
	}
	child_run(in_namespace, &inside);
}

Test(dbfile, root_inside)
{
	run_inside(0, 0);
}

/* Neither root nor unmapped. */
Test(dbfile, not_root_inside)
{
	run_inside(5, DBFILE_FOREIGN);
}

/* The descriptor reads the file, is not inherited by programs, and is closed once. */
Test(dbfile, descriptor)
{
	struct dbfile file = DBFILE_UNOPENED, unopened = DBFILE_UNOPENED;
	char text[16] = "";
	int flags, seen;

	dbfile_open(tmpdir_put(&tmpdir, "file", BYTES("elsa:1:2\n"), 0644), &file);
	seen = file.fd;
	cr_assert(file.fd >= 0 && file.error == 0 && file.fault == 0);
	cr_assert(fcntl(file.fd, F_GETFD) == FD_CLOEXEC);
	flags = fcntl(file.fd, F_GETFL);
	cr_assert((flags & O_ACCMODE) == O_RDONLY && (flags & O_NONBLOCK));
	cr_assert(file.status.st_size == 9 && S_ISREG(file.status.st_mode));
	cr_assert(read(file.fd, text, sizeof(text)) == 9 &&
		  strcmp(text, "elsa:1:2\n") == 0);
	dbfile_cleanup(&file);
	cr_assert(file.fd == -1 && fcntl(seen, F_GETFD) < 0);
	dbfile_cleanup(&file);
	dbfile_cleanup(&unopened);
	cr_assert(unopened.fd == -1);
}
