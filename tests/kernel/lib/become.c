/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * become MICROSECONDS RUID EUID RGID EGID GROUPS PATH COUNT [VARIABLE...]
 * ARGV0 [ARGUMENT...]: takes these ids and runs PATH, with COUNT variables as its
 * environment. It gets SIGALRM after that time. GROUPS is a list with commas, or empty.
 *
 * Host.run() starts this program with posix_spawn(3), since a fork copies what Python
 * has in memory, which takes longer than a map writer. Its own environment is empty, for
 * libc reads variables even in a program that is linked statically.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <grp.h>
#include <linux/keyctl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#define GROUPS_MAX    64
#define VARIABLES_MAX 256

static int fail(const char *what)
{
	fprintf(stderr, "harness: %s: %s\n", what, strerror(errno));
	return 126;
}

static id_t number(const char *word)
{
	return (id_t)strtoul(word, NULL, 10);
}

static int take_groups(char *list)
{
	gid_t groups[GROUPS_MAX];
	size_t n = 0;

	for (char *word = strtok(list, ","); word; word = strtok(NULL, ",")) {
		if (n == GROUPS_MAX) {
			errno = E2BIG;
			return -1;
		}
		groups[n++] = number(word);
	}
	return setgroups(n, groups);
}

/* as forget_refusals() of base.py */
static void forget_refusals(void)
{
	long key = syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_USER_KEYRING, "user",
			   "subid-utils:lines", 0);

	if (key > 0)
		syscall(SYS_keyctl, KEYCTL_UNLINK, key, KEY_SPEC_USER_KEYRING);
}

int main(int argc, char *argv[])
{
	struct itimerval timer = { 0 };
	unsigned long long us;
	char *env[VARIABLES_MAX + 1] = { NULL };
	int n;

	if (argc < 10)
		return 126;
	us = strtoull(argv[1], NULL, 10);
	timer.it_value.tv_sec = (time_t)(us / 1000000);
	timer.it_value.tv_usec = (suseconds_t)(us % 1000000);
	if (setitimer(ITIMER_REAL, &timer, NULL) < 0)
		return fail("setitimer");
	if (take_groups(argv[6]) < 0)
		return fail("setgroups");
	if (setresgid(number(argv[4]), number(argv[5]), number(argv[5])) < 0)
		return fail("setresgid");
	if (setresuid(number(argv[2]), number(argv[3]), number(argv[3])) < 0)
		return fail("setresuid");
	forget_refusals();
	n = (int)number(argv[8]);
	if (n > VARIABLES_MAX || n > argc - 10)
		return 126;
	memcpy(env, argv + 9, (size_t)n * sizeof(env[0]));
	execve(argv[7], argv + 9 + n, env);
	return fail(argv[7]);
}
