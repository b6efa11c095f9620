// SPDX-License-Identifier: BSD-3-Clause
/*
 * atomicfile: writes a temporary file and a backup, and renames.
 *
 * MUST: the old file is unchanged until the rename, and errors such as a full disk or a
 * read-only file system occur before it.
 * MUST: the backup is a copy: a program that opens it with O_TRUNC must not reach the
 * live file through a second link.
 * MUST: the new file has the mode, owner, POSIX ACL and user.* attributes of the old one,
 * and the label that the SELinux policy has for its path. Nothing else is copied
 * (security.capability, security.ima, trusted.*).
 *
 * The temporary names are fixed, so a process with the locks may remove leftovers.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "libsubid/sys/atomicfile.h"
#include "libsubid/sys/fd.h"
#include "libsubid/sys/label.h"

#define NAME_BYTES ATOMICFILE_NAME_BYTES
#define COPY_BYTES ((size_t)128 * 1024)
#define ACL	   "system.posix_acl_access"

/* Modes of a database that did not exist. */
#define NEW_MODE 0644

enum { NAME_NEW, NAME_BACKUP, NAME_UNDO };

/* Writes temporary name @which, which is below ATOMICFILE_NAMES. Thread-safe. */
void atomicfile_name(const struct kind *kind, size_t which, char name[static NAME_BYTES])
{
	static const char *const ends[ATOMICFILE_NAMES] = {
		[NAME_NEW] = "new",
		[NAME_BACKUP] = "backup",
		[NAME_UNDO] = "undo",
	};

	snprintf(name, NAME_BYTES, "%s.subid-%s", kind->database, ends[which]);
}

static void name_new(const struct kind *kind, char name[static NAME_BYTES])
{
	atomicfile_name(kind, NAME_NEW, name);
}

static void name_backup(const struct kind *kind, char name[static NAME_BYTES])
{
	atomicfile_name(kind, NAME_BACKUP, name);
}

static void name_undo(const struct kind *kind, char name[static NAME_BYTES])
{
	atomicfile_name(kind, NAME_UNDO, name);
}

/*
 * Opens the database in @directory for a change. A missing database is no error.
 *
 * locked: the locks are held: temporary files left by a crash are removed.
 * Returns 0, -ELOOP (a symbolic link), -EISDIR or -EBADFD (no regular file), -EFBIG or
 * another -errno. End with atomicfile_cleanup().
 */
int atomicfile_open(struct atomicfile *file, int directory, const struct kind *kind,
		    bool locked)
{
	char name[NAME_BYTES];
	int fd;

	*file = (struct atomicfile){ .kind = kind, .directory = directory, .old = -1 };
	for (size_t i = 0; locked && i < ATOMICFILE_NAMES; i++) {
		atomicfile_name(kind, i, name);
		unlinkat(directory, name, 0);
	}
	fd = fd_open_regular(directory, kind->database, O_RDONLY | O_NOFOLLOW);
	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	file->old = fd;
	if (fstat(fd, &file->status))
		return -errno;
	if (file->status.st_size > LIMIT_FILE_BYTES)
		return -EFBIG;
	file->exists = true;
	return 0;
}

/* The file system does not support attributes, or the attribute is not set. */
static bool has_no_attributes(int error)
{
	return error == ENOTSUP || error == ENODATA;
}

static int copy_attribute(int from, int to, const char *name)
{
	CLEANUP(cleanup_free) char *value = NULL;
	ssize_t n = fgetxattr(from, name, NULL, 0);

	if (n < 0)
		return has_no_attributes(errno) ? 0 : -errno;
	value = malloc((size_t)n + 1);
	if (!value)
		return -ENOMEM;
	n = fgetxattr(from, name, value, (size_t)n);
	if (n < 0 || fsetxattr(to, name, value, (size_t)n, 0))
		return -errno;
	return 0;
}

