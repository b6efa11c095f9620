/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * model: which maps are allowed, decided id by id with a bitmap, and compared with
 * decide().
 *
 * It knows what each line grants because it makes the lines: nothing is parsed here. It
 * uses no test framework, so that it also runs with 32 bits.
 */
#ifndef TESTS_MODEL_H
#define TESTS_MODEL_H

#include "mapwriter/decide.h"

/* decide(), or the same with a smaller set. */
typedef int (*model_decide_fn)(const struct kind *kind, const struct idmap *map,
			       const struct lookup *lookup, const struct account *account,
			       uint32_t own_id, struct dbfile *file,
			       struct decision *ret_decision);

/* decide.c compiled with DECIDE_RANGES = MODEL_EXTENTS: sets are full most of the time.
 */
int decide_narrow(const struct kind *kind, const struct idmap *map,
		  const struct lookup *lookup, const struct account *account,
		  uint32_t own_id, struct dbfile *file, struct decision *ret_decision);
int decide_granted_narrow(const struct kind *kind, const struct idmap *map,
			  uint32_t own_id, const struct range_set *granted,
			  const struct range_set *denied, struct decision *ret_decision);

/* The most extents that a case has. */
#define MODEL_EXTENTS 4

struct model_options {
	uint64_t seed;
	uint64_t cases;
	/* NULL: request, subtract and decide on range sets, without a file. */
	model_decide_fn decide;
	/* Ids up to 2^32, not from 0 on. */
	bool upper;
	/* Lines with other names of the same uid, see user() in model.c. */
	bool aliases;
	/*
	 * Databases that cut one large extent into many pieces, in any order: the set is
	 * full most of the time, and several passes are the rule.
	 */
	bool crowded;
	/*
	 * A refusal names the first extent that is not allowed and its first id that is
	 * not granted, not any of them.
	 */
	bool places;
};

struct model_result {
	uint64_t granted;
	uint64_t refused;
	uint64_t no_database;
	uint64_t by_alias;    /* granted, and not without the lines of other names */
	char complaint[2048]; /* empty: they agree in every case */
};

void model_run(const struct model_options *options, struct model_result *ret_result);

#endif
