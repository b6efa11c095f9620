// SPDX-License-Identifier: BSD-3-Clause
/*
 * process: reads /proc. A process can be gone at any moment, which is -ENOENT or -ESRCH
 * and no reason to end a look at all of them.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/core/num.h"
#include "libsubid/sys/fd.h"
#include "libsubid/sys/process.h"
#include "libsubid/sys/scan.h"

/* The next number of a line whose columns are padded with blanks or tabs. */
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
 * Reads the uids or the gids of a process.
 * Returns 0 or -errno. Thread-safe.
 */
int process_read_ids(int process, const struct kind *kind, struct process_ids *ret_ids)
{
	CLEANUP(fd_cleanup) int fd = openat(process, "status", O_RDONLY | O_CLOEXEC);
	CLEANUP(scan_cleanup) struct scan scan = { 0 };
	const char *key = kind->group ? "Gid:" : "Uid:";
	size_t key_len = strlen(key);
	struct scan_line line;
	uint64_t ids[3];
	int r;

	if (fd < 0)
		return -errno;
	r = scan_start(&scan, fd);
	if (r)
		return r;
	while ((r = scan_next(&scan, &line)) > 0) {
		const char *at = line.text + key_len, *end = line.text + line.len;

		if (line.len < key_len || memcmp(line.text, key, key_len) != 0)
			continue;
		for (size_t i = 0; i < 3; i++)
			if (!next_number(&at, end, UINT32_MAX, &ids[i]))
				return -EINVAL;
		*ret_ids = (struct process_ids){ (uint32_t)ids[0], (uint32_t)ids[1],
						 (uint32_t)ids[2] };
		return 0;
	}
	return r ? r : -ESRCH;
}

/*
 * Reads the map of the user namespace of a process; outer ids are those of this process,
 * 4294967295 for what it does not have. No privilege is needed.
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
	r = scan_start(&scan, fd);
	if (r)
		return r;
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
 * Tells the inode number of the user namespace of a process, which is its name. Whoever
 * could not trace the process may not know it: -EACCES.
 * Returns 0 or -errno. Thread-safe.
 */
int process_userns(int process, ino_t *ret_namespace)
{
	struct stat st;

	if (fstatat(process, "ns/user", &st, 0))
		return -errno;
	*ret_namespace = st.st_ino;
	return 0;
}
