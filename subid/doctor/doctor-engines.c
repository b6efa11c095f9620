// SPDX-License-Identifier: BSD-3-Clause
/*
 * doctor-engines: asks installed programs for their version.
 *
 * MUST: they run without privilege of root, and all of them together for a limited time.
 */
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/sys/child.h"
#include "libsubid/sys/fd.h"
#include "libsubid/sys/wait.h"
#include "subid/doctor/doctor.h"

/* The timeout of one program. */
#define ANSWER_MILLISECONDS 3000
/* The user that a program becomes, which root has started. */
#define NOBODY 65534

struct engine_question {
	const char *path;
	const char *const *words;
};

/*
 * podman and buildah make directories even to print their version. They get one that ends
 * with them, in place of one that they may not search anyway.
 */
static void mount_runtime_directory(void)
{
	if (unshare(CLONE_NEWNS) == 0 &&
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	    mount("tmpfs", "/root", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC,
		  "mode=0700,uid=65534,gid=65534") == 0)
		setenv("XDG_RUNTIME_DIR", "/root", 1);
}

/* Also gives up what such a program cannot read, and would fail about. */
static bool drop_root(void)
{
	static const char *const homes[] = { "XDG_CONFIG_HOME", "XDG_DATA_HOME",
					     "XDG_RUNTIME_DIR" };

	if (getuid() != 0)
		return true;
	for (size_t i = 0; i < sizeof(homes) / sizeof(homes[0]); i++)
		unsetenv(homes[i]);
	mount_runtime_directory();
	return setenv("HOME", "/", 1) == 0 && chdir("/") == 0 &&
	       setgroups(0, NULL) == 0 && setresgid(NOBODY, NOBODY, NOBODY) == 0 &&
	       setresuid(NOBODY, NOBODY, NOBODY) == 0;
}

static int run_engine(void *context)
{
	const struct engine_question *question = context;
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	if (null >= 0 && dup2(null, STDERR_FILENO) >= 0 && drop_root())
		execv(question->path, (char **)(uintptr_t)question->words);
	return EXIT_FAILURE;
}

struct engine_answer {
	char *text; /* terminated */
	size_t size;
	size_t len;
};

static void take_engine_answer(void *context, char *text, size_t n)
{
	struct engine_answer *answer = context;
	size_t room = answer->size - 1 - answer->len;

	n = n < room ? n : room;
	memcpy(answer->text + answer->len, text, n);
	answer->len += n;
	answer->text[answer->len] = '\0';
}

/*
 * Asks a program in PATH.
 *
 * words: its name and arguments, and NULL. end: when to stop waiting, see wait_clock().
 * out: room for @size; the first line that it prints.
 * Returns false: it is not installed, does not answer, or fails.
 */
bool doctor_ask_program(const struct doctor *doctor, const char *const *words,
			int64_t end, char *out, size_t size)
{
	CLEANUP(child_cleanup) struct child child = { 0 };
	CLEANUP(fd_cleanup) int in = -1;
	struct engine_answer answer = { .text = out, .size = size };
	char path[PATH_MAX];
	struct engine_question question = { path, words };
	int64_t limit = wait_clock() + ANSWER_MILLISECONDS;
	int ends[2], r;

	out[0] = '\0';
	if (!doctor_find_program(doctor->path, words[0], path) || pipe2(ends, O_CLOEXEC))
		return false;
	in = ends[0];
	r = child_start(&child,
			&(struct child_options){
				.output = ends[1],
				.program = true,
				.session = true,
			},
			run_engine, &question);
	fd_close(ends[1]);
	if (r == 0)
		r = doctor_listen(in, &child, -1, end < limit ? end : limit,
				  take_engine_answer, &answer);
	out[strcspn(out, "\r\n")] = '\0';
	return child_end(&child) == 0 && r == 0 && out[0] != '\0';
}
