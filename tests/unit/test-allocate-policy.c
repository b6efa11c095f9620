// SPDX-License-Identifier: BSD-3-Clause
/*
 * Allocation with the rules of subid.d(5): a table, and random sites of which every new
 * line is compared with the rules one by one.
 */
#include "libsubid/core/limits.h"
#include "libsubid/store/allocate.h"
#include "libsubid/user/passwd-file.h"
#include "tests/unit/rng.h"
#include "tests/unit/unit.h"

#define USERS 6

static struct tmpdir tmpdir;

static void set_up(void)
{
	tmpdir_make(&tmpdir);
	tmpdir_put(&tmpdir, "passwd",
		   BYTES("u0:x:1000:10::/:\nu1:x:1001:20::/:\nu2:x:1002:10::/:\n"
			 "u3:x:1003:10::/:\nu4:x:1004:20::/:\nu5:x:1005:10::/:\n"
			 "twin:x:1005:10::/:\n"),
		   0644);
	tmpdir_put(&tmpdir, "group", BYTES("even:x:30:u0,u2,u4,twin\nprimary:x:20:\n"),
		   0644);
}

static void tear_down(void)
{
	tmpdir_cleanup(&tmpdir);
}

TestSuite(allocate_policy, .init = set_up, .fini = tear_down);

/* One allocation, with a policy that is given as text. */
struct attempt {
	struct db db;
	struct owner_set people;
	struct allocate_item items[USERS];
	struct allocate allocate;
	char *text;
};

static void add_user(struct attempt *attempt, const char *name)
{
	size_t index;

	cr_assert(owner_set_add(&attempt->people, name, strlen(name), &index) == 0);
}

static void attempt_begin(struct attempt *attempt, const char *policy, const char *subuid,
			  const char *subgid)
{
	struct policy_files *site = &attempt->allocate.site;

	*attempt = (struct attempt){ .db = DB_NONE };
	tmpdir_put(&tmpdir, "subuid", subuid, strlen(subuid), 0644);
	tmpdir_put(&tmpdir, "subgid", subgid, strlen(subgid), 0644);
	cr_assert(db_begin(&attempt->db, tmpdir.fd, DB_PREFIX) == 0);
	cr_assert(db_load(&attempt->db, &kind_uid, false) == 0);
	cr_assert(db_load(&attempt->db, &kind_gid, false) == 0);
	attempt->allocate = (struct allocate){
		.people = &attempt->people,
		.items = attempt->items,
		.settings = { .requests = { { { 100000, 100100 }, 10, 0 },
					    { { 100000, 100100 }, 10, 0 } },
			      .uid_min = 1000 },
		.kinds = { true, true },
		.has_site = true,
	};
	site->files = calloc(1, sizeof(*site->files));
	cr_assert(site->files);
	site->files[0].path = strdup("/etc/subid.d/site.conf");
	site->files[0].text = strdup(policy);
	site->n = 1;
	cr_assert(policy_add_text(&site->policy, 0, site->files[0].text,
				  strlen(policy)) == 0);
	cr_assert(policy_close(&site->policy) == 0);
}

static int attempt_run(struct attempt *attempt)
{
	CLEANUP(accounts_cleanup) struct accounts accounts = { 0 };

	cr_assert(passwd_file_load(tmpdir.fd, &kind_uid, &accounts) == 0);
	cr_assert(owner_set_resolve(&attempt->people, &accounts, &attempt->db.lookup,
				    false) == 0);
	attempt->allocate.n =
		attempt->allocate.fixed ? attempt->allocate.n : attempt->people.n;
	return allocate_ranges(&attempt->db, &attempt->allocate);
}

static void attempt_end(struct attempt *attempt)
{
	db_end(&attempt->db);
	allocate_cleanup(&attempt->allocate);
	owner_set_cleanup(&attempt->people);
}

