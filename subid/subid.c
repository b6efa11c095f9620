// SPDX-License-Identifier: BSD-3-Clause
/*
 * subid: shows, explains and changes subordinate ids.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command/complete.h"
#include "command/edit.h"
#include "command/help.h"
#include "command/identity.h"
#include "command/suggest.h"
#include "message/i18n.h"
#include "message/report.h"
#include "subid/verb/progress.h"
#include "subid/verb/verb.h"

static const struct verb *const verbs[] = {
	&verb_list,    &verb_whois,  &verb_map,	   &verb_ps,	 &verb_files,
	&verb_check,   &verb_doctor, &verb_grant,  &verb_revoke, &verb_retire,
	&verb_release, &verb_follow, &verb_rename, &verb_fix,	 &verb_policy,
	&verb_export,  &verb_apply,
};
#define N_VERBS (sizeof(verbs) / sizeof(verbs[0]))

static const struct verb *find_verb(const char *name)
{
	for (size_t i = 0; i < N_VERBS; i++)
		if (strcmp(verb_word(verbs[i]), name) == 0)
			return verbs[i];
	return NULL;
}

static void list_verbs(struct help_row ret_rows[static N_VERBS])
{
	for (size_t i = 0; i < N_VERBS; i++)
		ret_rows[i] = (struct help_row){ verb_word(verbs[i]),
						 _(verbs[i]->command.summary) };
}

static int subid_help(void)
{
	struct help_row rows[N_VERBS];

	list_verbs(rows);
	printf(_("Usage: %s VERB [OPTION]... [ARGUMENT]...\n"), PROGRAM);
	printf(_("\nShow, explain and change subordinate ids.\n\n"));
	help_print_rows(rows, N_VERBS);
	printf(_("\n'%s help VERB' shows its options; see %s(1).\n"), PROGRAM, PROGRAM);
	return VERB_DONE;
}

/* Reports that the first word is no verb. */
static void report_no_verb(const char *word)
{
	struct suggest suggest;

	report_line(PROGRAM, _("there is no verb '%s'"), word);
	suggest_start(&suggest, word, strlen(word));
	for (size_t i = 0; i < N_VERBS; i++)
		suggest_consider(&suggest, verb_word(verbs[i]),
				 strlen(verb_word(verbs[i])));
	suggest_report(&suggest, PROGRAM, "");
}

/* Whether a line of subid.d(5) begins with the word. */
static bool is_rule(const char *word)
{
	return strcmp(word, "assign") == 0 || strcmp(word, "pool") == 0 ||
	       strcmp(word, "reserve") == 0 || strcmp(word, "share") == 0;
}

static int misuse(const char *word)
{
	if (word && *word == '-')
		report_line(PROGRAM, _("the verb comes first, and then options as '%s'"),
			    word);
	else if (word && is_rule(word))
		report_line(PROGRAM, _("'%s' is no verb, but a rule: see subid.d(5)"),
			    word);
	else if (word)
		report_no_verb(word);
	else
		report_line(PROGRAM, _("a verb is missing"));
	report_line(PROGRAM, _("try '%s --help'"), PROGRAM);
	return VERB_USAGE;
}

static bool is_help(const char *word)
{
	return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 ||
	       strcmp(word, "help") == 0;
}

/* `subid help [VERB]`; of `help` itself the help is that without a verb. */
static int help_verb(int argc, char **argv)
{
	const char *word = argc > 2 && !is_help(argv[2]) ? argv[2] : NULL;
	const struct verb *verb = word ? find_verb(word) : NULL;

	if (!word)
		return subid_help();
	if (!verb)
		return misuse(word);
	help_print(&verb->command);
	return VERB_DONE;
}

/* Completes the last of @n words after `subid`: a verb, or what the verb has. */
static int complete(int n, char **words)
{
	const struct verb *verb = n > 1 ? find_verb(words[0]) : NULL;
	struct help_row rows[N_VERBS + 3];

	list_verbs(rows);
	rows[N_VERBS] = (struct help_row){ "help", _("show the help of a verb") };
	rows[N_VERBS + 1] = (struct help_row){ "--help", _(option_help_rows[0].text) };
	rows[N_VERBS + 2] = (struct help_row){ "--version", _(option_help_rows[1].text) };
	if (verb)
		complete_print(&verb->command, n - 1, words + 1);
	else if (n == 1)
		complete_print_words(rows, N_VERBS + 3, words[0]);
	else if (n == 2 && strcmp(words[0], "help") == 0)
		complete_print_words(rows, N_VERBS, words[1]);
	return VERB_DONE;
}

/* Translates what a verb returned to the exit status. */
static int subid_status(int r)
{
	switch (r) {
	case VERB_ENDED:
		return VERB_DONE;
	case DB_BUSY:
		return VERB_LOCKED;
	case DB_STOPPED:
	case EDIT_NOT_WRITTEN:
	case -EDQUOT:
	case -EFBIG:
	case -ENOSPC:
	case -EROFS:
		return VERB_NOT_WRITTEN;
	case EDIT_NO_USER:
		return VERB_NO_USER;
	case DB_FULL:
		return VERB_NONE;
	case EDIT_IN_USE:
		return VERB_BUSY;
	case EDIT_NOT_PERMITTED:
	case -EACCES:
	case -EPERM:
		return VERB_NOT_PERMITTED;
	case DB_CONFLICT:
		return VERB_POLICY;
	default:
		return r < 0 || r >= DB_BUSY ? VERB_UNREADABLE : r;
	}
}

static int run_verb(const struct verb *verb, int argc, char **argv)
{
	int status;

	/* PAM may ask for a password on the same line, unless the caller is root. */
	if (!verb->writes || !identity_is_elevated())
		progress_start();
	status = subid_status(verb->run(argc, argv));
	progress_end();
	return status;
}

static int subid_run(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : NULL;
	const struct verb *verb = word ? find_verb(word) : NULL;

	if (verb)
		return run_verb(verb, argc - 1, argv + 1);
	if (!word)
		return misuse(NULL);
	if (complete_is_wanted(argc, argv))
		return complete(argc - 2, argv + 2);
	if (is_help(word))
		return help_verb(argc, argv);
	if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0 ||
	    strcmp(word, "version") == 0) {
		help_print_version(&verbs[0]->command);
		return VERB_DONE;
	}
	return misuse(word);
}

/*
 * If the program is installed setuid, only the verbs that write keep the privilege, and
 * they ask PAM. All others run as the caller, who must not see more than without setuid.
 */
static void drop_privileges(const char *word)
{
	const struct verb *verb = word ? find_verb(word) : NULL;

	if (!(verb && verb->writes) && identity_drop())
		_exit(VERB_NOT_PERMITTED);
}

int main(int argc, char **argv)
{
	int status;

	/* First, because edit_start() depends on the remaining privilege. */
	drop_privileges(argc > 1 ? argv[1] : NULL);
	edit_start(VERB_NOT_WRITTEN);
	report_translate();
	status = subid_run(argc, argv);
	if (report_close_stdout(PROGRAM) &&
	    (status == VERB_DONE || status == VERB_FINDINGS || status == VERB_WARNINGS))
		status = VERB_NOT_WRITTEN;
	return status;
}
