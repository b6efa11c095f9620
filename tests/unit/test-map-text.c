// SPDX-License-Identifier: BSD-3-Clause
/*
 * Lines of mappings in the configuration of container runtimes.
 */
#include <string.h>

#include "subid/show/map-text.h"
#include "tests/unit/unit.h"

static int parse(const char *text, struct map_text_line *ret_line)
{
	CLEANUP(cleanup_free) char *exact = strndup(text, strlen(text));

	cr_assert(exact);
	return map_text_parse(exact, strlen(text), ret_line);
}

/* Mappings: the kind and the ids. */
Test(map_text, good)
{
	static const struct {
		const char *text;
		bool uids, gids;
		struct extent extent;
	} rows[] = {
		{ "lxc.idmap = u 0 100000 65536", true, false, { 0, 100000, 65536 } },
		{ "lxc.idmap = g 5 100000 1", false, true, { 5, 100000, 1 } },
		{ "lxc.idmap=u 0 1 2", true, false, { 0, 1, 2 } },
		{ "lxc.idmap: u 0 1 2", true, false, { 0, 1, 2 } },
		{ "lxc.id_map = u 0 1 2", true, false, { 0, 1, 2 } },
		{ " \tlxc.idmap\t=  u\t0  1 2 \r", true, false, { 0, 1, 2 } },
		{ "u 0 1 2", true, false, { 0, 1, 2 } },
		{ "g 4294967294 4294967294 1",
		  false,
		  true,
		  { 4294967294, 4294967294, 1 } },
		{ "u 0 0 4294967295", true, false, { 0, 0, 4294967295 } },
		{ "u 0 5 0", true, false, { 0, 5, 0 } },
		{ "both 1000 2000", true, true, { 2000, 1000, 1 } },
		{ "uid 50-60 500-510", true, false, { 500, 50, 11 } },
		{ "gid 50-50 7", false, true, { 7, 50, 1 } },
		{ "gid 5-4 9-3", false, true, { 9, 5, 0 } },
		{ "    both 1 2", true, true, { 2, 1, 1 } },
		{ "raw.idmap: both 1 2", true, true, { 2, 1, 1 } },
		{ "raw.idmap: \"both 1 2\"", true, true, { 2, 1, 1 } },
		{ "raw.idmap: ' uid 1 2 '", true, false, { 2, 1, 1 } },
		{ "raw.idmap=gid 1 2", false, true, { 2, 1, 1 } },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct map_text_line line;

		cr_assert(parse(rows[i].text, &line) == 0, "'%s'", rows[i].text);
		cr_assert(line.kinds[0] == rows[i].uids && line.kinds[1] == rows[i].gids,
			  "'%s'", rows[i].text);
		cr_assert(memcmp(&line.extent, &rows[i].extent, sizeof(line.extent)) == 0,
			  "'%s': %u %u %u", rows[i].text, line.extent.inner,
			  line.extent.outer, line.extent.count);
	}
}

/* Lines that are no mapping, and why. */
Test(map_text, faults)
{
	static const struct {
		const char *text;
		int fault;
	} rows[] = {
		{ "", MAP_TEXT_OTHER },
		{ " ", MAP_TEXT_OTHER },
		{ "# lxc.idmap = u 0 1 2", MAP_TEXT_OTHER },
		{ "lxc.rootfs.path = dir:/x", MAP_TEXT_OTHER },
		{ "lxc.idmapx = u 0 1 2", MAP_TEXT_OTHER },
		{ "lxc.idmap u 0 1 2", MAP_TEXT_OTHER },
		{ "lxc.idmap", MAP_TEXT_OTHER },
		{ "lxc.idmap =", MAP_TEXT_CLEARED },
		{ "lxc.idmap = ", MAP_TEXT_CLEARED },
		{ "[snapshot]", MAP_TEXT_SECTION },
		{ "raw.idmap: |-", MAP_TEXT_OTHER },
		{ "raw.idmap: |", MAP_TEXT_OTHER },
		{ "raw.idmap: >", MAP_TEXT_OTHER },
		{ "raw.idmap: ''", MAP_TEXT_OTHER },
		{ "raw.idmap:", MAP_TEXT_OTHER },
		{ "both of these", MAP_TEXT_OTHER },
		{ "u", MAP_TEXT_OTHER },
		{ "uid", MAP_TEXT_OTHER },
		{ "0 100000 65536", MAP_TEXT_OTHER },
		{ "elsa:100000:65536", MAP_TEXT_OTHER },
		{ "u 0", MAP_TEXT_WORDS },
		{ "u 0 1", MAP_TEXT_WORDS },
		{ "u 0 1 2 3", MAP_TEXT_WORDS },
		{ "lxc.idmap = u", MAP_TEXT_WORDS },
		{ "lxc.idmap = b 0 1 2", MAP_TEXT_WORDS },
		{ "lxc.idmap = uid 0 1 2", MAP_TEXT_WORDS },
		{ "lxc.idmap = both 0 1", MAP_TEXT_WORDS },
		{ "both 1", MAP_TEXT_WORDS },
		{ "both 1 2 3", MAP_TEXT_WORDS },
		{ "raw.idmap: u 0 1 2", MAP_TEXT_WORDS },
		{ "raw.idmap: \"both 1 2\\nuid 3 4\"", MAP_TEXT_WORDS },
		{ "u 00 1 2", MAP_TEXT_NUMBER },
		{ "u 0 0x1 2", MAP_TEXT_NUMBER },
		{ "u 0 +1 2", MAP_TEXT_NUMBER },
		{ "u 0 1 -2", MAP_TEXT_NUMBER },
		{ "u 0 1 99999999999999999999", MAP_TEXT_NUMBER },
		{ "both 1- 2", MAP_TEXT_NUMBER },
		{ "both 1-2-3 2", MAP_TEXT_NUMBER },
		{ "both 1 -2", MAP_TEXT_NUMBER },
		{ "u 0 1 4294967295", MAP_TEXT_BEYOND },
		{ "u 4294967295 1 1", MAP_TEXT_BEYOND },
		{ "u 0 4294967295 1", MAP_TEXT_BEYOND },
		{ "u 0 4294967296 1", MAP_TEXT_BEYOND },
		{ "u 0 1 18446744073709551615", MAP_TEXT_BEYOND },
		{ "both 0-18446744073709551615 1", MAP_TEXT_BEYOND },
		{ "both 4294967295 1", MAP_TEXT_BEYOND },
		{ "uid 1-2 1-3", MAP_TEXT_SIZES },
		{ "uid 1-2 1", MAP_TEXT_SIZES },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct map_text_line line = { .extent = { 7, 8, 9 } };
		int fault = parse(rows[i].text, &line);

		cr_assert(fault == rows[i].fault, "'%s': %d", rows[i].text, fault);
		cr_assert(line.extent.inner == 7 && line.extent.count == 9);
	}
}

