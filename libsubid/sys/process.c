// SPDX-License-Identifier: BSD-3-Clause
/*
 * process: reads /proc. A process can end at any moment: then -ENOENT or -ESRCH, which is
 * no reason to end a walk through all processes.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/core/num.h"
#include "libsubid/sys/fd.h"
#include "libsubid/sys/process.h"
#include "libsubid/sys/scan.h"
#include "libsubid/sys/wait.h"

/* NGROUPS_MAX of the kernel, 65536, with ten digits each, and all other lines. */
#define STATUS_BYTES ((size_t)1024 * 1024)

/* Reads the next number of a line whose columns are padded with spaces or tabs. */
static bool next_number(const char **text, const char *end, uint64_t max, uint64_t *ret)
{
	const char *begin;

	while (*text < end && (**text == ' ' || **text == '\t'))
		(*text)++;
	begin = *text;
	while (*text < end && **text != ' ' && **text != '\t')
		(*text)++;
	return num_parse(begin, (size_t)(*text - begin), max, ret) == 0;
}

/*
 * Reads the status of a process; free it with process_status_cleanup(). Returns 0 or
 * -errno. Thread-safe.
 */
int process_read_status(int process, struct process_status *ret_status)
{
	CLEANUP(fd_cleanup) int fd = openat(process, "status", O_RDONLY | O_CLOEXEC);
	CLEANUP(cleanup_free) char *text = NULL;
	size_t len = 0, n = 1;

	if (fd < 0)
		return -errno;
	text = malloc(STATUS_BYTES);
	if (!text)
		return -ENOMEM;
	while (n > 0) {
		int r = len == STATUS_BYTES ?
				-EFBIG :
				fd_read(fd, text + len, STATUS_BYTES - len, &n);

		if (r)
			return r;
		len += n;
	}
	*ret_status = (struct process_status){ .text = TAKE_PTR(text), .len = len };
	return 0;
}

/* Returns the text after a key, which ends with a colon and a tab; NULL: no such line. */
static const char *find_status_line(const struct process_status *status, const char *key,
				    const char **ret_end)
{
	const char *at = status->text, *end = at + status->len;
	size_t key_len = strlen(key);

	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		const char *line_end = newline ? newline : end;

		if ((size_t)(line_end - at) >= key_len && memcmp(at, key, key_len) == 0) {
			*ret_end = line_end;
			return at + key_len;
		}
		at = line_end + 1;
	}
	return NULL;
}

/* Returns whether the process has ended but was not reaped. Thread-safe. */
bool process_has_ended(const struct process_status *status)
{
	const char *end = NULL, *state = find_status_line(status, "State:\t", &end);

	return state && state < end && (*state == 'Z' || *state == 'X');
}

/* Copies the name of the program, which may have any byte but a newline. Thread-safe. */
void process_name(const struct process_status *status,
		  char ret_name[static PROCESS_NAME_BYTES])
{
	const char *end = NULL, *name = find_status_line(status, "Name:\t", &end);
	size_t len = name ? (size_t)(end - name) : 0;

	if (len >= PROCESS_NAME_BYTES)
		len = PROCESS_NAME_BYTES - 1;
	if (len > 0)
		memcpy(ret_name, name, len);
	ret_name[len] = '\0';
}

/* Reads the uids or gids of a process. Returns 0 or -EINVAL. Thread-safe. */
int process_ids(const struct process_status *status, const struct kind *kind,
		struct process_ids *ret_ids)
{
	const char *end,
		*at = find_status_line(status, kind->group ? "Gid:\t" : "Uid:\t", &end);
	uint64_t ids[3];

	for (size_t i = 0; i < 3; i++)
		if (!at || !next_number(&at, end, UINT32_MAX, &ids[i]))
			return -EINVAL;
	*ret_ids = (struct process_ids){ (uint32_t)ids[0], (uint32_t)ids[1],
					 (uint32_t)ids[2] };
	return 0;
}

static bool has_id(const struct range_set *ids, uint64_t id)
{
	return range_set_overlaps(ids, (struct range){ id, id + 1 });
}

/*
 * Finds an id of a set that a process runs with: real, effective or saved, or for gids a
 * supplementary one.
 * Returns 1 with the id, 0 or -EINVAL. Thread-safe while the set does not change.
 */
int process_find_id(const struct process_status *status, const struct kind *kind,
		    const struct range_set *ids, uint32_t *ret_id)
{
	const char *end = NULL, *at = find_status_line(status, "Groups:\t", &end);
	struct process_ids own;
	uint64_t id;
	int r = process_ids(status, kind, &own);

	if (r || (kind->group && !at))
		return -EINVAL;
	id = has_id(ids, own.effective) ? own.effective :
	     has_id(ids, own.real)	? own.real :
					  own.saved;
	while (!has_id(ids, id))
		if (!kind->group || !next_number(&at, end, UINT32_MAX, &id))
			return 0;
	*ret_id = (uint32_t)id;
	return 1;
}

