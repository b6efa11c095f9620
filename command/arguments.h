/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * arguments: the options of a command line.
 */
#ifndef SUBID_ARGUMENTS_H
#define SUBID_ARGUMENTS_H

#include <getopt.h>

int arguments_next(int argc, char **argv, const char *short_options,
		   const struct option *long_options);

#endif
