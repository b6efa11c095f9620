/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * report: messages for people.
 */
#ifndef SUBID_REPORT_H
#define SUBID_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "libsubid/core/printable.h"

/* A line, with its newline; a longer one is truncated. */
#define REPORT_LINE_BYTES 1024
#define REPORT_LINES	  4

/* Lines that belong together: callers that read a pipe once see all of them or none. */
struct report {
	char text[REPORT_LINES * REPORT_LINE_BYTES];
	size_t len;
};

void report_add(struct report *report, const char *program, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void report_send(struct report *report);

/* program: a constant, never argv[0]. */
void report_line(const char *program, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
bool report_is_silence(int r);
const char *report_no_answer(int r);
const char *report_not_known(int r);
const char *report_error(int error);
const char *report_file_hint(int error);
int report_print(const char *program, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void report_put(const char *text, size_t len, enum printable_charset charset);
int report_close_stdout(const char *program);

/* The text of an errno in English, whatever the locale. */
const char *error_text(int error);

/*
 * The locale of messages. Static map writers have only their characters: locale-static.c.
 */
void report_translate(void);
enum printable_charset report_charset(void);

#endif
