// SPDX-License-Identifier: BSD-3-Clause
/*
 * decide() with a set so small that it is always full, so that several passes are needed.
 * A database of ordinary size never needs more than one.
 */
#include "tests/unit/model.h"

#define DECIDE_RANGES  MODEL_EXTENTS
#define decide	       decide_narrow
#define decide_granted decide_granted_narrow
#include "mapwriter/decide.c"