static int copy_attributes(int from, int to)
{
	CLEANUP(cleanup_free) char *names = NULL;
	ssize_t n = flistxattr(from, NULL, 0);

	if (n <= 0)
		return n == 0 || has_no_attributes(errno) ? 0 : -errno;
	names = malloc((size_t)n);
	if (!names)
		return -ENOMEM;
	n = flistxattr(from, names, (size_t)n);
	if (n < 0)
		return -errno;
	for (const char *name = names; name < names + n; name += strlen(name) + 1) {
		int r;

		if (strncmp(name, "user.", 5) != 0 && strcmp(name, ACL) != 0)
			continue;
		r = copy_attribute(from, to, name);
		if (r)
			return r;
	}
	return 0;
}

/* Copies owner, mode, ACL and attributes of the database, in this order: a change of
 * owner clears mode bits, and an ACL changes the mode. */
static int copy_metadata(const struct atomicfile *file, int fd)
{
	struct stat directory;

	if (file->exists) {
		if (fchown(fd, file->status.st_uid, file->status.st_gid) ||
		    fchmod(fd, file->status.st_mode & 07777))
			return -errno;
		return copy_attributes(file->old, fd);
	}
	/* The directory's owner: the caller may not be root but have capabilities. */
	if (fstat(file->directory, &directory) ||
	    fchown(fd, directory.st_uid, directory.st_gid) || fchmod(fd, NEW_MODE))
		return -errno;
	return 0;
}

/* Copies the old file through a buffer: the whole text would double the memory. */
static int copy_old(const struct atomicfile *file, int to)
{
	CLEANUP(cleanup_free) char *buffer = malloc(COPY_BYTES);
	size_t left = (size_t)file->status.st_size, n;
	int r;

	if (!buffer)
		return -ENOMEM;
	if (lseek(file->old, 0, SEEK_SET) < 0)
		return -errno;
	do {
		r = fd_read(file->old, buffer, COPY_BYTES, &n);
		if (r)
			return r;
		/* A process without the locks has changed it meanwhile. */
		if (n > left || (n == 0 && left > 0))
			return -ESTALE;
		left -= n;
		r = fd_write_all(to, buffer, n);
	} while (r == 0 && n > 0);
	return r;
}

/* Stores the name of another file than the database for an error. Returns -errno. */
static int note_failed(struct atomicfile *file, const char *name)
{
	int r = -errno;

	snprintf(file->failed, sizeof(file->failed), "%s", name);
	return r;
}