/* Frees the status. Takes a zeroed one. */
void process_status_cleanup(struct process_status *status)
{
	free(status->text);
	*status = (struct process_status){ 0 };
}

/*
 * Reads the map of the user namespace of a process. Outer ids are in this process's
 * namespace; 4294967295 if not mapped there. Needs no privilege.
 * Returns 0 or -errno. Thread-safe.
 */
int process_read_map(int process, const struct kind *kind, struct idmap *ret_map)
{
	CLEANUP(fd_cleanup) int fd = openat(process, kind->map, O_RDONLY | O_CLOEXEC);
	CLEANUP(scan_cleanup) struct scan scan = { 0 };
	struct scan_line line;
	int r;

	if (fd < 0)
		return -errno;
	scan_start(&scan, fd);
	ret_map->n = 0;
	while ((r = scan_next(&scan, &line)) > 0) {
		const char *at = line.text, *end = line.text + line.len;
		uint64_t inner, outer, count;

		if (ret_map->n == LIMIT_EXTENTS ||
		    !next_number(&at, end, UINT32_MAX, &inner) ||
		    !next_number(&at, end, UINT32_MAX, &outer) ||
		    !next_number(&at, end, UINT32_MAX, &count))
			return -EINVAL;
		ret_map->extents[ret_map->n++] =
			(struct extent){ (uint32_t)inner, (uint32_t)outer,
					 (uint32_t)count };
	}
	return r;
}

/*
 * Returns the inode number of the user namespace of a process, which identifies it.
 * Returns 0, -EACCES without the right to trace the process, or another -errno.
 * Thread-safe.
 */
int process_userns(int process, ino_t *ret_namespace)
{
	struct stat st;

	if (fstatat(process, "ns/user", &st, 0))
		return -errno;
	*ret_namespace = st.st_ino;
	return 0;
}

/*
 * Walks through /proc; the map writers, which look at one process, do not need this.
 *
 * A process or a thread that has ended meanwhile is skipped. One that cannot be read does
 * not end the walk, and the walk returns its error.
 */

/* A user can make threads as fast as they are read, and the caller holds the locks. */
#define WALK_MILLISECONDS 15000

static void directory_cleanup(DIR **directory)
{
	if (*directory)
		closedir(*directory);
}

static int hand_over(int directory, const char *name, processes_take_fn take,
		     void *context)
{
	CLEANUP(fd_cleanup) int process = -1;
	uint64_t pid;

	if (num_parse(name, strlen(name), INT32_MAX, &pid))
		return 0;
	process = openat(directory, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return process < 0 ? -errno : take((pid_t)pid, process, context);
}

static bool process_is_gone(int r)
{
	return r == -ENOENT || r == -ESRCH;
}

static DIR *open_proc_directory(int at, const char *name)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);

	if (!directory)
		fd_close(fd);
	return directory;
}

/* Hands each entry of a directory that is a number to @take. */
static int walk_numbers(int at, const char *name, processes_take_fn take, void *context)
{
	CLEANUP(directory_cleanup) DIR *directory = open_proc_directory(at, name);
	const int64_t end = wait_clock() + WALK_MILLISECONDS;
	struct dirent *entry;
	int failed = 0;

	if (!directory)
		return -errno;
	errno = 0;
	while ((entry = readdir(directory))) {
		int r = hand_over(dirfd(directory), entry->d_name, take, context);

		if (r > 0)
			return r;
		if (failed == 0 && !process_is_gone(r))
			failed = r;
		/* Threads that are made meanwhile come at the end. */
		if (wait_clock() > end)
			return failed ? failed : -ETIMEDOUT;
		errno = 0;
	}
	return failed ? failed : -errno;
}

/*
 * Hands each process that /proc shows to @take, in the order of /proc.
 * Returns 0, what @take returned if it is positive, or else the first error, after all
 * processes that can be read: -ENOENT if this process is not among them, since /proc is
 * not usable then; -EPERM if it hides processes, as with hidepid: each pid namespace has
 * a process 1. Thread-safe.
 */
int processes_each(processes_take_fn take, void *context)
{
	struct stat first;
	char self[16];
	int r;

	if (readlink("/proc/self", self, sizeof(self)) < 0)
		return -errno;
	r = walk_numbers(AT_FDCWD, "/proc", take, context);
	return r == 0 && stat("/proc/1", &first) ? -EPERM : r;
}

/*
 * Hands each thread of a process to @take: each has ids of its own, and the first one may
 * have ended before the others. Returns 0, what @take returned if it is positive, or else
 * the first error. Thread-safe.
 */
int processes_each_thread(int process, processes_take_fn take, void *context)
{
	return walk_numbers(process, "task", take, context);
}
