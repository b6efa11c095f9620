// SPDX-License-Identifier: BSD-3-Clause
/*
 * login: opens PAM sessions as a login program does, and says what it noticed of it.
 *
 *	login SERVICE USER [OPTION...]
 *
 * Options: times=N (sessions, one after the other), threads=N, ruid=N (real uid), ignore
 * (SIGCHLD is ignored), closed (descriptors 0 to 2 are closed), limits (small limits,
 *which pam_limits may have set), close (the sessions are closed as well).
 *
 * Prints `result N`, for each session, and `time N`, its microseconds, and then a line
 *for each thing that has changed for the program.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include <security/pam_appl.h>

static const char *service, *user;
static int times = 1, threads = 1, ruid = -1, ignores, closes, limited, closes_session;
static volatile sig_atomic_t children;
static FILE *out;

static void count_child(int number)
{
	(void)number;
	children++;
}

static int talk(int n, const struct pam_message **messages,
		struct pam_response **responses, void *data)
{
	(void)data;
	*responses = calloc(n, sizeof(**responses));
	for (int i = 0; i < n; i++)
		fprintf(out, "says %s\n", messages[i]->msg);
	return PAM_SUCCESS;
}

static void *open_sessions(void *context)
{
	const struct pam_conv conversation = { talk, NULL };
	struct timespec begin, end;
	pam_handle_t *handle;

	(void)context;
	if (pam_start(service, user, &conversation, &handle) != PAM_SUCCESS)
		abort();
	for (int i = 0; i < times; i++) {
		int r;

		clock_gettime(CLOCK_MONOTONIC, &begin);
		r = pam_open_session(handle, 0);
		clock_gettime(CLOCK_MONOTONIC, &end);
		fprintf(out, "result %d\ntime %ld\n", r,
			(end.tv_sec - begin.tv_sec) * 1000000 +
				(end.tv_nsec - begin.tv_nsec) / 1000);
		if (closes_session)
			fprintf(out, "closed %d\n", pam_close_session(handle, 0));
	}
	pam_end(handle, PAM_SUCCESS);
	return NULL;
}

/* What a module could change. */
struct state {
	int descriptors;
	struct sigaction actions[65];
	sigset_t mask;
	mode_t mask_of_files;
	char directory[4096];
	uid_t ids[3];
	struct rlimit limits[RLIM_NLIMITS];
};

static int count_descriptors(void)
{
	DIR *directory = opendir("/proc/self/fd");
	int n = 0;

	while (readdir(directory))
		n++;
	closedir(directory);
	return n;
}

static void look(struct state *state)
{
	memset(state, 0, sizeof(*state));
	state->descriptors = count_descriptors();
	for (int number = 1; number < 65; number++)
		sigaction(number, NULL, &state->actions[number]);
	sigprocmask(SIG_SETMASK, NULL, &state->mask);
	state->mask_of_files = umask(0);
	umask(state->mask_of_files);
	getcwd(state->directory, sizeof(state->directory));
	getresuid(&state->ids[0], &state->ids[1], &state->ids[2]);
	for (int i = 0; i < RLIM_NLIMITS; i++)
		getrlimit(i, &state->limits[i]);
}

static void compare(const struct state *a, const struct state *b)
{
	if (a->descriptors != b->descriptors)
		fprintf(out, "descriptors %d %d\n", a->descriptors, b->descriptors);
	for (int number = 1; number < 65; number++)
		if (a->actions[number].sa_handler != b->actions[number].sa_handler ||
		    a->actions[number].sa_flags != b->actions[number].sa_flags)
			fprintf(out, "action of signal %d\n", number);
	if (memcmp(&a->mask, &b->mask, sizeof(a->mask)))
		fprintf(out, "signal mask\n");
	if (a->mask_of_files != b->mask_of_files)
		fprintf(out, "umask\n");
	if (strcmp(a->directory, b->directory))
		fprintf(out, "directory\n");
	if (memcmp(a->ids, b->ids, sizeof(a->ids)))
		fprintf(out, "ids\n");
	if (memcmp(a->limits, b->limits, sizeof(a->limits)))
		fprintf(out, "limits\n");
	if (children)
		fprintf(out, "SIGCHLD %d\n", children);
	if (waitpid(-1, NULL, WNOHANG) != -1 || errno != ECHILD)
		fprintf(out, "a child\n");
	if (waitpid(-1, NULL, WNOHANG | __WALL) != -1 || errno != ECHILD)
		fprintf(out, "a hidden child\n");
}

static void set_limits(void)
{
	static const int small[][2] = {
		{ RLIMIT_FSIZE, 4 },
		{ RLIMIT_DATA, 64 * 1024 * 1024 },
		{ RLIMIT_NPROC, 1 },
		{ RLIMIT_NOFILE, 20 },
	};

	for (size_t i = 0; i < sizeof(small) / sizeof(small[0]); i++)
		setrlimit(small[i][0], &(struct rlimit){ small[i][1], RLIM_INFINITY });
	umask(077);
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = count_child, .sa_flags = SA_RESTART };
	struct state before, after;
	pthread_t ids[64];

	if (argc < 3)
		return 2;
	service = argv[1];
	user = argv[2];
	for (int i = 3; i < argc; i++) {
		sscanf(argv[i], "times=%d", &times);
		sscanf(argv[i], "threads=%d", &threads);
		sscanf(argv[i], "ruid=%d", &ruid);
		ignores |= strcmp(argv[i], "ignore") == 0;
		closes |= strcmp(argv[i], "closed") == 0;
		limited |= strcmp(argv[i], "limits") == 0;
		closes_session |= strcmp(argv[i], "close") == 0;
	}
	out = fdopen(dup(STDOUT_FILENO), "w");
	if (closes)
		for (int fd = 0; fd < 3; fd++)
			close(fd);
	if (ignores)
		action.sa_handler = SIG_IGN;
	sigaction(SIGCHLD, &action, NULL);
	if (limited)
		set_limits();
	if (ruid >= 0 && setresuid(ruid, 0, 0))
		abort();
	/* It opens a socket, which stays. */
	openlog("login", LOG_NDELAY, LOG_AUTHPRIV);
	look(&before);
	for (int i = 0; i < threads; i++)
		pthread_create(&ids[i], NULL, open_sessions, NULL);
	for (int i = 0; i < threads; i++)
		pthread_join(ids[i], NULL);
	look(&after);
	compare(&before, &after);
	return fclose(out) ? 2 : 0;
}
