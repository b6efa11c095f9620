/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * apart: asks a plugin in a process of its own.
 */
#ifndef SUBID_APART_H
#define SUBID_APART_H

#include "libsubid/core/kind.h"
#include "libsubid/core/range.h"

int apart_ask_ranges(const char *folder, const char *name, const char *owner,
		     const struct kind *kind, struct range_set *set);

#endif
