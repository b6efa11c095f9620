/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * check: shared by the source files of `subid check`.
 */
#ifndef SUBID_CHECK_H
#define SUBID_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "command/edit.h"
#include "explain/busy.h"
#include "explain/causes.h"
#include "explain/cure.h"
#include "libsubid/core/kind.h"
#include "libsubid/core/range.h"
#include "libsubid/core/table.h"
#include "libsubid/findings/findings.h"
#include "libsubid/sys/nsswitch.h"
#include "libsubid/user/owner-set.h"
#include "libsubid/user/passwd-file.h"
#include "subid/verb/former.h"
#include "subid/verb/site.h"
#include "subid/verb/verb.h"

#define CHECK_PATH_BYTES (PATH_MAX + 64)
/* Findings of one kind that are shown without --all. */
#define CHECK_MAX 1000
/* An owner of any length, plus room for a byte written as `\xNN`. */
#define CHECK_NAME_BYTES (LIMIT_OWNER_BYTES + 5)

/* Findings about files and programs; see enum finding_code for those in lines. */
enum check_code {
	CHECK_FILE_SYMLINK,
	CHECK_FILE_NOT_REGULAR,
	CHECK_FILE_HUGE,
	CHECK_FILE_WRITABLE,
	CHECK_FILE_FOREIGN,
	CHECK_FILE_GROUP_WRITABLE,
	CHECK_FILE_UNREADABLE,
	CHECK_BACKUP_LINKED,
	CHECK_BACKUP_WRITABLE,
	CHECK_LOCK_LEFT,
	CHECK_TEMPORARY_LEFT,
	CHECK_MAPPER_MISSING,
	CHECK_MAPPER_NO_PRIVILEGE,
	CHECK_MAPPER_NOSUID,
	CHECK_MAPPER_WRITABLE,
	CHECK_HELPER_UNUSABLE,
	CHECK_COMMENT,
	CHECK_NSSWITCH_KEY,
	CHECK_NSSWITCH_PLUGIN,
	CHECK_NOT_AS_ASSIGNED,
	CHECK_CODES,
};

/* A finding with its texts. */
struct problem {
	enum finding_severity severity;
	const char *code;
	const struct kind *kind;
	const char *path;
	char *own_path; /* to be freed, or NULL */
	uint64_t line;	/* 0: the file as a whole */
	uint64_t other_line;
	struct range ids; /* end 0: none */
	char owner[CHECK_NAME_BYTES];
	char other[CHECK_NAME_BYTES];
	struct cause cause; /* what is wrong, and what fixes it */
	bool fixed;
};

/* The place of repairs among the numbers of findings, of which no severity is 0. */
#define CHECK_FIXED 0

/* Ids that one command removes. */
#define CHECK_RANGES 32

/* The ids of one kind that processes use, between the first and the last of a line. */
struct check_use {
	bool known;
	struct busy_process *items; /* one for each id, by id */
	size_t n;
	size_t allocated;
};

struct check_side {
	const struct kind *kind;
	char path[CHECK_PATH_BYTES];
	bool readable; /* the table is loaded */
	struct table table;
};

struct check {
	struct verb_options options;
	struct verb_place place;
	struct site site; /* the policy */
	struct former former;
	bool fix;
	bool verbose;
	bool before_switch; /* report only what check_switch() finds */
	/* before_switch: why a database is refused as a whole; no code: it is not */
	struct problem refused[2];
	/* before_switch: findings about lines, in their order; else those about files and
	 * programs, which check_print_findings() prints */
	struct problem *noted;
	size_t n_noted;
	size_t allocated_noted;
	bool all;		      /* show all findings */
	char prefix[CURE_ROOT_BYTES]; /* "-R DIR ", quoted, for commands; or empty */
	struct check_side sides[2];
	struct range_set taken[2]; /* see check_find_taken() */
	/* Local accounts, and then also those of the name service. primary, spellings and
	 * unknown are as in struct findings_question. */
	struct accounts users;
	struct accounts groups;
	size_t n_local; /* users of the local file; they come first */
	struct accounts primary;
	struct accounts spellings;
	struct accounts unknown;
	struct accounts renamed;  /* owners without account: the uid that they have now */
	struct accounts by_home;  /* those of them that only a home directory shows */
	struct accounts misspelt; /* those of them that only the same ids show */
	struct range spans[2];	  /* from the first to the last id of each database */
	struct check_use use[2];
	size_t searched;       /* bytes of lines, for other lines of owners */
	size_t compared;       /* bytes of lines, for ids of malformed lines */
	struct range_set kept; /* what the line of an overlap keeps */
	bool reserved;	       /* ids that systemd uses are findings */
	bool scarce;	       /* a user namespace with few ids */
	struct output output;
	struct findings findings; /* about lines */
	uint64_t printed_line;	  /* findings before this line have been printed */
	bool table;		  /* print rows, not sentences */
	bool quiet;		  /* print no findings */
	/* Which findings are shown: of this severity or worse, of these codes, separated
	 * by commas, and of these owners; NULL and 0: all. */
	const char *severity_word;
	enum finding_severity severity;
	const char *codes;
	char **owners;
	size_t n_owners;
	uint64_t counts[FINDING_ERROR + 1]; /* of findings, by severity; CHECK_FIXED */
	bool silent;			    /* the name service did not answer */
	bool unreadable;
	int failed;		   /* the result of the repair, if it failed */
	bool fixed;		   /* the repair has changed something */
	struct edit_texts texts;   /* before and after the repair */
	struct owner_set repaired; /* owners of the lines that it changed */
};

