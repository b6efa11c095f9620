/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * userns: the user namespace of this process.
 */
#ifndef SUBID_USERNS_H
#define SUBID_USERNS_H

#include <sys/types.h>

#include "libsubid/core/idmap.h"
#include "libsubid/core/kind.h"
#include "libsubid/core/range.h"

size_t userns_map_limit(void);
int userns_is_limited(void);
int userns_is_outside_owner(uid_t uid);
int userns_map(const struct kind *kind, struct idmap *ret_map);
int userns_mapped(const struct kind *kind, struct range_set *set);
int userns_absent(const struct kind *kind, struct range_set *set);

#endif
