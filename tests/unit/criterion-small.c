// SPDX-License-Identifier: BSD-3-Clause
/*
 * Runs the tests of criterion-small.h and prints as Criterion does, for run-criterion.
 *
 * A test has passed only if its process reports so at its end: one that crashes, hangs
 * or calls exit(0) has failed. So has one that leaves processes behind; they are killed.
 *
 * The program around it may have replaced malloc() and read() by its own (--wrap). So
 * results are in shared memory, and files are read by stdio.
 */
#include <fnmatch.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/criterion-small.h"

#define LEFT_SECONDS 5 /* for processes that are about to end */

/* What the process of a test reports; shared with it. */
struct outcome {
	bool failed, skipped, finished;
	unsigned long assertions;
	char why[200]; /* skipped */
};

struct counts {
	unsigned tested, passing, failing, crashing;
};

static struct small_suite *suites;
static struct small_test *tests;
static struct outcome *outcome;
static unsigned long assertions;
static pid_t test_thread;
static jmp_buf test_end;

void small_add_suite(struct small_suite *suite)
{
	struct small_suite **end = &suites;

	while (*end)
		end = &(*end)->next;
	*end = suite;
}

void small_add_test(struct small_test *test)
{
	struct small_test **end = &tests;

	while (*end)
		end = &(*end)->next;
	*end = test;
}

/* ---- in the process of a test ---- */

void small_passed(void)
{
	assertions++;
}

void small_failed(const char *file, int line, const char *expression, const char *format,
		  ...)
{
	va_list args;

	outcome->failed = true;
	printf("[----] %s:%d: Assertion Failed\n[----]   %s\n[----]  ", file, line,
	       expression);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	fflush(stdout);
}

/* Another thread, or a child of the test, cannot go on at the end of the test. */
void small_abort(void)
{
	if (gettid() == test_thread)
		longjmp(test_end, 1);
	_exit(1);
}

void small_skip(const char *format, ...)
{
	va_list args;

	outcome->skipped = true;
	va_start(args, format);
	vsnprintf(outcome->why, sizeof(outcome->why), format, args);
	va_end(args);
	fflush(stdout);
	_exit(0);
}

static void call(void (*function)(void))
{
	if (function)
		function();
}

static const struct small_options *suite_options(const struct small_test *test)
{
	static const struct small_options none;

	for (const struct small_suite *suite = suites; suite; suite = suite->next)
		if (strcmp(suite->name, test->suite) == 0)
			return &suite->options;
	return &none;
}

/* The phases of a test, each of which ends early where an assertion fails. */
static void test_set_up(const struct small_test *test)
{
	call(suite_options(test)->init);
	call(test->options.init);
}

static void test_body(const struct small_test *test)
{
	test->body();
}

static void test_tear_down(const struct small_test *test)
{
	call(test->options.fini);
	call(suite_options(test)->fini);
}

static bool phase(void (*part)(const struct small_test *), const struct small_test *test)
{
	if (setjmp(test_end))
		return false;
	part(test);
	return true;
}

static noreturn void test_process_main(const struct small_test *test, pid_t runner)
{
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != runner)
		_exit(1);
	test_thread = gettid();
	if (phase(test_set_up, test)) {
		phase(test_body, test);
		phase(test_tear_down, test);
	}
	outcome->assertions = assertions;
	outcome->finished = true;
	exit(0);
}

/* ---- in the main process ---- */

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/*
 * Waits for @pid, or with -1 for all children, until @deadline; reaps the others too.
 * Returns whether it has ended, with its status.
 */
static bool wait_until(pid_t pid, double deadline, int *ret_status)
{
	sigset_t set;
	int status;
	pid_t ended;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	for (;;) {
		double rest = deadline - now();
		struct timespec time = { .tv_sec = rest > 0 ? (time_t)rest : 0,
					 .tv_nsec = 100000000 };

		ended = waitpid(-1, &status, WNOHANG);
		if (ended < 0)
			return pid < 0;
		if (ended == pid) {
			*ret_status = status;
			return true;
		}
		if (ended == 0 && rest <= 0)
			return false;
		if (ended == 0)
			sigtimedwait(&set, NULL, &time);
	}
}

/* The orphans of a test, which became our children. */
static void kill_children(void)
{
	char path[64];
	FILE *file;
	int pid;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)gettid());
	file = fopen(path, "re");
	if (!file)
		return;
	while (fscanf(file, "%d", &pid) == 1)
		kill(pid, SIGKILL);
	fclose(file);
}

/* Returns whether the test has left processes, after ending them. */
static bool end_leftovers(pid_t group, double seconds)
{
	int status;

	if (wait_until(-1, now() + seconds, &status))
		return false;
	kill(-group, SIGKILL);
	do
		kill_children();
	while (!wait_until(-1, now() + 0.1, &status));
	return true;
}

