// SPDX-License-Identifier: BSD-3-Clause
/*
 * facts-program: why the program's setuid bit or capabilities gave no privilege.
 *
 * All of it is read from /proc/self and from the program file. The capabilities at the
 * start are gone by now; the caller of these functions provides them.
 */
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/kcmp.h>
#include <linux/securebits.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "explain/facts.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/num.h"
#include "libsubid/sys/fd.h"
#include "libsubid/sys/scan.h"
#include "libsubid/sys/userns.h"

#define SELF "/proc/self/exe"

static uint64_t little_endian(const unsigned char bytes[static 4])
{
	return (uint64_t)bytes[0] | (uint64_t)bytes[1] << 8 | (uint64_t)bytes[2] << 16 |
	       (uint64_t)bytes[3] << 24;
}

/*
 * Permitted capabilities of a file, struct vfs_cap_data of linux/capability.h: a magic
 * with flags, then permitted and inheritable for each 32 bits, all little-endian.
 *
 * data: the attribute security.capability; n: its bytes, or -1. False: there is none.
 */
static bool read_capabilities(const unsigned char *data, ssize_t n,
			      uint64_t *ret_permitted)
{
	if (n < (ssize_t)XATTR_CAPS_SZ_2)
		return false;
	*ret_permitted = little_endian(data + 4) | little_endian(data + 12) << 32;
	return true;
}

/* The permitted capabilities that are stored with a file; false: there are none. */
bool facts_file_capabilities(int fd, uint64_t *ret_permitted)
{
	unsigned char data[sizeof(struct vfs_ns_cap_data)] = { 0 };

	return read_capabilities(data,
				 fgetxattr(fd, "security.capability", data, sizeof(data)),
				 ret_permitted);
}

static void read_file_capabilities(const char *path, struct facts_program *program)
{
	unsigned char data[sizeof(struct vfs_ns_cap_data)] = { 0 };

	program->has_capabilities = read_capabilities(
		data, getxattr(path, "security.capability", data, sizeof(data)),
		&program->capabilities);
}

/* A number after a key of /proc/self/status. */
static bool status_number(const struct scan_line *line, const char *key, uint64_t *ret)
{
	size_t n = strlen(key);

	return line->len > n && memcmp(line->text, key, n) == 0 &&
	       num_parse(line->text + n, line->len - n, UINT64_MAX, ret) == 0;
}

static void read_status(struct facts_program *program)
{
	CLEANUP(fd_cleanup) int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	CLEANUP(scan_cleanup) struct scan scan = { 0 };
	struct scan_line line;
	uint64_t number;

	if (fd < 0)
		return;
	scan_start(&scan, fd);
	while (scan_next(&scan, &line) > 0) {
		if (status_number(&line, "TracerPid:\t", &number))
			program->traced = number != 0;
		else if (status_number(&line, "Seccomp:\t", &number))
			program->filtered = number != 0;
	}
}

static uint64_t read_bounding_set(void)
{
	uint64_t set = 0;

	for (unsigned int cap = 0; cap < 64; cap++) {
		int r = prctl(PR_CAPBSET_READ, cap, 0, 0, 0);

		if (r < 0)
			break;
		set |= (uint64_t)(r > 0) << cap;
	}
	return set;
}

/* What dpkg-statoverride(1) has on record about files. */
#define OVERRIDES "/var/lib/dpkg/statoverride"

/* An octal mode, as `4755` or `04755`. */
static bool mode_is_setuid(const char *mode, size_t len)
{
	for (; len > 4 && *mode == '0'; len--)
		mode++;
	return len == 4 && *mode >= '4';
}

/* A line `USER GROUP MODE PATH` by which @path is not setuid. */
static bool takes_setuid(const struct scan_line *line, const char *path)
{
	const char *word = line->text, *end = line->text + line->len;
	size_t len;

	/* The mode is the third word. */
	for (int i = 0; i < 3; i++) {
		const char *space = memchr(word, ' ', (size_t)(end - word));

		if (!space)
			return false;
		if (i == 2 && mode_is_setuid(word, (size_t)(space - word)))
			return false;
		word = space + 1;
	}
	len = (size_t)(end - word);
	return len == strlen(path) && memcmp(word, path, len) == 0;
}

/*
 * Whether dpkg takes the setuid bit of @path away when its package is installed next:
 * then chmod(1) does not last.
 */
bool facts_is_overridden(const char *path)
{
	CLEANUP(fd_cleanup) int fd = open(OVERRIDES, O_RDONLY | O_CLOEXEC);
	CLEANUP(scan_cleanup) struct scan scan = { 0 };
	struct scan_line line;

	if (fd < 0)
		return false;
	scan_start(&scan, fd);
	while (scan_next(&scan, &line) > 0)
		if (takes_setuid(&line, path))
			return true;
	return false;
}

/* Describes the file; false: it cannot be examined. */
static bool describe_file(const char *path, struct facts_program *program)
{
	struct statvfs filesystem;
	struct stat status;

	if (fstatat(AT_FDCWD, path, &status, 0))
		return false;
	program->owner = status.st_uid;
	program->setuid = status.st_mode & S_ISUID;
	program->nosuid =
		statvfs(path, &filesystem) == 0 && filesystem.f_flag & ST_NOSUID;
	program->owner_unmapped = userns_is_outside_owner(status.st_uid) > 0;
	read_file_capabilities(path, program);
	return true;
}

/* Only if the file gives no privilege: then this program has none to read with. */
static void describe_override(struct facts_program *program)
{
	program->overridden = !program->setuid && !program->has_capabilities &&
			      facts_is_overridden(program->path);
}

static void describe_process(struct facts_program *program)
{
	read_status(program);
	program->bounding = read_bounding_set();
	program->no_root = prctl(PR_GET_SECUREBITS, 0, 0, 0, 0) & SECBIT_NOROOT;
}

/* Fills facts->program, with the running program, and facts->modules. */
void facts_gather_program(struct facts *facts)
{
	CLEANUP(fd_cleanup)
	int self = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct facts_program *program = &facts->program;
	ssize_t n = readlinkat(AT_FDCWD, SELF, program->path, sizeof(program->path));

	facts_gather_modules(facts, self);
	if (n < 0 || !describe_file(SELF, program)) {
		program->path[0] = '\0';
		return;
	}
	program->path_is_cut = (size_t)n == sizeof(program->path);
	program->path[program->path_is_cut ? n - 1 : n] = '\0';
	describe_override(program);
	describe_process(program);
	program->shares_fs = syscall(SYS_kcmp, getpid(), getppid(), KCMP_FS, 0, 0) == 0;
}

/* Fills facts->program with one that this process has started or could start. */
void facts_gather_program_file(struct facts *facts, const char *path)
{
	struct facts_program *program = &facts->program;
	int n;

	if (!describe_file(path, program))
		return;
	n = snprintf(program->path, sizeof(program->path), "%s", path);
	program->path_is_cut = n < 0 || (size_t)n >= sizeof(program->path);
	describe_override(program);
	describe_process(program);
}
