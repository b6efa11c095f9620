/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cure: what is wrong and which command fixes it, for causes and findings; the words of
 * such commands, and commands that fix both.
 */
#ifndef SUBID_CURE_H
#define SUBID_CURE_H

#include <stdbool.h>
#include <stddef.h>

#include "libsubid/core/kind.h"
#include "libsubid/core/range.h"
#include "libsubid/findings/entry-repair.h"

/* Room for two paths: a truncated command would be another command. */
#define CAUSE_TEXT_BYTES 2048

/* What is wrong, and what fixes it. */
struct cause {
	unsigned int id; /* enum cause_id; 0: a finding of `subid check` */
	char evidence[CAUSE_TEXT_BYTES]; /* a sentence, translated */
	char cure[CAUSE_TEXT_BYTES]; /* a command or a sentence; empty: none is known */
	bool is_command;	     /* `cure` is a command, */
	bool as_root;		     /* and that or the sentence is for root */
	bool checked;		     /* `cure` is what was checked: nothing is known */
};

/* The line about the cure, with what precedes it. */
#define CAUSE_LINE_BYTES (CAUSE_TEXT_BYTES + 64)

#define CURE_WORD_BYTES 256
/* A quoted word: up to four bytes for each of its own, and the quotes around it. */
#define CURE_QUOTED_BYTES (4 * CURE_WORD_BYTES + sizeof("\"$(printf '')\""))

#define CURE_ROOT_BYTES (CURE_QUOTED_BYTES + sizeof("-R  "))

/* A line of a database that a command changes. */
struct cure_line {
	const struct kind *kind;
	const char *prefix; /* options as `-R DIR `, quoted; or "" */
	const char *text;   /* of a longer line, CURE_WORD_BYTES are enough */
	size_t len;	    /* of the line */
};

void causes_evidence(struct cause *cause, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void causes_add(struct cause *cause, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void causes_cure(struct cause *cause, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void causes_cure_command(struct cause *cause, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void causes_cure_as_root(struct cause *cause, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void causes_checked(struct cause *cause, const char *text);
void causes_cure_line(const struct cause *cause, char line[static CAUSE_LINE_BYTES]);
bool cure_quote(const char *text, char out[static CURE_QUOTED_BYTES]);
bool cure_quote_ascii(const char *text, char out[static CURE_QUOTED_BYTES]);
bool cure_root_option(const char *root, char out[static CURE_ROOT_BYTES]);
const char *cure_kind_option(const struct kind *kind);
bool cure_by_fix(const struct cure_line *line, const char *options, struct cause *cause);
bool cure_by_repair(const struct cure_line *line, const struct entry_repair *repair,
		    struct range range, const char *login, struct cause *cause);

#endif