Test(allocate_policy, table)
{
	static const struct {
		const char *policy;
		const char *before; /* in both databases */
		const char *users;  /* names, separated by spaces */
		int r;
		const char *after; /* r 0: what subuid becomes, or the reason */
		int why;
	} rows[] = {
		{ "# nothing\n", "", "u0", 0, "u0:100000:10\n", 0 },
		{ "reserve 100000-100009\n", "", "u0", 0, "u0:100010:10\n", 0 },
		{ "reserve gid 100000-100009\n", "", "u0", 0, "u0:100010:10\n", 0 },
		{ "reserve 100005-100094\n", "", "u0", DB_FULL, "", ALLOC_NONE },
		{ "pool a 100000-100049\n", "", "u0", 0, "u0:100050:10\n", 0 },
		{ "pool a 200000-200049\nassign user=u0 pool=a\n", "", "u0 u1", 0,
		  "u0:200000:10\nu1:100000:10\n", 0 },
		{ "pool a 200000-200049 count=20\nassign user=u0 pool=a\n", "", "u0 u1",
		  0, "u0:200000:20\nu1:100000:10\n", 0 },
		{ "pool a 200000-200049 count=20\nassign user=u0 pool=a count=5\n", "",
		  "u0", 0, "u0:200000:5\n", 0 },
		{ "pool a 200001-200049 align=16\nassign uids=0-2000 pool=a\n", "",
		  "u0 u1", 0, "u0:200016:10\nu1:200032:10\n", 0 },
		{ "pool a 200000-200009\nassign uids=0-2000 pool=a\n", "", "u0 u1",
		  DB_FULL, "", ALLOCATE_POOL },
		{ "pool a 200000-200049\nassign group=even pool=a\n", "", "u0 u1 u2", 0,
		  "u0:200000:10\nu1:100000:10\nu2:200010:10\n", 0 },
		{ "pool a 200000-200049\nassign group=even pool=a\n", "", "twin", 0,
		  "twin:200000:10\n", 0 },
		{ "pool a 200000-200049\nassign group=even pool=a\n", "", "u5", 0,
		  "u5:100000:10\n", 0 },
		{ "pool a 200000-200049\nassign group=primary pool=a\n", "", "u0 u1", 0,
		  "u0:100000:10\nu1:200000:10\n", 0 },
		{ "pool a 200000-200049\nassign group=none pool=a\n", "", "u0", 0,
		  "u0:100000:10\n", 0 },
		{ "pool a 200000-200049\nassign uids=0-2000 pool=a\n", "x:200000:10\n",
		  "u0", 0, "x:200000:10\nu0:200010:10\n", 0 },
		{ "pool a 200000-200099 count=10\n"
		  "assign uids=1000-1009 pool=a by-uid=1000\n",
		  "", "u3 u0", 0, "u3:200030:10\nu0:200000:10\n", 0 },
		{ "pool a 200000-200099 count=10\n"
		  "assign group=even pool=a by-uid=1001\n",
		  "", "u0", DB_FULL, "", ALLOCATE_OUTSIDE },
		{ "pool a 200000-200099 count=10\n"
		  "assign uids=1000-1009 pool=a by-uid=1000\n",
		  "x:200035:1\n", "u3", DB_CONFLICT, "", 0 },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct attempt attempt;
		char names[32], *rest = names, *name;
		const struct table *table = &attempt.db.sides[0].table;
		int r;

		attempt_begin(&attempt, rows[i].policy, rows[i].before, rows[i].before);
		strcpy(names, rows[i].users);
		while ((name = strsep(&rest, " ")))
			add_user(&attempt, name);
		r = attempt_run(&attempt);
		cr_assert(r == rows[i].r, "row %zu: %d", i, r);
		if (r == 0)
			cr_assert(table->len == strlen(rows[i].after) &&
					  memcmp(table->text, rows[i].after,
						 table->len) == 0,
				  "row %zu: %.*s", i, (int)table->len, table->text);
		if (r == DB_FULL)
			cr_assert(attempt.allocate.full.why == rows[i].why, "row %zu: %d",
				  i, attempt.allocate.full.why);
		attempt_end(&attempt);
	}
}

