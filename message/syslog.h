/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * syslog: lines in the system log, and records in the audit log.
 */
#ifndef SUBID_SYSLOG_H
#define SUBID_SYSLOG_H

#include <stdbool.h>

void syslog_change(const char *program, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void syslog_refusal(const char *program, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Lines of refusals to one user in a row, and the seconds until one more is allowed. */
#define RATELIMIT_LINES	  30
#define RATELIMIT_SECONDS 10

/* Only where the build has libaudit. */
int audit_record(const char *operation, const char *account, bool done);

#endif
