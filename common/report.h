/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * report: what programs tell people.
 */
#ifndef SUBID_REPORT_H
#define SUBID_REPORT_H

/* The program's name in messages: a constant, never argv[0]. */
void report_line(const char *program, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
const char *report_error(int error);
void report_translate(void);
int report_close_stdout(const char *program);

#endif
