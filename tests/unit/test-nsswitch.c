// SPDX-License-Identifier: BSD-3-Clause
/*
 * nsswitch.conf: the line `subid:` in all its forms, and whether users come from the file
 * first.
 */
#include "libsubid/core/limits.h"
#include "libsubid/sys/nsswitch.h"
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

TestSuite(nsswitch, .init = set_up, .fini = tear_down);

static struct nsswitch read_text(const char *text, size_t len)
{
	struct nsswitch nsswitch;
	int r;

	memset(&nsswitch, '~', sizeof(nsswitch));
	r = nsswitch_read(tmpdir_put(&tmpdir, "nsswitch.conf", text, len, 0644),
			  &nsswitch);
	cr_assert(r == 0, "'%s': %d", text, r);
	return nsswitch;
}

/* Compares the words with one space between them. */
static void expect(const char *text, size_t len, const char *words)
{
	struct nsswitch nsswitch = read_text(text, len);
	char joined[NSSWITCH_SOURCES * NSSWITCH_WORD_BYTES] = "";

	cr_assert(nsswitch.n_sources > 0 && nsswitch.n_sources <= NSSWITCH_SOURCES);
	for (size_t i = 0; i < nsswitch.n_sources; i++)
		sprintf(joined + strlen(joined), "%s%s", i > 0 ? " " : "",
			nsswitch.sources[i]);
	cr_assert_str_eq(joined, words, "'%s': '%s'", text, joined);
}

