// SPDX-License-Identifier: BSD-3-Clause
/*
 * whois-words: the ids that the arguments of `subid whois` mean: an id, a range, those of
 * a user, those of a file, or `-`, lines on standard input.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command/known-users.h"
#include "libsubid/core/array.h"
#include "libsubid/core/num.h"
#include "message/i18n.h"
#include "message/report.h"
#include "subid/show/whois.h"

/* A row for each id of a larger range would not be read. */
#define RANGE_MAX 65536

static int add_id(struct whois *whois, uint32_t id, bool as_uid, bool as_gid)
{
	if (ARRAY_RESERVE(whois->ids, whois->n_ids, whois->allocated))
		return verb_fail(ENOMEM);
	whois->ids[whois->n_ids++] = (struct whois_id){ id, { as_uid, as_gid } };
	return 0;
}

static int add_range_ids(struct whois *whois, const char *word, struct range range)
{
	int r = 0;

	if (range_count(range) > RANGE_MAX) {
		report_line(
			PROGRAM,
			_("'%s' has %" PRIu64
			  " ids, and at most %d can be shown; 'subid list' shows ranges"),
			word, range_count(range), RANGE_MAX);
		return VERB_USAGE;
	}
	for (uint64_t id = range.start; r == 0 && id < range.end; id++)
		r = add_id(whois, (uint32_t)id, true, true);
	return r;
}

static int add_file_ids(struct whois *whois, const char *path)
{
	struct stat status;
	int r;

	if (stat(path, &status)) {
		report_line(PROGRAM, "%s: %s", path, report_error(errno));
		return VERB_UNREADABLE;
	}
	r = add_id(whois, status.st_uid, true, false);
	return r ? r : add_id(whois, status.st_gid, false, true);
}

static int report_no_id(const char *word)
{
	report_line(PROGRAM, _("'%s' is no id: 0-4294967295, in decimal"), word);
	return VERB_USAGE;
}

/* A word that is neither an id nor a user may be the name of a file here. */
static int report_no_user(const struct whois *whois, const char *name)
{
	bool is_name = isalpha((unsigned char)*name) || *name == '_';
	int r = is_name ? VERB_NO_USER : report_no_id(name);

	if (is_name)
		report_line(PROGRAM, _("user '%s' does not exist"), name);
	if (access(name, F_OK) == 0)
		report_line(PROGRAM, _("for the file, write './%s'"), name);
	else if (is_name)
		known_users_suggest(PROGRAM, whois->place.directory, name);
	return r;
}

static int add_user_ids(struct whois *whois, const char *name)
{
	struct user user;
	int r = user_cache_user(&whois->owners, name, &user);

	if (r)
		return r;
	if (!user.exists)
		return report_no_user(whois, name);
	r = add_id(whois, user.uid, true, false);
	return r ? r : add_id(whois, user.gid, false, true);
}

/* Adds what a word means. Returns 0 or an exit status with the reason reported. */
static int take_whois_word(struct whois *whois, const char *word)
{
	struct range range;
	uint64_t id;

	if (num_parse(word, strlen(word), ID_NONE, &id) == 0)
		return add_id(whois, (uint32_t)id, true, true);
	if (range_parse(word, &range) == 0)
		return add_range_ids(whois, word, range);
	if (strchr(word, '/'))
		return add_file_ids(whois, word);
	/* Without a letter it is a wrong number, and no user is looked up. */
	return word[strspn(word, "+-0123456789 ")] ? add_user_ids(whois, word) :
						     report_no_id(word);
}

/* Notes the ids, as a set, whose owners are to be found. */
static int want_ids(struct whois *whois)
{
	int r = 0;

	if (whois->stream)
		r = range_set_add(&whois->wanted, (struct range){ 0, ID_END });
	for (size_t i = 0; r == 0 && i < whois->n_ids; i++) {
		uint64_t id = whois->ids[i].id;

		r = range_set_add(&whois->wanted, (struct range){ id, id + 1 });
	}
	return r ? verb_fail(-r) : 0;
}

/* Adds what the arguments mean. Returns 0 or an exit status with the reason reported. */
int whois_take_words(struct whois *whois, int n, char *const *words)
{
	int r = 0;

	for (int i = 0; r == 0 && i < n; i++)
		if (strcmp(words[i], "-") == 0)
			whois->stream = true;
		else
			r = take_whois_word(whois, words[i]);
	return r ? r : want_ids(whois);
}

/* Removes whitespace around a word. */
static void trim_word(char *word)
{
	static const char whitespace[] = " \t\r";
	size_t before = strspn(word, whitespace), len = strlen(word);

	while (len > before && strchr(whitespace, word[len - 1]))
		len--;
	memmove(word, word + before, len - before);
	word[len - before] = '\0';
}

/*
 * Adds what a line of standard input means. Names of files keep their whitespace. Returns
 * 0 or an exit status.
 */
int whois_take_line(struct whois *whois, const struct scan_line *line)
{
	char word[LIMIT_LINE_BYTES];

	if (line->len >= sizeof(word) || memchr(line->text, '\0', line->len)) {
		report_line(PROGRAM, _("%s:%" PRIu64 ": that is no id"),
			    _("standard input"), line->number);
		return VERB_USAGE;
	}
	memcpy(word, line->text, line->len);
	word[line->len] = '\0';
	if (!strchr(word, '/'))
		trim_word(word);
	return *word ? take_whois_word(whois, word) : 0;
}
