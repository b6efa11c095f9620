// SPDX-License-Identifier: BSD-3-Clause
/*
 * policy: reads the lines of subid.d(5).
 *
 * Invariant: a line that is not understood as a whole is an error, and nothing of it is
 * a rule: a rule that is read in part would give ids that the site did not mean to give.
 */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libsubid/core/array.h"
#include "libsubid/core/entry.h"
#include "libsubid/core/limits.h"
#include "libsubid/core/num.h"
#include "libsubid/core/policy.h"

/* A hundred years. */
#define DAYS_MAX 36525

/* A line while it is read. */
struct policy_line {
	struct policy *policy;
	const char *at;
	const char *end;
	const char *text_end;
	struct policy_error error; /* with the last word */
};

/* Eight bytes at once: a constant for each of them, and their highest bits. */
#define ONES UINT64_C(0x0101010101010101)
#define TOPS (0x80 * ONES)

/* Adds an error. Returns 0 or -ENOMEM. */
int policy_fail(struct policy *policy, const struct policy_error *error)
{
	int r = ARRAY_RESERVE(policy->errors, policy->n_errors, policy->allocated_errors);

	if (r == 0)
		policy->errors[policy->n_errors++] = *error;
	return r;
}

static bool is_space(char byte)
{
	return byte == ' ' || byte == '\t';
}

/* Finds the end of a word. Lines have no control characters, so the newline ends it, too.
 */
static const char *find_word_end(const char *at, const char *text_end)
{
	while (text_end - at >= (ptrdiff_t)sizeof(uint64_t)) {
		uint64_t bytes, ends;

		memcpy(&bytes, at, sizeof(bytes));
		bytes = le64toh(bytes);
		ends = (bytes - (' ' + 1) * ONES) & ~bytes & TOPS;
		if (ends)
			return at + __builtin_ctzll(ends) / 8;
		at += sizeof(bytes);
	}
	while (at < text_end && (unsigned char)*at > ' ')
		at++;
	return at;
}

/* Steps to the next word, which becomes that of the error. A comment ends the line. */
static bool next_policy_word(struct policy_line *line, struct policy_word *ret_word)
{
	const char *begin = line->at;

	while (begin < line->end && is_space(*begin))
		begin++;
	if (begin == line->end || *begin == '#')
		return false;
	line->at = find_word_end(begin, line->text_end);
	*ret_word = (struct policy_word){ begin, (size_t)(line->at - begin) };
	line->error.word = *ret_word;
	return true;
}

/* Takes `KEY=` off a word. Returns whether it begins so. */
static bool take_policy_key(struct policy_word *word, const char *key, size_t len)
{
	if (word->len < len || memcmp(word->text, key, len) != 0)
		return false;
	word->text += len;
	word->len -= len;
	return true;
}

#define TAKE_KEY(word, key) take_policy_key(word, key, sizeof(key) - 1)

static int read_policy_range(struct policy_word word, struct range *ret_range)
{
	return range_parse_text(word.text, word.len, ret_range) ? POLICY_RANGE : 0;
}

/* Reads a number from 1 on; *ret_value must be 0 before. */
static int read_count(struct policy_word word, uint64_t *ret_value)
{
	if (*ret_value > 0)
		return POLICY_EXTRA;
	return num_parse(word.text, word.len, ID_END - 1, ret_value) || *ret_value == 0 ?
		       POLICY_NUMBER :
		       0;
}

/* Checks the name of a user, a group or the owner of a line. */
static int check_policy_name(struct policy_word word)
{
	int fault = entry_check_owner(word.text, word.len);

	return fault && fault != ENTRY_OWNER_NUMBER ? POLICY_NAME : 0;
}

/* The rest of the line, without a comment. */
static struct policy_word rest_of(struct policy_line *line)
{
	struct policy_word first, word;

	if (!next_policy_word(line, &first))
		return (struct policy_word){ "", 0 };
	while (next_policy_word(line, &word))
		first.len = (size_t)(word.text + word.len - first.text);
	return first;
}

static int parse_reserve(struct policy_line *line)
{
	struct policy *policy = line->policy;
	struct policy_reserve rule = { .kinds = { true, true },
				       .place = line->error.place };
	struct policy_word word;
	int r;

	if (!next_policy_word(line, &word))
		return POLICY_MISSING;
	rule.kinds[0] = !policy_word_is(word, "gid", 3);
	rule.kinds[1] = !policy_word_is(word, "uid", 3);
	if (!(rule.kinds[0] && rule.kinds[1]) && !next_policy_word(line, &word))
		return POLICY_MISSING;
	r = read_policy_range(word, &rule.ids);
	if (r)
		return r;
	rule.why = rest_of(line);
	/* After the range it would reserve ids of both kinds. */
	if (policy_word_is(rule.why, "uid", 3) || policy_word_is(rule.why, "gid", 3))
		return POLICY_EXTRA;
	r = ARRAY_RESERVE(policy->reserves, policy->n_reserves,
			  policy->allocated_reserves);
	if (r == 0)
		policy->reserves[policy->n_reserves++] = rule;
	return r;
}

