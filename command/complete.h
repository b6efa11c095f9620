/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * complete: the words that can follow on a command line, for completion in shells.
 */
#ifndef SUBID_COMPLETE_H
#define SUBID_COMPLETE_H

#include <stdbool.h>

#include "command/option.h"

/* As the first argument of a program: print what can take the place of the last word. */
#define COMPLETE_OPTION "--complete"

bool complete_is_wanted(int argc, char *const *argv);
void complete_print(const struct command *command, int n, char *const *words);
void complete_print_words(const struct help_row *rows, size_t n, const char *start);

#endif