Test(nsswitch, subid)
{
	static const struct {
		const char *text;
		const char *words;
	} rows[] = {
		{ "", "files" },
		{ "\n", "files" },
		{ "passwd: sss\ngroup: sss\n", "files" },
		{ "subid: files\n", "files" },
		{ "subid: FILES\n", "FILES" },
		{ "subid: sss\n", "sss" },
		{ "subid: sss", "sss" },
		{ "subid:sss\n", "sss" },
		{ "subid:\tsss\n", "sss" },
		{ "subid: \t  sss\n", "sss" },
		{ "subid: sss \n", "sss" },
		{ "SUBID: sss\n", "sss" },
		{ "SubId: sss\n", "sss" },
		{ "subid: SSS\n", "SSS" },
		/* Several words, in their order; a repeated word counts twice. */
		{ "subid: sss files\n", "sss files" },
		{ "subid: sss\tother  \tmore \n", "sss other more" },
		{ "subid: files sss\n", "files sss" },
		{ "subid: files files\n", "files files" },
		{ "subid: 1 2 3 4 5 6 7 8\n", "1 2 3 4 5 6 7 8" },
		{ "subid: sss#files\n", "sss" },
		{ "subid: sss # files\n", "sss" },
		/* Actions are skipped. */
		{ "subid: sss[NOTFOUND=return] files\n", "sss files" },
		{ "subid: [NOTFOUND=return] sss\n", "sss" },
		{ "subid: [NOTFOUND=return]sss [a b]files[\n", "sss files" },
		{ "subid: sss [SUCCESS=return files\n", "sss" },
		{ "subid: []\n", "files" },
		{ "subid: [#]sss\n", "sss" },
		/* The whole key is at column 0. */
		{ " subid: sss\n", "files" },
		{ "\tsubid: sss\n", "files" },
		{ "#subid: sss\n", "files" },
		{ "# subid: sss\n", "files" },
		{ "subid : sss\n", "files" },
		{ "subid sss\n", "files" },
		{ "subids: sss\n", "files" },
		{ "xsubid: sss\n", "files" },
		{ "subi: sss\n", "files" },
		{ "subid\n", "files" },
		{ "subid", "files" },
		/* No word. */
		{ "subid:\n", "files" },
		{ "subid: \n", "files" },
		{ "subid: \t", "files" },
		{ "subid:", "files" },
		{ "subid: # sss\n", "files" },
		/* Other lines do not matter. */
		{ "passwd: sss\nsubid: files\nshadow: sss\n", "files" },
		{ "passwd: files\n\n# subid: files\nsubid: sss\nshadow: files\n", "sss" },
		/* The first line counts. */
		{ "subid: sss\nsubid: files\n", "sss" },
		{ "subid: files\nsubid: sss\n", "files" },
		{ "subid: other\nsubid: sss\n", "other" },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		expect(rows[i].text, strlen(rows[i].text), rows[i].words);
}

/* Certainly from the file first, or not. */
Test(nsswitch, passwd)
{
	static const struct {
		const char *text;
		bool files_first;
	} rows[] = {
		{ "passwd: files\n", true },
		{ "passwd: files", true },
		{ "passwd:files\n", true },
		{ "passwd:\t\tfiles systemd\n", true },
		{ "PASSWD: files sss\n", true },
		{ "passwd: files sss [NOTFOUND=return] ldap\n", true },
		{ "passwd: files # sss\n", true },
		{ "subid: sss\npasswd: files\ngroup: sss\n", true },
		/* Without a line libc reads the file. */
		{ "", true },
		{ "group: files\n", true },
		{ "passwd:\n", false },
		{ "passwd: sss files\n", false },
		{ "passwd: compat\n", false },
		{ "passwd: db files\n", false },
		{ "passwd: filesx\n", false },
		{ "passwd: file\n", false },
		{ "passwd: files [SUCCESS=continue] sss\n", false },
		{ "passwd: files[SUCCESS=merge] sss\n", false },
		{ "passwd: files  \t[NOTFOUND=return]\n", false },
		{ "passwd: [NOTFOUND=return] files\n", false },
		{ "#passwd: sss\n", true },
		{ "passwd_compat: nis\n", false },
		/* Two lines: it is unknown which of them is read. */
		{ "passwd: files\npasswd: files\n", false },
		{ "passwd: files\npasswd: sss\n", false },
		{ "passwd: sss\npasswd: files\n", false },
		{ "passwd: files\nPasswd: sss\n", false },
		/* The name service accepts these lines, too. */
		{ "passwd: files\n passwd: sss\n", false },
		{ "passwd: files\n\f\tpasswd: sss\n", false },
		{ "passwd sss\npasswd: files\n", false },
		{ "passwd : sss\npasswd: files\n", false },
		{ "passwd: files\ngroup: sss\n pass: sss\n", true },
		/* For the name service no comment begins inside a word. */
		{ "passwd: files#\n", false },
		{ "passwd: files# sss\n", false },
		{ "passwd: files #sss\n", true },
		{ "passwd: files\t\n", true },
	};
	static char text[2 * LIMIT_LINE_BYTES];

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		cr_assert(read_text(rows[i].text, strlen(rows[i].text))
					  .passwd_files_first == rows[i].files_first,
			  "'%s'", rows[i].text);

	/* Its lines are not cut at our limit. */
	for (int end = 0; end < 3; end++) {
		static const char *const ends[] = { "\n", "[SUCCESS=continue] sss\n",
						    "\n#passwd: sss\n" };

		for (int spaces = 4075; spaces < 4110; spaces++) {
			int len = sprintf(text, "passwd: files%*s%s", spaces, "",
					  ends[end]);
			bool cut = strlen("passwd: files") + (size_t)spaces +
					   (end == 1 ? strlen(ends[1]) - 1 : 0) >
				   LIMIT_LINE_BYTES;

			cr_assert(read_text(text, (size_t)len).passwd_files_first ==
					  (end != 1 && !cut),
				  "%d spaces, end %d", spaces, end);
		}
	}
}

/* The services but those of local files, with spaces between. */
static const char *others_of(const char *words)
{
	static char others[NSSWITCH_LIST_BYTES];
	size_t used = 0, len;

	for (words = nsswitch_next_other(words, &len); len > 0;
	     words = nsswitch_next_other(words + len, &len))
		used += (size_t)sprintf(others + used, "%s%.*s", used > 0 ? " " : "",
					(int)len, words);
	others[used] = '\0';
	return others;
}

/* Lines that the name service accepts though they do not begin with the key. */
Test(nsswitch, odd_others)
{
	static const struct {
		const char *text, *users, *groups;
	} rows[] = {
		{ " passwd: files sss\n\tgroup: ldap\n", "sss", "ldap" },
		{ "passwd files sss\ngroup\tfiles ldap\n", "sss", "ldap" },
		{ " passwd", "", "" },
	};
	struct nsswitch nsswitch;

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		nsswitch = read_text(rows[i].text, strlen(rows[i].text));
		cr_assert_str_eq(others_of(nsswitch.passwd), rows[i].users, "row %zu", i);
		cr_assert_str_eq(others_of(nsswitch.group), rows[i].groups, "row %zu", i);
		cr_assert_not(nsswitch.passwd_files_first);
	}
	nsswitch = read_text(BYTES("passwd_compat: nis\ngroups: ldap\n# passwd: sss\n"));
	cr_assert_str_eq(others_of(nsswitch.passwd), "");
	cr_assert_str_eq(others_of(nsswitch.group), "");
}

