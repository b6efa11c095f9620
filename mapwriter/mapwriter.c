// SPDX-License-Identifier: BSD-3-Clause
/*
 * mapwriter: the order of the steps. Each step is in a module of its own.
 *
 * MUST: privileges are reduced before the program reads anything that another user wrote,
 * and again, as far as this map allows, before it reads any file.
 * MUST: no capability is in effect until the map is opened.
 * MUST: the process that is checked is the process that is written to: both through the
 * same descriptor.
 * MUST: a refusal is reported only after the last privilege is gone.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "helper/nss-client.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/source/source.h"
#include "libsubid/sys/etc-directory.h"
#include "libsubid/sys/login-defs.h"
#include "libsubid/sys/nsswitch.h"
#include "libsubid/sys/userns.h"
#include "libsubid/user/lookup.h"
#include "mapwriter/decide.h"
#include "mapwriter/grants.h"
#include "mapwriter/mapfile.h"
#include "mapwriter/mapwriter.h"
#include "mapwriter/privilege.h"
#include "mapwriter/refusal.h"
#include "mapwriter/startup.h"
#include "mapwriter/target.h"
#include "message/i18n.h"
#include "message/report.h"

static void request_cleanup(struct request *request)
{
	dbfile_cleanup(&request->file);
	target_cleanup(&request->target);
	grants_cleanup(&request->grants);
}

/* The capability needed to map ids other than the caller's own. */
static capset_t setid_capability(const struct kind *kind)
{
	return kind->group ? CAPABILITY(CAP_SETGID) : CAPABILITY(CAP_SETUID);
}

/* Outer uid 0 needs one more since Linux 5.12, see capabilities(7); gid 0 does not. */
static capset_t root_capability(const struct kind *kind)
{
	return kind->group ? 0 : CAPABILITY(CAP_SETFCAP);
}

static uint32_t caller_id(const struct request *request)
{
	return request->kind->group ? request->privilege.gid : request->privilege.uid;
}

static int refuse(struct request *request, int reason, int error)
{
	request->reason = reason;
	request->error = error;
	return -1;
}

/* The only step that runs with the privilege of the program file. */
static int drop_privilege(struct request *request)
{
	const struct kind *kind = request->kind;
	int r;

	r = privilege_note(&request->privilege);
	if (r)
		return refuse(request, REFUSAL_CAPS, -r);
	dbfile_open(kind->path, &request->file);
	r = privilege_cut(&request->privilege, setid_capability(kind) |
						       root_capability(kind) |
						       REFUSAL_AUDIT_CAPABILITY);
	return r ? refuse(request, REFUSAL_CAPS, -r) : 0;
}

/* Checks the arguments before any file is read. */
static int read_arguments(struct request *request, int argc, char **argv)
{
	int r;

	if (argc < 2)
		return refuse(request, REFUSAL_USAGE, 0);
	r = idmap_parse(argv + 2, (size_t)argc - 2, &request->map);
	request->detail = r;
	if (r == IDMAP_INCOMPLETE || r == IDMAP_NUMBER ||
	    target_parse(argv[1], &request->target))
		return refuse(request, REFUSAL_USAGE, 0);
	if (r == IDMAP_NONE)
		return refuse(request, REFUSAL_NO_EXTENTS, 0);
	if (r == IDMAP_TOO_MANY)
		return refuse(request, REFUSAL_TOO_MANY, 0);
	if (r)
		return refuse(request, REFUSAL_BEYOND, 0);
	request->bytes = idmap_render(&request->map, NULL, 0);
	if (request->bytes > userns_map_limit())
		return refuse(request, REFUSAL_TOO_LONG, 0);
	return 0;
}

/*
 * The capabilities that the kernel requires for this map, see user_namespaces(7): none
 * for the caller's own id alone (own gid: only if setgroups is denied), else that of its
 * kind. Outer uid 0 always requires one more.
 *
 * delegated: as in struct decision; true before it is known.
 */