/* A deterministic range that has ids of a pool is refused, also with a free one. */
Test(allocate_policy, deterministic)
{
	struct attempt attempt;

	attempt_begin(&attempt,
		      "pool a 100010-100019\npool b 300000-300099\n"
		      "assign user=u2 pool=b\n",
		      "", "");
	attempt.allocate.settings.deterministic = true;
	add_user(&attempt, "u1");
	cr_assert(attempt_run(&attempt) == DB_FULL);
	cr_assert(attempt.allocate.full.why == ALLOCATE_OF_POOL);
	attempt_end(&attempt);

	attempt_begin(&attempt,
		      "pool a 100010-100019\npool b 300000-300099\n"
		      "assign user=u2 pool=b\n",
		      "", "");
	attempt.allocate.settings.deterministic = true;
	add_user(&attempt, "u2");
	add_user(&attempt, "u3");
	cr_assert(attempt_run(&attempt) == 0);
	cr_assert(attempt.items[0].ranges[0].start == 300000);
	cr_assert(attempt.items[1].ranges[0].start == 100030);
	attempt_end(&attempt);
}

static int give_range(const char *policy, const char *user, struct range range,
		      bool allow, enum overlap_why *ret_why)
{
	struct attempt attempt;
	int r;

	attempt_begin(&attempt, policy, "root:100000:50\n1001:100050:10\n", "");
	attempt.allocate.fixed = true;
	attempt.allocate.n = 1;
	attempt.allocate.kinds[1] = false;
	attempt.allocate.policy.allow_reserved = allow;
	attempt.items[0].ranges[0] = range;
	add_user(&attempt, user);
	r = attempt_run(&attempt);
	*ret_why = attempt.allocate.conflicts.n ?
			   attempt.allocate.conflicts.items[0].why :
			   0;
	attempt_end(&attempt);
	return r;
}

Test(allocate_policy, reserved_and_shared)
{
	const struct range of_root = { 100000, 100010 }, of_u1 = { 100050, 100055 };
	const struct range both = { 100045, 100055 }, lab = { 100070, 100080 };
	enum overlap_why why;

	cr_assert(give_range("", "u0", of_root, false, &why) == DB_CONFLICT);
	cr_assert(why == OVERLAP_OWNER);
	cr_assert(give_range("share root u0\n", "u0", of_root, false, &why) == 0);
	cr_assert(give_range("share root u2\nshare u0 u1\n", "u0", of_root, false,
			     &why) == DB_CONFLICT);
	/* A line by uid is that of the named user. */
	cr_assert(give_range("share u0 u1\n", "u0", of_u1, false, &why) == 0);
	cr_assert(give_range("share u0 u1\n", "u0", both, false, &why) == DB_CONFLICT);
	cr_assert(give_range("share u0 u1 root\n", "u0", both, false, &why) == 0);
	cr_assert(give_range("share u0 u1\nshare u0 root\n", "u0", both, false, &why) ==
		  0);
	cr_assert(give_range("reserve 100079-100099\n", "u0", lab, false, &why) ==
		  DB_CONFLICT);
	cr_assert(why == OVERLAP_RESERVED);
	cr_assert(give_range("reserve 100079-100099\n", "u0", lab, true, &why) == 0);
	cr_assert(give_range("reserve gid 100079-100099\n", "u0", lab, false, &why) == 0);
}

/* The rules of a random site, as text and as the test reads them. */
struct random_site {
	char text[512];
	struct range pools[3];
	bool by_uid[3];
	int pool_of[USERS]; /* -1: none */
	struct range reserved;
	char before[512];
};

