// SPDX-License-Identifier: BSD-3-Clause
/*
 * The child process that asks the name service: its answers, and services that crash or
 * hang. test-helper-protocol.c tests the bytes on the socket.
 */
#include <dlfcn.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <sys/socket.h>

#include "helper/nss-client.h"
#include "libsubid/core/limits.h"
#include "libsubid/sys/wait.h"
#include "message/report.h"
#include "tests/unit/helper-inside.h"
#include "tests/unit/nss-box.h"
#include "tests/unit/nss-module.h"

#define SERVICES "passwd: files unit\ngroup: files unit\n"

static struct tmpdir tmpdir;

static void set_up(void)
{
	tmpdir_make(&tmpdir);
}

static void tear_down(void)
{
	tmpdir_cleanup(&tmpdir);
}

TestSuite(nss_client, .init = set_up, .fini = tear_down);

/* The child gives the same answers as the direct calls. */
Test(nss_client, users)
{
	CLEANUP(helper_end) struct helper client = HELPER_PATIENT;
	CLEANUP(cleanup_free) char *home = NULL;
	struct account account;
	char name[LIMIT_OWNER_BYTES + 1];

	cr_assert(nss_client_user(&client, "root", &account) == 0);
	cr_expect(account.uid == 0 && account.number_len == 1);
	cr_expect_str_eq(account.name, "root");
	cr_assert(nss_client_uid(&client, 0, &account) == 0);
	cr_expect_str_eq(account.name, "root");
	cr_assert(nss_client_name(&client, &kind_uid, 0, name) == 0);
	cr_expect_str_eq(name, "root");
	cr_assert(nss_client_name(&client, &kind_gid, 0, name) == 0);
	cr_expect_str_eq(name, "root");
	cr_assert(nss_client_home(&client, "root", &home) == 0);
	cr_expect_str_eq(home, getpwnam("root")->pw_dir);
}

static const char *none(void *context)
{
	CLEANUP(helper_end) struct helper client = HELPER_LOOK;
	char name[LIMIT_OWNER_BYTES + 1], longest[LIMIT_OWNER_BYTES + 2];
	const char *complaint = nss_mount(context, "passwd: files\ngroup: files\n");
	struct account account;
	char *text;
	size_t len;
	gid_t gid;

	if (complaint)
		return complaint;
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	CHILD_ASSERT(nss_client_user(&client, "no such user", &account) == ACCOUNT_NONE);
	CHILD_ASSERT(nss_client_user(&client, "", &account) == ACCOUNT_NONE);
	CHILD_ASSERT(nss_client_user(&client, longest, &account) == ACCOUNT_NONE);
	CHILD_ASSERT(nss_client_uid(&client, 3999999999U, &account) == ACCOUNT_NONE);
	CHILD_ASSERT(nss_client_name(&client, &kind_gid, 3999999999U, name) ==
		     ACCOUNT_NONE);
	CHILD_ASSERT(nss_client_home(&client, "no such user", &text) == ACCOUNT_NONE);
	CHILD_ASSERT(nss_client_members(&client, "no such group", &gid, &text, &len) ==
		     ACCOUNT_NONE);
	CHILD_ASSERT(nss_client_uid(&client, 0, &account) == 0);
	return NULL;
}

/* "No such user" is an answer, and the next request is answered, too. */
Test(nss_client, none)
{
	child_run(none, &tmpdir);
}

static const char *groups_of_root(void *context)
{
	CLEANUP(helper_end) struct helper client = HELPER_PATIENT;
	CLEANUP(cleanup_free) gid_t *groups = NULL;
	CLEANUP(cleanup_free) char *names = NULL;
	const char *complaint = nss_mount(context, "passwd: files\ngroup: files\n");
	const struct group *group = getgrgid(0);
	struct account account;
	size_t n = 0, len, at = 0;
	gid_t gid = 1;

	if (complaint)
		return complaint;
	CHILD_ASSERT(nss_client_user(&client, "root", &account) == 0);
	CHILD_ASSERT(nss_client_groups(&client, &account, &groups, &n) == 0);
	CHILD_ASSERT(n >= 1 && groups[0] == 0);
	CHILD_ASSERT(nss_client_members(&client, group->gr_name, &gid, &names, &len) ==
		     0);
	CHILD_ASSERT(gid == 0);
	for (size_t i = 0; group->gr_mem[i]; i++) {
		CHILD_ASSERT(at < len);
		CHILD_ASSERT(strcmp(names + at, group->gr_mem[i]) == 0);
		at += strlen(names + at) + 1;
	}
	CHILD_ASSERT(at == len);
	return NULL;
}

