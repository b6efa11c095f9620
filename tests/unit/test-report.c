// SPDX-License-Identifier: BSD-3-Clause
/*
 * Messages: exact bytes, one write a line; lost output on stdout is reported.
 */
#include <locale.h>
#include <sys/socket.h>

#include "message/report.h"
#include "tests/unit/unit.h"

#define THOUSAND 1000

/*
 * stderr is a socket on which every write(2) is a separate message. The tests run in
 * children, since Criterion prints to stderr.
 */
static int catch_stderr(void)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, ends) ||
	    dup2(ends[1], STDERR_FILENO) < 0)
		return -1;
	close(ends[1]);
	return ends[0];
}

/* The next message, as a string. */
static const char *caught(int fd)
{
	static char text[4096];
	ssize_t n = recv(fd, text, sizeof(text) - 1, 0);

	text[n < 0 ? 0 : n] = '\0';
	return text;
}

static const char *lines(void *context)
{
	int fd = catch_stderr();

	(void)context;
	CHILD_ASSERT(fd >= 0);
	report_line("newuidmap", "%s", "Could not set caps");
	CHILD_ASSERT(strcmp(caught(fd), "newuidmap: Could not set caps\n") == 0);
	report_line("newgidmap", "gid range [%u-%u) -> [%u-%u) not allowed", 0U, 1U, 5U,
		    6U);
	CHILD_ASSERT(strcmp(caught(fd),
			    "newgidmap: gid range [0-1) -> [5-6) not allowed\n") == 0);
	report_line("x", "%s", "");
	CHILD_ASSERT(strcmp(caught(fd), "x: \n") == 0);
	/* Arguments are not formats. */
	report_line("x", "%s", "100%s %n");
	CHILD_ASSERT(strcmp(caught(fd), "x: 100%s %n\n") == 0);
	CHILD_ASSERT(strcmp(caught(fd), "") == 0);
	return NULL;
}

Test(report, lines)
{
	child_run(lines, NULL);
}

/* A line of 1023 bytes is written whole, and a longer one cut to that, with its newline.
 */
static const char *long_lines(void *context)
{
	int fd = catch_stderr();
	static char text[3000];

	(void)context;
	CHILD_ASSERT(fd >= 0);
	for (size_t len = THOUSAND; len < sizeof(text); len += len < 1050 ? 1 : 97) {
		size_t expected = len + 4 < 1023 ? len + 4 : 1023;
		const char *line;

		memset(text, 'm', len);
		text[len] = '\0';
		report_line("p", "%s", text);
		line = caught(fd);
		CHILD_ASSERT(strlen(line) == expected);
		CHILD_ASSERT(strncmp(line, "p: mmm", 6) == 0);
		CHILD_ASSERT(strspn(line + 3, "m") == expected - 4);
		CHILD_ASSERT(line[expected - 1] == '\n');
		/* Only the name fits. */
		report_line(text, "%s", "message");
		line = caught(fd);
		CHILD_ASSERT(strlen(line) <= 1023 && line[strlen(line) - 1] == '\n');
		CHILD_ASSERT(strspn(line, "m") == (len < 1022 ? len : 1022));
	}
	return NULL;
}

Test(report, long_lines)
{
	child_run(long_lines, NULL);
}

static const char *odd_bytes(void *context)
{
	int fd = catch_stderr();

	(void)context;
	CHILD_ASSERT(fd >= 0);
	report_line("p", "a\nb\rc\td\033[31me\x7f\x01g");
	CHILD_ASSERT(
		strcmp(caught(fd), "p: a\\x0ab\\x0dc\\x09d\\x1b[31me\\x7f\\x01g\n") == 0);
	report_line("p", "%s", "j\xc3\xbcrgen \x80\xff ~");
	CHILD_ASSERT(strcmp(caught(fd), "p: j\xc3\xbcrgen \\x80\xff ~\n") == 0);
	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		return CHILD_SKIP "no locale C.UTF-8";
	report_line("p", "%s", "j\xc3\xbcrgen m\xc4\x9bsto \x80\xff ~");
	CHILD_ASSERT(strcmp(caught(fd), "p: j\xc3\xbcrgen m\xc4\x9bsto \\x80\\xff ~\n") ==
		     0);
	report_line("p", "%s",
		    "\xc2\x9b"
		    "31m \xe2\x80\xae \x9d\\x9d");
	CHILD_ASSERT(
		strcmp(caught(fd), "p: \\xc2\\x9b31m \\xe2\\x80\\xae \\x9d\\x9d\n") == 0);
	return NULL;
}

/* A foreign name makes no second line and no colours; letters are unchanged. */
Test(report, odd_bytes)
{
	child_run(odd_bytes, NULL);
}

