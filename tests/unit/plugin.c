// SPDX-License-Identifier: BSD-3-Clause
/*
 * A plugin that shows every behaviour a plugin can have. ROLE selects what it does, or
 * else the owner that it is asked about. NO_FREE and NO_CALL leave out a call. The
 * effects of MALLOC, NOISY, EXIT_AT_LOAD and EXIT_AT_UNLOAD follow from their names.
 * CAREFUL answers only where libraries find that the program is a privileged one, and a
 * program that it starts has no other descriptors.
 */
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#pragma GCC visibility push(default)

struct subid_range {
	unsigned long start;
	unsigned long count;
};

int shadow_subid_has_range(const char *owner, unsigned long start, unsigned long count,
			   int type, bool *result);
int shadow_subid_list_owner_ranges(const char *owner, int type,
				   struct subid_range **ranges, int *count);
int shadow_subid_find_subid_owners(unsigned long id, int type, uid_t **uids, int *count);
void shadow_subid_free(void *array);

/* Beyond all ids, or as far as unsigned long reaches. */
#define FAR (ULONG_MAX > 4294967295 ? (unsigned long)4294967296ULL : ULONG_MAX)

enum status { SUCCESS, UNKNOWN_USER, ERROR_CONN, ERROR };

static const struct {
	const char *role;
	int status, count;
	struct subid_range ranges[2];
} roles[] = {
	/* Two adjacent ranges, as SSSD returns them. */
	{ "elsa", SUCCESS, 2, { { 165536, 65536 }, { 100000, 65536 } } },
	{ "last", SUCCESS, 1, { { 4294967295, 1 } } },
	{ "nothing", SUCCESS, 0, { { 0 } } },
	{ "unknown", UNKNOWN_USER, 0, { { 0 } } },
	{ "conn", ERROR_CONN, 0, { { 0 } } },
	{ "error", ERROR, 0, { { 0 } } },
	/* Invalid answers. */
	{ "status", 4, 1, { { 100000, 65536 } } },
	{ "status-negative", -1, 1, { { 100000, 65536 } } },
	{ "negative", SUCCESS, -1, { { 100000, 65536 } } },
	{ "least", SUCCESS, INT_MIN, { { 100000, 65536 } } },
	{ "huge", SUCCESS, INT_MAX, { { 100000, 65536 } } },
	{ "many", SUCCESS, 65537, { { 100000, 65536 } } },
	{ "null", SUCCESS, 1, { { 0 } } },
	{ "zero", SUCCESS, 2, { { 100000, 65536 }, { 200000, 0 } } },
	{ "beyond", SUCCESS, 2, { { 100000, 65536 }, { 4294967295, 2 } } },
	{ "far", SUCCESS, 1, { { FAR, 2 } } },
	{ "wrap", SUCCESS, 1, { { ULONG_MAX, 2 } } },
	{ "all", SUCCESS, 1, { { 2, ULONG_MAX } } },
	/* The uid and gid of elsa. */
	{ "own", SUCCESS, 1, { { 5001, 1 } } },
	/* They answer about extents otherwise than they list. */
	{ "deny", SUCCESS, 2, { { 165536, 65536 }, { 100000, 65536 } } },
	{ "deny-own", SUCCESS, 1, { { 5001, 1 } } },
	{ "deny-large", SUCCESS, 1, { { 100000, 65536 } } },
	{ "deny-unset", SUCCESS, 1, { { 100000, 65536 } } },
	{ "deny-unknown", SUCCESS, 1, { { 100000, 65536 } } },
	{ "more", SUCCESS, 1, { { 100000, 65536 } } },
	{ "says-two", SUCCESS, 1, { { 100000, 65536 } } },
	{ "says-conn", SUCCESS, 1, { { 100000, 65536 } } },
	{ "says-error", SUCCESS, 1, { { 100000, 65536 } } },
	{ "says-status", SUCCESS, 1, { { 100000, 65536 } } },
	{ "says-crash", SUCCESS, 1, { { 100000, 65536 } } },
};

/* The answer about extents; otherwise whether one range holds them, as SSSD's. */
enum says {
	WITHIN,
	NO,
	YES,
	NO_IF_LARGE, /* 65536 ids or more */
	NO_WORD,     /* it does not write the answer */
	TWO,	     /* neither true nor false */
	SAYS_UNKNOWN,
	SAYS_CONN,
	SAYS_ERROR,
	SAYS_STATUS,
	CRASH,
};

static const struct {
	const char *role;
	enum says says;
} sayings[] = {
	{ "deny", NO },
	{ "deny-own", NO },
	{ "deny-large", NO_IF_LARGE },
	{ "deny-unset", NO_WORD },
	{ "deny-unknown", SAYS_UNKNOWN },
	{ "more", YES },
	{ "says-two", TWO },
	{ "says-conn", SAYS_CONN },
	{ "says-error", SAYS_ERROR },
	{ "says-status", SAYS_STATUS },
	{ "says-crash", CRASH },
};

#define ROLES (sizeof(roles) / sizeof(roles[0]))

/* Answers that have not been freed yet. */
extern int subid_test_answers;
int subid_test_answers;

__attribute__((constructor)) static void load(void)
{
#ifdef NOISY
	dprintf(1, "noise\n");
	dprintf(2, "noise\n");
#endif
#ifdef EXIT_AT_LOAD
	_exit(0);
#endif
}

__attribute__((destructor)) static void unload(void)
{
#ifdef EXIT_AT_UNLOAD
	_exit(0);
#endif
}

/* Without shadow_subid_free(), or with MALLOC, its answers are memory of malloc(3),
 * otherwise other memory. */
