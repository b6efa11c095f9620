// SPDX-License-Identifier: BSD-3-Clause
/*
 * suggest: finds the word that a misspelt one may have meant: the one with the fewest
 * letters that are added, left out, replaced or exchanged with their neighbour.
 */
#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "command/suggest.h"
#include "message/i18n.h"
#include "message/report.h"

static bool is_same(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

static size_t fewer_steps(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Counts the steps from one word to the other; both are shorter than SUGGEST_BYTES. */
static size_t count_steps(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t rows[3][SUGGEST_BYTES];

	for (size_t j = 0; j <= b_len; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		size_t *row = rows[i % 3];
		const size_t *above = rows[(i + 2) % 3], *second = rows[(i + 1) % 3];

		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			bool same = is_same(a[i - 1], b[j - 1]);

			row[j] = fewer_steps(above[j - 1] + !same,
					     fewer_steps(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && is_same(a[i - 1], b[j - 2]) &&
			    is_same(a[i - 2], b[j - 1]))
				row[j] = fewer_steps(row[j], second[j - 2] + 1);
		}
	}
	return rows[a_len % 3][b_len];
}

/* Starts a search for what the first @len bytes of @word may mean. */
void suggest_start(struct suggest *suggest, const char *word, size_t len)
{
	*suggest = (struct suggest){
		.word = word,
		.len = len,
		/* Words that share no more are not alike: one step in two letters. */
		.distance = len < 4 ? 2 :
			    len < 7 ? 3 :
				      4,
	};
}

/* Takes a word into account. Of equally good ones the first is suggested. */
void suggest_consider(struct suggest *suggest, const char *word, size_t len)
{
	size_t steps;

	if (len == 0 || len >= SUGGEST_BYTES || suggest->len >= SUGGEST_BYTES)
		return;
	if (len == suggest->len && memcmp(suggest->word, word, len) == 0)
		return;
	steps = count_steps(suggest->word, suggest->len, word, len);
	if (steps >= suggest->distance || steps >= suggest->len)
		return;
	suggest->distance = steps;
	memcpy(suggest->best, word, len);
	suggest->best[len] = '\0';
}

/* Asks whether the word was meant, if one is like it. @before: as `--` of an option. */
void suggest_report(const struct suggest *suggest, const char *program,
		    const char *before)
{
	if (*suggest->best)
		report_line(program, _("did you mean '%s%s'?"), before, suggest->best);
}
