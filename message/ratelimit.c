// SPDX-License-Identifier: BSD-3-Clause
/*
 * ratelimit: a token bucket for each user, in the kernel.
 *
 * A map writer keeps nothing between two runs, and must not write a file with privilege
 * for the sake of a log. So the state is a key in the user keyring of the caller, see
 * keyrings(7): the kernel has one for each uid in each user namespace, no other user can
 * reach it, and the key expires by itself when the bucket is full again.
 *
 * MUST: it runs without privilege. The key belongs to the caller, who can change or
 * remove it, and so gain or lose only lines about that caller.
 * MUST: if the count is unknown the line is sent: the kernel has no keys, a filter of
 * system calls refuses them, the quota is used up, or the key has an unknown format.
 *
 * Other places are worse. A file that only root can write needs privilege. /run/user/UID
 * does not exist for every user, and any user can take a name in /tmp or an abstract
 * socket first. Memory needs a process that stays. Log daemons limit by process or by
 * service, and each refusal is a new process.
 *
 * The state is one number, the time at which the bucket will be full. A line moves it
 * RATELIMIT_SECONDS on, and is too early if that is more than the bucket holds.
 */
#include <linux/keyctl.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "message/ratelimit.h"
#include "libsubid/sys/wait.h"

#define KEY_TYPE "user"
#define KEY_NAME "subid-utils:lines"

/* In milliseconds, as wait_clock(). */
#define EACH   ((int64_t)RATELIMIT_SECONDS * 1000)
#define BUCKET (RATELIMIT_LINES * EACH)

#define OWNER_ALL 0x003f0000 /* all rights of an owner */

/* Reads from the key when the bucket will be full. False: there is none, or it is
 * invalid. */
static bool read_full(int64_t now, int64_t *ret_full)
{
	long key = syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_USER_KEYRING, KEY_TYPE,
			   KEY_NAME, 0);
	int64_t full;

	if (key < 0 || syscall(SYS_keyctl, KEYCTL_READ, key, &full, sizeof(full)) !=
			       (long)sizeof(full))
		return false;
	if (full > now + BUCKET)
		return false;
	*ret_full = full > now ? full : now;
	return true;
}

/*
 * A new key can be read by its number only if a keyring of the process links to it, which
 * the session keyring need not. So its owner gets all rights, once: linking the user
 * keyring into the process costs more than everything else here.
 */
static void give_to_owner(long key)
{
	syscall(SYS_keyctl, KEYCTL_LINK, KEY_SPEC_USER_KEYRING, KEY_SPEC_PROCESS_KEYRING);
	syscall(SYS_keyctl, KEYCTL_SETPERM, key, OWNER_ALL);
}

/*
 * Takes a line of the user out of the bucket. Returns 0, RATELIMIT_LAST or
 * RATELIMIT_OVER.
 */
int ratelimit_take(void)
{
	int64_t now = wait_clock(), full = now;
	bool known = read_full(now, &full);
	long key;

	full += EACH;
	if (full > now + BUCKET)
		return RATELIMIT_OVER;
	key = syscall(SYS_add_key, KEY_TYPE, KEY_NAME, &full, sizeof(full),
		      KEY_SPEC_USER_KEYRING);
	if (key < 0)
		return 0;
	if (!known)
		give_to_owner(key);
	syscall(SYS_keyctl, KEYCTL_SET_TIMEOUT, key, (full - now) / 1000 + 1);
	return full + EACH > now + BUCKET ? RATELIMIT_LAST : 0;
}
