// SPDX-License-Identifier: BSD-3-Clause
/*
 * auth-none: for builds without libpam: only root may change the databases.
 */
#include <unistd.h>

#include "command/identity.h"
#include "message/i18n.h"
#include "message/report.h"

/* Returns 0 for real uid 0, else AUTH_REFUSED. */
int auth_check(const char *program)
{
	if (getuid() == 0)
		return 0;
	report_line(program, _("only root may do this"));
	return AUTH_REFUSED;
}