static capset_t needed_capabilities(const struct request *request, bool delegated)
{
	bool own = idmap_is_own(&request->map, caller_id(request));
	capset_t caps = 0;

	if (!own || (request->kind->group && delegated))
		caps |= setid_capability(request->kind);
	if (idmap_maps_root(&request->map))
		caps |= root_capability(request->kind);
	return caps;
}

/* The accounts and the database are read with no more than this. */
static int drop_unneeded(struct request *request)
{
	capset_t caps = needed_capabilities(request, true) | REFUSAL_AUDIT_CAPABILITY;
	int r;

	if ((request->privilege.held & ~caps) == 0)
		return 0;
	r = privilege_keep(&request->privilege, caps);
	return r ? refuse(request, REFUSAL_CAPS, -r) : 0;
}

static int look_at_target(struct request *request)
{
	int r = target_open(&request->target, request->file.fd);

	request->detail = r > 0 ? r : 0;
	return r ? refuse(request, REFUSAL_TARGET, r < 0 ? -r : 0) : 0;
}

/* The files are read first; the helper is asked only where they do not decide. */
static int read_nsswitch(struct request *request)
{
	int r = nsswitch_read(NSSWITCH_CONF, &request->nsswitch);

	if (r)
		return refuse(request, REFUSAL_NSSWITCH, -r);
	request->service = nss_client_single(&request->helper);
	request->lookup =
		lookup_by_nsswitch(AT_FDCWD, &request->nsswitch, &request->service);
	return 0;
}

/*
 * The target must have the caller's uid and gid. The gid must be the caller's primary
 * group in passwd(5), unless login.defs(5) permits any group of the caller.
 */
static int check_owner(struct request *request)
{
	const struct privilege *caller = &request->privilege;
	int r = lookup_uid(&request->lookup, caller->uid, &request->account);

	if (r)
		return refuse(request, REFUSAL_NOBODY, r < 0 ? -r : 0);
	if (caller->uid == request->target.uid && caller->gid == request->target.gid &&
	    (caller->gid == request->account.gid ||
	     login_defs_is_yes(AT_FDCWD, LOGIN_DEFS, "GRANT_AUX_GROUP_SUBIDS")))
		return 0;
	if (target_is_gone(&request->target))
		return refuse(request, REFUSAL_TARGET, ESRCH);
	return refuse(request, REFUSAL_OWNER, 0);
}

/* Without a plugin in nsswitch.conf the files decide alone. */
static int find_grants(struct request *request)
{
	source_find(&request->nsswitch, PLUGINDIR, &request->grants.sources);
	if (!source_has(&request->grants.sources, SOURCE_PLUGIN))
		return decide(request->kind, &request->map, &request->lookup,
			      &request->account, caller_id(request), &request->file,
			      &request->decision);
	request->grants.helper = &request->helper;
	return grants_decide(request->kind, &request->map, &request->lookup,
			     &request->account, caller_id(request), &request->file,
			     &request->grants, &request->decision);
}

static int check_grants(struct request *request)
{
	int r = find_grants(request);

	/* An open descriptor of a file that the caller may not read is privilege too. */
	dbfile_cleanup(&request->file);
	helper_end(&request->helper);
	if (r < 0)
		return refuse(request, REFUSAL_MEMORY, -r);
	if (r == DECIDE_NO_DATABASE)
		return refuse(request, REFUSAL_DATABASE, request->file.error);
	if (r == DECIDE_NO_SOURCE)
		return refuse(request, REFUSAL_SOURCE, request->grants.answer.error);
	if (r == DECIDE_REFUSED)
		return refuse(request, REFUSAL_RANGE, 0);

	/* The kernel answers EINVAL to these; here the refusal can name the extents. */
	r = idmap_clash(&request->map, &request->clash_a, &request->clash_b);
	if (r) {
		request->detail = r;
		return refuse(request, REFUSAL_CLASH, 0);
	}
	return 0;
}

