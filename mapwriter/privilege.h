/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * privilege: the capabilities of a map writer, fewer with each step.
 */
#ifndef SUBID_PRIVILEGE_H
#define SUBID_PRIVILEGE_H

#include <stdbool.h>
#include <sys/types.h>

#include "libsubid/sys/capabilities.h"

struct privilege {
	/* The caller. */
	uid_t uid;
	gid_t gid;
	/* At the start of the program; the kernel does not show them later. */
	bool start_no_new_privs;
	capset_t start_permitted;
	/* Held now, not in effect but after privilege_raise(). */
	capset_t held;
};

int privilege_note(struct privilege *ret_privilege);
int privilege_cut(struct privilege *privilege, capset_t wanted);
int privilege_keep(struct privilege *privilege, capset_t wanted);
int privilege_raise(struct privilege *privilege);

#endif
