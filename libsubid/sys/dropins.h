/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * dropins: files that add to a configuration file, in directories named after it.
 */
#ifndef SUBID_DROPINS_H
#define SUBID_DROPINS_H

#include <limits.h>
#include <stddef.h>

/* Names of files, of which each stands once, in the order in which they are read. */
struct dropins {
	char (*names)[NAME_MAX + 1];
	size_t n;
	size_t allocated;
};

int dropins_open(int directory, const char *path);
int dropins_add(struct dropins *dropins, int directory, const char *suffix);
void dropins_sort(struct dropins *dropins);
void dropins_cleanup(struct dropins *dropins);

#endif
