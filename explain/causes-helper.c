// SPDX-License-Identifier: BSD-3-Clause
/*
 * causes-helper: the helper, which asks the name service and plugins, cannot be used.
 */
#include "explain/causes.h"
#include "helper/helper.h"
#include "message/i18n.h"

#define HELPER HELPERDIR "/" HELPER_NAME

/* A caller who cannot read the lines must not learn that their owners were looked up. */
static bool helper_fails(const struct facts *facts, int fault)
{
	return facts->helper == fault &&
	       (facts->step != FACTS_RANGE || facts->grants.readable);
}

static bool helper_is_missing(const struct facts *facts)
{
	return helper_fails(facts, HELPER_MISSING);
}

static void tell_helper_missing(const struct facts *facts, struct cause *cause)
{
	(void)facts;
	causes_evidence(cause,
			_("%s is missing, which asks the name service and plugins"),
			HELPER);
	causes_cure(cause, _("install it: it is part of %s"), PACKAGE);
}

static bool changed(const struct facts *facts)
{
	return helper_fails(facts, HELPER_FOREIGN) ||
	       helper_fails(facts, HELPER_WRITABLE);
}

/* What others could change is not trusted again by a change of its owner or mode. */
static void tell_changed(const struct facts *facts, struct cause *cause)
{
	causes_evidence(cause,
			facts->helper == HELPER_FOREIGN ?
				_("%s or a directory above it does not belong to root, "
				  "so it is not run") :
				_("not only root can write %s or a directory above it, "
				  "so it is not run"),
			HELPER);
	causes_cure(cause, _("have root repair the directories, and install %s again"),
		    PACKAGE);
}

static bool readable(const struct facts *facts)
{
	return helper_fails(facts, HELPER_READABLE);
}

static void tell_readable(const struct facts *facts, struct cause *cause)
{
	(void)facts;
	causes_evidence(cause,
			_("%s is not run, since its mode is not 0711: users could "
			  "trace it"),
			HELPER);
	causes_cure_as_root(cause, "chmod 0711 " HELPER);
}

static bool traceable(const struct facts *facts)
{
	return helper_fails(facts, HELPER_TRACEABLE);
}

static void tell_traceable(const struct facts *facts, struct cause *cause)
{
	(void)facts;
	causes_evidence(cause,
			_("%s is not run, since fs.suid_dumpable is 1 or cannot be read: "
			  "users could trace it"),
			HELPER);
	causes_cure_as_root(cause, "sysctl -w fs.suid_dumpable=0");
}

static bool other_version(const struct facts *facts)
{
	return helper_fails(facts, HELPER_VERSION);
}

static void tell_other_version(const struct facts *facts, struct cause *cause)
{
	(void)facts;
	causes_evidence(cause, _("%s is of another version than this program"), HELPER);
	causes_cure(cause, _("install one version of all of %s"), PACKAGE);
}

static bool helper_is_broken(const struct facts *facts)
{
	return helper_fails(facts, HELPER_BROKEN);
}

static void tell_helper_broken(const struct facts *facts, struct cause *cause)
{
	(void)facts;
	causes_evidence(cause, _("%s does not start"), HELPER);
	causes_cure(cause, _("see what it prints if root runs it, or install %s again"),
		    PACKAGE);
}

const struct causes_rule causes_of_helper[] = {
	{ CAUSE_HELPER_MISSING, helper_is_missing, tell_helper_missing },
	{ CAUSE_HELPER_CHANGED, changed, tell_changed },
	{ CAUSE_HELPER_READABLE, readable, tell_readable },
	{ CAUSE_HELPER_TRACEABLE, traceable, tell_traceable },
	{ CAUSE_HELPER_VERSION, other_version, tell_other_version },
	{ CAUSE_HELPER_BROKEN, helper_is_broken, tell_helper_broken },
	{ 0 },
};
