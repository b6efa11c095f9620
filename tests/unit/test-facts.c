// SPDX-License-Identifier: BSD-3-Clause
#include <limits.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "explain/facts.h"
#include "libsubid/core/entry.h"
#include "libsubid/sys/etc-directory.h"
#include "tests/unit/accounts.h"
#include "tests/unit/unit.h"

static const struct idmap plain_map = { .extents = { { 0, 100000, 1000 } }, .n = 1 };

/* What a caller always knows. */
static void facts_make(struct facts *facts, const struct kind *kind)
{
	*facts = (struct facts){ .kind = kind, .account = &elsa, .map = &plain_map };
	facts->target.name = "1234";
}

/* ---- facts of this process
 * --------------------------------------------------------------- */

static uint64_t status_number(const char *key, int base)
{
	FILE *file = fopen("/proc/self/status", "re");
	uint64_t number = UINT64_MAX;
	char line[256];

	while (file && fgets(line, sizeof(line), file))
		if (strncmp(line, key, strlen(key)) == 0)
			number = strtoull(line + strlen(key), NULL, base);
	if (file)
		fclose(file);
	return number;
}

static const char *program_as_it_is(void *context)
{
	struct facts facts;
	struct stat status;
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path));

	(void)context;
	facts_make(&facts, &kind_uid);
	facts_gather_program(&facts);
	CHILD_ASSERT(n > 0 && (size_t)n == strlen(facts.program.path));
	CHILD_ASSERT(memcmp(path, facts.program.path, (size_t)n) == 0);
	CHILD_ASSERT(stat("/proc/self/exe", &status) == 0);
	CHILD_ASSERT(facts.program.owner == status.st_uid);
	CHILD_ASSERT(!facts.program.setuid && !facts.program.has_capabilities);
	CHILD_ASSERT(facts.program.bounding == status_number("CapBnd:", 16));
	CHILD_ASSERT(facts.program.traced == (status_number("TracerPid:", 10) != 0));
	CHILD_ASSERT(facts.program.filtered == (status_number("Seccomp:", 10) != 0));
	CHILD_ASSERT(!facts.program.shares_fs && !facts.program.no_root);
	return NULL;
}

Test(facts, program)
{
	child_run(program_as_it_is, NULL);
}

static const char *program_filtered(void *context)
{
	struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog filter = { .len = 1, .filter = &allow };
	struct facts facts;

	(void)context;
	CHILD_ASSERT(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0))
		return CHILD_SKIP "no seccomp filters";
	facts_make(&facts, &kind_uid);
	facts_gather_program(&facts);
	CHILD_ASSERT(facts.program.filtered);
	return NULL;
}

Test(facts, program_filtered)
{
	child_run(program_filtered, NULL);
}

/* Shares root and working directory with the test that waits for it. */
static const char *program_sharing(void *context)
{
	struct facts facts;
	int status;
	pid_t pid;

	(void)context;
#ifdef __s390__ /* the stack comes first */
	pid = (pid_t)syscall(SYS_clone, 0L, CLONE_FS | SIGCHLD, 0L, 0L, 0L);
#else
	pid = (pid_t)syscall(SYS_clone, CLONE_FS | SIGCHLD, 0L, 0L, 0L, 0L);
#endif
	if (pid < 0 && errno == EINVAL)
		return CHILD_SKIP "no clone(2) with CLONE_FS";
	CHILD_ASSERT(pid >= 0);
	if (pid == 0) {
		facts_make(&facts, &kind_uid);
		facts_gather_program(&facts);
		_exit(facts.program.shares_fs ? 0 : 1);
	}
	CHILD_ASSERT(waitpid(pid, &status, 0) == pid);
	CHILD_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	return NULL;
}

Test(facts, program_sharing)
{
	child_run(program_sharing, NULL);
}

/* ---- facts of other processes
 * ------------------------------------------------------------ */

