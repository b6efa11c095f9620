// SPDX-License-Identifier: BSD-3-Clause
/*
 * kubelet-facts: what is wrong with the ranges of kubelet, and which ids replace them.
 *
 * The lines of one database stay if kubelet takes them, and if the other one can have the
 * same ids: pods have files with them.
 */
#include "subid/verb/kubelet-facts.h"
#include "libsubid/core/limits.h"
#include "subid/verb/free-range.h"

static bool is_good(const struct kubelet_ranges *side, uint64_t pods)
{
	const struct kubelet_ranges both[] = { *side, *side };
	unsigned int group;

	return kubelet_check(both, pods, &group) == 0;
}

/* Adds the ranges of database @k to those that are taken. */
static void add_own_ranges(const struct kubelet_question *question, size_t k,
			   struct facts_host *host)
{
	const struct kubelet_ranges *side = &question->sides[k];

	for (size_t i = 0; i < side->n; i++) {
		host->own = range_span(host->own, side->ranges[i]);
		host->in_use |= free_range_is_in_use(kind_all[k], side->ranges[i]);
	}
}

static bool find_replacement(const struct kubelet_question *question,
			     const struct free_range_wish *wish, struct range *ret_range)
{
	return free_range_find(question->account, question->directory, question->place,
			       question->service, wish, ret_range) == 0;
}

/* Finds whether database @k can have the ids of the other one, which are good. */
static bool can_follow(const struct kubelet_question *question, size_t k,
		       struct facts_host *host)
{
	const struct kubelet_ranges *other = &question->sides[!k];
	struct free_range_wish wish = { .align = KUBELET_UNIT };

	if (!is_good(other, question->pods))
		return false;
	wish.kinds[k] = true;
	wish.bounds = other->ranges[0];
	wish.count = range_count(wish.bounds);
	if (!find_replacement(question, &wish, &host->free))
		return false;
	add_own_ranges(question, k, host);
	return true;
}

/*
 * Finds whether a part of the one range of both databases would do: pods have files with
 * these ids.
 */
static bool can_be_cut(const struct kubelet_question *question, struct facts_host *host)
{
	const struct kubelet_ranges *sides = question->sides;
	struct range own, part;
	struct kubelet_ranges side = { &part, 1 };

	if (sides[0].n != 1 || sides[1].n != 1)
		return false;
	own = sides[0].ranges[0];
	if (own.start != sides[1].ranges[0].start || own.end != sides[1].ranges[0].end)
		return false;
	part.start = own.start > 0 ? (own.start + KUBELET_UNIT - 1) / KUBELET_UNIT : 1;
	part.start *= KUBELET_UNIT;
	part.end = (own.end > ID_NONE ? ID_NONE : own.end) / KUBELET_UNIT * KUBELET_UNIT;
	if (part.end <= part.start || !is_good(&side, question->pods))
		return false;
	host->free_of_both = true;
	host->free = part;
	for (size_t k = 0; k < 2; k++)
		add_own_ranges(question, k, host);
	return true;
}

static void replace_both(const struct kubelet_question *question, struct facts_host *host)
{
	const struct free_range_wish wish = {
		.kinds = { true, true },
		.count = KUBELET_UNIT * host->pods,
		.align = KUBELET_UNIT,
	};

	host->free_of_both = true;
	for (size_t k = 0; k < 2; k++)
		add_own_ranges(question, k, host);
	if (!find_replacement(question, &wish, &host->free))
		can_be_cut(question, host);
}

/*
 * Gathers the facts about FACTS_KUBELET. Returns the kind that they are about, or NULL:
 * kubelet takes the ranges.
 */
const struct kind *kubelet_gather(const struct kubelet_question *question,
				  struct facts_host *ret_host)
{
	struct facts_host host = {
		.pods = question->pods ? question->pods : KUBELET_PODS,
	};
	unsigned int group;

	host.fault = kubelet_check(question->sides, question->pods, &group);
	if (host.fault == 0)
		return NULL;
	host.ranges = question->sides[group].n;
	if (host.ranges > 0)
		host.first = question->sides[group].ranges[0];
	if (host.fault == KUBELET_UNEQUAL && can_follow(question, 1, &host))
		group = 1;
	else if (host.fault == KUBELET_NO_ID && can_be_cut(question, &host))
		group = 0;
	else if (!can_follow(question, group, &host))
		replace_both(question, &host);
	*ret_host = host;
	return kind_all[group];
}
