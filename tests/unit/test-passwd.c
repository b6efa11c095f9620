// SPDX-License-Identifier: BSD-3-Clause
/*
 * Lines of passwd(5) and group(5): tables of odd ones, and random ones compared with the
 * reader of the GNU C library.
 *
 * SUBID_TEST_SEED makes other lines, SUBID_PASSWD_LINES makes more or fewer.
 */
#include "libsubid/core/limits.h"
#include "libsubid/core/passwd.h"
#include "tests/unit/passwd-libc.h"
#include "tests/unit/rng.h"
#include "tests/unit/unit.h"

#define TEN	 "abcdefghij"
#define FIFTY	 TEN TEN TEN TEN TEN
#define NAME_256 FIFTY FIFTY FIFTY FIFTY FIFTY "abcdef"
#define NAME_257 NAME_256 "g"

/* Whether the line begins as printf(3) would write the account: as tools write it. */
static bool is_plain(const char *line, size_t len, bool group,
		     const struct passwd_line *account)
{
	const char *password = memchr(line, ':', len), *number;
	char text[64];
	size_t n;

	if (account->name != line || whitespace_is(line[0]) || !password ||
	    (!group && account->gid == ID_NONE))
		return false;
	number = memchr(password + 1, ':', (size_t)(line + len - password - 1));
	if (!number)
		return false;
	n = (size_t)(group ? snprintf(text, sizeof(text), ":%u", account->id) :
			     snprintf(text, sizeof(text), ":%u:%u", account->id,
				      account->gid));
	return (size_t)(line + len - number) >= n && memcmp(number, text, n) == 0 &&
	       (number + n == line + len || number[n] == ':') &&
	       !memchr(line, '\0', (size_t)(number + n - line));
}

/* The id in the third field of a line that libc refuses; ID_NONE: there is none. */
static uint32_t id_of_refused(const char *line, size_t len)
{
	CLEANUP(cleanup_free) char *copy = malloc(len + 1);
	char *rest = copy, *field = NULL, *end;
	unsigned long long value;

	cr_assert(copy);
	memcpy(copy, line, len);
	copy[len] = '\0';
	rest += whitespace_count(copy, len);
	if (strchr("+-#", *rest))
		return ID_NONE;
	for (int i = 0; i < 3; i++)
		field = strsep(&rest, ":");
	if (!field)
		return ID_NONE;
	value = strtoull(field, &end, 10);
	return end > field && *end == '\0' && value < ID_NONE ? (uint32_t)value : ID_NONE;
}

/*
 * The expected result is libc's:
 *
 *	0, PASSWD_ODD	libc accepts the line, with this name and these ids
 *	PASSWD_ID_ONLY	libc accepts it, but no owner has such a name; or libc refuses it
 *			for what follows an id that it reads
 *	PASSWD_NONE	libc refuses the line, or its id is ID_NONE, which is no account's
 *
 * Not compared: a line with a NUL after whitespace, which libc reads wrong.
 */
static int check_line(const char *line, size_t len, bool group)
{
	/* The library (2.36) reads some bytes twice. */
	bool twice = whitespace_count(line, len) > 0 && memchr(line, '\0', len);
	CLEANUP(cleanup_free) char *copy = exact_copy(line, len);
	struct passwd_line account = { .name = NULL };
	struct libc_line libcs = { .name = NULL };
	int r = passwd_read_line(copy, len, group, &account);
	bool accepted = libc_read_line(line, len, group, &libcs);
	size_t name_len = accepted ? strlen(libcs.name) : 0;
	const char *kind = group ? "group" : "passwd";
	int want = PASSWD_NONE;

	if (accepted && libcs.id != ID_NONE)
		want = name_len == 0 || name_len > LIMIT_OWNER_BYTES ? PASSWD_ID_ONLY :
		       is_plain(copy, len, group, &account)	     ? 0 :
								       PASSWD_ODD;
	else if (!accepted && !group && id_of_refused(line, len) != ID_NONE)
		want = PASSWD_ID_ONLY;
	if (twice) {
		free(libcs.name);
		return r;
	}
	cr_assert(r == want, "%s '%.*s': %d, want %d", kind, (int)len, line, r, want);
	if (r == PASSWD_NONE)
		cr_assert(!account.name, "%s '%.*s'", kind, (int)len, line);
	if (!accepted && r == PASSWD_ID_ONLY)
		cr_assert(account.id == id_of_refused(line, len), "'%.*s': %u", (int)len,
			  line, account.id);
	if (!accepted || r == PASSWD_NONE) {
		free(libcs.name);
		return r;
	}
	cr_assert(account.name_len == name_len &&
			  memcmp(account.name, libcs.name, name_len) == 0,
		  "%s '%.*s': '%.*s', libc reads '%s'", kind, (int)len, line,
		  (int)account.name_len, account.name, libcs.name);
	cr_assert(account.id == libcs.id, "%s '%.*s': %u, libc reads %u", kind, (int)len,
		  line, account.id, libcs.id);
	cr_assert(account.gid == (group ? ID_NONE : libcs.gid),
		  "%s '%.*s': gid %u, libc reads %u", kind, (int)len, line, account.gid,
		  libcs.gid);
	free(libcs.name);
	return r;
}

