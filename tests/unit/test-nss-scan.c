// SPDX-License-Identifier: BSD-3-Clause
/*
 * Asking for ids one by one: the order, the accounts that are found, and the largest gap,
 * compared with all gaps between the ids that were asked for. The test has its own clock.
 */
#include <dlfcn.h>

#include "libsubid/core/limits.h"
#include "libsubid/sys/wait.h"
#include "libsubid/user/nss.h"
#include "tests/unit/nss-module.h"
#include "tests/unit/rng.h"
#include "tests/unit/unit.h"

/* It advances by a millisecond at each call. */
static int64_t now;
__attribute__((used)) int64_t __wrap_wait_clock(void);

int64_t __wrap_wait_clock(void)
{
	return now++;
}

static struct nss nss;
static struct nss_module_control *control;

static void set_up(void)
{
	nss = (struct nss){ .open = true };
	nss_modules_open(&nss.modules[0], "systemd unit", false);
	nss_modules_open(&nss.modules[1], "unit2", true);
	cr_assert(nss.modules[0].n == 2 && nss.modules[1].n == 1);
	control = dlsym(nss.modules[0].modules[1].handle, "nss_module_control");
	cr_assert(control);
	control->first = 1;
}

static void tear_down(void)
{
	nss_end(&nss);
}

TestSuite(nss_scan, .init = set_up, .fini = tear_down);

/* The accounts that were found, as many as fit. */
struct found {
	size_t n;
	uint32_t ids[NSS_MODULE_ASKED];
	size_t stop_after;
};

static int take(const struct nss_found *item, void *context)
{
	struct found *found = context;

	found->ids[found->n++] = item->id;
	return found->n == found->stop_after ? 42 : 0;
}

static int scan(struct range range, int64_t milliseconds, struct name_service_scan *scan,
		struct found *found)
{
	control->n_asked = 0;
	found->n = 0;
	scan->kind = &kind_uid;
	scan->range = range;
	scan->milliseconds = milliseconds;
	scan->asked = scan->largest = 777;
	return nss_scan(&nss, scan, take, found);
}

/* The largest number of consecutive ids of the range that were not asked for. */
static uint64_t largest_gap(struct range range, bool *asked)
{
	uint64_t largest = 0, gap = 0;

	memset(asked, 0, (size_t)range_count(range));
	for (size_t i = 0; i < control->n_asked; i++) {
		cr_assert(range_contains(range, control->asked[i]));
		cr_assert_not(asked[control->asked[i] - range.start],
			      "%u was asked for twice", control->asked[i]);
		asked[control->asked[i] - range.start] = true;
	}
	for (uint64_t i = 0; i < range_count(range); i++) {
		gap = asked[i] ? 0 : gap + 1;
		largest = gap > largest ? gap : largest;
	}
	return largest;
}

/* Whenever the time ends, no gap is larger than reported, and one is about as large. */
Test(nss_scan, gaps)
{
	static struct found found;
	static bool asked[NSS_MODULE_ASKED];
	struct rng rng = { rng_seed() };
	struct name_service_scan scanned = { .first_only = false };
	size_t met[2] = { 0 };

	for (int round = 0; round < 3000; round++) {
		uint64_t n = 1 + rng_below(&rng, rng_once_in(&rng, 2) ? 70 : 5000);
		uint64_t start =
			rng_once_in(&rng, 4) ? ID_NONE - n : rng_below(&rng, 1000000);
		struct range range = { start, start + n };
		uint64_t limit = 1 + rng_below(&rng, n + n / 4 + 2), gap;

		/* The first call of the clock sets the end of the time. */
		cr_assert(scan(range, (int64_t)limit, &scanned, &found) == 0);
		gap = largest_gap(range, asked);
		cr_assert(scanned.asked == control->n_asked &&
				  scanned.asked == (limit - 1 < n ? limit - 1 : n),
			  "%" PRIu64 " of %" PRIu64 " in %" PRIu64, scanned.asked, n,
			  limit);
		cr_assert(gap <= scanned.largest, "%" PRIu64 " of %" PRIu64 ": %" PRIu64,
			  limit, n, scanned.largest);
		cr_assert((gap == 0) == (scanned.largest == 0) ||
				  scanned.largest <= 2 * gap + 1,
			  "%" PRIu64 " of %" PRIu64 ": %" PRIu64 " and not %" PRIu64,
			  limit, n, scanned.largest, gap);
		cr_assert((scanned.asked == n) == (scanned.largest == 0));
		met[scanned.largest == 0]++;
		cr_assert_eq(found.n, 0);
	}
	cr_assert(met[0] > 500 && met[1] > 300, "%zu %zu", met[0], met[1]);
}

