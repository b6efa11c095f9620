/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * audit: records in the kernel's audit log, where the build has libaudit.
 */
#ifndef SUBID_AUDIT_H
#define SUBID_AUDIT_H

#include <stdbool.h>

int audit_record(const char *operation, const char *account, bool done);

#endif
