/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * conf: settings of login.defs(5).
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

int conf_lookup(int folder, const char *path, const char *key,
		char ret_value[static CONF_VALUE_BYTES]);
int conf_number(int folder, const char *path, const char *key, uint64_t fallback,
		uint64_t *ret_value);
int conf_yes(int folder, const char *path, const char *key, bool *ret_yes);
bool conf_is_yes(int folder, const char *path, const char *key);

#endif
