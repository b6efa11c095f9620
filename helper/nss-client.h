/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * nss-client: the name service, asked by a child process.
 *
 * It may never answer, and its modules may crash or print: then there is no answer, and
 * the program goes on. Who asks says how long one answer and how long all of them may
 * take. Not for a library, whose host may not have children that it does not know of.
 */
#ifndef SUBID_NSS_CLIENT_H
#define SUBID_NSS_CLIENT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "libsubid/core/kind.h"
#include "libsubid/sys/child.h"
#include "libsubid/user/name-service.h"

/* Who gives or takes ids, or asks about one user, needs the answer: locks are waited for
 * as long. For each answer. */
#define NSS_CLIENT_SECONDS_PATIENT 15
/* Who looks at all users can do without. For all answers together. */
#define NSS_CLIENT_SECONDS_LOOK 2

struct nss_client {
	struct child child;
	int fd;	      /* a socket to it; -1: there is none yet */
	int64_t each; /* milliseconds for one answer */
	int64_t left; /* milliseconds for all that is asked from now on */
	int failed;   /* -errno: no answer came, and nothing is asked any more */
};

/* One answer after the other, each in time. */
#define NSS_CLIENT_PATIENT                                                             \
	{                                                                              \
		.fd = -1, .each = NSS_CLIENT_SECONDS_PATIENT * 1000, .left = INT64_MAX \
	}
#define NSS_CLIENT_LOOK                                                             \
	{                                                                           \
		.fd = -1, .each = INT64_MAX, .left = NSS_CLIENT_SECONDS_LOOK * 1000 \
	}

int nss_client_user(struct nss_client *client, const char *name,
		    struct account *ret_account);
int nss_client_uid(struct nss_client *client, uid_t uid, struct account *ret_account);
int nss_client_users(struct nss_client *client, const char *const *names, size_t n,
		     struct name_service_answer *ret_answers);
int nss_client_name(struct nss_client *client, const struct kind *kind, uint32_t id,
		    char ret_name[static LIMIT_OWNER_BYTES + 1]);
int nss_client_home(struct nss_client *client, const char *name, char **ret_home);
int nss_client_groups(struct nss_client *client, const struct account *account,
		      gid_t **ret_groups, size_t *ret_n);
int nss_client_members(struct nss_client *client, const char *group, gid_t *ret_gid,
		       char **ret_names, size_t *ret_len);
int nss_client_enumerate(struct nss_client *client, const struct kind *kind,
			 int64_t milliseconds, struct accounts *found);
int nss_client_scan(struct nss_client *client, struct name_service_scan *scan);
int nss_client_missing(struct nss_client *client, const struct kind *kind,
		       char **ret_words);
struct name_service nss_client_service(struct nss_client *client);
void nss_client_end(struct nss_client *client);

#endif
