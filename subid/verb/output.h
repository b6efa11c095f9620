/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * output: prints rows to standard output: as a table, as JSON, or raw for scripts.
 */
#ifndef SUBID_OUTPUT_H
#define SUBID_OUTPUT_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libsubid/core/num.h"
#include "libsubid/core/printable.h"
#include "message/json.h"

/* Maximum number of columns. */
#define OUTPUT_COLUMNS 16
/* Number of rows that determine the column widths of a table. */
#define OUTPUT_ROWS 1024

enum output_type {
	OUTPUT_TEXT,
	OUTPUT_NUMBER,	/* in decimal: right-aligned, a number in JSON */
	OUTPUT_BOOLEAN, /* "yes" or "no", in JSON true or false */
};

struct output_column {
	const char *name; /* upper case; its lower case is the key in JSON */
	enum output_type type;
	bool hidden;	  /* a table has it only if -o names it */
	bool cut;	  /* may be truncated on a narrow terminal */
	bool wrap;	  /* may take several lines there */
	bool json_only;	  /* shown only in JSON, or if -o names it */
	const char *also; /* another key in JSON with the same value; or NULL */
};

/* The columns of a table. */
struct output_columns {
	const struct output_column *columns;
	size_t n;
};

/* Options of the command line for the format. */
struct output_format {
	bool json;
	bool raw;
	bool no_headings;
	const char *columns; /* see output_start(); NULL: all that are not hidden */
	bool list_columns;   /* print their names alone */
};

/* For verbs that print sentences unless a format is chosen. */
static inline bool output_has_format(const struct output_format *format)
{
	return format->json || format->raw || format->columns || format->no_headings;
}

/* Size of a number with its NUL. */
#define OUTPUT_NUMBER_BYTES (NUM_BYTES + 1)

/* A number in the object "summary" of JSON. */
struct output_count {
	const char *name; /* NULL ends the list */
	uint64_t count;
};

/* Bits of output_gaps.unanswered: what did not answer, by nsswitch.conf(5). */
enum {
	OUTPUT_PASSWD = 1, /* the name service */
	OUTPUT_SUBID = 2,  /* a source of ranges */
};

/* What is missing in the rows, for JSON. */
struct output_gaps {
	struct {
		char path[PATH_MAX + 16];
		uint64_t lines;
	} skipped[2]; /* by kind->group: lines that grant nothing */
	unsigned int unanswered;
};

struct libscols_table;

struct output {
	const char *name; /* of the list in JSON */
	const struct output_column *columns;
	size_t chosen[OUTPUT_COLUMNS]; /* indices into columns, in output order */
	size_t n_chosen;
	bool json;
	bool raw;
	bool no_headings;
	bool begun; /* the head is printed */
	bool lost;  /* writing failed, which has been reported */
	size_t n_rows;
	const struct output_count *summary; /* set before output_end(), or NULL */
	struct json document;
	struct output_gaps gaps;
	/* Prints further keys of the document; or NULL. */
	void (*print_more)(struct json *json, void *context);
	void *more_context;
	enum printable_charset charset; /* of a table */
	bool colours;
	size_t width;		       /* of the terminal; 0: there is none */
	bool needed[OUTPUT_COLUMNS];   /* chosen columns with a value, or named by -o */
	struct libscols_table *table;  /* of the first OUTPUT_ROWS rows */
	size_t widths[OUTPUT_COLUMNS]; /* of the chosen columns, after print_rows() */
};

#define OUTPUT_NONE         \
	{                   \
		.n_rows = 0 \
	}

/* Size of a time with its NUL. */
#define OUTPUT_TIME_BYTES (sizeof("-2147483648-12-31T23:59:59Z"))

const char *output_number(uint64_t value, char text[static OUTPUT_NUMBER_BYTES]);
const char *output_time(int64_t seconds, char text[static OUTPUT_TIME_BYTES]);
int output_start(struct output *output, const char *name,
		 const struct output_column *columns, size_t n,
		 const struct output_format *format);
int output_row(struct output *output, const char *const *cells, const char *colour);
int output_end(struct output *output, int status);
int output_printed(void);
int output_flush(void);
void output_cleanup(struct output *output);

/*
 * The output formats of output.c: table, JSON and raw.
 */

void output_json_start(struct output *output);
void output_json_row(struct output *output, const char *const *cells);
void output_json_end(struct output *output);

int output_table_start(struct output *output);
int output_table_row(struct output *output, const char *const *cells, const char *colour);
int output_table_end(struct output *output);
void output_table_cleanup(struct output *output);

#endif
