// SPDX-License-Identifier: BSD-3-Clause
/*
 * Plugins asked by the helper: they answer as in this process, and if a plugin ends its
 * process, ours continues. The plugins are tests/unit/plugin.c.
 */
#include <signal.h>
#include <sys/resource.h>

#include "helper/plugin-client.h"
#include "libsubid/core/limits.h"
#include "libsubid/source/plugin.h"
#include "libsubid/sys/wait.h"
#include "tests/unit/helper-inside.h"
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

TestSuite(plugin_client, .init = set_up, .fini = tear_down);

static struct helper helper = HELPER_PATIENT;

/* A plugin, and a new helper. */
static struct plugin_client which(const char *name)
{
	helper_end(&helper);
	helper = (struct helper)HELPER_PATIENT;
	return (struct plugin_client){ .helper = &helper,
				       .directory = tmpdir.path,
				       .name = name };
}

static bool has_no_child(void)
{
	helper_end(&helper);
	return waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD;
}

static int ask(const char *owner, struct range_set *set)
{
	const struct plugin_client plugin = which("sample");

	return plugin_client_ranges(&plugin, owner, &kind_uid, NULL, set);
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
	struct plugin_client absent;
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
	absent = which("absent");
	CHILD_ASSERT(plugin_client_ranges(&absent, "elsa", &kind_uid, NULL, &set) ==
		     PLUGIN_ELSEWHERE);
	/* The plugin was never loaded in this process. */
	CHILD_ASSERT(has_no_child());
	return NULL;
}

Test(plugin_client, answers)
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
	const struct plugin_client plugin = which("sample");
	const char *complaint = child_own_mounts();

	(void)context;
	if (complaint)
		return complaint;
	CHILD_ASSERT(plugin_client_ranges(&plugin, "elsa", &kind_uid, &extents, &set) ==
		     0);
	CHILD_ASSERT(set.n == 1 && extents.denied.n == 0);
	CHILD_ASSERT(plugin_client_ranges(&plugin, "deny-large", &kind_uid, &extents,
					  &set) == 0);
	CHILD_ASSERT(set.n == 1 && extents.denied.n == 1);
	CHILD_ASSERT(extents.denied.ranges[0].start == 100000 &&
		     extents.denied.ranges[0].end == 165536);
	CHILD_ASSERT(plugin_client_ranges(&plugin, "says-error", &kind_uid, &extents,
					  &set) == PLUGIN_MUTE);
	CHILD_ASSERT(plugin_client_ranges(&plugin, "says-crash", &kind_uid, &extents,
					  &set) == PLUGIN_DIED);
	return NULL;
}

Test(plugin_client, extents)
{
	child_run(extents, NULL);
}

/* Owners: what the plugin answers about the id that is its number. */
static const char *owners(void *context)
{
	const char *complaint = child_own_mounts();
	const struct plugin_client plugin = which("sample");
	CLEANUP(cleanup_free) uid_t *uids = NULL;
	size_t n = 7;

	(void)context;
	if (complaint)
		return complaint;
	CHILD_ASSERT(plugin_client_owners(&plugin, 4, &kind_uid, &uids, &n) ==
		     PLUGIN_DOWN);
	CHILD_ASSERT(plugin_client_owners(&plugin, 8, &kind_uid, &uids, &n) ==
		     PLUGIN_LIES);
	/* Written only if the result is 0. */
	CHILD_ASSERT(!uids && n == 7);
	CHILD_ASSERT(plugin_client_owners(&plugin, 100, &kind_uid, &uids, &n) == 0);
	CHILD_ASSERT(!uids && n == 0);
	CHILD_ASSERT(plugin_client_owners(&plugin, 0, &kind_gid, &uids, &n) == 0);
	CHILD_ASSERT(uids && n == 2 && uids[0] == 5001 && uids[1] == 5002);
	return NULL;
}

Test(plugin_client, owners)
{
	child_run(owners, NULL);
}

/* A plugin that hangs is ended when its time is over, and its answer is unknown. */
static const char *hangs(void *context)
{
	const char *complaint = child_own_mounts();
	struct plugin_client plugin = which("sample");
	CLEANUP(range_set_cleanup)
	struct range_set set = RANGE_SET(LIMIT_PLUGIN_ANSWER);
	int64_t begin = wait_clock();

	(void)context;
	if (complaint)
		return complaint;
	helper.left = 200;
	CHILD_ASSERT(plugin_client_ranges(&plugin, "hang", &kind_uid, NULL, &set) ==
		     PLUGIN_SLOW);
	CHILD_ASSERT(wait_clock() >= begin + 200);
	CHILD_ASSERT(has_no_child());
	CHILD_ASSERT(ask("elsa", &set) == 0);
	CHILD_ASSERT(ask("crash", &set) == PLUGIN_DIED);
	/* One that closes the socket and stays is not waited for. */
	CHILD_ASSERT(ask("shut", &set) == PLUGIN_DIED);
	CHILD_ASSERT(has_no_child());
	return NULL;
}

Test(plugin_client, hangs)
{
	child_run(hangs, NULL);
}

/* A child that does not become the helper calls no plugin, and says what it lacks. */
static const char *not_executed(void *context)
{
	const char *complaint = child_own_mounts();
	CLEANUP(range_set_cleanup)
	struct range_set set = RANGE_SET(LIMIT_PLUGIN_ANSWER);

	(void)context;
	if (complaint)
		return complaint;
	execute_fails = -EPERM;
	CHILD_ASSERT(ask("elsa", &set) == -ENOPKG && helper.fault == HELPER_BROKEN);
	CHILD_ASSERT(set.n == 0);
	execute_fails = -EMFILE;
	CHILD_ASSERT(ask("elsa", &set) == -EMFILE && set.n == 0);
	return NULL;
}

Test(plugin_client, not_executed)
{
	child_run(not_executed, NULL);
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

Test(plugin_client, callers)
{
	child_run(callers, NULL);
}
