/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * doctor: shared by the source files of `subid doctor`. Each check is a link of a chain.
 */
#ifndef SUBID_DOCTOR_H
#define SUBID_DOCTOR_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "explain/causes.h"
#include "explain/facts.h"
#include "helper/nss-client.h"
#include "libsubid/core/accounts.h"
#include "libsubid/core/range.h"
#include "libsubid/store/db.h"
#include "libsubid/sys/child.h"
#include "libsubid/user/account.h"
#include "libsubid/user/owner.h"
#include "subid/verb/free-range.h"
#include "subid/verb/verb.h"

/* Maximum number of ranges of the user in one database. */
#define DOCTOR_RANGES 4096

struct doctor_side {
	const struct kind *kind;
	char mapper[PATH_MAX]; /* path of the map writer in PATH, or empty */
	bool readable;
	struct range *ranges; /* the user's lines, in the order of the file */
	size_t n;
	size_t allocated;
	struct range_set held; /* the ranges as a set */
	struct idmap map;      /* that was written for doctor->mapped; n 0: none */
};

/* A process in a new user namespace. */
struct doctor_child {
	struct child child;
	int socket; /* -1: not started */
};

#define DOCTOR_CHILD_NONE    \
	{                    \
		.socket = -1 \
	}

/* The page of --report. */
struct doctor_page {
	bool wanted;
	struct db db;	    /* both databases, unless they cannot be read */
	struct owner owner; /* local names of the user */
	/* Names of other users; `gid` is the number of the name in the page, or 0. */
	struct accounts others;
	bool odd_names;	  /* some have characters that words do not have */
	uint32_t n_shown; /* numbers in the page */
};

struct doctor {
	struct verb_options options;
	const char *login;	/* the user to check; NULL: the caller */
	struct account account; /* the account of the user to check */
	struct helper asker;
	const char *path; /* PATH */
	struct doctor_side sides[2];
	struct doctor_child mapped; /* its namespace has the maps of the sides */
	struct output output;
	bool kubelet;  /* --for kubelet */
	uint64_t pods; /* that it may have; 0: not --for kubelet */
	struct doctor_page page;
	bool table;   /* print rows, not sentences */
	bool broken;  /* a link is broken */
	bool unknown; /* the state of a link is unknown */
};

int doctor_run_as(struct doctor *doctor, const struct account *account);

struct facts doctor_facts(const struct doctor *doctor, const struct kind *kind,
			  const struct facts_host *host, enum facts_step step, int error);
int doctor_start_rows(struct doctor *doctor);
int doctor_report_good(struct doctor *doctor, const char *link, const struct kind *kind,
		       const char *format, ...) __attribute__((format(printf, 4, 5)));
int doctor_report_bad(struct doctor *doctor, const char *link, const struct facts *facts);
int doctor_report_warning(struct doctor *doctor, const char *link,
			  const struct facts *facts);
int doctor_report_words(struct doctor *doctor, const char *link, const struct kind *kind,
			const char *evidence);
int doctor_report_unknown(struct doctor *doctor, const char *link,
			  const struct kind *kind, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

int doctor_report_silence(struct doctor *doctor, const struct doctor_side *side);

/*
 * Judges the ranges, which have been read; @silent: the name service did not answer.
 * Returns 0 or an exit status.
 */
typedef int (*doctor_judge_fn)(struct doctor *doctor, bool silent);

/* Each checks a link. Returns 0, or an exit status that ends the verb. */
int doctor_proc(struct doctor *doctor);
int doctor_account(struct doctor *doctor);
int doctor_kernel(struct doctor *doctor);
int doctor_programs(struct doctor *doctor);
int doctor_helper(struct doctor *doctor);
int doctor_ranges(struct doctor *doctor, doctor_judge_fn judge_as);
int doctor_shared(struct doctor *doctor, const struct owner *owner, int directory);
int doctor_renamed(struct doctor *doctor, const struct owner *owner, int directory,
		   bool ret_lines[static 2]);
uint64_t doctor_find_odd(struct doctor *doctor, const struct kind *kind, int directory,
			 char ret_text[static CURE_WORD_BYTES + 1]);
int doctor_mapping(struct doctor *doctor);
int doctor_files(struct doctor *doctor, const char *storage, bool *ret_reported);
int doctor_storage(struct doctor *doctor);
int doctor_pause(struct doctor *doctor);
int doctor_auto(struct doctor *doctor);
void doctor_find_former(struct doctor *doctor, const struct kind *kind,
			struct facts_host *host);
int doctor_kubelet(struct doctor *doctor);
bool doctor_ask_program(const struct doctor *doctor, const char *const *words,
			int64_t end, char *out, size_t size);
bool doctor_find_program(const char *path, const char *name, char out[static PATH_MAX]);

int doctor_find_free(struct doctor *doctor, const struct free_range_wish *wish,
		     struct range *ret_range);

int doctor_page_begin(struct doctor *doctor);
int doctor_page_end(struct doctor *doctor);
void doctor_page_cleanup(struct doctor_page *page);
int doctor_find_others(struct doctor_page *page, uint64_t uid_min);
void doctor_hide(struct doctor_page *page, const char *text, char *out, size_t size);

int doctor_child_start(struct doctor_child *child, bool map_alone, int *ret_error);
int doctor_child_try(const struct doctor_child *child, const char *directory,
		     const struct kind *kind, uint32_t id, int *ret_error);
void doctor_child_end(struct doctor_child *child);

/* Handles n bytes of output. */
typedef void (*doctor_take_fn)(void *context, char *text, size_t n);

int doctor_listen(int in, const struct child *child, int stop, int64_t end,
		  doctor_take_fn take, void *context);

extern const struct output_columns doctor_columns;

#endif
