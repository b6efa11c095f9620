/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * findings-parts: what the findings*.c files share during a search.
 */
#ifndef SUBID_FINDINGS_PARTS_H
#define SUBID_FINDINGS_PARTS_H

#include "libsubid/core/cleanup.h"
#include "libsubid/core/findings.h"
#include "libsubid/core/owner-table.h"

/* A line that is an entry. */
struct search_line {
	uint32_t first;
	uint32_t last;
	uint32_t offset;
	uint32_t number;
	uint32_t holder;
};

/* The entries of one database in the order of the file; `order` holds sorted indices. */
struct search_lines {
	struct search_line *lines;
	uint32_t *order;
	size_t n;
	size_t allocated;
};

struct search {
	struct findings *findings;
	struct owner_table holders;
	struct search_lines sides[2];
};

void search_init(struct search *search);
int search_lines(struct search *search, unsigned group);
int search_owners(struct search *search);
void search_cleanup(struct search *search);
int findings_put(struct findings *findings, struct findings_item item, bool of_root);

/* Returns the users, or with @group the groups. */
static inline const struct accounts *search_accounts(const struct search *search,
						     unsigned group)
{
	static const struct accounts none;
	const struct findings_question *question = &search->findings->question;
	const struct accounts *accounts = group ? question->groups : question->users;

	return accounts ? accounts : &none;
}

/* Returns whether the lines of this holder are root's. */
static inline bool search_is_root(const struct search *search, uint32_t holder)
{
	const struct holder *item = &search->holders.items[holder];

	return item->has_uid && item->uid == 0;
}

#endif
