// SPDX-License-Identifier: BSD-3-Clause
/*
 * nss_directory: a name service whose accounts, spellings and behaviour are read from the
 * file /etc/nss-directory at each call:
 *
 *	user UID GID CANONICAL [SPELLING...]	getpwnam(3) of any of the names answers
 *						with the first one
 *	group GID NAME [SPELLING...]
 *	fold yes|no				names in any case
 *	enumerate yes|no			getpwent(3) and getgrent(3)
 *	mode CALL MODE [N]			the last line for a call counts
 *
 * CALL is getpwnam, getpwuid, getpwent, getgrnam, getgrgid, getgrent, initgroups or all.
 * MODE is answer, delay (N microseconds, and then an answer), notfound, unavail (with the
 * errno N), tryagain (the same), hang, crash, exit (with status N), or print (to the file
 * descriptors 1 and 2, and then an answer).
 *
 * Where the file /etc/nss-directory.asked exists, a line `CALL WORD` is appended for each
 * call.
 *
 * LARGE is a number of bytes that it needs to be loaded, as one with large libraries.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <nss.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PATH	   "/etc/nss-directory"
#define PATH_ASKED "/etc/nss-directory.asked"
#define NAMES	   8
#define MODES	   16

#define LARGE_DIRECTORY 1000 /* accounts */

struct account {
	bool group;
	unsigned int id;
	unsigned int gid; /* of a user */
	char *names[NAMES];
	size_t n;
};

struct mode {
	char *call;
	char *word;
	int number;
};

static struct {
	struct stat stat;
	char *text; /* the words below point into it */
	struct account *accounts;
	size_t n;
	struct mode modes[MODES];
	size_t n_modes;
	bool fold;
	bool enumerate;
} directory;

static size_t next_user, next_group;

#ifdef LARGE
char nss_directory_large[LARGE];
#endif

static unsigned int number(const char *word)
{
	return word ? (unsigned int)strtoul(word, NULL, 10) : 0;
}

static void read_account(bool group, char **rest)
{
	struct account *account = &directory.accounts[directory.n++];
	char *word;

	*account = (struct account){ .group = group };
	account->id = number(strtok_r(NULL, " ", rest));
	account->gid = group ? account->id : number(strtok_r(NULL, " ", rest));
	while (account->n < NAMES && (word = strtok_r(NULL, " ", rest)))
		account->names[account->n++] = word;
	if (account->n == 0)
		directory.n--;
}

static void read_mode(char **rest)
{
	struct mode mode = { .call = strtok_r(NULL, " ", rest) };

	mode.word = strtok_r(NULL, " ", rest);
	mode.number = (int)number(strtok_r(NULL, " ", rest));
	if (mode.word && directory.n_modes < MODES)
		directory.modes[directory.n_modes++] = mode;
}

static void read_line(char *line)
{
	char *rest = NULL, *word = strtok_r(line, " ", &rest);

	if (!word)
		return;
	if (strcmp(word, "user") == 0 || strcmp(word, "group") == 0) {
		read_account(word[0] == 'g', &rest);
	} else if (strcmp(word, "mode") == 0) {
		read_mode(&rest);
	} else if (strcmp(word, "fold") == 0 || strcmp(word, "enumerate") == 0) {
		char *value = strtok_r(NULL, " ", &rest);

		*(word[0] == 'f' ? &directory.fold : &directory.enumerate) =
			value && strcmp(value, "yes") == 0;
	}
}

/* Reads what @fd holds; the file is small and replaced as a whole. */
static void read_text(int fd, size_t size)
{
	ssize_t got;
	char *rest;

	free(directory.text);
	free(directory.accounts);
	directory.n = directory.n_modes = 0;
	directory.fold = directory.enumerate = false;
	directory.text = calloc(1, size + 1);
	directory.accounts = calloc(size / 8 + 1, sizeof(*directory.accounts));
	if (!directory.text || !directory.accounts)
		abort();
	got = read(fd, directory.text, size);
	directory.text[got < 0 ? 0 : got] = '\0';
	rest = directory.text;
	for (char *line; (line = strsep(&rest, "\n"));)
		read_line(line);
}

/* Reads the file if it has changed. */
static void refresh(void)
{
	int fd = open(PATH, O_RDONLY | O_CLOEXEC);
	struct stat now;

	if (fd < 0)
		return;
	if (fstat(fd, &now) == 0 &&
	    (!directory.text || now.st_ino != directory.stat.st_ino ||
	     now.st_size != directory.stat.st_size ||
	     now.st_mtim.tv_sec != directory.stat.st_mtim.tv_sec ||
	     now.st_mtim.tv_nsec != directory.stat.st_mtim.tv_nsec)) {
		read_text(fd, (size_t)now.st_size);
		directory.stat = now;
	}
	close(fd);
}

