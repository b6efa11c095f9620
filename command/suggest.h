/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * suggest: finds the word that a misspelt one may have meant.
 */
#ifndef SUBID_SUGGEST_H
#define SUBID_SUGGEST_H

#include <stddef.h>

/* More than any word that is suggested. */
#define SUGGEST_BYTES 64

struct suggest {
	const char *word; /* the misspelt one */
	size_t len;
	size_t distance; /* of the best one so far */
	char best[SUGGEST_BYTES];
};

void suggest_start(struct suggest *suggest, const char *word, size_t len);
void suggest_consider(struct suggest *suggest, const char *word, size_t len);
void suggest_report(const struct suggest *suggest, const char *program,
		    const char *before);

#endif