Test(nss_client, groups)
{
	child_run(groups_of_root, &tmpdir);
}

/* A child that has ended or does not answer is a failure, also for later requests. */
Test(nss_client, silent)
{
	CLEANUP(helper_end)
	struct helper gone = HELPER_PATIENT, stopped = HELPER_LOOK;
	struct account account;

	cr_assert(nss_client_uid(&gone, 0, &account) == 0);
	kill(gone.child.pid, SIGKILL);
	cr_expect_eq(nss_client_uid(&gone, 0, &account), -ECONNRESET);
	cr_expect_eq(nss_client_uid(&gone, 0, &account), -ECONNRESET);

	cr_assert(nss_client_uid(&stopped, 0, &account) == 0);
	stopped.left = 50;
	kill(stopped.child.pid, SIGSTOP);
	cr_expect_eq(nss_client_uid(&stopped, 0, &account), -ETIMEDOUT);
	kill(stopped.child.pid, SIGCONT);
	cr_expect_eq(nss_client_uid(&stopped, 0, &account), -ETIMEDOUT);
	cr_expect_str_neq(report_no_answer(-ETIMEDOUT), report_no_answer(-ECONNRESET));
}

static const char *does_not_read(void *context)
{
	CLEANUP(helper_end) struct helper client = HELPER_LOOK;
	struct name_service_answer answers[100];
	const char *names[COUNT_OF(answers)];
	struct account account;
	const int bytes = 1;
	int64_t begun;

	(void)context;
	for (size_t i = 0; i < COUNT_OF(names); i++)
		names[i] = "a-name-of-a-user-who-does-not-exist";
	CHILD_ASSERT(nss_client_uid(&client, 0, &account) == 0);
	/* The smallest value that the kernel allows. */
	CHILD_ASSERT(
		setsockopt(client.fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes)) == 0);
	CHILD_ASSERT(kill(client.child.pid, SIGSTOP) == 0);
	client.left = 100;
	begun = wait_clock();
	CHILD_ASSERT(nss_client_users(&client, names, COUNT_OF(names), answers) == 0);
	CHILD_ASSERT(wait_clock() - begun >= 100);
	for (size_t i = 0; i < COUNT_OF(names); i++)
		CHILD_ASSERT(answers[i].r == -ETIMEDOUT);
	CHILD_ASSERT(nss_client_uid(&client, 0, &account) == -ETIMEDOUT);
	return NULL;
}

/* A child that does not read its requests has not answered. */
Test(nss_client, does_not_read)
{
	child_run(does_not_read, NULL);
}

static const char *answers(void *context)
{
	static const struct {
		const char *name;
		int r; /* -1: any error */
		uid_t uid;
		const char *login; /* NULL: the name */
	} rows[] = {
		{ "id-1000", 0, 1000, NULL },
		{ "alias-1000", 0, 1000, "id-1000" },
		{ "id-4294967295", ACCOUNT_NONE, 0, NULL },
		{ "named-257", ACCOUNT_NONE, 0, NULL },
		{ "none-0", ACCOUNT_NONE, 0, NULL },
		{ "none-11", ACCOUNT_NONE, 0, NULL },
		/* The service has started between the two requests. */
		{ "late-1002", -EAGAIN, 0, NULL },
		/* libc says "no such user" with one errno or another. */
		{ "unavail-0", -EAGAIN, 0, NULL },
		{ "unavail-2", -EAGAIN, 0, NULL },
		{ "unavail-3", -EAGAIN, 0, NULL },
		{ "unavail-11", -EAGAIN, 0, NULL },
		{ "unavail-111", -1, 0, NULL },
		{ "again-0", -EAGAIN, 0, NULL },
		{ "again-2", -EAGAIN, 0, NULL },
		{ "again-11", -EAGAIN, 0, NULL },
		{ "again-34", -ERANGE, 0, NULL },
		{ "return-0", -1, 0, NULL },
		{ "return-2", -1, 0, NULL },
		{ "big-100000", 0, 7, NULL },
		{ "print-1001", 0, 1001, NULL },
		{ "root", 0, 0, NULL },
	};
	CLEANUP(helper_end) struct helper client = HELPER_PATIENT;
	const char *complaint = nss_mount(context, SERVICES);
	static char text[512];

	if (complaint)
		return complaint;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const char *login = rows[i].login ? rows[i].login : rows[i].name;
		struct account account = { .name = "untouched" };
		int r = nss_client_user(&client, rows[i].name, &account);

		snprintf(text, sizeof(text), "%s: %d, %s %u", rows[i].name, r,
			 account.name, account.uid);
		if (rows[i].r == -1 ? r >= 0 : r != rows[i].r)
			return text;
		if (strcmp(account.name, r ? "untouched" : login) != 0 ||
		    account.uid != (r ? 0 : rows[i].uid))
			return text;
	}
	return NULL;
}

