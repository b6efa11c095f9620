// SPDX-License-Identifier: BSD-3-Clause
/*
 * facts-target: the process and its user namespace, as far as the caller can see them.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "explain/facts.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/idmap-layout.h"
#include "libsubid/core/num.h"
#include "libsubid/sys/fd.h"
#include "libsubid/sys/userns.h"

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* How the user namespace of the process relates to ours; 0 if unknown. */
static int namespace_of(int process)
{
	CLEANUP(fd_cleanup) int theirs = openat(process, "ns/user", O_RDONLY | O_CLOEXEC);
	CLEANUP(fd_cleanup) int parent = -1;
	struct stat our_status, their_status, parent_status;

	if (theirs < 0 || fstat(theirs, &their_status) ||
	    fstatat(AT_FDCWD, "/proc/self/ns/user", &our_status, 0))
		return 0;
	if (same_file(&their_status, &our_status))
		return FACTS_NS_OURS;

	/* EPERM: the parent is outside what we can see, so it is not ours. */
	parent = ioctl(theirs, NS_GET_PARENT);
	if (parent < 0)
		return errno == EPERM ? FACTS_NS_OTHER : 0;
	if (fstat(parent, &parent_status))
		return 0;
	return same_file(&parent_status, &our_status) ? FACTS_NS_CHILD : FACTS_NS_OTHER;
}

/* `PID (NAME) STATE ...` of proc_pid_stat(5); a name may hold anything. */
static bool is_zombie(int process)
{
	CLEANUP(fd_cleanup) int fd = openat(process, "stat", O_RDONLY | O_CLOEXEC);
	char text[128];
	const char *name_end;
	size_t n = 0;

	if (fd < 0 || fd_read(fd, text, sizeof(text), &n))
		return false;
	name_end = memrchr(text, ')', n);
	return name_end && name_end + 2 < text + n && name_end[2] == 'Z';
}

static bool has_content(int process, const char *file)
{
	CLEANUP(fd_cleanup) int fd = openat(process, file, O_RDONLY | O_CLOEXEC);
	char byte;
	size_t n = 0;

	return fd >= 0 && fd_read(fd, &byte, 1, &n) == 0 && n > 0;
}

/*
 * Fills facts->target and facts->modules; facts->uid must be known.
 *
 * process: a descriptor of /proc/PID, or -1.
 * pid: used with -1: the process id that was asked for, or 0.
 */
void facts_gather_target(struct facts *facts, int process, pid_t pid)
{
	struct facts_target *target = &facts->target;
	struct stat directory, map;

	if (process < 0) {
		/* If kill(2) works, the process exists and is the caller's. */
		facts_gather_proc(facts);
		target->gone = pid <= 0 || kill(pid, 0) != 0;
		target->hidden = !target->gone && facts->hidepid;
		return;
	}
	if (fstatat(process, "status", &map, 0) && errno == ESRCH) {
		target->gone = true;
		return;
	}
	target->zombie = is_zombie(process);
	if (fstatat(process, facts->kind->map, &map, 0)) {
		target->no_map = errno == ENOENT;
		/* With hidepid=1 only the owner can look up names in the directory. */
		target->not_dumpable = errno == EPERM || errno == EACCES;
	} else if (fstat(process, &directory) == 0) {
		target->not_dumpable = directory.st_uid != map.st_uid;
	}
	facts_gather_modules(facts, process);
	target->namespace = namespace_of(process);
	target->map_written = has_content(process, facts->kind->map);
}

/*
 * Compares the map with the mapping of our user namespace: fills facts->unmapped, or
 * facts->divided and facts->pieces, for the first extent that the kernel refuses.
 */
void facts_gather_namespace(struct facts *facts)
{
	struct idmap ours, one = { .n = 1 }, pieces;
	struct range absent;

	if (userns_map(facts->kind, &ours))
		return;
	for (size_t i = 0; i < facts->map->n; i++) {
		int r;

		one.extents[0] = facts->map->extents[i];
		r = idmap_split(&one, &ours, &pieces, &absent);
		if (r == IDMAP_LAYOUT_ABSENT) {
			facts->unmapped = absent;
			return;
		}
		if (r == 0 && pieces.n > 1 && facts->pieces.n == 0) {
			facts->divided = i;
			facts->pieces = pieces;
		}
	}
}

/*
 * Settings of the kernel that decide about user namespaces.
 */

/* The inode of the initial user namespace, PROC_USER_INIT_INO of the kernel. */
#define USERNS_FIRST 0xeffffffd

/* A number in a file below /proc; -1: there is none. */
static int64_t read_number(int proc, const char *name)
{
	CLEANUP(fd_cleanup) int fd = openat(proc, name, O_RDONLY | O_NOCTTY | O_CLOEXEC);
	char text[NUM_BYTES + 1];
	uint64_t value;
	size_t n = 0;

	if (fd < 0 || fd_read(fd, text, sizeof(text), &n))
		return -1;
	if (n > 0 && text[n - 1] == '\n')
		n--;
	return num_parse(text, n, INT64_MAX, &value) ? -1 : (int64_t)value;
}

/* False if unknown. */
static bool is_outermost(int proc)
{
	struct stat status;

	return fstatat(proc, "self/ns/user", &status, 0) == 0 &&
	       status.st_ino == USERNS_FIRST;
}

/*
 * Fills the settings of the kernel in @ret_host, and only those.
 * proc: a descriptor of /proc, or of a directory with files of the same names.
 */
void facts_gather_settings(int proc, struct facts_host *ret_host)
{
	ret_host->max_namespaces = read_number(proc, "sys/user/max_user_namespaces");
	ret_host->unprivileged_clone =
		read_number(proc, "sys/kernel/unprivileged_userns_clone");
	ret_host->apparmor =
		read_number(proc, "sys/kernel/apparmor_restrict_unprivileged_userns");
	ret_host->outermost = is_outermost(proc);
}
