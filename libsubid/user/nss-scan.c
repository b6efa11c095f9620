// SPDX-License-Identifier: BSD-3-Clause
/*
 * nss-scan: which ids of a range the services other than the local files have.
 *
 * A name service cannot be asked for a range. Some enumerate their accounts; all can be
 * asked for one id after the other. The order is that of the bits of an id's place, read
 * backwards: first the middle, then the quarters, and so on. So whenever the time is over
 * the gaps between the ids that were asked are about equal.
 */
#include "libsubid/sys/wait.h"
#include "libsubid/user/nss.h"

static uint64_t reverse_bits(uint64_t value, unsigned int bits)
{
	uint64_t reversed = 0;

	for (unsigned int i = 0; i < bits; i++)
		reversed |= (value >> i & 1) << (bits - 1 - i);
	return reversed;
}

/* The largest gap that is left when the first @steps of 2^@bits places were taken. */
static uint64_t gap_after(uint64_t steps, unsigned int bits)
{
	unsigned int done = 0;

	while (done < bits && steps >> (done + 1))
		done++;
	return steps ? ((uint64_t)1 << (bits - done)) - 1 : (uint64_t)1 << bits;
}

static int ask_one(const struct nss_modules *modules, uint32_t id, nss_found_fn take,
		   void *context)
{
	const struct nss_question question = { .group = modules->group, .id = id };
	struct nss_found found;
	int r = nss_modules_ask_remote(modules, &question, &found);

	if (r == 0)
		return take(&found, context);
	return r < 0 ? r : 0;
}

/*
 * Asks for the ids of scan->range until scan->milliseconds are over. Each that a service
 * has goes to @take, whose result other than 0 ends it.
 * Returns 0 with scan->asked and scan->largest, what @take returned, or -errno (a service
 * does not answer).
 */
int nss_scan(struct nss *nss, struct name_service_scan *scan, nss_found_fn take,
	     void *context)
{
	int64_t end = wait_clock() + scan->milliseconds;
	uint64_t n = range_count(scan->range), step = 0;
	const struct nss_modules *modules;
	unsigned int bits = 0;
	int r = nss_modules_of(nss, scan->kind, &modules);

	scan->asked = scan->largest = 0;
	if (r || !nss_modules_have_remote(modules))
		return r;
	while ((uint64_t)1 << bits < n)
		bits++;
	for (; r == 0 && step >> bits == 0; step++) {
		uint64_t place = reverse_bits(step, bits);

		if (place >= n)
			continue;
		if (wait_clock() >= end)
			break;
		r = ask_one(modules, (uint32_t)(scan->range.start + place), take, context);
		scan->asked++;
	}
	scan->largest = scan->asked == n ? 0 : gap_after(step, bits);
	return r;
}

/* What enumeration of users yields for kind_gid: their primary groups, without a name. */
struct primary_groups {
	nss_found_fn take;
	void *context;
};

static int take_primary_group(const struct nss_found *found, void *context)
{
	const struct primary_groups *groups = context;

	return groups->take(&(struct nss_found){ .id = found->gid }, groups->context);
}

/*
 * Hands every account that the services enumerate to @take: users for kind_uid; groups,
 * and the primary groups of users, for kind_gid.
 * Returns 0 or what @take returned.
 */
int nss_enumerate(struct nss *nss, const struct kind *kind, nss_found_fn take,
		  void *context)
{
	struct primary_groups groups = { take, context };
	const struct nss_modules *modules;
	int r = nss_modules_of(nss, kind, &modules);

	if (r == 0)
		r = nss_modules_enumerate(modules, take, context);
	if (r || !kind->group)
		return r;
	r = nss_modules_of(nss, &kind_uid, &modules);
	return r ? r : nss_modules_enumerate(modules, take_primary_group, &groups);
}
