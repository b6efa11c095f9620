// SPDX-License-Identifier: BSD-3-Clause
/*
 * minimal-rewrite DIRECTORY NAME: the steps that every safe change of a file needs. Reads
 * the file into memory, writes a new one and syncs it; copies it to a backup, which is
 * synced and renamed; renames the new one and syncs the directory. The text is unchanged.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define COPY_BYTES (128 * 1024)

static void write_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, text, len);

		if (n <= 0)
			err(1, "write");
		text += n;
		len -= (size_t)n;
	}
}

static size_t read_all(int fd, char *text, size_t size)
{
	size_t len = 0;
	ssize_t n;

	while ((n = read(fd, text + len, size - len)) > 0)
		len += (size_t)n;
	if (n < 0)
		err(1, "read");
	return len;
}

static int make(int directory, const char *name)
{
	int fd = openat(directory, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0)
		err(1, "%s", name);
	return fd;
}

static void finish(int directory, int fd, const char *from, const char *to)
{
	if (fsync(fd) || close(fd) || renameat(directory, from, directory, to))
		err(1, "%s", to);
}

int main(int argc, char **argv)
{
	static char buffer[COPY_BYTES];
	char backup[256];
	struct stat status;
	int directory, old, fd, copy;
	ssize_t n;
	char *text;

	if (argc != 3)
		errx(1, "minimal-rewrite DIRECTORY NAME");
	directory = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	old = openat(directory, argv[2], O_RDONLY | O_CLOEXEC);
	if (old < 0 || fstat(old, &status))
		err(1, "%s/%s", argv[1], argv[2]);
	text = malloc((size_t)status.st_size + 1);
	if (!text)
		err(1, "malloc");

	fd = make(directory, "minimal-new");
	write_all(fd, text, read_all(old, text, (size_t)status.st_size + 1));
	if (fsync(fd) || lseek(old, 0, SEEK_SET) < 0)
		err(1, "minimal-new");
	copy = make(directory, "minimal-backup");
	while ((n = read(old, buffer, sizeof(buffer))) > 0)
		write_all(copy, buffer, (size_t)n);
	snprintf(backup, sizeof(backup), "%s-", argv[2]);
	finish(directory, copy, "minimal-backup", backup);
	finish(directory, fd, "minimal-new", argv[2]);
	if (fsync(directory))
		err(1, "%s", argv[1]);
	return EXIT_SUCCESS;
}
