/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * usermod-ext: what its parts share.
 */
#ifndef SUBID_USERMOD_EXT_H
#define SUBID_USERMOD_EXT_H

#include "command/exit-status.h"

#define PROGRAM "usermod-ext"

#endif
