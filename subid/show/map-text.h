/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * map-text: mappings as container runtimes have them in their configuration.
 */
#ifndef SUBID_MAP_TEXT_H
#define SUBID_MAP_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "libsubid/core/idmap.h"
#include "libsubid/core/kind.h"

enum map_text {
	MAP_TEXT_OTHER = 1, /* the line is about something else */
	MAP_TEXT_SECTION,   /* from here on the file is about something else */
	MAP_TEXT_CLEARED,   /* the lines above it do not count */
	MAP_TEXT_WORDS,	    /* a mapping, but not in the form of its program */
	MAP_TEXT_NUMBER,    /* one of its numbers is not a decimal number */
	MAP_TEXT_BEYOND,    /* an id would be 4294967295 or more */
	MAP_TEXT_SIZES,	    /* the ranges inside and outside are not of one size */
};

struct map_text_line {
	bool kinds[2]; /* by kind->group: for uids, for gids */
	struct extent extent;
};

int map_text_parse(const char *text, size_t len, struct map_text_line *ret_line);

/*
 * An extent of config.json. fault: 0, or MAP_TEXT_; index: its place in the list. Returns
 * 0 or -errno, which ends the reading.
 */
typedef int (*map_oci_take_fn)(const struct kind *kind, size_t index, int fault,
			       const struct extent *extent, void *context);

enum map_oci {
	MAP_OCI_SYNTAX = 1, /* not JSON, or not of the form of config.json */
	MAP_OCI_NO_READER,  /* this program was built without a reader of JSON */
};

/* Room for what is wrong with a text in JSON. */
#define MAP_OCI_ERROR_BYTES 256

int map_oci_read(const char *text, size_t len, map_oci_take_fn take, void *context,
		 char ret_error[static MAP_OCI_ERROR_BYTES]);

#endif
