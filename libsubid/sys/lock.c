// SPDX-License-Identifier: BSD-3-Clause
/*
 * lock: .pwd.lock, then DATABASE.lock, subuid before subgid.
 *
 * .pwd.lock is locked as lckpwdf(3) does, but by an open file description: such a lock
 * excludes lckpwdf(3) in other processes as well as our own other threads, and needs
 * neither SIGALRM nor state of the process. DATABASE.lock is a hard link to
 * DATABASE.PID, which holds the process id in decimal and a NUL, as shadow's programs
 * make and read it.
 *
 * MUST: what is removed is only our own, or a lock of a process that is certainly gone.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/core/num.h"
#include "libsubid/sys/atomicfile.h"
#include "libsubid/sys/fd.h"
#include "libsubid/sys/lock.h"
#include "libsubid/sys/wait.h"

#define PASSWD_LOCK ".pwd.lock"
#define NAME_BYTES  64
/* Seconds that the two clocks may differ by. */
#define CLOCK_SLACK 2
/* Between two looks at DATABASE.lock. */
#define PAUSE_MS 5

static int stopped(int r)
{
	return r == WAIT_STOPPED ? LOCK_STOPPED : r;
}

/* Tries once. Returns 0, LOCK_BUSY or -errno. */
static int try_passwd(struct lock *lock)
{
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	if (fcntl(lock->passwd, F_OFD_SETLK, &whole) == 0)
		return 0;
	if (errno != EAGAIN && errno != EACCES)
		return -errno;
	if (fcntl(lock->passwd, F_OFD_GETLK, &whole) == 0 && whole.l_type != F_UNLCK &&
	    whole.l_pid > 0)
		lock->holder = whole.l_pid;
	return LOCK_BUSY;
}

/*
 * Takes the lock of all account databases, waiting LOCK_SECONDS at the most.
 *
 * folder: where the databases are; it stays open and the caller's.
 * prefix: shadow's programs take no .pwd.lock there, so each DATABASE.lock may be in use.
 * stop: a descriptor that ends this wait and later ones when it becomes readable, or -1;
 * the caller's, too.
 * Returns 0, LOCK_BUSY, LOCK_STOPPED or -errno. Release with lock_release() in any case.
 * A lock belongs to one thread, and excludes other ones.
 */
int lock_take(struct lock *lock, int folder, bool prefix, int stop)
{
	int r;

	*lock = (struct lock){ .folder = folder,
			       .prefix = prefix,
			       .passwd = -1,
			       .owner = getpid(),
			       .stop = stop,
			       .busy = PASSWD_LOCK };
	r = fd_open_regular(folder, PASSWD_LOCK, O_WRONLY | O_CREAT | O_NOFOLLOW);
	if (r < 0)
		return r;
	lock->passwd = r;

	r = try_passwd(lock);
	if (r != LOCK_BUSY)
		return r;
	r = wait_for_lock(lock->passwd, stop, wait_clock() + LOCK_SECONDS * 1000);
	/* When the wait is over this says that it is ours, or who has it. */
	return r == 0 || r == WAIT_OVER ? try_passwd(lock) : stopped(r);
}

/*
 * When a process started, in seconds since 1970; 0 when it cannot be told. Field 22 of
 * /proc/PID/stat is in clock ticks since boot, see proc(5); the name in field 2 may hold
 * anything, so fields are counted from its end.
 */
static time_t started_at(pid_t pid)
{
	CLEANUP(fd_cleanup) int fd = -1;
	struct timespec now, since_boot;
	char text[1024];
	const char *at, *end;
	uint64_t ticks;
	size_t n;

	snprintf(text, sizeof(text), "/proc/%d/stat", (int)pid);
	fd = open(text, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fd_read(fd, text, sizeof(text), &n))
		return 0;
	end = text + n;
	at = memrchr(text, ')', n);
	for (int field = 2; at && field < 22; field++) {
		at = memchr(at, ' ', (size_t)(end - at));
		at = at ? at + 1 : NULL;
	}
	end = at ? memchr(at, ' ', (size_t)(end - at)) : NULL;
	if (!end || num_parse(at, (size_t)(end - at), UINT64_MAX, &ticks) ||
	    clock_gettime(CLOCK_REALTIME, &now) ||
	    clock_gettime(CLOCK_BOOTTIME, &since_boot))
		return 0;
	return now.tv_sec - since_boot.tv_sec +
	       (time_t)(ticks / (uint64_t)sysconf(_SC_CLK_TCK));
}

static bool is_gone(pid_t pid)
{
	return kill(pid, 0) && errno == ESRCH;
}

