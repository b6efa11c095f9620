// SPDX-License-Identifier: BSD-3-Clause
/*
 * policy: lines of subid.d(5), what is wrong with them, and what applies to a user.
 * Random policies are compared with a model that counts ids and uids one by one.
 */
#include "libsubid/core/limits.h"
#include "libsubid/core/policy.h"
#include "tests/unit/rng.h"
#include "tests/unit/unit.h"

static struct policy policy_of(const char *text)
{
	struct policy policy = { 0 };

	cr_assert(policy_add_text(&policy, 0, text, strlen(text)) == 0);
	cr_assert(policy_close(&policy) == 0);
	return policy;
}

Test(policy, errors)
{
	static const struct {
		const char *text;
		int why; /* 0: none */
		uint32_t line;
		const char *word;
	} rows[] = {
		{ "", 0, 0, "" },
		{ "\n \t\n# x\n  # pool\n", 0, 0, "" },
		{ "reserve 5-6", 0, 0, "" },
		{ "reserve uid 5-6 for the lab # not shown\n", 0, 0, "" },
		{ "reserve gid 5-6\nreserve 5-6\n", 0, 0, "" },
		{ "reserve\n", POLICY_MISSING, 1, "reserve" },
		{ "\nreserve uid\n", POLICY_MISSING, 2, "uid" },
		{ "reserve gid # 5-6\n", POLICY_MISSING, 1, "gid" },
		{ "reserve gids 5-6\n", POLICY_RANGE, 1, "gids" },
		{ "reserve 6-5\n", POLICY_RANGE, 1, "6-5" },
		{ "reserve 05-6\n", POLICY_RANGE, 1, "05-6" },
		{ "reserve 5-4294967296\n", POLICY_RANGE, 1, "5-4294967296" },
		{ "retire forever\n", 0, 0, "" },
		{ "retire off # for now\n", 0, 0, "" },
		{ "retire 0\n", 0, 0, "" },
		{ "retire 36525\n", 0, 0, "" },
		{ "retire\n", POLICY_MISSING, 1, "retire" },
		{ "retire 36526\n", POLICY_NUMBER, 1, "36526" },
		{ "retire never\n", POLICY_NUMBER, 1, "never" },
		{ "retire 5 days\n", POLICY_EXTRA, 1, "days" },
		{ "retire off\nretire off\n", POLICY_RETIRED, 2, "off" },
		{ "reserved 5-6\n", POLICY_UNKNOWN, 1, "reserved" },
		{ "Reserve 5-6\n", POLICY_UNKNOWN, 1, "Reserve" },
		{ "deny user=eve\n", POLICY_UNKNOWN, 1, "deny" },
		{ "reserve 5-6\r\n", POLICY_CONTROL, 1, "" },
		{ "pool a 100000-199999 count=1000 align=8", 0, 0, "" },
		{ "pool a\n", POLICY_MISSING, 1, "a" },
		{ "pool a:b 5-6\n", POLICY_NAME, 1, "a:b" },
		{ "pool a 5\n", POLICY_RANGE, 1, "5" },
		{ "pool a 5-6 7\n", POLICY_EXTRA, 1, "7" },
		{ "pool a 5-6 count=0\n", POLICY_NUMBER, 1, "count=0" },
		{ "pool a 5-6 count=1 count=2\n", POLICY_EXTRA, 1, "count=2" },
		{ "pool a 5-6 align=x\n", POLICY_NUMBER, 1, "align=x" },
		{ "pool a 5-6\npool a 7-8\n", POLICY_TWICE, 2, "a" },
		{ "pool a 5-9\npool b 9-12\n", POLICY_MEETS, 2, "b" },
		{ "pool a 5-99\npool b 7-8\npool c 50-60\n", POLICY_MEETS, 2, "b" },
		{ "pool a 5-8\nreserve gid 8-9\n", POLICY_RESERVED, 1, "a" },
		{ "pool a 0-8\n", POLICY_RESERVED, 1, "a" },
		{ "pool a 61000-70000\n", POLICY_RESERVED, 1, "a" },
		{ "assign user=elsa pool=a\n", POLICY_NO_POOL, 1, "a" },
		{ "assign user=elsa pool=a\npool a 1-9\n", 0, 0, "" },
		{ "assign elsa pool=a\n", POLICY_EXTRA, 1, "elsa" },
		{ "assign user= pool=a\n", POLICY_NAME, 1, "user=" },
		{ "assign user=elsa\n", POLICY_MISSING, 1, "user=elsa" },
		{ "assign uids=1 pool=a\n", POLICY_RANGE, 1, "uids=1" },
		{ "assign user=elsa pool=a pool=b\n", POLICY_EXTRA, 1, "pool=b" },
		{ "pool a 1-9\nassign user=elsa login pool=a\n", 0, 0, "" },
		{ "assign user=elsa pool=a login login\n", POLICY_EXTRA, 1, "login" },
		{ "assign user=elsa pool=a login=yes\n", POLICY_EXTRA, 1, "login=yes" },
		{ "assign user=elsa login\n", POLICY_MISSING, 1, "login" },
		{ "pool a 1-9 count=3\nassign uids=10-12 pool=a by-uid=10", 0, 0, "" },
		{ "pool a 1-9 count=3\nassign uids=10-13 pool=a by-uid=10", POLICY_SMALL,
		  2, "a" },
		{ "pool a 1-9 count=3\nassign uids=11-13 pool=a by-uid=10", POLICY_SMALL,
		  2, "a" },
		{ "pool a 1-9\nassign uids=10-12 pool=a by-uid=10", POLICY_UNSIZED, 2,
		  "a" },
		{ "pool a 1-9 count=3\nassign uids=9-11 pool=a by-uid=10", POLICY_BELOW,
		  2, "a" },
		{ "pool a 1-9 count=10\nassign user=elsa pool=a", POLICY_SMALL, 2, "a" },
		{ "pool a 1-90 count=3\nassign uids=10-11 pool=a by-uid=10\n"
		  "assign uids=12-13 pool=a\n",
		  POLICY_MIXED, 3, "a" },
		{ "pool a 1-90 count=3\nassign uids=10-11 pool=a by-uid=10\n"
		  "assign uids=12-13 pool=a by-uid=10 count=4\n",
		  POLICY_MIXED, 3, "a" },
		{ "share root lxd\n", 0, 0, "" },
		{ "share root\n", POLICY_MISSING, 1, "root" },
		{ "share root a:b\n", POLICY_NAME, 1, "a:b" },
		{ "owner containers\n", 0, 0, "" },
		{ "owner\n", POLICY_MISSING, 1, "owner" },
		{ "owner a b\n", POLICY_EXTRA, 1, "b" },
		{ "reserve 5-6 uid\n", POLICY_EXTRA, 1, "uid" },
		{ "assign user=a,b pool=a\n", POLICY_NAME, 1, "user=a,b" },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct policy policy = policy_of(rows[i].text);
		const struct policy_error *error = policy.errors;

		cr_assert((policy.n_errors > 0) == (rows[i].why > 0), "'%s': %zu",
			  rows[i].text, policy.n_errors);
		if (rows[i].why)
			cr_assert(error->why == rows[i].why &&
					  error->place.line == rows[i].line &&
					  policy_word_is(error->word, rows[i].word,
							 strlen(rows[i].word)) ==
						  (rows[i].word[0] != '\0'),
				  "'%s': %d in line %u", rows[i].text, error->why,
				  error->place.line);
		policy_cleanup(&policy);
	}
}

