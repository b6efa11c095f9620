// SPDX-License-Identifier: BSD-3-Clause
/*
 * apply-check: reads a set and what is remembered of the last one, and decides whether
 * the set may be applied.
 *
 * MUST: no file that others than root may have written decides who has ids.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command/identity.h"
#include "explain/cure.h"
#include "libsubid/core/array.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "libsubid/store/allocated-ids.h"
#include "libsubid/store/state-file.h"
#include "libsubid/sys/fd.h"
#include "libsubid/sys/root-only.h"
#include "libsubid/user/passwd-file.h"
#include "message/i18n.h"
#include "message/report.h"
#include "subid/fleet/apply.h"
#include "subid/verb/progress.h"

/* Bytes that are read at once. */
#define READ_BYTES ((size_t)64 * 1024)

/* Opens the set. Returns a descriptor, or -1 with the reason reported. */
static int open_set(const char *path)
{
	CLEANUP(fd_cleanup) int fd = -1;
	char word[CURE_QUOTED_BYTES];
	struct stat status;
	int r;

	/* The error messages would disclose the contents of the file. */
	if (identity_is_elevated()) {
		report_line(PROGRAM, _("%s: only root may name a file; use '-'"), path);
		return -1;
	}
	/* A pipe that another user has put there would stop it before the check. */
	fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &status) || fcntl(fd, F_SETFL, 0)) {
		report_line(PROGRAM, "%s: %s", path, report_error(errno));
		return -1;
	}
	r = root_only_check(&status);
	if (r == 0)
		return TAKE_FD(fd);
	if (!cure_quote(path, word))
		snprintf(word, sizeof(word), "FILE");
	report_line(PROGRAM,
		    r == ROOT_ONLY_WRITABLE ?
			    _("%s: others than root may write it; to fix it: chmod go-w "
			      "%s") :
			    _("%s: it does not belong to root; to fix it: chown root %s"),
		    path, word);
	return -1;
}

static int read_set_text(struct apply *apply, int fd)
{
	size_t allocated = 0, more = READ_BYTES, n;
	struct stat status;

	if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
	    status.st_size < LIMIT_FILE_BYTES)
		more += (size_t)status.st_size;
	for (;;) {
		int r;

		if (apply->len == allocated &&
		    ARRAY_RESERVE_ALL(apply->text, allocated + more, allocated))
			return -ENOMEM;
		r = fd_read(fd, apply->text + apply->len, allocated - apply->len, &n);
		if (r || n == 0)
			return r;
		apply->len += n;
		if (apply->len > LIMIT_FILE_BYTES)
			return -EFBIG;
	}
}

/* Reads the set in a file, or - for standard input. Returns 0 or an exit status. */
int apply_read(struct apply *apply, const char *path)
{
	bool is_stdin = strcmp(path, "-") == 0;
	CLEANUP(fd_cleanup) int own = is_stdin ? -1 : open_set(path);
	struct set_file_place place;
	int r;

	if (!is_stdin && own < 0)
		return identity_is_elevated() ? VERB_NOT_PERMITTED : VERB_UNREADABLE;
	apply->source = is_stdin ? _("standard input") : path;
	/* The progress line would overwrite what the user types. */
	if (is_stdin && isatty(STDIN_FILENO))
		progress_end();
	r = read_set_text(apply, is_stdin ? STDIN_FILENO : own);
	if (r) {
		report_line(PROGRAM, "%s: %s", apply->source, report_error(-r));
		return VERB_UNREADABLE;
	}
	r = set_file_parse(apply->text, apply->len, &apply->set, &place);
	return r < 0 ? verb_fail(-r) : r ? apply_report_fault(apply, r, &place) : 0;
}

/* Digits that are one user's uid and another's login name would be lines of neither. */
static int check_digits(const struct apply *apply, const struct set_file_line *line)
{
	size_t index;

	if (!owner_is_number(line->owner, line->owner_len) ||
	    owner_set_find(&apply->people, line->owner, line->owner_len, &index))
		return 0;
	report_line(PROGRAM,
		    _("%s:%" PRIu64 ": '%.*s' is the uid of one user and the login name "
		      "of another"),
		    apply->source, line->number, (int)line->owner_len, line->owner);
	return VERB_POLICY;
}

static int put_persons(struct apply *apply)
{
	int r = 0;

	apply->persons = calloc(apply->set.n + 1, sizeof(*apply->persons));
	if (!apply->persons)
		return -ENOMEM;
	for (size_t i = 0; r >= 0 && i < apply->set.n; i++)
		r = owner_set_add(&apply->people, apply->set.lines[i].owner,
				  apply->set.lines[i].owner_len, &apply->persons[i]);
	return r < 0 ? r : 0;
}

/* Several names of one user are one owner. */
static int join_persons(struct apply *apply)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < apply->set.n; i++) {
		const struct owner_set_user *person =
			&apply->people.items[apply->persons[i]];

		if (person->status == OWNER_SET_SAME)
			apply->persons[i] = person->same;
		r = check_digits(apply, &apply->set.lines[i]);
	}
	return r;
}

