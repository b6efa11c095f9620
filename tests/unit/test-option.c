// SPDX-License-Identifier: BSD-3-Clause
/*
 * A command line by the table of options: each type of member is set, with its limits,
 * and what is wrong ends it.
 */
#include "command/option.h"
#include "tests/unit/unit.h"

struct inner {
	bool flag;
	const char *text;
};

struct target {
	struct inner inner;
	uint64_t number;
	struct range range;
	int called;
};

static int take_word(void *target, const struct option_row *row, const char *argument)
{
	struct target *own = target;

	(void)row;
	own->called++;
	return strcmp(argument, "end") == 0 ? 7 : 0;
}

static const struct option_row own_rows[] = {
	{ 'c', "count", "N", "", OPTION_INTO(struct target, number), .min = 3,
	  .max = 10 },
	{ 0, "range", "FIRST-LAST", "", OPTION_INTO(struct target, range) },
	{ 'w', "word", "WORD", "", .take = take_word },
	{ .name = NULL },
};

static const struct option_row inner_rows[] = {
	{ 'f', "flag", NULL, "", OPTION_INTO(struct inner, flag) },
	{ 't', "text", "TEXT", "", OPTION_INTO(struct inner, text) },
	{ .name = NULL },
};

static const struct option_group groups[] = {
	{ own_rows, 0 },
	{ inner_rows, offsetof(struct target, inner) },
	{ option_help_rows, 0 },
	{ .rows = NULL },
};

static const struct command command = {
	.program = "test",
	.name = "test verb",
	.options = groups,
};

#define WORDS 6

struct parse_case {
	const char *words[WORDS];
	int result;
	int rest; /* number of arguments */
	struct target target;
};

static int parse(const struct parse_case *row, struct target *ret_target)
{
	char name[] = "test";
	char *argv[WORDS + 2] = { name };
	int argc = 1, r;

	while (argc <= WORDS && row->words[argc - 1]) {
		argv[argc] = (char *)(uintptr_t)row->words[argc - 1];
		argc++;
	}
	*ret_target = (struct target){ .called = 0 };
	/* Start over, also in the middle of a word. */
	optind = 0;
	r = option_parse(&command, argc, argv, ret_target);
	if (r == 0)
		cr_assert(argc - optind == row->rest, "%s: %d", row->words[0],
			  argc - optind);
	return r;
}

Test(option, parse)
{
	static const struct parse_case rows[] = {
		{ { "a", "-f", "b" }, 0, 2, { .inner.flag = true } },
		{ { "--flag" }, 0, 0, { .inner.flag = true } },
		{ { "--fla" }, 0, 0, { .inner.flag = true } },
		{ { "--flag=1" }, .result = OPTION_WRONG },
		{ { "-fc", "3" }, 0, 0, { .inner.flag = true, .number = 3 } },
		{ { "--count=10", "--", "-f" }, 0, 1, { .number = 10 } },
		{ { "-c2" }, .result = OPTION_WRONG },
		{ { "-c11" }, .result = OPTION_WRONG },
		{ { "-c", "03" }, .result = OPTION_WRONG },
		{ { "-c" }, .result = OPTION_WRONG },
		{ { "--range", "5-6" }, 0, 0, { .range = { 5, 7 } } },
		{ { "--range", "6-5" }, .result = OPTION_WRONG },
		{ { "-w", "a", "-wb" }, 0, 0, { .called = 2 } },
		{ { "-w", "end", "--nothing" }, 7, 0, { .called = 1 } },
		{ { "--help", "--nothing" }, .result = OPTION_HELP },
		{ { "-V" }, .result = OPTION_VERSION },
		{ { "--nothing" }, .result = OPTION_WRONG },
		{ { "-x" }, .result = OPTION_WRONG },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const struct parse_case *row = &rows[i];
		struct target target;
		int r = parse(row, &target);

		cr_assert(r == row->result, "%zu: %d", i, r);
		cr_assert(target.inner.flag == row->target.inner.flag &&
				  target.number == row->target.number &&
				  range_equals(target.range, row->target.range) &&
				  target.called == row->target.called,
			  "%zu: what is set", i);
	}
}

Test(option, text)
{
	static const struct parse_case row = {
		{ "-t", "a", "--text", "b" }, 0, 0, { .called = 0 }
	};
	struct target target;

	cr_assert(parse(&row, &target) == 0);
	cr_assert_str_eq(target.inner.text, "b");
}

/* Rows are numbered through all groups, with the offset of the group. */
Test(option, get)
{
	static const char *const names[] = { "count", "range", "word",	 "flag",
					     "text",  "help",  "version" };
	size_t base;

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		const struct option_row *row = option_get(&command, i, &base);

		cr_assert_str_eq(row->name, names[i]);
		cr_assert(base == groups[i < 3 ? 0 : i < 5 ? 1 : 2].base, "%zu", i);
	}
	cr_assert_null(option_get(&command, COUNT_OF(names), &base));
}
