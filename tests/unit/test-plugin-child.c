// SPDX-License-Identifier: BSD-3-Clause
/*
 * Plugins in a child process: they answer as in this process, and if a plugin ends its
 * process, ours continues. The plugins are tests/unit/plugin.c.
 */
#include <signal.h>
#include <sys/resource.h>

#include "helper/plugin-child.h"
#include "libsubid/core/limits.h"
#include "libsubid/source/plugin.h"
#include "libsubid/sys/wait.h"
#include "tests/unit/plugins.h"

static struct tmpdir tmpdir;

static void set_up(void)
{
	tmpdir_make(&tmpdir);
	plugins_copy(&tmpdir, "sample", "sample");
}

static void tear_down(void)
{
	tmpdir_cleanup(&tmpdir);
}

TestSuite(plugin_child, .init = set_up, .fini = tear_down);

static int disarm(void)
{
	return 0;
}

static struct plugin_child which(const char *name)
{
	return (struct plugin_child){ .directory = tmpdir.path,
				      .name = name,
				      .disarm = disarm };
}

static int ask(const char *owner, struct range_set *set)
{
	const struct plugin_child child = which("sample");

	return plugin_child_ask_ranges(&child, owner, &kind_uid, NULL, set);
}

static const char *answers(void *context)
{
	static const struct {
		const char *owner;
		int r;
	} rows[] = {
		{ "nothing", 0 },
		{ "unknown", 0 },
		{ "error", 0 },
		{ "conn", PLUGIN_DOWN },
		{ "negative", PLUGIN_LIES },
		{ "huge", PLUGIN_LIES },
		{ "all", PLUGIN_LIES },
		{ "exit", PLUGIN_DIED },
		{ "crash", PLUGIN_DIED },
	};
	const struct range other = { 7, 8 }, both = { 100000, 231072 };
	const char *complaint = child_own_mounts();
	const struct plugin_child absent = which("absent");
	CLEANUP(range_set_cleanup)
	struct range_set set = RANGE_SET(LIMIT_PLUGIN_ANSWER);

	(void)context;
	if (complaint)
		return complaint;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		CHILD_ASSERT(range_set_add(&set, other) == 0);
		if (ask(rows[i].owner, &set) != rows[i].r)
			return rows[i].owner;
		/* The set changes only if the result is 0. */
		CHILD_ASSERT(set.n == (rows[i].r ? 1 : 0));
		range_set_clear(&set);
	}
	CHILD_ASSERT(ask("elsa", &set) == 0);
	CHILD_ASSERT(set.n == 1 && range_set_covers(&set, both));
	CHILD_ASSERT(ask("last", &set) == 0);
	CHILD_ASSERT(set.n == 1 && set.ranges[0].end == ID_END);
	CHILD_ASSERT(plugin_child_ask_ranges(&absent, "elsa", &kind_uid, NULL, &set) ==
		     PLUGIN_ELSEWHERE);
	/* The plugin was never loaded in this process. */
	CHILD_ASSERT(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
	return NULL;
}

Test(plugin_child, answers)
{
	child_run(answers, NULL);
}

/* Denied extents. */
static const char *extents(void *context)
{
	const struct range asked[] = { { 100000, 165536 }, { 100005, 100006 }, { 1, 2 } };
	CLEANUP(plugin_extents_cleanup)
	struct plugin_extents extents = { asked, 3, RANGE_SET(3) };
	CLEANUP(range_set_cleanup)
	struct range_set set = RANGE_SET(LIMIT_PLUGIN_ANSWER);
	const struct plugin_child child = which("sample");
	const char *complaint = child_own_mounts();

	(void)context;
	if (complaint)
		return complaint;
	CHILD_ASSERT(plugin_child_ask_ranges(&child, "elsa", &kind_uid, &extents, &set) ==
		     0);
	CHILD_ASSERT(set.n == 1 && extents.denied.n == 0);
	CHILD_ASSERT(plugin_child_ask_ranges(&child, "deny-large", &kind_uid, &extents,
					     &set) == 0);
	CHILD_ASSERT(set.n == 1 && extents.denied.n == 1);
	CHILD_ASSERT(extents.denied.ranges[0].start == 100000 &&
		     extents.denied.ranges[0].end == 165536);
	CHILD_ASSERT(plugin_child_ask_ranges(&child, "says-error", &kind_uid, &extents,
					     &set) == PLUGIN_MUTE);
	CHILD_ASSERT(plugin_child_ask_ranges(&child, "says-crash", &kind_uid, &extents,
					     &set) == PLUGIN_DIED);
	return NULL;
}

