/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * options: the command line of usermod-ext(8).
 */
#ifndef SUBID_USERMOD_OPTIONS_H
#define SUBID_USERMOD_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "command/option.h"
#include "libsubid/core/kind.h"
#include "libsubid/core/range.h"

#define PROGRAM "usermod-ext"

/* Exit statuses, those of usermod(8); EXIT_POLICY is of this program. */
enum {
	EXIT_DONE = 0,
	EXIT_NOT_PERMITTED = 1, /* and: the account databases are locked */
	EXIT_USAGE = 2,		/* and: a database does not exist */
	EXIT_RANGE = 3,
	EXIT_NO_USER = 6,
	EXIT_BUSY = 8,
	EXIT_SUBUID = 16,
	EXIT_SUBGID = 18,
	EXIT_POLICY = 20,
};

/* One -v, -V, -w or -W. */
struct change {
	const struct kind *kind;
	bool add;
	struct range range;
};

struct options {
	struct change *changes; /* in the order of the command line */
	size_t n;
	size_t allocated;
	bool allocate; /* -S */
	bool allow_overlap;
	bool allow_root;
	bool allow_reserved;
	bool create;
	bool dry_run;
	bool json;
	bool verbose;
	const char *root;
	const char *prefix;
	const char *login;
};

enum {
	OPTIONS_RANGE = 1, /* reported already */
};

extern const struct command options_command;

int options_parse(int argc, char **argv, struct options *ret_options);
bool options_touch(const struct options *options, const struct kind *kind);
bool options_add(const struct options *options, const struct kind *kind);
bool options_delete(const struct options *options);
void options_cleanup(struct options *options);

#endif
