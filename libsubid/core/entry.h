/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * entry: the grammar of one line of a subordinate id database, see subuid(5).
 */
#ifndef SUBID_ENTRY_H
#define SUBID_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libsubid/core/range.h"

struct entry {
	const char *owner; /* into the line; not terminated */
	size_t owner_len;
	bool by_id;	   /* the owner is a decimal uid */
	uint32_t owner_id; /* by_id: this uid */
	struct range range;
};

/* Why a line grants nothing. The values are never stored, so the order may change. */
enum entry_fault {
	ENTRY_BLANK = 1,    /* empty, or only whitespace; harmless */
	ENTRY_COMMENT,	    /* begins with `#`; harmless */
	ENTRY_TOO_LONG,	    /* more than LIMIT_LINE_BYTES */
	ENTRY_NUL,	    /* holds a NUL byte */
	ENTRY_FIELDS,	    /* not three fields */
	ENTRY_OWNER_EMPTY,  /* nothing before the first colon */
	ENTRY_OWNER_LONG,   /* more than LIMIT_OWNER_BYTES */
	ENTRY_OWNER_SIGN,   /* begins with `-` or `+` */
	ENTRY_OWNER_BLANK,  /* whitespace at an end, or a control character */
	ENTRY_OWNER_NUMBER, /* digits, but no uid */
	ENTRY_START_NUMBER, /* not a decimal number */
	ENTRY_COUNT_NUMBER, /* not a decimal number */
	ENTRY_COUNT_CR,	    /* a carriage return after the count */
	ENTRY_COUNT_BLANK,  /* whitespace after the count */
	ENTRY_COUNT_ZERO,   /* grants nothing */
	ENTRY_BEYOND,	    /* start or end beyond 2^32 */
};

int entry_parse(const char *line, size_t len, struct entry *ret_entry);
void entry_set_owner(struct entry *entry, const char *owner, size_t len);
int entry_check_owner(const char *owner, size_t len);
const char *entry_reason(int fault);
bool entry_fault_is_harmless(int fault);

/* Bytes that entry_format() may write for an owner of LIMIT_OWNER_BYTES. */
#define ENTRY_BYTES (256 + 1 + 20 + 1 + 20 + 1)

size_t entry_format(const char *owner, size_t owner_len, struct range range,
		    char out[static ENTRY_BYTES]);

#endif
