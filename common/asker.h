/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * asker: the name service, asked by a process of its own.
 *
 * It may never answer, and its modules may crash or print: then there is no answer, and
 * the program goes on. Who asks says how long one answer and how long all of them may
 * take. Not for a library, whose host may not have children that it does not know of.
 */
#ifndef SUBID_ASKER_H
#define SUBID_ASKER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "libsubid/core/kind.h"
#include "libsubid/sys/account.h"
#include "libsubid/sys/child.h"

/* Who gives or takes ids, or asks about a user, needs the answer: locks are waited for as
 * long. For each answer. */
#define ASKER_SECONDS_PATIENT 15
/* Who looks at everybody can do without. For all answers together. */
#define ASKER_SECONDS_LOOK 2

struct asker {
	struct child child;
	int fd;	      /* a socket to it */
	int64_t each; /* milliseconds for one answer */
	int64_t left; /* milliseconds for all that is asked from now on */
	int failed;   /* -errno: no answer came, and nothing is asked any more */
};

/* One answer after the other, each in time. */
#define ASKER_PATIENT                                                             \
	{                                                                         \
		.fd = -1, .each = ASKER_SECONDS_PATIENT * 1000, .left = INT64_MAX \
	}
#define ASKER_LOOK                                                             \
	{                                                                      \
		.fd = -1, .each = INT64_MAX, .left = ASKER_SECONDS_LOOK * 1000 \
	}

int asker_user(struct asker *asker, const char *name, struct account *ret_account);
int asker_uid(struct asker *asker, uid_t uid, struct account *ret_account);
int asker_name(struct asker *asker, const struct kind *kind, uint32_t id,
	       char ret_name[static LIMIT_OWNER_BYTES + 1]);
int asker_home(struct asker *asker, const char *name, char **ret_home);
int asker_groups(struct asker *asker, const struct account *account, gid_t **ret_groups,
		 size_t *ret_n);
int asker_members(struct asker *asker, const char *group, gid_t *ret_gid,
		  char **ret_names, size_t *ret_len);
const char *asker_reason(int r);
void asker_end(struct asker *asker);

#endif
