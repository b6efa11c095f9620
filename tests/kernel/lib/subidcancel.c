// SPDX-License-Identifier: BSD-3-Clause
/*
 * A thread is cancelled in the middle of a grant, and a process is forked in the middle
 * of a transaction and cleans up: the database must be whole and the locks released.
 *
 *	subidcancel
 *
 * Ends with 0 and one line if all is right.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <shadow/subid.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <subid-db.h>
#include <sys/wait.h>
#include <unistd.h>

const char *Prog = "subidcancel";
FILE *shadow_logfd;

static bool granted;

static struct flock whole(short type)
{
	return (struct flock){ .l_type = type, .l_whence = SEEK_SET };
}

static int open_lock(void)
{
	return open("/etc/.pwd.lock", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
}

static bool is_locked(void)
{
	struct flock lock = whole(F_WRLCK);
	int fd = open_lock();
	bool locked = fcntl(fd, F_OFD_GETLK, &lock) || lock.l_type != F_UNLCK;

	close(fd);
	return locked;
}

static int descriptors(void)
{
	DIR *directory = opendir("/proc/self/fd");
	int n = 0;

	while (readdir(directory))
		n++;
	closedir(directory);
	return n;
}

static void *grant(void *context)
{
	struct subordinate_range range = { "elsa", 0, 10 };

	(void)context;
	granted = subid_grant_uid_range(&range, false);
	pthread_testcancel();
	return NULL;
}

/* The cancellation comes while the call waits for the lock. */
static bool cancelled(void)
{
	struct flock lock = whole(F_WRLCK), unlock = whole(F_UNLCK);
	int fd = open_lock(), before = descriptors();
	pthread_t thread;
	void *result;

	fcntl(fd, F_OFD_SETLK, &lock);
	pthread_create(&thread, NULL, grant, NULL);
	usleep(200000);
	pthread_cancel(thread);
	usleep(200000);
	fcntl(fd, F_OFD_SETLK, &unlock);
	pthread_join(thread, &result);
	if (!granted || result != PTHREAD_CANCELED || is_locked() ||
	    descriptors() != before)
		printf("granted %d, cancelled %d, locked %d, %d more descriptors\n",
		       granted, result == PTHREAD_CANCELED, is_locked(),
		       descriptors() - before);
	return granted && result == PTHREAD_CANCELED && !is_locked();
}

/* The child has a copy of the handle: it may only close it. */
static bool forked(void)
{
	struct subid_db_range range = { 500000, 10 };
	struct subid_db *db = NULL;
	int status = -1, committed;
	bool kept;
	pid_t pid;

	if (subid_db_open(NULL, &db) || subid_db_begin(db, SUBID_DB_UID) ||
	    subid_db_grant(db, SUBID_DB_UID, "elsa", range, 0))
		return false;
	pid = fork();
	if (pid == 0) {
		committed = subid_db_commit(db);
		subid_db_close(db);
		_exit(committed == 0);
	}
	waitpid(pid, &status, 0);
	kept = is_locked() && access("/etc/subuid.lock", F_OK) == 0;
	committed = subid_db_commit(db);
	subid_db_close(db);
	if (status || !kept || committed)
		printf("child %d, still locked %d, committed %d\n", status, kept,
		       committed);
	return status == 0 && kept && committed == 0 && !is_locked();
}

int main(void)
{
	bool right = cancelled();

	right = forked() && right;
	if (right)
		puts("right");
	return !right;
}
