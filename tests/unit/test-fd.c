// SPDX-License-Identifier: BSD-3-Clause
/*
 * Descriptors: closed once; reads and writes that signals interrupt.
 */
#include <signal.h>
#include <sys/time.h>

#include "libsubid/sys/fd.h"
#include "tests/unit/unit.h"

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

/* Closing returns -1 and keeps errno, also for a descriptor that is not open. */
Test(fd, close)
{
	int fd = file_of("x", 1);

	errno = EXDEV;
	cr_assert(fd_close(-1) == -1 && errno == EXDEV);
	cr_assert(fd_close(fd) == -1 && errno == EXDEV);
	cr_assert_not(is_open(fd));
	errno = EXDEV;
	cr_assert(fd_close(fd) == -1 && errno == EXDEV);

	/* 0 is a descriptor like any other. */
	cr_assert(is_open(STDIN_FILENO) || open("/dev/null", O_RDONLY) == STDIN_FILENO);
	cr_assert(fd_close(STDIN_FILENO) == -1);
	cr_assert_not(is_open(STDIN_FILENO));
}

/* A descriptor is closed at the end of its scope, unless it was handed over. */
Test(fd, cleanup)
{
	int seen, taken = -1;

	{
		CLEANUP(fd_cleanup) int fd = file_of("x", 1);

		seen = fd;
		cr_assert(is_open(seen));
	}
	cr_assert_not(is_open(seen));
	{
		CLEANUP(fd_cleanup) int fd = file_of("x", 1);

		taken = TAKE_FD(fd);
		cr_assert(fd == -1);
	}
	cr_assert(is_open(taken));
	fd_cleanup(&taken);
	cr_assert(taken == -1);
}

/* A moved descriptor is the same file, the old number is free; a failure changes nothing.
 */
Test(fd, move_up)
{
	int fd = file_of("x", 1), old = fd;
	char byte = 0;
	size_t n = 0;

	cr_assert(fd_move_up(&fd, 100) == 0 && fd >= 100 && !is_open(old));
	cr_assert(fcntl(fd, F_GETFD) == FD_CLOEXEC);
	cr_assert(fd_read(fd, &byte, 1, &n) == 0 && n == 1 && byte == 'x');
	old = fd;
	cr_assert(fd_move_up(&fd, INT_MAX) == -EINVAL && fd == old && is_open(fd));
	fd_close(fd);
	fd = -1;
	cr_assert(fd_move_up(&fd, 3) == -EBADF && fd == -1);
}

/* A regular file is opened, and created on request; nothing else is opened. */
Test(fd, open_regular)
{
	const int flags[] = { O_WRONLY | O_CREAT, O_RDONLY, O_RDWR | O_NOFOLLOW };
	struct tmpdir tmpdir;
	int fd;

	tmpdir_make(&tmpdir);
	cr_assert(fd_open_regular(tmpdir.fd, "file", O_RDONLY) == -ENOENT);
	for (size_t i = 0; i < COUNT_OF(flags); i++) {
		fd = fd_open_regular(tmpdir.fd, "file", flags[i]);
		cr_assert(is_open(fd) && fcntl(fd, F_GETFD) == FD_CLOEXEC);
		fd_close(fd);
	}

	cr_assert(mkdirat(tmpdir.fd, "directory", 0700) == 0);
	cr_assert(mkfifo(tmpdir_path(&tmpdir, "fifo"), 0600) == 0);
	cr_assert(symlinkat("file", tmpdir.fd, "link") == 0);
	cr_assert(fd_open_regular(tmpdir.fd, "directory", O_RDONLY) == -EISDIR);
	cr_assert(fd_open_regular(tmpdir.fd, "directory", O_WRONLY) == -EISDIR);
	cr_assert(fd_open_regular(tmpdir.fd, "fifo", O_RDONLY) == -EBADFD);
	cr_assert(fd_open_regular(tmpdir.fd, "fifo", O_WRONLY | O_CREAT) == -EBADFD);
	cr_assert(fd_open_regular(tmpdir.fd, "link", O_RDONLY | O_NOFOLLOW) == -ELOOP);
	cr_assert(fd_open_regular(AT_FDCWD, "/dev/null", O_RDONLY) == -EBADFD);
	tmpdir_cleanup(&tmpdir);
}

/* A read returns the number of bytes, 0 at the end, and the reason of a failure. */
Test(fd, read)
{
	CLEANUP(fd_cleanup) int fd = file_of("abcde", 5);
	CLEANUP(fd_cleanup) int tmpdir = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char buffer[8] = "~~~~~~~";
	size_t n = 77;

	cr_assert(fd_read(fd, buffer, 3, &n) == 0 && n == 3);
	cr_assert(memcmp(buffer, "abc~", 4) == 0);
	cr_assert(fd_read(fd, buffer, sizeof(buffer), &n) == 0 && n == 2);
	cr_assert(memcmp(buffer, "dec~", 4) == 0);
	cr_assert(fd_read(fd, buffer, sizeof(buffer), &n) == 0 && n == 0);
	n = 77;
	cr_assert(fd_read(-1, buffer, sizeof(buffer), &n) == -EBADF && n == 77);
	cr_assert(fd_read(tmpdir, buffer, sizeof(buffer), &n) == -EISDIR && n == 77);
}

