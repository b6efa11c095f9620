// SPDX-License-Identifier: BSD-3-Clause
/*
 * complete: prints the words that can take the place of the last word of a command line.
 * The completions of bash, zsh and fish call `PROGRAM --complete WORD...` and read lines:
 *
 *	WORD<tab>TEXT	a word, and what it means, which may be empty
 *	:files		also names of files
 *	:directories	also names of directories
 *	:part		no space follows a word, as another part may
 *
 * MUST: a word with a character that is special to a shell is not offered: the owner of a
 * line may be `$(reboot)`. The name service is not asked: it may be slow.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command/complete.h"
#include "command/known-users.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/sys/fd.h"
#include "message/i18n.h"

#define PLAIN                                                            \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789" \
	"._@+-"

struct completion {
	const struct command *command;
	const char *user;   /* the first argument before the word; NULL: none */
	size_t n_arguments; /* before the word */
	const char *before; /* the part of the word that stays, as `--for=` */
	size_t before_len;
	const char *start; /* what words begin with */
};

/* Whether the program was called for a completion. */
bool complete_is_wanted(int argc, char *const *argv)
{
	return argc > 2 && strcmp(argv[1], COMPLETE_OPTION) == 0;
}

static void offer(const struct completion *completion, const char *word, size_t len,
		  const char *text)
{
	size_t n = strlen(completion->start);

	if (len < n || strncmp(word, completion->start, n) != 0)
		return;
	printf("%.*s%.*s\t%s\n", (int)completion->before_len, completion->before,
	       (int)len, word, text);
}

static void offer_name(void *context, const char *name, size_t len)
{
	if (len > 0 && *name != '-' && strspn(name, PLAIN) >= len)
		offer(context, name, len, "");
}

static void offer_owner(void *context, const struct entry *entry)
{
	offer_name(context, entry->owner, entry->owner_len);
}

/* The range of a line, if it is that of the user on the command line or there is none. */
static void offer_range(void *context, const struct entry *entry)
{
	const struct completion *completion = context;
	const char *user = completion->user;
	char text[sizeof("4294967295-4294967295")];
	int n;

	if (user && (strlen(user) != entry->owner_len ||
		     memcmp(user, entry->owner, entry->owner_len) != 0))
		return;
	n = snprintf(text, sizeof(text), "%u-%u", (unsigned int)entry->range.start,
		     (unsigned int)(entry->range.end - 1));
	if (n > 0)
		offer(completion, text, (size_t)n, "");
}

/* Words of which several may stand in a list: those after the last comma. */
static void begin_list(struct completion *completion)
{
	const char *comma = strrchr(completion->start, ',');
	const char *start = comma ? comma + 1 : completion->start;

	if (!comma && *start == '+')
		start++;
	completion->before_len += (size_t)(start - completion->start);
	completion->start = start;
	puts(":part");
}

/* What the files of this system have. */
static void offer_known(struct completion *completion, unsigned int kinds)
{
	CLEANUP(fd_cleanup)
	int directory = open(SYSCONFDIR, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (kinds & COMPLETE_USERS)
		known_accounts_each(directory, &kind_uid, offer_name, completion);
	if (kinds & COMPLETE_GROUPS)
		known_accounts_each(directory, &kind_gid, offer_name, completion);
	for (size_t k = 0; k < 2; k++) {
		if (kinds & COMPLETE_OWNERS)
			known_lines_each(directory, kind_all[k], offer_owner, completion);
		if (kinds & COMPLETE_RANGES)
			known_lines_each(directory, kind_all[k], offer_range, completion);
	}
}

static void offer_all(struct completion *completion, unsigned int kinds,
		      option_word_fn word)
{
	const char *found;

	if (kinds & COMPLETE_FILES)
		puts(":files");
	if (kinds & COMPLETE_DIRECTORIES)
		puts(":directories");
	if (kinds & COMPLETE_LIST)
		begin_list(completion);
	for (size_t i = 0; word && (found = word(completion->command, i)); i++)
		offer(completion, found, strlen(found), "");
	offer_known(completion, kinds);
}

static void offer_options(const struct completion *completion)
{
	const struct option_row *row;
	size_t base;

	for (size_t i = 0; (row = option_get(completion->command, i, &base)); i++) {
		char word[64];
		int n = *row->name ? snprintf(word, sizeof(word), "--%s", row->name) :
				     snprintf(word, sizeof(word), "-%c", row->letter);

		if (n > 0 && (size_t)n < sizeof(word))
			offer(completion, word, (size_t)n, _(row->text));
	}
}

/* Finds the option that a word names; *ret_len: of its name with the dashes. */
static const struct option_row *find_option(const struct command *command,
					    const char *word, size_t *ret_len)
{
	const struct option_row *row;
	size_t base, len = strcspn(word, "=");

	*ret_len = len;
	for (size_t i = 0; (row = option_get(command, i, &base)); i++) {
		if (len > 2 && word[1] == '-' && strlen(row->name) == len - 2 &&
		    memcmp(row->name, word + 2, len - 2) == 0)
			return row;
		/* Flags may precede the last letter, as in -nro. */
		if (word[1] != '-' && row->letter &&
		    word[strlen(word) - 1] == row->letter)
			return row;
	}
	return NULL;
}

/* Reads the words before the last; returns the option whose argument the last one is. */
static const struct option_row *skip_words(struct completion *completion, int n,
					   char *const *words, bool *ret_options)
{
	*ret_options = true;
	for (int i = 0; i < n; i++) {
		const struct option_row *row = NULL;
		size_t len;

		if (*ret_options && strcmp(words[i], "--") == 0) {
			*ret_options = false;
			continue;
		}
		if (!*ret_options || words[i][0] != '-' || words[i][1] == '\0') {
			if (completion->n_arguments++ == 0)
				completion->user = words[i];
			continue;
		}
		row = find_option(completion->command, words[i], &len);
		if (row && row->argument && words[i][len] != '=' && ++i == n)
			return row;
	}
	return NULL;
}

/* Prints what can take the place of the last of @n words after the command. */
void complete_print(const struct command *command, int n, char *const *words)
{
	const char *last = n > 0 ? words[n - 1] : "";
	struct completion completion = { command, .before = last, .start = last };
	bool options;
	size_t len = 0;
	const struct option_row *row =
		skip_words(&completion, n > 0 ? n - 1 : 0, words, &options);

	if (!row && options && last[0] == '-' && last[1] == '-' && strchr(last, '=')) {
		row = find_option(command, last, &len);
		completion.before_len = len + 1;
		completion.start = last + len + 1;
		if (!row || !row->argument)
			return;
	}
	if (row)
		offer_all(&completion, row->completes, row->word);
	else if (options && *last == '-')
		offer_options(&completion);
	else
		offer_all(&completion, command->arguments[completion.n_arguments > 0],
			  NULL);
}

/* Prints those of some words that begin with @start. */
void complete_print_words(const struct help_row *rows, size_t n, const char *start)
{
	const struct completion completion = { .before = "", .start = start };

	for (size_t i = 0; i < n; i++)
		offer(&completion, rows[i].term, strlen(rows[i].term), rows[i].text);
}