/* A block of accounts is found if it is larger than the gap that is left. */
Test(nss_scan, blocks)
{
	static struct found found;
	struct rng rng = { rng_seed() };
	size_t met = 0;

	for (int round = 0; round < 2000; round++) {
		struct name_service_scan scanned = { .first_only = rng_once_in(&rng, 2) };
		uint64_t n = 100 + rng_below(&rng, 4000);
		struct range range = { 100000, 100000 + n };
		uint64_t block = 1 + rng_below(&rng, 90);
		int64_t limit = 50 + (int64_t)rng_below(&rng, n);

		control->first = (uint32_t)(100000 + rng_below(&rng, n));
		control->last = control->first + (uint32_t)block - 1;
		if (control->last >= range.end)
			control->last = (uint32_t)range.end - 1;
		block = control->last - control->first + 1;
		cr_assert(scan(range, limit, &scanned, &found) == 0);
		for (size_t i = 0; i < found.n; i++)
			cr_assert(found.ids[i] >= control->first &&
				  found.ids[i] <= control->last);
		if (found.n == 0)
			cr_assert(block <= scanned.largest, "%" PRIu64 " ids", block);
		else
			met++;
	}
	cr_assert(met > 500, "%zu were found", met);
}

/* All ids of a range, some of which are accounts. */
Test(nss_scan, whole)
{
	static struct found found;
	struct name_service_scan scanned = { .first_only = false };

	control->first = 1010;
	control->last = 1012;
	cr_assert(scan((struct range){ 1000, 1100 }, 100000, &scanned, &found) == 0);
	cr_assert(scanned.asked == 100 && scanned.largest == 0 && found.n == 3);
	cr_assert(scan((struct range){ 1012, 1013 }, 100000, &scanned, &found) == 0);
	cr_assert(scanned.asked == 1 && found.n == 1 && found.ids[0] == 1012);
	/* No time, no answer. */
	cr_assert(scan((struct range){ 1000, 1100 }, 0, &scanned, &found) == 0);
	cr_assert(scanned.asked == 0 && scanned.largest >= 100 && found.n == 0);
}

/* The ends of all ids: 4294967295 is no id, and none is below 0. */
Test(nss_scan, ends)
{
	static struct found found;
	struct name_service_scan scanned = { .first_only = true };

	control->first = 0;
	control->last = 10;
	cr_assert(scan((struct range){ 0, 16 }, 100000, &scanned, &found) == 0);
	cr_assert(found.n == 11, "%zu", found.n);
	control->first = ID_NONE - 10;
	control->last = ID_NONE;
	cr_assert(scan((struct range){ ID_NONE - 16, ID_NONE }, 100000, &scanned,
		       &found) == 0);
	cr_assert(found.n == 10, "%zu", found.n);
	for (size_t i = 0; i < control->n_asked; i++)
		cr_assert(control->asked[i] != ID_NONE);
}

/* After the first hit its neighbours are asked for, up to the end of the block. */
Test(nss_scan, neighbours)
{
	static struct found found;
	struct name_service_scan scanned = { .first_only = true };

	control->first = 101000;
	control->last = 101499;
	cr_assert(scan((struct range){ 100000, 165536 }, 100000, &scanned, &found) == 0);
	cr_assert_eq(found.n, 500);
	cr_assert(control->n_asked < 5000 && scanned.asked == control->n_asked);
	/* Without a hit none are asked for. */
	control->first = control->last = 1;
	cr_assert(scan((struct range){ 100000, 101024 }, 100000, &scanned, &found) == 0);
	cr_assert(found.n == 0 && scanned.asked == 1024 && scanned.largest == 0);
}

