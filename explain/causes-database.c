// SPDX-License-Identifier: BSD-3-Clause
/*
 * causes-database: the database or another source does not grant the ids.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "explain/causes.h"
#include "libsubid/core/entry.h"
#include "message/i18n.h"
#include "message/report.h"

/* The file. */

static bool file_fails(const struct facts *facts, int fault, int error)
{
	return facts->step == FACTS_DATABASE && facts->file->fault == fault &&
	       (error == 0 || facts->file->error == error);
}

static bool file_missing(const struct facts *facts)
{
	return file_fails(facts, DBFILE_CLOSED, ENOENT);
}

/* Makes an empty file, unless another program has made it meanwhile. */
#define NEW_FILE "cp -n /dev/null %s && chmod 644 %s; }"

static void tell_file_missing(const struct facts *facts, struct cause *cause)
{
	const char *path = facts->kind->path;

	causes_evidence(cause, _("%s does not exist, so no %s is delegated"), path,
			facts->kind->id);
	causes_cure_as_root(cause, "test -e %s || { " NEW_FILE, path, path, path);
}

/*
 * Renames the file and makes an empty one. Callers put a test before it: run again, the
 * command would rename a good file.
 */
#define EMPTY_FILE "{ mv --backup=numbered -T %s %s.old && " NEW_FILE

/*
 * Another user could have written the file, and may write it again at any time. So root
 * sees a private copy of it, which replaces the file only after the answer `yes`.
 */
static void cure_by_copy(const struct facts *facts, struct cause *cause)
{
	const char *path = facts->kind->path;

	causes_cure_as_root(cause,
			    "install -m 600 %s %s.new && cat -v %s.new && "
			    "printf 'type yes if this is right: ' && read -r a && "
			    "test \"$a\" = yes && cmp %s %s.new && "
			    "chmod --reference=%s %s.new && chmod a-st,go-w %s.new && "
			    "mv -T %s.new %s",
			    path, path, path, path, path, path, path, path, path, path);
}

static bool file_symlink(const struct facts *facts)
{
	return file_fails(facts, DBFILE_CLOSED, ELOOP);
}

static void tell_file_symlink(const struct facts *facts, struct cause *cause)
{
	const char *path = facts->kind->path;

	causes_evidence(cause, _("%s is a symbolic link, which is not followed"), path);
	if (facts->link_broken)
		causes_cure_as_root(cause, "test -f %s || " EMPTY_FILE, path, path, path,
				    path, path);
	else
		cure_by_copy(facts, cause);
}

static bool file_not_regular(const struct facts *facts)
{
	return file_fails(facts, DBFILE_NOT_REGULAR, 0);
}

static void tell_file_not_regular(const struct facts *facts, struct cause *cause)
{
	const char *path = facts->kind->path;

	causes_evidence(cause, _("%s is not a regular file"), path);
	causes_cure_as_root(cause, "test -f %s || " EMPTY_FILE, path, path, path, path,
			    path);
}

static bool file_huge(const struct facts *facts)
{
	return file_fails(facts, DBFILE_HUGE, 0);
}

static void tell_file_huge(const struct facts *facts, struct cause *cause)
{
	const char *path = facts->kind->path;

	causes_evidence(cause, _("%s is larger than 1 GiB"), path);
	causes_cure_as_root(cause,
			    "test \"$(stat -c %%s %s)\" -le 1073741824 || " EMPTY_FILE,
			    path, path, path, path, path);
}

static bool file_writable(const struct facts *facts)
{
	return file_fails(facts, DBFILE_WRITABLE, 0);
}

static void tell_file_writable(const struct facts *facts, struct cause *cause)
{
	causes_evidence(cause,
			_("every user can write %s, so it is not used; read it first"),
			facts->kind->path);
	cure_by_copy(facts, cause);
}

static bool file_foreign(const struct facts *facts)
{
	return file_fails(facts, DBFILE_FOREIGN, 0);
}

static void tell_file_foreign(const struct facts *facts, struct cause *cause)
{
	causes_evidence(
		cause,
		_("%s belongs to uid %u and not to root, so it is not used; read it "
		  "first"),
		facts->kind->path, facts->file->status.st_uid);
	cure_by_copy(facts, cause);
}

static bool file_unreadable(const struct facts *facts)
{
	return facts->step == FACTS_DATABASE;
}

static void tell_file_unreadable(const struct facts *facts, struct cause *cause)
{
	const char *path = facts->kind->path;

	if (facts->file->fault == DBFILE_UNKNOWN) {
		causes_evidence(cause,
				_("%s: cannot find out whether it belongs to root: %s"),
				path, report_error(facts->file->error));
		causes_cure(cause,
			    _("ensure that all of /proc can be read, and try again"));
		return;
	}
	causes_evidence(cause, _("%s cannot be read: %s"), path,
			report_error(facts->file->error));
	if (facts->file->error == EACCES)
		causes_cure_as_root(cause, "chmod 644 %s", path);
	else
		causes_cure(cause,
			    _("look in the log of the kernel for errors of the disk"));
}

