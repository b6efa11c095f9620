// SPDX-License-Identifier: BSD-3-Clause
/*
 * Locks: whose they are, and which are left over.
 */
#include "libsubid/sys/lock.h"
#include "tests/unit/unit.h"

static struct folder folder;

static void set_up(void)
{
	folder_make(&folder);
}

static void tear_down(void)
{
	folder_cleanup(&folder);
}

TestSuite(lock, .init = set_up, .fini = tear_down);

static bool is_there(const char *name)
{
	return access(folder_path(&folder, name), F_OK) == 0;
}

static void take_both(struct lock *lock)
{
	cr_assert(lock_take(lock, folder.fd, false, -1) == 0);
	cr_assert(lock_take_database(lock, &kind_uid) == 0);
	cr_assert(lock_take_database(lock, &kind_gid) == 0);
}

static bool is_locked(void)
{
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	CLEANUP(fd_cleanup)
	int fd = open(folder_path(&folder, ".pwd.lock"), O_WRONLY | O_CLOEXEC);

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

/* A child that cleans up behind itself must not unlock what its parent is changing. */
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

	folder_put(&folder, "subuid.lock", text, (size_t)n + 1, 0600);
}

/* A container that starts again has the same process ids, in the same second. */
Test(lock, of_an_earlier_process)
{
	struct lock lock = LOCK_NONE;

	put_lock_of(getpid());
	take_both(&lock);
	lock_release(&lock);
	cr_assert(!is_there("subuid.lock"));
}

/* Takes .pwd.lock, and in vain the lock of subuid, which is there. */
static void expect_kept(bool prefix, int stop, pid_t holder)
{
	struct lock lock = LOCK_NONE;

	cr_assert(lock_take(&lock, folder.fd, prefix, stop) == 0);
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
 * A process that lives has its lock. Below a prefix so has one with our id and one that
 * is gone: in another pid namespace they are other processes. Garbage is of none.
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
	folder_put(&folder, name, "", 1, 0600);
	for (size_t i = 0; i < COUNT_OF(below_prefix); i++) {
		put_lock_of(below_prefix[i]);
		expect_kept(true, ends[0], below_prefix[i]);
	}
	folder_put(&folder, "subuid.lock", BYTES("garbage"), 0600);
	cr_assert(lock_take(&lock, folder.fd, true, ends[0]) == 0);
	cr_assert(lock_take_database(&lock, &kind_uid) == 0);
	lock_release(&lock);
	cr_assert(!is_there("subuid.lock") && is_there(name));
	fd_close(ends[0]);
	fd_close(ends[1]);
}

/* What no program makes: it is neither waited for nor removed. */
Test(lock, not_regular)
{
	struct lock lock = LOCK_NONE;

	cr_assert(mkfifo(folder_path(&folder, ".pwd.lock"), 0600) == 0);
	cr_assert(lock_take(&lock, folder.fd, false, -1) == -EBADFD);
	lock_release(&lock);
	cr_assert(unlinkat(folder.fd, ".pwd.lock", 0) == 0);

	cr_assert(lock_take(&lock, folder.fd, false, -1) == 0);
	cr_assert(mkfifo(folder_path(&folder, "subuid.lock"), 0600) == 0);
	cr_assert(mkdirat(folder.fd, "subgid.lock", 0700) == 0);
	cr_assert(lock_take_database(&lock, &kind_uid) == -EBADFD);
	cr_assert(lock_take_database(&lock, &kind_gid) == -EISDIR);
	lock_release(&lock);
	cr_assert(is_there("subuid.lock") && is_there("subgid.lock"));
}

/*
 * What processes that are gone have left of either database is removed, and nothing that
 * is of a living one or only looks alike.
 */
Test(lock, left_names)
{
	static const char *const lives[] = { "subuid.1", "subgid.1", "subuid.0x1",
					     "subgid.", "subuid.01" };
	char name[2][32];
	pid_t pid = dead_process();

	for (size_t i = 0; i < COUNT_OF(lives); i++)
		folder_put(&folder, lives[i], "1", 2, 0600);
	/* Of none, of one, of the other one, and of both; with and without others. */
	for (unsigned int row = 0; row < 8; row++) {
		struct lock lock = LOCK_NONE;

		for (size_t k = 0; k < 2; k++) {
			snprintf(name[k], sizeof(name[k]), "%s.%d",
				 k ? "subgid" : "subuid", (int)pid);
			if (row & (1U << k))
				folder_put(&folder, name[k], "", 1, 0600);
		}
		if (row == 4)
			for (size_t i = 0; i < COUNT_OF(lives); i++)
				cr_assert(unlinkat(folder.fd, lives[i], 0) == 0);
		take_both(&lock);
		cr_assert(!is_there(name[0]) && !is_there(name[1]), "row %u", row);
		lock_release(&lock);
		for (size_t i = 0; i < COUNT_OF(lives); i++)
			cr_assert_eq(is_there(lives[i]), row < 4, "%s", lives[i]);
	}
}