/* A process that calls @begin, reports that it has, and waits to be killed. */
static pid_t start(void (*begin)(void))
{
	int ready[2];
	char byte;
	pid_t pid;

	if (pipe2(ready, O_CLOEXEC))
		return -1;
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		begin();
		if (write(ready[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	fd_close(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		pid = -1;
	fd_close(ready[0]);
	return pid;
}

static void stop(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void write_file(const char *tmpdir, const char *name, const char *text,
		       mode_t mode)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", tmpdir, name);
	unlink(path);
	if (!text)
		return;
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, text, strlen(text)) < 0 || fchmod(fd, mode))
		_exit(2);
	fd_close(fd);
}

static int directory_of(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* The facts of a process by its directory; pid 0: by the directory @name below the
 * test's. */
static struct facts_target look_at(pid_t pid, const char *name)
{
	int fd = pid ? directory_of(pid) : open(name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct facts facts;

	facts_make(&facts, &kind_uid);
	facts_gather_target(&facts, fd, pid);
	fd_close(fd);
	return facts.target;
}

static void nothing(void)
{
}

/* An ordinary user, who owns its files in /proc as long as the process is dumpable. */
static void be_ordinary(void)
{
	if (geteuid() == 0 && setresuid(65534, 65534, 65534))
		_exit(1);
	prctl(PR_SET_DUMPABLE, 1);
}

static void enter_namespace(void)
{
	be_ordinary();
	if (unshare(CLONE_NEWUSER))
		_exit(1);
}

static void write_file_of_self(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (write(fd, text, strlen(text)) < 0)
		_exit(1);
	fd_close(fd);
}

static void write_own_map(void)
{
	char uid_map[64], gid_map[64];

	be_ordinary();
	snprintf(uid_map, sizeof(uid_map), "0 %u 1", (unsigned int)geteuid());
	snprintf(gid_map, sizeof(gid_map), "0 %u 1", (unsigned int)getegid());
	if (unshare(CLONE_NEWUSER))
		_exit(1);
	write_file_of_self("/proc/self/uid_map", uid_map);
	write_file_of_self("/proc/self/setgroups", "deny");
	write_file_of_self("/proc/self/gid_map", gid_map);
}

static void enter_namespaces(void)
{
	write_own_map();
	if (unshare(CLONE_NEWUSER))
		_exit(1);
}

static void hide_memory(void)
{
	be_ordinary();
	prctl(PR_SET_DUMPABLE, 0);
}

static const char *target_states(void *context)
{
	static const struct {
		const char *name;
		void (*begin)(void);
		int namespace;
		bool map_written, not_dumpable;
	} rows[] = {
		{ "as we", nothing, FACTS_NS_OURS, true, false },
		{ "namespace", enter_namespace, FACTS_NS_CHILD, false, false },
		{ "mapped", write_own_map, FACTS_NS_CHILD, true, false },
		{ "grandchild", enter_namespaces, FACTS_NS_OTHER, false, false },
		{ "ordinary", be_ordinary, FACTS_NS_OURS, true, false },
		{ "not dumpable", hide_memory, 0, true, true },
	};

	(void)context;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		pid_t pid = start(rows[i].begin);
		struct facts_target target;

		if (pid < 0)
			return CHILD_SKIP "no user namespaces for this user";
		target = look_at(pid, NULL);
		stop(pid);
		/* root may inspect a process that is not dumpable */
		if (target.namespace != rows[i].namespace && rows[i].namespace)
			return rows[i].name;
		if (target.map_written != rows[i].map_written ||
		    target.not_dumpable != rows[i].not_dumpable || target.gone ||
		    target.hidden || target.zombie || target.no_map)
			return rows[i].name;
	}
	return NULL;
}

Test(facts, target_states)
{
	child_run(target_states, NULL);
}

static const char *target_ends(void *context)
{
	struct facts_target target;
	struct facts facts;
	siginfo_t info;
	pid_t pid = start(nothing);
	int fd = directory_of(pid);

	(void)context;
	CHILD_ASSERT(pid > 0 && fd >= 0);
	kill(pid, SIGKILL);
	CHILD_ASSERT(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT) == 0);
	target = look_at(pid, NULL);
	CHILD_ASSERT(target.zombie && !target.gone);

	waitpid(pid, NULL, 0);
	facts_make(&facts, &kind_uid);
	facts_gather_target(&facts, fd, pid);
	CHILD_ASSERT(facts.target.gone && !facts.target.zombie && !facts.target.hidden);
	facts_make(&facts, &kind_uid);
	facts_gather_target(&facts, -1, pid);
	CHILD_ASSERT(facts.target.gone && !facts.target.hidden);
	/* a target by descriptor has no known process id */
	facts_make(&facts, &kind_uid);
	facts_gather_target(&facts, -1, 0);
	CHILD_ASSERT(facts.target.gone && !facts.target.hidden);
	return NULL;
}

Test(facts, target_ends)
{
	child_run(target_ends, NULL);
}

static const char *target_hidden(void *context)
{
	static const struct {
		const char *options;
		bool hidden;
	} rows[] = { { "hidepid=0", false },
		     { "hidepid=1", true },
		     { "hidepid=2", true } };
	const char *why = child_own_mounts();

	(void)context;
	if (why)
		return why;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct facts facts;

		if (mount("proc", "/proc", "proc", 0, rows[i].options))
			return CHILD_SKIP "no mount of /proc";
		facts_make(&facts, &kind_uid);
		facts_gather_target(&facts, -1, getpid());
		CHILD_ASSERT(facts.target.hidden == rows[i].hidden && !facts.target.gone);
		CHILD_ASSERT(facts.hidepid == rows[i].hidden && facts.proc == 0);
	}
	if (mount("tmpfs", "/proc", "tmpfs", 0, NULL) == 0) {
		struct facts facts;

		facts_make(&facts, &kind_uid);
		facts_gather_proc(&facts);
		CHILD_ASSERT(facts.proc == FACTS_PROC_MISSING && !facts.hidepid);
	}
	return NULL;
}

/* A process that /proc does not show but kill(2) finds: the mount option is the sign. */
Test(facts, target_hidden)
{
	child_run(target_hidden, NULL);
}

/* AppArmor is named only by the profile that it enforces. */
Test(facts, profile)
{
	static const struct {
		const char *text;
		const char *profile;
	} rows[] = {
		{ "snap.firefox (enforce)\n", "snap.firefox" },
		{ "unconfined\n", "" },
		{ "snap.firefox (complain)\n", "" },
		{ " (enforce)\n", "" },
		{ "system_u:system_r:init_t:s0", "" },
		{ "", "" },
	};
	CLEANUP(tmpdir_cleanup) struct tmpdir tmpdir;
	char path[PATH_MAX];

	tmpdir_make(&tmpdir);
	snprintf(path, sizeof(path), "%s/current", tmpdir.path);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct facts_modules modules = { .denies = false };

		write_file(tmpdir.path, "current", rows[i].text, 0644);
		facts_find_profile(path, &modules);
		cr_assert(strcmp(modules.apparmor, rows[i].profile) == 0, "%s: %s",
			  rows[i].text, modules.apparmor);
	}
}

