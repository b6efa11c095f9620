/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * help: what --help and --version print.
 */
#ifndef SUBID_HELP_H
#define SUBID_HELP_H

#include <stddef.h>

#include "command/option.h"

void help_print(const struct command *command);
void help_print_rest(const struct command *command);
void help_print_version(const struct command *command);
void help_print_rows(const struct help_row *rows, size_t n);

#endif
