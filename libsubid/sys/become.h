/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * become: drops all privilege for good.
 */
#ifndef SUBID_BECOME_H
#define SUBID_BECOME_H

#include <sys/types.h>

int become_ids(uid_t uid, gid_t gid);

#endif
