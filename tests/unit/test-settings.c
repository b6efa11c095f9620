// SPDX-License-Identifier: BSD-3-Clause
/*
 * Settings about new ranges: what holds without them, and what makes no sense.
 */
#include "libsubid/core/limits.h"
#include "libsubid/sys/settings.h"
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

TestSuite(settings, .init = set_up, .fini = tear_down, .timeout = 60);

static int read_text(const char *text, struct settings *settings, const char **key)
{
	folder_put(&folder, "login.defs", text, strlen(text), 0644);
	return settings_read(folder.fd, settings, key);
}

Test(settings, usual)
{
	struct settings settings;
	const char *key;

	cr_assert(settings_read(folder.fd, &settings, &key) == 0);
	for (size_t i = 0; i < 2; i++) {
		cr_assert(settings.requests[i].bounds.start == 100000);
		cr_assert(settings.requests[i].bounds.end == 600100001);
		cr_assert(settings.requests[i].count == 65536);
	}
	cr_assert(!settings.deterministic && !settings.by_id);
	cr_assert(settings.uid_min == 1000 && settings.uid_max == 60000);
}

Test(settings, others)
{
	struct settings settings;
	const char *key;

	cr_assert(read_text("SUB_UID_DETERMINISTIC yes\nSUB_UID_STORE_BY_UID YES\n"
			    "SUB_GID_COUNT 0\nUID_MIN 5\nUID_MAX 6\n",
			    &settings, &key) == 0);
	cr_assert(settings.deterministic && settings.by_id);
	cr_assert(settings.requests[0].bounds.start == 65536);
	cr_assert(settings.requests[0].bounds.end == ID_NONE);
	cr_assert(settings.requests[1].count == 0);
	cr_assert(settings.uid_min == 5 && settings.uid_max == 6);
}

/* What makes no sense is told with its key, and nothing is written. */
Test(settings, wrong)
{
	static const struct {
		const char *text;
		int r;
		const char *key;
	} rows[] = {
		{ "SUB_UID_MIN 0100000\n", SETTINGS_NUMBER, "SUB_UID_MIN" },
		{ "SUB_UID_MAX -1\n", SETTINGS_NUMBER, "SUB_UID_MAX" },
		{ "SUB_GID_COUNT many\n", SETTINGS_NUMBER, "SUB_GID_COUNT" },
		{ "UID_MIN\n", SETTINGS_NUMBER, "UID_MIN" },
		{ "UID_MAX 0x5\n", SETTINGS_NUMBER, "UID_MAX" },
		{ "SUB_UID_MIN 6\nSUB_UID_MAX 5\n", SETTINGS_BOUNDS, "SUB_UID_MIN" },
		{ "SUB_GID_MAX 4294967296\n", SETTINGS_BOUNDS, "SUB_GID_MIN" },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct settings settings = { .uid_min = 7 };
		const char *key = NULL;

		cr_assert(read_text(rows[i].text, &settings, &key) == rows[i].r,
			  "row %zu", i);
		cr_assert_str_eq(key, rows[i].key, "row %zu: %s", i, key);
		cr_assert(settings.uid_min == 7);
	}
}