/* A NUL does not end a line. */
Test(map_text, nul)
{
	struct map_text_line line;

	cr_assert(map_text_parse("u 0 1 2\0", 8, &line) == MAP_TEXT_NUMBER);
	cr_assert(map_text_parse("u 0 1\0 2", 8, &line) == MAP_TEXT_NUMBER);
}

/*
 * config.json.
 */

struct found {
	size_t n[2];
	struct extent last;
	int fault;
};

static int take(const struct kind *kind, size_t index, int fault,
		const struct extent *extent, void *context)
{
	struct found *found = context;

	cr_assert(index == found->n[kind->group]++);
	found->last = *extent;
	found->fault = fault;
	return 0;
}

Test(map_oci, read)
{
	static const struct {
		const char *text;
		int r;
		size_t uids, gids;
		int fault;
	} rows[] = {
		{ "{}", 0, 0, 0, 0 },
		{ "{\"linux\": {}}", 0, 0, 0, 0 },
		{ "{\"linux\": {\"uidMappings\": [], \"gidMappings\": []}}", 0, 0, 0, 0 },
		{ "{\"linux\": {\"uidMappings\": [{\"containerID\": 0, \"hostID\": 1, "
		  "\"size\": 2}]}}",
		  0, 1, 0, 0 },
		{ "{\"linux\": {\"gidMappings\": [{\"containerID\": 0, \"hostID\": 1, "
		  "\"size\": 2}, {\"size\": 1}]}}",
		  0, 0, 2, MAP_TEXT_WORDS },
		{ "{\"linux\": {\"uidMappings\": [7]}}", 0, 1, 0, MAP_TEXT_WORDS },
		{ "{\"linux\": {\"uidMappings\": [{\"containerID\": 0, \"hostID\": -1, "
		  "\"size\": 2}]}}",
		  0, 1, 0, MAP_TEXT_NUMBER },
		{ "{\"linux\": {\"uidMappings\": [{\"containerID\": 0, \"hostID\": 1.0, "
		  "\"size\": 2}]}}",
		  0, 1, 0, MAP_TEXT_NUMBER },
		{ "{\"linux\": {\"uidMappings\": [{\"containerID\": 0, \"hostID\": 1, "
		  "\"size\": 4294967296}]}}",
		  0, 1, 0, MAP_TEXT_BEYOND },
		{ "{\"linux\": []}", MAP_OCI_SYNTAX, 0, 0, 0 },
		{ "{\"linux\": {\"uidMappings\": {}}}", MAP_OCI_SYNTAX, 0, 0, 0 },
		{ "{\"linux\": {}, \"linux\": {}}", MAP_OCI_SYNTAX, 0, 0, 0 },
		{ "{\"linux\": {},}", MAP_OCI_SYNTAX, 0, 0, 0 },
		{ "{", MAP_OCI_SYNTAX, 0, 0, 0 },
		{ "{} {}", MAP_OCI_SYNTAX, 0, 0, 0 },
		{ "[]", 0, 0, 0, 0 },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct found found = { .fault = 0 };
		char error[MAP_OCI_ERROR_BYTES] = "";
		int r = map_oci_read(rows[i].text, strlen(rows[i].text), take, &found,
				     error);

#ifndef HAVE_LIBJANSSON
		cr_assert(r == MAP_OCI_NO_READER);
		continue;
#endif
		cr_assert(r == rows[i].r, "'%s': %d", rows[i].text, r);
		cr_assert((r == MAP_OCI_SYNTAX) == (error[0] != '\0'));
		cr_assert(found.n[0] == rows[i].uids && found.n[1] == rows[i].gids &&
				  found.fault == rows[i].fault,
			  "'%s': %d", rows[i].text, found.fault);
	}
}
