/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * nss-client: the name service, asked by the helper.
 */
#ifndef SUBID_NSS_CLIENT_H
#define SUBID_NSS_CLIENT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "helper/helper.h"
#include "libsubid/core/kind.h"
#include "libsubid/user/name-service.h"

int nss_client_user(struct helper *helper, const char *name, struct account *ret_account);
int nss_client_uid(struct helper *helper, uid_t uid, struct account *ret_account);
int nss_client_users(struct helper *helper, const char *const *names, size_t n,
		     struct name_service_answer *ret_answers);
int nss_client_name(struct helper *helper, const struct kind *kind, uint32_t id,
		    char ret_name[static LIMIT_OWNER_BYTES + 1]);
int nss_client_home(struct helper *helper, const char *name, char **ret_home);
int nss_client_groups(struct helper *helper, const struct account *account,
		      gid_t **ret_groups, size_t *ret_n);
int nss_client_members(struct helper *helper, const char *group, gid_t *ret_gid,
		       char **ret_names, size_t *ret_len);
int nss_client_enumerate(struct helper *helper, const struct kind *kind,
			 int64_t milliseconds, struct accounts *found);
int nss_client_scan(struct helper *helper, struct name_service_scan *scan);
int nss_client_missing(struct helper *helper, const struct kind *kind, char **ret_words);
struct name_service nss_client_single(struct helper *helper);
struct name_service nss_client_service(struct helper *helper);

#endif