Test(policy, reports_every_line)
{
	struct policy policy = policy_of("a\npool b\nreserve 5-6\nc\n");

	cr_assert(policy.n_errors == 3 && policy.n_reserves == 1);
	cr_assert(policy.errors[2].place.line == 4);
	policy_cleanup(&policy);
}

Test(policy, words_of_a_reservation)
{
	struct policy policy = policy_of("reserve uid 5-6 \t for  the lab\t# x\n");

	cr_assert(policy.n_reserves == 1);
	cr_assert(policy_word_is(policy.reserves[0].why, BYTES("for  the lab")));
	cr_assert(policy.reserves[0].kinds[0] && !policy.reserves[0].kinds[1]);
	policy_cleanup(&policy);
}

Test(policy, limits)
{
	static char text[LIMIT_LINE_BYTES + 16];
	struct policy policy = { 0 };

	memset(text, '#', sizeof(text));
	cr_assert(policy_add_text(&policy, 0, text, LIMIT_LINE_BYTES) == 0);
	cr_assert(policy.n_errors == 0);
	cr_assert(policy_add_text(&policy, 1, text, LIMIT_LINE_BYTES + 1) == 0);
	cr_assert(policy.n_errors == 1 && policy.errors[0].why == POLICY_LONG &&
		  policy.errors[0].place.file == 1);
	memset(text, '\n', sizeof(text));
	while (policy.n_errors == 1)
		cr_assert(policy_add_text(&policy, 2, text, sizeof(text)) == 0);
	cr_assert(policy.errors[1].why == POLICY_LINES &&
		  policy.lines == LIMIT_POLICY_LINES + 1);
	policy_cleanup(&policy);
}

