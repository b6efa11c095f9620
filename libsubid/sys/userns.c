// SPDX-License-Identifier: BSD-3-Clause
/*
 * userns: which ids exist here, see user_namespaces(7).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/core/idmap.h"
#include "libsubid/core/limits.h"
#include "libsubid/core/num.h"
#include "libsubid/sys/fd.h"
#include "libsubid/sys/scan.h"
#include "libsubid/sys/userns.h"

/* The next number of a line of a map file, where columns are padded with blanks. */
static bool next_number(const char **text, const char *end, uint64_t *ret)
{
	const char *begin = *text;

	while (begin < end && *begin == ' ')
		begin++;
	*text = begin;
	while (*text < end && **text != ' ')
		(*text)++;
	return num_parse(begin, (size_t)(*text - begin), UINT64_MAX, ret) == 0;
}

/* The ids of a line `inner outer count`, on one side. */
static bool line_ids(const struct scan_line *line, bool want_outer,
		     struct range *ret_range)
{
	const char *text = line->text, *end = text + line->len;
	uint64_t inner, outer, count;

	return next_number(&text, end, &inner) && next_number(&text, end, &outer) &&
	       next_number(&text, end, &count) &&
	       range_make(want_outer ? outer : inner, count, ret_range) == 0;
}

static int read_map(const char *path, bool outer, struct range_set *set)
{
	CLEANUP(scan_cleanup) struct scan scan = { 0 };
	CLEANUP(fd_cleanup) int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct scan_line line;
	struct range range;
	int r;

	if (fd < 0)
		return -errno;
	r = scan_start(&scan, fd);
	if (r)
		return r;
	while ((r = scan_next(&scan, &line)) > 0) {
		if (!line_ids(&line, outer, &range))
			return -EINVAL;
		r = range_set_add(set, range);
		if (r)
			return r;
	}
	return r;
}

/*
 * Adds the ids of @kind that exist in this user namespace.
 *
 * set: with room for LIMIT_EXTENTS ranges.
 * Returns 0, RANGE_SET_FULL or -errno. Thread-safe.
 */
int userns_mapped(const struct kind *kind, struct range_set *set)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/%s", kind->map);
	return read_map(path, false, set);
}

/*
 * Adds the ids of @kind, as they are here, that the user namespace of process @pid has.
 *
 * set: with room for LIMIT_EXTENTS ranges.
 * Returns 0, RANGE_SET_FULL or -errno. Thread-safe.
 */
int userns_outer(pid_t pid, const struct kind *kind, struct range_set *set)
{
	char path[48];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, kind->map);
	return read_map(path, true, set);
}

/* The overflow uid: how owners look that have no id here. 65534 unless it was changed. */
static bool is_overflow_uid(uid_t uid)
{
	CLEANUP(fd_cleanup)
	int fd = open("/proc/sys/kernel/overflowuid", O_RDONLY | O_CLOEXEC);
	char text[NUM_BYTES + 1];
	uint64_t overflow;
	size_t n;

	if (fd < 0 || fd_read(fd, text, sizeof(text), &n))
		return false;
	while (n > 0 && text[n - 1] == '\n')
		n--;
	return num_parse(text, n, ID_NONE - 1, &overflow) == 0 && overflow == uid;
}

/*
 * Tells whether files that belong to @uid may belong to somebody outside this user
 * namespace: it is the overflow uid, and not every id exists here. Thread-safe.
 */
bool userns_is_outside_owner(uid_t uid)
{
	CLEANUP(range_set_cleanup) struct range_set mapped = RANGE_SET(LIMIT_EXTENTS);
	const struct range all = { 0, ID_NONE };

	return userns_mapped(&kind_uid, &mapped) == 0 &&
	       !range_set_covers(&mapped, all) && is_overflow_uid(uid);
}
