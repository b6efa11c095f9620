// SPDX-License-Identifier: BSD-3-Clause
/*
 * A module of the name service that shows every behaviour a module can have. WORD is the
 * service. A name selects how it answers about that name, see names[]; struct control
 * selects how it answers about an id and in an enumeration. FEW leaves out all calls but
 * one.
 */
#include <errno.h>
#include <grp.h>
#include <nss.h>
#include <pwd.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/nss-module.h"

#pragma GCC visibility push(default)

#define JOIN_(word, call) _nss_##word##_##call
#define JOIN(word, call)  JOIN_(word, call)
#define CALL(call)	  JOIN(WORD, call)

struct nss_module_control nss_module_control;

enum nss_status CALL(getpwnam_r)(const char *name, struct passwd *entry, char *buffer,
				 size_t size, int *error);
#ifndef FEW
enum nss_status CALL(getpwuid_r)(uid_t uid, struct passwd *entry, char *buffer,
				 size_t size, int *error);
enum nss_status CALL(getgrnam_r)(const char *name, struct group *entry, char *buffer,
				 size_t size, int *error);
enum nss_status CALL(getgrgid_r)(gid_t gid, struct group *entry, char *buffer,
				 size_t size, int *error);
enum nss_status CALL(setpwent)(int stay_open);
enum nss_status CALL(getpwent_r)(struct passwd *entry, char *buffer, size_t size,
				 int *error);
enum nss_status CALL(endpwent)(void);
enum nss_status CALL(setgrent)(int stay_open);
enum nss_status CALL(getgrent_r)(struct group *entry, char *buffer, size_t size,
				 int *error);
enum nss_status CALL(endgrent)(void);
enum nss_status CALL(initgroups_dyn)(const char *name, gid_t gid, long *n,
				     long *allocated, gid_t **groups, long max,
				     int *error);
#endif

#pragma GCC visibility pop

/* The result: either a user or a group. */
struct found {
	struct passwd *user;
	struct group *group;
	char *buffer;
	size_t size;
	int *error;
};

static enum nss_status too_small(const struct found *found)
{
	*found->error = ERANGE;
	return NSS_STATUS_TRYAGAIN;
}

/* Fills in @name with @id; the buffer has to hold @bytes. */
static enum nss_status fill(const struct found *found, const char *name, uint32_t id,
			    size_t bytes)
{
	static char *no_members[] = { NULL };
	static char empty[] = "", home[] = "/home/unit";
	size_t len = strlen(name) + 1;

	if (found->size < (bytes > len ? bytes : len))
		return too_small(found);
	memcpy(found->buffer, name, len);
	if (found->group)
		*found->group = (struct group){ .gr_name = found->buffer,
						.gr_passwd = empty,
						.gr_gid = id,
						.gr_mem = no_members };
	else
		*found->user = (struct passwd){ .pw_name = found->buffer,
						.pw_passwd = empty,
						.pw_uid = id,
						.pw_gid = id + 1,
						.pw_gecos = empty,
						.pw_dir = home,
						.pw_shell = empty };
	return NSS_STATUS_SUCCESS;
}

static enum nss_status found_id(const struct found *found, const char *name,
				long long number)
{
	return fill(found, name, (uint32_t)number, 0);
}

/* Another spelling of the same account. */
static enum nss_status alias(const struct found *found, const char *name,
			     long long number)
{
	char other[32];

	(void)name;
	snprintf(other, sizeof(other), "id-%lld", number);
	return fill(found, other, (uint32_t)number, 0);
}

static enum nss_status big(const struct found *found, const char *name, long long number)
{
	return fill(found, name, 7, (size_t)number);
}

/* A name of so many bytes. */
static enum nss_status named(const struct found *found, const char *name,
			     long long number)
{
	char other[1024];

	(void)name;
	memset(other, 'n', sizeof(other));
	other[number] = '\0';
	return fill(found, other, 7, 0);
}

static enum nss_status unavailable(const struct found *found, const char *name,
				   long long number)
{
	(void)name;
	*found->error = (int)number;
	return NSS_STATUS_UNAVAIL;
}

static enum nss_status try_again(const struct found *found, const char *name,
				 long long number)
{
	(void)name;
	*found->error = (int)number;
	return NSS_STATUS_TRYAGAIN;
}

static enum nss_status not_found(const struct found *found, const char *name,
				 long long number)
{
	(void)name;
	*found->error = (int)number;
	return NSS_STATUS_NOTFOUND;
}

static enum nss_status is_asked_to_return(const struct found *found, const char *name,
					  long long number)
{
	(void)name;
	*found->error = (int)number;
	return NSS_STATUS_RETURN;
}

/* Does not know the account when it is asked for the first time. */
static enum nss_status is_late(const struct found *found, const char *name,
			       long long number)
{
	static bool asked;

	if (asked)
		return found_id(found, name, number);
	asked = true;
	return not_found(found, name, ENOENT);
}

static enum nss_status prints(const struct found *found, const char *name,
			      long long number)
{
	printf("a module has printed\n");
	fflush(stdout);
	fprintf(stderr, "a module has printed\n");
	return fill(found, name, (uint32_t)number, 0);
}

static enum nss_status crashes(const struct found *found, const char *name,
			       long long number)
{
	(void)found;
	(void)name;
	(void)number;
	signal(SIGSEGV, SIG_DFL);
	raise(SIGSEGV);
	return NSS_STATUS_NOTFOUND;
}

