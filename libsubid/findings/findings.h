/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * findings: faults and suspicious lines of both databases.
 *
 *	findings_find	look at both databases and at the accounts
 *	findings_get	one finding after the other, in the order of the lines
 *	findings_clear
 *
 * struct finding holds the code and the details of a finding; callers make sentences of
 * it.
 */
#ifndef SUBID_FINDINGS_H
#define SUBID_FINDINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libsubid/core/accounts.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/kind.h"
#include "libsubid/core/range.h"
#include "libsubid/core/table.h"
#include "libsubid/findings/owner-table.h"

enum finding_severity {
	FINDING_NOTE = 1, /* mostly intended: shown, but no reason to act */
	FINDING_WARNING,  /* something does not work, or not with every program */
	FINDING_ERROR,	  /* a user may get ids of another one */
};

/*
 * The names of finding_code_name() are stable; the values are not. Malformed lines come
 * first, in the order of enum entry_fault.
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
	FINDING_READ_DIFFERENTLY, /* malformed, but other programs read it as an entry */
	FINDING_NO_FINAL_NEWLINE,
	FINDING_ID_ZERO,	 /* holds root's id */
	FINDING_NO_ID,		 /* holds 4294967295 */
	FINDING_OWN_ID,		 /* holds the owner's own uid or primary gid */
	FINDING_ACCOUNT,	 /* holds ids of accounts or groups; names the first */
	FINDING_RESERVED,	 /* holds ids that systemd uses; names the first */
	FINDING_AMBIGUOUS_OWNER, /* the uid of one user, and the login name of another */
	FINDING_SPELLING,	 /* the owner is another name of a user */
	FINDING_OWNER_ODD,	 /* no login can have this owner, or not in this case */
	FINDING_NO_ACCOUNT, /* the owner has no account; reported at its first line */
	FINDING_RETIRED,    /* its ids are retired: the owner is no user */
	FINDING_RETIRED_ACCOUNT, /* ... but other programs give them to this account */
	FINDING_OVERLAP,	 /* has ids of another owner, see findings-overlaps.c */
	FINDING_DUPLICATE,	 /* an earlier line is the same */
	FINDING_OWN_OVERLAP,	 /* shares ids with a line of the same owner */
	FINDING_ONE_SIDE,	 /* the owner has ids only in this database */
	FINDING_SIDES_DIFFER,	 /* the other database does not grant these ids */
	FINDING_KUBELET_RANGE,	 /* kubelet does not take its lines; see kubelet.h */
	FINDING_CODES_END,
};

struct finding {
	enum finding_code code;
	enum finding_severity severity;
	const struct kind *kind;
	uint64_t line;	     /* the line it is about */
	uint64_t other_line; /* the line it conflicts with; 0: none */
	struct range ids;    /* the ids it is about; end 0: none */
	const char *text;    /* the line, in the table; not terminated */
	size_t text_len;
	const char *owner; /* the owner field of the line; not terminated */
	size_t owner_len;
	const char *other; /* the owner of the other line, an account, a group; or NULL */
	size_t other_len;  /* not terminated either */
	bool primary; /* FINDING_ACCOUNT: `other` is a user with this primary group */
	int fault;    /* the enum entry_fault of a malformed line, or 0 */
};

/* What is checked; it must outlive the findings. */
struct findings_question {
	const struct table *tables[2]; /* by kind->group; NULL: not checked */
	/* Several users with the same uid are one owner. NULL: none. */
	const struct accounts *users;
	const struct accounts *groups;
	/* Users by their primary group, where no group has its id. NULL: none. */
	const struct accounts *primary;
	/* Other names that the name service accepts for users. NULL: none. */
	const struct accounts *spellings;
	/* Owners of which it is unknown whether they have an account. NULL: none. */
	const struct accounts *unknown;
	/* Owners without account that have become another account. NULL: none. */
	const struct accounts *renamed;
	bool scarce;   /* a user namespace with few ids: ids of accounts are only notes */
	bool reserved; /* report ids that systemd uses, see reserved.h */
	size_t max;    /* kept findings of one code and severity; 0: all */
};

/* A finding in the list, which may have a million of them. */
struct findings_item {
	uint32_t line;
	uint32_t offset; /* of the line */
	uint32_t other_line;
	uint32_t other; /* the offset of the other line, or the index of the account */
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
	/* The first to the last id of each database; end 0: none. */
	struct range spans[2];
	/* All findings, also those that were not kept. */
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

/*
 * What the findings*.c files share during a search.
 */

/* A line that is an entry. */
struct search_line {
	uint32_t first;
	uint32_t last;
	uint32_t offset;
	uint32_t number;
	uint32_t holder;
};

/* The entries of one database in the order of the file; `order` holds sorted indices. */
struct search_lines {
	struct search_line *lines;
	uint32_t *order;
	size_t n;
	size_t allocated;
};

struct search {
	struct findings *findings;
	struct owner_table holders;
	struct search_lines sides[2];
	uint32_t kubelet; /* the holder with a FINDING_KUBELET_RANGE, or OWNER_TABLE_NONE
			   */
};

void search_init(struct search *search);
int search_lines(struct search *search, unsigned group);
int search_owners(struct search *search);
int search_kubelet(struct search *search);
int search_overlaps(struct search *search, unsigned group);
void search_cleanup(struct search *search);
int findings_put(struct findings *findings, struct findings_item item, bool of_root);

/* Returns the users, or with @group the groups. */
static inline const struct accounts *search_accounts(const struct search *search,
						     unsigned group)
{
	static const struct accounts none;
	const struct findings_question *question = &search->findings->question;
	const struct accounts *accounts = group ? question->groups : question->users;

	return accounts ? accounts : &none;
}

/* Returns whether the lines of this holder are root's. */
static inline bool search_is_root(const struct search *search, uint32_t holder)
{
	const struct holder *item = &search->holders.items[holder];

	return item->has_uid && item->uid == 0;
}

#endif
