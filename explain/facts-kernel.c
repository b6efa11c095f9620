// SPDX-License-Identifier: BSD-3-Clause
/*
 * facts-kernel: signs of what else refuses: the mount of /proc, and security modules. A
 * module is named only if there is a sign of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "explain/facts.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "libsubid/core/num.h"
#include "libsubid/sys/fd.h"
#include "libsubid/sys/scan.h"

/* Returns 0 if /proc is that of this process, or else an enum facts_proc. */
int facts_find_proc(void)
{
	char text[NUM_BYTES + 1];
	struct statfs filesystem;
	uint64_t pid;
	ssize_t n;

	if (statfs("/proc", &filesystem) || filesystem.f_type != PROC_SUPER_MAGIC)
		return FACTS_PROC_MISSING;
	/* Nothing, if this process has no id in that pid namespace. */
	n = readlinkat(AT_FDCWD, "/proc/self", text, sizeof(text));
	if (n < 0 || num_parse(text, (size_t)n, INT32_MAX, &pid) ||
	    (pid_t)pid != getpid())
		return FACTS_PROC_OTHER;
	return 0;
}

/* Splits text at spaces. Returns false if it has fewer words. */
static bool split_words(char *text, const char **words, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		words[i] = strsep(&text, " ");
		if (!words[i])
			return false;
	}
	return true;
}

/*
 * Splits a line of proc_pid_mountinfo(5), which is changed. The source of the mount is
 * left out. Returns false if the line has fewer fields.
 */
bool facts_split_mount(char *text, struct facts_mount *ret_mount)
{
	const char *before[6], *behind[3];
	char *dash = strstr(text, " - ");

	if (!dash || !split_words(dash + 3, behind, 3))
		return false;
	*dash = '\0';
	if (!split_words(text, before, 6))
		return false;
	*ret_mount = (struct facts_mount){ .point = before[4],
					   .options = before[5],
					   .type = behind[0],
					   .super = behind[2] };
	return true;
}

/* Whether a line of proc_pid_mountinfo(5) is a /proc that hides processes. */
static bool hides_processes(const struct scan_line *line)
{
	static const char option[] = "hidepid=";
	char text[LIMIT_LINE_BYTES + 2];
	struct facts_mount mount;
	const char *found;

	snprintf(text, sizeof(text), "%.*s", (int)line->len, line->text);
	if (!facts_split_mount(text, &mount) || strcmp(mount.point, "/proc") != 0 ||
	    strcmp(mount.type, "proc") != 0)
		return false;
	found = strstr(mount.super, option);
	/* `0` and `off`; by default the option is not shown. */
	return found && !strchr("0o", found[sizeof(option) - 1]);
}

/* Fills facts->proc and facts->hidepid. */
void facts_gather_proc(struct facts *facts)
{
	CLEANUP(fd_cleanup) int fd = -1;
	CLEANUP(scan_cleanup) struct scan scan = { 0 };
	struct scan_line line;

	facts->proc = facts_find_proc();
	fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	scan_start(&scan, fd);
	while (scan_next(&scan, &line) > 0)
		facts->hidepid |= hides_processes(&line);
}

/* Reads a short file. Returns its size without a newline; 0 if there is none. */
static size_t read_short(const char *path, char *text, size_t size)
{
	CLEANUP(fd_cleanup) int fd = open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC);
	size_t n = 0;

	if (fd < 0 || fd_read(fd, text, size, &n))
		return 0;
	return n > 0 && text[n - 1] == '\n' ? n - 1 : n;
}

/* `PROFILE (enforce)`; other modules have no such text there. */
void facts_find_profile(const char *path, struct facts_modules *modules)
{
	static const char enforced[] = " (enforce)";
	char text[sizeof(modules->apparmor) + sizeof(enforced)];
	size_t n = read_short(path, text, sizeof(text)), len = sizeof(enforced) - 1;

	if (n <= len || memcmp(text + n - len, enforced, len) != 0)
		return;
	n -= len;
	if (n >= sizeof(modules->apparmor))
		n = sizeof(modules->apparmor) - 1;
	memcpy(modules->apparmor, text, n);
	modules->apparmor[n] = '\0';
}

/*
 * Whether a file of the process cannot be opened for writing, although the caller owns it
 * and its mode allows it: only a security module refuses that. Nothing is written.
 */
static bool denies_writing(int process, uid_t uid)
{
	CLEANUP(fd_cleanup) int fd = openat(process, "comm", O_WRONLY | O_CLOEXEC);
	int error = errno;
	struct stat status;

	return fd < 0 && (error == EACCES || error == EPERM) &&
	       fstatat(process, "comm", &status, 0) == 0 && status.st_uid == uid &&
	       (status.st_mode & S_IWUSR) != 0;
}

/*
 * Fills facts->modules; facts->uid must be known.
 *
 * process: a descriptor of the /proc/PID of a process of the caller.
 */
void facts_gather_modules(struct facts *facts, int process)
{
	struct facts_modules *modules = &facts->modules;
	char text[2];

	modules->selinux =
		read_short("/sys/fs/selinux/enforce", text, sizeof(text)) == 1 &&
		text[0] == '1';
	facts_find_profile("/proc/self/attr/current", modules);
	if (modules->apparmor[0] == '\0')
		facts_find_profile("/proc/self/attr/apparmor/current", modules);
	modules->denies |= denies_writing(process, facts->uid);
}
