/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * findings: everything that is wrong with two databases, or looks as if it were.
 *
 *	findings_find	look at both databases and at the accounts
 *	findings_get	one finding after the other, in the order of the lines
 *	findings_clear
 *
 * What a finding says beside its code stands in struct finding; sentences are made by
 * those who talk to people.
 */
#ifndef SUBID_FINDINGS_H
#define SUBID_FINDINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libsubid/core/accounts.h"
#include "libsubid/core/kind.h"
#include "libsubid/core/range.h"
#include "libsubid/core/table.h"

enum finding_severity {
	FINDING_NOTE = 1, /* most often meant so: for the eye, no reason to act */
	FINDING_WARNING,  /* something does not work, or not with every program */
	FINDING_ERROR,	  /* somebody may get ids that are not theirs */
};

/*
 * The names of finding_code_name() are stable; the values are not. The lines that are no
 * entries come first, in the order of enum entry_fault.
 */
enum finding_code {
	FINDING_LINE_TOO_LONG = 1,
	FINDING_LINE_NUL,
	FINDING_LINE_FIELDS,
	FINDING_OWNER_EMPTY,
	FINDING_OWNER_LONG,
	FINDING_OWNER_SIGN,
	FINDING_OWNER_BLANK,
	FINDING_OWNER_NUMBER,
	FINDING_START_NUMBER,
	FINDING_COUNT_NUMBER,
	FINDING_COUNT_CR,
	FINDING_COUNT_BLANK,
	FINDING_COUNT_ZERO,
	FINDING_RANGE_BEYOND,
	FINDING_READ_DIFFERENTLY, /* no entry, but other programs take it for one */
	FINDING_NO_FINAL_NEWLINE,
	FINDING_ID_ZERO,	 /* holds root's id */
	FINDING_NO_ID,		 /* holds 4294967295 */
	FINDING_OWN_ID,		 /* holds the owner's own uid or primary gid */
	FINDING_ACCOUNT,	 /* holds ids of accounts or groups: the first is named */
	FINDING_RESERVED,	 /* holds ids that systemd uses: the first of them */
	FINDING_AMBIGUOUS_OWNER, /* the uid of one user, and the login name of another */
	FINDING_SPELLING,	 /* the owner is another name of a user */
	FINDING_NO_ACCOUNT,	 /* no user is the owner; reported at its first line */
	FINDING_OVERLAP,	 /* with a line of another owner */
	FINDING_DUPLICATE,	 /* the same line stands further up */
	FINDING_OWN_OVERLAP,	 /* with a line of the same owner */
	FINDING_ONE_SIDE,	 /* the owner has ids in this database alone */
	FINDING_SIDES_DIFFER,	 /* ids of this one that the other one does not give */
	FINDING_CODES_END,
};

struct finding {
	enum finding_code code;
	enum finding_severity severity;
	const struct kind *kind;
	uint64_t line;	     /* where it is, */
	uint64_t other_line; /* and the line that it is at odds with; 0: none */
	struct range ids;    /* that it is about; end 0: none */
	const char *text;    /* of the line; into the table; not terminated */
	size_t text_len;
	const char *owner; /* of the line; the begin of it */
	size_t owner_len;
	const char *other; /* the owner of the other line, an account, a group; or NULL */
	size_t other_len;  /* not terminated either */
	bool primary; /* FINDING_ACCOUNT: `other` is a user with this primary group */
	int fault;    /* the enum entry_fault of a line that is no entry, or 0 */
};

/* What is looked at; it has to outlive the findings. */
struct findings_question {
	const struct table *tables[2]; /* by kind->group; NULL: that one is left out */
	/* Several users may have the same uid: together they are one owner. NULL: none.
	 */
	const struct accounts *users;
	const struct accounts *groups;
	/* Users by their primary group, where no group has its id. NULL: none. */
	const struct accounts *primary;
	/* Other names of users, as the name service has them. NULL: none. */
	const struct accounts *spellings;
	/* Owners of whom it is not known whether they have an account. NULL: none. */
	const struct accounts *unknown;
	bool reserved; /* ids that systemd uses are looked for, see reserved.h */
	size_t max;    /* of findings of one code and severity that are kept; 0: all */
};

/* A finding as it is kept: a million of them have to be small. */
struct findings_item {
	uint32_t line;
	uint32_t offset; /* of the line */
	uint32_t other_line;
	uint32_t other; /* the offset of the other line, or which user or group */
	uint32_t first; /* first > last: no ids */
	uint32_t last;
	uint8_t code;
	uint8_t severity;
	uint8_t group; /* of the kind */
	uint8_t fault;
	bool primary;
};

struct findings {
	struct findings_question question;
	struct findings_item *items;
	size_t n;
	size_t allocated;
	/* From the first to the last id in each database; end 0: none. */
	struct range spans[2];
	/* How many there are, those that are not kept among them. */
	size_t counts[FINDING_CODES_END][FINDING_ERROR + 1];
};

int findings_find(const struct findings_question *question,
		  struct findings *ret_findings);
void findings_get(const struct findings *findings, size_t i, struct finding *ret_finding);
struct findings *findings_clear(struct findings *findings);
const char *finding_code_name(enum finding_code code);
const char *finding_severity_name(enum finding_severity severity);

static inline void findings_cleanup(struct findings *findings)
{
	findings_clear(findings);
}

#endif
