/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * causes-rules: the tables that causes.c searches, and what they share.
 */
#ifndef SUBID_CAUSES_RULES_H
#define SUBID_CAUSES_RULES_H

#include "explain/causes.h"

struct causes_rule {
	enum cause_id id; /* 0 ends a table */
	bool (*applies)(const struct facts *facts);
	void (*describe)(const struct facts *facts, struct cause *cause);
};

extern const struct causes_rule causes_of_request[];
extern const struct causes_rule causes_of_target[];
extern const struct causes_rule causes_of_source[];
extern const struct causes_rule causes_of_database[];
extern const struct causes_rule causes_of_host[];
extern const struct causes_rule causes_of_kernel[];

#define CAUSES_WORD_BYTES 256
/* A quoted word: up to four bytes for each of its own, and the quotes around it. */
#define CAUSES_QUOTED_BYTES (4 * CAUSES_WORD_BYTES + sizeof("\"$(printf '')\""))

bool causes_quote(const char *text, char out[static CAUSES_QUOTED_BYTES]);
void causes_evidence(struct cause *cause, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void causes_cure(struct cause *cause, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
