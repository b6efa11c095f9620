/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * label: the SELinux label of a database, where the build and the system have SELinux.
 */
#ifndef SUBID_LABEL_H
#define SUBID_LABEL_H

int label_set(int fd, const char *path);

#endif
