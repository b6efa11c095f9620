// SPDX-License-Identifier: BSD-3-Clause
/*
 * check-mappers: checks the map writers in all directories of the usual PATH, and the
 * helper.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "explain/causes.h"
#include "explain/facts.h"
#include "helper/helper-protocol.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/sys/etc-directory.h"
#include "libsubid/sys/fd.h"
#include "message/i18n.h"
#include "message/report.h"
#include "subid/check/check.h"

/* The directories of the usual PATH, and the one of this build. */
static const char *const directories[] = {
	BINDIR,	    "/usr/local/sbin", "/usr/local/bin", "/usr/sbin",
	"/usr/bin", "/sbin",	       "/bin",
};
#define DIRECTORIES (sizeof(directories) / sizeof(directories[0]))

/* Files already checked: /bin may be a link to /usr/bin. */
struct checked_files {
	struct stat files[DIRECTORIES];
	size_t n;
};

static bool was_seen(struct checked_files *seen, const struct stat *status)
{
	for (size_t i = 0; i < seen->n; i++)
		if (seen->files[i].st_dev == status->st_dev &&
		    seen->files[i].st_ino == status->st_ino)
			return true;
	seen->files[seen->n++] = *status;
	return false;
}

static int report_mapper(struct check *check, const struct kind *kind, const char *path,
			 enum check_code code, const char *message, const char *command)
{
	struct problem problem = problem_of(code, kind, path);

	causes_evidence(&problem.cause, "%s", message);
	problem_command(&problem, command);
	return check_report(check, &problem);
}

/*
 * Reports a missing privilege. command: NULL if other users could have changed the file;
 * then it must be installed again and not be made setuid root.
 */
static int report_privilege(struct check *check, const struct kind *kind,
			    const char *path, const char *message, const char *command)
{
	struct problem problem = problem_of(CHECK_MAPPER_NO_PRIVILEGE, kind, path);

	causes_evidence(&problem.cause, "%s", message);
	if (command)
		problem_command(&problem, command);
	else
		causes_cure(&problem.cause,
			    _("install %s again, as root: others could change it"), path);
	return check_report(check, &problem);
}

/* The kernel removes the privilege at a write, so a privileged file was not changed. */
static int report_writable(struct check *check, const struct kind *kind, const char *path)
{
	return report_mapper(check, kind, path, CHECK_MAPPER_WRITABLE,
			     _("can be written by others than its owner"),
			     "chmod go-w PATH");
}

static int check_mapper_file(struct check *check, const struct kind *kind,
			     const char *path, int fd, const struct stat *status)
{
	bool writable = status->st_mode & (S_IWGRP | S_IWOTH);
	bool is_roots = status->st_uid == 0 && !writable;
	uint64_t needed = (uint64_t)1 << (kind->group ? CAP_SETGID : CAP_SETUID);
	uint64_t capabilities = 0;
	bool has_capabilities = facts_file_capabilities(fd, &capabilities);
	bool privileged = has_capabilities ?
				  capabilities & needed :
				  status->st_uid == 0 && status->st_mode & S_ISUID;
	struct statvfs filesystem;
	int r = 0;

	if (writable && privileged)
		r = report_writable(check, kind, path);
	if (r == 0 && !privileged && has_capabilities)
		r = report_privilege(
			check, kind, path,
			_("has file capabilities, but not the one that it needs"),
			!is_roots   ? NULL :
			kind->group ? "setcap cap_setgid=ep PATH" :
				      "setcap cap_setuid=ep PATH");
	else if (r == 0 && !privileged)
		r = report_privilege(
			check, kind, path,
			_("is neither setuid root nor has it file capabilities"),
			!is_roots ? NULL :
			!check->place.image && facts_is_overridden(path) ?
				    FACTS_OVERRIDE "PATH" :
				    "chmod 4755 PATH");
	if (r == 0 && !check->place.image && fstatvfs(fd, &filesystem) == 0 &&
	    filesystem.f_flag & ST_NOSUID)
		r = report_mapper(
			check, kind, path, CHECK_MAPPER_NOSUID,
			_("is on a file system that is mounted nosuid"),
			"mount -o remount,suid \"$(findmnt -n -o TARGET -T PATH)\"");
	return r;
}

