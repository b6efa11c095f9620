// SPDX-License-Identifier: BSD-3-Clause
/*
 * policy: the input is the text of two files of subid.d(5), with a byte 1 between them.
 */
#include "libsubid/core/limits.h"
#include "libsubid/core/policy.h"
#include "tests/fuzz/fuzz.h"

static const char *texts[2];
static size_t lens[2];

/* A word lies in its line of its file. */
static void check_word(struct policy_word word, struct policy_place place)
{
	const char *line = texts[place.file];
	const char *end = line + lens[place.file], *newline;

	FUZZ_ASSERT(place.file < 2 && place.line > 0);
	for (uint32_t i = 1; i < place.line; i++) {
		newline = memchr(line, '\n', (size_t)(end - line));
		FUZZ_ASSERT(newline);
		line = newline + 1;
	}
	newline = line < end ? memchr(line, '\n', (size_t)(end - line)) : NULL;
	if (word.len > 0)
		FUZZ_ASSERT(word.text >= line &&
			    word.text + word.len <= (newline ? newline : end));
}

/* Counts the lines that are neither empty nor comments. */
static size_t count_lines(const char *text, size_t left)
{
	const char *line;
	size_t len, n = 0;

	while (fuzz_line(&text, &left, &line, &len)) {
		size_t at = 0;

		while (at < len && (line[at] == ' ' || line[at] == '\t'))
			at++;
		if (len > LIMIT_LINE_BYTES || (at < len && line[at] != '#'))
			n++;
		else
			for (size_t i = 0; i < len; i++)
				if (((unsigned char)line[i] < ' ' && line[i] != '\t') ||
				    line[i] == 127) {
					n++;
					break;
				}
	}
	return n;
}

/* Each such line is a rule or an error, before rules are compared. */
static void check_lines(const struct policy *policy)
{
	size_t n = policy->n_errors + policy->n_reserves + policy->n_pools +
		   policy->n_assigns + policy->n_owners + (policy->retire.how != 0);

	for (size_t i = 0; i < policy->n_shares; i++)
		n += i == 0 ||
		     policy->shares[i].place.line != policy->shares[i - 1].place.line ||
		     policy->shares[i].place.file != policy->shares[i - 1].place.file;
	if (policy->lines <= LIMIT_POLICY_LINES)
		FUZZ_ASSERT(n == count_lines(texts[0], lens[0]) +
					 count_lines(texts[1], lens[1]));
	for (size_t i = 0; i < policy->n_errors; i++)
		check_word(policy->errors[i].word, policy->errors[i].place);
	for (size_t i = 0; i < policy->n_reserves; i++)
		check_word(policy->reserves[i].why, policy->reserves[i].place);
	for (size_t i = 0; i < policy->n_assigns; i++)
		check_word(policy->assigns[i].where, policy->assigns[i].place);
	for (size_t i = 0; i < policy->n_shares; i++)
		check_word(policy->shares[i].owner, policy->shares[i].place);
}

static bool is_elsa(void *context, struct policy_word name)
{
	(void)context;
	return policy_word_is(name, "elsa", 4);
}

static int no_member(void *context, struct policy_word group)
{
	(void)context;
	FUZZ_ASSERT(group.len > 0);
	return 0;
}

/* Places by uid lie in their pool and share nothing. */
static void check_users(const struct policy *policy)
{
	static const uint64_t uids[] = { 0, 1, 2, 3, 1000, 1001, 4294967294 };
	struct range places[COUNT_OF(uids)] = { { 0, 0 } };

	for (size_t i = 0; i < COUNT_OF(uids); i++) {
		const struct policy_user user = { .uid = uids[i],
						  .is_named = is_elsa,
						  .is_member = no_member };
		const struct policy_assign *assign;

		if (policy_resolve(policy, &user, &assign) || !assign->by_uid ||
		    policy_place_by_uid(policy, assign, uids[i], &places[i]))
			continue;
		FUZZ_ASSERT(range_count(places[i]) == assign->count);
		FUZZ_ASSERT(policy_pool_in(policy, places[i]) ==
			    &policy->pools[assign->pool]);
		FUZZ_ASSERT(places[i].end <= policy->pools[assign->pool].ids.end);
		for (size_t j = 0; j < i; j++)
			FUZZ_ASSERT(places[j].end == 0 ||
				    !range_overlaps(places[i], places[j]));
	}
}

static void check_pools(const struct policy *policy)
{
	for (size_t i = 0; i < policy->n_pools && i < 64; i++)
		for (size_t j = 0; j < i; j++)
			FUZZ_ASSERT(!range_overlaps(policy->pools[i].ids,
						    policy->pools[j].ids));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = { data, size };
	char *copies[2];
	struct policy policy = { 0 };
	const uint8_t *split = size > 0 ? memchr(data, 1, size) : NULL;

	if (split)
		input.size = (size_t)(split - data);
	for (int i = 0; i < 2; i++) {
		copies[i] = fuzz_text(&input);
		texts[i] = copies[i];
		lens[i] = input.size;
		FUZZ_ASSERT(policy_add_text(&policy, (uint32_t)i, texts[i], lens[i]) ==
			    0);
		input.data = split ? split + 1 : data + size;
		input.size = (size_t)(data + size - input.data);
	}
	check_lines(&policy);
	FUZZ_ASSERT(policy_close(&policy) == 0);
	if (policy.n_errors == 0) {
		check_pools(&policy);
		check_users(&policy);
	}
	policy_cleanup(&policy);
	free(copies[0]);
	free(copies[1]);
	return 0;
}
