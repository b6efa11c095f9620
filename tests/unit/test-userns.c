// SPDX-License-Identifier: BSD-3-Clause
/*
 * User namespaces: which ids exist here, in several that the tests make.
 */
#include <signal.h>
#include <sys/resource.h>

#include "libsubid/core/limits.h"
#include "libsubid/sys/userns.h"
#include "tests/unit/unit.h"

/* The kernel takes less than a page. */
Test(userns, map_limit)
{
	cr_assert(userns_map_limit() == (size_t)sysconf(_SC_PAGESIZE) - 1);
}

/* Here: what the kernel's file says, read in another way. */
Test(userns, mapped)
{
	for (size_t i = 0; i < 2; i++) {
		CLEANUP(range_set_cleanup)
		struct range_set set = RANGE_SET(LIMIT_EXTENTS);
		unsigned long long inner, outer, count, total = 0;
		char path[64];
		FILE *file;

		snprintf(path, sizeof(path), "/proc/self/%s", kind_all[i]->map);
		file = fopen(path, "re");
		cr_assert(file);
		cr_assert(userns_mapped(kind_all[i], &set) == 0);
		while (fscanf(file, "%llu %llu %llu", &inner, &outer, &count) == 3) {
			cr_assert(range_set_covers(
				&set, (struct range){ inner, inner + count }));
			total += count;
		}
		fclose(file);
		for (size_t j = 0; j < set.n; j++)
			total -= range_count(set.ranges[j]);
		cr_assert(total == 0 && set.n > 0);
	}
}

/* A map that root writes for a child, as the child sees it. */
struct wanted {
	const char *map;
	size_t n;
	struct range ranges[3];
};

/* A failure of any step is an error, not a "no". */
static const char *look_in_vain(void)
{
	bool known = false;

	for (rlim_t n = 0; n < 20 && !known; n++) {
		struct rlimit limit = { n, 20 };
		int r;

		CHILD_ASSERT(setrlimit(RLIMIT_NOFILE, &limit) == 0);
		r = userns_is_outside_owner(65534);
		known = r == 1;
		CHILD_ASSERT(known || r == -EMFILE);
	}
	CHILD_ASSERT(known);
	return NULL;
}

static const char *look(int begin, const struct wanted *wanted)
{
	CLEANUP(range_set_cleanup) struct range_set set = RANGE_SET(LIMIT_EXTENTS);
	CLEANUP(range_set_cleanup) struct range_set none = RANGE_SET(0);
	CLEANUP(range_set_cleanup) struct range_set absent = RANGE_SET(SIZE_MAX);
	char byte;

	CHILD_ASSERT(read(begin, &byte, 1) == 1);
	CHILD_ASSERT(userns_mapped(&kind_uid, &set) == 0);
	CHILD_ASSERT(set.n == wanted->n);
	for (size_t i = 0; i < wanted->n; i++)
		CHILD_ASSERT(set.ranges[i].start == wanted->ranges[i].start &&
			     set.ranges[i].end == wanted->ranges[i].end);
	CHILD_ASSERT(userns_is_outside_owner(65534) == 1);
	CHILD_ASSERT(userns_is_outside_owner(0) == 0);
	CHILD_ASSERT(userns_is_limited() == 1);
	CHILD_ASSERT(userns_is_outside_owner(65533) == 0);
	CHILD_ASSERT(userns_is_outside_owner((uid_t)-1) == 0);
	CHILD_ASSERT(userns_mapped(&kind_uid, &none) == (wanted->n ? RANGE_SET_FULL : 0));
	/* Exactly the ids that are not mapped are absent. */
	CHILD_ASSERT(userns_absent(&kind_uid, &absent) == 0);
	for (size_t i = 0; i < wanted->n; i++)
		CHILD_ASSERT(!range_set_overlaps(&absent, wanted->ranges[i]) &&
			     range_set_add(&absent, wanted->ranges[i]) == 0);
	CHILD_ASSERT(absent.n == 1 && absent.ranges[0].start == 0 &&
		     absent.ranges[0].end == ID_NONE);
	return look_in_vain();
}

static const char *in_child(void *context)
{
	const struct wanted *wanted = context;
	int ready[2], begin[2], status;
	const char *complaint;
	char byte, path[64];
	pid_t pid;

	CHILD_ASSERT(pipe(ready) == 0 && pipe(begin) == 0);
	pid = fork();
	CHILD_ASSERT(pid >= 0);
	if (pid == 0) {
		close(begin[1]);
		if (unshare(CLONE_NEWUSER) || write(ready[1], "x", 1) != 1)
			_exit(3);
		complaint = look(begin[0], wanted);
		if (complaint)
			fprintf(stderr, "%s\n", complaint);
		_exit(complaint ? 1 : 0);
	}
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		return CHILD_SKIP "no user namespaces for this user";
	snprintf(path, sizeof(path), "/proc/%d/uid_map", pid);
	if (wanted->map[0] && !put_text(path, wanted->map)) {
		kill(pid, SIGKILL);
		return CHILD_SKIP "only root can make this map";
	}
	CHILD_ASSERT(write(begin[1], "x", 1) == 1);
	CHILD_ASSERT(waitpid(pid, &status, 0) == pid);
	CHILD_ASSERT(status == 0);
	return NULL;
}

/* No id at all. */
Test(userns, nothing_mapped)
{
	struct wanted wanted = { .map = "" };

	child_run(in_child, &wanted);
}

Test(userns, several_extents)
{
	struct wanted wanted = {
		.map = "0 1000 1\n1 100000 65533\n70000 200000 1\n70001 300000 5\n"
		       "4294967000 5 295\n",
		.n = 3,
		.ranges = { { 0, 65534 }, { 70000, 70006 }, { 4294967000, 4294967295 } },
	};

	child_run(in_child, &wanted);
}

static const char *whole(void *context)
{
	CLEANUP(range_set_cleanup) struct range_set set = RANGE_SET(1);
	CLEANUP(range_set_cleanup) struct range_set absent = RANGE_SET(SIZE_MAX);

	(void)context;
	CHILD_ASSERT(userns_mapped(&kind_uid, &set) == 0);
	if (!range_set_covers(&set, (struct range){ 0, ID_NONE }))
		return CHILD_SKIP "not every id exists here";
	CHILD_ASSERT(userns_is_outside_owner(65534) == 0 && userns_is_limited() == 0);
	CHILD_ASSERT(userns_absent(&kind_uid, &absent) == 0 && absent.n == 0);
	return NULL;
}

/* If every id exists, none is outside, and the overflow uid is an ordinary user. */
Test(userns, nobody_outside)
{
	child_run(whole, NULL);
}
