/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * etc-directory: the directory of the account files of this system or of an image.
 */
#ifndef SUBID_ETC_DIRECTORY_H
#define SUBID_ETC_DIRECTORY_H

#include <stdbool.h>

int etc_open_directory(const char *image, const char *path);
bool etc_is_named(int directory, const char *path);
int etc_open(int directory, const char *name);

#endif
