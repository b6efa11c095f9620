// SPDX-License-Identifier: BSD-3-Clause
/*
 * doctor-links: checks /proc, the account, the kernel, the map writers and their helper.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "helper/helper-protocol.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/source/source.h"
#include "libsubid/sys/child.h"
#include "libsubid/sys/etc-directory.h"
#include "libsubid/sys/fd.h"
#include "libsubid/sys/userns.h"
#include "libsubid/user/lookup.h"
#include "message/i18n.h"
#include "message/report.h"
#include "subid/doctor/doctor.h"

/* Checks that /proc is that of this process: nearly all that follows reads or writes it.
 */
int doctor_proc(struct doctor *doctor)
{
	struct facts facts = doctor_facts(doctor, &kind_uid, NULL, FACTS_UNSHARE, 0);

	facts_gather_proc(&facts);
	return facts.proc ? doctor_report_bad(doctor, "kernel", &facts) : 0;
}

/* Looks up the user. Returns 0, ACCOUNT_NONE or -errno. */
static int look_up_self(struct doctor *doctor)
{
	const struct name_service service = nss_client_single(&doctor->asker);
	struct nsswitch nsswitch;
	struct rlimit limit;
	struct lookup lookup;
	int r = nsswitch_read(NSSWITCH_CONF, &nsswitch);

	/* No step works with much fewer than the helper needs. */
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < HELPER_DESCRIPTORS)
		return -EMFILE;
	/* The next steps report that it cannot be read. */
	if (r)
		return nss_client_uid(&doctor->asker, getuid(), &doctor->account);
	lookup = lookup_live(AT_FDCWD, &nsswitch, &service);
	return lookup_uid(&lookup, getuid(), &doctor->account);
}

/* Checks that there is such a user. */
int doctor_account(struct doctor *doctor)
{
	struct facts facts;
	int r = look_up_self(doctor);

	if (r == 0)
		return doctor_report_good(doctor, "account", NULL,
					  _("%s, uid %u, gid %u"), doctor->account.name,
					  doctor->account.uid, doctor->account.gid);
	facts = doctor_facts(doctor, &kind_uid, NULL, FACTS_CALLER, r < 0 ? -r : 0);
	facts.account = NULL;
	return doctor_report_bad(doctor, facts.helper ? "helper" : "account", &facts);
}

static int kernel_refuses(struct doctor *doctor, int error)
{
	CLEANUP(fd_cleanup) int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct facts_host host = { .max_namespaces = -1 };
	struct facts facts;

	facts_gather_settings(proc, &host);
	facts = doctor_facts(doctor, &kind_uid, &host, FACTS_UNSHARE, error);
	facts_gather_program(&facts);
	return doctor_report_bad(doctor, "kernel", &facts);
}

/* Checks whether the user can create a user namespace. */
int doctor_kernel(struct doctor *doctor)
{
	struct doctor_child child = DOCTOR_CHILD_NONE;
	int error = 0, r;

	r = doctor_child_start(&child, true, &error);
	doctor_child_end(&child);
	if (r == -EMFILE || r == -ENFILE)
		return kernel_refuses(doctor, -r);
	if (r)
		return verb_fail(-r);
	if (error)
		return kernel_refuses(doctor, error);
	return doctor_report_good(doctor, "kernel", NULL,
				  _("makes a user namespace and maps the own ids"));
}

static bool is_program(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISREG(status.st_mode) &&
	       access(path, X_OK) == 0;
}

/* Finds a program as execvp(3) does. Returns false if there is none. */
bool doctor_find_program(const char *path, const char *name, char out[static PATH_MAX])
{
	while (path) {
		const char *colon = strchrnul(path, ':');
		int n = snprintf(out, PATH_MAX, "%.*s%s%s", (int)(colon - path), path,
				 colon == path ? "" : "/", name);

		if (n > 0 && n < PATH_MAX && is_program(out))
			return true;
		path = *colon ? colon + 1 : NULL;
	}
	return false;
}