/* Services for accounts other than the local files; for groups as well as for users. */
Test(nsswitch, others)
{
	static const struct {
		const char *line; /* behind the key */
		const char *others;
	} rows[] = {
		{ "", "" },
		{ " files", "" },
		{ " files compat db", "" },
		{ "files sss", "sss" },
		{ "\tsss files", "sss" },
		{ " files sss ldap\t winbind ", "sss ldap winbind" },
		{ " files [NOTFOUND=return] sss", "sss" },
		{ " files [NOTFOUND=return UNAVAIL=continue]sss", "sss" },
		{ " files[!SUCCESS=return]sss", "sss" },
		{ " sss # ldap", "sss # ldap" },
		{ " # sss", "# sss" },
		{ " files#sss", "files#sss" },
		{ "\vfiles\fsss\r", "sss" },
		{ " [", "" },
		{ " sss [broken ldap", "sss" },
		{ " filesx file dbs compatible", "filesx file dbs compatible" },
		{ " Files", "Files" },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		char text[256];
		struct nsswitch nsswitch;

		snprintf(text, sizeof(text), "passwd:%s\ngroup: other\n", rows[i].line);
		nsswitch = read_text(text, strlen(text));
		cr_assert_str_eq(others_of(nsswitch.passwd), rows[i].others, "'%s': '%s'",
				 rows[i].line, others_of(nsswitch.passwd));
		cr_assert_str_eq(others_of(nsswitch.group), "other");
		cr_assert_eq(nsswitch_has_others(nsswitch.passwd),
			     rows[i].others[0] != '\0');
		cr_assert_eq(nsswitch.passwd_actions, strchr(rows[i].line, '[') != NULL);
		cr_assert_not(nsswitch.group_actions);
		snprintf(text, sizeof(text), "GROUP:%s", rows[i].line);
		nsswitch = read_text(text, strlen(text));
		cr_assert_str_eq(others_of(nsswitch.group), rows[i].others, "'%s': '%s'",
				 rows[i].line, others_of(nsswitch.group));
		cr_assert_str_eq(others_of(nsswitch.passwd), "");
		cr_assert_eq(nsswitch.group_actions, strchr(rows[i].line, '[') != NULL);
		cr_assert_not(nsswitch.passwd_actions);
	}
}

/* All services of users, in the order in which libc asks them. */
Test(nsswitch, order)
{
	static const struct {
		const char *text, *order;
	} rows[] = {
		{ "", "" },
		{ "group: sss files\n", "" },
		{ "passwd: files\n", "files" },
		{ "passwd: sss [NOTFOUND=continue] files db ldap\n",
		  "sss files db ldap" },
		{ " passwd compat systemd\n", "compat systemd" },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct nsswitch nsswitch = read_text(rows[i].text, strlen(rows[i].text));

		cr_assert_str_eq(nsswitch.passwd, rows[i].order, "'%s': '%s'",
				 rows[i].text, nsswitch.passwd);
	}
}

/* More words than there is room for: none of them may be taken for all. */
Test(nsswitch, many_others)
{
	char text[NSSWITCH_LIST_BYTES * 4] = "passwd:";
	struct nsswitch nsswitch;
	size_t len = strlen(text);

	for (int i = 10; i < 99; i++)
		len += (size_t)sprintf(text + len, " word%d", i);
	nsswitch = read_text(text, len);
	cr_assert_str_eq(others_of(nsswitch.passwd), NSSWITCH_UNREAD);
	cr_assert_str_eq(nsswitch.passwd, NSSWITCH_UNREAD);
	cr_assert(nsswitch_has_remote(nsswitch.passwd));
}

/* A line of which only the begin is read. */
Test(nsswitch, cut_off)
{
	char text[2 * LIMIT_LINE_BYTES];

	for (int begin = 0; begin < 2; begin++) {
		struct nsswitch nsswitch;

		snprintf(text, sizeof(text), "%sgroup: %*s\npasswd: files\n",
			 begin ? " " : "", LIMIT_LINE_BYTES, "sss");
		nsswitch = read_text(text, strlen(text));
		cr_assert_str_eq(others_of(nsswitch.group), NSSWITCH_UNREAD);
		cr_assert_str_eq(others_of(nsswitch.passwd), "");
	}
}

/* A word as long as its buffer, and a longer one: whole, or omitted. */
Test(nsswitch, long_others)
{
	for (int len = NSSWITCH_LIST_BYTES - 8; len < NSSWITCH_LIST_BYTES + 8; len++) {
		char text[2 * NSSWITCH_LIST_BYTES];
		struct nsswitch nsswitch;
		size_t kept;

		/* The lists are adjacent in memory: the first must not overwrite the
		 * second. */
		snprintf(text, sizeof(text), "group: other\npasswd: %0*d\n", len, 1);
		nsswitch = read_text(text, strlen(text));
		cr_assert_str_eq(others_of(nsswitch.group), "other", "%d bytes", len);
		kept = strlen(nsswitch.passwd);
		cr_assert(kept == 1 || kept == (size_t)len, "%d bytes: %zu", len, kept);
		cr_assert(kept > 1 || len > NSSWITCH_LIST_BYTES - 3, "%d bytes", len);
	}
}

