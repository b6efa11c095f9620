/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * refusal: why no map was written, and the messages about it.
 */
#ifndef SUBID_REFUSAL_H
#define SUBID_REFUSAL_H

#include <linux/capability.h>
#include <stddef.h>

#include "helper/helper.h"
#include "libsubid/core/idmap.h"
#include "libsubid/core/kind.h"
#include "libsubid/sys/dbfile.h"
#include "libsubid/sys/nsswitch.h"
#include "libsubid/user/account.h"
#include "libsubid/user/lookup.h"
#include "libsubid/user/name-service.h"
#include "mapwriter/decide.h"
#include "mapwriter/grants.h"
#include "mapwriter/privilege.h"
#include "mapwriter/target.h"

enum refusal_reason {
	REFUSAL_USAGE = 1,  /* the arguments; `detail`: see idmap_parse() */
	REFUSAL_BEYOND,	    /* an id of 4294967295 or more */
	REFUSAL_NO_EXTENTS, /* a target alone */
	REFUSAL_TOO_MANY,   /* extents */
	REFUSAL_TOO_LONG,   /* bytes */
	REFUSAL_CLASH,	    /* of two extents; `detail` is the clash */
	REFUSAL_CAPS,	    /* privileges could not be given up */
	REFUSAL_TARGET,	    /* cannot be opened; `error`, or `detail` of target_open() */
	REFUSAL_NOBODY,	    /* the caller has no passwd entry; `error` if not known */
	REFUSAL_OWNER,	    /* the target is another user's, or the group differs */
	REFUSAL_NSSWITCH,   /* nsswitch.conf cannot be read: `error` */
	REFUSAL_SOURCE,	    /* a source does not answer: see the grants */
	REFUSAL_DATABASE,   /* cannot be used: see the dbfile */
	REFUSAL_RANGE,	    /* an extent is not granted: see the decision */
	REFUSAL_SETGROUPS,  /* `error` */
	REFUSAL_OPEN,	    /* of the map: `error` */
	REFUSAL_WRITE,	    /* of the map: `error` */
	REFUSAL_MEMORY,
};

/* One run of a map writer; mapwriter.c fills it from top to bottom. */
struct request {
	const struct kind *kind;
	struct privilege privilege;
	struct dbfile file;
	struct target target;
	struct idmap map;
	struct nsswitch nsswitch;
	struct helper helper;
	struct name_service service; /* by the helper */
	struct lookup lookup;
	struct account account;
	struct grants grants; /* if a plugin is a source */
	struct decision decision;
	capset_t needed; /* by the write */
	/* Why no map is written. */
	int reason; /* 0, or an enum refusal_reason */
	int detail;
	int error;	/* an errno */
	int audit;	/* 0, or -errno: the audit log has no record of it */
	size_t bytes;	/* of the map */
	size_t clash_a; /* two extents */
	size_t clash_b;
};

/*
 * The capability of refusal_audit(). By default refused maps are not in the audit log,
 * since an unprivileged loop could fill it.
 */
#ifdef AUDIT_MAPS
#define REFUSAL_AUDIT_CAPABILITY CAPABILITY(CAP_AUDIT_WRITE)
#else
#define REFUSAL_AUDIT_CAPABILITY ((capset_t)0)
#endif

void refusal_audit(struct request *request);
void refusal_tell(const struct request *request);

#endif
