// SPDX-License-Identifier: BSD-3-Clause
/*
 * doctor-user: root checks a user with a child process that runs as this user.
 *
 * MUST: the child has nothing of root: no id, group, descriptor, terminal, environment
 * variable or memory. It is like a login of the user, who can trace it and make it write
 * anything. MUST: so its output is untrusted: no control character reaches root's
 * terminal, and only known exit statuses are passed on. MUST: it has a timeout and does
 * not outlive the parent.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/keyctl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command/interrupt.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/printable.h"
#include "libsubid/sys/become.h"
#include "libsubid/sys/child.h"
#include "libsubid/sys/etc-directory.h"
#include "libsubid/sys/fd.h"
#include "libsubid/sys/login-defs.h"
#include "libsubid/sys/wait.h"
#include "libsubid/user/passwd-file.h"
#include "message/i18n.h"
#include "message/report.h"
#include "subid/doctor/doctor.h"
#include "subid/verb/progress.h"

#define VARIABLES      16
#define VARIABLE_BYTES 512

/* More than the sum of the timeouts in the child. */
#define ANSWER_SECONDS 60

/* The default, if login.defs has no ENV_PATH. */
#define PATH_USUAL "/usr/local/bin:/usr/bin:/bin"

struct environment {
	char text[VARIABLES][VARIABLE_BYTES];
	char *words[VARIABLES + 1];
	size_t n;
};

/* Adds a variable, unless it is too long. */
static void put_variable(struct environment *environment, const char *name,
			 const char *value)
{
	char *text;
	int n;

	if (environment->n == VARIABLES)
		return;
	text = environment->text[environment->n];
	n = snprintf(text, VARIABLE_BYTES, "%s=%s", name, value);
	if (n < 0 || n >= VARIABLE_BYTES)
		return;
	environment->words[environment->n++] = text;
	environment->words[environment->n] = NULL;
}

static void put_path(struct environment *environment)
{
	char value[LOGIN_DEFS_VALUE_BYTES];

	/* ENV_PATH is `PATH=...` or only the value. */
	if (login_defs_lookup(AT_FDCWD, LOGIN_DEFS, "ENV_PATH", value))
		put_variable(environment, "PATH", PATH_USUAL);
	else
		put_variable(environment, "PATH",
			     value + (strncmp(value, "PATH=", 5) ? 0 : 5));
}

/* Makes the environment of a login of the user, with the caller's locale. */
static void make_environment(const struct account *account, const char *home,
			     struct environment *environment)
{
	static const char *const kept[] = { "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE",
					    "LC_MESSAGES" };
	char runtime[64];
	struct stat status;

	put_path(environment);
	put_variable(environment, "HOME", home);
	put_variable(environment, "USER", account->name);
	put_variable(environment, "LOGNAME", account->name);
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		const char *value = getenv(kept[i]);

		if (value && !strchr(value, '/'))
			put_variable(environment, kept[i], value);
	}
	snprintf(runtime, sizeof(runtime), "/run/user/%u", account->uid);
	if (stat(runtime, &status) == 0 && status.st_uid == account->uid)
		put_variable(environment, "XDG_RUNTIME_DIR", runtime);
}

/* The user that the child becomes. */
struct identity {
	const struct account *account;
	char *home;
	gid_t *groups;
	size_t n_groups;
};

static void identity_cleanup(struct identity *user)
{
	free(user->home);
	free(user->groups);
}

/* Gives up root permanently. */
static int become_user(const struct identity *user)
{
	if (setgroups(user->n_groups, user->groups))
		return -errno;
	return become_ids(user->account->uid, user->account->gid);
}

static const char *const *make_arguments(const struct doctor *doctor,
					 const char *words[8])
{
	const struct output_format *format = &doctor->options.output;
	size_t n = 0;

	words[n++] = PROGRAM;
	words[n++] = "doctor";
	if (doctor->page.wanted)
		words[n++] = "--report";
	if (format->json)
		words[n++] = "--json";
	if (format->raw)
		words[n++] = "--raw";
	if (format->no_headings)
		words[n++] = "--noheadings";
	if (format->columns) {
		words[n++] = "--output";
		words[n++] = format->columns;
	}
	words[n] = NULL;
	return words;
}

/* The arguments of the child. */
struct login {
	const struct doctor *doctor;
	const struct identity *user;
	pid_t parent;
};

/* Runs in the child: becomes the user and executes this program again. */
static int run_doctor_as_user(void *context)
{
	const struct login *login = context;
	const struct account *account = login->user->account;
	struct environment environment = { .n = 0 };
	const char *words[8];
	int r;

	make_environment(account, login->user->home, &environment);
	make_arguments(login->doctor, words);
	/* Do not share root's session keyring. Fails if the kernel has no keyrings. */
	syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL);
	r = become_user(login->user);
	/* Afterwards, because a change of ids clears the death signal. */
	if (r == 0)
		r = child_end_with(login->parent, 0);
	if (r == 0 && chdir("/"))
		r = -errno;
	if (r == 0) {
		execve("/proc/self/exe", (char **)(uintptr_t)words, environment.words);
		r = -errno;
	}
	report_line(PROGRAM, "%s: %s", account->name, report_error(-r));
	return VERB_UNREADABLE;
}

/* Output of the child that is not printed yet. */
struct relay {
	enum printable_charset charset;
	char text[4096];
	size_t len;
};

