/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * option: the options of a program or a verb, as a table that the command line, --help
 * and completion are read from.
 */
#ifndef SUBID_OPTION_H
#define SUBID_OPTION_H

#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libsubid/core/range.h"

/* What the option is to set, chosen by OPTION_INTO(). */
enum option_type {
	OPTION_CALL,   /* nothing: take() is called */
	OPTION_FLAG,   /* a bool, to true */
	OPTION_TEXT,   /* a const char * */
	OPTION_NUMBER, /* a uint64_t, from min to max */
	OPTION_RANGE,  /* a struct range */
};

/* What completion offers for an argument. */
#define COMPLETE_USERS	     1U /* of passwd(5) */
#define COMPLETE_GROUPS	     2U /* of group(5) */
#define COMPLETE_OWNERS	     4U /* of lines of the databases */
#define COMPLETE_RANGES	     8U /* of the user on the command line */
#define COMPLETE_FILES	     16U
#define COMPLETE_DIRECTORIES 32U
#define COMPLETE_LIST	     64U /* words with commas between them */

struct command;

/* Returns word @i of those that an option takes; NULL: no more. */
typedef const char *(*option_word_fn)(const struct command *command, size_t i);

struct option_row {
	char letter;	  /* '\0': none */
	const char *name; /* without dashes; "": a letter alone; NULL ends a list */
	const char
		*argument; /* what --help calls it, N_(); NULL: the option takes none */
	const char *text;  /* what the option does, N_() */
	enum option_type type;
	unsigned int completes; /* COMPLETE_ for its argument */
	size_t offset;		/* of what is set, in the struct of the group */
	uint64_t min, max;
	option_word_fn word; /* the words it takes; NULL: it takes others */
	/* @target: the struct of the group. Returns 0, OPTION_WRONG with the reason
	 * reported, or another result that ends option_parse(). */
	int (*take)(void *target, const struct option_row *row, const char *argument);
};

/* Rows that set members of one struct, which begins at @base of the program's struct. */
struct option_group {
	const struct option_row *rows; /* NULL ends a list of groups */
	size_t base;
};

/* A term, and what it means. */
struct help_row {
	const char *term; /* NULL ends a list */
	const char *text;
};

/* An exit status, and what it means. */
struct help_status {
	int status;
	const char *text; /* N_(); NULL ends a list */
};

/* A program, or one verb of it. */
struct command {
	const char *program; /* the beginning of its messages */
	const char *name;    /* as it is called: the program, or `program verb` */
	const char *usage;   /* the arguments, N_() */
	const char *summary; /* what it does, N_() */
	const struct option_group *options;
	unsigned int arguments[2]; /* COMPLETE_ for the first argument, and for others */
	const struct help_row *examples; /* commands, and what they do, N_() */
	const struct help_status *statuses;
	uint64_t exits;	  /* 1 << each of the statuses that --help lists; 0: all */
	const char *page; /* its man page */
};

/* clang-format off */
#define OPTION_INTO(type_, member)                       \
	.offset = offsetof(type_, member),               \
	.type = _Generic(((type_ *)0)->member,           \
			 bool: OPTION_FLAG,              \
			 const char *: OPTION_TEXT,      \
			 uint64_t: OPTION_NUMBER,        \
			 struct range: OPTION_RANGE)
/* clang-format on */

/* Results of option_parse() beside those of take(), which are less. */
enum {
	OPTION_WRONG = 256, /* reported */
	OPTION_HELP,
	OPTION_VERSION,
};

/* -h, --help, -V, --version. */
extern const struct option_row option_help_rows[];

int option_parse(const struct command *command, int argc, char **argv, void *target);
const struct option_row *option_get(const struct command *command, size_t i,
				    size_t *ret_base);
void option_suggest_word(const struct command *command, option_word_fn word,
			 const char *wrong, size_t len);
int option_take_help(void *target, const struct option_row *row, const char *argument);
int option_take_version(void *target, const struct option_row *row, const char *argument);
int option_take_range(const char *program, const struct option_row *row,
		      const char *argument, struct range *ret_range);

#endif
