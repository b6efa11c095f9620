// SPDX-License-Identifier: BSD-3-Clause
/*
 * Tests that must fail, each for one reason, and two that must pass: faulty.sh runs them
 * one by one.
 */
#include <signal.h>

#include "tests/unit/unit.h"

static void fail(void)
{
	cr_assert(false, "message %d", 5);
}

Test(faulty, good_passes)
{
	cr_assert_str_eq("a", "a");
	cr_expect_eq(1, 1, "not seen");
}

Test(faulty, good_skipped)
{
	unit_skip("cannot run here");
}

Test(faulty, assertion)
{
	cr_assert_eq(1, 2, "message %d", 5);
	_exit(0);
}

static bool reached;

static void expect_reached(void)
{
	cr_assert(reached, "message %s", "of the rest");
}

/* After a failed cr_expect the test continues. */
Test(faulty, expectation, .fini = expect_reached)
{
	cr_expect_str_eq("a", "b", "message %d", 5);
	reached = true;
}

Test(faulty, teardown, .fini = fail)
{
	cr_assert(true);
}

Test(faulty, setup, .init = fail)
{
	cr_assert(true);
}

Test(faulty, crash)
{
	cr_assert(true);
	raise(SIGSEGV);
}

Test(faulty, abort)
{
	cr_assert(true);
	abort();
}

Test(faulty, hang, .timeout = 1)
{
	cr_assert(true);
	for (;;)
		pause();
}

Test(faulty, exit)
{
	cr_assert(true);
	exit(0);
}

Test(faulty, no_assertion)
{
}

#ifndef HAVE_CRITERION
Test(faulty, in_a_child)
{
	pid_t pid = fork();

	if (pid == 0)
		cr_assert(false, "message %d", 5);
	cr_assert(waitpid(pid, NULL, 0) == pid);
}

Test(faulty, process_left)
{
	pid_t pid = fork();

	if (pid == 0) {
		setsid();
		for (;;)
			pause();
	}
	cr_assert(pid > 0, "fork");
	printf("left: %d.\n", (int)pid);
}
#endif

Test(faulty, leak)
{
	char *volatile text = malloc(100);

	cr_assert(text, "out of memory");
	text = NULL;
}
