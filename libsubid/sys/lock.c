// SPDX-License-Identifier: BSD-3-Clause
/*
 * lock: takes .pwd.lock, then DATABASE.lock, subuid before subgid.
 *
 * .pwd.lock is locked as by lckpwdf(3), but with an open file description lock: it
 * excludes lckpwdf(3) in other processes and also other threads of this one, and needs
 * neither SIGALRM nor global state. DATABASE.lock is a hard link to DATABASE.PID, which
 * holds the process id in decimal and a NUL, as for shadow's programs.
 *
 * MUST: only locks of this process, or of one that has certainly ended, are removed.
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
/* Seconds by which the two clocks may differ. */
#define CLOCK_SLACK 2
/* Between two attempts to take DATABASE.lock. */
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
 * Takes the lock of all account databases, waiting at most LOCK_SECONDS.
 *
 * directory: the directory of the databases; the caller keeps it. prefix: shadow's
 * programs take no .pwd.lock there, so each DATABASE.lock may be in use. stop: a
 * descriptor that ends this wait and later ones when it becomes readable, or -1; not
 * owned. Returns 0, LOCK_BUSY, LOCK_STOPPED or -errno. Release with lock_release() in any
 * case. A lock belongs to one thread and excludes other threads.
 */
int lock_take(struct lock *lock, int directory, bool prefix, int stop)
{
	int r;

	*lock = (struct lock){ .directory = directory,
			       .prefix = prefix,
			       .passwd = -1,
			       .owner = getpid(),
			       .stop = stop,
			       .busy = PASSWD_LOCK };
	r = fd_open_regular(directory, PASSWD_LOCK, O_WRONLY | O_CREAT | O_NOFOLLOW);
	if (r < 0)
		return r;
	lock->passwd = r;

	r = try_passwd(lock);
	if (r != LOCK_BUSY)
		return r;
	r = wait_for_lock(lock->passwd, stop, wait_clock() + LOCK_SECONDS * 1000);
	/* Finds out after the wait whether this process has the lock, or which one. */
	return r == 0 || r == WAIT_OVER ? try_passwd(lock) : stopped(r);
}

/*
 * Returns the start time of a process in seconds since 1970; 0 if unknown. Field 22 of
 * /proc/PID/stat is in clock ticks since boot, see proc(5). The name in field 2 may have
 * any characters, so fields are counted from its end.
 */
