/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * policy-report: messages about the files of subid.d(5).
 */
#ifndef SUBID_POLICY_REPORT_H
#define SUBID_POLICY_REPORT_H

#include <limits.h>
#include <stddef.h>

#include "libsubid/sys/policy-files.h"

/* Bytes of `FILE:LINE`. */
#define POLICY_PLACE_BYTES (PATH_MAX + 16)

void policy_place_text(const struct policy_files *files, const char *root,
		       struct policy_place place, char text[static POLICY_PLACE_BYTES]);
void policy_report(const char *program, const char *root,
		   const struct policy_files *files);

#endif
