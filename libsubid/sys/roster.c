// SPDX-License-Identifier: BSD-3-Clause
/*
 * roster: one pass over passwd(5) or group(5), so that many questions cost no question to
 * the name service. Of several lines with a name or an id the first one counts, as in
 * getpwnam(3) and getpwuid(3).
 */
#include <errno.h>
#include <stdbool.h>
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

/* FNV-1a. The names are root's own: nobody chooses them to collide. */
static uint32_t hash(const char *name, size_t len)
{
	uint32_t value = 2166136261U;

	for (size_t i = 0; i < len; i++)
		value = (value ^ (unsigned char)name[i]) * 16777619U;
	return value ^ value >> 16;
}

static bool is_named(const struct roster_account *account, const char *name, size_t len)
{
	return strncmp(account->name, name, len) == 0 && account->name[len] == '\0';
}

/* The slot of @name, or the free one where it belongs. There is a free one. */
static struct roster_slot *slot_of(const struct roster *roster, uint32_t hashed,
				   const char *name, size_t len)
{
	size_t i = hashed & (roster->n_slots - 1);

	for (;; i = (i + 1) & (roster->n_slots - 1)) {
		struct roster_slot *slot = &roster->by_name[i];

		if (slot->number == 0 ||
		    (slot->hash == hashed &&
		     is_named(&roster->accounts[slot->number - 1], name, len)))
			return slot;
	}
}

/* Sorting by comparing names would cost ten times as much. */
static int index_names(struct roster *roster)
{
	roster->n_slots = 16;
	while (roster->n_slots < 2 * roster->n)
		roster->n_slots *= 2;
	roster->by_name = calloc(roster->n_slots, sizeof(*roster->by_name));
	if (!roster->by_name)
		return -ENOMEM;
	for (size_t i = 0; i < roster->n; i++) {
		const char *name = roster->accounts[i].name;
		size_t len = strlen(name);
		uint32_t hashed = hash(name, len);
		struct roster_slot *slot = slot_of(roster, hashed, name, len);

		if (slot->number == 0)
			*slot = (struct roster_slot){ hashed, (uint32_t)i + 1 };
	}
	return 0;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* An id and the place in the file are one number, so numbers are sorted. */
static int index_ids(struct roster *roster)
{
	CLEANUP(cleanup_free)
	uint64_t *keys = reallocarray(NULL, roster->n + 1, sizeof(*keys));
	bool sorted = true;

	roster->by_id = reallocarray(NULL, roster->n + 1, sizeof(*roster->by_id));
	if (!keys || !roster->by_id)
		return -ENOMEM;
	for (size_t i = 0; i < roster->n; i++) {
		keys[i] = (uint64_t)roster->accounts[i].id << 32 | i;
		sorted &= i == 0 || keys[i] > keys[i - 1];
	}
	if (!sorted)
		qsort(keys, roster->n, sizeof(*keys), compare);
	for (size_t i = 0; i < roster->n; i++)
		roster->by_id[i] = (uint32_t)keys[i];
	return 0;
}

static int arrange(struct loading *loading, struct roster *ret_roster)
{
	CLEANUP(roster_cleanup) struct roster roster = { .n = loading->n };
	int r;

	for (size_t i = 0; i < loading->n; i++)
		loading->accounts[i].name = loading->names + loading->offsets[i];
	roster.accounts = TAKE_PTR(loading->accounts);
	roster.names = TAKE_PTR(loading->names);
	r = index_names(&roster);
	if (r == 0)
		r = index_ids(&roster);
	if (r)
		return r;
	*ret_roster = roster;
	roster = (struct roster){ 0 };
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
	return r ? r : arrange(&loading, ret_roster);
}

/* The account with a login name, which need not be terminated; NULL: none. Thread-safe.
 */
const struct roster_account *roster_by_name(const struct roster *roster, const char *name,
					    size_t len)
{
	const struct roster_slot *slot;

	if (roster->n == 0)
		return NULL;
	slot = slot_of(roster, hash(name, len), name, len);
	return slot->number ? &roster->accounts[slot->number - 1] : NULL;
}

/* Where the first id that is not below @id stands. */
static size_t lower_bound(const struct roster *roster, uint32_t id)
{
	size_t low = 0, high = roster->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (roster->accounts[roster->by_id[middle]].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The account with an id; NULL: none. Thread-safe. */
const struct roster_account *roster_by_id(const struct roster *roster, uint32_t id)
{
	size_t i = lower_bound(roster, id);

	if (i == roster->n || roster->accounts[roster->by_id[i]].id != id)
		return NULL;
	return &roster->accounts[roster->by_id[i]];
}

/* Frees the accounts. Takes a zeroed roster. */
void roster_cleanup(struct roster *roster)
{
	free(roster->accounts);
	free(roster->by_id);
	free(roster->by_name);
	free(roster->names);
	*roster = (struct roster){ 0 };
}