/*
 * The model. Its universe is ids from FIRST on and uids from 0 on.
 */

#define FIRST	70000
#define IDS	48
#define UIDS	12
#define POOLS	3
#define RULES	4
#define LETTERS "abc"

/* Who gets ids at a login: without any rule by the uid; else by the rule of the user. */
Test(policy, login)
{
	const struct range uids = { 1000, 60001 };
	struct policy none = { 0 };
	struct policy rules = policy_of("pool a 1-9\npool b 11-19\n"
					"assign uids=5000-5001 pool=a login\n"
					"assign uids=5001-5002 pool=b\n");
	const struct policy_assign *with = &rules.assigns[0],
				   *without = &rules.assigns[1];

	cr_assert(rules.n_errors == 0 && with->login && !without->login);
	cr_assert(policy_gives_at_login(&none, NULL, 1000, uids));
	cr_assert(policy_gives_at_login(&none, NULL, 60000, uids));
	cr_assert_not(policy_gives_at_login(&none, NULL, 999, uids));
	cr_assert_not(policy_gives_at_login(&none, NULL, 60001, uids));
	cr_assert_not(policy_gives_at_login(&none, NULL, 0, (struct range){ 0, 9 }));
	cr_assert_not(
		policy_gives_at_login(&none, NULL, ID_NONE, (struct range){ 0, ID_END }));
	cr_assert(policy_gives_at_login(&rules, with, 5000, uids));
	cr_assert(policy_gives_at_login(&rules, with, 999, uids));
	cr_assert_not(policy_gives_at_login(&rules, with, 0, uids));
	cr_assert_not(policy_gives_at_login(&rules, without, 5002, uids));
	cr_assert_not(policy_gives_at_login(&rules, NULL, 5003, uids));
	policy_cleanup(&rules);
}

/* Which uids have a place in a pool, or in none: the first rule counts. */
Test(policy, find_uids)
{
	struct policy rules = policy_of("pool a 1-9 count=1\npool b 11-19\npool c 21-29\n"
					"assign uids=5-6 pool=a\n"
					"assign uids=1-9 pool=b\n"
					"assign uids=8-20 pool=a\n"
					"assign group=g pool=c\n");
	static const struct {
		const char *name;
		size_t n;
		struct range uids[3];
	} rows[] = {
		{ "a", 2, { { 5, 7 }, { 10, 21 } } },
		{ "b", 2, { { 1, 5 }, { 7, 10 } } },
		{ "c", 2, { { 0, 1 }, { 21, 100 } } },
		{ "none", 2, { { 0, 1 }, { 21, 100 } } },
	};

	cr_assert(rules.n_errors == 0);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		CLEANUP(range_set_cleanup) struct range_set uids = RANGE_SET(9);

		cr_assert(range_set_add(&uids, (struct range){ 0, 100 }) == 0);
		cr_assert(policy_find_uids(&rules, i, &uids) == 0);
		cr_assert(uids.n == rows[i].n, "%s: %zu", rows[i].name, uids.n);
		for (size_t j = 0; j < uids.n; j++)
			cr_assert(range_equals(uids.ranges[j], rows[i].uids[j]), "%s",
				  rows[i].name);
	}
	policy_cleanup(&rules);
}

struct model_pool {
	unsigned int first, last, count;
};

struct model_rule {
	enum policy_by by;
	unsigned int first, last; /* uids; the uid of the user; the number of the group */
	unsigned int pool, count, base;
	bool by_uid;
};

struct model_site {
	struct model_pool pools[POOLS];
	unsigned int n_pools;
	struct model_rule rules[RULES];
	unsigned int n_rules;
	unsigned int reserved_first, reserved_last; /* last 0: none */
};

static unsigned int below(struct rng *rng, unsigned int n)
{
	return (unsigned int)rng_below(rng, n);
}