/* Each answer of a service arrives, and the next request is answered, too. */
Test(nss_client, answers)
{
	child_run(answers, &tmpdir);
}

static int ask_certain(struct helper *client, const char *name, uid_t *ret_uid)
{
	const struct name_service service = nss_client_single(client);
	struct account account = { .uid = 77 };
	int r = service.user(service.context, name, &account);

	*ret_uid = account.uid;
	return r;
}

static const char *is_certain(const struct tmpdir *directory, const char *nsswitch,
			      bool files_first)
{
	static const struct {
		const char *name;
		uid_t uid;
		int r; /* if the files are the last service */
	} rows[] = {
		{ "root", 0, 0 },
		{ "id-1000", 1000, 0 },
		{ "alias-1002", 1002, 0 },
		{ "none-0", 1000, 0 },
		{ "unavail-0", 1000, -EAGAIN },
		{ "again-11", 1000, -EAGAIN },
		/* The module has another user, whom libc did not find. */
		{ "late-1001", 1000, -EAGAIN },
	};
	CLEANUP(helper_end) struct helper client = HELPER_PATIENT;
	const char *complaint = nss_mount(directory, nsswitch);
	static char text[64];
	uid_t uid;

	if (!complaint)
		complaint = nss_mount_file(directory, "passwd", "/etc/passwd",
					   "root:x:0:0::/:/bin/sh\n"
					   "none-0:x:1000:0::/:/bin/sh\n"
					   "unavail-0:x:1000:0::/:/bin/sh\n"
					   "again-11:x:1000:0::/:/bin/sh\n"
					   "late-1001:x:1000:0::/:/bin/sh\n");
	if (complaint)
		return complaint;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		int want = files_first ? 0 : rows[i].r;
		int r = ask_certain(&client, rows[i].name, &uid);

		snprintf(text, sizeof(text), "%s: %d %u", rows[i].name, r, uid);
		if (r != want || uid != (want ? 77 : rows[i].uid))
			return text;
	}
	CHILD_ASSERT(ask_certain(&client, "nobody here", &uid) == ACCOUNT_NONE);
	return NULL;
}

static const char *certain_first(void *context)
{
	return is_certain(context, "passwd: unit files\n", false);
}

static const char *certain_last(void *context)
{
	return is_certain(context, "passwd: files [NOTFOUND=continue] unit\n", true);
}

/* Each service before the one that has the account must have answered. */
Test(nss_client, certain)
{
	child_run(certain_first, &tmpdir);
	child_run(certain_last, &tmpdir);
}

static const char *not_loaded(void *context)
{
	CLEANUP(helper_end) struct helper client = HELPER_PATIENT;
	CLEANUP(cleanup_free) char *missing = NULL;
	const char *complaint = nss_mount(context, "passwd: absent unit2 files\n");
	struct account account;
	char path[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 64);
	uid_t uid;

	CHILD_ASSERT(len > 0);
	path[len] = '\0';
	strcpy(strrchr(path, '/'), "/.libs/libnss_unit2.so.2");
	if (!complaint)
		complaint = nss_mount_file(context, "module", path, "no library\n");
	if (complaint)
		return complaint;
	CHILD_ASSERT(nss_client_user(&client, "no such user", &account) == -EAGAIN);
	CHILD_ASSERT(nss_client_uid(&client, 3999999999U, &account) == -EAGAIN);
	CHILD_ASSERT(nss_client_user(&client, "root", &account) == 0);
	CHILD_ASSERT(ask_certain(&client, "root", &uid) == -EAGAIN);
	CHILD_ASSERT(nss_client_missing(&client, &kind_uid, &missing) == 0);
	CHILD_ASSERT(strcmp(missing, "absent") == 0);
	return NULL;
}

