/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * state-file: the files in /var/lib/subid, of this system or of an image.
 */
#ifndef SUBID_STATE_FILE_H
#define SUBID_STATE_FILE_H

#include <stddef.h>

#define STATE_DIRECTORY "/var/lib/subid"
/* Former owners of retired ids. */
#define STATE_RETIRED "retired"
/* Owners when `subid follow` last ran. */
#define STATE_OWNERS "owners"
/* The last set. */
#define STATE_APPLIED "applied"

int state_file_read(const char *root, const char *name, char **ret_text, size_t *ret_len);
int state_file_read_path(const char *path, char **ret_text, size_t *ret_len);
int state_file_write_path(const char *path, const char *text, size_t len);
int state_file_write(const char *root, const char *name, const char *text, size_t len);

#endif
