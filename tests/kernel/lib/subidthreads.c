// SPDX-License-Identifier: BSD-3-Clause
/*
 * Threads that read fixed ranges, while other threads grant and revoke ranges:
 *
 *	subidthreads READERS READS WRITERS CHANGES
 *
 * User uI, of uid 20000+I, holds 10000000+I*1000:1000 and 20000000+I*1000:1000, by name
 *and by uid, and nothing of that ever changes. Writer wI gives itself 16 ids and takes
 *them away, again and again. Every answer is compared with what is true; the last line
 *counts those that were not.
 */
#include <pthread.h>
#include <shadow/subid.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define USERS 50
#define COUNT 16

const char *Prog = "subidthreads";
FILE *shadow_logfd;

static atomic_ulong reads, wrong, changes, failed, shared;
static atomic_uchar given[1 << 20]; /* of ids below 2^20: by how many writers */
static int n_reads, n_changes;

static bool list_is_right(int user, bool gid)
{
	struct subid_range *ranges = NULL;
	char name[32];
	int n;
	bool right;

	snprintf(name, sizeof(name), "u%d", user);
	n = gid ? subid_get_gid_ranges(name, &ranges) :
		  subid_get_uid_ranges(name, &ranges);
	if (n < 0)
		return false;
	right = n == 2 && ranges[0].start == 10000000ul + (unsigned)user * 1000 &&
		ranges[0].count == 1000 &&
		ranges[1].start == 20000000ul + (unsigned)user * 1000 &&
		ranges[1].count == 1000;
	free(ranges);
	return right;
}

static bool owner_is_right(int user, bool gid)
{
	unsigned id = 10000000u + (unsigned)user * 1000 + 7;
	uid_t *owners = NULL;
	int n = gid ? subid_get_gid_owners(id, &owners) :
		      subid_get_uid_owners(id, &owners);
	bool right;

	if (n < 0)
		return false;
	right = n == 1 && owners[0] == 20000u + (unsigned)user;
	free(owners);
	return right;
}

static void *reader(void *context)
{
	unsigned seed = (unsigned)(size_t)context;

	for (int i = 0; i < n_reads; i++) {
		int what = rand_r(&seed), user = rand_r(&seed) % USERS;
		bool right = what & 4 ? owner_is_right(user, what & 8) :
					list_is_right(user, what & 8);

		reads++;
		if (!right)
			wrong++;
	}
	return NULL;
}

/* A group's ids are marked in the same table, further up. */
static bool mark(const struct subordinate_range *range, bool gid, int by)
{
	bool alone = range->start + range->count <= 1 << 19;

	for (unsigned long id = range->start; alone && id < range->start + COUNT; id++) {
		size_t at = id + (gid ? 1 << 19 : 0);

		if (by > 0)
			alone = atomic_fetch_add(&given[at], 1) == 0;
		else
			atomic_fetch_sub(&given[at], 1);
	}
	return alone;
}

static void *writer(void *context)
{
	int me = (int)(size_t)context;
	char name[32];

	snprintf(name, sizeof(name), "w%d", me);
	for (int i = 0; i < n_changes; i++) {
		struct subordinate_range range = { name, 0, COUNT };
		bool gid = (me + i) & 1;

		changes += 2;
		if (!(gid ? subid_grant_gid_range(&range, false) :
			    subid_grant_uid_range(&range, false))) {
			perror("grant");
			failed += 2;
			continue;
		}
		if (!mark(&range, gid, 1))
			shared++;
		mark(&range, gid, -1);
		if (!(gid ? subid_ungrant_gid_range(&range) :
			    subid_ungrant_uid_range(&range)))
			failed++;
	}
	return NULL;
}

int main(int argc, char **argv)
{
	int n_readers, n_writers;
	pthread_t threads[64];

	if (argc != 5)
		return 2;
	n_readers = atoi(argv[1]);
	n_reads = atoi(argv[2]);
	n_writers = atoi(argv[3]);
	n_changes = atoi(argv[4]);
	if (!subid_init("subidthreads", fopen("/dev/null", "w")))
		return 2;
	for (int i = 0; i < n_readers + n_writers; i++)
		if (pthread_create(&threads[i], NULL, i < n_readers ? reader : writer,
				   (void *)(size_t)(i + 1)))
			return 2;
	for (int i = 0; i < n_readers + n_writers; i++)
		pthread_join(threads[i], NULL);
	printf("%lu reads, %lu wrong, %lu changes, %lu failed, %lu shared\n", reads,
	       wrong, changes, failed, shared);
	return wrong || failed || shared;
}
