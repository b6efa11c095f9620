// SPDX-License-Identifier: BSD-3-Clause
/*
 * target: the input is the first argument.
 */
#include "mapwriter/target.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *argument = malloc(size + 1), again[32];
	struct target target, before;
	int r;

	FUZZ_ASSERT(argument);
	if (size > 0)
		memcpy(argument, data, size);
	argument[size] = '\0';

	memset(&target, 0x5e, sizeof(target));
	before = target;
	r = target_parse(argument, &target);
	FUZZ_ASSERT(r == 0 || r == TARGET_MALFORMED);
	if (r) {
		FUZZ_ASSERT(memcmp(&target, &before, sizeof(target)) == 0);
	} else {
		/* The target, written back, is the argument. */
		FUZZ_ASSERT(target.borrowed ? target.fd >= 0 && target.pid == 0 :
					      target.fd == -1 && target.pid >= 0);
		snprintf(again, sizeof(again), target.borrowed ? "fd:%d" : "%d",
			 target.borrowed ? target.fd : target.pid);
		FUZZ_ASSERT(strcmp(again, argument) == 0);
		FUZZ_ASSERT(strcmp(target.name, argument) == 0);
	}
	free(argument);
	return 0;
}