/* A service that is installed and cannot be loaded has not answered. */
Test(nss_client, not_loaded)
{
	child_run(not_loaded, &tmpdir);
}

static const char *not_installed(void *context)
{
	CLEANUP(helper_end) struct helper client = HELPER_PATIENT;
	CLEANUP(cleanup_free) char *users = NULL, *groups = NULL;
	const char *complaint = nss_mount(
		context, "passwd: files missing\ngroup: files unit gone missing\n");
	struct account account;
	char *text;

	if (complaint)
		return complaint;
	CHILD_ASSERT(nss_client_user(&client, "unavail-0", &account) == ACCOUNT_NONE);
	CHILD_ASSERT(nss_client_uid(&client, 3999999999U, &account) == ACCOUNT_NONE);
	CHILD_ASSERT(nss_client_home(&client, "bob-0", &text) == ACCOUNT_NONE);
	CHILD_ASSERT(nss_client_missing(&client, &kind_uid, &users) == 0);
	CHILD_ASSERT(strcmp(users, "missing") == 0);
	CHILD_ASSERT(nss_client_missing(&client, &kind_gid, &groups) == 0);
	CHILD_ASSERT(strcmp(groups, "gone missing") == 0);
	return NULL;
}

/* A service that is not installed counts as if it were not named. */
Test(nss_client, not_installed)
{
	child_run(not_installed, &tmpdir);
}

static const char *unreachable(void *context)
{
	CLEANUP(helper_end) struct helper client = HELPER_PATIENT;
	const char *complaint =
		nss_mount(context, "passwd: files [NOTFOUND=return] unit\n");
	struct account account;

	if (complaint)
		return complaint;
	CHILD_ASSERT(nss_client_user(&client, "id-1000", &account) == ACCOUNT_NONE);
	CHILD_ASSERT(nss_client_user(&client, "root", &account) == 0);
	return NULL;
}

/* A module that libc does not reach does not count, though it has the user. */
Test(nss_client, unreachable)
{
	child_run(unreachable, &tmpdir);
}

static const char *unreadable(void *context)
{
	CLEANUP(helper_end) struct helper client = HELPER_PATIENT;
	const char *complaint = nss_mount(context, "passwd: files\n");
	struct account account;

	if (complaint)
		return complaint;
	CHILD_ASSERT(umount("/etc/nsswitch.conf") == 0);
	CHILD_ASSERT(mount("none", "/etc", "tmpfs", 0, "mode=755") == 0);
	CHILD_ASSERT(mkdir("/etc/nsswitch.conf", 0755) == 0);
	CHILD_ASSERT(nss_client_user(&client, "no such user", &account) == -EISDIR);
	return NULL;
}

/* If nsswitch.conf(5) cannot be read, the services are unknown. */
Test(nss_client, unreadable)
{
	child_run(unreadable, &tmpdir);
}

static const char *prints(void *context)
{
	CLEANUP(helper_end) struct helper client = HELPER_PATIENT;
	const char *complaint = nss_mount(context, SERVICES);
	CLEANUP(fd_cleanup) int fd = memfd_create("output", MFD_CLOEXEC);
	struct account account;

	if (complaint)
		return complaint;
	CHILD_ASSERT(fd >= 0 && dup2(fd, STDOUT_FILENO) == STDOUT_FILENO &&
		     dup2(fd, STDERR_FILENO) == STDERR_FILENO);
	CHILD_ASSERT(nss_client_user(&client, "print-1001", &account) == 0);
	helper_end(&client);
	CHILD_ASSERT(lseek(fd, 0, SEEK_END) == 0);
	return NULL;
}

/* The output of a module is discarded. */
Test(nss_client, prints)
{
	child_run(prints, &tmpdir);
}

