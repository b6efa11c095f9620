// SPDX-License-Identifier: BSD-3-Clause
/*
 * refusal: the first line is what programs look for in the output of map writers since
 * 2013, byte for byte and never translated; up to three lines behind it are for people.
 *
 * MUST: it runs without any privilege, and tells nothing that the caller could not find
 * out alone.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "common/i18n.h"
#include "common/record.h"
#include "common/report.h"
#include "libsubid/sys/fd.h"
#include "libsubid/sys/paths.h"
#include "mapwriter/mapfile.h"
#include "mapwriter/refusal.h"

/* The first line without the program's name, which report_line() puts before it. */
#define FIRST_LINE_BYTES 256

static void first_line_owner(const struct request *request, char *line, size_t size)
{
	snprintf(line, size,
		 "Target process is owned by a different user: uid:%u pw_uid:%u st_uid:%u, "
		 "gid:%u pw_gid:%u st_gid:%u",
		 request->privilege.uid, request->account.uid, request->target.uid,
		 request->privilege.gid, request->account.gid, request->target.gid);
}

static void first_line_range(const struct request *request, char *line, size_t size)
{
	const struct extent *extent = &request->map.extents[request->first];

	snprintf(line, size,
		 "%s range [%" PRIu32 "-%" PRIu64 ") -> [%" PRIu32 "-%" PRIu64
		 ") not allowed",
		 request->kind->id, extent->inner, extent_inner(extent).end, extent->outer,
		 extent_outer(extent).end);
}

static void first_line(const struct request *request, char *line, size_t size)
{
	const struct kind *kind = request->kind;
	int error = request->error;

	switch ((enum refusal_reason)request->reason) {
	case REFUSAL_USAGE:
		break;
	case REFUSAL_BEYOND:
		/* "subuid" for both kinds. */
		snprintf(line, size, "subuid overflow detected.");
		break;
	case REFUSAL_CAPS:
		snprintf(line, size, "Could not set caps");
		break;
	case REFUSAL_TARGET:
		snprintf(line, size, "Could not open proc directory for target %s",
			 request->target.name);
		break;
	case REFUSAL_NOBODY:
		snprintf(line, size, "Cannot determine your user name.");
		break;
	case REFUSAL_OWNER:
		first_line_owner(request, line, size);
		break;
	case REFUSAL_NSSWITCH:
		snprintf(line, size, "cannot open %s: %s", NSSWITCH_CONF,
			 report_error(error));
		break;
	case REFUSAL_SOURCE:
	case REFUSAL_RANGE:
		first_line_range(request, line, size);
		break;
	case REFUSAL_MEMORY:
	case REFUSAL_DATABASE:
		snprintf(line, size, "cannot open %s: %s", kind->path, report_error(error));
		break;
	case REFUSAL_SETGROUPS:
		snprintf(line, size, "failed to setgroups deny");
		break;
	case REFUSAL_OPEN:
		snprintf(line, size, "open of %s failed: %s", kind->map,
			 report_error(error));
		break;
	case REFUSAL_NO_EXTENTS:
	case REFUSAL_TOO_MANY:
	case REFUSAL_TOO_LONG:
	case REFUSAL_CLASH:
		/* What the kernel would say, which is not asked. */
		error = EINVAL;
		/* fall through */
	case REFUSAL_WRITE:
		snprintf(line, size, "write to %s failed: %s", kind->map,
			 report_error(error));
		break;
	}
}

static void tell_usage(const struct kind *kind)
{
	char line[FIRST_LINE_BYTES];
	const char *id = kind->id;
	int n = snprintf(line, sizeof(line),
			 "usage: %s <pid> <%s> <lower%s> <count> [ <%s> <lower%s> <count> ] "
			 "... \n",
			 kind->mapper, id, id, id, id);

	if (write(STDERR_FILENO, line, (size_t)n) < 0)
		return;
}

static void explain_usage(const struct request *request)
{
	const char *mapper = request->kind->mapper;

	if (request->detail == IDMAP_INCOMPLETE)
		report_line(mapper, _("each extent takes three numbers"));
	report_line(mapper, _("Try '%s --help'."), mapper);
}

static void explain_clash(const struct request *request)
{
	const struct extent *a = &request->map.extents[request->first];
	const struct extent *b = &request->map.extents[request->second];

	report_line(request->kind->mapper,
		    request->detail == IDMAP_CLASH_INNER ?
			    _("extents %zu (%u %u %u) and %zu (%u %u %u) overlap inside") :
			    _("extents %zu (%u %u %u) and %zu (%u %u %u) overlap outside"),
		    request->first + 1, a->inner, a->outer, a->count, request->second + 1,
		    b->inner, b->outer, b->count);
}