static void note(const char *call, const char *word)
{
	int fd = open(PATH_ASKED, O_WRONLY | O_APPEND | O_CLOEXEC);
	char line[512];
	int n;

	if (fd < 0)
		return;
	n = snprintf(line, sizeof(line), "%s %s\n", call, word);
	if (write(fd, line, (size_t)n) != n)
		abort();
	close(fd);
}

/* Waits for short times in a loop, since a sleep would take longer. */
static void delay(int microseconds)
{
	struct timespec begin, now;

	if (microseconds >= 1000) {
		usleep((useconds_t)microseconds);
		return;
	}
	clock_gettime(CLOCK_MONOTONIC, &begin);
	do
		clock_gettime(CLOCK_MONOTONIC, &now);
	while ((now.tv_sec - begin.tv_sec) * 1000000L +
		       (now.tv_nsec - begin.tv_nsec) / 1000 <
	       microseconds);
}

static void print(void)
{
	for (int fd = 1; fd <= 2; fd++)
		if (write(fd, "module prints\n", 14) < 0)
			return;
}

/* What a call does before it answers; NSS_STATUS_SUCCESS: it answers. */
static enum nss_status behave(const char *call, const char *word, int *error)
{
	const char *mode = "answer";
	int value = 0;

	refresh();
	note(call, word);
	for (size_t i = 0; i < directory.n_modes; i++)
		if (strcmp(directory.modes[i].call, call) == 0 ||
		    strcmp(directory.modes[i].call, "all") == 0) {
			mode = directory.modes[i].word;
			value = directory.modes[i].number;
		}
	if (strcmp(mode, "delay") == 0)
		delay(value);
	else if (strcmp(mode, "print") == 0)
		print();
	else if (strcmp(mode, "crash") == 0)
		abort();
	else if (strcmp(mode, "exit") == 0)
		_exit(value);
	else if (strcmp(mode, "notfound") == 0)
		return NSS_STATUS_NOTFOUND;
	while (strcmp(mode, "hang") == 0)
		pause();
	if (strcmp(mode, "unavail") == 0 || strcmp(mode, "tryagain") == 0) {
		errno = *error = value;
		return mode[0] == 'u' ? NSS_STATUS_UNAVAIL : NSS_STATUS_TRYAGAIN;
	}
	return NSS_STATUS_SUCCESS;
}

static bool is_named(const struct account *account, const char *name)
{
	for (size_t i = 0; i < account->n; i++)
		if (directory.fold ? strcasecmp(account->names[i], name) == 0 :
				     strcmp(account->names[i], name) == 0)
			return true;
	return false;
}

static bool is_wanted(const struct account *account, bool group, const char *name,
		      unsigned int id)
{
	return account->group == group &&
	       (name ? is_named(account, name) : account->id == id);
}

/*
 * Returns the first of these accounts. Of a large directory, which has no two with one
 * name, the account after the last answer is compared first, so that questions in its
 * order cost no search.
 */
static const struct account *find(bool group, const char *name, unsigned int id)
{
	static size_t next;

	if (directory.n >= LARGE_DIRECTORY && next < directory.n &&
	    is_wanted(&directory.accounts[next], group, name, id))
		return &directory.accounts[next++];
	for (size_t i = 0; i < directory.n; i++)
		if (is_wanted(&directory.accounts[i], group, name, id)) {
			next = i + 1;
			return &directory.accounts[i];
		}
	return NULL;
}

/* The account after the one that was returned last. */
static const struct account *find_next(bool group)
{
	size_t *next = group ? &next_group : &next_user;

	while (directory.enumerate && *next < directory.n) {
		const struct account *account = &directory.accounts[(*next)++];

		if (account->group == group)
			return account;
	}
	return NULL;
}

/* The name and an empty text, in the caller's buffer; NULL: it is too small. */
static char *copy_name(const struct account *account, char **buffer, size_t size,
		       size_t more, int *error)
{
	size_t len = strlen(account->names[0]) + 1, pad;
	char *text = *buffer;

	pad = -(uintptr_t)text % sizeof(char *);
	if (size < pad + more + len + 1) {
		errno = *error = ERANGE;
		return NULL;
	}
	*buffer = text + pad;
	memset(*buffer, 0, more);
	memcpy(*buffer + more, account->names[0], len);
	(*buffer)[more + len] = '\0';
	return *buffer + more;
}