static int take_shared(const struct set_file_line *a, const struct set_file_line *b,
		       size_t k, void *context)
{
	(void)a;
	(void)b;
	(void)k;
	*(bool *)context = true;
	return 1;
}

/*
 * Finds the owners of the set by their words and by the local accounts: a set must be
 * applied also while the directory does not answer. Returns 0 or an exit status.
 */
int apply_find_owners(struct apply *apply)
{
	const struct lookup files = { .directory = apply->edit.etc };
	int r = passwd_file_load(apply->edit.etc, &kind_uid, &apply->users);

	if (r) {
		report_line(PROGRAM, "%s/passwd: %s", apply->edit.directory,
			    report_error(-r));
		return VERB_UNREADABLE;
	}
	r = put_persons(apply);
	if (r == 0)
		r = owner_set_resolve(&apply->people, &apply->users, &files, true);
	for (size_t k = 0; r >= 0 && k < 2; k++)
		r = set_file_find_shared(&apply->set, k, take_shared, &apply->uncertain);
	return r < 0 ? verb_fail(-r) : join_persons(apply);
}

/*
 * The last set.
 */

static int read_applied_text(struct apply *apply, size_t *ret_len)
{
	if (apply->serial_file)
		return state_file_read_path(apply->serial_file, &apply->applied_text,
					    ret_len);
	return state_file_read(apply->change.common.root, STATE_APPLIED,
			       &apply->applied_text, ret_len);
}

/* Reports an error of the file that remembers the last set. */
static void report_applied(const struct apply *apply, const char *reason)
{
	if (apply->serial_file)
		report_line(PROGRAM, "%s: %s", apply->serial_file, reason);
	else
		verb_report_state(apply->change.common.root, STATE_APPLIED, reason);
}

/* Whether the set is the last one. */
bool apply_is_last(const struct apply *apply)
{
	return apply->applied_text && apply->applied.serial == apply->set.serial &&
	       apply->applied.checksum == apply->set.checksum;
}

/* Reads what is remembered of the last set. Returns 0 or an exit status. */
int apply_read_applied(struct apply *apply)
{
	size_t len = 0;
	int r;

	applied_cleanup(&apply->applied);
	free(TAKE_PTR(apply->applied_text));
	r = read_applied_text(apply, &len);
	if (r == 0 && apply->applied_text)
		r = applied_parse_header(apply->applied_text, len, &apply->applied);
	/* If this set is the last one, its owners are known. */
	if (r == 0 && apply->applied_text &&
	    (!apply_is_last(apply) || apply->applied.n_gone > 0))
		r = applied_parse(apply->applied_text, len, &apply->applied);
	if (r == 0)
		return 0;
	report_applied(apply, r < 0 ? report_error(-r) :
				      _("the file is damaged; without it any serial "
					"is accepted"));
	return VERB_UNREADABLE;
}

/* How many owners the set has. */
static size_t count_owners(const struct apply *apply)
{
	size_t n = 0;

	for (size_t i = 0; i < apply->people.n; i++)
		n += apply->people.items[i].status == OWNER_SET_KNOWN;
	return n;
}

/* Refuses a set that is older than the last one, has its serial and other contents, or
 * lacks most of its owners. */
int apply_check_applied(const struct apply *apply)
{
	const struct applied *applied = &apply->applied;
	size_t n = count_owners(apply);
	uint64_t before = applied->n_owners;

	if (apply->force)
		return 0;
	if (apply->set.serial < applied->serial) {
		report_line(PROGRAM,
			    _("%s: the set is older than the last one: serial %" PRIu64
			      " after %" PRIu64 "; --force applies it nevertheless"),
			    apply->source, apply->set.serial, applied->serial);
		return apply_fail_set(apply);
	}
	/* Which of both is newer is not known. */
	if (apply->applied_text && apply->set.serial == applied->serial &&
	    !apply_is_last(apply)) {
		report_line(PROGRAM,
			    _("%s: the set has the serial of the last one, %" PRIu64
			      ", and other contents; --force applies it nevertheless"),
			    apply->source, applied->serial);
		return apply_fail_set(apply);
	}
	if (n == 0)
		report_line(PROGRAM,
			    _("%s: the set is empty; --force applies it nevertheless"),
			    apply->source);
	else if (2 * n < before)
		report_line(PROGRAM,
			    _("%s: the set has %zu owners, fewer than half of the "
			      "%" PRIu64 " of the last one; --force applies it "
			      "nevertheless"),
			    apply->source, n, before);
	else
		return 0;
	return apply_fail_set(apply);
}

static int put_gone(struct apply *apply)
{
	const struct lookup files = { .directory = apply->edit.etc };
	const struct applied *applied = &apply->applied;
	size_t index;
	int r = 0;

	for (size_t i = 0; r >= 0 && i < applied->n; i++)
		if (!owner_set_find(&apply->people, applied->owners[i].name,
				    applied->owners[i].len, &index))
			r = owner_set_add(&apply->gone, applied->owners[i].name,
					  applied->owners[i].len, &index);
	if (r >= 0 && apply->gone.n > 0)
		r = owner_set_resolve(&apply->gone, &apply->users, &files, true);
	return r < 0 ? r : 0;
}

