// SPDX-License-Identifier: BSD-3-Clause
/*
 * Asking apart: a plugin answers as it does in this process, and when it ends its own,
 * ours lives. The plugins are tests/unit/plugin.c.
 */
#include <signal.h>
#include <sys/resource.h>

#include "libsubid/core/limits.h"
#include "libsubid/sys/plugin.h"
#include "mapwriter/apart.h"
#include "tests/unit/plugins.h"

static struct folder folder;

static void set_up(void)
{
	folder_make(&folder);
	plugins_copy(&folder, "puppet", "puppet");
}

static void tear_down(void)
{
	folder_cleanup(&folder);
}

TestSuite(apart, .init = set_up, .fini = tear_down, .timeout = 60);

static int ask(const char *owner, struct range_set *set)
{
	return apart_ask_ranges(folder.path, "puppet", owner, &kind_uid, set);
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
	CLEANUP(range_set_cleanup)
	struct range_set set = RANGE_SET(LIMIT_PLUGIN_ANSWER);

	(void)context;
	if (complaint)
		return complaint;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		CHILD_ASSERT(range_set_add(&set, other) == 0);
		if (ask(rows[i].owner, &set) != rows[i].r)
			return rows[i].owner;
		/* The set changes only with 0. */
		CHILD_ASSERT(set.n == (rows[i].r ? 1 : 0));
		range_set_clear(&set);
	}
	CHILD_ASSERT(ask("elsa", &set) == 0);
	CHILD_ASSERT(set.n == 1 && range_set_covers(&set, both));
	CHILD_ASSERT(ask("last", &set) == 0);
	CHILD_ASSERT(set.n == 1 && set.ranges[0].end == ID_END);
	CHILD_ASSERT(apart_ask_ranges(folder.path, "absent", "elsa", &kind_uid, &set) ==
		     PLUGIN_ELSEWHERE);
	/* The plugin was never here. */
	CHILD_ASSERT(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
	return NULL;
}

Test(apart, answers)
{
	child_run(answers, NULL);
}

/* A caller who ignores SIGCHLD, or leaves no descriptors, changes no answer. */
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

Test(apart, callers)
{
	child_run(callers, NULL);
}
