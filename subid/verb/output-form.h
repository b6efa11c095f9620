/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * output-form: the output formats of output.c: table, JSON and raw.
 */
#ifndef SUBID_OUTPUT_FORM_H
#define SUBID_OUTPUT_FORM_H

#include "subid/verb/output.h"

size_t output_width(const char *text);

void output_json_string(const char *text);
void output_json_start(const char *name);
void output_json_row(const struct output *output, const char *const *cells);
void output_json_end(const struct output *output);

void output_raw_headings(const struct output *output);
void output_raw_row(const struct output *output, const char *const *cells);

int output_table_start(struct output *output);
int output_table_row(struct output *output, const char *const *cells, const char *colour);
int output_table_end(struct output *output);
void output_table_cleanup(struct output *output);

#endif