/* The probe reports no denial if there is none. */
Test(facts, modules)
{
	CLEANUP(fd_cleanup) int process = directory_of(getpid());
	struct facts facts;

	facts_make(&facts, &kind_uid);
	facts.uid = geteuid();
	facts_gather_modules(&facts, process);
	cr_assert(!facts.modules.denies);
}

Test(facts, target_without_map)
{
	struct facts_target target = look_at(0, "/proc/self/ns");

	cr_assert(target.no_map && !target.map_written && !target.not_dumpable);
}

/* ---- ids of the namespace
 * ---------------------------------------------------------------- */

static const char *namespace_of_one_id(void *context)
{
	static const struct idmap map = {
		.extents = { { 0, 0, 1 }, { 5, 10, 0 }, { 10, 0, 6 }, { 20, 4, 10 } },
		.n = 4,
	};
	struct facts facts;
	pid_t pid;
	int status;

	(void)context;
	pid = fork();
	if (pid == 0) {
		write_own_map();
		facts_make(&facts, &kind_uid);
		facts.map = &map;
		facts_gather_namespace(&facts);
		_exit(facts.unmapped.start == 1 && facts.unmapped.end == 6 ? 0 : 2);
	}
	CHILD_ASSERT(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
	if (WEXITSTATUS(status) == 1)
		return CHILD_SKIP "no user namespaces for this user";
	CHILD_ASSERT(WEXITSTATUS(status) == 0);
	return NULL;
}

Test(facts, namespace_of_one_id)
{
	child_run(namespace_of_one_id, NULL);
}

static const char *namespace_without_ids(void *context)
{
	struct facts facts;

	(void)context;
	if (unshare(CLONE_NEWUSER))
		return CHILD_SKIP "no user namespaces for this user";
	facts_make(&facts, &kind_gid);
	facts_gather_namespace(&facts);
	CHILD_ASSERT(facts.unmapped.start == 100000 && facts.unmapped.end == 101000);
	return NULL;
}

Test(facts, namespace_without_ids)
{
	child_run(namespace_without_ids, NULL);
}

/* ---- what the databases say
 * -------------------------------------------------------------- */

struct grants_row {
	const char *own, *other; /* NULL: there is no such file */
	struct facts_grants grants;
};

static const struct grants_row grants_rows[] = {
	{ "", "", { .readable = true } },
	{ NULL, "", { 0 } },
	{ "", NULL, { .readable = true } },
	{ "elsa:100000:200\n",
	  "",
	  { .readable = true,
	    .owns = true,
	    .first = { 100000, 100200 },
	    .ranges = 1,
	    .partly = true } },
	{ "anna:1:1\n5001:300000:5\nelsa:400000:1\n",
	  "",
	  { .readable = true, .owns = true, .first = { 300000, 300005 }, .ranges = 2 } },
	{ "elsa:100000:200\n",
	  "elsa:100000:65536\n",
	  { .readable = true,
	    .owns = true,
	    .first = { 100000, 100200 },
	    .ranges = 1,
	    .partly = true,
	    .in_other_kind = true } },
	/* the whole file was read */
	{ "", "elsa:100000:999\n", { .readable = true } },
	{ "",
	  "elsa:100000:500\n5001:100500:500\n",
	  { .readable = true, .in_other_kind = true } },
	{ "", "anna:100000:65536\n", { .readable = true } },
	{ "# elsa:1\n\nanna:x:1\nelsa:0300000:1\nelsa:1\n",
	  "",
	  { .readable = true,
	    .malformed = { .number = 4,
			   .fault = ENTRY_START_NUMBER,
			   .len = 14,
			   .text = "elsa:0300000:1",
			   .range = { 300000, 300001 } } } },
	{ "  elsa:300000:1\n",
	  "",
	  { .readable = true,
	    .malformed = { .number = 1,
			   .fault = ENTRY_OWNER_BLANK,
			   .len = 15,
			   .text = "  elsa:300000:1",
			   .range = { 300000, 300001 } } } },
	/* of two readings the one that is free; none is */
	{ "elsa:0300000:1\nanna:300000:5\n",
	  "",
	  { .readable = true,
	    .malformed = { .number = 1,
			   .fault = ENTRY_START_NUMBER,
			   .len = 14,
			   .text = "elsa:0300000:1",
			   .range = { 98304, 98305 } } } },
	{ "elsa:0300000:1\nanna:300000:5\nbob:98304:1\n",
	  "",
	  { .readable = true,
	    .malformed = { .number = 1,
			   .fault = ENTRY_START_NUMBER,
			   .len = 14,
			   .text = "elsa:0300000:1",
			   .range = { 300000, 300001 },
			   .refused = true } } },
	/* root's id */
	{ "elsa:0:5 \n",
	  "",
	  { .readable = true,
	    .malformed = { .number = 1,
			   .fault = ENTRY_COUNT_BLANK,
			   .len = 9,
			   .text = "elsa:0:5 ",
			   .range = { 0, 5 },
			   .refused = true } } },
	{ "elsax:1\nels:1\n\telsa", "elsa:x:y\n", { .readable = true } },
	{ "anna:100000:200\nbob:100999:1\n",
	  "",
	  { .readable = true, .taken = 2, .taken_by = "bob" } },
	{ "anna:0:100200\nbob:101000:1\n", "", { .readable = true } },
	{ "anna:0:4294967295\nbob:100300:1\n",
	  "",
	  { .readable = true, .taken = 1, .taken_by = "anna" } },
};

static bool malformed_equal(const struct facts_malformed *a,
			    const struct facts_malformed *b)
{
	return a->number == b->number && a->fault == b->fault && a->len == b->len &&
	       strcmp(a->text, b->text) == 0 && a->range.start == b->range.start &&
	       a->range.end == b->range.end && a->refused == b->refused;
}

static bool grants_equal(const struct facts_grants *a, const struct facts_grants *b)
{
	return a->readable == b->readable && a->owns == b->owns &&
	       range_equals(a->first, b->first) && a->ranges == b->ranges &&
	       a->partly == b->partly && a->in_other_kind == b->in_other_kind &&
	       malformed_equal(&a->malformed, &b->malformed) && a->taken == b->taken &&
	       strcmp(a->taken_by, b->taken_by) == 0;
}

static struct facts_grants gather_grants(const struct kind *kind)
{
	struct facts facts;

	facts_make(&facts, kind);
	facts.missing = (struct range){ 100200, 101000 };
	facts_gather_grants(&facts);
	return facts.grants;
}

/* Lines by another local name of the uid are the user's, malformed ones as well. */
static const char *grants_of_names(const char *etc)
{
	static const struct grants_row rows[] = {
		{ "anna:1:1\nelsa2:300000:5\nelsa:400000:1\n",
		  "elsa2:100000:65536\n",
		  { .readable = true,
		    .owns = true,
		    .first = { 300000, 300005 },
		    .ranges = 2,
		    .in_other_kind = true } },
		{ "elsa2:100000:200\n",
		  "",
		  { .readable = true,
		    .owns = true,
		    .first = { 100000, 100200 },
		    .ranges = 1,
		    .partly = true } },
		{ "anna:100200:1\nelsa2:0300000:1\n",
		  "",
		  { .readable = true,
		    .malformed = { .number = 2,
				   .fault = ENTRY_START_NUMBER,
				   .len = 15,
				   .text = "elsa2:0300000:1",
				   .range = { 300000, 300001 } },
		    .taken = 1,
		    .taken_by = "anna" } },
	};

	char passwd[PATH_MAX + 16];

	write_file(etc, "passwd",
		   "elsa:x:5001:5001:::\nelsa2:x:5001:5001:::\nanna:x:5002:5002:::\n",
		   0644);
	snprintf(passwd, sizeof(passwd), "%s/passwd", etc);
	if (mount(passwd, PASSWD_FILE, NULL, MS_BIND, NULL))
		return "no passwd file of the test's own";
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct facts_grants grants;

		write_file(etc, "subuid", rows[i].own, 0644);
		write_file(etc, "subgid", rows[i].other, 0644);
		grants = gather_grants(&kind_uid);
		if (!grants_equal(&grants, &rows[i].grants))
			return "lines by another name";
	}
	return NULL;
}