static const char *crashes(void *context)
{
	static const char *const names[] = { "crash-0", "exit-0", "exit-3" };
	const char *complaint = nss_mount(context, SERVICES);
	struct account account;

	if (complaint)
		return complaint;
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		CLEANUP(helper_end) struct helper client = HELPER_PATIENT;

		CHILD_ASSERT(nss_client_user(&client, "id-1000", &account) == 0);
		CHILD_ASSERT(nss_client_user(&client, names[i], &account) == -ECONNRESET);
		CHILD_ASSERT(nss_client_user(&client, "id-1000", &account) ==
			     -ECONNRESET);
		CHILD_ASSERT(nss_client_uid(&client, 0, &account) == -ECONNRESET);
	}
	return NULL;
}

/* A module that crashes, or ends the process, has not answered. */
Test(nss_client, crashes)
{
	child_run(crashes, &tmpdir);
}

static const char *hangs(void *context)
{
	CLEANUP(helper_end) struct helper all = HELPER_LOOK;
	CLEANUP(helper_end) struct helper each = HELPER_PATIENT;
	const char *complaint = nss_mount(context, SERVICES);
	struct account account;
	int64_t begun = wait_clock();

	if (complaint)
		return complaint;
	all.left = 100;
	each.each = 100;
	CHILD_ASSERT(nss_client_user(&all, "hang-0", &account) == -ETIMEDOUT);
	CHILD_ASSERT(wait_clock() - begun >= 100 && all.left <= 0);
	CHILD_ASSERT(nss_client_user(&all, "id-1000", &account) == -ETIMEDOUT);
	CHILD_ASSERT(nss_client_user(&each, "hang-0", &account) == -ETIMEDOUT);
	CHILD_ASSERT(nss_client_user(&each, "id-1000", &account) == -ETIMEDOUT);
	return NULL;
}

/* A module that hangs has not answered, when either time limit is over. */
Test(nss_client, hangs)
{
	child_run(hangs, &tmpdir);
}

#define NAMES 1000

/* One of many names, and the expected answer. */
static int make_name(size_t i, char name[static 512])
{
	switch (i % 7) {
	case 0:
		sprintf(name, "none-%zu", i);
		return ACCOUNT_NONE;
	case 1:
		sprintf(name, "alias-%zu", i);
		return 0;
	case 2:
		/* Longer than any name. */
		memset(name, 'x', 300);
		name[300] = '\0';
		return ACCOUNT_NONE;
	case 3:
		sprintf(name, "unavail-%d", i % 2 ? ENOENT : 0);
		return -EAGAIN;
	default:
		sprintf(name, "id-%zu", i);
		return 0;
	}
}

static char (*make_names(const char **names, int *wants))[512]
{
	char(*texts)[512] = calloc(NAMES, sizeof(*texts));

	for (size_t i = 0; texts && i < NAMES; i++) {
		wants[i] = make_name(i, texts[i]);
		names[i] = texts[i];
	}
	return texts;
}

static const char *check_answers(const struct name_service_answer *answers,
				 const int *wants, size_t from, size_t to)
{
	static char text[64];

	for (size_t i = from; i < to; i++)
		if (answers[i].r != wants[i] ||
		    (answers[i].r == 0 && answers[i].account.uid != i)) {
			snprintf(text, sizeof(text), "answer %zu: %d", i, answers[i].r);
			return text;
		}
	return NULL;
}

/* The failure of one of many names, and the reason for the later ones. */
struct incident {
	size_t at; /* NAMES: nothing */
	const char *name;
	int r;
	int64_t each; /* milliseconds for an answer; 0: as usual */
};

static const char *pipeline(void *context)
{
	const struct incident *incident = context;
	static struct name_service_answer found[NAMES];
	static const char *names[NAMES];
	static int wants[NAMES];
	CLEANUP(helper_end) struct helper client = HELPER_PATIENT;
	const char *complaint = nss_mount(&tmpdir, SERVICES);
	CLEANUP(cleanup_free) void *texts = make_names(names, wants);

	CHILD_ASSERT(texts);
	if (complaint)
		return complaint;
	memset(found, 0x5e, sizeof(found));
	if (incident->each)
		client.each = incident->each;
	if (incident->at < NAMES)
		names[incident->at] = incident->name;
	for (size_t i = incident->at; i < NAMES; i++)
		wants[i] = incident->r;
	CHILD_ASSERT(nss_client_users(&client, names, NAMES, found) == 0);
	complaint = check_answers(found, wants, 0, NAMES);
	if (complaint)
		return complaint;
	/* No names, and a service that cannot be asked any more. */
	CHILD_ASSERT(nss_client_users(&client, names, 0, found) == 0);
	CHILD_ASSERT(nss_client_users(&client, names + 1, 1, found) == 0);
	CHILD_ASSERT(found[0].r == (incident->at < NAMES ? incident->r : 0));
	return NULL;
}

