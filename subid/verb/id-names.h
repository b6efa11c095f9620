/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * id-names: finds the name of a user or group by its id.
 */
#ifndef SUBID_ID_NAMES_H
#define SUBID_ID_NAMES_H

#include <stdint.h>

#include "libsubid/core/kind.h"
#include "libsubid/core/limits.h"
#include "libsubid/user/passwd-file.h"
#include "subid/verb/user-cache.h"

/* Number of cached answers of the name service. */
#define IDNAMES_KEPT 256

struct id_names_answer {
	bool kept;
	bool silent; /* the name service did not answer */
	uint32_t id;
	char name[LIMIT_OWNER_BYTES + 1]; /* empty: the id has no name */
};

struct id_names {
	const struct kind *kind;
	struct user_cache *owners; /* asks the name service */
	struct accounts local;
	struct id_names_answer *answers;
};

#define IDNAMES_NONE         \
	{                    \
		.kind = NULL \
	}

int id_names_start(struct id_names *names, struct user_cache *owners,
		   const struct kind *kind);
const char *id_names_find(struct id_names *names, uint32_t id);
bool id_names_is_unknown(struct id_names *names, uint32_t id);
void id_names_cleanup(struct id_names *names);

#endif
