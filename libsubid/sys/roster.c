// SPDX-License-Identifier: BSD-3-Clause
/*
 * roster: one pass over passwd(5) or group(5), so that many questions cost no question to
 * the name service. Of several lines with a name or an id the first one counts, as in
 * getpwnam(3) and getpwuid(3).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/sys/account.h"
#include "libsubid/sys/etc.h"
#include "libsubid/sys/fd.h"
#include "libsubid/sys/roster.h"
#include "libsubid/sys/scan.h"

/* While the file is read: names move when their memory grows, so they are offsets. */
struct loading {
	struct roster_account *accounts;
	size_t *offsets;
	size_t n;
	size_t allocated;
	char *names;
	size_t names_len;
	size_t names_allocated;
};

static void loading_cleanup(struct loading *loading)
{
	free(loading->accounts);
	free(loading->offsets);
	free(loading->names);
}

static int make_room(struct loading *loading, size_t name_bytes)
{
	if (loading->n == loading->allocated) {
		size_t n = loading->allocated ? 2 * loading->allocated : 64;
		void *accounts, *offsets;

		accounts = reallocarray(loading->accounts, n, sizeof(*loading->accounts));
		if (!accounts)
			return -ENOMEM;
		loading->accounts = accounts;
		offsets = reallocarray(loading->offsets, n, sizeof(*loading->offsets));
		if (!offsets)
			return -ENOMEM;
		loading->offsets = offsets;
		loading->allocated = n;
	}
	if (!loading->names ||
	    loading->names_allocated - loading->names_len < name_bytes) {
		size_t bytes = 2 * loading->names_allocated + 2 * LIMIT_OWNER_BYTES;
		char *names = realloc(loading->names, bytes);

		if (!names)
			return -ENOMEM;
		loading->names = names;
		loading->names_allocated = bytes;
	}
	return 0;
}

static int add(struct loading *loading, const struct account_line *line)
{
	int r = make_room(loading, line->name_len + 1);

	if (r)
		return r;
	memcpy(loading->names + loading->names_len, line->name, line->name_len);
	loading->names[loading->names_len + line->name_len] = '\0';
	loading->offsets[loading->n] = loading->names_len;
	loading->accounts[loading->n++] = (struct roster_account){
		.id = (uint32_t)line->id,
		.gid = (uint32_t)line->gid,
	};
	loading->names_len += line->name_len + 1;
	return 0;
}

static int read_file(int fd, bool group, struct loading *loading)
{
	CLEANUP(scan_cleanup) struct scan scan = { 0 };
	struct account_line entry;
	struct scan_line line;
	int r = scan_start(&scan, fd);

	if (r)
		return r;
	while ((r = scan_next(&scan, &line)) > 0) {
		/* A NUL would end the name early. */
		if (memchr(line.text, '\0', line.len) ||
		    !account_read_line(line.text, line.len, group, &entry))
			continue;
		r = add(loading, &entry);
		if (r)
			return r;
	}
	return r;
}

/* Names stand in the order of the file in one piece of memory: so do their addresses. */
static int order(uintptr_t a, uintptr_t b)
{
	return (a > b) - (a < b);
}

static int compare_names(const void *a, const void *b)
{
	const struct roster_account *x = a, *y = b;
	int r = strcmp(x->name, y->name);

	return r ? r : order((uintptr_t)x->name, (uintptr_t)y->name);
}

static int compare_ids(const void *a, const void *b, void *context)
{
	const struct roster *roster = context;
	const struct roster_account *x = &roster->accounts[*(const uint32_t *)a];
	const struct roster_account *y = &roster->accounts[*(const uint32_t *)b];
	int r = order(x->id, y->id);

	return r ? r : order((uintptr_t)x->name, (uintptr_t)y->name);
}

static int sort(struct loading *loading, struct roster *ret_roster)
{
	struct roster roster = { .n = loading->n };

	for (size_t i = 0; i < loading->n; i++)
		loading->accounts[i].name = loading->names + loading->offsets[i];
	roster.by_id = reallocarray(NULL, loading->n + 1, sizeof(*roster.by_id));
	if (!roster.by_id)
		return -ENOMEM;
	roster.accounts = TAKE_PTR(loading->accounts);
	roster.names = TAKE_PTR(loading->names);
	if (roster.n > 0)
		qsort(roster.accounts, roster.n, sizeof(*roster.accounts), compare_names);
	for (size_t i = 0; i < roster.n; i++)
		roster.by_id[i] = (uint32_t)i;
	qsort_r(roster.by_id, roster.n, sizeof(*roster.by_id), compare_ids, &roster);
	*ret_roster = roster;
	return 0;
}

/*
 * Loads the users (for kind_uid) or the groups (for kind_gid) of the files in @folder; a
 * file that does not exist has none.
 *
 * ret_roster: freed with roster_cleanup().
 * Returns 0 or -errno. Thread-safe.
 */
int roster_load(int folder, const struct kind *kind, struct roster *ret_roster)
{
	CLEANUP(loading_cleanup) struct loading loading = { 0 };
	CLEANUP(fd_cleanup)
	int fd = etc_open(folder, kind->accounts);
	int r = 0;

	if (fd >= 0)
		r = read_file(fd, kind->group, &loading);
	else if (fd != -ENOENT)
		r = fd;
	return r ? r : sort(&loading, ret_roster);
}

/* The first that is not below the wanted: @below tells whether number @i is. */
static size_t lower_bound(size_t n, bool (*below)(size_t i, const void *context),
			  const void *context)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (below(middle, context))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct question {
	const struct roster *roster;
	const char *name;
	size_t len;
	uint32_t id;
};

static bool name_below(size_t i, const void *context)
{
	const struct question *question = context;

	/* A name that goes on behind the wanted one is above it. */
	return strncmp(question->roster->accounts[i].name, question->name,
		       question->len) < 0;
}

static bool id_below(size_t i, const void *context)
{
	const struct question *question = context;
	const struct roster *roster = question->roster;

	return roster->accounts[roster->by_id[i]].id < question->id;
}

/* The account with a login name, which need not be terminated; NULL: none. Thread-safe.
 */
const struct roster_account *roster_by_name(const struct roster *roster, const char *name,
					    size_t len)
{
	struct question question = { .roster = roster, .name = name, .len = len };
	size_t i = lower_bound(roster->n, name_below, &question);

	if (i == roster->n || strncmp(roster->accounts[i].name, name, len) != 0 ||
	    roster->accounts[i].name[len] != '\0')
		return NULL;
	return &roster->accounts[i];
}

/* The account with an id; NULL: none. Thread-safe. */
const struct roster_account *roster_by_id(const struct roster *roster, uint32_t id)
{
	struct question question = { .roster = roster, .id = id };
	size_t i = lower_bound(roster->n, id_below, &question);

	if (i == roster->n || roster->accounts[roster->by_id[i]].id != id)
		return NULL;
	return &roster->accounts[roster->by_id[i]];
}

/* Frees the accounts. Takes a zeroed roster. */
void roster_cleanup(struct roster *roster)
{
	free(roster->accounts);
	free(roster->by_id);
	free(roster->names);
	*roster = (struct roster){ 0 };
}