static void make_site(struct rng *rng, struct model_site *site)
{
	*site = (struct model_site){ .n_pools = below(rng, POOLS + 1),
				     .n_rules = below(rng, RULES + 1) };
	for (unsigned int i = 0; i < site->n_pools; i++) {
		struct model_pool *pool = &site->pools[i];

		pool->first = rng_once_in(rng, 4) ? below(rng, IDS) : i * IDS / POOLS;
		pool->last = pool->first + below(rng, IDS / POOLS);
		pool->count = below(rng, 4);
	}
	for (unsigned int i = 0; i < site->n_rules; i++) {
		struct model_rule *rule = &site->rules[i];

		rule->by = POLICY_BY_UIDS + below(rng, 3);
		rule->first = below(rng, rule->by == POLICY_BY_GROUP ? 2 : UIDS);
		rule->last =
			rule->first + (rule->by == POLICY_BY_UIDS ? below(rng, 4) : 0);
		rule->pool = below(rng, POOLS);
		rule->count = below(rng, 3);
		rule->by_uid = rng_once_in(rng, 2);
		rule->base = rng_once_in(rng, 3) ? below(rng, 3) : 0;
	}
	if (rng_once_in(rng, 3)) {
		site->reserved_first = below(rng, IDS + 9);
		site->reserved_last = site->reserved_first + below(rng, 4);
	}
}

static void write_site(const struct model_site *site, char *text)
{
	static const char *const who[] = { NULL, "uids=%u-%u", "group=g%u", "user=u%u" };

	*text = '\0';
	if (site->reserved_last)
		text += sprintf(text, "reserve %u-%u\n", FIRST + site->reserved_first,
				FIRST + site->reserved_last);
	for (unsigned int i = 0; i < site->n_rules; i++) {
		const struct model_rule *rule = &site->rules[i];

		text += sprintf(text, "assign ");
		if (rule->by == POLICY_BY_UIDS)
			text += sprintf(text, "uids=%u-%u", rule->first, rule->last);
		else
			text += sprintf(text, "%.*s%u", (int)strcspn(who[rule->by], "%"),
					who[rule->by], rule->first);
		text += sprintf(text, " pool=%c", LETTERS[rule->pool]);
		if (rule->count)
			text += sprintf(text, " count=%u", rule->count);
		if (rule->by_uid)
			text += sprintf(text, " by-uid=%u", rule->base);
		text += sprintf(text, "\n");
	}
	for (unsigned int i = 0; i < site->n_pools; i++) {
		text += sprintf(text, "pool %c %u-%u", LETTERS[i],
				FIRST + site->pools[i].first,
				FIRST + site->pools[i].last);
		if (site->pools[i].count)
			text += sprintf(text, " count=%u", site->pools[i].count);
		text += sprintf(text, "\n");
	}
}

static unsigned int model_count(const struct model_site *site,
				const struct model_rule *rule)
{
	return rule->count ? rule->count : site->pools[rule->pool].count;
}

/* Whether the place of a uid is inside the pool; *ret_first is its first id. */
static bool model_fits(const struct model_site *site, const struct model_rule *rule,
		       unsigned int uid, unsigned int *ret_first)
{
	const struct model_pool *pool = &site->pools[rule->pool];
	unsigned int count = model_count(site, rule);

	*ret_first = pool->first;
	for (unsigned int i = rule->base; i < uid; i++)
		*ret_first += count;
	return uid >= rule->base && *ret_first + count <= pool->last + 1;
}

static bool rule_is_valid(const struct model_site *site, unsigned int which)
{
	const struct model_rule *rule = &site->rules[which];
	const struct model_pool *pool = &site->pools[rule->pool];
	unsigned int count, first;

	if (rule->pool >= site->n_pools)
		return false;
	count = model_count(site, rule);
	for (unsigned int i = 0; i < which; i++) {
		const struct model_rule *other = &site->rules[i];

		if (other->pool == rule->pool &&
		    (other->by_uid != rule->by_uid ||
		     (rule->by_uid &&
		      (other->base != rule->base || model_count(site, other) != count))))
			return false;
	}
	if (!rule->by_uid)
		return pool->first + count <= pool->last + 1;
	if (count == 0)
		return false;
	for (unsigned int uid = rule->first;
	     rule->by == POLICY_BY_UIDS && uid <= rule->last; uid++)
		if (!model_fits(site, rule, uid, &first))
			return false;
	return true;
}

static bool site_is_valid(const struct model_site *site)
{
	for (unsigned int id = 0; id < 2 * IDS; id++) {
		unsigned int n = 0;

		for (unsigned int i = 0; i < site->n_pools; i++)
			n += site->pools[i].first <= id && id <= site->pools[i].last;
		if (n > 0 && site->reserved_last && site->reserved_first <= id &&
		    id <= site->reserved_last)
			n++;
		if (n > 1)
			return false;
	}
	for (unsigned int i = 0; i < site->n_rules; i++)
		if (!rule_is_valid(site, i))
			return false;
	return true;
}

/* Group g0 has the even uids, g1 those below 5. */
static bool model_member(unsigned int uid, unsigned int group)
{
	return group == 0 ? uid % 2 == 0 : uid < 5;
}