/* A service that does not answer ends the scan at any time. */
Test(nss_scan, silent)
{
	static struct found found;
	struct name_service_scan scanned = { .first_only = false };

	for (size_t call = 1; call < 40; call++) {
		scanned.first_only = call % 2;
		control->first = 1003;
		control->last = 1005;
		control->silent_call = call;
		cr_assert(scan((struct range){ 1000, 1050 }, 100000, &scanned, &found) ==
			  -EAGAIN);
		cr_assert(control->n_asked == call && scanned.asked == call, "%zu", call);
	}
	control->silent_call = 0;
	cr_assert(scan((struct range){ 1000, 1050 }, 100000, &scanned, &found) == 0);
	cr_assert_eq(found.n, 3);
}

/* A result of the caller's function other than 0 ends the scan and is returned. */
Test(nss_scan, stopped)
{
	static struct found found;

	for (int i = 0; i < 2; i++) {
		struct name_service_scan scanned = { .first_only = i };

		control->first = 1000;
		control->last = 1049;
		found.stop_after = 7;
		cr_assert(scan((struct range){ 1000, 1050 }, 100000, &scanned, &found) ==
			  42);
		cr_assert_eq(found.n, 7);
	}
}

/* Without services for other accounts than the system's, nothing is asked. */
Test(nss_scan, none)
{
	static struct found found;
	struct name_service_scan scanned = { .kind = &kind_uid,
					     .range = { 1000, 1050 },
					     .milliseconds = 100000,
					     .asked = 777,
					     .largest = 777 };

	nss_modules_close(&nss.modules[0]);
	nss_modules_open(&nss.modules[0], "systemd missing", false);
	cr_assert(nss.modules[0].n == 1);
	cr_assert(nss_scan(&nss, &scanned, take, &found) == 0);
	cr_assert(scanned.asked == 0 && scanned.largest == 0);
	/* With more services than can be asked, the result is unknown. */
	nss.modules[0].too_many = true;
	cr_assert(nss_scan(&nss, &scanned, take, &found) == -EAGAIN);
}

/* For gids the modules for groups are asked. */
Test(nss_scan, groups)
{
	static struct found found;
	struct nss_module_control *groups =
		dlsym(nss.modules[1].modules[0].handle, "nss_module_control");
	struct name_service_scan scanned = { .kind = &kind_gid,
					     .range = { 1000, 1050 },
					     .milliseconds = 100000 };

	cr_assert(groups && groups != control);
	groups->first = groups->last = 1049;
	control->n_asked = 0;
	cr_assert(nss_scan(&nss, &scanned, take, &found) == 0);
	cr_assert(groups->n_asked == 50 && control->n_asked == 0);
	cr_assert(found.n == 1 && found.ids[0] == 1049);
}

static int count_take(const struct nss_found *item, void *context)
{
	size_t *n = context;

	cr_assert_neq(item->name[0], '\0');
	n[item->gid == ID_NONE]++;
	return 0;
}

/* Enumerated for gids are groups, and users by their primary groups. */
Test(nss_scan, enumerates)
{
	struct nss_module_control *groups =
		dlsym(nss.modules[1].modules[0].handle, "nss_module_control");
	size_t n[2] = { 0 };

	cr_assert(groups);
	control->enumerated = 20;
	groups->enumerated = 10;
	cr_assert(nss_enumerate(&nss, &kind_uid, count_take, n) == 0);
	cr_assert(n[0] == 20 && n[1] == 0);
	cr_assert(nss_enumerate(&nss, &kind_gid, count_take, n) == 0);
	cr_assert(n[0] == 30 && n[1] == 20);
}
