// SPDX-License-Identifier: BSD-3-Clause
/*
 * map-oci-jansson: reads the mappings of config.json, see the OCI runtime specification,
 * "User namespace mappings".
 *
 * MUST: a text is refused if readers of JSON may differ about it: it is strict, and no
 * key stands twice.
 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>

#include "libsubid/core/cleanup.h"
#include "subid/show/map-text.h"

static void document_cleanup(json_t **document)
{
	json_decref(*document);
}

static int read_member(const json_t *object, const char *key, uint64_t *ret_value)
{
	const json_t *number = json_object_get(object, key);

	if (!number)
		return MAP_TEXT_WORDS;
	if (!json_is_integer(number) || json_integer_value(number) < 0)
		return MAP_TEXT_NUMBER;
	*ret_value = (uint64_t)json_integer_value(number);
	return 0;
}

static int read_extent(const json_t *object, struct extent *ret_extent)
{
	uint64_t inner, outer, count;
	int r;

	if (!json_is_object(object))
		return MAP_TEXT_WORDS;
	r = read_member(object, "containerID", &inner);
	if (r == 0)
		r = read_member(object, "hostID", &outer);
	if (r == 0)
		r = read_member(object, "size", &count);
	if (r == 0 && extent_make(inner, outer, count, ret_extent))
		r = MAP_TEXT_BEYOND;
	return r;
}

static int read_list(const json_t *list, const struct kind *kind, map_oci_take_fn take,
		     void *context)
{
	int r = 0;

	for (size_t i = 0; i < json_array_size(list) && r == 0; i++) {
		struct extent extent = { 0, 0, 0 };
		int fault = read_extent(json_array_get(list, i), &extent);

		r = take(kind, i, fault, &extent, context);
	}
	return r;
}

/* Reads linux.uidMappings or linux.gidMappings, which may be missing. */
static int read_kind(const json_t *document, const struct kind *kind,
		     map_oci_take_fn take, void *context, char *ret_error)
{
	const json_t *part = json_object_get(document, "linux"), *list;
	char key[sizeof("uidMappings")];

	snprintf(key, sizeof(key), "%sMappings", kind->id);
	list = json_object_get(part, key);
	if ((part && !json_is_object(part)) || (list && !json_is_array(list))) {
		snprintf(ret_error, MAP_OCI_ERROR_BYTES, "linux.%s", key);
		return MAP_OCI_SYNTAX;
	}
	return read_list(list, kind, take, context);
}

/*
 * Calls @take for each extent of config.json.
 *
 * ret_error: what is wrong, with MAP_OCI_SYNTAX.
 * Returns 0, an enum map_oci, -ENOMEM, or what @take has returned.
 */
int map_oci_read(const char *text, size_t len, map_oci_take_fn take, void *context,
		 char ret_error[static MAP_OCI_ERROR_BYTES])
{
	json_error_t error;
	CLEANUP(document_cleanup)
	json_t *document = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
	int r;

	if (!document && json_error_code(&error) == json_error_out_of_memory)
		return -ENOMEM;
	if (!document) {
		snprintf(ret_error, MAP_OCI_ERROR_BYTES, "%d:%d: %s", error.line,
			 error.column, error.text);
		return MAP_OCI_SYNTAX;
	}
	r = read_kind(document, &kind_uid, take, context, ret_error);
	return r ? r : read_kind(document, &kind_gid, take, context, ret_error);
}
