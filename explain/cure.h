/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cure: words of the commands that fix a cause or a finding, and commands that fix both.
 */
#ifndef SUBID_CURE_H
#define SUBID_CURE_H

#include <stdbool.h>
#include <stddef.h>

#include "libsubid/core/kind.h"
#include "libsubid/core/range.h"
#include "libsubid/findings/entry-repair.h"

#define CURE_WORD_BYTES 256
/* A quoted word: up to four bytes for each of its own, and the quotes around it. */
#define CURE_QUOTED_BYTES (4 * CURE_WORD_BYTES + sizeof("\"$(printf '')\""))

/* A line of a database that a command changes. */
struct cure_line {
	const struct kind *kind;
	const char *prefix; /* options as `-R DIR `, quoted; or "" */
	const char *text;   /* of a longer line, CURE_WORD_BYTES are enough */
	size_t len;	    /* of the line */
};

bool cure_quote(const char *text, char out[static CURE_QUOTED_BYTES]);
bool cure_quote_ascii(const char *text, char out[static CURE_QUOTED_BYTES]);
const char *cure_kind_option(const struct kind *kind);
bool cure_by_fix(const struct cure_line *line, const char *options, char *out,
		 size_t size);
bool cure_by_repair(const struct cure_line *line, const struct entry_repair *repair,
		    struct range range, const char *login, char *out, size_t size);

#endif