/* A line is cut, but neither a character nor an escape is. */
static const char *long_odd_lines(void *context)
{
	static const char *const pieces[] = { "\x9b", "\xc2\x9b", "\xf0\x9f\x98\x80" };
	static const char *const shown[] = { "\\x9b", "\\xc2\\x9b", "\xf0\x9f\x98\x80" };
	int fd = catch_stderr();
	static char text[3000];

	(void)context;
	CHILD_ASSERT(fd >= 0);
	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		return CHILD_SKIP "no locale C.UTF-8";
	for (size_t i = 0; i < COUNT_OF(pieces); i++)
		for (size_t n = 0; n < 16; n++) {
			size_t len = strlen(pieces[i]), piece = strlen(shown[i]);
			const char *line;
			size_t at = n;

			memset(text, 'm', n);
			for (; at + len < sizeof(text); at += len)
				memcpy(text + at, pieces[i], len);
			text[at] = '\0';
			report_line(NULL, "%s", text);
			line = caught(fd);
			CHILD_ASSERT(strlen(line) <= 1023 &&
				     strlen(line) > 1023 - piece &&
				     line[strlen(line) - 1] == '\n');
			CHILD_ASSERT((strlen(line) - 1 - n) % piece == 0);
			for (at = n; at < strlen(line) - 1; at += piece)
				CHILD_ASSERT(memcmp(line + at, shown[i], piece) == 0);
		}
	return NULL;
}

Test(report, long_odd_lines)
{
	child_run(long_odd_lines, NULL);
}

static const char *together(void *context)
{
	struct report report = { .len = 0 };
	int fd = catch_stderr();

	(void)context;
	CHILD_ASSERT(fd >= 0);
	report_add(&report, NULL, "usage: %s", "x ");
	report_add(&report, "p", "%s", "first");
	report_add(&report, "p", "%s\n", "second");
	CHILD_ASSERT(strcmp(caught(fd), "") == 0);
	report_send(&report);
	CHILD_ASSERT(strcmp(caught(fd), "usage: x \np: first\np: second\\x0a\n") == 0);
	CHILD_ASSERT(report.len == 0);
	report_add(&report, "p", "%s", "third");
	report_send(&report);
	CHILD_ASSERT(strcmp(caught(fd), "p: third\n") == 0);
	CHILD_ASSERT(strcmp(caught(fd), "") == 0);
	return NULL;
}

/* Lines that belong together are one write(2), in their order. */
Test(report, together)
{
	child_run(together, NULL);
}

static const char *too_many(void *context)
{
	int fd = catch_stderr();
	static char text[3000];

	(void)context;
	CHILD_ASSERT(fd >= 0);
	/* Lines of each length, more of them than fit. */
	for (size_t len = 1; len < 1200; len += len < 20 || len > 1000 ? 1 : 61) {
		struct report report = { .len = 0 };
		const char *line;
		size_t last = 0;

		memset(text, 'm', len);
		text[len] = '\0';
		for (size_t i = 0; i < 4096; i++) {
			report_add(&report, NULL, "%s", text);
			CHILD_ASSERT(report.len <= sizeof(report.text));
			CHILD_ASSERT(report.len == last ||
				     report.text[report.len - 1] == '\n');
			last = report.len;
		}
		CHILD_ASSERT(last > sizeof(report.text) - 3);
		report_send(&report);
		line = caught(fd);
		CHILD_ASSERT(strlen(line) >= 4000 && strspn(line, "m\n") == strlen(line));
	}
	return NULL;
}

/* Lines that do not fit are cut or omitted, and each line ends with a newline. */
Test(report, too_many)
{
	child_run(too_many, NULL);
}

/* A closed stderr is no error. */
static const char *closed(void *context)
{
	(void)context;
	close(STDERR_FILENO);
	report_line("p", "%s", "message");
	return NULL;
}

Test(report, closed)
{
	child_run(closed, NULL);
}

/* The texts that scripts look for. */
Test(report, errors)
{
	cr_assert_str_eq(report_error(ENOENT), "No such file or directory");
	cr_assert_str_eq(report_error(EPERM), "Operation not permitted");
	cr_assert_str_eq(report_error(EACCES), "Permission denied");
	cr_assert_str_eq(report_error(EINVAL), "Invalid argument");
	cr_assert_str_eq(report_error(ELOOP), "Too many levels of symbolic links");
	cr_assert_str_eq(report_error(EFBIG), "File too large");
	cr_assert_str_eq(report_error(EISDIR), "Is a directory");
	cr_assert_str_eq(report_error(EBADFD), "Not a regular file");
	cr_assert_str_eq(report_error(EILSEQ), "The file has a hole, so it is no text");
	cr_assert_str_eq(report_error(123456), "Unknown error");
	cr_assert_str_eq(report_error(-1), "Unknown error");
	for (int error = 1; error < 134; error++)
		cr_assert(report_error(error) && *report_error(error), "errno %d", error);
}

