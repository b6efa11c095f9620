/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * site: the policy of a system, and which of its rules apply to a user.
 *
 *	site_read	read the files; errors in them are reported
 *	site_find_lookup	to look up users even if there are no rules
 *	site_resolve ...	find the pool of a user
 *	site_cleanup	in any case
 */
#ifndef SUBID_SITE_H
#define SUBID_SITE_H

#include <stdbool.h>
#include <stdint.h>

#include "helper/nss-client.h"
#include "libsubid/sys/nsswitch.h"
#include "libsubid/sys/policy-files.h"
#include "libsubid/user/lookup.h"
#include "subid/verb/verb.h"

struct site {
	struct policy_files files;
	bool wrong;	  /* the files have errors: no rule may be used */
	const char *root; /* the directory of an image, or NULL */
	struct helper asker;
	struct name_service service;
	struct nsswitch nsswitch;
	struct lookup lookup;
};

/* A user that the rules are asked about. */
struct site_user {
	const struct account *account; /* NULL: the owner has none */
	uint32_t uid; /* of an owner without account: that of the lines, or ID_NONE */
	/* Returns whether the user has this name. */
	bool (*is_named)(void *context, struct policy_word name);
	void *context;
};

#define SITE_NONE                              \
	{                                      \
		.asker = HELPER_PATIENT_IN_ALL \
	}

int site_read(struct site *site, const struct verb_place *place, const char *root);
int site_find_lookup(struct site *site, const struct verb_place *place);
int site_resolve(const struct site *site, const struct site_user *user,
		 const struct policy_assign **ret_assign);
void site_cleanup(struct site *site);

#endif
