/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cure: words of the commands that fix a cause or a finding.
 */
#ifndef SUBID_CURE_H
#define SUBID_CURE_H

#include <stdbool.h>

#define CURE_WORD_BYTES 256
/* A quoted word: up to four bytes for each of its own, and the quotes around it. */
#define CURE_QUOTED_BYTES (4 * CURE_WORD_BYTES + sizeof("\"$(printf '')\""))

bool cure_quote(const char *text, char out[static CURE_QUOTED_BYTES]);
bool cure_quote_ascii(const char *text, char out[static CURE_QUOTED_BYTES]);

#endif
