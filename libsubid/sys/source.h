/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * source: where sub-ids come from.
 */
#ifndef SUBID_SOURCE_H
#define SUBID_SOURCE_H

enum source_type {
	SOURCE_FILES = 1, /* the databases in the configuration folder */
	SOURCE_PLUGIN,	  /* an installed libsubid_NAME.so */
};

enum source_type source_find(const char *name, const char *plugin_directory);

#endif
