// SPDX-License-Identifier: BSD-3-Clause
/*
 * mywait: says who it is, leaves the file sleeper-USER@HOST.info behind, and sleeps for
 * ever under that name. It is linked statically, to run in any container, and so reads
 * passwd itself.
 */
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

static void find_name(uid_t uid, char *name, size_t size)
{
	FILE *file = fopen("/etc/passwd", "re");
	struct passwd *entry;

	snprintf(name, size, "%u", uid);
	while (file && (entry = fgetpwent(file)))
		if (entry->pw_uid == uid) {
			snprintf(name, size, "%s", entry->pw_name);
			break;
		}
	if (file)
		fclose(file);
}

int main(int argc, char **argv)
{
	char name[64], sleeper[256], path[300];
	struct utsname host;
	int fd;

	if (argc > 0 && strncmp(argv[0], "sleeper-", 8) == 0)
		for (;;)
			pause();
	if (uname(&host) < 0)
		return 1;
	find_name(getuid(), name, sizeof(name));
	snprintf(sleeper, sizeof(sleeper), "sleeper-%s@%s", name, host.nodename);
	printf("[%s] pid=%d uid=%u gid=%u\n", sleeper, getpid(), getuid(), getgid());
	fflush(stdout);
	snprintf(path, sizeof(path), "%s.info", sleeper);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0) {
		perror(path);
		return 1;
	}
	close(fd);
	execl("/proc/self/exe", sleeper, NULL);
	perror("/proc/self/exe");
	return 1;
}
