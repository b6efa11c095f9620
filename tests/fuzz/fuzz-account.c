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

/* An account as its line would be written, or false when that is not how the line begins. */
static bool is_account(const char *line, size_t len, const struct account *account)
{
	char begin[LIMIT_OWNER_BYTES + 2], end[64];
	const char *password_end;
	size_t n = (size_t)snprintf(begin, sizeof(begin), "%s:", account->name);

	if (len < n || memcmp(line, begin, n) != 0)
		return false;
	password_end = memchr(line + n, ':', len - n);
	if (!password_end)
		return false;
	len -= (size_t)(password_end - line);
	n = (size_t)snprintf(end, sizeof(end), ":%u:%u", account->uid, account->gid);
	return len >= n && memcmp(password_end, end, n) == 0 &&
	       (len == n || password_end[n] == ':');
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
	struct account account;
	const char *text, *line;
	size_t left, len;
	bool found = false;
	char *copy = malloc(size + sizeof(last) - 1);

	FUZZ_ASSERT(copy);
	if (size > 0)
		memcpy(copy, data, size);
	memcpy(copy + size, last, sizeof(last) - 1);
	FUZZ_ASSERT(account_by_uid(WANTED, fuzz_path(copy, size + sizeof(last) - 1), &account) ==
		    0);
	FUZZ_ASSERT(account.uid == WANTED && account.name_len > 0);
	FUZZ_ASSERT(account.name_len <= LIMIT_OWNER_BYTES && account.name[account.name_len] == 0);
	FUZZ_ASSERT(account.name_owns ==
		    (entry_check_owner(account.name, account.name_len) == 0));
	FUZZ_ASSERT(account.number_len == 10 && memcmp(account.number, "3999999999", 10) == 0);

	/* The first line that could be meant is the one, unless names hold a NUL. */
	for (text = copy, left = size + sizeof(last) - 1; fuzz_line(&text, &left, &line, &len);) {
		found |= is_account(line, len, &account);
		check_owner(&account, line, len);
	}
	FUZZ_ASSERT(found || strlen(account.name) != account.name_len);
	free(copy);
	return 0;
}
