// SPDX-License-Identifier: BSD-3-Clause
/*
 * refusal: programs have parsed the first line since 2013: its bytes never change, and it
 * is never translated. Up to three more lines are for people.
 *
 * MUST: it runs without privilege, and reveals nothing that the caller could not find out
 * alone.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>

#include "explain/causes.h"
#include "libsubid/sys/etc-directory.h"
#include "libsubid/sys/userns.h"
#include "mapwriter/refusal.h"
#include "message/i18n.h"
#include "message/report.h"
#include "message/syslog.h"

/* Without the program's name. */
#define FIRST_LINE_BYTES 256

static void first_line_owner(const struct request *request, char *line, size_t size)
{
	snprintf(
		line, size,
		"Target process is owned by a different user: uid:%u pw_uid:%u st_uid:%u, "
		"gid:%u pw_gid:%u st_gid:%u",
		request->privilege.uid, request->account.uid, request->target.uid,
		request->privilege.gid, request->account.gid, request->target.gid);
}

static void first_line_range(const struct request *request, char *line, size_t size)
{
	const struct extent *extent = &request->map.extents[request->decision.refused];

	snprintf(line, size,
		 "%s range [%" PRIu32 "-%" PRIu64 ") -> [%" PRIu32 "-%" PRIu64
		 ") not allowed",
		 request->kind->id, extent->inner, extent_inner(extent).end,
		 extent->outer, extent_outer(extent).end);
}

static void first_line(const struct request *request, char *line, size_t size)
{
	const struct kind *kind = request->kind;

	switch ((enum refusal_reason)request->reason) {
	case REFUSAL_USAGE:
		break;
	case REFUSAL_BEYOND:
		/* The text says "subuid" for both kinds. */
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
			 report_error(request->error));
		break;
	case REFUSAL_SOURCE:
	case REFUSAL_RANGE:
		first_line_range(request, line, size);
		break;
	case REFUSAL_MEMORY:
	case REFUSAL_DATABASE:
		snprintf(line, size, "cannot open %s: %s", kind->path,
			 report_error(request->error));
		break;
	case REFUSAL_SETGROUPS:
		snprintf(line, size, "failed to setgroups deny");
		break;
	case REFUSAL_OPEN:
		snprintf(line, size, "open of %s failed: %s", kind->map,
			 report_error(request->error));
		break;
	case REFUSAL_NO_EXTENTS:
	case REFUSAL_TOO_MANY:
	case REFUSAL_TOO_LONG:
	case REFUSAL_CLASH:
		/* The kernel would answer EINVAL; it is not asked. */
		snprintf(line, size, "write to %s failed: %s", kind->map,
			 report_error(EINVAL));
		break;
	case REFUSAL_WRITE:
		snprintf(line, size, "write to %s failed: %s", kind->map,
			 report_error(request->error));
		break;
	}
}

static void add_usage(const struct kind *kind, struct report *report)
{
	const char *id = kind->id;

	report_add(
		report, NULL,
		"usage: %s <pid> <%s> <lower%s> <count> [ <%s> <lower%s> <count> ] ... ",
		kind->mapper, id, id, id, id);
}

/* The facts that earlier steps found; gather() adds others. */
static void facts_of_request(const struct request *request, struct facts *facts)
{
	*facts = (struct facts){
		.kind = request->kind,
		.error = request->error,
		.uid = request->privilege.uid,
		.gid = request->privilege.gid,
		.account = &request->account,
		.lacking = request->needed & ~request->privilege.start_permitted,
		.no_new_privs = request->privilege.start_no_new_privs,
		.map = &request->map,
		.missing = request->decision.missing,
		.name_service = request->decision.name_service,
		.helper = request->helper.fault,
		.file = &request->file,
		.target = {
			.name = request->target.name,
			.uid = request->target.uid,
			.gid = request->target.gid,
		},
	};
}

