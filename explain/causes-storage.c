// SPDX-License-Identifier: BSD-3-Clause
/*
 * causes-storage: what prevents containers in the storage and in the namespace that
 * podman has kept. Only `subid doctor` gathers these facts.
 */
#include <errno.h>
#include <inttypes.h>

#include "explain/causes.h"
#include "message/i18n.h"
#include "message/report.h"

/* Linux refuses such an owner with this error on an id-mapped mount, and nowhere else. */
static bool storage_idmapped(const struct facts *facts)
{
	return facts->host && facts->step == FACTS_FILES && facts->error == EOVERFLOW;
}

static void tell_storage_idmapped(const struct facts *facts, struct cause *cause)
{
	const struct facts_host *host = facts->host;
	const char *flag = host->in_use ? "--in-use " : "";
	char login[CURE_QUOTED_BYTES];

	causes_evidence(cause,
			_("%s is on an id-mapped mount (systemd-homed?) that lacks %s %u "
			  "of %s, so files of containers cannot be made"),
			host->storage, facts->kind->id, host->owner,
			facts->account->name);
	if (!cure_quote(facts->account->name, login))
		return;
	if (host->enough)
		causes_cure_as_root(cause,
				    "subid revoke --if-held %s--range %" PRIu64
				    "-%" PRIu64 " %s",
				    flag, host->own.start, host->own.end - 1, login);
	else if (host->free.end > 0)
		causes_cure_as_root(cause,
				    "subid grant --range %" PRIu64 "-%" PRIu64
				    " %s && subid revoke --if-held %s--range %" PRIu64
				    "-%" PRIu64 " %s",
				    host->free.start, host->free.end - 1, login, flag,
				    host->own.start, host->own.end - 1, login);
	else
		causes_cure(cause, _("keep the storage elsewhere: rootless_storage_path "
				     "in storage.conf(5)"));
}

static bool storage_refuses(const struct facts *facts)
{
	return facts->host && facts->step == FACTS_FILES;
}

static void tell_storage_refuses(const struct facts *facts, struct cause *cause)
{
	causes_evidence(cause,
			_("%s takes no file of %s %u (a network file system?): %s"),
			facts->host->storage, facts->kind->id, facts->host->owner,
			report_error(facts->error));
	causes_cure(cause, _("keep the storage on a local file system: "
			     "rootless_storage_path in storage.conf(5)"));
}

static bool storage_foreign(const struct facts *facts)
{
	return facts->host && facts->step == FACTS_STORAGE;
}

static void tell_storage_foreign(const struct facts *facts, struct cause *cause)
{
	const struct facts_host *host = facts->host;
	char path[CURE_QUOTED_BYTES];

	causes_evidence(cause,
			_("%s belongs to %s %u, which is not delegated to %s (any more)"),
			host->file, facts->kind->id, host->owner, facts->account->name);
	/* The storage is only renamed: it can be restored with the range. */
	if (cure_quote(host->storage, path))
		causes_cure_command(cause, "mv %s %s.old", path, path);
}

static bool pause_old(const struct facts *facts)
{
	return facts->host && facts->step == FACTS_PAUSE;
}

static void tell_pause_old(const struct facts *facts, struct cause *cause)
{
	causes_evidence(cause,
			_("process %d of podman keeps a namespace with other %ss than "
			  "are delegated now"),
			(int)facts->host->pause, facts->kind->id);
	causes_cure_command(cause, "podman system migrate");
}

const struct causes_rule causes_of_storage[] = {
	{ CAUSE_STORAGE_IDMAPPED, storage_idmapped, tell_storage_idmapped },
	{ CAUSE_STORAGE_REFUSES, storage_refuses, tell_storage_refuses },
	{ CAUSE_STORAGE_FOREIGN, storage_foreign, tell_storage_foreign },
	{ CAUSE_PAUSE_OLD, pause_old, tell_pause_old },
	{ 0 },
};
