/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cleanup: local variables that free what they own when they go out of scope.
 */
#ifndef SUBID_CLEANUP_H
#define SUBID_CLEANUP_H

#include <stdlib.h>

/* The function takes a pointer to the variable. The variable needs an initial value. */
#define CLEANUP(function) __attribute__((cleanup(function)))

/* Evaluates to an owned pointer and sets the variable to NULL, which so frees nothing. */
#define TAKE_PTR(pointer)                        \
	({                                       \
		__auto_type place_ = &(pointer); \
		__auto_type value_ = *place_;    \
		*place_ = NULL;                  \
		value_;                          \
	})

static inline void cleanup_free(void *pointer)
{
	free(*(void **)pointer);
}

#endif
