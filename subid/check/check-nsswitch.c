// SPDX-License-Identifier: BSD-3-Clause
/*
 * check-nsswitch: finds sources of nsswitch.conf that have no effect.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/core/passwd.h"
#include "libsubid/source/plugin.h"
#include "libsubid/sys/etc-directory.h"
#include "libsubid/sys/fd.h"
#include "libsubid/sys/nsswitch.h"
#include "libsubid/sys/scan.h"
#include "message/i18n.h"
#include "message/report.h"
#include "subid/check/check.h"

#define KEY "subid:"

/* Whether a line is meant to name sources, but is not read: ` subid: sss`, `subuid: sss`.
 */
static bool is_missed(const struct scan_line *line)
{
	static const char *const keys[] = { "subid", "subuid", "subgid", "subids" };
	size_t begin = whitespace_count(line->text, line->len), len = 0, end;

	while (begin + len < line->len && line->text[begin + len] != ':' &&
	       !whitespace_is(line->text[begin + len]))
		len++;
	end = begin + len;
	end += whitespace_count(line->text + end, line->len - end);
	if (end == line->len || line->text[end] != ':')
		return false;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (strlen(keys[i]) == len &&
		    strncasecmp(line->text + begin, keys[i], len) == 0)
			return i > 0 || begin > 0 || end > len;
	return false;
}

static int report_missed(struct check *check, const struct scan_line *line)
{
	struct problem problem = problem_of(CHECK_NSSWITCH_KEY, &kind_uid, NSSWITCH_CONF);

	problem.line = line->number;
	causes_evidence(&problem.cause,
			_("this line has no effect: programs look for '%s' at "
			  "the beginning of a line"),
			KEY);
	causes_cure(&problem.cause, _("begin the line with '%s'"), KEY);
	problem.cause.as_root = true;
	return check_report(check, &problem);
}

static int report_absent(struct check *check, const char *name)
{
	struct problem problem =
		problem_of(CHECK_NSSWITCH_PLUGIN, &kind_uid, NSSWITCH_CONF);

	causes_evidence(
		&problem.cause,
		_("'%s' names the source %s, and libsubid_%s.so is not installed, "
		  "so it is skipped"),
		KEY, name, name);
	causes_cure(&problem.cause, _("install libsubid_%s.so in %s, or remove the word"),
		    name, PLUGINDIR);
	problem.cause.as_root = true;
	return check_report(check, &problem);
}

/* Reports sources that programs skip. Returns 0 or a status. */
int check_nsswitch(struct check *check)
{
	CLEANUP(fd_cleanup) int fd = -1;
	CLEANUP(scan_cleanup) struct scan scan = { 0 };
	struct nsswitch nsswitch;
	struct scan_line line;
	int r = 0;

	if (check->place.image || nsswitch_read(NSSWITCH_CONF, &nsswitch))
		return 0;
	for (size_t i = 0; r == 0 && i < nsswitch.n_sources; i++)
		if (strcmp(nsswitch.sources[i], "files") != 0 &&
		    !plugin_is_installed(PLUGINDIR, nsswitch.sources[i]))
			r = report_absent(check, nsswitch.sources[i]);
	fd = etc_open(AT_FDCWD, NSSWITCH_CONF);
	if (r || fd < 0)
		return r;
	scan_start(&scan, fd);
	while (r == 0 && scan_next(&scan, &line) > 0)
		if (is_missed(&line))
			r = report_missed(check, &line);
	return r;
}
