// SPDX-License-Identifier: BSD-3-Clause
/*
 * Locks: their owners, and which ones are left over.
 */
#include "libsubid/sys/lock.h"
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

TestSuite(lock, .init = set_up, .fini = tear_down);

static bool is_there(const char *name)
{
	return access(tmpdir_path(&tmpdir, name), F_OK) == 0;
}

static void take_both(struct lock *lock)
{
	cr_assert(lock_take(lock, tmpdir.fd, false, -1) == 0);
	cr_assert(lock_take_database(lock, &kind_uid) == 0);
	cr_assert(lock_take_database(lock, &kind_gid) == 0);
}

static bool is_locked(void)
{
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	CLEANUP(fd_cleanup)
	int fd = open(tmpdir_path(&tmpdir, ".pwd.lock"), O_WRONLY | O_CLOEXEC);

	cr_assert(fd >= 0 && fcntl(fd, F_OFD_GETLK, &whole) == 0);
	return whole.l_type != F_UNLCK;
}

Test(lock, taken_and_given_back)
{
	struct lock lock = LOCK_NONE;

	cr_assert(!lock_is_ours(&lock));
	take_both(&lock);
	cr_assert(lock_is_ours(&lock) && is_locked());
	cr_assert(is_there("subuid.lock") && is_there("subgid.lock"));
	lock_release(&lock);
	cr_assert(!lock_is_ours(&lock) && !is_locked());
	cr_assert(!is_there("subuid.lock") && !is_there("subgid.lock"));
	lock_release(&lock);
}

/* A child that cleans up must not unlock databases that its parent is changing. */
Test(lock, not_a_childs)
{
	struct lock lock = LOCK_NONE;
	int status;
	pid_t pid;

	take_both(&lock);
	pid = fork();
	if (pid == 0) {
		bool ours = lock_is_ours(&lock);

		lock_release(&lock);
		_exit(ours || lock.passwd >= 0);
	}
	cr_assert(waitpid(pid, &status, 0) == pid && status == 0);
	cr_assert(lock_is_ours(&lock) && is_locked());
	cr_assert(is_there("subuid.lock") && is_there("subgid.lock"));
	lock_release(&lock);
	cr_assert(!is_locked() && !is_there("subuid.lock"));
}

static void put_lock_of(pid_t pid)
{
	char text[32];
	int n = snprintf(text, sizeof(text), "%d", (int)pid);

	tmpdir_put(&tmpdir, "subuid.lock", text, (size_t)n + 1, 0600);
}

/* A restarted container has the same process ids, in the same second. */
Test(lock, of_an_earlier_process)
{
	struct lock lock = LOCK_NONE;

	put_lock_of(getpid());
	take_both(&lock);
	lock_release(&lock);
	cr_assert(!is_there("subuid.lock"));
}

/* Takes .pwd.lock, and fails to take the lock of subuid, which is held. */
static void expect_kept(bool prefix, int stop, pid_t holder)
{
	struct lock lock = LOCK_NONE;

	cr_assert(lock_take(&lock, tmpdir.fd, prefix, stop) == 0);
	cr_assert(lock_take_database(&lock, &kind_uid) == LOCK_STOPPED);
	cr_assert(lock.holder == holder);
	lock_release(&lock);
	cr_assert(is_there("subuid.lock"));
}

static pid_t dead_process(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	cr_assert(waitpid(pid, NULL, 0) == pid);
	return pid;
}

/*
 * A running process holds its lock. Below a prefix, locks with our id or the id of a
 * process that is gone count as held, too: in another pid namespace they are other
 * processes. Garbage in a lock is of no process.
 */
Test(lock, of_a_living_process)
{
	const pid_t below_prefix[] = { getppid(), getpid(), dead_process() };
	struct lock lock = LOCK_NONE;
	char name[32];
	int ends[2];

	cr_assert(pipe2(ends, O_CLOEXEC) == 0 && write(ends[1], "", 1) == 1);
	put_lock_of(getppid());
	expect_kept(false, ends[0], getppid());

	snprintf(name, sizeof(name), "subuid.%d", (int)below_prefix[2]);
	tmpdir_put(&tmpdir, name, "", 1, 0600);
	for (size_t i = 0; i < COUNT_OF(below_prefix); i++) {
		put_lock_of(below_prefix[i]);
		expect_kept(true, ends[0], below_prefix[i]);
	}
	tmpdir_put(&tmpdir, "subuid.lock", BYTES("garbage"), 0600);
	cr_assert(lock_take(&lock, tmpdir.fd, true, ends[0]) == 0);
	cr_assert(lock_take_database(&lock, &kind_uid) == 0);
	lock_release(&lock);
	cr_assert(!is_there("subuid.lock") && is_there(name));
	fd_close(ends[0]);
	fd_close(ends[1]);
}

/* Files that no program makes: they are neither waited for nor removed. */
Test(lock, not_regular)
{
	struct lock lock = LOCK_NONE;

	cr_assert(mkfifo(tmpdir_path(&tmpdir, ".pwd.lock"), 0600) == 0);
	cr_assert(lock_take(&lock, tmpdir.fd, false, -1) == -EBADFD);
	lock_release(&lock);
	cr_assert(unlinkat(tmpdir.fd, ".pwd.lock", 0) == 0);

	cr_assert(lock_take(&lock, tmpdir.fd, false, -1) == 0);
	cr_assert(mkfifo(tmpdir_path(&tmpdir, "subuid.lock"), 0600) == 0);
	cr_assert(mkdirat(tmpdir.fd, "subgid.lock", 0700) == 0);
	cr_assert(lock_take_database(&lock, &kind_uid) == -EBADFD);
	cr_assert(lock_take_database(&lock, &kind_gid) == -EISDIR);
	lock_release(&lock);
	cr_assert(is_there("subuid.lock") && is_there("subgid.lock"));
}

/*
 * Files of either database that ended processes have left are removed; files of running
 * processes and files with similar names are not.
 */
Test(lock, left_names)
{
	static const char *const lives[] = { "subuid.1", "subgid.1", "subuid.0x1",
					     "subgid.", "subuid.01" };
	char name[2][32];
	pid_t pid = dead_process();

	for (size_t i = 0; i < COUNT_OF(lives); i++)
		tmpdir_put(&tmpdir, lives[i], "1", 2, 0600);
	/* Left files of no database, of one, and of both; with and without other files.
	 */
	for (unsigned int row = 0; row < 8; row++) {
		struct lock lock = LOCK_NONE;

		for (size_t k = 0; k < 2; k++) {
			snprintf(name[k], sizeof(name[k]), "%s.%d",
				 k ? "subgid" : "subuid", (int)pid);
			if (row & (1U << k))
				tmpdir_put(&tmpdir, name[k], "", 1, 0600);
		}
		if (row == 4)
			for (size_t i = 0; i < COUNT_OF(lives); i++)
				cr_assert(unlinkat(tmpdir.fd, lives[i], 0) == 0);
		take_both(&lock);
		cr_assert(!is_there(name[0]) && !is_there(name[1]), "row %u", row);
		lock_release(&lock);
		for (size_t i = 0; i < COUNT_OF(lives); i++)
			cr_assert_eq(is_there(lives[i]), row < 4, "%s", lives[i]);
	}
}