/* Lines of one database that are replaced. */
struct check_edits {
	struct table_change *changes;
	size_t n;
	size_t allocated;
	struct table lines; /* the new lines, one after the other */
};

void check_edits_cleanup(struct check_edits *edits);
int check_make_edits(const struct table *table, const struct finding *list, size_t n,
		     struct check_edits *edits);

struct problem problem_of(enum check_code code, const struct kind *kind,
			  const char *path);
void problem_command(struct problem *problem, const char *command);
void problem_copy_name(const char *name, size_t len, char out[static CHECK_NAME_BYTES]);
int check_start_rows(struct check *check);
int check_end_rows(struct check *check, int status);
int check_report(struct check *check, const struct problem *problem);
int check_print(struct check *check, const struct problem *problem);
int check_print_findings(struct check *check);
int check_print_summary(const struct check *check);
int check_note_lines(struct check *check);
const char *check_code_word(const struct command *command, size_t i);
const char *check_severity_word(const struct command *command, size_t i);
bool check_read_filter(struct check *check, const struct command *command,
		       option_word_fn code);
int check_find_owners(struct check *check);
bool check_wants(const struct check *check, const char *code,
		 enum finding_severity severity);
bool check_wants_finding(struct check *check, const struct finding *finding);
bool check_wants_problem(struct check *check, const struct problem *problem);

int check_lines(struct check *check);
int check_policy(struct check *check);
bool check_is_declared(const struct check *check, const struct finding *finding);
int check_switch(struct check *check);
int check_ask_service(struct check *check, const struct findings *findings);
int check_ask_ids(struct check *check, const struct nsswitch *nsswitch, int *ret_failed);
int check_find_primary(struct check *check, struct range span);
int check_find_taken(struct check *check, const struct findings *findings);
int check_files(struct check *check);
int check_mappers(struct check *check);
int check_leftovers(struct check *check);
int check_nsswitch(struct check *check);
int check_report_leftover(struct check *check, const struct kind *kind, const char *name,
			  bool is_lock, bool fixed);
int check_repair(struct check *check);
int check_add_repaired(struct check *check, const struct finding *finding);
void check_print_repair(struct json *json, void *context);
void check_describe_owner(struct check *check, const struct finding *finding,
			  struct problem *problem);
void check_describe_malformed(struct check *check, const struct finding *finding,
			      struct problem *problem);
void check_describe(struct check *check, const struct finding *finding,
		    struct problem *problem);

int check_find_renamed(struct check *check, const struct findings *findings);
const struct accounts_item *check_renamed(const struct check *check, const char *owner);
const char *check_misspelt(const struct check *check, const char *owner);
const char *check_login(const struct check *check, const char *owner);
bool check_quote_login(const struct check *check, const char *owner,
		       char out[static CURE_QUOTED_BYTES]);
const struct busy_process *check_find_process(struct check *check,
					      const struct kind *kind, const char *owner,
					      const struct range_set *ids);
bool check_is_any_used(struct check *check, const struct kind *kind);
void check_add_process(struct problem *problem, const struct busy_process *process);
void check_cure_by_revoke(struct check *check, struct problem *problem,
			  const struct range_set *ids);
bool check_is_refused(const struct check *check, const struct finding *finding,
		      struct range range, const char *login);
struct cure_line check_cure_line(const struct check *check,
				 const struct finding *finding);
void check_cure_by_fix(const struct check *check, const struct finding *finding,
		       struct problem *problem, const char *options);

extern const struct output_columns check_columns;

#endif
