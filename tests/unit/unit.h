/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * unit: what the unit tests share.
 */
#ifndef TESTS_UNIT_H
#define TESTS_UNIT_H

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/sys/fd.h"

#ifdef HAVE_CRITERION
#include <criterion/criterion.h>
#else
#include "tests/unit/criterion-small.h"
#endif

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* Bytes of a literal, which may hold NULs, and their number. */
#define BYTES(literal) (literal), sizeof(literal) - 1

/*
 * A copy of exactly @len bytes, without a NUL after it: AddressSanitizer sees a read past
 * the end. To be freed.
 */
static inline char *exact_copy(const char *text, size_t len)
{
	char *copy = malloc(len ? len : 1);

	cr_assert(copy, "out of memory");
	if (len > 0)
		memcpy(copy, text, len);
	else
		*copy = '\0'; /* gcc -flto warns of a pointer to bytes that are not set */
	return copy;
}

/* An open file with these bytes, at its beginning. */
static inline int file_of(const char *text, size_t len)
{
	int fd = memfd_create("unit", MFD_CLOEXEC);

	cr_assert(fd >= 0, "memfd_create: %s", strerror(errno));
	while (len > 0) {
		ssize_t n = write(fd, text, len);

		cr_assert(n > 0, "write: %s", strerror(errno));
		text += n;
		len -= (size_t)n;
	}
	cr_assert(lseek(fd, 0, SEEK_SET) == 0);
	return fd;
}

/* A temporary directory, open, below TMPDIR; removed by tmpdir_cleanup(). */
struct tmpdir {
	char path[256];
	int fd;
};

/* The last one that was made, for unit_skip(): Criterion tears nothing down then. */
static struct tmpdir *tmpdir_made;