/* A map of the own group alone needs setgroups(2) to be denied first. */
static int prepare_write(struct request *request)
{
	bool delegated = request->decision.delegated;
	int r;

	request->needed = needed_capabilities(request, delegated);
	r = privilege_keep(&request->privilege, request->needed);
	if (r)
		return refuse(request, REFUSAL_CAPS, -r);
	if (!request->kind->group || delegated)
		return 0;
	r = setgroups_deny(request->target.fd);
	return r ? refuse(request, REFUSAL_SETGROUPS, -r) : 0;
}

/*
 * The text is made before a capability is in effect. A long one is not on the stack: the
 * longest map takes three pages, and few maps need them.
 */
static int write_map(struct request *request)
{
	CLEANUP(cleanup_free) char *many = NULL;
	char few[512], *text = few;
	int r;

	if (request->bytes > sizeof(few)) {
		many = text = malloc(request->bytes);
		if (!many)
			return refuse(request, REFUSAL_OPEN, ENOMEM);
	}
	idmap_render(&request->map, text, request->bytes);
	r = privilege_raise(&request->privilege);
	if (r)
		return refuse(request, REFUSAL_CAPS, -r);
	r = mapfile_write(request->kind, request->target.fd, text, request->bytes,
			  &request->error);
	if (r)
		return refuse(request, r == MAPFILE_OPEN ? REFUSAL_OPEN : REFUSAL_WRITE,
			      request->error);
	return 0;
}

static int mapwriter_help(const struct kind *kind)
{
	report_translate();
	if (report_print(
		    kind->mapper,
		    _("Usage: %s PID|fd:N INNER OUTER COUNT [INNER OUTER COUNT ...]\n"
		      "Map %ss into the user namespace of a process of yours, as far as\n"
		      "%s and your own %s allow.\n\n"),
		    kind->mapper, kind->id, kind->path, kind->id) ||
	    report_print(
		    kind->mapper,
		    _("  PID    the process; fd:N is an open descriptor of /proc/PID\n"
		      "  INNER  first id inside the namespace\n"
		      "  OUTER  first id outside\n"
		      "  COUNT  how many ids\n\n"
		      "See %s(1).\n"),
		    kind->mapper))
		return EXIT_FAILURE;
	return EXIT_SUCCESS;
}

static int version(const struct kind *kind)
{
	return report_print(kind->mapper, "%s (%s) %s\n", kind->mapper, PACKAGE,
			    PACKAGE_VERSION) ?
		       EXIT_FAILURE :
		       EXIT_SUCCESS;
}

/* Each step refuses, or stores its results in @request for the next one. */
static int mapwriter_run(struct request *request, int argc, char **argv)
{
	if (read_arguments(request, argc, argv) || drop_unneeded(request) ||
	    look_at_target(request) || read_nsswitch(request) || check_owner(request) ||
	    check_grants(request) || prepare_write(request) || write_map(request))
		return -1;
	return 0;
}

/* Runs a map writer. Returns the exit status. */
int mapwriter_main(const struct kind *kind, int argc, char **argv)
{
	CLEANUP(request_cleanup)
	struct request request = {
		.kind = kind,
		.file = DBFILE_UNOPENED,
		.target = TARGET_NONE,
		.helper = HELPER_OF_MAP_WRITER,
	};
	bool asks_help = argc == 2 && strcmp(argv[1], "--help") == 0;
	bool asks_version = argc == 2 && strcmp(argv[1], "--version") == 0;

	if (startup_sanitize())
		return EXIT_FAILURE;
	if (drop_privilege(&request) == 0 && !asks_help && !asks_version &&
	    mapwriter_run(&request, argc, argv) == 0)
		return EXIT_SUCCESS;

	helper_end(&request.helper);
	dbfile_cleanup(&request.file);
	refusal_audit(&request);
	if (privilege_keep(&request.privilege, 0))
		request.reason = REFUSAL_CAPS;
	if (request.reason == 0 && asks_help)
		return mapwriter_help(kind);
	if (request.reason == 0 && asks_version)
		return version(kind);
	refusal_tell(&request);
	return EXIT_FAILURE;
}
