/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * applied: what a host remembers of the set that was applied last:
 *
 *	subid-applied 1 SERIAL CRC32C OWNERS GONE
 *	owner alice
 *	gone bob
 *
 * A `gone` owner came from an earlier set, and still has ranges.
 */
#ifndef SUBID_APPLIED_H
#define SUBID_APPLIED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct applied_owner {
	const char *name; /* not terminated */
	size_t len;
	bool gone;
};

struct applied {
	uint64_t serial;
	uint32_t checksum;
	uint64_t n_owners; /* how many are not gone, */
	uint64_t n_gone;   /* and how many are */
	struct applied_owner *owners;
	size_t n;
	size_t allocated;
};

enum {
	APPLIED_MALFORMED = 1,
};

int applied_parse_header(const char *text, size_t len, struct applied *ret_applied);
int applied_parse(const char *text, size_t len, struct applied *ret_applied);
int applied_put(struct applied *applied, const char *name, size_t len, bool gone);
int applied_format(const struct applied *applied, char **ret_text, size_t *ret_len);
void applied_cleanup(struct applied *applied);

#endif