static enum nss_status exits(const struct found *found, const char *name,
			     long long number)
{
	(void)found;
	(void)name;
	_exit((int)number);
	return NSS_STATUS_NOTFOUND;
}

static enum nss_status hangs(const struct found *found, const char *name,
			     long long number)
{
	(void)found;
	(void)name;
	while (number >= 0)
		pause();
	return NSS_STATUS_NOTFOUND;
}

/* A name is one of these, a minus sign and a number. */
static const struct {
	const char *name;
	enum nss_status (*call)(const struct found *found, const char *name,
				long long number);
} names[] = {
	{ "alias", alias },
	{ "again", try_again },
	{ "big", big },
	{ "crash", crashes },
	{ "exit", exits },
	{ "hang", hangs },
	{ "id", found_id },
	{ "late", is_late },
	{ "named", named },
	{ "none", not_found },
	{ "print", prints },
	{ "return", is_asked_to_return },
	{ "unavail", unavailable },
};

static enum nss_status by_name(const struct found *found, const char *name)
{
	size_t len = strcspn(name, "-");

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strlen(names[i].name) == len &&
		    memcmp(names[i].name, name, len) == 0 && name[len])
			return names[i].call(found, name,
					     strtoll(name + len + 1, NULL, 10));
	*found->error = ENOENT;
	return NSS_STATUS_NOTFOUND;
}

enum nss_status CALL(getpwnam_r)(const char *name, struct passwd *entry, char *buffer,
				 size_t size, int *error)
{
	return by_name(&(struct found){ entry, NULL, buffer, size, error }, name);
}

#ifndef FEW
static enum nss_status by_id(const struct found *found, uint32_t id)
{
	struct nss_module_control *control = &nss_module_control;
	char name[32];

	if (control->n_asked < NSS_MODULE_ASKED)
		control->asked[control->n_asked] = id;
	control->n_asked++;
	if ((control->silent_id && control->silent_id == id) ||
	    (control->silent_call && control->silent_call == control->n_asked)) {
		/* What sssd's module returns when the daemon does not run. */
		*found->error = ENOENT;
		return NSS_STATUS_UNAVAIL;
	}
	if (id < control->first || id > control->last) {
		*found->error = ENOENT;
		return NSS_STATUS_NOTFOUND;
	}
	snprintf(name, sizeof(name), "id-%u", id);
	return fill(found, name, id, 0);
}

enum nss_status CALL(getpwuid_r)(uid_t uid, struct passwd *entry, char *buffer,
				 size_t size, int *error)
{
	return by_id(&(struct found){ entry, NULL, buffer, size, error }, uid);
}

enum nss_status CALL(getgrnam_r)(const char *name, struct group *entry, char *buffer,
				 size_t size, int *error)
{
	return by_name(&(struct found){ NULL, entry, buffer, size, error }, name);
}

enum nss_status CALL(getgrgid_r)(gid_t gid, struct group *entry, char *buffer,
				 size_t size, int *error)
{
	return by_id(&(struct found){ NULL, entry, buffer, size, error }, gid);
}

static size_t position;

static enum nss_status set(void)
{
	position = 0;
	return nss_module_control.set_fails ? NSS_STATUS_UNAVAIL : NSS_STATUS_SUCCESS;
}

static enum nss_status next(const struct found *found)
{
	const struct nss_module_control *control = &nss_module_control;
	enum nss_status status;
	char name[32];

	if (control->ends_after && position == control->ends_after) {
		*found->error = ENOENT;
		return NSS_STATUS_UNAVAIL;
	}
	if (position == control->enumerated) {
		*found->error = ENOENT;
		return NSS_STATUS_NOTFOUND;
	}
	snprintf(name, sizeof(name), "member-%zu", position);
	/* Some do not fit into the first buffer. */
	status = fill(found, name, control->enumerated_first + (uint32_t)position,
		      position % 7 == 3 ? 5000 : 0);
	position += status == NSS_STATUS_SUCCESS;
	return status;
}

enum nss_status CALL(setpwent)(int stay_open)
{
	(void)stay_open;
	return set();
}

enum nss_status CALL(getpwent_r)(struct passwd *entry, char *buffer, size_t size,
				 int *error)
{
	return next(&(struct found){ entry, NULL, buffer, size, error });
}

enum nss_status CALL(endpwent)(void)
{
	position = 0;
	return NSS_STATUS_SUCCESS;
}

enum nss_status CALL(setgrent)(int stay_open)
{
	(void)stay_open;
	return set();
}

enum nss_status CALL(getgrent_r)(struct group *entry, char *buffer, size_t size,
				 int *error)
{
	return next(&(struct found){ NULL, entry, buffer, size, error });
}

enum nss_status CALL(endgrent)(void)
{
	position = 0;
	return NSS_STATUS_SUCCESS;
}

enum nss_status CALL(initgroups_dyn)(const char *name, gid_t gid, long *n,
				     long *allocated, gid_t **groups, long max,
				     int *error)
{
	const struct nss_module_control *control = &nss_module_control;

	(void)name;
	(void)max;
	if (control->silent_id && control->silent_id == gid) {
		*error = ENOENT;
		return NSS_STATUS_UNAVAIL;
	}
	if (gid < control->first || gid > control->last)
		return NSS_STATUS_NOTFOUND;
	/* As many as make the list grow. */
	*allocated = 1000;
	free(*groups);
	*groups = calloc(1000, sizeof(**groups));
	*n = *groups ? 1000 : 0;
	return NSS_STATUS_SUCCESS;
}
#endif