/* Returns 1, 0 (not root's, or no such file) or -errno. */
static int is_roots(const char *path)
{
	struct stat status;

	if (stat(path, &status))
		return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
	return status.st_uid == 0 ? 1 : userns_is_outside_owner(status.st_uid);
}

static bool paths_are_same(const char *a, const char *b)
{
	struct stat x, y;

	return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev &&
	       x.st_ino == y.st_ino;
}

static void name_ours(const struct doctor_side *side, char path[static PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/%s", BINDIR, side->kind->mapper);
}

static int check_mapper(struct doctor *doctor, struct doctor_side *side)
{
	char ours[PATH_MAX];
	struct facts_host host = { .path = doctor->path };
	struct facts facts = doctor_facts(doctor, side->kind, &host, FACTS_PROGRAM, 0);
	int r;

	name_ours(side, ours);
	if (!doctor_find_program(doctor->path, side->kind->mapper, side->mapper)) {
		side->mapper[0] = '\0';
		return doctor_report_bad(doctor, "programs", &facts);
	}
	host.found = side->mapper;
	r = is_roots(side->mapper);
	if (r < 0)
		return doctor_report_unknown(
			doctor, "programs", side->kind,
			_("%s: cannot find out whether it belongs to root: %s"),
			side->mapper, report_error(-r));
	/* Not root's: no cure may make it privileged. */
	if (r == 0)
		return doctor_report_bad(doctor, "programs", &facts);
	/* If the user cannot stat ours, it is not a better choice. */
	if (is_roots(ours) > 0 && !paths_are_same(ours, side->mapper)) {
		host.wanted = ours;
		return doctor_report_warning(doctor, "programs", &facts);
	}
	return doctor_report_good(doctor, "programs", side->kind, "%s", side->mapper);
}

/* Checks the map writers that PATH leads to. */
int doctor_programs(struct doctor *doctor)
{
	int r = check_mapper(doctor, &doctor->sides[0]);

	return r ? r : check_mapper(doctor, &doctor->sides[1]);
}

/* Whether PATH leads to a map writer of this package. */
static bool is_of_package(const struct doctor_side *side)
{
	char ours[PATH_MAX];

	name_ours(side, ours);
	return paths_are_same(ours, side->mapper);
}

/*
 * Asks as a map writer does: about the user if the passwd file does not decide, and if
 * there is a plugin. Returns 0, ACCOUNT_NONE or -errno.
 */
static int ask_helper(struct helper *helper, const struct nsswitch *nsswitch)
{
	const struct name_service service = nss_client_single(helper);
	const struct lookup lookup = lookup_by_nsswitch(AT_FDCWD, nsswitch, &service);
	struct source_list sources;
	struct account account;
	int64_t now, end = 0;
	int r = lookup_uid(&lookup, getuid(), &account);

	source_find(nsswitch, PLUGINDIR, &sources);
	if (r == 0 && source_has(&sources, SOURCE_PLUGIN))
		end = helper_exchange_begin(helper, &now);
	return end < 0 ? (int)end : r;
}

/* Checks the helper of the map writers, if they need it for this user. */
int doctor_helper(struct doctor *doctor)
{
	CLEANUP(helper_end) struct helper helper = HELPER_OF_MAP_WRITER;
	struct nsswitch nsswitch;
	struct facts facts;
	int r;

	helper.each = HELPER_SECONDS_PATIENT * 1000;
	if ((!is_of_package(&doctor->sides[0]) && !is_of_package(&doctor->sides[1])) ||
	    nsswitch_read(NSSWITCH_CONF, &nsswitch))
		return 0;
	r = ask_helper(&helper, &nsswitch);
	if (helper.fd < 0 && helper.failed == 0)
		return 0;
	if (r == 0)
		return doctor_report_good(doctor, "helper", NULL, "%s",
					  HELPERDIR "/" HELPER_NAME);
	facts = doctor_facts(doctor, &kind_uid, NULL, FACTS_CALLER, r < 0 ? -r : 0);
	facts.helper = helper.fault;
	return doctor_report_bad(doctor, "helper", &facts);
}