/*
 * Looks whether a lock file is left over: it is empty or garbage, its process is gone, or
 * the process id is that of another process by now. Below a prefix it may be in use by a
 * process of another pid namespace, so there an id says nothing.
 * Returns 1, 0 or -errno, -EBADFD and -ELOOP among them: no program makes such a lock.
 */
static int is_left_over(struct lock *lock, const char *name, struct stat *ret_status)
{
	CLEANUP(fd_cleanup)
	int fd = fd_open_regular(lock->folder, name, O_RDONLY | O_NOFOLLOW);
	char text[NUM_BYTES + 1];
	uint64_t pid;
	time_t start;
	size_t n;
	int r;

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	if (fstat(fd, ret_status))
		return -errno;
	r = fd_read(fd, text, sizeof(text), &n);
	if (r)
		return r;
	n = strnlen(text, n);
	while (n > 0 && text[n - 1] == '\n')
		n--;
	if (num_parse(text, n, INT32_MAX, &pid) || pid == 0)
		return 1;
	lock->holder = (pid_t)pid;
	if (lock->prefix)
		return 0;
	if (is_gone((pid_t)pid))
		return 1;
	if (lock->image)
		return 0;
	/* Of an earlier process with our id, in a container that starts again: no thread
	 * of ours has it without .pwd.lock, which we hold. */
	if ((pid_t)pid == lock->owner)
		return 1;
	start = started_at((pid_t)pid);
	return start > ret_status->st_mtime + CLOCK_SLACK;
}

/* Removes @name if it is still the file that was looked at. Returns 0 or -errno. */
static int remove_left_over(struct lock *lock, const char *name, const struct stat *seen)
{
	struct stat now;

	/* Nobody makes or breaks one now: that takes the lock that we hold. */
	if (fstatat(lock->folder, name, &now, AT_SYMLINK_NOFOLLOW) == 0 &&
	    now.st_dev == seen->st_dev && now.st_ino == seen->st_ino &&
	    unlinkat(lock->folder, name, 0) && errno != ENOENT)
		return -errno;
	return 0;
}

/* The process that a name DATABASE.PID is of; 0: it is no such name. */
static pid_t pid_of(const struct kind *kind, const char *name)
{
	size_t prefix = strlen(kind->database);
	uint64_t pid;

	if (strncmp(name, kind->database, prefix) != 0 || name[prefix] != '.' ||
	    num_parse(name + prefix + 1, strlen(name + prefix + 1), INT32_MAX, &pid))
		return 0;
	return (pid_t)pid;
}

/*
 * Calls @take for each DATABASE.PID of a process that died between making and linking it.
 * Returns whether there may be such names of the other database, of whatever process.
 */
static bool each_dead(int at, const struct kind *kind, lock_tell_fn take, void *context)
{
	const struct kind *other = kind->group ? &kind_uid : &kind_gid;
	bool others = false;

	int fd = openat(at, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!folder) {
		fd_close(fd);
		return true;
	}
	errno = 0;
	while ((entry = readdir(folder))) {
		pid_t pid = pid_of(kind, entry->d_name);

		if (pid > 0 && is_gone(pid))
			take(entry->d_name, false, context);
		others |= pid_of(other, entry->d_name) > 0;
		errno = 0;
	}
	others |= errno != 0;
	closedir(folder);
	return others;
}

static void remove_dead(const char *name, bool is_lock, void *context)
{
	const struct lock *lock = context;

	(void)is_lock;
	unlinkat(lock->folder, name, 0);
}

/*
 * Removes what processes that are gone have left of a database. One look at the folder
 * does for both databases, as a rule: who makes such a name takes .pwd.lock first, which
 * has been ours since; what somebody else leaves meanwhile is for the next one to remove.
 */
static void remove_all_dead(struct lock *lock, const struct kind *kind)
{
	/* Below a prefix, of a process of another pid namespace perhaps. */
	if (!lock->clean[kind->group] && !lock->prefix)
		lock->clean[!kind->group] =
			!each_dead(lock->folder, kind, remove_dead, lock);
}

