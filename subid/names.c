// SPDX-License-Identifier: BSD-3-Clause
/*
 * names: a tree, so that many names cost little. Apart from its user since search.h has a
 * struct entry of its own.
 */
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "libsubid/core/cleanup.h"
#include "subid/names.h"

static int compare(const void *a, const void *b)
{
	const struct names_answer *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/* Returns what was put in for a name; NULL: nothing. */
const struct names_answer *names_find(const struct names *names, const char *name)
{
	struct names_answer question = { .name = name };
	void **found = tfind(&question, &names->tree, compare);

	return found ? *found : NULL;
}

/* Keeps a copy of an answer and returns it; NULL: there is no memory for it. */
const struct names_answer *names_put(struct names *names,
				     const struct names_answer *answer)
{
	size_t bytes = strlen(answer->name) + 1;
	CLEANUP(cleanup_free) struct names_answer *copy = malloc(sizeof(*copy) + bytes);

	if (!copy)
		return NULL;
	*copy = *answer;
	copy->name = memcpy(copy + 1, answer->name, bytes);
	return tsearch(copy, &names->tree, compare) ? TAKE_PTR(copy) : NULL;
}

/* Forgets everything. */
void names_cleanup(struct names *names)
{
	tdestroy(names->tree, free);
	names->tree = NULL;
}