/*
 * Returns whether a map writer may exist although it could not be opened. A symbolic link
 * of an image counts as one: its target is not followed.
 */
static bool may_be_there(struct check *check, const char *directory, const char *mapper,
			 int error)
{
	/* No file, or no regular file. */
	if (error == ENOENT || error == ENOTDIR || error == EISDIR || error == EBADFD)
		return false;
	if (error == ELOOP || error == ENOSYS)
		return true;
	report_line(PROGRAM, "%s%s/%s: %s", etc_image_prefix(check->options.root),
		    directory, mapper, report_error(error));
	check->unreadable = true;
	return true;
}

static int find_mappers(struct check *check, const struct kind *kind)
{
	const char *root = check->options.root;
	struct checked_files seen = { .n = 0 };
	bool unseen = false;

	for (size_t i = 0; i < DIRECTORIES; i++) {
		CLEANUP(fd_cleanup)
		int directory = etc_open_directory(root, directories[i]);
		CLEANUP(fd_cleanup) int fd = -1;
		char place[PATH_MAX], path[CHECK_PATH_BYTES];
		struct stat status;
		int r;

		if (directory >= 0)
			fd = fd_open_regular(directory, kind->mapper,
					     O_RDONLY | (root ? O_NOFOLLOW : 0));
		if (fd < 0) {
			int error = directory < 0 ? -directory : -fd;

			/* /bin may be /usr/bin. */
			if (directory < 0 ||
			    fstatat(directory, kind->mapper, &status,
				    root ? AT_SYMLINK_NOFOLLOW : 0) ||
			    !was_seen(&seen, &status))
				unseen |= may_be_there(check, directories[i],
						       kind->mapper, error);
			continue;
		}
		if (fstat(fd, &status) || was_seen(&seen, &status))
			continue;
		r = verb_name_directory(directory, root, directories[i], place);
		if (r)
			return r;
		snprintf(path, sizeof(path), "%s/%s", place, kind->mapper);
		r = check_mapper_file(check, kind, path, fd, &status);
		if (r)
			return r;
	}
	if (seen.n == 0 && !unseen) {
		struct problem problem =
			problem_of(CHECK_MAPPER_MISSING, kind, kind->mapper);

		/* An image need not be made for containers. */
		if (check->place.image)
			problem.severity = FINDING_NOTE;
		causes_evidence(&problem.cause,
				_("is not installed, so no user can map ids"));
		causes_cure(&problem.cause,
			    _("install it: it is part of this package, and of "
			      "the distribution's, as uidmap"));
		return check_report(check, &problem);
	}
	return 0;
}

/* The helper of the map writers of this build, if these are installed. */
static int check_helper(struct check *check)
{
	CLEANUP(helper_end) struct helper helper = HELPER_OF_MAP_WRITER;
	struct problem problem =
		problem_of(CHECK_HELPER_UNUSABLE, &kind_uid, HELPERDIR "/" HELPER_NAME);
	struct facts facts = { .kind = &kind_uid, .step = FACTS_CALLER };
	enum cause_id id;
	int64_t now;

	if (check->place.image || access(BINDIR "/newuidmap", F_OK))
		return 0;
	helper.each = HELPER_SECONDS_PATIENT * 1000;
	helper_exchange_begin(&helper, &now);
	facts.helper = helper.fault;
	if (facts.helper == 0 || causes_find(&facts, &id, 1) == 0)
		return 0;
	causes_describe(&facts, id, &problem.cause);
	return check_report(check, &problem);
}

/* Checks both map writers and their helper. Returns 0 or a status. */
int check_mappers(struct check *check)
{
	int r = find_mappers(check, &kind_uid);

	if (r == 0)
		r = find_mappers(check, &kind_gid);
	return r ? r : check_helper(check);
}
