/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * refusal: why no map was written, and how that is said.
 */
#ifndef SUBID_REFUSAL_H
#define SUBID_REFUSAL_H

#include <stddef.h>

#include "libsubid/core/idmap.h"
#include "libsubid/core/kind.h"
#include "libsubid/sys/account.h"
#include "libsubid/sys/dbfile.h"
#include "libsubid/sys/nsswitch.h"
#include "mapwriter/decide.h"
#include "mapwriter/privilege.h"
#include "mapwriter/target.h"

enum refusal_reason {
	REFUSAL_USAGE = 1,  /* the arguments; `detail` is what idmap_parse() said */
	REFUSAL_BEYOND,	    /* an id of 4294967295 or more */
	REFUSAL_NO_EXTENTS, /* a target alone */
	REFUSAL_TOO_MANY,   /* extents */
	REFUSAL_TOO_LONG,   /* bytes; `first` of them */
	REFUSAL_CLASH,	    /* extents `first` and `second`; `detail` is the clash */
	REFUSAL_CAPS,	    /* privileges could not be given up */
	REFUSAL_TARGET,	    /* cannot be opened; `error`, or `detail` of target_open() */
	REFUSAL_NOBODY,	    /* the caller has no passwd entry; `error` if not known */
	REFUSAL_OWNER,	    /* the target is another user's, or the group differs */
	REFUSAL_NSSWITCH,   /* it cannot be read: `error` */
	REFUSAL_SOURCE,	    /* it names a source that cannot be asked */
	REFUSAL_DATABASE,   /* cannot be used: see the dbfile */
	REFUSAL_RANGE,	    /* extent `first` is not granted */
	REFUSAL_SETGROUPS,  /* `error` */
	REFUSAL_OPEN,	    /* of the map: `error` */
	REFUSAL_WRITE,	    /* of the map: `error` */
	REFUSAL_MEMORY,
};

/* All that a map writer knows about one call; mapwriter.c fills it from top to bottom. */
struct request {
	const struct kind *kind;
	struct privilege privilege;
	struct dbfile file;
	struct target target;
	struct idmap map;
	struct nsswitch nsswitch;
	struct account account;
	struct decision decision;
	capset_t needed; /* by the write */
	/* Why it ends without a map. */
	int reason; /* 0, or an enum refusal_reason */
	int detail;
	int error; /* an errno */
	size_t first;
	size_t second;
};

void refusal_audit(struct request *request);
void refusal_tell(const struct request *request);

#endif
