// SPDX-License-Identifier: BSD-3-Clause
/*
 * The word that a misspelt one may have meant: the number of steps is that of a model
 * which tries all of them, for all pairs of short words.
 */
#include "command/suggest.h"
#include "tests/unit/unit.h"

#define LETTERS	  3
#define LEN	  4
#define ALL_WORDS 120 /* 3 + 9 + 27 + 81 */

static size_t min3(size_t a, size_t b, size_t c)
{
	size_t ab = a < b ? a : b;

	return ab < c ? ab : c;
}

static size_t model_steps(const char *a, const char *b)
{
	size_t steps;

	if (*a == '\0' || *b == '\0')
		return strlen(a) + strlen(b);
	steps = min3(model_steps(a + 1, b) + 1, model_steps(a, b + 1) + 1,
		     model_steps(a + 1, b + 1) + (*a != *b));
	if (a[1] != '\0' && a[0] == b[1] && a[1] == b[0])
		steps = min3(steps, model_steps(a + 2, b + 2) + 1, SIZE_MAX);
	return steps;
}

static size_t make_words(char words[ALL_WORDS][LEN + 1])
{
	size_t n = 0, from = 0;

	for (size_t i = 0; i < LETTERS; i++)
		words[n++][0] = "abc"[i];
	for (size_t len = 1; len < LEN; len++) {
		size_t to = n;

		for (; from < to; from++)
			for (size_t i = 0; i < LETTERS; i++) {
				memcpy(words[n], words[from], len);
				words[n++][len] = "abc"[i];
			}
	}
	return n;
}

static const char *suggested(const char *wrong, const char *known,
			     struct suggest *suggest)
{
	suggest_start(suggest, wrong, strlen(wrong));
	suggest_consider(suggest, known, strlen(known));
	return suggest->best;
}

Test(suggest, is_as_the_model)
{
	static char words[ALL_WORDS][LEN + 1];
	size_t n = make_words(words);

	cr_assert(n == ALL_WORDS);
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n; j++) {
			size_t steps = model_steps(words[i], words[j]);
			size_t len = strlen(words[i]), most = len < 4 ? 1 : 2;
			bool wanted = steps > 0 && steps <= most && steps < len;
			struct suggest suggest;

			cr_assert_str_eq(suggested(words[i], words[j], &suggest),
					 wanted ? words[j] : "", "%s for %s", words[j],
					 words[i]);
		}
}

/* The nearest word is suggested; of equal ones the first; letters may be of either case.
 */
Test(suggest, nearest)
{
	static const char *const known[] = { "list", "whois", "map", "grant", "KIND" };
	static const struct {
		const char *wrong;
		const char *wanted;
	} rows[] = {
		{ "lsit", "list" }, { "lis", "list" },	  { "gratn", "grant" },
		{ "kidn", "KIND" }, { "whos", "whois" },  { "x", "" },
		{ "xyzzy", "" },    { "", "" },		  { "list", "" },
		{ "LIST", "list" }, { "gRant", "grant" },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct suggest suggest;

		suggest_start(&suggest, rows[i].wrong, strlen(rows[i].wrong));
		for (size_t j = 0; j < COUNT_OF(known); j++)
			suggest_consider(&suggest, known[j], strlen(known[j]));
		cr_assert_str_eq(suggest.best, rows[i].wanted, "%s", rows[i].wrong);
	}
}

/* Words that are too long for the table are no suggestion, and get none. */
Test(suggest, long_words)
{
	char longest[SUGGEST_BYTES + 2];
	struct suggest suggest;

	memset(longest, 'a', sizeof(longest));
	for (size_t len = SUGGEST_BYTES - 2; len < sizeof(longest); len++) {
		suggest_start(&suggest, longest, SUGGEST_BYTES - 3);
		suggest_consider(&suggest, longest, len);
		cr_assert((strlen(suggest.best) == len) ==
				  (len < SUGGEST_BYTES && len <= SUGGEST_BYTES),
			  "%zu", len);
		suggest_start(&suggest, longest, len);
		suggest_consider(&suggest, longest, SUGGEST_BYTES - 3);
		cr_assert((*suggest.best != '\0') == (len < SUGGEST_BYTES), "%zu", len);
	}
}