/* The directory of the databases is the test's, in a private mount namespace. */
static const char *grants_of_files(void *context)
{
	static char complaint[64];
	const char *tmpdir = context, *why;
	char etc[PATH_MAX];

	snprintf(etc, sizeof(etc), "%s", kind_uid.path);
	*strrchr(etc, '/') = '\0';
	why = child_own_mounts();
	if (why)
		return why;
	if (mount(tmpdir, etc, NULL, MS_BIND, NULL))
		return CHILD_SKIP "there is no directory for the databases";
	for (size_t i = 0; i < COUNT_OF(grants_rows); i++) {
		const struct grants_row *row = &grants_rows[i];

		for (size_t k = 0; k < 2; k++) {
			const struct kind *own = kind_all[k], *other = kind_all[1 - k];
			struct facts_grants grants;

			write_file(etc, own->database, row->own, 0644);
			write_file(etc, other->database, row->other, 0644);
			grants = gather_grants(own);
			snprintf(complaint, sizeof(complaint), "row %zu, %s", i, own->id);
			if (!grants_equal(&grants, &row->grants))
				return complaint;
		}
	}
	return grants_of_names(etc);
}

/* With optional fields or none, and an empty source; a line that ends early is none. */
Test(facts, mounts)
{
	static const struct {
		const char *line, *said;
	} rows[] = {
		{ "22 1 0:21 / /proc rw,nosuid - proc proc rw,hidepid=2",
		  "/proc rw,nosuid proc rw,hidepid=2" },
		{ "22 1 0:21 / /a\\040-\\040b ro shared:5 master:3 - ext4 /dev/x rw",
		  "/a\\040-\\040b ro ext4 rw" },
		{ "22 1 0:21 / /srv rw - tmpfs  rw", "/srv rw tmpfs rw" },
		{ "22 1 0:21 / /srv rw - tmpfs none", NULL },
		{ "22 1 0:21 / /srv - tmpfs none rw", NULL },
		{ "22 1 0:21 / /srv rw tmpfs none rw", NULL },
		{ "", NULL },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		char line[128], said[128];
		struct facts_mount mount;

		strcpy(line, rows[i].line);
		cr_assert(facts_split_mount(line, &mount) == (rows[i].said != NULL),
			  "row %zu", i);
		if (!rows[i].said)
			continue;
		snprintf(said, sizeof(said), "%s %s %s %s", mount.point, mount.options,
			 mount.type, mount.super);
		cr_assert(strcmp(said, rows[i].said) == 0, "row %zu: %s", i, said);
	}
}

