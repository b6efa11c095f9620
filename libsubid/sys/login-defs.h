/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * login-defs: reads keys of login.defs(5).
 */
#ifndef SUBID_LOGIN_DEFS_H
#define SUBID_LOGIN_DEFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the longest value, with its NUL. */
#define LOGIN_DEFS_VALUE_BYTES 256

enum {
	CONF_UNSET = 1, /* no such key, or no such file */
	CONF_MALFORMED, /* the value is not a decimal number */
};

/* A key to look up. */
struct login_defs_item {
	const char *key;
	bool is_set;
	char value[LOGIN_DEFS_VALUE_BYTES]; /* is_set: a string */
};

int login_defs_read_with(int directory, const char *path, const char *vendor,
			 struct login_defs_item *items, size_t n);
int login_defs_read(int directory, const char *path, struct login_defs_item *items,
		    size_t n);
int login_defs_item_number(const struct login_defs_item *item, uint64_t fallback,
			   uint64_t *ret_value);
bool login_defs_item_yes(const struct login_defs_item *item);
int login_defs_lookup(int directory, const char *path, const char *key,
		      char ret_value[static LOGIN_DEFS_VALUE_BYTES]);
int login_defs_yes(int directory, const char *path, const char *key, bool *ret_yes);
bool login_defs_is_yes(int directory, const char *path, const char *key);

#endif