static const struct model_rule *model_rule_of(const struct model_site *site,
					      unsigned int uid)
{
	for (unsigned int i = 0; i < site->n_rules; i++) {
		const struct model_rule *rule = &site->rules[i];

		if (rule->by == POLICY_BY_GROUP ? model_member(uid, rule->first) :
						  rule->first <= uid && uid <= rule->last)
			return rule;
	}
	return NULL;
}

static int is_member_of(void *context, struct policy_word group)
{
	cr_assert(group.len == 2 && group.text[0] == 'g');
	return model_member(*(unsigned int *)context, (unsigned int)group.text[1] - '0');
}

static bool is_named_so(void *context, struct policy_word name)
{
	char text[8];

	sprintf(text, "u%u", *(unsigned int *)context);
	return policy_word_is(name, text, strlen(text));
}

/* Compares what applies to each uid, and marks its ids; no two uids may have one. */
static void compare_users(const struct policy *policy, const struct model_site *site,
			  const char *text)
{
	unsigned int owner[2 * IDS] = { 0 };

	for (unsigned int uid = 0; uid < UIDS; uid++) {
		const struct model_rule *rule = model_rule_of(site, uid);
		const struct policy_assign *assign = NULL;
		struct policy_user user = {
			.uid = uid,
			.is_named = is_named_so,
			.is_member = is_member_of,
			.context = &uid,
		};
		const struct policy_assign *again = NULL;
		unsigned int first = 0;
		struct range range = { .start = 0 };
		int r = policy_resolve(policy, &user, &assign);
		size_t named = 0;

		cr_assert(r == (rule ? 0 : POLICY_NONE), "%s: uid %u: %d", text, uid, r);
		/* The same if the first rule with name or uid of the user is known. */
		while (named < policy->n_assigns &&
		       (policy->assigns[named].by != POLICY_BY_USER ||
			!is_named_so(&uid, policy->assigns[named].name)) &&
		       (policy->assigns[named].by != POLICY_BY_UIDS ||
			!range_contains(policy->assigns[named].uids, uid)))
			named++;
		user.named = &named;
		cr_assert(policy_resolve(policy, &user, &again) == r && again == assign,
			  "%s: uid %u", text, uid);
		if (!rule)
			continue;
		cr_assert(assign->pool < policy->n_pools &&
			  assign->by_uid == rule->by_uid &&
			  assign->count == model_count(site, rule));
		cr_assert(policy->pools[assign->pool].ids.start ==
			  FIRST + site->pools[rule->pool].first);
		if (!rule->by_uid)
			continue;
		r = policy_place_by_uid(policy, assign, uid, &range);
		cr_assert((r == 0) == model_fits(site, rule, uid, &first), "%s: uid %u",
			  text, uid);
		if (r)
			continue;
		cr_assert(range.start == FIRST + first);
		for (uint64_t id = range.start; id < range.end; id++) {
			cr_assert(owner[id - FIRST] == 0, "%s: uid %u", text, uid);
			owner[id - FIRST] = uid + 1;
		}
	}
}

static void compare_ids(const struct policy *policy, const struct model_site *site)
{
	for (unsigned int id = 0; id < 2 * IDS; id++) {
		struct range one = { FIRST + id, FIRST + id + 1 }, common;
		const struct policy_pool *pool = policy_pool_in(policy, one);
		bool reserved = site->reserved_last && site->reserved_first <= id &&
				id <= site->reserved_last;
		unsigned int i = 0;

		while (i < site->n_pools &&
		       !(site->pools[i].first <= id && id <= site->pools[i].last))
			i++;
		cr_assert((pool != NULL) == (i < site->n_pools));
		cr_assert(!pool || pool == &policy->pools[i]);
		cr_assert((policy_reserve_next(policy, false, one, NULL, &common) !=
			   NULL) == reserved);
	}
}

Test(policy, model)
{
	struct rng rng = { rng_seed() };
	unsigned int valid = 0, wrong = 0;

	for (int i = 0; i < 40000; i++) {
		struct model_site site;
		struct policy policy;
		char text[1024];

		make_site(&rng, &site);
		write_site(&site, text);
		policy = policy_of(text);
		cr_assert((policy.n_errors == 0) == site_is_valid(&site), "%s%s", text,
			  policy.n_errors ? "" : "should be wrong");
		if (policy.n_errors == 0) {
			compare_users(&policy, &site, text);
			compare_ids(&policy, &site);
			valid++;
		} else {
			wrong++;
		}
		policy_cleanup(&policy);
	}
	cr_assert(valid > 1000 && wrong > 1000, "%u %u", valid, wrong);
}
