// SPDX-License-Identifier: BSD-3-Clause
/*
 * nss-scan: finds ids of a range that services other than the local files have.
 *
 * A name service cannot be asked for a range. Some services enumerate their accounts; all
 * answer about single ids. The order of the ids reverses the bits of an id's position in
 * the range: the first id and the last one, the middle, the quarters, and so on. So the
 * gaps between the ids are about equal whenever the time ends.
 */
#include "libsubid/core/limits.h"
#include "libsubid/sys/wait.h"
#include "libsubid/user/nss.h"

/* So many free ids in a row end a block of ids in use. */
#define BLOCK_END 64

static uint64_t reverse_bits(uint64_t value, unsigned int bits)
{
	uint64_t reversed = 0;

	for (unsigned int i = 0; i < bits; i++)
		reversed |= (value >> i & 1) << (bits - 1 - i);
	return reversed;
}

/* Returns the position of the id to ask in step @step; n or above: none. */
static uint64_t position_at(uint64_t step, unsigned int bits, uint64_t n)
{
	uint64_t position;

	if (step < 2)
		return step ? n - 1 : 0;
	position = reverse_bits(step - 1, bits);
	return position == n - 1 ? n : position;
}

/* Returns the largest gap after the first @steps of 2^@bits positions. */
static uint64_t gap_after(uint64_t steps, unsigned int bits)
{
	unsigned int done = 0;

	while (done < bits && steps >> (done + 1))
		done++;
	return steps ? ((uint64_t)1 << (bits - done)) - 1 : (uint64_t)1 << bits;
}

/* The state of a scan. */
struct work {
	const struct nss_modules *modules;
	nss_found_fn take;
	void *context;
	int64_t end;
	uint64_t asked;
};

/* Returns 1 if a service has the id, 0 if none has it, the result of @take, or -errno. */
static int ask_one(struct work *work, uint64_t id)
{
	const struct nss_question question = { .group = work->modules->group,
					       .id = (uint32_t)id };
	struct nss_found found;
	int r = nss_modules_ask_remote(work->modules, &question, &found);

	work->asked++;
	if (r)
		return r < 0 ? r : 0;
	r = work->take(&found, work->context);
	return r ? r : 1;
}

/*
 * Usually the neighbours of an id in use are in use, too: asks for them in one direction
 * until BLOCK_END ids in a row are free.
 */
static int ask_neighbours(struct work *work, uint64_t id, int step)
{
	const uint64_t last = step > 0 ? ID_NONE - 1 : 0;
	int missed = 0, r = 0;

	while (missed < BLOCK_END && id != last && wait_clock() < work->end) {
		id = step > 0 ? id + 1 : id - 1;
		r = ask_one(work, id);
		if (r < 0 || r > 1)
			return r;
		missed = r ? 0 : missed + 1;
	}
	return 0;
}

static int ask_block(struct work *work, uint64_t id)
{
	int r = ask_neighbours(work, id, 1);

	return r ? r : ask_neighbours(work, id, -1);
}

/*
 * Asks for the ids of scan->range until scan->milliseconds are over. Passes each hit to
 * @take; a result other than 0, which must not be 1, ends the scan. Returns 0 with
 * scan->asked and scan->largest, the result of @take, or -errno (a service does not
 * answer).
 */
int nss_scan(struct nss *nss, struct name_service_scan *scan, nss_found_fn take,
	     void *context)
{
	struct work work = { .take = take, .context = context };
	uint64_t n = range_count(scan->range), step = 0, asked = 0;
	unsigned int bits = 0;
	int r = nss_modules_of(nss, scan->kind, &work.modules);

	scan->asked = scan->largest = 0;
	if (r || !nss_modules_have_remote(work.modules))
		return r;
	work.end = wait_clock() + scan->milliseconds;
	while ((uint64_t)1 << bits < n)
		bits++;
	for (; asked < n; step++) {
		uint64_t position = position_at(step, bits, n);

		if (position >= n)
			continue;
		if (wait_clock() >= work.end)
			break;
		r = ask_one(&work, scan->range.start + position);
		asked++;
		if (r == 1 && scan->first_only) {
			r = ask_block(&work, scan->range.start + position);
			break;
		}
		if (r < 0 || r > 1)
			break;
		r = 0;
	}
	scan->asked = work.asked;
	scan->largest = asked == n ? 0 : gap_after(step > 1 ? step - 1 : step, bits);
	return r;
}

/* Passes enumerated users as their primary groups: without a gid, see accounts_item. */
struct primary_groups {
	nss_found_fn take;
	void *context;
};

static int take_primary_group(const struct nss_found *found, void *context)
{
	const struct primary_groups *groups = context;

	struct nss_found group = *found;

	group.id = found->gid;
	group.gid = ID_NONE;
	return groups->take(&group, groups->context);
}

/*
 * Passes every account that the services enumerate to @take: users for kind_uid; groups
 * and the primary groups of users for kind_gid. Returns 0 or the result of @take.
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
