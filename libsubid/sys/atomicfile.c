// SPDX-License-Identifier: BSD-3-Clause
/*
 * atomicfile: temporary file, backup, rename.
 *
 * MUST: until the rename the old file is untouched, byte for byte, and what is in the
 * way (a full disk, a read-only one) is found out before it.
 * MUST: the backup is a copy: a program that opens it with O_TRUNC must not reach the
 * live file through a second link.
 * MUST: the new file has the mode, owner, POSIX ACL and user.* attributes of the old one,
 * and the label that the policy has for its own path, database or backup; nothing else is
 * carried over (security.capability, security.ima, trusted.*).
 *
 * The temporary names are fixed: who holds the locks may remove what a crash left.
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

/* Writes the temporary name number @which, below ATOMICFILE_NAMES. Thread-safe. */
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
 * Opens the database below @folder for a change. One that does not exist is no error.
 *
 * locked: the locks are held, so what a crash may have left under our temporary names is
 * removed.
 * Returns 0, -ELOOP (a symbolic link), -EISDIR or -EBADFD (no regular file), -EFBIG or
 * another -errno. End with atomicfile_cleanup().
 */
int atomicfile_open(struct atomicfile *file, int folder, const struct kind *kind,
		    bool locked)
{
	char name[NAME_BYTES];
	int fd;

	*file = (struct atomicfile){ .kind = kind, .folder = folder, .old = -1 };
	for (size_t i = 0; locked && i < ATOMICFILE_NAMES; i++) {
		atomicfile_name(kind, i, name);
		unlinkat(folder, name, 0);
	}
	fd = fd_open_regular(folder, kind->database, O_RDONLY | O_NOFOLLOW);
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

/* A file system without attributes has none to lose. */
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

/* Mode, owner, ACL and attributes of the database; the mode after the owner, for a change
 * of owner clears bits, and attributes after both, for an ACL is a mode. */
static int dress(const struct atomicfile *file, int fd)
{
	struct stat folder;

	if (file->exists) {
		if (fchown(fd, file->status.st_uid, file->status.st_gid) ||
		    fchmod(fd, file->status.st_mode & 07777))
			return -errno;
		return copy_attributes(file->old, fd);
	}
	/* Not the caller's, who may have no more than capabilities. */
	if (fstat(file->folder, &folder) || fchown(fd, folder.st_uid, folder.st_gid) ||
	    fchmod(fd, NEW_MODE))
		return -errno;
	return 0;
}

/* Copies the old file through a buffer: a second whole text would double the memory. */
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
		/* It changed meanwhile: nobody who holds the locks did that. */
		if (n > left || (n == 0 && left > 0))
			return -ESTALE;
		left -= n;
		r = fd_write_all(to, buffer, n);
	} while (r == 0 && n > 0);
	return r;
}

/* An error that is not about the database itself. Returns it, from errno. */
static int note_failed(struct atomicfile *file, const char *name)
{
	int r = -errno;

	snprintf(file->failed, sizeof(file->failed), "%s", name);
	return r;
}

/*
 * Writes a whole file under @name, the old one again with @text NULL, with the label that
 * belongs at @path; on disk when this returns 0, else it is gone.
 */
static int write_file(struct atomicfile *file, const char *name, const char *path,
		      const char *text, size_t len)
{
	CLEANUP(fd_cleanup)
	int fd = openat(file->folder, name,
			O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	int r;

	if (fd < 0)
		return errno == EEXIST ? note_failed(file, name) : -errno;
	r = text ? fd_write_all(fd, text, len) : copy_old(file, fd);
	if (r == 0)
		r = dress(file, fd);
	if (r == 0)
		r = label_set(fd, path);
	if (r == 0 && fsync(fd))
		r = -errno;
	if (r == 0 && close(TAKE_FD(fd)))
		r = -errno;
	if (r)
		unlinkat(file->folder, name, 0);
	return r;
}

/* The old text, as a copy, becomes the backup; from memory if it is still there. */
static int write_backup(struct atomicfile *file, const char *old)
{
	char name[NAME_BYTES];
	int r;

	name_backup(file->kind, name);
	r = write_file(file, name, file->kind->backup_path, old,
		       (size_t)file->status.st_size);
	if (r)
		return r;
	if (renameat(file->folder, name, file->folder, file->kind->backup)) {
		r = note_failed(file, file->kind->backup);
		unlinkat(file->folder, name, 0);
	}
	return r;
}

/*
 * Writes the new text under a temporary name and the old one as the backup, both on disk.
 *
 * old: the old text, as long as the file was when it was opened; NULL: it is read again.
 * Returns 0 or -errno; the database is untouched.
 */
int atomicfile_prepare(struct atomicfile *file, const char *text, size_t len,
		       const char *old)
{
	char name[NAME_BYTES];
	int r;

	name_new(file->kind, name);
	/* An empty table may have no text at all. */
	r = write_file(file, name, file->kind->path, text ? text : "", len);
	if (r)
		return r;
	file->temporary = true;
	return file->exists ? write_backup(file, old) : 0;
}

/*
 * Looks whether the database is still the file that was read: an editor takes no lock.
 * Returns 0, -ESTALE or another -errno.
 */
int atomicfile_check(const struct atomicfile *file)
{
	const struct stat *read = &file->status;
	struct stat now;

	if (fstatat(file->folder, file->kind->database, &now, AT_SYMLINK_NOFOLLOW)) {
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
	/* Of a file that is a mount of its own rename(2) says that it is busy. */
	if (linkat(file->folder, file->kind->database, file->folder, name, 0))
		return errno == EXDEV  ? -EBUSY :
		       errno == EEXIST ? note_failed(file, name) :
					 -errno;
	file->undo = true;
	return 0;
}

/* Puts the new file in place. Returns 0 or -errno: then the old one is. */
int atomicfile_rename(struct atomicfile *file)
{
	char name[NAME_BYTES];

	name_new(file->kind, name);
	if (renameat(file->folder, name, file->folder, file->kind->database))
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
	if (file->exists ?
		    renameat(file->folder, name, file->folder, file->kind->database) :
		    unlinkat(file->folder, file->kind->database, 0))
		return -errno;
	file->undo = false;
	file->renamed = false;
	return 0;
}

/* Takes the old file's second name away: from here on there is no way back. */
void atomicfile_forget_old(struct atomicfile *file)
{
	char name[NAME_BYTES];

	if (!file->undo)
		return;
	name_undo(file->kind, name);
	unlinkat(file->folder, name, 0);
	file->undo = false;
}

/* Makes the renames in the folder survive a power cut. Returns 0 or -errno. */
int atomicfile_sync(const struct atomicfile *file)
{
	return fsync(file->folder) ? -errno : 0;
}

/* Removes the temporary names and closes the old file. Takes ATOMICFILE_NONE. */
void atomicfile_cleanup(struct atomicfile *file)
{
	char name[NAME_BYTES];

	if (file->temporary) {
		name_new(file->kind, name);
		unlinkat(file->folder, name, 0);
	}
	atomicfile_forget_old(file);
	fd_close(file->old);
	*file = (struct atomicfile)ATOMICFILE_NONE;
}
