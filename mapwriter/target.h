/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * target: the process whose user namespace is to be mapped.
 */
#ifndef SUBID_TARGET_H
#define SUBID_TARGET_H

#include <stdbool.h>
#include <sys/types.h>

struct target {
	int fd;	       /* of /proc/PID: every check and every write goes through it */
	bool borrowed; /* the caller's descriptor, which stays open */
	/* Effective ids of the process, as the kernel shows them to us. */
	uid_t uid;
	gid_t gid;
	pid_t pid;     /* 0 for fd:N */
	char name[16]; /* the argument: `1234`, `fd:5` */
};

#define TARGET_NONE      \
	{                \
		.fd = -1 \
	}

enum {
	TARGET_MALFORMED = 1, /* neither a process id nor fd:N */
	TARGET_NOT_PROC,      /* not a directory below /proc */
};

int target_parse(const char *argument, struct target *target);
int target_open(struct target *target, int own_fd);
int target_open_file(int process, const char *name, int flags);
bool target_is_gone(const struct target *target);
void target_cleanup(struct target *target);

#endif
