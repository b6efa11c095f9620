// SPDX-License-Identifier: BSD-3-Clause
/*
 * map-oci-none: config.json cannot be read without a library for JSON.
 */
#include "subid/show/map-text.h"

/* Returns MAP_OCI_NO_READER. */
int map_oci_read(const char *text, size_t len, map_oci_take_fn take, void *context,
		 char ret_error[static MAP_OCI_ERROR_BYTES])
{
	(void)text;
	(void)len;
	(void)take;
	(void)context;
	ret_error[0] = '\0';
	return MAP_OCI_NO_READER;
}
