/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * capabilities: the capabilities of the calling thread, see capabilities(7).
 */
#ifndef SUBID_CAPABILITIES_H
#define SUBID_CAPABILITIES_H

#include <stdint.h>

/* A set of capabilities as bits, CAP_SETUID of linux/capability.h as 1 << 7. */
typedef uint64_t capset_t;

#define CAPABILITY(number) ((capset_t)1 << (number))

int capabilities_get(capset_t *ret_permitted, capset_t *ret_effective);
int capabilities_set(capset_t permitted, capset_t effective);

#endif
