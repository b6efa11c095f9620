// SPDX-License-Identifier: BSD-3-Clause
/*
 * decide() with a set so small that it is full all the time: the way through several
 * passes that a database of ordinary size never takes.
 */
#include "tests/unit/model.h"

#define DECIDE_RANGES  MODEL_EXTENTS
#define decide	       decide_narrow
#define decide_granted decide_granted_narrow
#include "mapwriter/decide.c"
