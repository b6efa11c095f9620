/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * record: lines in the system log.
 */
#ifndef SUBID_RECORD_H
#define SUBID_RECORD_H

void record_change(const char *program, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void record_refusal(const char *program, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
