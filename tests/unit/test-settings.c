// SPDX-License-Identifier: BSD-3-Clause
/*
 * Settings about new ranges: the defaults, and contradictions.
 */
#include "libsubid/core/limits.h"
#include "libsubid/sys/settings.h"
#include "tests/unit/unit.h"

static struct tmpdir tmpdir;

static void set_up(void)
{
	tmpdir_make(&tmpdir);
}

static void tear_down(void)
{
	tmpdir_cleanup(&tmpdir);
}

TestSuite(settings, .init = set_up, .fini = tear_down);

static int read_text(const char *text, struct settings *settings,
		     struct settings_error *error)
{
	tmpdir_put(&tmpdir, "login.defs", text, strlen(text), 0644);
	return settings_read(tmpdir.fd, settings, error);
}

Test(settings, usual)
{
	struct settings settings;
	struct settings_error error;

	cr_assert(settings_read(tmpdir.fd, &settings, &error) == 0);
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
	struct settings_error error;

	cr_assert(read_text("SUB_UID_DETERMINISTIC yes\nSUB_UID_STORE_BY_UID YES\n"
			    "SUB_GID_COUNT 0\nUID_MIN 5\nUID_MAX 6\n",
			    &settings, &error) == 0);
	cr_assert(settings.deterministic && settings.by_id);
	cr_assert(settings.requests[0].bounds.start == 65536);
	cr_assert(settings.requests[0].bounds.end == ID_NONE);
	cr_assert(settings.requests[1].count == 0);
	cr_assert(settings.uid_min == 5 && settings.uid_max == 6);
}

/* A contradiction is reported with its key, kind and values, and nothing is written. */
Test(settings, wrong)
{
	static const struct {
		const char *text;
		int r;
		const char *key;
		uint64_t value, max;
	} rows[] = {
		{ "SUB_UID_MIN 0100000\n", SETTINGS_NUMBER, "SUB_UID_MIN", 0, 0 },
		{ "SUB_UID_MAX -1\n", SETTINGS_NUMBER, "SUB_UID_MAX", 0, 0 },
		{ "SUB_GID_COUNT many\n", SETTINGS_NUMBER, "SUB_GID_COUNT", 0, 0 },
		{ "UID_MIN\n", SETTINGS_NUMBER, "UID_MIN", 0, 0 },
		{ "UID_MAX 0x5\n", SETTINGS_NUMBER, "UID_MAX", 0, 0 },
		{ "SUB_UID_MIN 6\nSUB_UID_MAX 5\n", SETTINGS_BOUNDS, "SUB_UID_MIN", 6,
		  5 },
		{ "SUB_GID_MIN 600100001\n", SETTINGS_BOUNDS, "SUB_GID_MIN", 600100001,
		  600100000 },
		{ "SUB_GID_MAX 4294967296\n", SETTINGS_BEYOND, "SUB_GID_MAX", 4294967296,
		  0 },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct settings settings = { .uid_min = 7 };
		struct settings_error error = { 0 };
		bool group = strncmp(rows[i].key, "SUB_GID", 7) == 0;

		cr_assert(read_text(rows[i].text, &settings, &error) == rows[i].r,
			  "row %zu", i);
		cr_assert_str_eq(error.key, rows[i].key, "row %zu: %s", i, error.key);
		cr_assert(error.kind == (group ? &kind_gid : &kind_uid), "row %zu", i);
		cr_assert(rows[i].value == 0 || error.value == rows[i].value, "row %zu",
			  i);
		cr_assert(rows[i].r != SETTINGS_BOUNDS || error.max == rows[i].max,
			  "row %zu", i);
		cr_assert(settings.uid_min == 7);
	}
}
