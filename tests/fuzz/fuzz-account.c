// SPDX-License-Identifier: BSD-3-Clause
/*
 * account: the input is a passwd file, read for one uid, and then a line of a database.
 */
#include "libsubid/core/entry.h"
#include "libsubid/sys/account.h"
#include "tests/fuzz/fuzz.h"

#define WANTED 3999999999U
/* Always found at last, so that the name service is not asked. */
static const char last[] = "\nlast:x:3999999999:7\n";

/* A field that is how printf(3) writes a number of at most 4294967294. */
static bool is_id(const char *field)
{
	unsigned long long value = strtoull(field, NULL, 10);
	char again[24];

	snprintf(again, sizeof(again), "%llu", value);
	return strcmp(again, field) == 0 && value < ID_NONE;
}

/* The same by cutting a copy at its colons; lines with a NUL are not asked about. */
static bool is_wanted(const char *line, size_t len, char *name, gid_t *gid)
{
	char copy[LIMIT_LINE_BYTES + 2], *rest = copy, *fields[4];

	if (len > LIMIT_LINE_BYTES)
		len = LIMIT_LINE_BYTES + 1;
	memcpy(copy, line, len);
	copy[len] = '\0';
	for (size_t i = 0; i < COUNT_OF(fields); i++)
		if (!(fields[i] = strsep(&rest, ":")))
			return false;
	if (!fields[0][0] || strchr("+-#", fields[0][0]) ||
	    strlen(fields[0]) > LIMIT_OWNER_BYTES || !is_id(fields[2]) ||
	    !is_id(fields[3]) || strtoull(fields[2], NULL, 10) != WANTED)
		return false;
	strcpy(name, fields[0]);
	*gid = (gid_t)strtoull(fields[3], NULL, 10);
	return true;
}

/* Whose line it is, and that the quick look at its first bytes never misses one. */
static void check_owner(const struct account *account, const char *line, size_t len)
{
	bool begins = account_begins(account, line, len), by_name, by_uid;
	struct entry entry;

	if (entry_parse(line, len, &entry))
		return;
	by_name = entry.owner_len == account->name_len &&
		  memcmp(entry.owner, account->name, entry.owner_len) == 0;
	by_uid = entry.by_id && entry.owner_id == account->uid;
	FUZZ_ASSERT(account_owns(account, &entry) == (by_name || by_uid));
	FUZZ_ASSERT(begins || !(by_name || by_uid));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool has_nul = false;
	struct account account;
	const char *text, *line;
	char name[LIMIT_OWNER_BYTES + 1] = "";
	size_t left, len;
	bool found = false;
	gid_t gid = 0;
	char *copy = malloc(size + sizeof(last) - 1);

	FUZZ_ASSERT(copy);
	if (size > 0)
		memcpy(copy, data, size);
	memcpy(copy + size, last, sizeof(last) - 1);
	FUZZ_ASSERT(account_by_uid(WANTED, fuzz_path(copy, size + sizeof(last) - 1),
				   &account) == 0);
	FUZZ_ASSERT(account.uid == WANTED && account.name_len > 0);
	FUZZ_ASSERT(account.name_len <= LIMIT_OWNER_BYTES &&
		    account.name[account.name_len] == 0);
	FUZZ_ASSERT(account.name_owns ==
		    (entry_check_owner(account.name, account.name_len) == 0));
	FUZZ_ASSERT(account.number_len == 10 &&
		    memcmp(account.number, "3999999999", 10) == 0);

	for (text = copy, left = size + sizeof(last) - 1;
	     fuzz_line(&text, &left, &line, &len);) {
		found = found || is_wanted(line, len, name, &gid);
		check_owner(&account, line, len);
	}
	/* The first line that is meant. */
	for (size_t i = 0; i < size; i++)
		has_nul = has_nul || data[i] == '\0';
	if (!has_nul)
		FUZZ_ASSERT(found && strcmp(account.name, name) == 0 &&
			    account.gid == gid);
	free(copy);
	return 0;
}
