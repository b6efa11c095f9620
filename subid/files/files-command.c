// SPDX-License-Identifier: BSD-3-Clause
/*
 * files-command: makes the command by which find(1) finds the files of orphans again.
 *
 * MUST: it never finds a file of an id that was found to have an owner, nor one of an id
 * that was not found, unless no owner can have it now.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "explain/cure.h"
#include "libsubid/core/array.h"
#include "libsubid/core/cleanup.h"
#include "subid/files/files.h"

/* The arguments of a command are limited, and no longer one would be read. */
#define TERMS_MAX 1000

/* The ids of a command. */
struct terms {
	FILE *out; /* NULL: they are only counted */
	size_t n;
};

/* Adds the ids from @first to @last. */
static void put_one_term(struct terms *terms, const struct kind *kind, uint32_t first,
			 uint32_t last)
{
	const char *sign = terms->n++ ? " -o" : "";

	if (!terms->out)
		return;
	if (first == last)
		fprintf(terms->out, "%s -%s %" PRIu32, sign, kind->id, first);
	else
		fprintf(terms->out, "%s -%s +%" PRIu32 " -%s -%" PRIu64, sign, kind->id,
			first - 1, kind->id, (uint64_t)last + 1);
}

/* Returns whether no line of an owner of today and no local account has an id between. */
static bool is_clear(const struct orphan_side *side, uint32_t first, uint32_t last)
{
	const struct index *index = &side->states.index;
	const struct accounts *accounts = &side->states.accounts.local;
	size_t i = BISECT(index->n, at, index->ranges[at].first > first);
	size_t account = accounts_lower_bound(accounts, first);

	if (account < accounts->sorted && accounts_at(accounts, account)->id < last)
		return false;
	for (; i < index->n && index->ranges[i].first < last; i++) {
		const char *owner = index_owner(index, &index->ranges[i]);

		if (!entry_owner_is_retired(owner, strlen(owner)))
			return false;
	}
	return true;
}

/*
 * Returns whether one term can have both ids, which are neighbours among those found:
 * consecutive, or of the same retired line.
 */
static bool is_one_term(const struct orphan_side *side, struct orphan_id a,
			struct orphan_id b)
{
	if (a.group != b.group)
		return false;
	return a.id + 1 == b.id ||
	       (side->groups[a.group - 1].line > 0 && is_clear(side, a.id, b.id));
}

/* Adds the ids of a group; 0: of all. */
static void put_group_ids(struct terms *terms, const struct orphan_side *side,
			  uint32_t group)
{
	size_t i = 0;

	if (group) {
		uint32_t first = side->groups[group - 1].first;

		i = BISECT(side->n, at, side->ids[at].id >= first);
	}
	for (; i < side->n && terms->n <= TERMS_MAX; i++) {
		const struct orphan_id *first = &side->ids[i];

		if (group && first->id > side->groups[group - 1].last)
			break;
		if (!orphan_is_group(first->group) || (group && first->group != group))
			continue;
		while (i + 1 < side->n &&
		       is_one_term(side, side->ids[i], side->ids[i + 1]))
			i++;
		put_one_term(terms, side->states.kind, first->id, side->ids[i].id);
	}
}

/* Adds a directory. Returns false if it cannot be a word of a command. */
static bool put_directory(FILE *out, const char *directory)
{
	size_t len = strlen(directory);
	char path[CURE_WORD_BYTES + 1], word[CURE_QUOTED_BYTES];
	/* Otherwise find(1) could take it for an expression. */
	const char *before = directory[0] == '/' || directory[0] == '.' ? "" : "./";
	/* sh(1) would cut off a newline at the end. */
	const char *after = len > 0 && directory[len - 1] == '\n' ? "/" : "";
	int n = snprintf(path, sizeof(path), "%s%s%s", before, directory, after);

	if (n < 0 || (size_t)n >= sizeof(path) || !cure_quote(path, word))
		return false;
	fprintf(out, " %s", word);
	return true;
}

/* Adds the ids of a group, or with 0 of all. */
static void put_terms(struct terms *terms, const struct files *files, size_t side,
		      uint32_t group)
{
	for (size_t i = 0; i < 2; i++)
		if (group == 0 || i == side)
			put_group_ids(terms, &files->ids.sides[i], group);
}

static bool put_command(FILE *out, const struct files *files, size_t side, uint32_t group,
			bool several)
{
	struct terms terms = { .out = out };

	fputs("find -H", out);
	for (char *const *at = files->directories; *at; at++)
		if (!put_directory(out, *at))
			return false;
	if (files->one_file_system)
		fputs(" -xdev", out);
	fputs(several ? " \\(" : "", out);
	put_terms(&terms, files, side, group);
	fputs(several ? " \\)" : "", out);
	return true;
}

/*
 * Makes the command, after orphan_ids_sort().
 *
 * group: whose files it finds, of this side; 0: all of both.
 * ret_command: freed by the caller; NULL: there is none, because the ids are too many or
 * a directory cannot be written in a command.
 * Returns 0 or -ENOMEM.
 */
int files_find_command(const struct files *files, size_t side, uint32_t group,
		       char **ret_command)
{
	CLEANUP(cleanup_free) char *text = NULL;
	struct terms counted = { .out = NULL };
	bool possible, lost;
	size_t len;
	FILE *out;

	*ret_command = NULL;
	if (files->ids.sides[0].forgot || files->ids.sides[1].forgot)
		return 0;
	put_terms(&counted, files, side, group);
	if (counted.n == 0 || counted.n > TERMS_MAX)
		return 0;
	out = open_memstream(&text, &len);
	if (!out)
		return -ENOMEM;
	possible = put_command(out, files, side, group, counted.n > 1);
	lost = ferror(out);
	if (fclose(out) || lost)
		return -ENOMEM;
	if (possible)
		*ret_command = TAKE_PTR(text);
	return 0;
}
