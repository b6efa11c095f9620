/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * edit: the steps of every command that changes the databases.
 *
 *	edit_start		before anything else
 *	edit_ignore_sigpipe		ignore signals that a failed write causes
 *	edit_find_directory	find the directory of the databases
 *	edit_find_user		look up the user of the ranges
 *	edit_find_names		find the user's other names, before ids are removed
 *	edit_find_people_names	the same for one or many, before ids are given
 *	edit_begin		check permission, lock and read
 *	edit_confirm_names	find names in lines that were added meanwhile
 *	...			changes in memory, over edit->db
 *	edit_finish		write the changes; release the locks
 *	edit_record		log the change, without the locks
 *	edit_show		show what has changed, or would with --dry-run
 *	edit_cleanup		in any case
 *
 * These functions report what fails. They return 0, -errno, or a result of
 * libsubid/store/db.h or of this file. Then db.failed is the database it is about; each
 * program has one function that makes an exit status of both.
 */
#ifndef SUBID_EDIT_H
#define SUBID_EDIT_H

#include <limits.h>
#include <stdbool.h>

#include "command/interrupt.h"
#include "helper/nss-client.h"
#include "libsubid/store/allocate.h"
#include "libsubid/store/db.h"
#include "libsubid/sys/settings.h"
#include "message/json.h"

/* Bytes of one line for the logs; a longer one is truncated. */
#define EDIT_TEXT_BYTES 512

/* What a command does to lines, see edit_show_lines(). */
enum edit_change {
	EDIT_REMOVES, /* they go, become shorter or are split, and others are appended */
	EDIT_GRANTS,  /* they stay or become longer, and others are appended */
	EDIT_RENAMES, /* they stay, with new owners */
	/* they become one or more lines, of retired ids or of the rest, or get a new
	 * owner */
	EDIT_RETIRES,
	EDIT_MERGES, /* they lose what the new owner has, and stay with that owner */
};

/* How edit_show() shows a change. */
enum edit_form {
	EDIT_SILENT,
	EDIT_LINES, /* the lines that go and come */
	EDIT_JSON,  /* the ranges of each user, before and after */
};

/* The texts of both databases. */
struct edit_texts {
	bool changed[2];
	struct table old[2]; /* empty if it did not change */
	struct table now[2];
};

struct edit {
	const char *program;	 /* its name in messages */
	const char *root;	 /* NULL, or the root of an image */
	const char *prefix;	 /* the same, without .pwd.lock as in shadow's tools */
	bool create;		 /* make a database that does not exist */
	bool if_there;		 /* skip one that does not exist */
	bool dry_run;		 /* change nothing */
	bool records_owners;	 /* the command does it itself, see known-owners.h */
	bool by_login;		 /* PAM is asking: it is not asked who may do this */
	enum edit_form form;	 /* what edit_show() shows */
	enum edit_change change; /* what it does */

	char directory[PATH_MAX];      /* the directory of the databases, */
	int etc;		       /* and its descriptor */
	struct helper asker;	       /* the child that asks the name service, */
	struct name_service service;   /* and how to call it */
	struct lookup lookup;	       /* where users are looked up */
	struct unknown_owners unknown; /* owners that the child was asked about */
	bool unnamed; /* it did not answer about owners; reported with an allocation */
	enum db_place place;
	bool kinds[2]; /* the databases that the command is about */
	struct db db;
	struct edit_texts texts;    /* after edit_finish() */
	struct interrupt interrupt; /* signals are blocked from edit_begin() on */

	/* Called after a commit, with the lock of all databases; NULL: nothing is. */
	void (*committed)(void *context);
	void *committed_context;
	/* Prints further keys of the JSON document; NULL: there are none. */
	void (*print_more)(struct json *json, void *context);
	void *more_context;
};

enum {
	EDIT_NOT_PERMITTED = DB_RESULTS, /* or the permission could not be checked */
	EDIT_NO_DIRECTORY,		 /* the directory of the databases is missing */
	EDIT_UNREADABLE,		 /* a file or /proc cannot be read */
	EDIT_NO_USER,			 /* the user does not exist */
	EDIT_UNKNOWN_USER,		 /* it is not known which user a name means */
	EDIT_IN_USE,			 /* a process uses the ids */
	EDIT_NOT_WRITTEN,		 /* the commit failed */
	EDIT_RESULTS,
};

