// SPDX-License-Identifier: BSD-3-Clause
/*
 * causes-source: nsswitch.conf cannot be read, or a plugin does not answer or denies.
 */
#include <errno.h>
#include <inttypes.h>

#include "explain/causes.h"
#include "libsubid/source/plugin.h"
#include "libsubid/sys/etc-directory.h"
#include "message/i18n.h"
#include "message/report.h"

static bool of_nsswitch(const struct facts *facts)
{
	return facts->step == FACTS_SOURCE && !facts->sources.plugin;
}

static void tell_nsswitch(const struct facts *facts, struct cause *cause)
{
	if (facts->error == E2BIG) {
		causes_evidence(cause, _("%s names more than %d sources behind 'subid:'"),
				NSSWITCH_CONF, NSSWITCH_SOURCES);
		causes_cure(cause, _("leave out those that do not exist"));
		return;
	}
	causes_evidence(cause,
			_("%s cannot be read, so it is not known which sources "
			  "there are: %s"),
			NSSWITCH_CONF, report_error(facts->error));
	if (facts->error == EBADFD || facts->error == EISDIR)
		causes_cure(cause, _("put a regular file in its place"));
	else
		causes_cure_as_root(cause, "chmod 644 " NSSWITCH_CONF);
}

static bool plugin_fails(const struct facts *facts, int fault)
{
	return facts->step == FACTS_SOURCE && facts->sources.plugin &&
	       facts->sources.fault == fault;
}

static bool elsewhere(const struct facts *facts)
{
	return plugin_fails(facts, PLUGIN_ELSEWHERE);
}

static void tell_elsewhere(const struct facts *facts, struct cause *cause)
{
	const char *plugin = facts->sources.plugin;

	causes_evidence(cause,
			_("the plugin of the source '%s' is not in %s, and plugins "
			  "are taken from no other directory"),
			plugin, PLUGINDIR);
	causes_cure(cause, _("install libsubid_%s.so in %s"), plugin, PLUGINDIR);
}

static bool not_roots(const struct facts *facts)
{
	return plugin_fails(facts, PLUGIN_FOREIGN) ||
	       plugin_fails(facts, PLUGIN_WRITABLE);
}

/* No file was checked for a name that cannot be quoted. */
static void tell_not_roots(const struct facts *facts, struct cause *cause)
{
	bool foreign = facts->sources.fault == PLUGIN_FOREIGN;
	const char *plugin = facts->sources.plugin;
	char word[CURE_QUOTED_BYTES];

	causes_evidence(cause,
			foreign ?
				_("%s/libsubid_%s.so or its directory does not belong to "
				  "root, so it is not loaded") :
				_("not only root can write %s/libsubid_%s.so or its "
				  "directory, so it is not loaded"),
			PLUGINDIR, plugin);
	if (cure_quote(plugin, word))
		causes_cure_as_root(cause,
				    foreign ? "chown root %s %s/libsubid_%s.so" :
					      "chmod go-w %s %s/libsubid_%s.so",
				    PLUGINDIR, PLUGINDIR, word);
}

static bool broken(const struct facts *facts)
{
	return plugin_fails(facts, PLUGIN_MALFORMED) ||
	       plugin_fails(facts, PLUGIN_UNLOADABLE) ||
	       plugin_fails(facts, PLUGIN_LIES) || plugin_fails(facts, PLUGIN_DIED);
}

static void tell_broken(const struct facts *facts, struct cause *cause)
{
	const char *plugin = facts->sources.plugin;

	switch (facts->sources.fault) {
	case PLUGIN_UNLOADABLE:
		causes_evidence(cause, _("%s/libsubid_%s.so cannot be loaded"), PLUGINDIR,
				plugin);
		causes_cure(cause, _("see what ldd %s/libsubid_%s.so misses"), PLUGINDIR,
			    plugin);
		return;
	case PLUGIN_MALFORMED:
		causes_evidence(
			cause,
			_("%s/libsubid_%s.so is no shared library, or lacks a call "
			  "that a plugin has"),
			PLUGINDIR, plugin);
		break;
	case PLUGIN_LIES:
		causes_evidence(cause,
				_("the source '%s' gives an answer that cannot be"),
				plugin);
		break;
	default:
		causes_evidence(cause,
				_("the plugin of the source '%s' has crashed or "
				  "ended"),
				plugin);
	}
	causes_cure(cause, _("install a working plugin of '%s'"), plugin);
}

static bool silent(const struct facts *facts)
{
	return plugin_fails(facts, PLUGIN_DOWN) || plugin_fails(facts, PLUGIN_SLOW) ||
	       plugin_fails(facts, PLUGIN_MUTE) || plugin_fails(facts, 0);
}

static void tell_silent(const struct facts *facts, struct cause *cause)
{
	const char *plugin = facts->sources.plugin;
	int fault = facts->sources.fault;

	if (fault) {
		causes_evidence(cause,
				fault == PLUGIN_SLOW ?
					_("the source '%s' does not answer in time") :
				fault == PLUGIN_MUTE ?
					_("the source '%s' does not say whether it "
					  "grants a part of a range that it lists") :
					_("the source '%s' does not reach the service "
					  "that it asks"),
				plugin);
		causes_cure(cause, _("have the service of '%s' started, and try again"),
			    plugin);
		return;
	}
	causes_evidence(cause, _("the source '%s' cannot be asked: %s"), plugin,
			report_error(facts->error));
	if (facts->error == EAGAIN)
		causes_cure(cause, _("end a process of yours, or have the limit of your "
				     "processes raised (ulimit -u)"));
	else
		causes_cure(cause, _("ensure that all users can read %s/libsubid_%s.so"),
			    PLUGINDIR, plugin);
}

static bool denies(const struct facts *facts)
{
	return facts->step == FACTS_RANGE && facts->sources.plugin &&
	       facts->sources.denied;
}

static void tell_denies(const struct facts *facts, struct cause *cause)
{
	const char *plugin = facts->sources.plugin;

	causes_evidence(cause,
			_("the source '%s' says no to %" PRIu64 "-%" PRIu64
			  " for %s, although these %ss lie in a range that it lists"),
			plugin, facts->missing.start, facts->missing.end - 1,
			facts->account->name, facts->kind->id);
	causes_cure(cause, _("have them delegated by those who run '%s'"), plugin);
}

const struct causes_rule causes_of_source[] = {
	{ CAUSE_SOURCE, of_nsswitch, tell_nsswitch },
	{ CAUSE_SOURCE_ELSEWHERE, elsewhere, tell_elsewhere },
	{ CAUSE_SOURCE_NOT_ROOTS, not_roots, tell_not_roots },
	{ CAUSE_SOURCE_BROKEN, broken, tell_broken },
	{ CAUSE_SOURCE_SILENT, silent, tell_silent },
	{ CAUSE_SOURCE_DENIES, denies, tell_denies },
	{ 0 },
};
