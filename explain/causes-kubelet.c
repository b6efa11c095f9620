// SPDX-License-Identifier: BSD-3-Clause
/*
 * causes-kubelet: why kubelet(8) does not take the ranges of the user `kubelet`. Only
 * `subid doctor --for kubelet` gathers these facts.
 */
#include <inttypes.h>
#include <stdio.h>

#include "explain/causes.h"
#include "libsubid/core/limits.h"
#include "libsubid/findings/kubelet.h"
#include "message/i18n.h"

/* Two ranges, and an option between them. */
#define RANGES_BYTES 64

static bool is_kubelets(const struct facts *facts)
{
	return facts->host && facts->step == FACTS_KUBELET;
}

static bool kubelet_program(const struct facts *facts)
{
	return is_kubelets(facts) && facts->host->fault == 0;
}

static void tell_kubelet_program(const struct facts *facts, struct cause *cause)
{
	causes_evidence(
		cause,
		_("PATH (%s) leads to no getsubids: where kubelet finds none, its "
		  "ranges do not count"),
		facts->host->path);
	causes_cure(cause, _("install it, or put its directory into PATH"));
}

static bool kubelet_range(const struct facts *facts)
{
	return is_kubelets(facts) && facts->host->fault != 0;
}

/* Writes `A-B` or `A-B --range C-D`: the ids that kubelet has and is to lose. */
static void write_others(const struct facts_host *host, char text[static RANGES_BYTES])
{
	struct range own = host->own, kept = host->free;
	uint64_t head = kept.start < own.end ? kept.start : own.end;
	uint64_t tail = kept.end > own.start ? kept.end : own.start;
	size_t n = 0;

	text[0] = '\0';
	if (own.start < head)
		n = (size_t)snprintf(text, RANGES_BYTES, "%" PRIu64 "-%" PRIu64,
				     own.start, head - 1);
	if (tail < own.end)
		snprintf(text + n, RANGES_BYTES - n, "%s%" PRIu64 "-%" PRIu64,
			 n > 0 ? " --range " : "", tail, own.end - 1);
}

/* Gives kubelet one range that it takes, and then takes all others. */
static void cure_by_replacing(const struct facts *facts, struct cause *cause)
{
	const struct facts_host *host = facts->host;
	const char *only = causes_kind_only(facts);
	const char *flag = host->in_use ? "--in-use " : "";
	const char *user = host->no_account ? "--no-account " : "";
	const char *image = host->prefix ? host->prefix : "";
	char ranges[RANGES_BYTES];

	write_others(host, ranges);
	if (host->free.end == 0)
		causes_cure(cause,
			    _("raise SUB_UID_MAX and SUB_GID_MAX in /etc/login.defs, or "
			      "have fewer pods: no %" PRIu64 " ids are free"),
			    host->pods * KUBELET_UNIT);
	else if (host->own.end == 0)
		causes_cure_as_root(
			cause,
			"subid grant %s%s%s--range %" PRIu64 "-%" PRIu64 " kubelet",
			image, only, user, host->free.start, host->free.end - 1);
	else
		causes_cure_as_root(
			cause,
			"subid grant %s%s%s--range %" PRIu64 "-%" PRIu64
			" kubelet && subid revoke %s%s%s--if-held %s--range %s kubelet",
			image, only, user, host->free.start, host->free.end - 1, image,
			only, user, flag, ranges);
}

static void tell_kubelet_range(const struct facts *facts, struct cause *cause)
{
	const struct facts_host *host = facts->host;
	const char *id = facts->kind->id, *path = facts->kind->path;

	if (host->fault == KUBELET_NONE)
		causes_evidence(cause, _("%s has no line of kubelet"), path);
	else if (host->fault == KUBELET_SEVERAL)
		causes_evidence(cause,
				_("%s has %zu lines of kubelet, which takes one alone"),
				path, host->ranges);
	else if (host->fault == KUBELET_START)
		causes_evidence(cause,
				_("the first %s of kubelet, %" PRIu64
				  ", is not a multiple of %d, or is 0"),
				id, host->first.start, KUBELET_UNIT);
	else if (host->fault == KUBELET_COUNT)
		causes_evidence(
			cause,
			_("kubelet has %" PRIu64 " %ss, which is not a multiple of %d"),
			range_count(host->first), id, KUBELET_UNIT);
	else if (host->fault == KUBELET_NO_ID)
		causes_evidence(
			cause,
			_("the range of kubelet holds %u, which is no id: the pod that "
			  "gets it does not start"),
			ID_NONE);
	else if (host->fault == KUBELET_UNEQUAL)
		causes_evidence(
			cause,
			_("the uids and the gids of kubelet are not the same numbers"));
	else
		causes_evidence(cause,
				_("kubelet has ids for %" PRIu64 " pods, and not for "
				  "%" PRIu64),
				range_count(host->first) / KUBELET_UNIT, host->pods);
	cure_by_replacing(facts, cause);
}

const struct causes_rule causes_of_kubelet[] = {
	{ CAUSE_KUBELET_PROGRAM, kubelet_program, tell_kubelet_program },
	{ CAUSE_KUBELET_RANGE, kubelet_range, tell_kubelet_range },
	{ 0 },
};