/* Makes DATABASE.PID. Returns 0 or -errno. */
static int make_own(struct lock *lock, const char *name)
{
	CLEANUP(fd_cleanup) int fd = -1;
	char text[NUM_BYTES + 1];
	size_t n = num_format((uint64_t)getpid(), text);
	int r;

	/* Of an earlier process with our id: it is dead. */
	unlinkat(lock->folder, name, 0);
	fd = openat(lock->folder, name,
		    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	text[n++] = '\0';
	r = fd_write_once(fd, text, n);
	if (r)
		unlinkat(lock->folder, name, 0);
	return r;
}

/* Makes @own the lock @name. Returns 0, LOCK_BUSY or -errno. */
static int try_database(struct lock *lock, const char *own, const char *name)
{
	struct stat seen;

	while (linkat(lock->folder, own, lock->folder, name, 0)) {
		int r = -errno;

		if (r != -EEXIST)
			return r;
		r = is_left_over(lock, name, &seen);
		if (r <= 0)
			return r ? r : LOCK_BUSY;
		r = remove_left_over(lock, name, &seen);
		if (r)
			return r;
	}
	return 0;
}

/* Looks again from time to time: who waits for it has .pwd.lock, and so no rival. */
static int wait_for_database(struct lock *lock, const char *own, const char *name)
{
	int64_t end = wait_clock() + LOCK_SECONDS * 1000;
	int r;

	while ((r = try_database(lock, own, name)) == LOCK_BUSY && wait_clock() < end) {
		r = wait_until(-1, lock->stop, wait_clock() + PAUSE_MS);
		if (r != WAIT_OVER)
			return stopped(r);
	}
	return r;
}

/*
 * Takes the lock of one database, waiting LOCK_SECONDS at the most; subuid before
 * subgid, after lock_take().
 * Returns 0, LOCK_BUSY, LOCK_STOPPED or -errno.
 */
int lock_take_database(struct lock *lock, const struct kind *kind)
{
	char own[NAME_BYTES], name[NAME_BYTES];
	int r;

	snprintf(own, sizeof(own), "%s.%d", kind->database, (int)getpid());
	snprintf(name, sizeof(name), "%s.lock", kind->database);
	lock->busy = kind->lock_file;
	lock->holder = 0;
	r = make_own(lock, own);
	if (r)
		return r;

	r = wait_for_database(lock, own, name);
	unlinkat(lock->folder, own, 0);
	lock->held[kind->group] = r == 0;
	if (r == 0)
		remove_all_dead(lock, kind);
	return r;
}

/*
 * Unlocks, and then closes: a process that another thread makes meanwhile has a copy of
 * the descriptor, and closing ours alone would unlock nothing as long as it lives.
 */
static void release_passwd(const struct lock *lock)
{
	struct flock whole = { .l_type = F_UNLCK, .l_whence = SEEK_SET };

	fcntl(lock->passwd, F_OFD_SETLK, &whole);
	fd_close(lock->passwd);
}

/*
 * Tells whether the locks are this process's. A child of the one that took them has a
 * copy of all this, and must neither write nor unlock. Thread-safe.
 */
bool lock_is_ours(const struct lock *lock)
{
	return lock->passwd >= 0 && lock->owner == getpid();
}

/*
 * Gives the locks of the databases back, for a lock_is_ours(); that of all account
 * databases stays.
 */
void lock_release_databases(struct lock *lock)
{
	if (lock->held[1])
		unlinkat(lock->folder, kind_gid.lock_file, 0);
	if (lock->held[0])
		unlinkat(lock->folder, kind_uid.lock_file, 0);
	lock->held[0] = lock->held[1] = false;
}

/* Gives back what is held. Takes LOCK_NONE. */
void lock_release(struct lock *lock)
{
	if (!lock_is_ours(lock)) {
		fd_close(lock->passwd);
		*lock = (struct lock)LOCK_NONE;
		return;
	}
	lock_release_databases(lock);
	release_passwd(lock);
	*lock = (struct lock)LOCK_NONE;
}

/* Whether somebody holds the lock of the database now; a dead one is told. */
static bool is_held(int folder, const struct kind *kind, bool image, lock_tell_fn tell,
		    void *context)
{
	struct lock lock = { .folder = folder, .image = image, .passwd = -1 };
	struct stat status;

	if (fstatat(folder, kind->lock_file, &status, AT_SYMLINK_NOFOLLOW))
		return false;
	if (is_left_over(&lock, kind->lock_file, &status) <= 0)
		return true;
	tell(kind->lock_file, true, context);
	return false;
}

/*
 * Tells what processes that are gone have left beside a database: its lock, DATABASE.PID,
 * and the temporary names of a write. No lock is needed: what a process still needs is
 * not told, as far as its id says so.
 */
void lock_each_left_over(int folder, const struct kind *kind, bool image,
			 lock_tell_fn tell, void *context)
{
	char name[ATOMICFILE_NAME_BYTES];
	struct stat status;
	bool found[ATOMICFILE_NAMES];

	for (size_t i = 0; i < ATOMICFILE_NAMES; i++) {
		atomicfile_name(kind, i, name);
		found[i] = fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0;
	}
	each_dead(folder, kind, tell, context);
	/* Whoever made them has the lock, as long as they are there. */
	if (is_held(folder, kind, image, tell, context))
		return;
	for (size_t i = 0; i < ATOMICFILE_NAMES; i++) {
		atomicfile_name(kind, i, name);
		if (found[i] && fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0)
			tell(name, false, context);
	}
}
