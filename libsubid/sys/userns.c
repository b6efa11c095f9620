// SPDX-License-Identifier: BSD-3-Clause
/*
 * userns: what a user namespace maps, and what the kernel accepts as a map, see
 * user_namespaces(7).
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/core/idmap.h"
#include "libsubid/core/limits.h"
#include "libsubid/core/num.h"
#include "libsubid/sys/fd.h"
#include "libsubid/sys/process.h"
#include "libsubid/sys/userns.h"

/* The most bytes of a map that the kernel accepts: map_write() wants less than a page. */
size_t userns_map_limit(void)
{
	return (size_t)getpagesize() - 1;
}

/* Reads the mapping of this user namespace. Returns 0 or -errno. Thread-safe. */
int userns_map(const struct kind *kind, struct idmap *ret_map)
{
	CLEANUP(fd_cleanup)
	int self = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);

	return self < 0 ? -errno : process_read_map(self, kind, ret_map);
}

/*
 * Adds the ids of @kind that are mapped in this user namespace.
 *
 * set: with room for LIMIT_EXTENTS ranges.
 * Returns 0, RANGE_SET_FULL or -errno. Thread-safe.
 */
int userns_mapped(const struct kind *kind, struct range_set *set)
{
	struct idmap map = { .n = 0 };
	struct range range;
	int r = userns_map(kind, &map);

	if (r)
		return r;
	for (size_t i = 0; i < map.n; i++) {
		if (range_make(map.extents[i].inner, map.extents[i].count, &range))
			return -EINVAL;
		r = range_set_add(set, range);
		if (r)
			return r;
	}
	return 0;
}

/* Returns 1 if this is the overflow uid, which stands for owners that are not mapped here
 * (by default 65534), 0 or -errno. */
static int is_overflow_uid(uid_t uid)
{
	CLEANUP(fd_cleanup)
	int fd = open("/proc/sys/kernel/overflowuid", O_RDONLY | O_CLOEXEC);
	char text[NUM_BYTES + 1];
	uint64_t overflow;
	size_t n = 0;
	int r;

	if (fd < 0)
		return -errno;
	r = fd_read(fd, text, sizeof(text), &n);
	if (r)
		return r;
	while (n > 0 && text[n - 1] == '\n')
		n--;
	if (num_parse(text, n, ID_NONE - 1, &overflow))
		return -EINVAL;
	return overflow == uid;
}

/* Returns 1 if not every uid is mapped in this namespace, 0 or -errno. Thread-safe. */
int userns_is_limited(void)
{
	CLEANUP(range_set_cleanup) struct range_set mapped = RANGE_SET(LIMIT_EXTENTS);
	const struct range all = { 0, ID_NONE };
	int r = userns_mapped(&kind_uid, &mapped);

	if (r)
		return r > 0 ? -EOVERFLOW : r;
	return !range_set_covers(&mapped, all);
}

/*
 * Checks whether files of @uid may belong to a user outside this user namespace: it is
 * the overflow uid, and not every id is mapped.
 *
 * Returns 1, 0, or -errno if it is unknown; never -ENOENT, which a caller could mistake
 * for an error of the checked file. Thread-safe.
 */
int userns_is_outside_owner(uid_t uid)
{
	int r = userns_is_limited();

	if (r > 0)
		r = is_overflow_uid(uid);
	return r == -ENOENT ? -ENODATA : r;
}

/*
 * Adds the ids of @kind that are not mapped in this user namespace to @set, which is
 * empty and has no limit. Returns 0 or -errno. Thread-safe.
 */
int userns_absent(const struct kind *kind, struct range_set *set)
{
	CLEANUP(range_set_cleanup) struct range_set mapped = RANGE_SET(LIMIT_EXTENTS);
	const struct range all = { 0, ID_NONE };
	int r = userns_mapped(kind, &mapped);

	if (r == 0)
		r = range_set_add(set, all);
	for (size_t i = 0; r == 0 && i < mapped.n; i++)
		r = range_set_subtract(set, mapped.ranges[i]);
	return r > 0 ? -EOVERFLOW : r;
}