/* NULs and lines of any length are skipped. */
Test(nsswitch, odd_bytes)
{
	static char text[100000];

	expect(BYTES("\0subid: sss\n"), "files");
	expect(BYTES("subid\0: sss\n"), "files");
	expect(BYTES("\xff\xfe\nsubid: sss\n"), "sss");
	memset(text, 'x', sizeof(text));
	memcpy(text + sizeof(text) - 13, "\nsubid: sss\n\n", 13);
	expect(text, sizeof(text), "sss");
	/* A line longer than the limit is read up to the limit. */
	memset(text, ' ', sizeof(text));
	memcpy(text, "subid: sss", 10);
	expect(text, sizeof(text), "sss");
}

/* The longest allowed word; a longer one is not cut to another word. */
Test(nsswitch, long_words)
{
	char word[NSSWITCH_WORD_BYTES + 1], text[NSSWITCH_WORD_BYTES + 64];

	memset(word, 'n', sizeof(word));
	word[NSSWITCH_WORD_BYTES - 1] = '\0';
	snprintf(text, sizeof(text), "subid: %s\n", word);
	expect(text, strlen(text), word);
	snprintf(text, sizeof(text), "subid: %sn\n", word);
	expect(text, strlen(text), "files");
	snprintf(text, sizeof(text), "subid: a %sn b\n", word);
	expect(text, strlen(text), "a b");
}

/* No source may be skipped, so with too many of them there are none. */
Test(nsswitch, many_words)
{
	static const char text[] = "subid: 1 2 3 4 5 6 7 8 9\n";
	struct nsswitch nsswitch, before;

	memset(&nsswitch, '~', sizeof(nsswitch));
	before = nsswitch;
	cr_assert(nsswitch_read(tmpdir_put(&tmpdir, "many", BYTES(text), 0644),
				&nsswitch) == -E2BIG);
	cr_assert(memcmp(&nsswitch, &before, sizeof(nsswitch)) == 0);
}

/* A missing nsswitch.conf means the files; an unreadable one means unknown sources. */
Test(nsswitch, files)
{
	struct nsswitch nsswitch, before;

	memset(&nsswitch, '~', sizeof(nsswitch));
	before = nsswitch;
	cr_assert(mkdirat(tmpdir.fd, "directory", 0755) == 0);
	cr_assert(nsswitch_read(tmpdir_path(&tmpdir, "directory"), &nsswitch) == -EISDIR);
	cr_assert(symlinkat("loop", tmpdir.fd, "loop") == 0);
	cr_assert(nsswitch_read(tmpdir_path(&tmpdir, "loop"), &nsswitch) == -ELOOP);
	tmpdir_put(&tmpdir, "file", BYTES("subid: sss\n"), 0644);
	cr_assert(nsswitch_read(tmpdir_path(&tmpdir, "file/x"), &nsswitch) == -ENOTDIR);
	cr_assert(memcmp(&nsswitch, &before, sizeof(nsswitch)) == 0);

	cr_assert(nsswitch_read(tmpdir_path(&tmpdir, "missing"), &nsswitch) == 0);
	cr_assert(nsswitch.n_sources == 1);
	cr_assert_str_eq(nsswitch.sources[0], "files");
	cr_assert(nsswitch.passwd_files_first);
}

/* Of several lines the last counts, in each spelling that glibc accepts. */
Test(nsswitch, initgroups)
{
	static const struct {
		const char *text, *words;
	} rows[] = {
		{ "group: files sss\n", "" },
		{ "initgroups: files ldap\ngroup: sss\n", "files ldap" },
		{ "initgroups: sss\n \tInitGroups files [SUCCESS=continue] ldap\n",
		  "files ldap" },
		{ "initgroups:sss", "sss" },
		{ "initgroups:\ninitgroupsx: a\n#initgroups: a\ninitgroup: a\n", "" },
		{ "initgroups", "" },
	};
	char words[NSSWITCH_LIST_BYTES];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *path = tmpdir_put(&tmpdir, "nsswitch.conf", rows[i].text,
					      strlen(rows[i].text), 0644);

		cr_assert(nsswitch_read_initgroups(path, words) == 0);
		cr_assert_str_eq(words, rows[i].words, "%zu", i);
	}
	cr_assert(nsswitch_read_initgroups(tmpdir_path(&tmpdir, "missing"), words) == 0);
	cr_assert_str_eq(words, "");
}
