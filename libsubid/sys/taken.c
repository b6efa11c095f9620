// SPDX-License-Identifier: BSD-3-Clause
/*
 * taken: local accounts by one pass over passwd or group, others by samples.
 *
 * A name service cannot be asked which ids it has in a range, only for one id after the
 * other, and may not answer at all. So it is asked in a process of its own, for samples,
 * and for a time. In a library that process is not possible, and the time is a hope.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <nss.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libsubid/core/array.h"
#include "libsubid/core/blanks.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "libsubid/core/num.h"
#include "libsubid/sys/child.h"
#include "libsubid/sys/etc.h"
#include "libsubid/sys/fd.h"
#include "libsubid/sys/scan.h"
#include "libsubid/sys/taken.h"
#include "libsubid/sys/wait.h"

static int put(struct taken *taken, uint32_t id, const char *name, size_t len)
{
	CLEANUP(cleanup_free) char *copy = NULL;

	if (ARRAY_RESERVE(taken->accounts, taken->n, taken->allocated))
		return -ENOMEM;
	copy = strndup(name, len);
	if (!copy)
		return -ENOMEM;
	taken->accounts[taken->n++] = (struct overlap_account){ id, TAKE_PTR(copy) };
	return 0;
}

/*
 * The name and id of a line `name:password:id...` of passwd(5) or group(5); false: none.
 *
 * Whom getpwuid(3) or getgrgid(3) would find is somebody here: blanks before the line or
 * the number, a sign, zeros, a line that ends behind the id. Lines that account.c does
 * not understand are looked up by the name service; an id that is not noticed here would
 * be given away.
 */
static bool line_id(const struct scan_line *line, const char **ret_name,
		    size_t *ret_name_len, uint32_t *ret_id)
{
	const char *end = line->text + line->len;
	const char *name = line->text + blanks_count(line->text, line->len);
	const char *name_end = memchr(name, ':', (size_t)(end - name));
	const char *field, *field_end;
	uint64_t id;

	if (!name_end || name_end == name || strchr("+-#", name[0]))
		return false;
	field = memchr(name_end + 1, ':', (size_t)(end - name_end - 1));
	if (!field)
		return false;
	field++;
	field += blanks_count(field, (size_t)(end - field));
	field += field < end && *field == '+';
	field_end = memchr(field, ':', (size_t)(end - field));
	if (!field_end)
		field_end = end;
	while (field + 1 < field_end && *field == '0')
		field++;
	if (num_parse(field, (size_t)(field_end - field), ID_NONE - 1, &id))
		return false;
	*ret_name = name;
	*ret_name_len = (size_t)(name_end - name);
	*ret_id = (uint32_t)id;
	return true;
}

/*
 * Collects the local accounts (groups, for gids) whose id is among @wanted.
 *
 * folder: where passwd and group are. A file that does not exist has no accounts.
 * taken: is appended to; freed with taken_cleanup().
 * Returns 0 or -errno. Thread-safe.
 */
int taken_locally(int folder, const struct kind *kind, const struct range_set *wanted,
		  struct taken *taken)
{
	CLEANUP(fd_cleanup)
	int fd = etc_open(folder, kind->accounts);
	CLEANUP(scan_cleanup) struct scan scan = { 0 };
	struct scan_line line;
	const char *name;
	size_t name_len;
	uint32_t id;
	int r;

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	r = scan_start(&scan, fd);
	if (r)
		return r;
	while ((r = scan_next(&scan, &line)) > 0) {
		if (!line_id(&line, &name, &name_len, &id) ||
		    !range_set_overlaps(wanted, (struct range){ id, (uint64_t)id + 1 }))
			continue;
		r = put(taken, id, name, name_len);
		if (r)
			return r;
	}
	return r;
}

/* What the asking process writes for each hit; shorter than PIPE_BUF, so in one piece. */
struct answer {
	uint32_t id;
	char name[LIMIT_OWNER_BYTES];
};

static void answer_one(const struct kind *kind, uint64_t id, int out)
{
	struct answer answer = { .id = (uint32_t)id };
	const char *name = NULL;

	/* The process has one thread and ends soon: the simple calls do. */
	if (kind->group) {
		struct group *entry = getgrgid((gid_t)id);

		name = entry ? entry->gr_name : NULL;
	} else {
		struct passwd *entry = getpwuid((uid_t)id);

		name = entry ? entry->pw_name : NULL;
	}
	if (!name)
		return;
	strncpy(answer.name, name, sizeof(answer.name) - 1);
	if (write(out, &answer, sizeof(answer)) < 0)
		_exit(EXIT_FAILURE);
}

/* What the asking process is given. */
struct samples {
	const char *sources;
	const struct kind *kind;
	const struct range_set *wanted;
	int out;
};

/* The asking process: asks for samples of all ranges. */
static int answer_all(void *context)
{
	const struct samples *samples = context;

	/* Local files have been read: without them each question is cheaper. */
	if (__nss_configure_lookup(samples->kind->accounts, samples->sources))
		return EXIT_FAILURE;
	for (size_t i = 0; i < samples->wanted->n; i++) {
		struct range range = samples->wanted->ranges[i];

		for (uint64_t id = range.start; id < range.end; id += TAKEN_STEP)
			answer_one(samples->kind, id, samples->out);
		answer_one(samples->kind, range.end - 1, samples->out);
	}
	return EXIT_SUCCESS;
}

