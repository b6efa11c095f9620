// SPDX-License-Identifier: BSD-3-Clause
/*
 * Opens a library by its full file name, makes calls, closes it, again and again:
 *
 *	subidload FILE TIMES
 *
 * and prints what has changed: threads, descriptors, bytes in use, whether it is still
 * mapped, and how many answers were wrong.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <malloc.h>
#include <shadow/subid.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int wrong;

static int entries(const char *directory)
{
	DIR *stream = opendir(directory);
	int n = 0;

	while (stream && readdir(stream))
		n++;
	closedir(stream);
	return n;
}

static bool is_mapped(const char *path)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	bool found = false;
	char line[4096];

	while (maps && fgets(line, sizeof(line), maps))
		found |= strstr(line, path) != NULL;
	fclose(maps);
	return found;
}

static void once(const char *path)
{
	void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	int (*get)(const char *, struct subid_range **);
	int (*owners)(uid_t, uid_t **);
	bool (*grant)(struct subordinate_range *, bool);
	struct subordinate_range range = { "elsa", 0, 10 };
	struct subid_range *ranges = NULL;
	uid_t *uids = NULL;

	if (!library) {
		fprintf(stderr, "%s\n", dlerror());
		exit(2);
	}
	*(void **)&get = dlsym(library, "subid_get_uid_ranges");
	*(void **)&owners = dlsym(library, "subid_get_gid_owners");
	*(void **)&grant = dlsym(library, "subid_grant_uid_range");
	wrong += get("elsa", &ranges) != 1 || ranges[0].start != 100000;
	wrong += owners(100001, &uids) != 1 || uids[0] != 5001;
	wrong += !grant(&range, true) || range.start != 100000;
	free(ranges);
	free(uids);
	dlclose(library);
}

int main(int argc, char **argv)
{
	int times = argc == 3 ? atoi(argv[2]) : 0, threads, fds;
	size_t used;

	/* Memory that is allocated once, such as the name service's, is no leak. */
	for (int i = 0; i < 3; i++)
		once(argv[1]);
	threads = entries("/proc/self/task");
	fds = entries("/proc/self/fd");
	used = mallinfo2().uordblks;
	for (int i = 0; i < times; i++)
		once(argv[1]);
	printf("threads %d, descriptors %d, bytes %ld, mapped %d, wrong %d\n",
	       entries("/proc/self/task") - threads, entries("/proc/self/fd") - fds,
	       (long)(mallinfo2().uordblks - used), is_mapped(argv[1]), wrong);
	return 0;
}
