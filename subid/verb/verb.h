/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * verb: the interface of the verbs of subid, shared options and exit statuses.
 */
#ifndef SUBID_VERB_H
#define SUBID_VERB_H

#include <limits.h>
#include <stdbool.h>

#include "command/option.h"
#include "libsubid/core/kind.h"
#include "subid/verb/output.h"

#define PROGRAM "subid"

/*
 * Exit statuses of all verbs, see subid(1). Those of pwck(8) mean the same. Functions
 * return them, or results of command/edit.h; subid.c makes an exit status of either.
 */
enum {
	VERB_DONE = 0,
	VERB_USAGE = 1,
	VERB_FINDINGS = 2, /* errors of check; something wrong for doctor; too few ids */
	VERB_UNREADABLE = 3,  /* not everything could be read */
	VERB_LOCKED = 4,      /* a database is locked */
	VERB_NOT_WRITTEN = 5, /* a database, or standard output */
	VERB_NO_USER = 6,     /* there is no such user */
	VERB_NONE = 7,	      /* there is no such range, id or free space for one */
	VERB_BUSY = 8,	      /* a process uses an id to be revoked */
	VERB_NOT_PERMITTED = 9,
	VERB_WARNINGS = 10, /* check: findings, but no errors */
	VERB_POLICY = 20,   /* refused by the overlap policy */
	VERB_SET = 21,	    /* no set that may be applied */
	VERB_ENDED = 63,    /* nothing is left to do, as after --help: exit status 0 */
};

struct verb {
	struct command command;
	/* Returns an exit status. */
	int (*run)(int argc, char **argv);
	bool writes; /* changes databases, or may */
	/* Of its rows. The second is for the rows of another option, whose bool is at
	 * this offset of the verb's struct. */
	const struct output_columns *columns[2];
	size_t other_rows;
};

extern const struct verb verb_list;
extern const struct verb verb_whois;
extern const struct verb verb_map;
extern const struct verb verb_ps;
extern const struct verb verb_files;
extern const struct verb verb_check;
extern const struct verb verb_doctor;
extern const struct verb verb_grant;
extern const struct verb verb_revoke;
extern const struct verb verb_retire;
extern const struct verb verb_release;
extern const struct verb verb_follow;
extern const struct verb verb_rename;
extern const struct verb verb_fix;
extern const struct verb verb_policy;
extern const struct verb verb_export;
extern const struct verb verb_apply;

/* Values of the shared options. */
struct verb_options {
	struct output_format output;
	const char *root; /* the directory of an image; NULL: the running system */
	bool kinds[2];	  /* -u and -g, by kind->group; none means both */
	bool from_zero;
};

/* For the exit statuses in --help. */
#define VERB_EXIT(status) (UINT64_C(1) << (status))
#define VERB_EXITS_READ                                                              \
	(VERB_EXIT(VERB_DONE) | VERB_EXIT(VERB_USAGE) | VERB_EXIT(VERB_UNREADABLE) | \
	 VERB_EXIT(VERB_NOT_WRITTEN))
#define VERB_EXITS_CHANGE \
	(VERB_EXITS_READ | VERB_EXIT(VERB_LOCKED) | VERB_EXIT(VERB_NOT_PERMITTED))
#define VERB_EXITS_WRITE (VERB_EXITS_CHANGE | VERB_EXIT(VERB_NO_USER))

extern const struct help_status verb_statuses[];

/* Rows of options that set them. */
extern const struct option_row verb_kind_rows[];
extern const struct option_row verb_from_zero_rows[];
extern const struct option_row verb_output_rows[];
extern const struct option_row verb_root_rows[];

const char *verb_word(const struct verb *verb);
int verb_parse(const struct verb *verb, int argc, char **argv, void *target);
size_t verb_kinds(const struct verb_options *options,
		  const struct kind *ret_kinds[static 2]);
int verb_misuse(const struct verb *verb);
int verb_fail(int error);
void verb_report_state(const char *root, const char *name, const char *reason);
void verb_print_cure(const char *cure, bool as_root);

/* The system to read: the running one or an image. */
struct verb_place {
	char etc[PATH_MAX]; /* the directory of the databases, passwd and login.defs */
	int directory;	    /* its file descriptor, open until the program ends */
	bool image;	    /* another system: the name service is not asked */
	bool optional;	    /* databases may be missing, as there are other sources */
	struct output_gaps *gaps; /* where to note what could not be read; or NULL */
};

int verb_name_directory(int directory, const char *root, const char *path,
			char ret_path[static PATH_MAX]);
int verb_find_place(const char *root, struct verb_place *ret_place);

#endif
