/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * conf: reads keys of login.defs(5).
 */
#ifndef SUBID_CONF_H
#define SUBID_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the longest value, with its NUL. */
#define CONF_VALUE_BYTES 256

enum {
	CONF_UNSET = 1, /* no such key, or no such file */
	CONF_MALFORMED, /* the value is not a decimal number */
};

/* A key to look up. */
struct conf_item {
	const char *key;
	bool is_set;
	char value[CONF_VALUE_BYTES]; /* is_set: a string */
};

int conf_read_with(int folder, const char *path, const char *vendor,
		   struct conf_item *items, size_t n);
int conf_read(int folder, const char *path, struct conf_item *items, size_t n);
int conf_item_number(const struct conf_item *item, uint64_t fallback,
		     uint64_t *ret_value);
bool conf_item_yes(const struct conf_item *item);
int conf_lookup(int folder, const char *path, const char *key,
		char ret_value[static CONF_VALUE_BYTES]);
int conf_yes(int folder, const char *path, const char *key, bool *ret_yes);
bool conf_is_yes(int folder, const char *path, const char *key);

#endif