static void make_random(struct rng *rng, struct random_site *site)
{
	char *text = site->text, *before = site->before;

	for (size_t i = 0; i < USERS; i++)
		site->pool_of[i] = -1;
	for (size_t p = 0; p < 3; p++) {
		uint64_t start = 100000 + 40 * p + rng_below(rng, 10);
		size_t first = rng_below(rng, USERS);
		size_t last = first + rng_below(rng, USERS - first);

		site->pools[p] = (struct range){ start, start + 8 + rng_below(rng, 23) };
		site->by_uid[p] = p == 2;
		text += sprintf(text, "pool p%zu %u-%u count=4\n", p, (unsigned int)start,
				(unsigned int)site->pools[p].end - 1);
		if (site->by_uid[p] && 4 * (last + 1) > range_count(site->pools[p]))
			continue;
		text += sprintf(text, "assign uids=%zu-%zu pool=p%zu%s\n", 1000 + first,
				1000 + last, p, site->by_uid[p] ? " by-uid=1000" : "");
		for (size_t i = first; i <= last; i++)
			if (site->pool_of[i] < 0)
				site->pool_of[i] = (int)p;
	}
	site->reserved.start = 100032 + rng_below(rng, 4);
	site->reserved.end = site->reserved.start + 2;
	sprintf(text, "reserve %u-%u\n", (unsigned int)site->reserved.start,
		(unsigned int)site->reserved.end - 1);
	*before = '\0';
	for (size_t i = rng_below(rng, 4); i > 0; i--)
		before += sprintf(before, "x:%u:3\n",
				  100000 + (unsigned int)rng_below(rng, 130));
}

static void check_random(const struct attempt *attempt, const struct random_site *site)
{
	for (size_t i = 0; i < attempt->people.n; i++)
		for (size_t k = 0; k < 2; k++) {
			const char *name = owner_set_name(&attempt->people, i);
			size_t user = (size_t)(name[1] - '0');
			struct range range = attempt->items[i].ranges[k];
			int pool = site->pool_of[user];

			cr_assert(range_count(range) == (pool < 0 ? 10 : 4));
			cr_assert(!range_overlaps(range, site->reserved));
			for (int p = 0; p < 3; p++)
				cr_assert(range_overlaps(range, site->pools[p]) ==
						  (p == pool),
					  "%s\n%s: %s", site->text, site->before, name);
			if (pool >= 0)
				cr_assert(range.start >= site->pools[pool].start &&
					  range.end <= site->pools[pool].end);
			if (pool >= 0 && site->by_uid[pool])
				cr_assert(range.start ==
					  site->pools[pool].start + 4 * user);
			for (size_t j = 0; j < i; j++)
				cr_assert(!range_overlaps(range,
							  attempt->items[j].ranges[k]));
			for (const char *at = site->before; *at;
			     at = strchr(at, '\n') + 1) {
				uint64_t start = strtoul(at + 2, NULL, 10);

				cr_assert(!range_overlaps(
					range, (struct range){ start, start + 3 }));
			}
		}
}

Test(allocate_policy, random)
{
	struct rng rng = { rng_seed() };
	unsigned int given = 0, refused = 0;

	for (int i = 0; i < 4000; i++) {
		struct random_site site;
		struct attempt attempt;
		int r;

		make_random(&rng, &site);
		attempt_begin(&attempt, site.text, site.before,
			      rng_once_in(&rng, 2) ? "" : site.before);
		/* A pool with reserved ids. */
		if (attempt.allocate.site.policy.n_errors > 0) {
			attempt_end(&attempt);
			continue;
		}
		attempt.allocate.settings.requests[0].bounds.end = 100200;
		attempt.allocate.settings.requests[1].bounds.end = 100200;
		attempt.allocate.above = rng_once_in(&rng, 2);
		for (unsigned int user = 0; user < USERS; user++)
			if (rng_once_in(&rng, 2))
				add_user(&attempt,
					 (char[]){ 'u', (char)('0' + user), 0 });
		r = attempt_run(&attempt);
		cr_assert(r == 0 || r == DB_FULL || r == DB_CONFLICT, "%d", r);
		if (r == 0)
			check_random(&attempt, &site);
		*(r ? &refused : &given) += 1;
		attempt_end(&attempt);
	}
	cr_assert(given > 1000 && refused > 200, "%u %u", given, refused);
}