/* A thousand names at once: each gets its answer, in order. */
Test(nss_client, pipeline)
{
	struct incident incident = { .at = NAMES };

	child_run(pipeline, &incident);
}

/* Answers before a crash or a hang count; there are none after it. */
Test(nss_client, pipeline_ends)
{
	static const size_t places[] = { 0, 1, 127, 128, 129, 500, NAMES - 1 };

	for (size_t i = 0; i < COUNT_OF(places); i++) {
		struct incident crash = { places[i], "crash-0", -ECONNRESET, 0 };
		struct incident hang = { places[i], "hang-0", -ETIMEDOUT, 3000 };

		child_run(pipeline, &crash);
		if (i % 2)
			child_run(pipeline, &hang);
	}
}

static struct nss_module_control *load_control(void)
{
	void *handle = dlopen("libnss_unit.so.2", RTLD_NOW);

	return handle ? dlsym(handle, "nss_module_control") : NULL;
}

static const char *other_calls(void *context)
{
	CLEANUP(helper_end) struct helper client = HELPER_PATIENT;
	CLEANUP(cleanup_free) char *home = NULL, *names = NULL;
	const char *complaint = nss_mount(context, SERVICES);
	struct nss_module_control *control = load_control();
	char name[LIMIT_OWNER_BYTES + 1], *text;
	struct account account;
	size_t len;
	gid_t gid;

	if (complaint)
		return complaint;
	CHILD_ASSERT(control);
	control->first = 3000000000U;
	control->last = 3000000001U;
	control->silent_id = 3000000002U;
	CHILD_ASSERT(nss_client_uid(&client, 3000000000U, &account) == 0);
	CHILD_ASSERT(strcmp(account.name, "id-3000000000") == 0);
	CHILD_ASSERT(nss_client_uid(&client, 3000000002U, &account) == -EAGAIN);
	CHILD_ASSERT(nss_client_uid(&client, 3000000003U, &account) == ACCOUNT_NONE);
	for (size_t i = 0; i < 2; i++) {
		const struct kind *kind = i ? &kind_gid : &kind_uid;

		CHILD_ASSERT(nss_client_name(&client, kind, 3000000001U, name) == 0);
		CHILD_ASSERT(strcmp(name, "id-3000000001") == 0);
		CHILD_ASSERT(nss_client_name(&client, kind, 3000000002U, name) ==
			     -EAGAIN);
		CHILD_ASSERT(nss_client_name(&client, kind, 3000000003U, name) ==
			     ACCOUNT_NONE);
	}
	CHILD_ASSERT(nss_client_home(&client, "id-1000", &home) == 0);
	CHILD_ASSERT(strcmp(home, "/home/unit") == 0);
	CHILD_ASSERT(nss_client_home(&client, "unavail-0", &text) == -EAGAIN);
	CHILD_ASSERT(nss_client_members(&client, "id-50", &gid, &names, &len) == 0);
	CHILD_ASSERT(gid == 50 && len == 0);
	CHILD_ASSERT(nss_client_members(&client, "unavail-2", &gid, &text, &len) ==
		     -EAGAIN);
	CHILD_ASSERT(nss_client_members(&client, "none-2", &gid, &text, &len) ==
		     ACCOUNT_NONE);
	return NULL;
}

/* The other requests, to services that answer and to one that does not. */
Test(nss_client, other_calls)
{
	child_run(other_calls, &tmpdir);
}

