// SPDX-License-Identifier: BSD-3-Clause
/*
 * The authorisation against a brute-force model, on millions of random small cases.
 *
 * SUBID_TEST_SEED makes other cases, SUBID_MODEL_CASES makes more or fewer.
 */
#include "tests/unit/model.h"
#include "tests/unit/rng.h"
#include "tests/unit/unit.h"

static void run(struct model_options options)
{
	struct model_result result;

	options.seed = rng_seed() + options.upper * 2U + options.aliases;
	options.cases = rng_setting("SUBID_MODEL_CASES", 250000);
	model_run(&options, &result);
	cr_assert(result.complaint[0] == '\0', "%s", result.complaint);
	/* Both results must occur often, or the cases prove little. */
	cr_assert(result.granted + result.refused + result.no_database == options.cases);
	cr_assert(result.granted > options.cases / 5 &&
			  result.refused > options.cases / 5,
		  "%" PRIu64 " granted, %" PRIu64 " refused", result.granted,
		  result.refused);
	if (options.decide)
		cr_assert(result.no_database > options.cases / 100);
	if (options.aliases)
		cr_assert(result.by_alias > options.cases / 50, "%" PRIu64 " by aliases",
			  result.by_alias);
}

Test(model, sets)
{
	run((struct model_options){ 0 });
}

Test(model, sets_upper)
{
	run((struct model_options){ .upper = true, .aliases = true });
}

Test(model, file)
{
	run((struct model_options){ .decide = decide, .places = true });
}

Test(model, file_upper)
{
	run((struct model_options){ .decide = decide, .places = true, .upper = true });
}

Test(model, aliases)
{
	run((struct model_options){ .decide = decide, .aliases = true });
}

Test(model, aliases_upper)
{
	run((struct model_options){ .decide = decide, .aliases = true, .upper = true });
}

/* If names have to be looked up, a refusal still names the extent that is not allowed. */
Test(model, aliases_places)
{
	run((struct model_options){ .decide = decide, .aliases = true, .places = true });
}

Test(model, narrow)
{
	run((struct model_options){ .decide = decide_narrow });
}

Test(model, narrow_upper)
{
	run((struct model_options){ .decide = decide_narrow, .upper = true });
}

Test(model, narrow_crowded)
{
	run((struct model_options){ .decide = decide_narrow, .crowded = true });
}

Test(model, narrow_aliases)
{
	run((struct model_options){ .decide = decide_narrow, .aliases = true });
}
