/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * nss-client: the name service, asked by a child process.
 *
 * The name service may never answer, and its modules may crash or print: then there is no
 * answer, and the program goes on. The caller sets the time for one answer and for all of
 * them. A library must not use it: its host may not have children that it does not know.
 */
#ifndef SUBID_NSS_CLIENT_H
#define SUBID_NSS_CLIENT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "libsubid/core/kind.h"
#include "libsubid/sys/child.h"
#include "libsubid/user/name-service.h"

/* For each answer, if the program cannot go on without it: to give or take ids, or about
 * one user. It is also the time to wait for a lock. */
#define NSS_CLIENT_SECONDS_PATIENT 15
/* For all answers together, if the program can go on without them. */
#define NSS_CLIENT_SECONDS_LOOK 2

struct nss_client {
	struct child child;
	int fd;	      /* a socket to it; -1: there is none yet */
	int64_t each; /* milliseconds for one answer */
	int64_t left; /* milliseconds left for all answers */
	int failed;   /* -errno: no answer came, and nothing is asked any more */
};

/* A time limit for each answer, or for all of them. */
#define NSS_CLIENT_PATIENT                                                             \
	{                                                                              \
		.fd = -1, .each = NSS_CLIENT_SECONDS_PATIENT * 1000, .left = INT64_MAX \
	}
/* That time for all answers together. */
#define NSS_CLIENT_PATIENT_IN_ALL                                                      \
	{                                                                              \
		.fd = -1, .each = INT64_MAX, .left = NSS_CLIENT_SECONDS_PATIENT * 1000 \
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