/* The grants. Lines of a database are shown only to a caller who can read it. */

static bool not_delegated(const struct facts *facts)
{
	return facts->step == FACTS_RANGE && facts->missing.end > 0;
}

static bool line_malformed(const struct facts *facts)
{
	return not_delegated(facts) && facts->grants.readable &&
	       facts->grants.malformed.number != 0;
}

/* A line whose ids are not free is removed, and a user without others gets a range. */
static void tell_line_malformed(const struct facts *facts, struct cause *cause)
{
	const struct facts_malformed *malformed = &facts->grants.malformed;
	const char *name = facts->account->name;
	bool lost = malformed->refused || malformed->range.end == 0;
	const struct range none = { 0 };
	const struct cure_line line = { facts->kind, "", malformed->text,
					malformed->len };
	char word[CURE_QUOTED_BYTES];
	struct cause fix;

	causes_evidence(cause, _("line %" PRIu64 " of %s grants nothing: %s"),
			malformed->number, facts->kind->path,
			_(entry_reason(malformed->fault)));
	if (!cure_by_repair(&line, &malformed->repair, lost ? none : malformed->range,
			    name, cause)) {
		causes_cure_as_root(cause, "subid check");
	} else if (lost && !facts->grants.owns && cure_quote(name, word)) {
		fix = *cause;
		causes_cure_as_root(cause, "%s && usermod-ext -S %s", fix.cure, word);
	}
}

/* Ids below may be those of accounts, root among them: no cure delegates a range of them.
 */
#define ACCOUNTS_END 100000

/* Delegates the next free range to a user who has none. */
static void cure_by_room(const struct facts *facts, struct cause *cause)
{
	char name[CURE_QUOTED_BYTES];

	if (cure_quote(facts->account->name, name))
		causes_cure_as_root(cause, "usermod-ext -S %s", name);
}

/* Delegates the missing ids also to root, who gains no right over files by that. */
static void cure_by_sharing(const struct facts *facts, struct cause *cause)
{
	char name[CURE_QUOTED_BYTES];

	if (cure_quote(facts->account->name, name))
		causes_cure_as_root(cause,
				    "subid grant --allow-overlap %s --range %" PRIu64
				    "-%" PRIu64 " %s",
				    causes_kind_option(facts->kind), facts->missing.start,
				    facts->missing.end - 1, name);
}

/*
 * Delegates the missing ids, unless they have an owner or may be accounts. Then the
 * caller uses other ids: own ones, or those of a free range.
 */
static void cure_by_grant(const struct facts *facts, struct cause *cause)
{
	const struct facts_grants *grants = &facts->grants;
	bool low = facts->missing.start < ACCOUNTS_END;
	char name[CURE_QUOTED_BYTES];

	if (grants->taken && !low && facts->uid == 0 && !facts->sources.plugin &&
	    !facts->host)
		cure_by_sharing(facts, cause);
	else if ((facts->sources.plugin || grants->taken || low) && grants->owns)
		causes_cure(cause, _("ask for ids of yours, as %" PRIu64 "-%" PRIu64),
			    grants->first.start, grants->first.end - 1);
	else if (grants->taken || low)
		cure_by_room(facts, cause);
	else if (cure_quote(facts->account->name, name))
		causes_cure_as_root(cause, "usermod-ext %s %" PRIu64 "-%" PRIu64 " %s",
				    facts->kind->grant_flag, facts->missing.start,
				    facts->missing.end - 1, name);
}

static bool other_kind_only(const struct facts *facts)
{
	return not_delegated(facts) && facts->grants.in_other_kind;
}

static void tell_other_kind_only(const struct facts *facts, struct cause *cause)
{
	const struct kind *other = kind_all[!facts->kind->group];

	causes_evidence(
		cause,
		_("%" PRIu64 "-%" PRIu64 " is delegated to %s in %s but not in %s"),
		facts->missing.start, facts->missing.end - 1, facts->account->name,
		other->path, facts->kind->path);
	cure_by_grant(facts, cause);
}

/* Joins the sources of `subid:`. */
static void join_words(const struct nsswitch *nsswitch, char *text, size_t size)
{
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < nsswitch->n_sources && used < size; i++)
		used += (size_t)snprintf(text + used, size - used, "%s%s",
					 i > 0 ? " " : "", nsswitch->sources[i]);
}

static bool sources_empty(const struct facts *facts)
{
	return not_delegated(facts) && facts->sources.nobody;
}

static void tell_sources_empty(const struct facts *facts, struct cause *cause)
{
	char words[NSSWITCH_SOURCES * NSSWITCH_WORD_BYTES];

	join_words(facts->sources.nsswitch, words, sizeof(words));
	causes_evidence(cause, _("none of the sources '%s' delegates %ss to %s"), words,
			facts->kind->id, facts->account->name);
	if (facts->sources.files && facts->host)
		cure_by_room(facts, cause);
	else if (facts->sources.files)
		cure_by_grant(facts, cause);
	else
		causes_cure(cause, _("have them delegated by those who run '%s'"), words);
}