static int parse_pool(struct policy_line *line)
{
	struct policy *policy = line->policy;
	struct policy_pool rule = { .place = line->error.place };
	struct policy_word word;
	int r;

	if (!next_policy_word(line, &rule.name))
		return POLICY_MISSING;
	r = check_policy_name(rule.name);
	if (r)
		return r;
	if (!next_policy_word(line, &word))
		return POLICY_MISSING;
	r = read_policy_range(word, &rule.ids);
	while (r == 0 && next_policy_word(line, &word))
		r = TAKE_KEY(&word, "count=") ? read_count(word, &rule.count) :
		    TAKE_KEY(&word, "align=") ? read_count(word, &rule.align) :
						POLICY_EXTRA;
	if (r == 0)
		r = ARRAY_RESERVE(policy->pools, policy->n_pools,
				  policy->allocated_pools);
	if (r == 0)
		policy->pools[policy->n_pools++] = rule;
	return r;
}

/* Reads which users a rule is about. */
static int read_who(struct policy_word word, struct policy_assign *rule)
{
	if (TAKE_KEY(&word, "uids=")) {
		rule->by = POLICY_BY_UIDS;
		return read_policy_range(word, &rule->uids);
	}
	if (TAKE_KEY(&word, "group="))
		rule->by = POLICY_BY_GROUP;
	else if (TAKE_KEY(&word, "user="))
		rule->by = POLICY_BY_USER;
	else
		return POLICY_EXTRA;
	rule->name = word;
	/* A rule is about one user or group. */
	return memchr(word.text, ',', word.len) ? POLICY_NAME : check_policy_name(word);
}

static int read_assign_word(struct policy_word word, struct policy_assign *rule)
{
	if (TAKE_KEY(&word, "pool=") && rule->where.len == 0) {
		rule->where = word;
		return 0;
	}
	if (TAKE_KEY(&word, "count="))
		return read_count(word, &rule->count);
	if (policy_word_is(word, "login", 5) && !rule->login) {
		rule->login = true;
		return 0;
	}
	if (TAKE_KEY(&word, "by-uid=") && !rule->by_uid) {
		rule->by_uid = true;
		return num_parse(word.text, word.len, ID_NONE - 1, &rule->base) ?
			       POLICY_NUMBER :
			       0;
	}
	return POLICY_EXTRA;
}

static int parse_assign(struct policy_line *line)
{
	struct policy *policy = line->policy;
	struct policy_assign rule = { .place = line->error.place };
	struct policy_word word;
	int r;

	if (!next_policy_word(line, &word))
		return POLICY_MISSING;
	r = read_who(word, &rule);
	while (r == 0 && next_policy_word(line, &word))
		r = read_assign_word(word, &rule);
	if (r == 0 && rule.where.len == 0)
		r = POLICY_MISSING;
	if (r == 0)
		r = ARRAY_RESERVE(policy->assigns, policy->n_assigns,
				  policy->allocated_assigns);
	if (r == 0)
		policy->assigns[policy->n_assigns++] = rule;
	return r;
}

static int parse_share(struct policy_line *line)
{
	struct policy *policy = line->policy;
	size_t before = policy->n_shares;
	struct policy_word word;
	int r = 0;

	while (r == 0 && next_policy_word(line, &word)) {
		r = check_policy_name(word);
		if (r == 0)
			r = ARRAY_RESERVE(policy->shares, policy->n_shares,
					  policy->allocated_shares);
		if (r == 0)
			policy->shares[policy->n_shares++] =
				(struct policy_share){ word, line->error.place };
	}
	if (r == 0 && policy->n_shares < before + 2)
		r = POLICY_MISSING;
	if (r)
		policy->n_shares = before;
	return r;
}

static int parse_owner(struct policy_line *line)
{
	struct policy *policy = line->policy;
	struct policy_owner rule = { .place = line->error.place };
	struct policy_word word;
	int r;

	if (!next_policy_word(line, &rule.name))
		return POLICY_MISSING;
	r = check_policy_name(rule.name);
	if (r == 0 && next_policy_word(line, &word))
		r = POLICY_EXTRA;
	if (r == 0)
		r = ARRAY_RESERVE(policy->owners, policy->n_owners,
				  policy->allocated_owners);
	if (r == 0)
		policy->owners[policy->n_owners++] = rule;
	return r;
}

