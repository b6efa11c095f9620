// SPDX-License-Identifier: BSD-3-Clause
/*
 * audit-none: for builds without --enable-audit-maps.
 *
 * By default no map writer writes audit records: an unprivileged loop must not be able to
 * fill the audit log of a site that did not ask for it.
 */
#include "common/audit.h"

/* The capability that audit_refusal() needs, as a bit; 0: none. */
uint64_t audit_capability(void)
{
	return 0;
}

/* Does nothing. */
void audit_refusal(const char *operation, const char *account)
{
	(void)operation;
	(void)account;
}
