// SPDX-License-Identifier: BSD-3-Clause
/*
 * passwd: the input is a file of users or groups. Each line is compared with how the GNU
 * C library reads it, and the first user of one uid is looked up. Then each line is
 * tested as a line of a database.
 */
#include "libsubid/core/cleanup.h"
#include "libsubid/core/entry.h"
#include "libsubid/core/passwd.h"
#include "libsubid/user/owner.h"
#include "libsubid/user/passwd-file.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/passwd-libc.h"

#define WANTED 3999999999U
/* The name of the lookup that always succeeds. */
static const char last[] = "\nlast:x:3999999999:7\n";

/* A field as printf(3) writes a number of at most 4294967294. */
static bool is_id(const char *field)
{
	unsigned long long value = strtoull(field, NULL, 10);
	char again[24];

	snprintf(again, sizeof(again), "%llu", value);
	return strcmp(again, field) == 0 && value < ID_NONE;
}

/* Whether the line is as tools write it, by cutting a copy at its colons. */
static bool is_plain(const char *line, size_t len, bool group)
{
	char copy[LIMIT_LINE_BYTES + 1], *rest = copy, *fields[4] = { NULL };

	memcpy(copy, line, len);
	copy[len] = '\0';
	for (size_t i = 0; i < (group ? 3 : COUNT_OF(fields)); i++)
		if (!(fields[i] = strsep(&rest, ":")))
			return false;
	/* A NUL after these fields is not read. */
	if (memchr(line, '\0', (size_t)((rest ? rest : copy + len) - copy)))
		return false;
	return fields[0][0] && !strchr("+-# \t\v\f\r", fields[0][0]) &&
	       strlen(fields[0]) <= LIMIT_OWNER_BYTES && is_id(fields[2]) &&
	       (group || is_id(fields[3]));
}

/* Of a line longer than the limit only the beginning is read. */
static void check_long(const char *line, size_t len, bool group)
{
	struct libc_line libcs = { .name = NULL };
	struct passwd_line account;
	int r = passwd_read_line(line, LIMIT_LINE_BYTES + 1, group, &account);
	bool accepted = libc_read_line(line, len, group, &libcs);

	FUZZ_ASSERT(r != 0);
	if (r == PASSWD_ODD)
		FUZZ_ASSERT(accepted && account.id == libcs.id &&
			    (group || account.gid == libcs.gid) &&
			    account.name_len == strlen(libcs.name) &&
			    memcmp(account.name, libcs.name, account.name_len) == 0);
	free(libcs.name);
}

static void check_line(const char *line, size_t len, bool group)
{
	struct libc_line libcs = { .name = NULL };
	struct passwd_line account = { .name = NULL };
	int r = passwd_read_line(line, len, group, &account);
	bool accepted = libc_read_line(line, len, group, &libcs), is_owner;
	size_t name_len = accepted ? strlen(libcs.name) : 0;

	/* The library (2.36) reads some bytes twice. */
	if (whitespace_count(line, len) > 0 && memchr(line, '\0', len)) {
		free(libcs.name);
		return;
	}
	is_owner = name_len > 0 && name_len <= LIMIT_OWNER_BYTES;
	FUZZ_ASSERT((r == 0 || r == PASSWD_ODD) ==
		    (accepted && is_owner && libcs.id != ID_NONE));
	FUZZ_ASSERT((r == 0) == is_plain(line, len, group));
	if (accepted && !is_owner)
		FUZZ_ASSERT(r == (libcs.id == ID_NONE ? PASSWD_NONE : PASSWD_ID_ONLY));
	if (r == PASSWD_NONE)
		FUZZ_ASSERT(!account.name);
	if (accepted && r != PASSWD_NONE)
		FUZZ_ASSERT(account.id == libcs.id && account.name_len == name_len &&
			    memcmp(account.name, libcs.name, name_len) == 0 &&
			    account.gid == (group ? ID_NONE : libcs.gid));
	free(libcs.name);
}

/* The owner of a line; the filter for its first bytes never misses a line of the owner. */
static void check_owner(struct owner *owner, const char *line, size_t len)
{
	const struct account *account = &owner->account;
	bool begins = owner_begins(line, len, owner), by_name, by_uid;
	struct entry entry;

	if (entry_parse(line, len, &entry))
		return;
	by_name = entry.owner_len == account->name_len &&
		  memcmp(entry.owner, account->name, entry.owner_len) == 0;
	by_uid = entry.by_id && entry.owner_id == account->uid;
	FUZZ_ASSERT(owner_is(&entry, owner) == (by_name || by_uid));
	FUZZ_ASSERT(begins || !(by_name || by_uid));
}

/* The first user with the uid, by the reader of files. There is one. */
static void find_user(const char *text, size_t len, struct account *ret_account)
{
	struct passwd_file file = { .fd = fuzz_file(text, len) };
	struct passwd_line line;
	int fault = -1;

	scan_start(&file.scan, file.fd);
	do {
		FUZZ_ASSERT(passwd_file_next(&file, &line, &fault) == 1);
		FUZZ_ASSERT(fault >= 0 && fault < PASSWD_NONE);
	} while (fault == PASSWD_ID_ONLY || line.id != WANTED);
	account_set(ret_account, line.name, line.name_len, line.id, line.gid);
	scan_end(&file.scan);
}

/* The same, line by line. */
static void check_first(const char *text, size_t len, const struct account *account)
{
	struct passwd_line line;
	const char *start;
	size_t n;

	while (fuzz_line(&text, &len, &start, &n)) {
		size_t there = n > LIMIT_LINE_BYTES ? LIMIT_LINE_BYTES + 1 : n;
		int r = passwd_read_line(start, there, false, &line);

		if ((r == 0 || r == PASSWD_ODD) && line.id == WANTED)
			break;
	}
	FUZZ_ASSERT(account->name_len == line.name_len && account->gid == line.gid &&
		    memcmp(account->name, line.name, line.name_len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t len = size + sizeof(last) - 1, left, n;
	char *copy = malloc(len);
	struct account account;
	const char *text, *line;
	struct owner owner;

	FUZZ_ASSERT(copy);
	if (size > 0)
		memcpy(copy, data, size);
	memcpy(copy + size, last, sizeof(last) - 1);
	find_user(copy, len, &account);
	FUZZ_ASSERT(account.uid == WANTED && account.name_len > 0);
	FUZZ_ASSERT(account.name_len <= LIMIT_OWNER_BYTES &&
		    account.name[account.name_len] == 0);
	FUZZ_ASSERT(account.number_len == 10 &&
		    memcmp(account.number, "3999999999", 10) == 0);
	check_first(copy, len, &account);
	owner_set(&owner, &account);
	for (text = copy, left = len; fuzz_line(&text, &left, &line, &n);) {
		char *exact = malloc(n ? n : 1);

		FUZZ_ASSERT(exact);
		memcpy(exact, line, n);
		for (int group = 0; group < 2; group++)
			if (n > LIMIT_LINE_BYTES)
				check_long(exact, n, group);
			else
				check_line(exact, n, group);
		check_owner(&owner, exact, n);
		free(exact);
	}
	free(copy);
	return 0;
}