/* Finds who of the owners that are gone has ranges; with --prune these go. */
static int find_gone_ranges(struct apply *apply, const struct table *table, size_t k)
{
	CLEANUP(allocated_ids_cleanup) struct allocated_ids used = { 0 };
	int r = allocated_ids_read_holdings(&used, table, &apply->gone);

	for (size_t i = 0; r == 0 && i < used.n_holdings; i++) {
		apply->have_ranges[used.holdings[i].person] = true;
		if (!apply->prune)
			continue;
		apply->spans[k] = range_span(apply->spans[k], used.holdings[i].range);
		apply->removed++;
		r = range_set_add(&apply->lost.ids[k], used.holdings[i].range);
	}
	return r > 0 ? -E2BIG : r;
}

/*
 * Finds the owners that only earlier sets name, and which of them have ranges in @db;
 * NULL: this set is the last one, which has found them. Returns 0 or an exit status.
 */
int apply_find_gone(struct apply *apply, const struct db *db)
{
	int r = put_gone(apply);

	apply->have_ranges = calloc(apply->gone.n + 1, sizeof(*apply->have_ranges));
	if (r == 0 && !apply->have_ranges)
		r = -ENOMEM;
	for (size_t i = 0; r == 0 && !db && i < apply->gone.n; i++)
		apply->have_ranges[i] = true;
	for (size_t k = 0; r == 0 && db && apply->gone.n > 0 && k < 2; k++)
		r = find_gone_ranges(apply, &db->sides[k].table, k);
	return r ? verb_fail(-r) : 0;
}

static int remember_owners(const struct owner_set *people, const bool *chosen,
			   struct applied *next)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < people->n; i++)
		if (people->items[i].status == OWNER_SET_KNOWN && (!chosen || chosen[i]))
			r = applied_put(next, owner_set_name(people, i),
					people->items[i].name_len, chosen != NULL);
	return r;
}

static int write_applied_text(const struct apply *apply, const char *text, size_t len)
{
	if (apply->serial_file)
		return state_file_write_path(apply->serial_file, text, len);
	return state_file_write(apply->change.common.root, STATE_APPLIED, text, len);
}

/* Remembers this set, while the databases are locked. Returns 0 or an exit status. */
int apply_write_applied(const struct apply *apply)
{
	CLEANUP(applied_cleanup)
	struct applied next = { .serial = apply->set.serial,
				.checksum = apply->set.checksum };
	CLEANUP(cleanup_free) char *text = NULL;
	size_t len = 0;
	int r = remember_owners(&apply->people, NULL, &next);

	if (r == 0)
		r = remember_owners(&apply->gone, apply->have_ranges, &next);
	if (r == 0)
		r = applied_format(&next, &text, &len);
	if (r == 0)
		r = write_applied_text(apply, text, len);
	if (r == 0)
		return 0;
	report_applied(apply, report_error(-r));
	return VERB_NOT_WRITTEN;
}

/*
 * Ids that two lines of the set share.
 */

struct shared_lines {
	const struct apply *apply;
	size_t n;
};

static int judge_shared(const struct set_file_line *a, const struct set_file_line *b,
			size_t k, void *context)
{
	struct shared_lines *shared = context;
	const struct apply *apply = shared->apply;
	size_t persons[2];
	struct range ids;

	if (!owner_set_find(&apply->people, a->owner, a->owner_len, &persons[0]) ||
	    !owner_set_find(&apply->people, b->owner, b->owner_len, &persons[1]) ||
	    !range_intersect(a->range, b->range, &ids) ||
	    (persons[0] != persons[1] &&
	     allocate_may_share(&apply->allocate, persons[0], persons[1])))
		return 0;
	if (++shared->n <= APPLY_NAMED)
		report_line(PROGRAM,
			    _("%s:%" PRIu64 ": %.*s and %.*s (line %" PRIu64
			      ") both have %ss %" PRIu64 "-%" PRIu64),
			    apply->source, b->number, (int)b->owner_len, b->owner,
			    (int)a->owner_len, a->owner, a->number, kind_all[k]->id,
			    ids.start, ids.end - 1);
	return 0;
}

/*
 * Refuses a set that gives two owners the same ids, unless the policy permits it. Returns
 * 0 or as edit.h says.
 */
int apply_check_shared(struct apply *apply)
{
	struct shared_lines shared = { .apply = apply };
	int r = apply->uncertain ? allocate_read_site(&apply->edit.db, &apply->allocate) :
				   0;

	if (r)
		return edit_report_allocation(&apply->edit, &apply->allocate, r);
	for (size_t k = 0; r == 0 && apply->uncertain && k < 2; k++)
		r = set_file_find_shared(&apply->set, k, judge_shared, &shared);
	if (r)
		return verb_fail(-r);
	if (shared.n == 0)
		return 0;
	if (shared.n > APPLY_NAMED)
		report_line(PROGRAM, _("and %zu more lines that share ids"),
			    shared.n - APPLY_NAMED);
	report_line(PROGRAM,
		    _("nothing is changed: ids that are shared on purpose need a "
		      "rule 'share', see subid.d(5)"));
	return VERB_POLICY;
}