static volatile sig_atomic_t alarms;

static void count_alarm(int number)
{
	(void)number;
	alarms++;
}

static const char *read_through_signals(void *context)
{
	struct sigaction action = { .sa_handler = count_alarm }; /* no SA_RESTART */
	struct itimerval often = { { 0, 2000 }, { 0, 2000 } };
	int ends[2];
	char byte = 0;
	size_t n = 0;

	(void)context;
	CHILD_ASSERT(pipe(ends) == 0);
	CHILD_ASSERT(sigaction(SIGALRM, &action, NULL) == 0);
	if (fork() == 0) {
		usleep(50000);
		_exit(write(ends[1], "x", 1) == 1 ? 0 : 1);
	}
	CHILD_ASSERT(setitimer(ITIMER_REAL, &often, NULL) == 0);
	CHILD_ASSERT(fd_read(ends[0], &byte, 1, &n) == 0);
	CHILD_ASSERT(n == 1 && byte == 'x');
	CHILD_ASSERT(alarms > 1);
	return NULL;
}

/* An interrupted read is begun again. */
Test(fd, read_through_signals)
{
	child_run(read_through_signals, NULL);
}

/* Writing is one write(2): all of it, or an error. */
Test(fd, write_once)
{
	static char large[1024 * 1024];
	CLEANUP(fd_cleanup) int fd = file_of("", 0);
	CLEANUP(fd_cleanup) int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
	char buffer[8] = "";
	int ends[2];

	cr_assert(fd_write_once(fd, "abcde", 5) == 0);
	cr_assert(fd_write_once(fd, "", 0) == 0);
	cr_assert(pread(fd, buffer, sizeof(buffer), 0) == 5 &&
		  memcmp(buffer, "abcde", 6) == 0);
	cr_assert(fd_write_once(-1, "x", 1) == -EBADF);
	cr_assert(full < 0 || fd_write_once(full, "x", 1) == -ENOSPC);

	/* If the kernel takes only a part, that is a failure, and not tried again. */
	cr_assert(pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
	cr_assert(fd_write_once(ends[1], large, sizeof(large)) == -EIO);
	cr_assert(fd_write_once(ends[1], large, 1) == -EAGAIN);
	close(ends[0]);
	close(ends[1]);
}

/* Reads slowly, in pieces, while signals arrive. Returns 0 if the bytes are right. */
static const char *write_to_slow_reader(void *context)
{
	static char large[300000], got[sizeof(large)];
	struct sigaction action = { .sa_handler = count_alarm }; /* no SA_RESTART */
	struct itimerval often = { { 0, 2000 }, { 0, 2000 } };
	int ends[2], status;
	size_t n, len = 0;

	(void)context;
	for (size_t i = 0; i < sizeof(large); i++)
		large[i] = (char)(i % 251);
	CHILD_ASSERT(pipe(ends) == 0);
	if (fork() == 0) {
		close(ends[1]);
		while (fd_read(ends[0], got + len, 7001, &n) == 0 && n > 0) {
			len += n;
			usleep(1000);
		}
		_exit(len == sizeof(got) && memcmp(large, got, len) == 0 ? 0 : 1);
	}
	close(ends[0]);
	CHILD_ASSERT(sigaction(SIGALRM, &action, NULL) == 0);
	CHILD_ASSERT(setitimer(ITIMER_REAL, &often, NULL) == 0);
	CHILD_ASSERT(fd_write_all(ends[1], large, sizeof(large) - 7000) == 0);
	CHILD_ASSERT(fd_write_all(ends[1], large + sizeof(large) - 7000, 7000) == 0);
	close(ends[1]);
	while (waitpid(-1, &status, 0) < 0)
		CHILD_ASSERT(errno == EINTR);
	CHILD_ASSERT(status == 0);
	CHILD_ASSERT(alarms > 1);
	return NULL;
}

/* Everything is written, in pieces of any size, or the reason is returned. */
Test(fd, write_all)
{
	CLEANUP(fd_cleanup) int fd = file_of("", 0);
	CLEANUP(fd_cleanup) int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
	static char large[1024 * 1024];
	char buffer[8] = "";
	int ends[2];

	cr_assert(fd_write_all(fd, "abcde", 5) == 0);
	cr_assert(fd_write_all(fd, NULL, 0) == 0);
	cr_assert(pread(fd, buffer, sizeof(buffer), 0) == 5 &&
		  memcmp(buffer, "abcde", 6) == 0);
	cr_assert(fd_write_all(-1, "x", 1) == -EBADF);
	cr_assert(full < 0 || fd_write_all(full, "x", 1) == -ENOSPC);
	cr_assert(pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
	cr_assert(fd_write_all(ends[1], large, sizeof(large)) == -EAGAIN);
	close(ends[0]);
	close(ends[1]);
	child_run(write_to_slow_reader, NULL);
}
