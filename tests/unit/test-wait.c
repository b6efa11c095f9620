// SPDX-License-Identifier: BSD-3-Clause
/*
 * Waiting: every way in which it ends, also with other threads in the process.
 */
#include <pthread.h>
#include <sys/socket.h>

#include "libsubid/sys/wait.h"
#include "tests/unit/unit.h"

#define SOON 50 /* milliseconds */
#define LATE 20000

static struct tmpdir tmpdir;

static void setup(void)
{
	tmpdir_make(&tmpdir);
	tmpdir_put(&tmpdir, "lock", BYTES(""), 0600);
}

/* The tests of locks need a child process of the library. */
static void set_up_for_child(void)
{
	const char *no_clone = child_no_silent_clone();

	setup();
	if (no_clone)
		unit_skip(no_clone + strlen(CHILD_SKIP));
}

static void teardown(void)
{
	tmpdir_cleanup(&tmpdir);
}

static int open_lock(void)
{
	int fd = open(tmpdir_path(&tmpdir, "lock"), O_RDWR | O_CLOEXEC);

	cr_assert(fd >= 0);
	return fd;
}

static int set_lock(int fd, short type)
{
	struct flock whole = { .l_type = type, .l_whence = SEEK_SET };

	return fcntl(fd, F_OFD_SETLK, &whole);
}

/* No child process is left. */
static void no_child_is_left(void)
{
	cr_assert(waitpid(-1, NULL, WNOHANG | __WALL) == -1 && errno == ECHILD);
}

/* By the clock, by the descriptor, by `stop`; `stop` is checked first. */
Test(wait, until)
{
	int ends[2], stop[2];
	int64_t begin = wait_clock();

	cr_assert(pipe2(ends, O_CLOEXEC) == 0 && pipe2(stop, O_CLOEXEC) == 0);
	cr_assert(wait_until(-1, -1, begin + SOON) == WAIT_OVER);
	cr_assert(wait_clock() >= begin + SOON);
	cr_assert(wait_until(ends[0], stop[0], 0) == WAIT_OVER);
	cr_assert(close(ends[1]) == 0);
	cr_assert(wait_until(ends[0], stop[0], begin + LATE) == 0);
	cr_assert(write(stop[1], "", 1) == 1);
	cr_assert(wait_until(ends[0], stop[0], begin + LATE) == WAIT_STOPPED);
	cr_assert(wait_clock() < begin + LATE);
	fd_close(ends[0]);
	fd_close(stop[0]);
	fd_close(stop[1]);
}

/* In pieces, in time; the end of the file before all of it, the end of the time, and no
 * time. */
Test(wait, read)
{
	const int64_t begin = wait_clock();
	char got[8] = "~~~~~~~";
	int ends[2], status;

	cr_assert(pipe2(ends, O_CLOEXEC) == 0);
	if (fork() == 0) {
		for (int i = 0; i < 6; i++) {
			usleep(20000);
			if (write(ends[1], &"elsann"[i], 1) != 1)
				_exit(1);
		}
		_exit(0);
	}
	cr_assert(wait_read(ends[0], NULL, begin + LATE, got, 0) == 0);
	cr_assert(wait_read(ends[0], NULL, begin + LATE, got, 4) == 0);
	cr_assert(memcmp(got, "elsa~~~", 7) == 0);
	cr_assert(wait_read(ends[0], NULL, 0, got, 2) == 0 &&
		  memcmp(got, "nnsa~", 5) == 0);
	cr_assert(waitpid(-1, &status, 0) > 0 && status == 0);

	cr_assert(wait_read(ends[0], NULL, wait_clock() + SOON, got, 1) == WAIT_OVER);
	cr_assert(write(ends[1], "xy", 2) == 2);
	cr_assert(wait_read(ends[0], NULL, wait_clock() + SOON, got, 3) == WAIT_OVER);
	cr_assert(write(ends[1], "x", 1) == 1 && close(ends[1]) == 0);
	cr_assert(wait_read(ends[0], NULL, begin + LATE, got, 2) == -ECONNRESET);
	cr_assert(wait_read(ends[0], NULL, 0, got, 1) == -ECONNRESET);
	cr_assert(wait_clock() < begin + LATE);
	close(ends[0]);
	cr_assert(wait_read(ends[0], NULL, 0, got, 1) == -EBADF);
}

