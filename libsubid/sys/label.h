/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * label: sets the SELinux label of a database if build and system have SELinux.
 */
#ifndef SUBID_LABEL_H
#define SUBID_LABEL_H

int label_set(int fd, const char *path);

#endif