#define EDIT(name)                                                                    \
	{                                                                             \
		.program = (name), .etc = -1, .asker = HELPER_PATIENT, .db = DB_NONE, \
		.interrupt = INTERRUPT_NONE                                           \
	}

void edit_start(int status);
void edit_ignore_sigpipe(void);
int edit_find_directory(struct edit *edit);
int edit_fail_user(const struct edit *edit, const char *login, int r);
int edit_find_user(struct edit *edit, const char *login, struct owner *ret_owner);
int edit_find_owner(struct edit *edit, const char *name, struct owner *ret_owner);
int edit_find_line_owner(struct edit *edit, const char *name, struct owner *ret_owner);
int edit_find_names(struct edit *edit, const struct kind *kind,
		    const struct range *ranges, size_t n, struct owner *owner);
int edit_find_owners(struct edit *edit, const struct kind *kind);
size_t edit_report_silent(const struct edit *edit, const struct kind *kind,
			  struct range range, const struct owner *owner);
int edit_find_people_names(struct edit *edit, const struct kind *kind, struct range range,
			   struct owner_set *people);
int edit_find_missing_names(struct edit *edit, const struct kind *kind,
			    struct owner_set *people);
int edit_is_missing(struct edit *edit, const struct kind *kind,
		    const struct owner_set *people, bool *ret_missing);
int edit_confirm_names(struct edit *edit, const struct kind *kind, struct range range,
		       struct owner *owner, size_t *ret_silent);
int edit_begin(struct edit *edit, const bool kinds[static 2]);
int edit_read_settings(struct edit *edit, struct settings *ret_settings);
int edit_names_by_id(struct edit *edit, bool *ret_by_id);
int edit_check_busy(struct edit *edit, struct owner *owner);
int edit_report_allocation(struct edit *edit, const struct allocate *allocate, int r);
int edit_tell_error(const struct edit *edit, int r);
int edit_tell_unread(struct edit *edit, const struct kind *kind, int r);
bool edit_changed(const struct edit *edit);
int edit_finish(struct edit *edit, int r, bool *ret_record);
void edit_cleanup(struct edit *edit);
void edit_log(const char *program, const char *account, const char *text, bool done);

/* Describes what user @i was given. Returns the account, NULL if nothing was given. */
typedef const char *(*edit_describe_fn)(size_t i, char text[static EDIT_TEXT_BYTES],
					const void *context);

void edit_record_each(const struct edit *edit, const char *text, size_t n,
		      edit_describe_fn describe, const void *context);
void edit_record(const struct edit *edit, const char *account, const char *text,
		 bool done);

/*
 * What a command would change, or has changed.
 */

/* Returns a word for why the ranges of user @i changed, or did not. */
typedef const char *(*edit_reason_fn)(size_t i, bool changed, const void *context);

/* The words of edit_reason(), which are the same for all users. */
struct edit_reasons {
	const char *changed;
	const char *unchanged;
};

const char *edit_reason(size_t i, bool changed, const void *reasons);

void edit_show_line(char sign, const char *directory, const struct kind *kind,
		    const char *text, size_t len);
void edit_show_lines(const struct edit_texts *texts, const char *directory,
		     enum edit_change change);
int edit_json_users(struct json *json, const struct edit_texts *texts,
		    const bool kinds[static 2], const struct owner_set *people,
		    edit_reason_fn reason, const void *context);
int edit_show_json(const struct edit *edit, const struct owner_set *people,
		   edit_reason_fn reason, const void *context);
int edit_show(const struct edit *edit, const struct owner_set *people,
	      edit_reason_fn reason, const void *context);
void edit_texts_cleanup(struct edit_texts *texts);

/*
 * Messages about failures.
 */

void edit_report_db_error(const char *program, const struct db *db, const char *directory,
			  bool writing, int r);
void edit_report_conflicts(const char *program, const struct allocate *allocate,
			   const char *directory, const char *root);

/* Returns the root directory of the image that is changed; NULL: this system. */
static inline const char *edit_image(const struct edit *edit)
{
	return edit->root ? edit->root : edit->prefix;
}

#endif
