// SPDX-License-Identifier: BSD-3-Clause
/*
 * audit-none: for builds without libaudit.
 */
#include "message/syslog.h"

/* Does nothing. Returns 0. */
int audit_record(const char *operation, const char *account, bool done)
{
	(void)operation;
	(void)account;
	(void)done;
	return 0;
}
