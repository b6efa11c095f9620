/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * passwd-file: reads the accounts in passwd(5) or group(5).
 */
#ifndef SUBID_PASSWD_FILE_H
#define SUBID_PASSWD_FILE_H

#include <stdbool.h>
#include <sys/types.h>

#include "libsubid/core/accounts.h"
#include "libsubid/core/kind.h"
#include "libsubid/core/passwd.h"
#include "libsubid/sys/scan.h"
#include "libsubid/user/account.h"

struct passwd_file {
	int fd; /* -1: the file is missing */
	bool group;
	struct scan scan;
	struct scan_line line; /* that of the account, after passwd_file_next() */
};

#define PASSWD_FILE_NONE \
	{                \
		.fd = -1 \
	}

int passwd_file_open_named(struct passwd_file *file, int directory, const char *name,
			   bool group);
int passwd_file_open(struct passwd_file *file, int directory, const struct kind *kind);
int passwd_file_next(struct passwd_file *file, struct passwd_line *ret_line,
		     int *ret_fault);
void passwd_file_cleanup(struct passwd_file *file);

int passwd_file_find(int directory, const char *name, uid_t uid,
		     struct account *ret_account, bool *ret_doubt);
int passwd_file_members(int directory, const char *group, gid_t *ret_gid,
			char **ret_names, size_t *ret_len);
int passwd_file_load(int directory, const struct kind *kind,
		     struct accounts *ret_accounts);

#endif