/* The sources in nsswitch.conf, and the plugin that answered or failed. */
static void put_source_facts(const struct request *request, struct facts *facts)
{
	const struct source_answer *answer = &request->grants.answer;

	if (!source_has(&request->grants.sources, SOURCE_PLUGIN))
		return;
	facts->sources.nsswitch = &request->nsswitch;
	facts->sources.files = source_has(&request->grants.sources, SOURCE_FILES);
	facts->sources.fault = answer->fault;
	if (answer->source && answer->source->type == SOURCE_PLUGIN)
		facts->sources.plugin = answer->source->name;
	facts->sources.nobody = !answer->source;
	facts->sources.denied = facts->missing.end > 0 &&
				range_set_covers(&request->grants.denied, facts->missing);
}

/* The caller may see all of the caller's own grants. */
static void gather_grants(const struct request *request, struct facts *facts)
{
	if (facts->missing.end == 0)
		return;
	if (facts->sources.plugin)
		facts_take_grants(facts, &request->grants.ranges);
	else if (!facts->sources.nobody || facts->sources.files)
		facts_gather_grants(facts);
}

/* A descriptor can be of another /proc than the one that is mounted. */
static void gather_proc(const struct request *request, struct facts *facts)
{
	if (!request->target.borrowed)
		facts_gather_proc(facts);
}

static void gather_target(const struct request *request, struct facts *facts)
{
	bool opened = request->error == 0 || request->error == ESRCH;

	facts->step = FACTS_TARGET;
	facts->target.not_proc = request->detail == TARGET_NOT_PROC;
	if (!facts->target.not_proc)
		facts_gather_target(facts, opened ? request->target.fd : -1,
				    request->target.pid);
}

static void gather_kernel(const struct request *request, struct facts *facts,
			  enum facts_step step)
{
	facts->step = step;
	gather_proc(request, facts);
	facts_gather_target(facts, request->target.fd, request->target.pid);
	facts_gather_program(facts);
	facts_gather_namespace(facts);
}

static void gather(const struct request *request, struct facts *facts)
{
	facts_of_request(request, facts);
	switch ((enum refusal_reason)request->reason) {
	case REFUSAL_TOO_MANY:
		facts->step = FACTS_EXTENTS;
		facts->too_many = true;
		break;
	case REFUSAL_TOO_LONG:
		facts->step = FACTS_EXTENTS;
		facts->bytes = request->bytes;
		facts->bytes_max = userns_map_limit();
		break;
	case REFUSAL_CLASH:
		facts->step = FACTS_EXTENTS;
		facts->clash = request->detail;
		facts->clash_a = request->clash_a;
		facts->clash_b = request->clash_b;
		put_source_facts(request, facts);
		if (!facts->sources.plugin) {
			facts_gather_twice(facts);
			facts_gather_lines_at_zero(facts);
		}
		break;
	case REFUSAL_TARGET:
		gather_target(request, facts);
		break;
	case REFUSAL_NOBODY:
		facts->step = FACTS_CALLER;
		break;
	case REFUSAL_OWNER:
		facts->step = FACTS_OWNER;
		gather_proc(request, facts);
		break;
	case REFUSAL_NSSWITCH:
	case REFUSAL_SOURCE:
		facts->step = FACTS_SOURCE;
		put_source_facts(request, facts);
		break;
	case REFUSAL_DATABASE:
		facts->step = FACTS_DATABASE;
		facts_gather_file(facts);
		break;
	case REFUSAL_RANGE:
		facts->step = FACTS_RANGE;
		facts->refused = request->decision.refused;
		put_source_facts(request, facts);
		gather_grants(request, facts);
		break;
	case REFUSAL_SETGROUPS:
		gather_kernel(request, facts, FACTS_SETGROUPS);
		break;
	case REFUSAL_OPEN:
		gather_kernel(request, facts, FACTS_OPEN);
		break;
	case REFUSAL_WRITE:
		gather_kernel(request, facts, FACTS_WRITE);
		break;
	case REFUSAL_USAGE:
	case REFUSAL_BEYOND:
	case REFUSAL_NO_EXTENTS:
	case REFUSAL_CAPS:
	case REFUSAL_MEMORY:
		break;
	}
}

/* The first cause and its cure, in two lines. */
static void explain_cause(const struct request *request, struct report *report)
{
	const char *mapper = request->kind->mapper;
	char line[CAUSE_LINE_BYTES];
	struct facts facts;
	struct cause cause;
	enum cause_id id;

	gather(request, &facts);
	if (causes_find(&facts, &id, 1) == 0)
		return;
	causes_describe(&facts, id, &cause);
	report_add(report, mapper, "%s", cause.evidence);
	causes_cure_line(&cause, line);
	if (line[0] != '\0')
		report_add(report, mapper, "%s", line);
}

