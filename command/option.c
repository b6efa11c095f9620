// SPDX-License-Identifier: BSD-3-Clause
/*
 * option: reads a command line by its table of options. getopt_long(3) splits it into
 * options and arguments.
 */
#include <inttypes.h>
#include <string.h>

#include "command/arguments.h"
#include "command/option.h"
#include "command/suggest.h"
#include "libsubid/core/num.h"
#include "message/i18n.h"
#include "message/report.h"

/* Maximum number of options of a command. */
#define OPTIONS_MAX 64

/* The table as getopt_long(3) wants it. It returns a letter, or this and the index. */
#define FIRST_INDEX 256

struct getopt_table {
	struct option names[OPTIONS_MAX + 1];
	char letters[2 * OPTIONS_MAX + 1];
};

int option_take_help(void *target, const struct option_row *row, const char *argument)
{
	(void)target, (void)row, (void)argument;
	return OPTION_HELP;
}

int option_take_version(void *target, const struct option_row *row, const char *argument)
{
	(void)target, (void)row, (void)argument;
	return OPTION_VERSION;
}

const struct option_row option_help_rows[] = {
	{ 'h', "help", NULL, N_("show this help and exit"), .take = option_take_help },
	{ 'V', "version", NULL, N_("show the version and exit"),
	  .take = option_take_version },
	{ .name = NULL },
};

/* Returns row @i of all groups, and the offset of the struct it sets; NULL: no more. */
const struct option_row *option_get(const struct command *command, size_t i,
				    size_t *ret_base)
{
	for (const struct option_group *group = command->options; group->rows; group++)
		for (const struct option_row *row = group->rows; row->name; row++)
			if (i-- == 0) {
				*ret_base = group->base;
				return row;
			}
	return NULL;
}

static void make_table(const struct command *command, struct getopt_table *ret_table)
{
	const struct option_row *row;
	char *letter = ret_table->letters;
	size_t base;

	*ret_table = (struct getopt_table){ 0 };
	for (size_t i = 0; i < OPTIONS_MAX && (row = option_get(command, i, &base));
	     i++) {
		ret_table->names[i] = (struct option){
			.name = row->name,
			.has_arg = row->argument ? required_argument : no_argument,
			.val = (int)(FIRST_INDEX + i),
		};
		if (row->letter)
			*letter++ = row->letter;
		if (row->letter && row->argument)
			*letter++ = ':';
	}
}

/* Finds the row of an option as getopt_long(3) returned it; NULL: there is none. */
static const struct option_row *find_row(const struct command *command, int option,
					 size_t *ret_base)
{
	const struct option_row *row;

	if (option >= FIRST_INDEX)
		return option_get(command, (size_t)(option - FIRST_INDEX), ret_base);
	for (size_t i = 0; (row = option_get(command, i, ret_base)); i++)
		if (row->letter == option)
			break;
	return row;
}

/* Reads a range from the command line. Returns 0 or OPTION_WRONG. */
int option_take_range(const char *program, const struct option_row *row,
		      const char *argument, struct range *ret_range)
{
	if (range_parse(argument, ret_range) == 0)
		return 0;
	report_line(program, _("--%s: '%s' is no range FIRST-LAST"), row->name, argument);
	return OPTION_WRONG;
}

static int take_number(const char *program, const struct option_row *row,
		       const char *argument, uint64_t *ret_value)
{
	uint64_t value;

	if (num_parse(argument, strlen(argument), row->max, &value) || value < row->min) {
		report_line(
			program,
			_("--%s: '%s' is no decimal number from %" PRIu64 " to %" PRIu64),
			row->name, argument, row->min, row->max);
		return OPTION_WRONG;
	}
	*ret_value = value;
	return 0;
}

static int take(const char *program, const struct option_row *row, char *target)
{
	void *member = target + row->offset;

	switch (row->type) {
	case OPTION_FLAG:
		*(bool *)member = true;
		return 0;
	case OPTION_TEXT:
		*(const char **)member = optarg;
		return 0;
	case OPTION_NUMBER:
		return take_number(program, row, optarg, member);
	case OPTION_RANGE:
		return option_take_range(program, row, optarg, member);
	case OPTION_CALL:
	default:
		return row->take(target, row, optarg);
	}
}

/* Asks whether another option was meant by one that getopt_long(3) does not know. */
static void suggest_option(const struct command *command, const char *word)
{
	const struct option_row *row;
	struct suggest suggest;
	size_t base;

	/* In musl, optind is beyond the end after an option without its argument. */
	if (!word || strncmp(word, "--", 2) != 0)
		return;
	suggest_start(&suggest, word + 2, strcspn(word + 2, "="));
	for (size_t i = 0; (row = option_get(command, i, &base)); i++)
		suggest_consider(&suggest, row->name, strlen(row->name));
	suggest_report(&suggest, command->program, "--");
}

/* Asks whether another of the words that an option takes was meant. */
void option_suggest_word(const struct command *command, option_word_fn word,
			 const char *wrong, size_t len)
{
	struct suggest suggest;
	const char *known;

	suggest_start(&suggest, wrong, len);
	for (size_t i = 0; (known = word(command, i)); i++)
		suggest_consider(&suggest, known, strlen(known));
	suggest_report(&suggest, command->program, "");
}

/*
 * Reads the options of a command line into the program's struct @target. The arguments
 * begin at argv[optind] then.
 * Returns 0, OPTION_WRONG, OPTION_HELP, OPTION_VERSION, or what ended it: a result of
 * take().
 */
int option_parse(const struct command *command, int argc, char **argv, void *target)
{
	struct getopt_table table;
	int r = 0;

	make_table(command, &table);
	/* getopt_long(3) begins its messages with it. */
	argv[0] = (char *)(uintptr_t)command->name;
	while (r == 0) {
		int option = arguments_next(argc, argv, table.letters, table.names);
		const struct option_row *row;
		size_t base;

		if (option < 0)
			break;
		row = find_row(command, option, &base);
		if (!row)
			suggest_option(command, argv[optind - 1]);
		r = row ? take(command->program, row, (char *)target + base) :
			  OPTION_WRONG;
	}
	return r;
}