static double time_limit(const struct small_test *test)
{
	const char *slow = getenv("SUBID_EMULATED");
	double seconds = test->options.timeout;

	if (seconds <= 0)
		seconds = suite_options(test)->timeout;
	if (seconds <= 0)
		seconds = SMALL_SECONDS;
	return slow && *slow ? seconds * 10 : seconds;
}

static pid_t start(const struct small_test *test, const sigset_t *mask)
{
	pid_t runner = getpid(), pid;

	fflush(NULL);
	memset(outcome, 0, sizeof(*outcome));
	pid = fork();
	if (pid == 0) {
		sigprocmask(SIG_SETMASK, mask, NULL);
		test_process_main(test, runner);
	}
	if (pid < 0) {
		perror("fork");
		exit(99);
	}
	return pid;
}

/* Runs @test. Returns NULL if it passed or was skipped, else what is wrong. */
static const char *run(const struct small_test *test, const sigset_t *mask,
		       bool *ret_crashed)
{
	bool ended, left;
	int status = 0;
	pid_t pid;

	pid = start(test, mask);
	ended = wait_until(pid, now() + time_limit(test), &status);
	left = end_leftovers(pid, ended ? LEFT_SECONDS : 0);
	*ret_crashed = ended && WIFSIGNALED(status);
	if (!ended)
		return "Timed out.";
	if (WIFSIGNALED(status)) {
		printf("[----] %s:%d: Unexpected signal: %s\n", test->file, test->line,
		       strsignal(WTERMSIG(status)));
		return "Crashed.";
	}
	if (outcome->failed)
		return "An assertion has failed.";
	if (left)
		return "It has left processes behind.";
	if (outcome->skipped)
		return NULL;
	if (!outcome->finished)
		return "The process has ended before the test.";
	if (WEXITSTATUS(status) != 0)
		return "The process has ended with a status other than 0.";
	return NULL;
}

static void report(FILE *json, const struct small_test *test, const char *wrong,
		   bool crashed, struct counts *counts)
{
	const char *status = wrong ? "FAILED" : outcome->skipped ? "SKIPPED" : "PASSED";
	static const char *between = "";

	counts->tested += wrong || !outcome->skipped;
	counts->passing += !wrong && !outcome->skipped;
	counts->failing += wrong != NULL;
	counts->crashing += crashed;
	if (wrong)
		printf("[FAIL] %s::%s: %s\n", test->suite, test->name, wrong);
	else if (outcome->skipped)
		printf("[SKIP] %s::%s:%s\n", test->suite, test->name, outcome->why);
	if (!json)
		return;
	fprintf(json,
		"%s    {\n      \"name\": \"%s\",\n      \"assertions\": %lu,\n"
		"      \"status\": \"%s\"\n    }",
		between, test->name, outcome->assertions, status);
	between = ",\n";
}

static FILE *open_json(const char *path)
{
	FILE *json = fopen(path, "we");

	if (!json) {
		perror(path);
		exit(99);
	}
	fprintf(json, "{\n  \"tests\": [\n");
	return json;
}

/* The options of Criterion that run-criterion and developers use. */
static FILE *parse_options(int argc, char **argv, const char **ret_filter)
{
	FILE *json = NULL;

	for (int i = 1; i < argc; i++) {
		if (strncmp(argv[i], "--json=", 7) == 0) {
			json = open_json(argv[i] + 7);
		} else if (strncmp(argv[i], "--filter=", 9) == 0) {
			*ret_filter = argv[i] + 9;
		} else if (strncmp(argv[i], "--color=", 8) != 0) {
			fprintf(stderr, "%s [--filter=SUITE/NAME] [--json=FILE]\n",
				argv[0]);
			exit(99);
		}
	}
	return json;
}

/* SIGCHLD is pending until wait_until() takes it; tests get the original mask. */
static void prepare(sigset_t *ret_mask)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, ret_mask);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	outcome = mmap(NULL, sizeof(*outcome), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (outcome == MAP_FAILED) {
		perror("mmap");
		exit(99);
	}
}

int main(int argc, char **argv)
{
	struct counts counts = { 0 };
	const char *filter = "*";
	sigset_t mask;
	FILE *json;

	json = parse_options(argc, argv, &filter);
	prepare(&mask);
	for (const struct small_test *test = tests; test; test = test->next) {
		const char *wrong;
		char name[256];
		bool crashed;

		snprintf(name, sizeof(name), "%s/%s", test->suite, test->name);
		if (fnmatch(filter, name, 0) != 0)
			continue;
		wrong = run(test, &mask, &crashed);
		report(json, test, wrong, crashed, &counts);
	}
	if (json) {
		fprintf(json, "\n  ]\n}\n");
		fclose(json);
	}
	printf("[====] Synthesis: Tested: %u | Passing: %u | Failing: %u | Crashing: %u\n",
	       counts.tested, counts.passing, counts.failing, counts.crashing);
	return counts.failing ? 1 : 0;
}
