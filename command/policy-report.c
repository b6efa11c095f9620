// SPDX-License-Identifier: BSD-3-Clause
/*
 * policy-report: one message for each error, with the file, the line and the word.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "command/policy-report.h"
#include "explain/cure.h"
#include "libsubid/core/limits.h"
#include "libsubid/sys/dbfile.h"
#include "libsubid/sys/etc-directory.h"
#include "message/i18n.h"
#include "message/report.h"

/* Makes `FILE:LINE`. @root: the directory of an image, or NULL. */
void policy_place_text(const struct policy_files *files, const char *root,
		       struct policy_place place, char text[static POLICY_PLACE_BYTES])
{
	snprintf(text, POLICY_PLACE_BYTES, "%s%s:%" PRIu32, etc_image_prefix(root),
		 files->files[place.file].path, place.line);
}

static void report_fault(const char *program, const char *root,
			 const struct policy_fault *fault)
{
	char path[PATH_MAX], word[CURE_QUOTED_BYTES];

	snprintf(path, sizeof(path), "%s%s", etc_image_prefix(root), fault->path);
	if (fault->fault == DBFILE_WRITABLE && cure_quote(path, word))
		report_line(program,
			    _("%s: others than root may write it; to fix it: "
			      "chmod go-w %s"),
			    path, word);
	else if (fault->fault == DBFILE_FOREIGN && cure_quote(path, word))
		report_line(program,
			    _("%s: it does not belong to root; to fix it: chown root %s"),
			    path, word);
	else if (fault->error == ELOOP)
		report_line(program,
			    _("%s: a symbolic link; only one to /dev/null has a meaning"),
			    path);
	else
		report_line(program, "%s: %s", path, report_error(fault->error));
}

/* Reports an error that two rules make. Returns false if it is of another kind. */
static bool report_pair(const char *program, const char *place, const char *other,
			const struct policy_error *error)
{
	int len = (int)error->word.len;
	const char *word = error->word.text;

	switch (error->why) {
	case POLICY_TWICE:
		report_line(program, _("%s: pool '%.*s' is in %s already"), place, len,
			    word, other);
		return true;
	case POLICY_MEETS:
		report_line(program, _("%s: pool '%.*s' shares ids with that of %s"),
			    place, len, word, other);
		return true;
	case POLICY_RESERVED:
		if (error->other.line)
			report_line(program,
				    _("%s: pool '%.*s' has ids that %s reserves"), place,
				    len, word, other);
		else
			report_line(program,
				    _("%s: pool '%.*s' has ids that the system uses, "
				      "see 'subid whois'"),
				    place, len, word);
		return true;
	case POLICY_MIXED:
		report_line(program,
			    _("%s: %s places users in pool '%.*s' in another way"), place,
			    other, len, word);
		return true;
	case POLICY_RETIRED:
		report_line(program, _("%s: %s says already how ids are retired"), place,
			    other);
		return true;
	case POLICY_NO_POOL:
		report_line(program, _("%s: there is no pool '%.*s'"), place, len, word);
		return true;
	case POLICY_SMALL:
		report_line(program,
			    _("%s: pool '%.*s' is too small: %" PRIu64 " of %" PRIu64
			      " users fit"),
			    place, len, word, error->fits, error->wanted);
		return true;
	case POLICY_UNSIZED:
		report_line(program,
			    _("%s: by-uid needs a count, here or in pool '%.*s'"), place,
			    len, word);
		return true;
	case POLICY_BELOW:
		report_line(program, _("%s: the uids begin below by-uid"), place);
		return true;
	default:
		return false;
	}
}

/* Reports an error of one line. */
static void report_single(const char *program, const char *place,
			  const struct policy_error *error)
{
	int len = (int)error->word.len;
	const char *word = error->word.text;

	switch (error->why) {
	case POLICY_UNKNOWN:
		report_line(program,
			    _("%s: '%.*s' is no rule; a line begins with assign, owner, "
			      "pool, reserve, retire or share"),
			    place, len, word);
		break;
	case POLICY_MISSING:
		report_line(program, _("%s: something is missing after '%.*s'"), place,
			    len, word);
		break;
	case POLICY_RANGE:
		report_line(program, _("%s: '%.*s' is no range FIRST-LAST"), place, len,
			    word);
		break;
	case POLICY_NUMBER:
		report_line(program, _("%s: '%.*s' is no number, or it is out of bounds"),
			    place, len, word);
		break;
	case POLICY_NAME:
		report_line(program, _("%s: '%.*s' cannot be a name"), place, len, word);
		break;
	case POLICY_LONG:
		report_line(program, _("%s: the line is longer than %d bytes"), place,
			    LIMIT_LINE_BYTES);
		break;
	case POLICY_CONTROL:
		report_line(program,
			    _("%s: the line has a control character, perhaps a carriage "
			      "return at its end"),
			    place);
		break;
	case POLICY_LINES:
		report_line(program, _("%s: all files have more than %d lines"), place,
			    LIMIT_POLICY_LINES);
		break;
	default:
		report_line(program, _("%s: '%.*s' has no meaning here"), place, len,
			    word);
		break;
	}
}

/* Reports everything that is wrong with the policy of this system or of an image. */
void policy_report(const char *program, const char *root,
		   const struct policy_files *files)
{
	for (size_t i = 0; i < files->n_faults; i++)
		report_fault(program, root, &files->faults[i]);
	for (size_t i = 0; i < files->policy.n_errors; i++) {
		const struct policy_error *error = &files->policy.errors[i];
		char place[POLICY_PLACE_BYTES], other[POLICY_PLACE_BYTES];

		policy_place_text(files, root, error->place, place);
		policy_place_text(files, root, error->other, other);
		if (report_pair(program, place, other, error))
			continue;
		report_single(program, place, error);
		if (error->form)
			report_line(program, _("%s: the form is: %s"), place,
				    error->form);
	}
}
