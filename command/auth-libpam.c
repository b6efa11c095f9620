// SPDX-License-Identifier: BSD-3-Clause
/*
 * auth-libpam: the PAM service of the programs that write.
 *
 * MUST: root is not authenticated, only its account is checked: a package's postinst has
 * no terminal and no password. Without a service file PAM would fall back to `other`,
 * which asks or denies; instead root gets a note, and others are refused.
 * MUST: never a prompt without a terminal.
 */
#include <errno.h>
#include <fcntl.h>
#include <security/pam_appl.h>
#include <security/pam_misc.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "command/identity.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/sys/etc-directory.h"
#include "libsubid/user/lookup.h"
#include "libsubid/user/nss.h"
#include "message/i18n.h"
#include "message/report.h"

static bool service_exists(void)
{
	static const char *const directories[] = { "/etc/pam.d", "/usr/lib/pam.d" };

	for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++) {
		char path[256];

		snprintf(path, sizeof(path), "%s/%s", directories[i], AUTH_SERVICE);
		if (access(path, F_OK) == 0)
			return true;
	}
	return false;
}

/* Without a terminal a module that asks fails. */
static int no_conversation(int n, const struct pam_message **messages,
			   struct pam_response **ret_responses, void *data)
{
	(void)n;
	(void)messages;
	(void)ret_responses;
	(void)data;
	return PAM_CONV_ERR;
}

static int run_pam(const char *program, const char *user, bool authenticate)
{
	struct pam_conv conversation = {
		.conv = isatty(STDIN_FILENO) ? misc_conv : no_conversation,
	};
	pam_handle_t *handle = NULL;
	int r = pam_start(AUTH_SERVICE, user, &conversation, &handle);

	if (r == PAM_SUCCESS && authenticate)
		r = pam_authenticate(handle, 0);
	if (r == PAM_SUCCESS)
		r = pam_acct_mgmt(handle, 0);
	if (r != PAM_SUCCESS)
		report_line(program, "PAM: %s", pam_strerror(handle, r));
	if (handle)
		pam_end(handle, r);
	return r == PAM_SUCCESS ? 0 : AUTH_REFUSED;
}

/* Asks PAM about the caller. Returns 0, or AUTH_REFUSED after a message. */
int auth_check(const char *program)
{
	CLEANUP(nss_end) struct nss nss = { 0 };
	const struct name_service service = nss_service(&nss);
	struct nsswitch nsswitch = { .passwd_files_first = false };
	struct lookup lookup;
	uid_t uid = getuid();
	struct account account;
	int r;

	if (!service_exists()) {
		if (uid == 0) {
			report_line(program, _("note: there is no PAM service %s"),
				    AUTH_SERVICE);
			return 0;
		}
		report_line(program,
			    _("there is no PAM service %s, so only root may do this"),
			    AUTH_SERVICE);
		return AUTH_REFUSED;
	}
	/* If it cannot be read, the name service decides. */
	nsswitch_read(NAME_SERVICE_CONF, &nsswitch);
	lookup = lookup_live(AT_FDCWD, &nsswitch, &service);
	r = lookup_uid(&lookup, uid, &account);
	if (r == 0)
		return run_pam(program, account.name, uid != 0);
	if (r == ACCOUNT_NONE)
		report_line(program, _("uid %u has no passwd entry"), uid);
	else
		report_line(program, _("cannot look up uid %u: %s"), uid,
			    report_error(-r));
	return AUTH_REFUSED;
}
