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
#include "libsubid/core/range.h"
#include "libsubid/sys/child.h"
#include "libsubid/user/account.h"
#include "subid/verb/verb.h"

/* Maximum number of ranges of the user in one database. */
#define DOCTOR_RANGES 4096

struct doctor_side {
	const struct kind *kind;
	char mapper[PATH_MAX]; /* path of the map writer in PATH, or empty */
	bool readable;
	struct range *ranges; /* the user's lines, in the order of the file */
	size_t n;
	struct range_set held; /* the ranges as a set */
};

struct doctor {
	struct verb_options options;
	const char *login;	/* the user to check; NULL: the caller */
	struct account account; /* the account of the user to check */
	struct nss_client asker;
	const char *path; /* PATH */
	struct doctor_side sides[2];
	struct output output;
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

/* Each checks a link. Returns 0, or an exit status that ends the verb. */
int doctor_account(struct doctor *doctor);
int doctor_kernel(struct doctor *doctor);
int doctor_programs(struct doctor *doctor);
int doctor_ranges(struct doctor *doctor);
int doctor_mapping(struct doctor *doctor);
int doctor_storage(struct doctor *doctor);
int doctor_pause(struct doctor *doctor);

int doctor_child_start(struct child *child, bool map_alone, int *ret_error);

/* Handles n bytes of output. */
typedef void (*doctor_take_fn)(void *context, char *text, size_t n);

int doctor_listen(int in, const struct child *child, int stop, int64_t end,
		  doctor_take_fn take, void *context);

#endif
