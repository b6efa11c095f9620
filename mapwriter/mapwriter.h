/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * mapwriter: newuidmap(1) and newgidmap(1), which differ only in their kind.
 */
#ifndef SUBID_MAPWRITER_H
#define SUBID_MAPWRITER_H

#include "libsubid/core/kind.h"

int mapwriter_main(const struct kind *kind, int argc, char **argv);

#endif
