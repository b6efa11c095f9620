/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * etc: the directory of the account files of this system or of an image.
 */
#ifndef SUBID_ETC_H
#define SUBID_ETC_H

#include <stdbool.h>

int etc_folder(const char *image, const char *path);
bool etc_is_named(int folder, const char *path);
int etc_open(int folder, const char *name);

#endif
