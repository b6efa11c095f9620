// SPDX-License-Identifier: BSD-3-Clause
/*
 * The environment of a map writer: variables, descriptors, signals. Each test runs in a
 * child, since it changes them.
 */
#include <signal.h>
#include <sys/resource.h>
#include <sys/sysmacros.h>

#include "mapwriter/startup.h"
#include "tests/unit/unit.h"

/* Writable strings, as in a real environment; a child does not free them. */
static char **environment_of(const char *const *variables, size_t n)
{
	char **all = calloc(n + 1, sizeof(*all));

	for (size_t i = 0; all && i < n; i++)
		all[i] = strdup(variables[i]);
	return all;
}

/* The variables that are kept, in the same order. */
static const char *environment(void *context)
{
	static const char *const given[] = {
		"LD_PRELOAD=/tmp/hostile.so",
		"LANG=de_DE.UTF-8",
		"LANGUAGE=de:fr",
		"LC_ALL=C",
		"LC_MESSAGES=fr_FR",
		"LC_ALL=/tmp/hostile",
		"LC_MESSAGES=../../tmp",
		"LC_CTYPE=a/",
		"LC_/=x",
		"LANG=/tmp",
		"LANG",
		"LANGX=de",
		"lang=de",
		"xLC_ALL=de",
		"LC=de",
		"TZ=:/tmp/hostile",
		"TZ=UTC",
		"GLIBC_TUNABLES=glibc.malloc.check=3",
		"OUTPUT_CHARSET=hostile",
		"LOCPATH=/tmp",
		"NLSPATH=/tmp/%N",
		"TEXTDOMAINDIR=/tmp",
		"GCONV_PATH=/tmp",
		"MALLOC_TRACE=/etc/shadow",
		"PATH=/tmp",
		"HOME=/tmp",
		"TMPDIR=/tmp",
		"RES_OPTIONS=debug",
		"",
		"=",
		"LC_TIME=",
		"LANG=",
	};
	static const char *const kept[] = {
		"LANG=de_DE.UTF-8", "LC_ALL=C", "LC_MESSAGES=fr_FR", "LC_TIME=", "LANG=",
	};

	(void)context;
	environ = environment_of(given, COUNT_OF(given));
	CHILD_ASSERT(startup_sanitize() == 0);
	for (size_t i = 0; i < COUNT_OF(kept); i++)
		CHILD_ASSERT(environ[i] && strcmp(environ[i], kept[i]) == 0);
	CHILD_ASSERT(!environ[COUNT_OF(kept)]);
	/* A second call changes nothing. */
	CHILD_ASSERT(startup_sanitize() == 0);
	CHILD_ASSERT(!environ[COUNT_OF(kept)] && strcmp(environ[0], kept[0]) == 0);
	return NULL;
}

Test(startup, environment)
{
	child_run(environment, NULL);
}

static const char *odd_environments(void *context)
{
	static char *empty[] = { NULL };
	static const char *const bad[] = { "LD_PRELOAD=x", "TZ=x" };

	(void)context;
	environ = NULL;
	CHILD_ASSERT(startup_sanitize() == 0 && !environ);
	environ = empty;
	CHILD_ASSERT(startup_sanitize() == 0 && !environ[0]);
	environ = environment_of(bad, COUNT_OF(bad));
	CHILD_ASSERT(startup_sanitize() == 0 && !environ[0]);
	return NULL;
}

/* No environment, an empty one, and one of which no variable is kept. */
Test(startup, odd_environments)
{
	child_run(odd_environments, NULL);
}

static bool is_null_device(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) &&
	       st.st_rdev == makedev(1, 3) && (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDWR;
}

/* @context: which of descriptors 0 to 2 are closed, as bits. */
static const char *descriptors(void *context)
{
	unsigned int closed = *(unsigned int *)context;
	int kept = open("/proc/self/status", O_RDONLY), lowest;
	struct stat before[3], after;

	CHILD_ASSERT(kept > 2);
	for (int fd = 0; fd < 3; fd++) {
		CHILD_ASSERT(dup2(kept, fd) == fd && fstat(fd, &before[fd]) == 0);
		if (closed >> fd & 1)
			close(fd);
	}
	CHILD_ASSERT(startup_sanitize() == 0);
	for (int fd = 0; fd < 3; fd++) {
		if (closed >> fd & 1)
			CHILD_ASSERT(is_null_device(fd));
		else
			CHILD_ASSERT(fstat(fd, &after) == 0 && !is_null_device(fd) &&
				     after.st_ino == before[fd].st_ino);
	}
	lowest = open("/", O_PATH);
	CHILD_ASSERT(lowest > 2);
	return NULL;
}

/* For each of the eight combinations, exactly the closed descriptors are opened. */
Test(startup, descriptors)
{
	for (unsigned int closed = 0; closed < 8; closed++)
		child_run(descriptors, &closed);
}

static const char *no_room(void *context)
{
	const struct rlimit none = { 0, 0 };

	(void)context;
	close(STDIN_FILENO);
	CHILD_ASSERT(setrlimit(RLIMIT_NOFILE, &none) == 0);
	CHILD_ASSERT(startup_sanitize() < 0);
	return NULL;
}

/* A descriptor that cannot be opened is an error: no file may get its number. */
Test(startup, no_room)
{
	child_run(no_room, NULL);
}

static const char *broken_pipe(void *context)
{
	int ends[2];

	(void)context;
	CHILD_ASSERT(startup_sanitize() == 0);
	CHILD_ASSERT(pipe(ends) == 0);
	close(ends[0]);
	CHILD_ASSERT(write(ends[1], "x", 1) == -1 && errno == EPIPE);
	return NULL;
}

/* A closed pipe is an error of write(2), and does not end the program. */
Test(startup, broken_pipe)
{
	child_run(broken_pipe, NULL);
}