static void explain_target(const struct request *request)
{
	report_line(request->kind->mapper, "/proc/%s: %s", request->target.name,
		    request->detail == TARGET_NOT_PROC ? _("not the folder of a process") :
							 report_error(request->error));
}

static void explain_database(const struct request *request)
{
	const struct kind *kind = request->kind;

	switch ((enum dbfile_fault)request->file.fault) {
	case DBFILE_CLOSED:
	case DBFILE_UNREADABLE:
		break;
	case DBFILE_NOT_REGULAR:
		report_line(kind->mapper, _("%s is not a regular file"), kind->path);
		break;
	case DBFILE_HUGE:
		report_line(kind->mapper, _("%s is larger than 1 GiB"), kind->path);
		break;
	case DBFILE_WRITABLE:
		report_line(kind->mapper,
			    _("anybody can write %s, so it is not believed: chmod o-w %s"),
			    kind->path, kind->path);
		break;
	case DBFILE_FOREIGN:
		report_line(kind->mapper,
			    _("%s belongs to uid %u, so it is not believed: chown root %s"),
			    kind->path, request->file.status.st_uid, kind->path);
		break;
	}
}

/* The kernel takes a map once; EPERM for a second one says so least of all. */
static void explain_write(const struct request *request)
{
	char byte;
	size_t n = 0;
	int fd = openat(request->target.fd, request->kind->map, O_RDONLY | O_CLOEXEC);

	if (fd >= 0 && fd_read(fd, &byte, 1, &n) == 0 && n > 0)
		report_line(request->kind->mapper,
			    _("the %s of process %s is already written"),
			    request->kind->map, request->target.name);
	fd_close(fd);
}

static void explain(const struct request *request)
{
	const char *mapper = request->kind->mapper;

	switch ((enum refusal_reason)request->reason) {
	case REFUSAL_USAGE:
		explain_usage(request);
		break;
	case REFUSAL_BEYOND:
		report_line(mapper, _("ids end at 4294967294"));
		break;
	case REFUSAL_NO_EXTENTS:
		report_line(mapper, _("no extents are given; nothing was written"));
		break;
	case REFUSAL_TOO_MANY:
		report_line(mapper, _("the kernel takes %d extents at the most"),
			    LIMIT_EXTENTS);
		break;
	case REFUSAL_TOO_LONG:
		report_line(mapper, _("the kernel takes %zu bytes at the most, these are %zu"),
			    mapfile_limit(), request->first);
		break;
	case REFUSAL_CLASH:
		explain_clash(request);
		break;
	case REFUSAL_TARGET:
		explain_target(request);
		break;
	case REFUSAL_NOBODY:
		if (request->error)
			report_line(mapper, _("looking up uid %u: %s"),
				    request->privilege.uid, report_error(request->error));
		break;
	case REFUSAL_SOURCE:
		report_line(mapper, _("%s names the source '%s', which cannot be asked"),
			    NSSWITCH_CONF, request->nsswitch.subid);
		break;
	case REFUSAL_DATABASE:
		explain_database(request);
		break;
	case REFUSAL_RANGE:
		if (request->decision.name_service)
			report_line(mapper, _("looking up owners: %s"),
				    report_error(-request->decision.name_service));
		break;
	case REFUSAL_SETGROUPS:
		report_line(mapper, "/proc/%s/setgroups: %s", request->target.name,
			    report_error(request->error));
		break;
	case REFUSAL_WRITE:
		explain_write(request);
		break;
	case REFUSAL_CAPS:
	case REFUSAL_NSSWITCH:
	case REFUSAL_OWNER:
	case REFUSAL_OPEN:
	case REFUSAL_MEMORY:
		break;
	}
}

/*
 * Says on stderr, and in the system log, why there is no map. A wrong command line is
 * nobody's business but the caller's, and is not logged.
 */
void refusal_tell(const struct request *request)
{
	const char *mapper = request->kind->mapper;
	char line[FIRST_LINE_BYTES] = "";

	first_line(request, line, sizeof(line));
	if (request->reason == REFUSAL_USAGE)
		tell_usage(request->kind);
	else
		report_line(mapper, "%s", line);
	/* Privileges may still be there: no translation is loaded, no log is opened. */
	if (request->reason == REFUSAL_CAPS)
		return;

	report_translate();
	explain(request);
	if (request->reason != REFUSAL_USAGE)
		record_refusal(mapper, "%s (caller uid %u gid %u, target %s)", line,
			       request->privilege.uid, request->privilege.gid,
			       request->target.name);
}
