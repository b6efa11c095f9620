/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * load: reads a database from a file into a table.
 */
#ifndef SUBID_LOAD_H
#define SUBID_LOAD_H

#include <sys/types.h>

#include "libsubid/core/table.h"

int load_table(int fd, off_t size, struct table *ret_table);

#endif