/* Prints lines with control characters escaped. */
static void put_lines(const char *text, size_t len, enum printable_charset charset)
{
	while (len > 0) {
		const char *newline = memchr(text, '\n', len);
		size_t n = newline ? (size_t)(newline - text) : len;

		report_put(text, n, charset);
		if (newline)
			putchar_unlocked('\n');
		n += newline ? 1 : 0;
		text += n;
		len -= n;
	}
}

/* Prints everything except the last @kept bytes. */
static void print_all_but(struct relay *relay, size_t kept)
{
	size_t len = relay->len - kept;

	put_lines(relay->text, len, relay->charset);
	memmove(relay->text, relay->text + len, kept);
	relay->len = kept;
}

/* Prints output of the child, except an incomplete character at the end. */
static void print_output(void *context, char *text, size_t n)
{
	struct relay *relay = context;

	progress_rows();
	while (n > 0) {
		size_t room = sizeof(relay->text) - relay->len;
		size_t len = n < room ? n : room;

		memcpy(relay->text + relay->len, text, len);
		relay->len += len;
		text += len;
		n -= len;
		print_all_but(relay, printable_partial(relay->text, relay->len));
	}
}

static int status_of_child(int status)
{
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;

	switch (code) {
	case VERB_DONE:
		return VERB_ENDED;
	case VERB_USAGE:
	case VERB_FINDINGS:
		return code;
	default:
		return VERB_UNREADABLE;
	}
}

/*
 * Looks up the home directory of a local user, for the checks up to that of the helper,
 * which does not work. The user has only the primary group. Returns 0, ACCOUNT_NONE or
 * -errno.
 */
static int find_local_identity(struct identity *user)
{
	CLEANUP(passwd_file_cleanup) struct passwd_file file = PASSWD_FILE_NONE;
	const char *name = user->account->name, *home;
	struct passwd_line line;
	size_t len;
	int r = passwd_file_open(&file, AT_FDCWD, &kind_uid), fault;

	if (r)
		return r;
	do {
		r = passwd_file_next(&file, &line, &fault);
		if (r <= 0)
			return r < 0 ? r : ACCOUNT_NONE;
	} while (line.name_len != strlen(name) ||
		 memcmp(line.name, name, line.name_len) != 0);
	home = passwd_find_field(file.line.text, file.line.len, PASSWD_HOME, &len);
	user->home = strndup(home, len);
	user->n_groups = 0;
	return user->home ? 0 : -ENOMEM;
}

/* Looks up home and groups. Returns 0, or an exit status with the reason reported. */
static int find_identity(struct helper *asker, struct identity *user)
{
	int r = nss_client_home(asker, user->account->name, &user->home);

	if (r == 0)
		r = nss_client_groups(asker, user->account, &user->groups,
				      &user->n_groups);
	if (r == -ENOPKG && !user->home)
		r = find_local_identity(user);
	/* End root's NSS child before a process of the user starts. */
	helper_end(asker);
	if (r == 0)
		return 0;
	report_line(PROGRAM, _("cannot look up user '%s': %s"), user->account->name,
		    r > 0 ? report_error(ENOENT) : report_no_answer(r));
	return VERB_UNREADABLE;
}

/* JSON and raw rows are UTF-8 in every locale. */
static enum printable_charset charset_of(const struct output_format *format)
{
	return format->json || format->raw ? PRINTABLE_UTF8 : report_charset();
}

/* Prints the child's output. A signal ends the child, and then this process. */
static int relay_output(const struct doctor *doctor, const struct identity *user,
			struct child *child, int in, int stop)
{
	struct relay relay = { .charset = charset_of(&doctor->options.output) };
	int64_t end = wait_clock() + ANSWER_SECONDS * 1000;
	int r = doctor_listen(in, child, stop, end, print_output, &relay);
	int status = child_end(child);

	print_all_but(&relay, 0);
	if (r == 0)
		return status_of_child(status);
	if (r < 0)
		return verb_fail(-r);
	if (r == WAIT_OVER) {
		fflush(stdout);
		report_line(PROGRAM,
			    _("user '%s': the output did not end and was cut off"),
			    user->account->name);
	}
	return VERB_UNREADABLE;
}

static int run_as(const struct doctor *doctor, const struct identity *user)
{
	CLEANUP(interrupt_let_go) struct interrupt interrupt = INTERRUPT_NONE;
	CLEANUP(fd_cleanup) int in = -1;
	struct login login = { doctor, user, getpid() };
	struct child child;
	int ends[2], r;

	r = interrupt_hold(&interrupt);
	if (r)
		return verb_fail(-r);
	if (pipe2(ends, O_CLOEXEC))
		return verb_fail(errno);
	in = ends[0];
	fflush(stdout);
	r = child_start(&child,
			&(struct child_options){
				.output = ends[1],
				.program = true,
				.session = true,
			},
			run_doctor_as_user, &login);
	fd_close(ends[1]);
	if (r)
		return verb_fail(-r);
	return relay_output(doctor, user, &child, in, interrupt.fd);
}

/* Runs the checks as the user, for root. Returns an exit status. */
int doctor_run_as(struct doctor *doctor, const struct account *account)
{
	CLEANUP(identity_cleanup) struct identity user = { .account = account };
	int r = find_identity(&doctor->asker, &user);

	return r ? r : run_as(doctor, &user);
}
