// SPDX-License-Identifier: BSD-3-Clause
/*
 * Whose an id is: everybody whom the name service's `files` would find.
 */
#include "libsubid/core/limits.h"
#include "libsubid/sys/taken.h"
#include "tests/unit/unit.h"

static struct folder folder;

static void set_up(void)
{
	folder_make(&folder);
}

static void tear_down(void)
{
	folder_cleanup(&folder);
}

TestSuite(taken, .init = set_up, .fini = tear_down, .timeout = 60);

/* Who has an id above 99 by this text, as `name=id`; empty: nobody. */
static const char *found_in(const struct kind *kind, const char *text, size_t len)
{
	static char answer[64];
	CLEANUP(range_set_cleanup) struct range_set wanted = RANGE_SET(1);
	CLEANUP(taken_cleanup) struct taken taken = { 0 };

	folder_put(&folder, kind->accounts, text, len, 0644);
	cr_assert(range_set_add(&wanted, (struct range){ 100, ID_END }) == 0);
	cr_assert(taken_locally(folder.fd, kind, &wanted, &taken) == 0);
	cr_assert(taken.n < 2);
	answer[0] = '\0';
	if (taken.n == 1)
		snprintf(answer, sizeof(answer), "%s=%u", taken.accounts[0].name,
			 taken.accounts[0].id);
	return answer;
}

/* Numbers as strtoul(3) reads them; an id that is missed here would be given away. */
Test(taken, lines)
{
	static const struct {
		const char *text;
		const char *want;
	} rows[] = {
		{ "elsa:x:1000:5::/:\n", "elsa=1000" },
		{ "root:x:0:0::/:\nelsa:x:1000:5::/:", "elsa=1000" },
		{ "elsa:x:1000", "elsa=1000" },
		{ "elsa:x:1000:", "elsa=1000" },
		{ "elsa::1000:not-a-gid:", "elsa=1000" },
		{ "elsa:x:01000:5::/:", "elsa=1000" },
		{ "elsa:x:0000000000000000000001000:5::/:", "elsa=1000" },
		{ "elsa:x:+1000:5::/:", "elsa=1000" },
		{ "elsa:x: \t1000:5::/:", "elsa=1000" },
		{ " \telsa:x:1000:5::/:", "elsa=1000" },
		{ "elsa:x:4294967294:5::/:", "elsa=4294967294" },
		{ "elsa:x:4294967295:5::/:", "" },
		{ "elsa:x:4294968296:5::/:", "" },
		{ "elsa:x:1000x:5::/:", "" },
		{ "elsa:x:0x1000:5::/:", "" },
		{ "elsa:x::5::/:", "" },
		{ "elsa:x:+:5::/:", "" },
		{ "elsa:x:", "" },
		{ "elsa:x", "" },
		{ "elsa", "" },
		{ ":x:1000:5::/:", "" },
		{ "+elsa:x:1000:5::/:", "" },
		{ "-elsa:x:1000:5::/:", "" },
		{ "#elsa:x:1000:5::/:", "" },
		{ " #elsa:x:1000:5::/:", "" },
		{ "elsa:x:99:5::/:", "" },
		{ " ", "" },
		{ "", "" },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const char *text = rows[i].text;

		cr_expect_str_eq(found_in(&kind_uid, text, strlen(text)), rows[i].want,
				 "passwd: %s", text);
		cr_expect_str_eq(found_in(&kind_gid, text, strlen(text)), rows[i].want,
				 "group: %s", text);
	}
}

/* A group with very many members is one line, cut behind what is read of it. */
Test(taken, long_line)
{
	static char text[3 * LIMIT_LINE_BYTES] = "admins:x:1000:elsa";

	memset(text + strlen(text), ',', sizeof(text) - strlen(text));
	cr_expect_str_eq(found_in(&kind_gid, text, sizeof(text)), "admins=1000");
}

/* No file, nobody; one that cannot be read is no "nobody". */
Test(taken, no_file)
{
	CLEANUP(range_set_cleanup) struct range_set wanted = RANGE_SET(1);
	CLEANUP(taken_cleanup) struct taken taken = { 0 };

	cr_assert(range_set_add(&wanted, (struct range){ 0, ID_END }) == 0);
	cr_assert(taken_locally(folder.fd, &kind_uid, &wanted, &taken) == 0);
	cr_assert(taken.n == 0);
	cr_assert(symlink("/etc/passwd", folder_path(&folder, "passwd")) == 0);
	cr_assert(taken_locally(folder.fd, &kind_uid, &wanted, &taken) == -ELOOP);
}
