/* SPDX-License-Identifier: BSD-3-Clause */
/* Runs a program and writes to descriptor 3 what it took: microseconds of processors, the
 * largest resident size in KiB, the exit status. A small process of its own, since the
 * size of a child begins with that of its parent. */
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct rusage used;
	int status;
	pid_t pid;

	if (argc < 2)
		return 125;
	pid = fork();
	if (pid == 0) {
		execv(argv[1], argv + 1);
		_exit(126);
	}
	if (pid < 0 || wait4(pid, &status, 0, &used) != pid)
		return 125;
	dprintf(3, "%lld %ld %d\n",
		(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000LL +
			used.ru_utime.tv_usec + used.ru_stime.tv_usec,
		used.ru_maxrss, WIFEXITED(status) ? WEXITSTATUS(status) : 128);
	return 0;
}