static enum nss_status give_user(const struct account *account, struct passwd *entry,
				 char *buffer, size_t size, int *error)
{
	char *name, *empty;

	if (!account)
		return NSS_STATUS_NOTFOUND;
	name = copy_name(account, &buffer, size, 0, error);
	if (!name)
		return NSS_STATUS_TRYAGAIN;
	empty = name + strlen(name) + 1;
	*entry = (struct passwd){ name,	 empty, account->id, account->gid,
				  empty, empty, empty };
	return NSS_STATUS_SUCCESS;
}

static enum nss_status give_group(const struct account *account, struct group *entry,
				  char *buffer, size_t size, int *error)
{
	char *name;

	if (!account)
		return NSS_STATUS_NOTFOUND;
	name = copy_name(account, &buffer, size, sizeof(char *), error);
	if (!name)
		return NSS_STATUS_TRYAGAIN;
	*entry = (struct group){ name, name + strlen(name) + 1, account->id,
				 (char **)(void *)buffer };
	return NSS_STATUS_SUCCESS;
}

enum nss_status _nss_subiddir_getpwnam_r(const char *name, struct passwd *entry,
					 char *buffer, size_t size, int *error)
{
	enum nss_status status = behave("getpwnam", name, error);

	return status == NSS_STATUS_SUCCESS ?
		       give_user(find(false, name, 0), entry, buffer, size, error) :
		       status;
}

enum nss_status _nss_subiddir_getgrnam_r(const char *name, struct group *entry,
					 char *buffer, size_t size, int *error)
{
	enum nss_status status = behave("getgrnam", name, error);

	return status == NSS_STATUS_SUCCESS ?
		       give_group(find(true, name, 0), entry, buffer, size, error) :
		       status;
}

static enum nss_status behave_with_id(const char *call, unsigned int id, int *error)
{
	char word[16];

	snprintf(word, sizeof(word), "%u", id);
	return behave(call, word, error);
}

enum nss_status _nss_subiddir_getpwuid_r(uid_t uid, struct passwd *entry, char *buffer,
					 size_t size, int *error)
{
	enum nss_status status = behave_with_id("getpwuid", uid, error);

	return status == NSS_STATUS_SUCCESS ?
		       give_user(find(false, NULL, uid), entry, buffer, size, error) :
		       status;
}

enum nss_status _nss_subiddir_getgrgid_r(gid_t gid, struct group *entry, char *buffer,
					 size_t size, int *error)
{
	enum nss_status status = behave_with_id("getgrgid", gid, error);

	return status == NSS_STATUS_SUCCESS ?
		       give_group(find(true, NULL, gid), entry, buffer, size, error) :
		       status;
}

enum nss_status _nss_subiddir_setpwent(int stay_open)
{
	next_user = 0;
	return NSS_STATUS_SUCCESS;
}

enum nss_status _nss_subiddir_setgrent(int stay_open)
{
	next_group = 0;
	return NSS_STATUS_SUCCESS;
}

enum nss_status _nss_subiddir_endpwent(void)
{
	return _nss_subiddir_setpwent(0);
}

enum nss_status _nss_subiddir_endgrent(void)
{
	return _nss_subiddir_setgrent(0);
}

enum nss_status _nss_subiddir_getpwent_r(struct passwd *entry, char *buffer, size_t size,
					 int *error)
{
	enum nss_status status =
		behave_with_id("getpwent", (unsigned int)next_user, error);
	size_t place = next_user;

	if (status == NSS_STATUS_SUCCESS)
		status = give_user(find_next(false), entry, buffer, size, error);
	if (status == NSS_STATUS_TRYAGAIN)
		next_user = place;
	return status;
}

enum nss_status _nss_subiddir_getgrent_r(struct group *entry, char *buffer, size_t size,
					 int *error)
{
	enum nss_status status =
		behave_with_id("getgrent", (unsigned int)next_group, error);
	size_t place = next_group;

	if (status == NSS_STATUS_SUCCESS)
		status = give_group(find_next(true), entry, buffer, size, error);
	if (status == NSS_STATUS_TRYAGAIN)
		next_group = place;
	return status;
}

enum nss_status _nss_subiddir_initgroups_dyn(const char *user, gid_t group, long *start,
					     long *size, gid_t **groups, long limit,
					     int *error)
{
	enum nss_status status = behave("initgroups", user, error);

	return status == NSS_STATUS_SUCCESS ? NSS_STATUS_NOTFOUND : status;
}