/* Creates a file that only its owner can read. Returns a descriptor or -errno. */
int atomicfile_create(int directory, const char *name)
{
	int fd = openat(directory, name,
			O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	return fd < 0 ? -errno : fd;
}

/*
 * Ends a file that was created and written with the result @r: gives it the label for
 * @path and closes it. With 0 it is on disk, else it is removed.
 */
int atomicfile_finish(int directory, const char *name, const char *path, int fd, int r)
{
	if (r == 0)
		r = label_set(fd, path);
	if (r == 0 && fsync(fd))
		r = -errno;
	if (close(fd) && r == 0)
		r = -errno;
	if (r)
		unlinkat(directory, name, 0);
	return r;
}

/*
 * Writes a file @name with @text (NULL: the old text) and the label for @path. With 0 it
 * is on disk, else it is removed.
 */
static int write_file(struct atomicfile *file, const char *name, const char *path,
		      const char *text, size_t len)
{
	int fd = atomicfile_create(file->directory, name), r;

	if (fd < 0)
		return fd == -EEXIST ? note_failed(file, name) : fd;
	r = text ? fd_write_all(fd, text, len) : copy_old(file, fd);
	if (r == 0)
		r = copy_metadata(file, fd);
	return atomicfile_finish(file->directory, name, path, fd, r);
}

/* Writes the old text to the backup; @old as in atomicfile_prepare(). */
static int write_backup(struct atomicfile *file, const char *old)
{
	char name[NAME_BYTES];
	int r;

	name_backup(file->kind, name);
	r = write_file(file, name, file->kind->backup_path, old,
		       (size_t)file->status.st_size);
	if (r)
		return r;
	if (renameat(file->directory, name, file->directory, file->kind->backup)) {
		r = note_failed(file, file->kind->backup);
		unlinkat(file->directory, name, 0);
	}
	return r;
}

/*
 * Writes the new text to a temporary file and the old one to the backup; syncs both.
 *
 * old: the old text, as long as the file was when it was opened; NULL: read it again.
 * Returns 0 or -errno; the database is unchanged.
 */
int atomicfile_prepare(struct atomicfile *file, const char *text, size_t len,
		       const char *old)
{
	char name[NAME_BYTES];
	int r;

	name_new(file->kind, name);
	/* The text of an empty table may be NULL. */
	r = write_file(file, name, file->kind->path, text ? text : "", len);
	if (r)
		return r;
	file->temporary = true;
	return file->exists ? write_backup(file, old) : 0;
}

/*
 * Checks that the database is still the file that was read: editors take no lock. Returns
 * 0, -ESTALE or another -errno.
 */
int atomicfile_check(const struct atomicfile *file)
{
	const struct stat *read = &file->status;
	struct stat now;

	if (fstatat(file->directory, file->kind->database, &now, AT_SYMLINK_NOFOLLOW)) {
		if (errno != ENOENT)
			return -errno;
		return file->exists ? -ESTALE : 0;
	}
	if (!file->exists || now.st_dev != read->st_dev || now.st_ino != read->st_ino ||
	    now.st_size != read->st_size || now.st_mtim.tv_sec != read->st_mtim.tv_sec ||
	    now.st_mtim.tv_nsec != read->st_mtim.tv_nsec)
		return -ESTALE;
	return 0;
}

/*
 * Gives the old file a second name, so that atomicfile_put_back() can undo the rename.
 * Returns 0 or -errno.
 */
int atomicfile_keep_old(struct atomicfile *file)
{
	char name[NAME_BYTES];

	if (!file->exists)
		return 0;
	name_undo(file->kind, name);
	/* If the file is a mount point, return what rename(2) would. */
	if (linkat(file->directory, file->kind->database, file->directory, name, 0))
		return errno == EXDEV  ? -EBUSY :
		       errno == EEXIST ? note_failed(file, name) :
					 -errno;
	file->undo = true;
	return 0;
}

/* Replaces the old file with the new one. Returns 0, or -errno without a change. */
int atomicfile_rename(struct atomicfile *file)
{
	char name[NAME_BYTES];

	name_new(file->kind, name);
	if (renameat(file->directory, name, file->directory, file->kind->database))
		return -errno;
	file->temporary = false;
	file->renamed = true;
	return 0;
}

/* Undoes atomicfile_rename(), after atomicfile_keep_old(). Returns 0 or -errno. */
int atomicfile_put_back(struct atomicfile *file)
{
	char name[NAME_BYTES];

	if (!file->renamed)
		return 0;
	name_undo(file->kind, name);
	if (file->exists ? renameat(file->directory, name, file->directory,
				    file->kind->database) :
			   unlinkat(file->directory, file->kind->database, 0))
		return -errno;
	file->undo = false;
	file->renamed = false;
	return 0;
}

/* Removes the second name of the old file; no undo is possible afterwards. */
void atomicfile_forget_old(struct atomicfile *file)
{
	char name[NAME_BYTES];

	if (!file->undo)
		return;
	name_undo(file->kind, name);
	unlinkat(file->directory, name, 0);
	file->undo = false;
}

/* Syncs the directory, so that renames survive a power cut. Returns 0 or -errno. */
int atomicfile_sync(const struct atomicfile *file)
{
	return fsync(file->directory) ? -errno : 0;
}

/* Removes the temporary names and closes the old file. Takes ATOMICFILE_NONE. */
void atomicfile_cleanup(struct atomicfile *file)
{
	char name[NAME_BYTES];

	if (file->temporary) {
		name_new(file->kind, name);
		unlinkat(file->directory, name, 0);
	}
	atomicfile_forget_old(file);
	fd_close(file->old);
	*file = (struct atomicfile)ATOMICFILE_NONE;
}
