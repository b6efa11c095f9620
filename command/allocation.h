/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * allocation: messages about login.defs(5) and about ranges that it leaves no room for.
 */
#ifndef SUBID_ALLOCATION_H
#define SUBID_ALLOCATION_H

#include "libsubid/store/allocate.h"
#include "libsubid/sys/settings.h"

void allocation_report_settings(const char *program, const char *directory,
				const struct settings_error *error, int r);
void allocation_report_asked(const char *program,
			     const struct ids_in_use_service *service);
void allocation_report_full(const char *program, const char *directory, const char *root,
			    const struct allocate *allocate);

#endif
