/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * names: a memory for what the name service has answered.
 */
#ifndef SUBID_NAMES_H
#define SUBID_NAMES_H

#include <stdbool.h>
#include <stdint.h>

struct names {
	void *tree; /* of tsearch(3) */
};

struct names_answer {
	const char *name;
	bool exists;
	uint32_t uid;
};

const struct names_answer *names_find(const struct names *names, const char *name);
const struct names_answer *names_put(struct names *names,
				     const struct names_answer *answer);
void names_cleanup(struct names *names);

#endif
