// SPDX-License-Identifier: BSD-3-Clause
/*
 * pam_subid: gives a user who opens a session a range of subordinate ids, see
 * pam_subid(8).
 *
 * MUST: no login waits longer than the time, and none fails because there is no range,
 * unless the site says `required`.
 * MUST: the login program does not notice the module: no other symbol, no output, no
 * static variable, no name service and no plugin in its process; see login-helper.c.
 */
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#define PAM_SM_SESSION
#include <security/pam_ext.h>
#include <security/pam_modules.h>

#include "helper/helper.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/num.h"
#include "pam/login-check.h"
#include "pam/login-helper.h"
#include "pam/subid-session.h"

#define EXPORT_PAM PAM_EXTERN __attribute__((visibility("default")))

#define TIMEOUT_DEFAULT 5
#define TIMEOUT_MAX	30

/* The arguments in the file of the service. */
struct pam_subid {
	pam_handle_t *pamh;
	const char *login;
	uint64_t timeout;
	bool required;
	bool quiet;
	bool debug;
};

static int take_argument(struct pam_subid *module, const char *argument)
{
	static const char timeout[] = "timeout=";
	const size_t len = sizeof(timeout) - 1;

	if (strcmp(argument, "required") == 0)
		module->required = true;
	else if (strcmp(argument, "quiet") == 0)
		module->quiet = true;
	else if (strcmp(argument, "debug") == 0)
		module->debug = true;
	else if (strncmp(argument, timeout, len) != 0 ||
		 num_parse(argument + len, strlen(argument) - len, TIMEOUT_MAX,
			   &module->timeout) ||
		 module->timeout == 0) {
		pam_syslog(module->pamh, LOG_ERR, "unknown argument '%s'", argument);
		return PAM_SERVICE_ERR;
	}
	return PAM_SUCCESS;
}

/* Logs what is no failure, with `debug`. Returns @result. */
static int debug(const struct pam_subid *module, const char *what, int result)
{
	if (module->debug)
		pam_syslog(module->pamh, LOG_DEBUG, "%s: %s", module->login, what);
	return result;
}

/* Logs why there is no range. Returns the result that the site wants. */
static int fail(const struct pam_subid *module, const char *why)
{
	if (!module->quiet)
		pam_syslog(module->pamh, module->required ? LOG_ERR : LOG_WARNING,
			   "%s gets no subordinate ids: %s", module->login, why);
	return module->required ? PAM_SESSION_ERR : PAM_SUCCESS;
}

/* Makes one line of what the helper wrote. */
static void join_lines(struct login_answer_text *answer,
		       char text[static sizeof(answer->text) + 1])
{
	size_t len =
		answer->len < sizeof(answer->text) ? answer->len : sizeof(answer->text);

	memcpy(text, answer->text, len);
	while (len > 0 && text[len - 1] == '\n')
		len--;
	text[len] = '\0';
	for (size_t i = 0; i < len; i++)
		if (text[i] == '\n')
			text[i] = ';';
}

static const char *reason_of(int r)
{
	switch (r) {
	case LOGIN_HELPER_LATE:
		return "there was no answer in time";
	case HELPER_MISSING:
		return HELPERDIR "/" SESSION_PROGRAM " is missing";
	case HELPER_FOREIGN:
	case HELPER_WRITABLE:
		return HELPERDIR "/" SESSION_PROGRAM ": others than root could change it";
	case -ENOMEM:
		return "out of memory";
	case -ECONNRESET:
		return HELPERDIR "/" SESSION_PROGRAM " was killed";
	default:
		return HELPERDIR "/" SESSION_PROGRAM " cannot be run";
	}
}

static int take_helper_answer(const struct pam_subid *module,
			      struct login_answer_text *answer)
{
	char text[sizeof(answer->text) + 1];

	join_lines(answer, text);
	if (WIFSIGNALED(answer->status))
		return fail(module, WTERMSIG(answer->status) == SIGTERM ?
					    reason_of(LOGIN_HELPER_LATE) :
					    reason_of(-ECONNRESET));
	switch (WEXITSTATUS(answer->status)) {
	case SESSION_DONE:
		if (text[0] && !module->quiet)
			pam_syslog(module->pamh, LOG_NOTICE, "%s: %s", module->login,
				   text);
		return debug(module, "has ranges now", PAM_SUCCESS);
	case SESSION_NOT_FOR:
		return debug(module, "a login gives no ids to this user", PAM_IGNORE);
	case SESSION_NO_USER:
		return debug(module, "there is no such user", PAM_USER_UNKNOWN);
	default:
		return fail(module, text[0] ? text : reason_of(0));
	}
}

static int ask_session_helper(const struct pam_subid *module)
{
	struct login_answer_text answer;
	const void *service = NULL;
	int r;

	if (geteuid() != 0)
		return fail(module, "the login program does not run as root");
	if (pam_get_item(module->pamh, PAM_SERVICE, &service) != PAM_SUCCESS || !service)
		service = "?";
	r = login_helper_run(module->login, service, (unsigned int)module->timeout,
			     &answer);
	return r ? fail(module, reason_of(r)) : take_helper_answer(module, &answer);
}

static int open_session(const struct pam_subid *module)
{
	switch (login_check(module->login)) {
	case LOGIN_HAS_RANGES:
		return debug(module, "has ranges", PAM_SUCCESS);
	case LOGIN_NOT_FOR:
		return debug(module, "a login gives no ids to this user", PAM_IGNORE);
	case LOGIN_NO_USER:
		return debug(module, "there is no such user", PAM_USER_UNKNOWN);
	case LOGIN_NOT_FILES:
		if (!module->required)
			return debug(module, "ranges do not come from files", PAM_IGNORE);
		break;
	case LOGIN_ASK:
		break;
	}
	return ask_session_helper(module);
}

EXPORT_PAM int pam_sm_open_session(pam_handle_t *pamh, int flags, int argc,
				   const char **argv)
{
	struct pam_subid module = { .pamh = pamh, .timeout = TIMEOUT_DEFAULT };
	int cancelable, r = PAM_SUCCESS;

	(void)flags;
	for (int i = 0; r == PAM_SUCCESS && i < argc; i++)
		r = take_argument(&module, argv[i]);
	if (r == PAM_SUCCESS)
		r = pam_get_user(pamh, &module.login, NULL);
	if (r != PAM_SUCCESS || !module.login)
		return r != PAM_SUCCESS ? r : PAM_USER_UNKNOWN;
	/* A thread that is cancelled would leave a process and descriptors behind. */
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancelable);
	r = open_session(&module);
	pthread_setcancelstate(cancelable, NULL);
	return r;
}

EXPORT_PAM int pam_sm_close_session(pam_handle_t *pamh, int flags, int argc,
				    const char **argv)
{
	(void)pamh, (void)flags, (void)argc, (void)argv;
	return PAM_SUCCESS;
}