Test(facts, grants)
{
	CLEANUP(tmpdir_cleanup) struct tmpdir tmpdir;

	tmpdir_make(&tmpdir);
	child_run(grants_of_files, tmpdir.path);
}

/* A file that cannot be read or is not to be trusted gives no facts. */
static const char *grants_out_of_reach(void *context)
{
	static const struct facts_grants none = { 0 };
	const char *tmpdir = context;
	struct facts_grants grants;
	struct kind kind = kind_uid;
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", tmpdir, "subuid");
	kind.path = path;
	if (geteuid() == 0 && setresuid(65534, 65534, 65534))
		return CHILD_SKIP "no other user to become";
	grants = gather_grants(&kind);
	CHILD_ASSERT(grants_equal(&grants, &none));
	return NULL;
}

Test(facts, grants_out_of_reach)
{
	static const mode_t modes[] = { 0, 0666, 0646 };

	for (size_t i = 0; i < COUNT_OF(modes); i++) {
		CLEANUP(tmpdir_cleanup) struct tmpdir tmpdir;

		tmpdir_make(&tmpdir);
		cr_assert(chmod(tmpdir.path, 0755) == 0);
		write_file(tmpdir.path, "subuid", "anna:100000:65536\nelsa:x:1\n",
			   modes[i]);
		child_run(grants_out_of_reach, tmpdir.path);
	}
}