static inline void tmpdir_make(struct tmpdir *tmpdir)
{
	const char *parent = getenv("TMPDIR");

	snprintf(tmpdir->path, sizeof(tmpdir->path), "%s/subid-unit.XXXXXX",
		 parent && *parent ? parent : "/tmp");
	cr_assert(mkdtemp(tmpdir->path), "%s: %s", tmpdir->path, strerror(errno));
	tmpdir->fd = open(tmpdir->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cr_assert(tmpdir->fd >= 0);
	tmpdir_made = tmpdir;
}

static inline int tmpdir_remove_one(const char *path, const struct stat *st, int type,
				    struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline void tmpdir_cleanup(struct tmpdir *tmpdir)
{
	tmpdir_made = NULL;
	fd_close(tmpdir->fd);
	cr_expect(nftw(tmpdir->path, tmpdir_remove_one, 8, FTW_DEPTH | FTW_PHYS) == 0,
		  "cannot remove %s", tmpdir->path);
}

/* Skips the test: it cannot run here; @why is the reason. */
static inline void unit_skip(const char *why)
{
	if (tmpdir_made)
		tmpdir_cleanup(tmpdir_made);
	cr_skip_test("%s", why);
}

/* The path of @name in the directory, in a buffer that the next call overwrites. */
static inline const char *tmpdir_path(const struct tmpdir *tmpdir, const char *name)
{
	static char path[512];

	snprintf(path, sizeof(path), "%s/%s", tmpdir->path, name);
	return path;
}

/* The root of a system: /etc, and a link to it where the build has its configuration. */
static inline void tmpdir_make_etc(const struct tmpdir *tmpdir)
{
	static const char below[] = SYSCONFDIR;
	char path[PATH_MAX];

	cr_assert(mkdirat(tmpdir->fd, "etc", 0755) == 0);
	if (strcmp(below, "/etc") == 0)
		return;
	for (const char *slash = below; (slash = strchr(slash + 1, '/'));) {
		snprintf(path, sizeof(path), "%.*s", (int)(slash - below - 1), &below[1]);
		cr_assert(mkdirat(tmpdir->fd, path, 0755) == 0 || errno == EEXIST);
	}
	cr_assert(symlinkat("/etc", tmpdir->fd, &below[1]) == 0);
}

/* Writes a file of exactly @mode, and returns its path as tmpdir_path(). */
static inline const char *tmpdir_put(const struct tmpdir *tmpdir, const char *name,
				     const char *text, size_t len, mode_t mode)
{
	const char *path = tmpdir_path(tmpdir, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	cr_assert(fd >= 0, "%s: %s", path, strerror(errno));
	cr_assert(write(fd, text, len) == (ssize_t)len);
	/* After a truncation some file systems wait for the disk at close(2). */
	cr_assert(ftruncate(fd, (off_t)len) == 0);
	cr_assert(fchmod(fd, mode) == 0);
	fd_close(fd);
	return path;
}

/* The text of file @name in the directory, as a string in a buffer of @size bytes. */
static inline size_t tmpdir_get(const struct tmpdir *tmpdir, const char *name, char *text,
				size_t size)
{
	int fd = open(tmpdir_path(tmpdir, name), O_RDONLY | O_CLOEXEC);
	ssize_t n;

	cr_assert(fd >= 0, "%s: %s", name, strerror(errno));
	n = read(fd, text, size - 1);
	cr_assert(n >= 0);
	fd_close(fd);
	text[n] = '\0';
	return (size_t)n;
}

/*
 * A part of a test that changes its process too much (descriptors, privileges, mounts) or
 * needs a process with a single thread, as unshare(2) does; Criterion's have more. It
 * returns NULL if it passes, a string that begins with CHILD_SKIP if it cannot run here,
 * or what is wrong.
 */
typedef const char *(*child_fn)(void *context);

#define CHILD_SKIP     "skip: "
#define CHILD_TEXT_(x) #x
#define CHILD_TEXT(x)  CHILD_TEXT_(x)
#define CHILD_ASSERT(condition)                                                   \
	do {                                                                      \
		if (!(condition))                                                 \
			return __FILE__ ":" CHILD_TEXT(__LINE__) ": " #condition; \
	} while (0)

#define CHILD_SECONDS	       30
#define CHILD_SECONDS_EMULATED 300

/* Runs @body in a child process; its result decides whether the test is skipped or fails.
 */
static inline void child_run(child_fn body, void *context)
{
	char text[512] = "";
	size_t len = 0;
	int ends[2], status;
	ssize_t n;
	pid_t pid;

	cr_assert(pipe2(ends, O_CLOEXEC) == 0);
	pid = fork();
	cr_assert(pid >= 0);
	if (pid == 0) {
		const char *complaint;

		alarm(getenv("SUBID_EMULATED") ? CHILD_SECONDS_EMULATED : CHILD_SECONDS);
		complaint = body(context);
		if (complaint && write(ends[1], complaint, strlen(complaint)) < 0)
			_exit(2);
		_exit(complaint ? 1 : 0);
	}
	fd_close(ends[1]);
	while (len < sizeof(text) - 1 &&
	       (n = read(ends[0], text + len, sizeof(text) - 1 - len)) > 0)
		len += (size_t)n;
	fd_close(ends[0]);
	cr_assert(waitpid(pid, &status, 0) == pid);

	if (strncmp(text, CHILD_SKIP, strlen(CHILD_SKIP)) == 0)
		unit_skip(text + strlen(CHILD_SKIP));
	cr_assert(len == 0, "%s", text);
	cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0,
		  "the child ended with %#x", (unsigned)status);
}

/* Writes to a small existing file, such as one below /proc. */
static inline bool put_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	fd_close(fd);
	return done;
}

/*
 * For a child: a private mount namespace. An ordinary user gets it as root of a user
 * namespace.
 */
static inline const char *child_own_mounts(void)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	char line[64];

	if (unshare(uid == 0 ? CLONE_NEWNS : CLONE_NEWUSER | CLONE_NEWNS))
		return CHILD_SKIP "no namespaces for this user";
	if (uid != 0) {
		CHILD_ASSERT(put_text("/proc/self/setgroups", "deny"));
		snprintf(line, sizeof(line), "0 %u 1\n", uid);
		CHILD_ASSERT(put_text("/proc/self/uid_map", line));
		snprintf(line, sizeof(line), "0 %u 1\n", gid);
		CHILD_ASSERT(put_text("/proc/self/gid_map", line));
	}
	CHILD_ASSERT(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
	return NULL;
}

/* An emulator may have only fork(2), so that a child of the library sends no signal. */
static inline const char *child_no_silent_clone(void)
{
	pid_t pid = (pid_t)syscall(SYS_clone, 0L, 0L, 0L, 0L, 0L);

	if (pid == 0)
		_exit(0);
	if (pid < 0)
		return CHILD_SKIP "no clone(2) without a signal at the end";
	return waitpid(pid, NULL, __WALL) == pid ? NULL : "clone(2)";
}

#endif