/* One line a row; the uid, if there is one, is 3999999999. */
Test(passwd, users)
{
	static const struct {
		const char *text;
		int r;
		const char *name; /* unless PASSWD_NONE */
		uint32_t gid;
	} rows[] = {
		{ "", PASSWD_NONE, NULL, 0 },
		{ "elsa:x:3999999999:1100::/:/bin/sh", 0, "elsa", 1100 },
		{ "elsa:x:3999999999:1100", 0, "elsa", 1100 },
		{ "elsa::3999999999:4294967294:::", 0, "elsa", 4294967294 },
		{ "elsa:x:3999999999:0:::", 0, "elsa", 0 },
		{ "2000:x:3999999999:7:::", 0, "2000", 7 },
		{ "j\xc3\xbcrgen:x:3999999999:7:::", 0, "j\xc3\xbcrgen", 7 },
		{ "elsa :x:3999999999:7:::", 0, "elsa ", 7 },
		{ NAME_256 ":x:3999999999:7:::", 0, NAME_256, 7 },
		{ NAME_257 ":x:3999999999:7:::", PASSWD_ID_ONLY, NAME_257, 7 },
		{ ":x:3999999999:7:::", PASSWD_ID_ONLY, "", 7 },
		/* Numbers as strtoull(3) reads them. */
		{ "elsa:x:03999999999:7:::", PASSWD_ODD, "elsa", 7 },
		{ "elsa:x: 3999999999:7:::", PASSWD_ODD, "elsa", 7 },
		{ "elsa:x:\t\f\v\r 3999999999:7:::", PASSWD_ODD, "elsa", 7 },
		{ "elsa:x:+3999999999:7:::", PASSWD_ODD, "elsa", 7 },
		{ "elsa:x:3999999999:+007:::", PASSWD_ODD, "elsa", 7 },
		{ "elsa:x:3999999999:-0:::", PASSWD_ODD, "elsa", 0 },
		{ "elsa:x:3999999999:4294967295:::", PASSWD_ODD, "elsa", ID_NONE },
		{ " elsa:x:3999999999:7:::", PASSWD_ODD, "elsa", 7 },
		{ "\f\v\r\telsa:x:3999999999:7:::", PASSWD_ODD, "elsa", 7 },
		{ "elsa:x:3999999999 :7:::", PASSWD_NONE, NULL, 0 },
		{ "elsa:x:0xee6b27ff:7:::", PASSWD_NONE, NULL, 0 },
		{ "elsa:x:+-3999999999:7:::", PASSWD_NONE, NULL, 0 },
		{ "elsa:x:+ 3999999999:7:::", PASSWD_NONE, NULL, 0 },
		{ "elsa:x:+:7:::", PASSWD_NONE, NULL, 0 },
		{ "elsa:x::7:::", PASSWD_NONE, NULL, 0 },
		{ "elsa:x: :7:::", PASSWD_NONE, NULL, 0 },
		/* No uids. */
		{ "elsa:x:4294967295:7:::", PASSWD_NONE, NULL, 0 },
		{ "elsa:x:8294967295:7:::", PASSWD_NONE, NULL, 0 }, /* 2^32 more */
		{ "elsa:x:39999999999:7:::", PASSWD_NONE, NULL, 0 },
		{ "elsa:x:-1:7:::", PASSWD_NONE, NULL, 0 },
		{ "elsa:x:18446744077709551615:7:::", PASSWD_NONE, NULL, 0 },
		{ "elsa:x:-18446744073709551617:7:::", PASSWD_NONE, NULL, 0 },
		/* Groups that are none. */
		{ "elsa:x:3999999999", PASSWD_ID_ONLY, "elsa", ID_NONE },
		{ "elsa:x:3999999999:", PASSWD_ID_ONLY, "elsa", ID_NONE },
		{ "elsa:x:3999999999::::", PASSWD_ID_ONLY, "elsa", ID_NONE },
		{ "elsa:x:3999999999:x:::", PASSWD_ID_ONLY, "elsa", ID_NONE },
		{ "elsa:x:3999999999:-", PASSWD_ID_ONLY, "elsa", ID_NONE },
		{ "elsa:x:3999999999:4294967296:::", PASSWD_ID_ONLY, "elsa", ID_NONE },
		{ "elsa:x:3999999999:99999999999999999999:::", PASSWD_ID_ONLY, "elsa",
		  ID_NONE },
		{ "elsa:x:3999999999:-7:::", PASSWD_ID_ONLY, "elsa", ID_NONE },
		{ "elsa:x:-18446744069709551617:-7:::", PASSWD_ID_ONLY, "elsa", ID_NONE },
		/* Entries of the compat service, and comments. */
		{ "+elsa:x:3999999999:7:::", PASSWD_NONE, NULL, 0 },
		{ "-elsa:x:3999999999:7:::", PASSWD_NONE, NULL, 0 },
		{ "#elsa:x:3999999999:7:::", PASSWD_NONE, NULL, 0 },
		{ " +elsa:x:3999999999:7:::", PASSWD_NONE, NULL, 0 },
		{ "\t-elsa:x:3999999999:7:::", PASSWD_NONE, NULL, 0 },
		{ "  #elsa:x:3999999999:7:::", PASSWD_NONE, NULL, 0 },
		{ "+", PASSWD_NONE, NULL, 0 },
		{ "elsa", PASSWD_NONE, NULL, 0 },
		{ "elsa:", PASSWD_NONE, NULL, 0 },
		{ "elsa:x", PASSWD_NONE, NULL, 0 },
		{ "elsa:x:", PASSWD_NONE, NULL, 0 },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		size_t len = strlen(rows[i].text);
		struct passwd_line line;

		cr_assert(check_line(rows[i].text, len, false) == rows[i].r,
			  "row %zu '%s'", i, rows[i].text);
		if (passwd_read_line(rows[i].text, len, false, &line) == PASSWD_NONE)
			continue;
		cr_assert(line.name_len == strlen(rows[i].name) &&
				  memcmp(line.name, rows[i].name, line.name_len) == 0,
			  "row %zu '%s'", i, rows[i].text);
		cr_assert(line.id == 3999999999U && (line.gid == rows[i].gid ||
						     rows[i].r == PASSWD_ID_ONLY),
			  "row %zu '%s': %u %u", i, rows[i].text, line.id, line.gid);
	}
}

