// SPDX-License-Identifier: BSD-3-Clause
/*
 * check-filter: which findings are shown: those of a severity, a code or an owner.
 */
#include <stdio.h>
#include <string.h>

#include "command/known-users.h"
#include "message/i18n.h"
#include "message/report.h"
#include "subid/check/check.h"

/* Returns whether a comma-separated list contains a word. */
static bool list_has(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = list; at; at = strchr(at, ',')) {
		at += *at == ',';
		if (strncmp(at, word, len) == 0 && (at[len] == ',' || at[len] == '\0'))
			return true;
	}
	return false;
}

/* Returns whether findings of this code and severity are shown. */
bool check_wants(const struct check *check, const char *code,
		 enum finding_severity severity)
{
	return severity >= check->severity &&
	       (!check->codes || list_has(check->codes, code));
}

/* Returns whether a word of the command line and the owner of a line are one user. */
static bool is_owner(const struct check *check, const char *word, const char *owner,
		     size_t len)
{
	struct accounts_owner user, other;
	const struct accounts_item *a, *b;

	if (strlen(word) == len && memcmp(word, owner, len) == 0)
		return true;
	user = accounts_by_owner(&check->users, word, strlen(word));
	other = accounts_by_owner(&check->users, owner, len);
	a = user.by_name ? user.by_name : user.by_uid;
	b = other.by_name ? other.by_name : other.by_uid;
	return a && b && a->id == b->id;
}

static bool wants_owner(const struct check *check, const char *owner, size_t len)
{
	for (size_t i = 0; owner && i < check->n_owners; i++)
		if (is_owner(check, check->owners[i], owner, len))
			return true;
	return false;
}

/* An overlap is about both owners, and an account in a range about that user, too. */
bool check_wants_finding(struct check *check, const struct finding *finding)
{
	return check_wants(check, finding_code_name(finding->code), finding->severity) &&
	       (check->n_owners == 0 ||
		wants_owner(check, finding->owner, finding->owner_len) ||
		wants_owner(check, finding->other, finding->other_len));
}

/* The same for findings about files and programs, which are about no owner. All repairs
 * are reported. */
bool check_wants_problem(struct check *check, const struct problem *problem)
{
	return problem->fixed || (check->n_owners == 0 &&
				  check_wants(check, problem->code, problem->severity));
}

/* The severities, the worst first. */
const char *check_severity_word(const struct command *command, size_t i)
{
	(void)command;
	return i < FINDING_ERROR ?
		       finding_severity_name((enum finding_severity)(FINDING_ERROR - i)) :
		       NULL;
}

/* Returns the place of a word among those that an option takes; SIZE_MAX: it is none. */
static size_t find_word(option_word_fn word, const char *text, size_t len)
{
	const char *name;

	for (size_t i = 0; (name = word(NULL, i)); i++)
		if (strlen(name) == len && memcmp(name, text, len) == 0)
			return i;
	return SIZE_MAX;
}

static bool read_codes(const struct check *check, const struct command *command,
		       option_word_fn code)
{
	for (const char *at = check->codes; at;) {
		size_t len = strcspn(at, ",");

		if (find_word(code, at, len) == SIZE_MAX) {
			report_line(PROGRAM, _("there is no finding '%.*s'"), (int)len,
				    at);
			option_suggest_word(command, code, at, len);
			return false;
		}
		at = at[len] ? at + len + 1 : NULL;
	}
	return true;
}

/* Reads the options that choose findings. @code lists all codes. Returns false if one is
 * wrong. */
bool check_read_filter(struct check *check, const struct command *command,
		       option_word_fn code)
{
	const char *word = check->severity_word;
	size_t i = word ? find_word(check_severity_word, word, strlen(word)) : 0;

	if (i == SIZE_MAX) {
		report_line(PROGRAM,
			    _("there is no severity '%s', but: error, warning, note"),
			    word);
		option_suggest_word(command, check_severity_word, word, strlen(word));
		return false;
	}
	if (word)
		check->severity = (enum finding_severity)(FINDING_ERROR - i);
	return read_codes(check, command, code);
}

static bool names_line_owner(struct check *check, const char *word)
{
	for (size_t i = 0; i < 2; i++) {
		const struct check_side *side = &check->sides[i];
		struct table_cursor cursor = { 0 };
		struct table_line line;

		while (side->readable && table_next(&side->table, &cursor, &line)) {
			const char *colon = memchr(line.text, ':', line.len);

			if (colon &&
			    is_owner(check, word, line.text, (size_t)(colon - line.text)))
				return true;
		}
	}
	return false;
}

/* Reports the owners of the command line that are unknown. Returns 0 or VERB_NO_USER. */
int check_find_owners(struct check *check)
{
	int r = 0;

	for (size_t i = 0; i < check->n_owners; i++) {
		const char *word = check->owners[i];
		const struct accounts_owner user =
			accounts_by_owner(&check->users, word, strlen(word));

		if (user.by_name || user.by_uid || check->silent ||
		    names_line_owner(check, word))
			continue;
		report_line(PROGRAM, _("user '%s' does not exist, and no line names it"),
			    word);
		known_users_suggest(PROGRAM, check->place.directory, word);
		r = VERB_NO_USER;
	}
	return r;
}
