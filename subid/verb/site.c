// SPDX-License-Identifier: BSD-3-Clause
/*
 * site: reads the policy for verbs that only show. They go on without its rules if it has
 * errors.
 */
#include "subid/verb/site.h"
#include "command/policy-report.h"
#include "libsubid/sys/etc-directory.h"
#include "libsubid/user/membership.h"
#include "message/i18n.h"
#include "message/report.h"

/*
 * Sets up look-ups of users and groups; the helper is started when it is needed. Returns
 * 0 or an exit status with the reason reported.
 */
int site_find_lookup(struct site *site, const struct verb_place *place)
{
	int r;

	site->lookup = (struct lookup){ .directory = place->directory };
	if (place->image)
		return 0;
	r = nsswitch_read(NAME_SERVICE_CONF, &site->nsswitch);
	if (r) {
		report_line(PROGRAM, "%s: %s", NAME_SERVICE_CONF, report_error(-r));
		return VERB_UNREADABLE;
	}
	site->service = nss_client_service(&site->asker);
	site->lookup = lookup_live(place->directory, &site->nsswitch, &site->service);
	return 0;
}

/*
 * Reads the policy. If it has rules, look-ups are set up.
 *
 * root: of an image, or NULL. Returns 0, also if the files have errors, which are
 * reported; or an exit status.
 */
int site_read(struct site *site, const struct verb_place *place, const char *root)
{
	int r = policy_files_read(place->directory, root ? root : "/", &site->files);

	if (r)
		return verb_fail(-r);
	site->root = root;
	site->wrong = policy_files_are_wrong(&site->files);
	policy_report(PROGRAM, root, &site->files);
	return policy_is_empty(&site->files.policy) ? 0 : site_find_lookup(site, place);
}

/* What the resolver asks about. */
struct site_question {
	const struct site *site;
	const struct site_user *user;
};

static bool is_site_name(void *context, struct policy_word name)
{
	const struct site_question *question = context;

	return question->user->is_named(question->user->context, name);
}

static int is_site_member(void *context, struct policy_word group)
{
	const struct site_question *question = context;
	const struct site *site = question->site;
	char name[LIMIT_OWNER_BYTES + 1];
	int r = membership_check(&site->lookup, &site->nsswitch, question->user->account,
				 group);

	if (r >= 0)
		return r;
	policy_word_copy(group, name);
	report_line(PROGRAM, _("cannot look up group '%s': %s"), name,
		    report_no_answer(r));
	return r;
}

/*
 * Finds the rule that assigns a pool; NULL: there is none. Returns 0 or an exit status.
 */
int site_resolve(const struct site *site, const struct site_user *user,
		 const struct policy_assign **ret_assign)
{
	struct site_question question = { site, user };
	const struct policy_user policy_user = {
		.uid = user->account ? user->account->uid : user->uid,
		.is_named = is_site_name,
		.is_member = is_site_member,
		.context = &question,
	};

	*ret_assign = NULL;
	return policy_resolve(&site->files.policy, &policy_user, ret_assign) < 0 ?
		       VERB_UNREADABLE :
		       0;
}

/* Frees the policy and ends the helper. */
void site_cleanup(struct site *site)
{
	policy_files_cleanup(&site->files);
	helper_end(&site->asker);
}