/* Fields of other lines are not taken for the id. */
Test(passwd, fields)
{
	static const struct {
		const char *text;
		uint32_t id, gid;
	} rows[] = {
		{ "elsa:3999999999:7:8:::", 7, 8 },
		{ "elsa:x:7:3999999999:::", 7, 3999999999U },
		{ "3999999999:x:7:8:::", 7, 8 },
		{ "elsa:x:399999999:7:::", 399999999, 7 },
		/* -(2^64 - 7): what is left of 2^64 is a uid. */
		{ "elsa:x:-18446744073709551609:7:::", 7, 7 },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		size_t len = strlen(rows[i].text);
		struct passwd_line line;

		check_line(rows[i].text, len, false);
		cr_assert(passwd_read_line(rows[i].text, len, false, &line) <=
			  PASSWD_ODD);
		cr_assert(line.id == rows[i].id && line.gid == rows[i].gid, "row %zu: %u",
			  i, line.id);
	}
}

/* A NUL ends the line for libc. */
Test(passwd, nul)
{
	static const struct {
		const char *text;
		size_t len;
		int user, group;
	} rows[] = {
		{ BYTES("elsa:x\0:7:7:::"), PASSWD_NONE, PASSWD_NONE },
		{ BYTES("el\0sa:x:7:7:::"), PASSWD_NONE, PASSWD_NONE },
		{ BYTES("\0elsa:x:7:7:::"), PASSWD_NONE, PASSWD_NONE },
		{ BYTES(" \0elsa:x:7:7:::"), PASSWD_NONE, PASSWD_NONE },
		{ BYTES("elsa:x:7\0:7:::"), PASSWD_ID_ONLY, PASSWD_ODD },
		{ BYTES("elsa:x:7:\0"
			"7:::"),
		  PASSWD_ID_ONLY, 0 },
		{ BYTES("elsa:x:7:7\0:::"), PASSWD_ODD, 0 },
		{ BYTES("elsa:x:7:7:\0::"), 0, 0 },
		{ BYTES("elsa:x:7:7:::\0"), 0, 0 },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		for (int group = 0; group < 2; group++) {
			struct passwd_line line;
			int r = passwd_read_line(rows[i].text, rows[i].len, group, &line);
			int want = group ? rows[i].group : rows[i].user;

			cr_expect(r == want, "row %zu, %d: %d, want %d", i, group, r,
				  want);
		}
}

/* The third field of a group is the gid; names follow. */
Test(passwd, groups)
{
	static const struct {
		const char *text;
		int r;
	} rows[] = {
		{ "staff:x:50:elsa,anna", 0 },
		{ "users:x:50:", 0 },
		{ "short:x:50", 0 },
		{ "odd:x:050:x", PASSWD_ODD },
		{ " odd:x:50:x", PASSWD_ODD },
		{ "odd:x:50 :x", PASSWD_NONE },
		{ ":x:50:x", PASSWD_ID_ONLY },
		{ "+staff:x:50:x", PASSWD_NONE },
		{ "none:x:4294967295:x", PASSWD_NONE },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct passwd_line line = { .id = 50 };
		size_t len = strlen(rows[i].text);

		cr_assert(check_line(rows[i].text, len, true) == rows[i].r, "row %zu", i);
		passwd_read_line(rows[i].text, len, true, &line);
		cr_assert(line.id == 50, "row %zu: %u", i, line.id);
	}
}

/* The fourth field; none, and one that ends with the line. */
Test(passwd, members)
{
	static const struct {
		const char *line, *members;
	} rows[] = {
		{ "staff:x:50:elsa,anna", "elsa,anna" },
		{ "staff:x:50:elsa,anna:more", "elsa,anna" },
		{ "staff:x:50:", "" },
		{ "staff:x:50", "" },
		{ "staff:x", "" },
		{ "", "" },
		{ ":::", "" },
		{ ":::a", "a" },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		size_t len = strlen(rows[i].line), n = 99;
		CLEANUP(cleanup_free) char *line = exact_copy(rows[i].line, len);
		const char *members = passwd_find_field(line, len, PASSWD_MEMBERS, &n);

		cr_assert(members >= line && members + n <= line + len, "row %zu", i);
		cr_assert(n == strlen(rows[i].members) &&
				  memcmp(members, rows[i].members, n) == 0,
			  "row %zu: '%.*s'", i, (int)n, members);
	}
}

/*
 * Of a line that is longer than the limit only the beginning is read: the result is that
 * of libc for the whole line, or nothing.
 */
Test(passwd, long_lines)
{
	static const char *const ends[] = {
		":5001:500200:::", ":5001:500200", ":5001:5x", ":5001:5\r",
		":5001x:5",	   ":5001:-0",	   ":0:0",     ":5001",
	};
	static char line[LIMIT_LINE_BYTES + 64];
	size_t taken = 0;

	for (size_t more = LIMIT_LINE_BYTES - 32; more < LIMIT_LINE_BYTES + 8; more++)
		for (size_t i = 0; i < COUNT_OF(ends); i++) {
			size_t len = (size_t)sprintf(line, "elsa:%0*d%s", (int)more, 0,
						     ends[i]);
			size_t there =
				len > LIMIT_LINE_BYTES ? LIMIT_LINE_BYTES + 1 : len;
			CLEANUP(cleanup_free) char *begin = exact_copy(line, there);
			struct passwd_line account;
			struct libc_line libcs = { .name = NULL };
			int r = passwd_read_line(begin, there, false, &account);
			bool accepted = libc_read_line(line, len, false, &libcs);

			free(libcs.name);
			if (r == 0 || r == PASSWD_ODD) {
				taken++;
				cr_assert(accepted && account.id == libcs.id &&
						  account.gid == libcs.gid,
					  "%zu '%s': %u %u", more, ends[i], account.id,
					  account.gid);
			}
			if (r == PASSWD_ID_ONLY && accepted)
				cr_assert(account.id == libcs.id, "%zu '%s': %u", more,
					  ends[i], account.id);
			if (len <= LIMIT_LINE_BYTES)
				check_line(line, len, false);
		}
	cr_assert(taken > 50, "%zu lines", taken);
}

static const char *const pieces[] = {
	"elsa",
	"anna",
	"5001",
	"0",
	"00",
	"07",
	"-0",
	"-1",
	"+7",
	"7",
	" ",
	"\t",
	"\v",
	"\f",
	"\r",
	"+",
	"-",
	"#",
	"x",
	"",
	"1000",
	"4294967294",
	"4294967295",
	"4294967296",
	"-4294967295",
	"-18446744073709551615",
	"18446744073709551615",
	"18446744073709551616",
	"-18446744069414584321",
	"0x10",
	"1e3",
	"99999999999999999999999999",
	"root",
	"\xc3\xbc",
	",",
	"*",
	"!",
	" 7",
	"7 ",
	"--7",
	"+-7",
	"\x01",
	"\x7f",
	"\xa0",
	"\x85",
};

/* A line of some fields, each of some pieces; sometimes with a NUL. */
static size_t make_line(struct rng *rng, char *line)
{
	size_t fields = rng_once_in(rng, 4) ? rng_below(rng, 8) : 4 + rng_below(rng, 4);
	size_t len = 0;

	for (size_t i = 0; i < fields; i++) {
		size_t n = rng_once_in(rng, 3) ? rng_below(rng, 4) : 1;

		if (i > 0)
			line[len++] = ':';
		while (n-- > 0) {
			const char *piece = pieces[rng_below(rng, COUNT_OF(pieces))];

			len = (size_t)(stpcpy(line + len, piece) - line);
		}
	}
	if (len > 0 && rng_once_in(rng, 16))
		line[rng_below(rng, len)] = '\0';
	return len;
}

/* A line as tools write it, with one to three bytes changed. */
static size_t change_line(struct rng *rng, char *line)
{
	static const char bytes[] = " \t\v\f\r+-#:0123456789x,\0";
	size_t len =
		(size_t)sprintf(line, "%s:x:%u:%u:Elsa:/home/elsa:/bin/sh",
				rng_once_in(rng, 8) ? NAME_256 : "elsa",
				(unsigned)(rng_next(rng) >> (32 + rng_below(rng, 32))),
				(unsigned)(rng_next(rng) >> (32 + rng_below(rng, 32))));

	for (size_t n = 1 + rng_below(rng, 3); n > 0; n--) {
		size_t at = rng_below(rng, len < 24 ? len : 24);
		char byte = bytes[rng_below(rng, sizeof(bytes) - 1)];

		if (rng_once_in(rng, 2)) {
			memmove(line + at + 1, line + at, len - at);
			len++;
		}
		line[at] = byte;
	}
	return len;
}

/* Random lines: each result occurs often, and is libc's. */
Test(passwd, agrees_with_libc)
{
	uint64_t lines = rng_setting("SUBID_PASSWD_LINES", 200000);
	struct rng rng = { rng_seed() };
	size_t met[2][PASSWD_NONE + 1] = { 0 };

	for (uint64_t i = 0; i < lines; i++) {
		bool group = rng_once_in(&rng, 3);
		char line[2048];
		size_t len = rng_once_in(&rng, 2) ? make_line(&rng, line) :
						    change_line(&rng, line);

		met[group][check_line(line, len, group)]++;
	}
	for (int group = 0; group < 2; group++)
		for (int r = 0; r <= PASSWD_NONE; r++)
			cr_assert(met[group][r] > lines / 500, "%d %d: %zu", group, r,
				  met[group][r]);
}