/*
 * Passes a single id through, for files that a container shares: root, and the members of
 * the group, already have its rights. Never id 0.
 */
static bool passed_through(const struct facts *facts)
{
	return not_delegated(facts) && !facts->sources.nsswitch && !facts->host &&
	       facts->map->extents[facts->refused].count == 1 &&
	       facts->missing.start > 0 && facts->missing.start < ACCOUNTS_END &&
	       (facts->kind->group ? facts->member : facts->uid == 0);
}

static void tell_passed_through(const struct facts *facts, struct cause *cause)
{
	const char *id = facts->kind->id;

	causes_evidence(cause,
			_("%s %" PRIu64
			  " is not delegated to %s: to pass it through gives "
			  "the container all rights of that %s"),
			id, facts->missing.start, facts->account->name, id);
	cure_by_sharing(facts, cause);
}

static bool partly_delegated(const struct facts *facts)
{
	/* The grants lack lines with other names of the caller. */
	return not_delegated(facts) && facts->grants.readable &&
	       (facts->grants.partly ||
		range_count(facts->missing) < facts->map->extents[facts->refused].count);
}

static void tell_partly_delegated(const struct facts *facts, struct cause *cause)
{
	const struct facts_grants *grants = &facts->grants;
	const struct range missing = facts->missing;
	const char *name = facts->account->name;
	const char *id = facts->kind->id;

	if (grants->taken)
		causes_evidence(cause,
				_("of extent %zu the %ss %" PRIu64 "-%" PRIu64
				  " are not delegated to %s, others are; line %" PRIu64
				  " gives some of them to %s"),
				facts->refused + 1, id, missing.start, missing.end - 1,
				name, grants->taken, grants->taken_by);
	else
		causes_evidence(cause,
				_("of extent %zu the %ss %" PRIu64 "-%" PRIu64
				  " are not delegated to %s, others are"),
				facts->refused + 1, id, missing.start, missing.end - 1,
				name);
	cure_by_grant(facts, cause);
}

/* With facts about the whole host no particular range is asked for. */
static bool range_not_delegated(const struct facts *facts)
{
	return not_delegated(facts) && !facts->host;
}

static void tell_not_delegated(const struct facts *facts, struct cause *cause)
{
	const struct facts_grants *grants = &facts->grants;
	const char *name = facts->account->name;
	const char *path =
		facts->sources.plugin ? facts->sources.plugin : facts->kind->path;

	if (!grants->readable)
		causes_evidence(cause,
				_("%s does not delegate %" PRIu64 "-%" PRIu64 " to %s"),
				path, facts->missing.start, facts->missing.end - 1, name);
	else if (!grants->owns && grants->taken)
		causes_evidence(cause,
				_("%s delegates nothing to %s; line %" PRIu64
				  " gives some of these %ss to %s"),
				path, name, grants->taken, facts->kind->id,
				grants->taken_by);
	else if (!grants->owns)
		causes_evidence(cause, _("%s delegates nothing to %s"), path, name);
	else if (grants->taken)
		causes_evidence(cause,
				_("line %" PRIu64 " of %s gives some of these %ss to %s, "
				  "and %s has others, as %" PRIu64 "-%" PRIu64),
				grants->taken, path, facts->kind->id, grants->taken_by,
				name, grants->first.start, grants->first.end - 1);
	else if (grants->ranges == 1)
		causes_evidence(cause,
				_("%s delegates only %" PRIu64 "-%" PRIu64 " to %s"),
				path, grants->first.start, grants->first.end - 1, name);
	else
		causes_evidence(cause,
				_("%s delegates %zu ranges to %s, as %" PRIu64 "-%" PRIu64
				  ", but not this one"),
				path, grants->ranges, name, grants->first.start,
				grants->first.end - 1);
	cure_by_grant(facts, cause);
}

const struct causes_rule causes_of_database[] = {
	{ CAUSE_FILE_MISSING, file_missing, tell_file_missing },
	{ CAUSE_FILE_SYMLINK, file_symlink, tell_file_symlink },
	{ CAUSE_FILE_NOT_REGULAR, file_not_regular, tell_file_not_regular },
	{ CAUSE_FILE_HUGE, file_huge, tell_file_huge },
	{ CAUSE_FILE_WRITABLE, file_writable, tell_file_writable },
	{ CAUSE_FILE_FOREIGN, file_foreign, tell_file_foreign },
	{ CAUSE_FILE_UNREADABLE, file_unreadable, tell_file_unreadable },
	{ CAUSE_LINE_MALFORMED, line_malformed, tell_line_malformed },
	{ CAUSE_OTHER_KIND_ONLY, other_kind_only, tell_other_kind_only },
	{ CAUSE_SOURCES_EMPTY, sources_empty, tell_sources_empty },
	{ CAUSE_PASSED_THROUGH, passed_through, tell_passed_through },
	{ CAUSE_PARTLY_DELEGATED, partly_delegated, tell_partly_delegated },
	{ CAUSE_NOT_DELEGATED, range_not_delegated, tell_not_delegated },
	{ 0 },
};