static time_t started_at(pid_t pid)
{
	CLEANUP(fd_cleanup) int fd = -1;
	struct timespec now, since_boot;
	char text[1024];
	const char *at, *end;
	uint64_t ticks;
	size_t n = 0;

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

static bool holder_is_gone(pid_t pid)
{
	return kill(pid, 0) && errno == ESRCH;
}

/*
 * Checks whether a lock file is stale: it is empty or garbage, its process has ended, or
 * the process id was reused. Below a prefix a process of another pid namespace may use
 * it, so the id means nothing there. Returns 1, 0 or -errno; -EBADFD and -ELOOP: no
 * program makes such a lock.
 */
static int is_stale(struct lock *lock, const char *name, struct stat *ret_status)
{
	CLEANUP(fd_cleanup)
	int fd = fd_open_regular(lock->directory, name, O_RDONLY | O_NOFOLLOW);
	char text[NUM_BYTES + 1];
	uint64_t pid;
	time_t start;
	size_t n = 0;
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
	if (holder_is_gone((pid_t)pid))
		return 1;
	if (lock->image)
		return 0;
	/* From an earlier process with our id, in a restarted container: our other
	 * threads cannot have it, because this one holds .pwd.lock. */
	if ((pid_t)pid == lock->owner)
		return 1;
	start = started_at((pid_t)pid);
	return start > ret_status->st_mtime + CLOCK_SLACK;
}

/* Removes @name if it is still the file that was checked. Returns 0 or -errno. */
static int remove_stale(struct lock *lock, const char *name, const struct stat *seen)
{
	struct stat now;

	/* No other process makes or breaks one now: that needs .pwd.lock, which we
	 * hold. */
	if (fstatat(lock->directory, name, &now, AT_SYMLINK_NOFOLLOW) == 0 &&
	    now.st_dev == seen->st_dev && now.st_ino == seen->st_ino &&
	    unlinkat(lock->directory, name, 0) && errno != ENOENT)
		return -errno;
	return 0;
}

/* Returns the process id of a name DATABASE.PID; 0: not such a name. */
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
 * Calls @take for each DATABASE.PID of a process that has died before it removed the
 * name. Returns whether there may be such names of the other database, of any process.
 */
static bool each_dead(int at, const struct kind *kind, lock_take_fn take, void *context)
{
	const struct kind *other = kind_all[!kind->group];
	bool others = false;

	int fd = openat(at, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!directory) {
		fd_close(fd);
		return true;
	}
	errno = 0;
	while ((entry = readdir(directory))) {
		pid_t pid = pid_of(kind, entry->d_name);

		if (pid > 0 && holder_is_gone(pid))
			take(entry->d_name, false, context);
		others |= pid_of(other, entry->d_name) > 0;
		errno = 0;
	}
	others |= errno != 0;
	closedir(directory);
	return others;
}

static void remove_dead(const char *name, bool is_lock, void *context)
{
	const struct lock *lock = context;

	(void)is_lock;
	unlinkat(lock->directory, name, 0);
}

/*
 * Removes the names DATABASE.PID of dead processes. Usually one pass over the directory
 * is enough for both databases: other processes need .pwd.lock, which we hold, to make
 * such a name. Names that appear meanwhile are left to the next writer.
 */
static void remove_all_dead(struct lock *lock, const struct kind *kind)
{
	/* Below a prefix, the process may be in another pid namespace. */
	if (!lock->clean[kind->group] && !lock->prefix)
		lock->clean[!kind->group] =
			!each_dead(lock->directory, kind, remove_dead, lock);
}

/* Makes DATABASE.PID. Returns 0 or -errno. */
static int make_own(struct lock *lock, const char *name)
{
	CLEANUP(fd_cleanup) int fd = -1;
	char text[NUM_BYTES + 1];
	size_t n = num_format((uint64_t)getpid(), text);
	int r;

	/* Left by an earlier process with our id, which is dead. */
	unlinkat(lock->directory, name, 0);
	fd = openat(lock->directory, name,
		    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	text[n++] = '\0';
	r = fd_write_once(fd, text, n);
	if (r)
		unlinkat(lock->directory, name, 0);
	return r;
}

/* Links @own to the lock @name. Returns 0, LOCK_BUSY or -errno. */
static int try_database(struct lock *lock, const char *own, const char *name)
{
	struct stat seen;

	while (linkat(lock->directory, own, lock->directory, name, 0)) {
		int r = -errno;

		if (r != -EEXIST)
			return r;
		r = is_stale(lock, name, &seen);
		if (r <= 0)
			return r ? r : LOCK_BUSY;
		r = remove_stale(lock, name, &seen);
		if (r)
			return r;
	}
	return 0;
}

/* Polls: a process that waits here holds .pwd.lock, so no other one competes. */
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
 * Takes the lock of one database after lock_take(), waiting at most LOCK_SECONDS; subuid
 * before subgid.
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
	unlinkat(lock->directory, own, 0);
	lock->held[kind->group] = r == 0;
	if (r == 0)
		remove_all_dead(lock, kind);
	return r;
}

/*
 * Unlocks and closes: a child of another thread may have a copy of the descriptor, so
 * that closing ours would not unlock.
 */
static void release_passwd(const struct lock *lock)
{
	struct flock whole = { .l_type = F_UNLCK, .l_whence = SEEK_SET };

	fcntl(lock->passwd, F_OFD_SETLK, &whole);
	fd_close(lock->passwd);
}

/*
 * Returns whether this process took the locks. A child has a copy of the structure, but
 * must neither write nor unlock. Thread-safe.
 */
bool lock_is_ours(const struct lock *lock)
{
	return lock->passwd >= 0 && lock->owner == getpid();
}

/* Releases the locks of the databases, if lock_is_ours(); keeps .pwd.lock. */
void lock_release_databases(struct lock *lock)
{
	if (lock->held[1])
		unlinkat(lock->directory, kind_gid.lock_file, 0);
	if (lock->held[0])
		unlinkat(lock->directory, kind_uid.lock_file, 0);
	lock->held[0] = lock->held[1] = false;
}

/* Releases all locks. Takes LOCK_NONE. */
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

/* Returns whether a process holds a DATABASE.lock; passes a stale one to @take. */
static bool is_held(int directory, const struct kind *kind, bool image, lock_take_fn take,
		    void *context)
{
	struct lock lock = { .directory = directory, .image = image, .passwd = -1 };
	struct stat status;

	if (fstatat(directory, kind->lock_file, &status, AT_SYMLINK_NOFOLLOW))
		return false;
	if (is_stale(&lock, kind->lock_file, &status) <= 0)
		return true;
	take(kind->lock_file, true, context);
	return false;
}

/*
 * Passes the files that dead processes left beside a database to @take: its lock,
 * DATABASE.PID, and temporary files. Needs no lock: files of running processes, by their
 * id, are skipped.
 */
void lock_each_left_over(int directory, const struct kind *kind, bool image,
			 lock_take_fn take, void *context)
{
	char name[ATOMICFILE_NAME_BYTES];
	struct stat status;
	bool found[ATOMICFILE_NAMES];

	for (size_t i = 0; i < ATOMICFILE_NAMES; i++) {
		atomicfile_name(kind, i, name);
		found[i] = fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0;
	}
	each_dead(directory, kind, take, context);
	/* A process with temporary files holds the lock. */
	if (is_held(directory, kind, image, take, context))
		return;
	for (size_t i = 0; i < ATOMICFILE_NAMES; i++) {
		atomicfile_name(kind, i, name);
		if (found[i] &&
		    fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0)
			take(name, false, context);
	}
}
