/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * nss: asks the name service in the process itself.
 */
#ifndef SUBID_NSS_H
#define SUBID_NSS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "libsubid/core/kind.h"
#include "libsubid/sys/nsswitch.h"
#include "libsubid/user/name-service.h"
#include "libsubid/user/nss-modules.h"

/* Starts zeroed, belongs to one thread, ends with nss_end(). */
struct nss {
	bool open;		       /* the modules are loaded */
	struct nss_modules modules[2]; /* by kind->group */
	struct nss_modules initgroups; /* of that line, for nss_groups() */
	bool actions[2]; /* of nsswitch.conf: libc may not ask all of them */
	/* All services of users in their order, for nss_user_certain(). */
	bool order_open;
	struct nss_modules order;
};

int nss_user(struct nss *nss, const char *name, struct account *ret_account);
int nss_user_certain(struct nss *nss, const char *name, struct account *ret_account);
int nss_uid(struct nss *nss, uid_t uid, struct account *ret_account);
int nss_name_of(struct nss *nss, const struct kind *kind, uint32_t id,
		char ret_name[static LIMIT_OWNER_BYTES + 1]);
int nss_home(struct nss *nss, const char *name, char **ret_home);
int nss_groups(struct nss *nss, const char *name, gid_t gid, gid_t **ret_groups,
	       size_t *ret_n);
int nss_members(struct nss *nss, const char *group, gid_t *ret_gid, char **ret_names,
		size_t *ret_len);
int nss_enumerate(struct nss *nss, const struct kind *kind, nss_found_fn take,
		  void *context);
int nss_scan(struct nss *nss, struct name_service_scan *scan, nss_found_fn take,
	     void *context);
int nss_modules_of(struct nss *nss, const struct kind *kind,
		   const struct nss_modules **ret_modules);
struct name_service nss_service(struct nss *nss);
void nss_end(struct nss *nss);

#endif