static int parse_retire(struct policy_line *line)
{
	struct policy *policy = line->policy;
	struct policy_retire rule = { .place = line->error.place };
	struct policy_word word;
	int r = 0;

	if (!next_policy_word(line, &word)) {
		policy->retire_is_wrong = true;
		return POLICY_MISSING;
	}
	rule.how = policy_word_is(word, "off", 3)     ? POLICY_RETIRE_OFF :
		   policy_word_is(word, "forever", 7) ? POLICY_RETIRE_FOREVER :
							POLICY_RETIRE_DAYS;
	if (rule.how == POLICY_RETIRE_DAYS)
		r = num_parse(word.text, word.len, DAYS_MAX, &rule.days) ? POLICY_NUMBER :
									   0;
	if (r == 0 && next_policy_word(line, &word))
		r = POLICY_EXTRA;
	if (r == 0 && policy->retire.how) {
		line->error.other = policy->retire.place;
		r = POLICY_RETIRED;
	}
	if (r == 0)
		policy->retire = rule;
	policy->retire_is_wrong |= r != 0;
	return r;
}

static const struct {
	const char *word;
	size_t len;
	int (*parse)(struct policy_line *line);
	const char *form;
} rules[] = {
	{ "assign", 6, parse_assign,
	  "assign user=NAME|group=NAME|uids=FIRST-LAST pool=NAME [count=N] [by-uid=N] "
	  "[login]" },
	{ "pool", 4, parse_pool, "pool NAME FIRST-LAST [count=N] [align=N]" },
	{ "reserve", 7, parse_reserve, "reserve [uid|gid] FIRST-LAST [REASON]" },
	{ "share", 5, parse_share, "share NAME NAME..." },
	{ "owner", 5, parse_owner, "owner NAME" },
	{ "retire", 6, parse_retire, "retire off|forever|DAYS" },
};

static int parse_words(struct policy_line *line)
{
	struct policy_word word;

	if (!next_policy_word(line, &word))
		return 0;
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (policy_word_is(word, rules[i].word, rules[i].len)) {
			line->error.form = rules[i].form;
			return rules[i].parse(line);
		}
	return POLICY_UNKNOWN;
}

/* Returns whether any of eight bytes is below ` ` and no tab, or 127. */
static bool control_in(uint64_t bytes)
{
	uint64_t tabs = bytes ^ '\t' * ONES, deletes = bytes ^ 127 * ONES;

	/* The highest bit of a byte of @tabs and @deletes is set unless it is 0. */
	tabs |= (tabs | TOPS) - ONES;
	deletes |= (deletes | TOPS) - ONES;
	return ((~(bytes | ((bytes | TOPS) - ' ' * ONES)) & tabs) | ~deletes) & TOPS;
}

/* Control characters would reach the terminal, and CR hides at the end of a line. */
static bool has_control_byte(const char *text, size_t len)
{
	uint64_t bytes = ' ' * ONES;

	for (; len >= sizeof(bytes); text += sizeof(bytes), len -= sizeof(bytes)) {
		memcpy(&bytes, text, sizeof(bytes));
		if (control_in(bytes))
			return true;
	}
	bytes = ' ' * ONES;
	memcpy(&bytes, text, len);
	return control_in(bytes);
}

static int parse_policy_line(struct policy_line *line)
{
	size_t len = (size_t)(line->end - line->at);

	line->error.word = (struct policy_word){ "", 0 };
	line->error.form = NULL;
	line->error.other = (struct policy_place){ 0 };
	if (++line->policy->lines > LIMIT_POLICY_LINES)
		return POLICY_LINES;
	if (len > LIMIT_LINE_BYTES)
		return POLICY_LONG;
	if (has_control_byte(line->at, len))
		return POLICY_CONTROL;
	return parse_words(line);
}

/*
 * Adds the rules of a file. What is wrong is added to policy->errors.
 *
 * file: a number of the caller's. text: must stay as long as the policy.
 * Returns 0 or -ENOMEM. Free with policy_cleanup(). It belongs to one thread.
 */
int policy_add_text(struct policy *policy, uint32_t file, const char *text, size_t len)
{
	struct policy_line line = { .policy = policy,
				    .text_end = text + len,
				    .error = { .place = { .file = file } } };
	const char *end = line.text_end;

	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		int r;

		line.at = text;
		line.end = newline ? newline : end;
		text = newline ? newline + 1 : end;
		line.error.place.line++;
		r = parse_policy_line(&line);
		if (r > 0) {
			line.error.why = r;
			r = policy_fail(policy, &line.error);
		}
		if (r || policy->lines > LIMIT_POLICY_LINES)
			return r;
	}
	return 0;
}

/* Frees the rules. Takes a zeroed policy. */
void policy_cleanup(struct policy *policy)
{
	free(policy->reserves);
	free(policy->pools);
	free(policy->assigns);
	free(policy->shares);
	free(policy->owners);
	free(policy->errors);
	free(policy->by_start);
	free(policy->unnamed);
	hash_cleanup(&policy->pool_names);
	*policy = (struct policy){ 0 };
}