/* More bytes than a socket holds are sent as they are read, or until the time is over. */
Test(wait, send)
{
	static char sent[1024 * 1024], got[sizeof(sent)];
	int64_t begin = wait_clock();
	int ends[2], status;
	pid_t pid;

	for (size_t i = 0; i < sizeof(sent); i++)
		sent[i] = (char)(i * 7 / 3);
	cr_assert(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
	cr_assert(wait_send(ends[0], begin + LATE, sent, 0) == 0);
	pid = fork();
	if (pid == 0)
		_exit(wait_read(ends[1], NULL, 0, got, sizeof(got)) ||
		      memcmp(sent, got, sizeof(got)) != 0);
	cr_assert(wait_send(ends[0], begin + LATE, sent, sizeof(sent)) == 0);
	cr_assert(waitpid(pid, &status, 0) == pid && status == 0);

	begin = wait_clock();
	cr_assert(wait_send(ends[0], begin + SOON, sent, sizeof(sent)) == WAIT_OVER);
	cr_assert(wait_clock() >= begin + SOON);
	close(ends[1]);
	cr_assert(wait_send(ends[0], wait_clock() + LATE, sent, 1) == -ECONNRESET);
	close(ends[0]);
	cr_assert(wait_send(ends[0], wait_clock() + LATE, sent, 1) == -EBADF);
}

/* A free lock is taken, and held: another file description does not get it.
 */
Test(wait, free_lock, .init = set_up_for_child, .fini = teardown)
{
	int ours = open_lock(), other = open_lock();

	cr_assert(wait_for_lock(ours, -1, wait_clock() + LATE) == 0);
	no_child_is_left();
	cr_assert(set_lock(other, F_WRLCK) == -1 && errno == EAGAIN);
	cr_assert(set_lock(ours, F_UNLCK) == 0);
	cr_assert(set_lock(other, F_WRLCK) == 0);
	fd_close(ours);
	fd_close(other);
}

/* A held lock: until the time is over, or `stop` is readable. */
Test(wait, in_vain, .init = set_up_for_child, .fini = teardown)
{
	int ours = open_lock(), other = open_lock(), stop[2];
	int64_t begin = wait_clock();

	cr_assert(pipe2(stop, O_CLOEXEC) == 0);
	cr_assert(set_lock(other, F_WRLCK) == 0);
	cr_assert(wait_for_lock(ours, -1, begin + SOON) == WAIT_OVER);
	cr_assert(wait_clock() >= begin + SOON);
	cr_assert(write(stop[1], "", 1) == 1);
	cr_assert(wait_for_lock(ours, stop[0], begin + LATE) == WAIT_STOPPED);
	cr_assert(wait_clock() < begin + LATE);
	no_child_is_left();
	/* After that the lock is not held. */
	cr_assert(set_lock(other, F_UNLCK) == 0 && set_lock(other, F_WRLCK) == 0);
	fd_close(ours);
	fd_close(other);
	fd_close(stop[0]);
	fd_close(stop[1]);
}

/* A descriptor that takes no write lock: the error of the child is returned. */
Test(wait, error, .init = set_up_for_child, .fini = teardown)
{
	int fd = open(tmpdir_path(&tmpdir, "lock"), O_RDONLY | O_CLOEXEC);

	cr_assert(wait_for_lock(fd, -1, wait_clock() + LATE) == -EBADF);
	fd_close(fd);
	no_child_is_left();
}

#define THREADS 8
#define TURNS	25

static int inside, counted;

static void *take_turns(void *context)
{
	for (int i = 0; i < TURNS; i++) {
		CLEANUP(fd_cleanup) int fd = open("lock-of-threads", O_RDWR | O_CLOEXEC);

		if (fd < 0 || wait_for_lock(fd, -1, wait_clock() + LATE) != 0)
			return context;
		if (__atomic_add_fetch(&inside, 1, __ATOMIC_SEQ_CST) == 1)
			counted++;
		__atomic_sub_fetch(&inside, 1, __ATOMIC_SEQ_CST);
		if (set_lock(fd, F_UNLCK))
			return context;
	}
	return NULL;
}

/* Threads exclude each other, and no child process of another thread keeps a released
 * lock: each thread gets it repeatedly. */
Test(wait, threads, .init = set_up_for_child, .fini = teardown)
{
	pthread_t threads[THREADS];

	cr_assert(chdir(tmpdir.path) == 0);
	tmpdir_put(&tmpdir, "lock-of-threads", BYTES(""), 0600);
	counted = 0;
	for (size_t i = 0; i < THREADS; i++)
		cr_assert(pthread_create(&threads[i], NULL, take_turns, &tmpdir) == 0);
	for (size_t i = 0; i < THREADS; i++)
		cr_assert(pthread_join(threads[i], NULL) == 0);
	cr_assert(counted == THREADS * TURNS, "%d of %d turns", counted, THREADS * TURNS);
	no_child_is_left();
	cr_assert(chdir("/") == 0);
}