/* stdout becomes @path; then a few bytes are printed, without a newline, after which musl
 * writes at once. */
static const char *print_to(const char *path, int flags)
{
	int fd = open(path, flags);

	CHILD_ASSERT(fd >= 0 && dup2(fd, STDOUT_FILENO) == STDOUT_FILENO);
	CHILD_ASSERT(printf("help") == 4);
	return NULL;
}

static const char *put_texts(void *context)
{
	char text[128];
	int ends[2];
	ssize_t n;

	(void)context;
	CHILD_ASSERT(pipe(ends) == 0 && dup2(ends[1], STDOUT_FILENO) == STDOUT_FILENO);
	report_put("", 0, PRINTABLE_UTF8);
	report_put("m\xc4\x9b|\xe2\x80\xae|\0", 9, PRINTABLE_UTF8);
	report_put("m\xc4\x9b|", 4, PRINTABLE_BYTES);
	report_put("m\xc4\x9b|", 4, PRINTABLE_ASCII);
	CHILD_ASSERT(fflush(stdout) == 0);
	n = read(ends[0], text, sizeof(text) - 1);
	CHILD_ASSERT(n > 0);
	text[n] = '\0';
	CHILD_ASSERT(strcmp(text, "m\xc4\x9b|\\xe2\\x80\\xae|\\x00"
				  "m\xc4\\x9b|m\\xc4\\x9b|") == 0);
	return NULL;
}

/* Text for people, in each charset. */
Test(report, put_texts)
{
	child_run(put_texts, NULL);
}

static const char *stdout_is_full(void *context)
{
	int fd = catch_stderr();
	const char *complaint = print_to("/dev/full", O_WRONLY);

	(void)context;
	CHILD_ASSERT(fd >= 0);
	if (complaint)
		return complaint;
	CHILD_ASSERT(report_close_stdout("newuidmap") == -ENOSPC);
	CHILD_ASSERT(strcmp(caught(fd),
			    "newuidmap: standard output: No space left on device\n") ==
		     0);
	return NULL;
}

static const char *stdout_was_full(void *context)
{
	int fd = catch_stderr();
	const char *complaint = print_to("/dev/full", O_WRONLY);

	(void)context;
	CHILD_ASSERT(fd >= 0);
	if (complaint)
		return complaint;
	/* The error was earlier, and its number is lost. */
	CHILD_ASSERT(fflush(stdout) == EOF);
	CHILD_ASSERT(dup2(fd, STDOUT_FILENO) == STDOUT_FILENO);
	CHILD_ASSERT(report_close_stdout("p") < 0);
	CHILD_ASSERT(strncmp(caught(fd), "p: standard output: ", 20) == 0);
	return NULL;
}

static const char *stdout_is_well(void *context)
{
	int fd = catch_stderr();
	const char *complaint = print_to("/dev/null", O_WRONLY);

	(void)context;
	CHILD_ASSERT(fd >= 0);
	if (complaint)
		return complaint;
	CHILD_ASSERT(report_close_stdout("p") == 0);
	CHILD_ASSERT(strcmp(caught(fd), "") == 0);
	return NULL;
}

Test(report, stdout_full)
{
	child_run(stdout_is_full, NULL);
}

Test(report, stdout_was_full)
{
	child_run(stdout_was_full, NULL);
}

Test(report, stdout_well)
{
	child_run(stdout_is_well, NULL);
}

#ifdef __GLIBC__
#define LIBC_TEXT(error) strerrordesc_np(error)
#else
/* musl has other words, and knows fewer errors. Ours are compared where the GNU C library
 * is. */
static const char *libc_text(int error)
{
	bool known = strcmp(strerror(error), strerror(-1)) != 0;

	return known && !error_text(error) ? strerror(error) : error_text(error);
}
#define LIBC_TEXT(error) libc_text(error)
#endif

Test(report, errors_have_the_text_of_glibc)
{
	size_t known = 0;

	for (int error = -1; error < 5000; error++) {
		const char *expected = LIBC_TEXT(error), *text = error_text(error);

		if (expected)
			cr_assert(text && strcmp(text, expected) == 0, "%d: %s, not %s",
				  error, text ? text : "none", expected);
		else
			cr_assert_null(text, "%d: %s", error, text);
		known += expected != NULL;
	}
	cr_assert(known > 100, "%zu", known);
	cr_assert_str_eq(report_error(5000), "Unknown error");
}
