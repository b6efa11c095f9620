// SPDX-License-Identifier: BSD-3-Clause
/*
 * doctor-kubelet: `--for kubelet` checks the ranges of the user `kubelet` by the rules of
 * kubelet(8). It asks getsubids(1) for them, and does not start if they break a rule.
 *
 * Nothing is tried: runtimes map the ids of pods as root, without map writers.
 */
#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#include "libsubid/findings/kubelet.h"
#include "message/i18n.h"
#include "message/report.h"
#include "subid/doctor/doctor.h"
#include "subid/verb/kubelet-facts.h"

/* Finds out whether there is such a user. Returns 0 or an exit status. */
static int check_kubelet_user(struct doctor *doctor, bool *ret_exists)
{
	int r = nss_client_user(&doctor->asker, KUBELET_USER, &doctor->account);

	*ret_exists = r == 0;
	if (r == 0)
		return doctor_report_good(doctor, "account", NULL,
					  _("%s, uid %u, gid %u"), doctor->account.name,
					  doctor->account.uid, doctor->account.gid);
	if (r > 0)
		return doctor_report_good(
			doctor, "account", NULL,
			_("there is no user kubelet, so pods get the ids "
			  "%d-%" PRIu64 " without any line"),
			KUBELET_UNIT, KUBELET_UNIT * (doctor->pods + 1) - 1);
	return doctor_report_unknown(doctor, "account", NULL,
				     _("cannot look up user '%s': %s"), KUBELET_USER,
				     report_no_answer(r));
}

static int check_getsubids(struct doctor *doctor)
{
	const struct facts_host host = { .path = doctor->path };
	const struct facts facts =
		doctor_facts(doctor, &kind_uid, &host, FACTS_KUBELET, 0);
	char path[PATH_MAX];

	if (doctor_find_program(doctor->path, "getsubids", path))
		return doctor_report_good(doctor, "programs", NULL, "%s", path);
	return doctor_report_warning(doctor, "programs", &facts);
}

/* Judges the ranges of kubelet, which have been read. */
static int judge_kubelet(struct doctor *doctor, bool silent)
{
	const struct kubelet_ranges sides[] = {
		{ doctor->sides[0].ranges, doctor->sides[0].n },
		{ doctor->sides[1].ranges, doctor->sides[1].n },
	};
	const struct name_service service = nss_client_service(&doctor->asker);
	struct kubelet_question question = {
		.sides = sides,
		.pods = doctor->pods,
		.account = &doctor->account,
		.place = DB_LIVE,
		.service = &service,
	};
	struct facts_host host = { 0 };
	struct facts facts = doctor_facts(doctor, &kind_uid, &host, FACTS_KUBELET, 0);
	struct verb_place place;

	for (size_t k = 0; k < 2; k++)
		if (!doctor->sides[k].readable)
			return 0;
	for (size_t k = 0; silent && k < 2; k++)
		if (sides[k].n == 0)
			return doctor_report_silence(doctor, &doctor->sides[k]);
	if (verb_find_place(NULL, &place))
		return VERB_UNREADABLE;
	question.directory = place.directory;
	facts.kind = kubelet_gather(&question, &host);
	if (facts.kind)
		return doctor_report_bad(doctor, "ranges", &facts);
	return doctor_report_good(
		doctor, "ranges", NULL,
		_("%" PRIu64 "-%" PRIu64 ", enough for %" PRIu64 " pods"),
		sides[0].ranges[0].start, sides[0].ranges[0].end - 1,
		range_count(sides[0].ranges[0]) / KUBELET_UNIT);
}

/* Checks all that kubelet(8) needs. Returns 0 or an exit status. */
int doctor_kubelet(struct doctor *doctor)
{
	bool exists;
	int r = check_kubelet_user(doctor, &exists);

	if (r || !exists)
		return r;
	r = check_getsubids(doctor);
	return r ? r : doctor_ranges(doctor, judge_kubelet);
}