#if defined NO_FREE || defined MALLOC
enum { AHEAD = 0 };
#else
enum { AHEAD = 64 };
#endif

static void *answer(size_t size)
{
	char *memory = malloc(size + AHEAD);

#ifndef NO_FREE
	subid_test_answers++;
#endif
	return memory ? memory + AHEAD : NULL;
}

#ifndef NO_FREE
void shadow_subid_free(void *array)
{
	subid_test_answers--;
	free((char *)array - AHEAD);
}
#endif

#ifdef CAREFUL
static bool is_apart(void)
{
	return getauxval(AT_SECURE) && system("test ! -e /proc/self/fd/3") == 0;
}
#endif

static size_t find(const char *owner)
{
#ifdef CAREFUL
	if (!is_apart())
		return ROLES;
#endif
#ifdef ROLE
	owner = ROLE;
#endif
	if (strcmp(owner, "exit") == 0)
		exit(0);
	if (strcmp(owner, "crash") == 0)
		raise(SIGSEGV);
	/* It closes descriptors that are not its own, and never returns. */
	if (strcmp(owner, "shut") == 0)
		for (int fd = STDERR_FILENO + 1; fd < 64; fd++)
			close(fd);
	if (strcmp(owner, "hang") == 0 || strcmp(owner, "shut") == 0)
		for (;;)
			pause();
	for (size_t i = 0; i < ROLES; i++)
		if (strcmp(roles[i].role, owner) == 0)
			return i;
	return ROLES;
}

/* An array as it was announced; one with an invalid answer is not freed here. */
static bool is_array(size_t i)
{
	return roles[i].status == SUCCESS && roles[i].ranges[0].start &&
	       roles[i].count > 0 && roles[i].count <= 2;
}

/* Whether the ids of an array are moved, see below. */
static bool is_moved(size_t i, int type)
{
	return type == 2 && roles[i].ranges[0].start > 65536 &&
	       roles[i].ranges[0].start < 1000000;
}

static bool is_within(size_t i, unsigned long start, unsigned long count, int type)
{
	unsigned long shift = is_moved(i, type) ? 10000000 : 0;

	for (size_t k = 0; k < 2; k++)
		if (start - shift >= roles[i].ranges[k].start &&
		    start - shift + count <=
			    roles[i].ranges[k].start + roles[i].ranges[k].count)
			return true;
	return false;
}

static enum says says_of(size_t i)
{
	for (size_t k = 0; k < sizeof(sayings) / sizeof(sayings[0]); k++)
		if (strcmp(sayings[k].role, roles[i].role) == 0)
			return sayings[k].says;
	return WITHIN;
}

int shadow_subid_has_range(const char *owner, unsigned long start, unsigned long count,
			   int type, bool *result)
{
	size_t i = find(owner);

	if (i == ROLES)
		return UNKNOWN_USER;
	switch (says_of(i)) {
	case WITHIN:
		*result = is_within(i, start, count, type);
		return SUCCESS;
	case NO_IF_LARGE:
		*result = count < 65536;
		return SUCCESS;
	case NO:
	case YES:
		*result = says_of(i) == YES;
		return SUCCESS;
	case NO_WORD:
		return SUCCESS;
	case TWO:
		memset(result, 2, 1);
		return SUCCESS;
	case SAYS_UNKNOWN:
		*result = true;
		return UNKNOWN_USER;
	case SAYS_CONN:
		return ERROR_CONN;
	case SAYS_ERROR:
		*result = true;
		return ERROR;
	case SAYS_STATUS:
		*result = true;
		return 4;
	case CRASH:
		raise(SIGSEGV);
	}
	return SUCCESS;
}

/* Ranges of group ids lie 10000000 higher. */
int shadow_subid_list_owner_ranges(const char *owner, int type,
				   struct subid_range **ranges, int *count)
{
	static struct subid_range invalid[2] = { { 100000, 65536 }, { 100000, 65536 } };
	size_t i = find(owner);

	if (i == ROLES)
		return UNKNOWN_USER;
	if (is_array(i)) {
		struct subid_range *array = answer(sizeof(roles[i].ranges));

		if (!array)
			return ERROR;
		memcpy(array, roles[i].ranges, sizeof(roles[i].ranges));
		for (size_t k = 0; k < 2 && is_moved(i, type); k++)
			array[k].start += 10000000;
		*ranges = array;
	} else if (roles[i].ranges[0].start) {
		*ranges = invalid;
	}
	*count = roles[i].count;
	return roles[i].status;
}

#ifndef NO_CALL
#ifdef ROLE
/* Returns its number, if it has the id or has no ids. */
static unsigned long role_of(unsigned long id, int type)
{
	size_t i = find(ROLE);
	unsigned long shift = is_moved(i, type) ? 10000000 : 0;

	for (size_t k = 0; k < 2 && is_array(i); k++)
		if (id - shift - roles[i].ranges[k].start < roles[i].ranges[k].count)
			return i;
	return is_array(i) ? ROLES : i;
}
#else
/* The role is chosen by its number. */
static unsigned long role_of(unsigned long id, int type)
{
	(void)type;
	return id;
}
#endif

int shadow_subid_find_subid_owners(unsigned long id, int type, uid_t **uids, int *count)
{
	static uid_t invalid[2] = { 5001, 5001 };

	id = role_of(id, type);
	if (id >= ROLES)
		return UNKNOWN_USER;
	if (is_array(id)) {
		uid_t *array = answer(2 * sizeof(*array));

		if (!array)
			return ERROR;
		array[0] = 5001;
		array[1] = 5002;
		*uids = array;
	} else if (roles[id].ranges[0].start) {
		*uids = invalid;
	}
	*count = roles[id].count;
	return roles[id].status;
}
#endif
