/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * audit: refused maps in the kernel's audit log, where the build asks for it.
 */
#ifndef SUBID_AUDIT_H
#define SUBID_AUDIT_H

#include <stdint.h>

uint64_t audit_capability(void);
void audit_refusal(const char *operation, const char *account);

#endif