static const char *enumerates(void *context)
{
	CLEANUP(helper_end) struct helper client = HELPER_PATIENT;
	CLEANUP(accounts_cleanup) struct accounts users = { 0 }, groups = { 0 };
	CLEANUP(accounts_cleanup) struct accounts late = { 0 };
	const char *complaint = nss_mount(context, SERVICES);
	struct nss_module_control *control = load_control();

	if (complaint)
		return complaint;
	CHILD_ASSERT(control);
	control->enumerated_first = 100000;
	control->enumerated = 5000;
	CHILD_ASSERT(nss_client_enumerate(&client, &kind_uid, 60000, &users) == 0);
	CHILD_ASSERT(users.n == 5000 && users.items[4999].id == 104999);
	CHILD_ASSERT(strcmp(accounts_name(&users, &users.items[4999]), "member-4999") ==
		     0);
	/* The groups, and the primary groups of the users. */
	CHILD_ASSERT(nss_client_enumerate(&client, &kind_gid, 60000, &groups) == 0);
	CHILD_ASSERT(groups.n == 10000 && groups.items[5000].id == 100001);
	CHILD_ASSERT(groups.items[5000].gid == ID_NONE);
	/* The time is over: what was found until then. */
	CHILD_ASSERT(nss_client_enumerate(&client, &kind_uid, 0, &late) == 0);
	CHILD_ASSERT(late.n == 0);
	return NULL;
}

/* Many accounts come in pieces. */
Test(nss_client, enumerates)
{
	child_run(enumerates, &tmpdir);
}

static const char *scans(void *context)
{
	CLEANUP(helper_end) struct helper client = HELPER_PATIENT;
	CLEANUP(accounts_cleanup) struct accounts found = { 0 }, all = { 0 };
	const char *complaint = nss_mount(context, SERVICES);
	struct nss_module_control *control = load_control();
	struct name_service_scan scan = { .kind = &kind_uid,
					  .range = { 100000, 104000 },
					  .milliseconds = 60000,
					  .found = &found };

	if (complaint)
		return complaint;
	CHILD_ASSERT(control);
	control->first = 100100;
	control->last = 103899;
	control->silent_id = 104001;
	CHILD_ASSERT(nss_client_scan(&client, &scan) == 0);
	CHILD_ASSERT(scan.asked == 4000 && scan.largest == 0 && found.n == 3800);
	scan.found = &all;
	scan.milliseconds = 0;
	CHILD_ASSERT(nss_client_scan(&client, &scan) == 0);
	CHILD_ASSERT(scan.asked == 0 && scan.largest >= 4000 && all.n == 0);
	/* Accounts that were found before a service became silent are in the result. */
	scan.milliseconds = 60000;
	scan.range = (struct range){ 102000, 104002 };
	CHILD_ASSERT(nss_client_scan(&client, &scan) == -EAGAIN);
	CHILD_ASSERT(all.n > 0);
	scan.range = (struct range){ 10, 10 };
	CHILD_ASSERT(nss_client_scan(&client, &scan) == -EINVAL);
	scan.range = (struct range){ 10, 9 };
	CHILD_ASSERT(nss_client_scan(&client, &scan) == -EINVAL);
	/* The client can still be used. */
	scan.range = (struct range){ 10, 12 };
	CHILD_ASSERT(nss_client_scan(&client, &scan) == 0 && scan.asked == 2);
	return NULL;
}

/* Ids one by one, also from several pieces. */
Test(nss_client, scans)
{
	child_run(scans, &tmpdir);
}

/* This client as the name service of a lookup. */
static const char *as_service(void *context)
{
	CLEANUP(helper_end) struct helper client = HELPER_PATIENT;
	CLEANUP(accounts_cleanup) struct accounts found = { 0 };
	const struct name_service service = nss_client_service(&client);
	const char *complaint = nss_mount(context, SERVICES);
	struct name_service_scan scan = { .kind = &kind_gid,
					  .range = { 10, 12 },
					  .milliseconds = 60000,
					  .found = &found };
	const char *const names[] = { "id-5", "none-0" };
	struct name_service_answer both[2];
	struct account account;

	if (complaint)
		return complaint;
	CHILD_ASSERT(service.user(service.context, "id-1000", &account) == 0);
	CHILD_ASSERT(account.uid == 1000);
	CHILD_ASSERT(service.uid(service.context, 0, &account) == 0);
	CHILD_ASSERT(service.users(service.context, names, 2, both) == 0);
	CHILD_ASSERT(both[0].account.uid == 5 && both[1].r == ACCOUNT_NONE);
	CHILD_ASSERT(service.enumerate(service.context, &kind_uid, 1000, &found) == 0);
	CHILD_ASSERT(service.scan(service.context, &scan) == 0 && scan.asked == 2);
	return NULL;
}

Test(nss_client, as_service)
{
	child_run(as_service, &tmpdir);
}