/* What is wrong with the arguments; the process is looked at last. */
static void explain_usage(const struct request *request, struct report *report)
{
	const char *mapper = request->kind->mapper;

	if (request->detail == IDMAP_INCOMPLETE)
		report_add(report, mapper, _("each extent takes three numbers"));
	else if (request->detail == IDMAP_NUMBER)
		report_add(report, mapper,
			   _("ids and counts are decimal numbers that begin with 1-9, "
			     "or 0"));
	else
		report_add(report, mapper,
			   _("the first argument is a process id, or fd:N of its "
			     "directory in /proc"));
}

/* Adds up to three lines after the first one. */
static void explain_refusal(const struct request *request, struct report *report)
{
	const char *mapper = request->kind->mapper;

	if (request->reason == REFUSAL_USAGE) {
		explain_usage(request, report);
		report_add(report, mapper, _("Try '%s --help'."), mapper);
	} else if (request->reason == REFUSAL_BEYOND) {
		report_add(report, mapper, _("ids end at 4294967294"));
	} else if (request->reason == REFUSAL_NO_EXTENTS) {
		report_add(report, mapper,
			   _("no extents are given; nothing was written"));
	} else {
		if (request->reason == REFUSAL_SETGROUPS)
			report_add(report, mapper, _("setgroups of process %s: %s"),
				   request->target.name, report_error(request->error));
		explain_cause(request, report);
	}
}

/* Misuse of the command line is not recorded, nor a failure to drop privileges. */
static bool is_worth_recording(const struct request *request)
{
	return request->reason != 0 && request->reason != REFUSAL_USAGE &&
	       request->reason != REFUSAL_BEYOND &&
	       request->reason != REFUSAL_NO_EXTENTS && request->reason != REFUSAL_CAPS;
}

/*
 * Records a refusal in the audit log, if the build asks for it, with CAP_AUDIT_WRITE
 * alone. A map that the kernel refused is not recorded: the capability is gone by then.
 */
void refusal_audit(struct request *request)
{
	const char *id = request->kind->id;
	char operation[96];

	if (!(request->privilege.held & REFUSAL_AUDIT_CAPABILITY) ||
	    !is_worth_recording(request) ||
	    privilege_keep(&request->privilege, REFUSAL_AUDIT_CAPABILITY) ||
	    privilege_raise(&request->privilege))
		return;
	if (request->reason == REFUSAL_RANGE) {
		const struct extent *extent =
			&request->map.extents[request->decision.refused];

		snprintf(operation, sizeof(operation),
			 "map-%s inner=%" PRIu32 " outer=%" PRIu32 " count=%" PRIu32, id,
			 extent->inner, extent->outer, extent->count);
	} else {
		snprintf(operation, sizeof(operation), "map-%s", id);
	}
	request->audit = audit_record(
		operation, request->account.name_len ? request->account.name : NULL,
		false);
}

/*
 * Reports the refusal in the system log, then on stderr: a reader of stderr that blocks
 * cannot keep it out of the log.
 */
void refusal_tell(const struct request *request)
{
	const char *mapper = request->kind->mapper;
	char line[FIRST_LINE_BYTES] = "";
	struct report report = { .len = 0 };

	first_line(request, line, sizeof(line));
	if (is_worth_recording(request))
		syslog_refusal(mapper, "%s (caller uid %u gid %u, target %s)%s%s", line,
			       request->privilege.uid, request->privilege.gid,
			       request->target.name,
			       request->audit ? "; not in the audit log: " : "",
			       request->audit ? report_error(-request->audit) : "");
	if (request->reason == REFUSAL_USAGE)
		add_usage(request->kind, &report);
	else
		report_add(&report, mapper, "%s", line);
	/* With REFUSAL_CAPS privileges may be left: no translation is loaded. */
	if (request->reason != REFUSAL_CAPS) {
		report_translate();
		explain_refusal(request, &report);
	}
	report_send(&report);
}