Test(plugin_child, extents)
{
	child_run(extents, NULL);
}

/* Owners: what the plugin answers about the id that is its number. */
static const char *owners(void *context)
{
	const char *complaint = child_own_mounts();
	const struct plugin_child child = which("sample");
	CLEANUP(cleanup_free) uid_t *uids = NULL;
	size_t n = 7;

	(void)context;
	if (complaint)
		return complaint;
	CHILD_ASSERT(plugin_child_ask_owners(&child, 4, &kind_uid, &uids, &n) ==
		     PLUGIN_DOWN);
	CHILD_ASSERT(plugin_child_ask_owners(&child, 8, &kind_uid, &uids, &n) ==
		     PLUGIN_LIES);
	/* Written only if the result is 0. */
	CHILD_ASSERT(!uids && n == 7);
	CHILD_ASSERT(plugin_child_ask_owners(&child, 100, &kind_uid, &uids, &n) == 0);
	CHILD_ASSERT(!uids && n == 0);
	CHILD_ASSERT(plugin_child_ask_owners(&child, 0, &kind_gid, &uids, &n) == 0);
	CHILD_ASSERT(uids && n == 2 && uids[0] == 5001 && uids[1] == 5002);
	return NULL;
}

Test(plugin_child, owners)
{
	child_run(owners, NULL);
}

/* A plugin that hangs is ended when its time is over, and its answer is unknown. */
static const char *hangs(void *context)
{
	const char *complaint = child_own_mounts();
	struct plugin_child child = which("sample");
	CLEANUP(range_set_cleanup)
	struct range_set set = RANGE_SET(LIMIT_PLUGIN_ANSWER);
	int64_t begin = wait_clock();

	(void)context;
	if (complaint)
		return complaint;
	child.end = begin + 200;
	CHILD_ASSERT(plugin_child_ask_ranges(&child, "hang", &kind_uid, NULL, &set) ==
		     PLUGIN_SLOW);
	CHILD_ASSERT(wait_clock() >= begin + 200);
	CHILD_ASSERT(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
	child.end = wait_clock() + 60 * 1000;
	CHILD_ASSERT(plugin_child_ask_ranges(&child, "elsa", &kind_uid, NULL, &set) == 0);
	CHILD_ASSERT(plugin_child_ask_ranges(&child, "crash", &kind_uid, NULL, &set) ==
		     PLUGIN_DIED);
	/* One that closes the pipe and stays is not waited for. */
	CHILD_ASSERT(plugin_child_ask_ranges(&child, "shut", &kind_uid, NULL, &set) ==
		     PLUGIN_DIED);
	child.end = 0;
	CHILD_ASSERT(plugin_child_ask_ranges(&child, "shut", &kind_uid, NULL, &set) ==
		     PLUGIN_DIED);
	CHILD_ASSERT(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
	return NULL;
}

Test(plugin_child, hangs)
{
	child_run(hangs, NULL);
}

static int refuse(void)
{
	return -EPERM;
}

/* A child that cannot give up its privileges calls no plugin. */
static const char *unarmed(void *context)
{
	const char *complaint = child_own_mounts();
	struct plugin_child child = which("sample");
	CLEANUP(range_set_cleanup)
	struct range_set set = RANGE_SET(LIMIT_PLUGIN_ANSWER);

	(void)context;
	if (complaint)
		return complaint;
	child.disarm = refuse;
	CHILD_ASSERT(plugin_child_ask_ranges(&child, "elsa", &kind_uid, NULL, &set) ==
		     -EPERM);
	CHILD_ASSERT(set.n == 0);
	return NULL;
}

Test(plugin_child, unarmed)
{
	child_run(unarmed, NULL);
}

/* A caller that ignores SIGCHLD, or leaves no free descriptors, changes no answer. */
static const char *callers(void *context)
{
	struct rlimit few = { 0, 0 };
	const char *complaint = child_own_mounts();
	CLEANUP(range_set_cleanup)
	struct range_set set = RANGE_SET(LIMIT_PLUGIN_ANSWER);

	(void)context;
	if (complaint)
		return complaint;
	CHILD_ASSERT(signal(SIGCHLD, SIG_IGN) != SIG_ERR);
	CHILD_ASSERT(ask("elsa", &set) == 0 && set.n == 1);
	CHILD_ASSERT(ask("crash", &set) == PLUGIN_DIED && set.n == 1);
	CHILD_ASSERT(setrlimit(RLIMIT_NOFILE, &few) == 0);
	CHILD_ASSERT(ask("elsa", &set) == -EMFILE);
	return NULL;
}

Test(plugin_child, callers)
{
	child_run(callers, NULL);
}
