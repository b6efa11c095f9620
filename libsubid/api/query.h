/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * query: finds ranges of an owner and owners of an id, without a change.
 *
 * Queries take no lock and have no shared state, so any number of threads may have one.
 */
#ifndef SUBID_QUERY_H
#define SUBID_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libsubid/core/kind.h"
#include "libsubid/core/range.h"
#include "libsubid/core/table.h"
#include "libsubid/source/source.h"
#include "libsubid/sys/dbfile.h"
#include "libsubid/sys/nsswitch.h"
#include "libsubid/user/nss.h"
#include "libsubid/user/owner.h"

/* The databases of a directory, or the sources of the running system. */
struct query {
	int directory;		  /* of the databases, passwd and group */
	bool image;		  /* a system that is not running */
	struct nsswitch nsswitch; /* of the running system */
	struct nss nss;
	struct name_service service;
	struct lookup lookup; /* for look-ups of users */
	bool granted; /* leave out ranges that a plugin lists but refuses as extents */
	bool silent;  /* the name service has not answered about owners of lines */
	/* Where ids come from; points into the nsswitch beside it. */
	struct source_list sources;
	char failed[NSSWITCH_WORD_BYTES]; /* QUERY_FAILED: the source */
};

enum {
	QUERY_FAILED = 1, /* a source could not answer */
	QUERY_UNKNOWN,	  /* nothing was found, and the name service did not answer */
};

#define QUERY_NONE               \
	{                        \
		.directory = -1, \
	}

/* Ranges in the order of the source, neither sorted nor joined. */
struct query_ranges {
	struct range *ranges;
	size_t n;
	size_t allocated;
};

/* An owner of an id. */
struct query_owner {
	char *name;   /* as in the line; terminated */
	bool has_uid; /* the name is a uid, or that of an account */
	uint32_t uid;
};

struct query_owners {
	struct query_owner *owners;
	size_t n;
	size_t allocated;
};

int query_open(struct query *query, const char *root, bool files_only);
int query_file(const struct query *query, const struct kind *kind,
	       struct dbfile *ret_file);
int query_table(const struct query *query, const struct kind *kind,
		struct table *ret_table);
int query_ranges(struct query *query, const struct kind *kind, struct owner *owner,
		 struct query_ranges *ranges);
int query_owners(struct query *query, const struct kind *kind, uint32_t id,
		 struct query_owners *owners);
int query_ranges_put(struct query_ranges *ranges, struct range range);
void query_ranges_cleanup(struct query_ranges *ranges);
void query_owners_cleanup(struct query_owners *owners);
void query_cleanup(struct query *query);

#endif