/* Takes answers until the process ends or the time does. Returns 0 or -errno. */
static int collect(int in, int64_t end, struct taken *taken)
{
	struct answer answer;

	for (;;) {
		int r = wait_until(in, -1, end);
		size_t n;

		if (r < 0)
			return r;
		if (r > 0) {
			taken->timed_out = true;
			return 0;
		}
		r = fd_read(in, (char *)&answer, sizeof(answer), &n);
		if (r)
			return r;
		if (n != sizeof(answer))
			return 0;
		r = put(taken, answer.id, answer.name,
			strnlen(answer.name, sizeof(answer.name)));
		if (r)
			return r;
	}
}

/*
 * Asks the sources of the name service that are not local files for samples of @wanted:
 * the first, the last and every TAKEN_STEP-th id of each range, for TAKEN_SECONDS.
 *
 * waited: how long it has taken before, in milliseconds, of those TAKEN_SECONDS; grows.
 * taken: is appended to; `timed_out` tells that not everything was answered.
 * Returns 0 or -errno. Thread-safe.
 */
int taken_elsewhere(const struct nsswitch *nsswitch, const struct kind *kind,
		    const struct range_set *wanted, int64_t *waited, struct taken *taken)
{
	int64_t begin = wait_clock(), end = begin + TAKEN_SECONDS * 1000 - *waited;
	const char *sources =
		kind->group ? nsswitch->group_others : nsswitch->passwd_others;
	struct samples samples = { sources, kind, wanted, -1 };
	CLEANUP(fd_cleanup) int in = -1;
	struct child child;
	int ends[2], r;

	if (sources[0] == '\0' || wanted->n == 0)
		return 0;
	if (end <= begin) {
		taken->timed_out = true;
		return 0;
	}
	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	in = ends[0];
	samples.out = ends[1];
	r = child_start(&child,
			&(struct child_options){ .kept = &samples.out, .n_kept = 1 },
			answer_all, &samples);
	fd_close(ends[1]);
	if (r)
		return r;
	r = collect(in, end, taken);
	/* A module of the name service that crashes answers nothing. */
	taken->timed_out |= child_end(&child) != 0;
	*waited += wait_clock() - begin;
	return r;
}

/* Room for an account. A group that needs more exists, and that is the question. */
#define ENTRY_BYTES_MAX (16 * 1024)

/* Asks about one id. Returns 1 with a name, 0 (nobody has it) or -errno. */
static int ask_one(const struct kind *kind, uint32_t id, char *buffer,
		   const char **ret_name)
{
	struct passwd passwd, *user = NULL;
	struct group group, *members = NULL;
	int r;

	do {
		r = kind->group ?
			    getgrgid_r(id, &group, buffer, ENTRY_BYTES_MAX, &members) :
			    getpwuid_r(id, &passwd, buffer, ENTRY_BYTES_MAX, &user);
	} while (r == EINTR);
	if (r == 0 || r == ENOENT || r == ESRCH) {
		*ret_name = members ? group.gr_name : user ? passwd.pw_name : NULL;
		return *ret_name ? 1 : 0;
	}
	*ret_name = "?";
	return r == ERANGE ? 1 : -r;
}

static bool is_known(const struct taken *taken, uint32_t id)
{
	for (size_t i = 0; i < taken->n; i++)
		if (taken->accounts[i].id == id)
			return true;
	return false;
}

/* One sample; a service that does not answer has not been asked. */
static int sample(const struct kind *kind, uint32_t id, char *buffer, struct taken *taken)
{
	const char *name;
	int r;

	if (is_known(taken, id))
		return 0;
	r = ask_one(kind, id, buffer, &name);
	if (r < 0)
		taken->timed_out = true;
	return r > 0 ? put(taken, id, name, strlen(name)) : 0;
}

static int sample_range(const struct kind *kind, struct range range, int64_t end,
			char *buffer, struct taken *taken)
{
	int r;

	for (uint64_t id = range.start; id < range.end; id += TAKEN_STEP) {
		if (wait_clock() >= end) {
			taken->timed_out = true;
			return 0;
		}
		r = sample(kind, (uint32_t)id, buffer, taken);
		if (r)
			return r;
	}
	return sample(kind, (uint32_t)(range.end - 1), buffer, taken);
}

/*
 * The same as taken_elsewhere(), without a process of its own: for a library, whose host
 * may have other threads, wait for any child, or handle SIGCHLD. The price is that local
 * files are read again for each sample, and that the time is over only between two of
 * them. Returns 0 or -errno. Thread-safe.
 */
int taken_in_process(const struct nsswitch *nsswitch, const struct kind *kind,
		     const struct range_set *wanted, int64_t *waited, struct taken *taken)
{
	int64_t begin = wait_clock(), end = begin + TAKEN_SECONDS * 1000 - *waited;
	const char *sources =
		kind->group ? nsswitch->group_others : nsswitch->passwd_others;
	CLEANUP(cleanup_free) char *buffer = NULL;
	int r = 0;

	if (sources[0] == '\0')
		return 0;
	buffer = malloc(ENTRY_BYTES_MAX);
	if (!buffer)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < wanted->n; i++)
		r = sample_range(kind, wanted->ranges[i], end, buffer, taken);
	*waited += wait_clock() - begin;
	return r;
}

/* Frees the list. */
void taken_cleanup(struct taken *taken)
{
	for (size_t i = 0; i < taken->n; i++)
		free((char *)(uintptr_t)taken->accounts[i].name);
	free(taken->accounts);
	*taken = (struct taken){ 0 };
}
