/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * busy: processes that use what is to be taken away.
 */
#ifndef SUBID_BUSY_H
#define SUBID_BUSY_H

#include <sys/types.h>

#include "libsubid/core/range.h"

pid_t busy_process(uid_t uid, const struct range_set *subordinate);

#endif
