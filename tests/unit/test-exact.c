// SPDX-License-Identifier: BSD-3-Clause
/*
 * exact: after the change, owners have exactly the wanted lines, in their order, and the
 * lines of others are as they were. Compared with a model on random databases.
 */
#include "libsubid/store/exact.h"
#include "tests/unit/rng.h"
#include "tests/unit/unit.h"

#define OWNERS 3 /* of which the set names the first two */

static const char names[OWNERS] = { 'a', 'b', 'z' };

struct world {
	char text[256];
	struct table table;
	struct owner_set people;
	struct range ranges[8];
	size_t starts[OWNERS];
	struct exact_ranges wanted;
};

static struct range random_range(struct rng *rng)
{
	uint64_t start = 1 + rng_below(rng, 3);

	return (struct range){ start, start + 1 + rng_below(rng, 2) };
}

static void make_world(struct world *world, struct rng *rng)
{
	size_t n = 0, len = 0;

	*world = (struct world){ 0 };
	for (size_t lines = rng_below(rng, 7); lines > 0; lines--) {
		struct range range = random_range(rng);

		/* Shadow reads also a number that begins with 0. */
		len += (size_t)snprintf(world->text + len, sizeof(world->text) - len,
					"%c:%s%d:%d\n", names[rng_below(rng, OWNERS)],
					rng_once_in(rng, 6) ? "0" : "", (int)range.start,
					(int)range_count(range));
	}
	cr_assert(table_load(strdup(world->text), len, &world->table) == 0);
	for (size_t i = 0; i < 2; i++) {
		cr_assert(owner_set_add_text(&world->people, &names[i], 1) == 0);
		for (size_t more = rng_below(rng, 3); more > 0; more--)
			world->ranges[n++] = random_range(rng);
		world->starts[i + 1] = n;
	}
	world->wanted = (struct exact_ranges){ world->ranges, world->starts };
}

/* Removes the lines and appends what is missing, as `subid apply`. */
static void change_world(struct world *world, const struct exact_change *change)
{
	cr_assert(change->n == 0 ||
		  table_replace_lines(&world->table, change->removals, change->n) == 0);
	for (size_t i = 0; i < 2; i++)
		for (size_t at = world->starts[i] + change->kept[i];
		     at < world->starts[i + 1]; at++)
			cr_assert(table_append(&world->table, &names[i], 1,
					       world->ranges[at]) == 0);
}

/* The lines of an owner, one after the other. */
static void lines_of(const struct table *table, char owner, char text[static 256])
{
	struct table_cursor cursor = { 0 };
	struct table_line line;
	size_t n = 0;

	while (table_next(table, &cursor, &line))
		if (line.text[0] == owner)
			n += (size_t)snprintf(text + n, 256 - n, "%.*s\n", (int)line.len,
					      line.text);
	text[n] = '\0';
}

static void check_lines(const struct world *world)
{
	struct table before = { .text = (char *)(uintptr_t)world->text,
				.len = strlen(world->text) };
	char found[256], wanted[256];

	lines_of(&before, 'z', wanted);
	lines_of(&world->table, 'z', found);
	cr_assert_str_eq(found, wanted);
	for (size_t i = 0; i < 2; i++) {
		size_t n = 0;

		wanted[0] = '\0';
		for (size_t at = world->starts[i]; at < world->starts[i + 1]; at++)
			n += (size_t)snprintf(wanted + n, sizeof(wanted) - n,
					      "%c:%d:%d\n", names[i],
					      (int)world->ranges[at].start,
					      (int)range_count(world->ranges[at]));
		lines_of(&world->table, names[i], found);
		cr_assert_str_eq(found, wanted);
	}
}

static bool has_id(const struct range *ranges, size_t n, uint64_t id)
{
	for (size_t i = 0; i < n; i++)
		if (range_contains(ranges[i], id))
			return true;
	return false;
}

/* An id is lost if an entry gave it to an owner who does not get it. */
static void check_lost(const struct world *world, const struct exact_change *change)
{
	const struct table before = { .text = (char *)(uintptr_t)world->text,
				      .len = strlen(world->text) };

	for (uint64_t id = 0; id < 10; id++) {
		struct table_near near = { .next = 0 };
		bool lost = false;

		while (table_next_in_force(&before, (struct range){ id, id + 1 }, &near))
			for (size_t i = 0; i < 2; i++)
				lost |= near.reading->entry.owner[0] == names[i] &&
					!has_id(&world->ranges[world->starts[i]],
						world->starts[i + 1] - world->starts[i],
						id);
		cr_assert(range_set_overlaps(&change->lost,
					     (struct range){ id, id + 1 }) == lost,
			  "id %d of\n%s", (int)id, world->text);
	}
}

Test(exact, random)
{
	struct rng rng = { 11 };
	size_t unchanged = 0;

	for (int round = 0; round < 5000; round++) {
		struct exact_change change, copy, again;
		struct world world;

		make_world(&world, &rng);
		cr_assert(exact_find(&world.table, &world.people, &world.wanted,
				     &change) == 0);
		cr_assert(exact_change_copy(&change, 2, &copy) == 0);
		cr_assert(copy.n == change.n && copy.lost.n == change.lost.n);
		check_lost(&world, &change);
		change_world(&world, &copy);
		unchanged += strlen(world.text) == world.table.len &&
			     memcmp(world.text, world.table.text, world.table.len) == 0;
		check_lines(&world);
		cr_assert(exact_find(&world.table, &world.people, &world.wanted,
				     &again) == 0);
		cr_assert(again.n == 0 && again.kept[0] == world.starts[1]);
		exact_change_cleanup(&again);
		exact_change_cleanup(&copy);
		exact_change_cleanup(&change);
		owner_set_cleanup(&world.people);
		table_clear(&world.table);
	}
	cr_assert(unchanged > 50, "%zu", unchanged);
}
