/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * json: writes a JSON document to standard output, value by value.
 *
 *	json_begin_document	the document, an object with its version
 *	json_begin ...		an object or a list in it
 *	json_text ...		a value
 *	json_end		of what was begun last
 *
 * Keys are constants, or NULL in a list.
 */
#ifndef SUBID_JSON_H
#define SUBID_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "libsubid/core/range.h"

/*
 * The version of all documents. It changes only if a key is removed or has another
 * meaning; see "Deprecation" in HACKING.md.
 */
#define JSON_VERSION 1

struct json {
	unsigned int depth;
	bool any; /* the innermost object or list has a value */
};

void json_begin_document(struct json *json);
void json_begin(struct json *json, const char *key, char bracket);
void json_end(struct json *json, char bracket);
void json_text(struct json *json, const char *key, const char *text);
void json_number(struct json *json, const char *key, uint64_t number);
void json_boolean(struct json *json, const char *key, bool value);
void json_literal(struct json *json, const char *key, const char *literal);
void json_range(struct json *json, struct range range);
void json_string(const char *text);

#endif
