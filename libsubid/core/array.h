/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * array: arrays that grow element by element.
 */
#ifndef SUBID_ARRAY_H
#define SUBID_ARRAY_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

/*
 * Makes room for one more element in @array, which has @n elements and room for
 * @allocated. Evaluates to 0, or to -ENOMEM without a change.
 */
#define ARRAY_RESERVE(array, n, allocated)                                              \
	({                                                                              \
		__auto_type array_ = &(array);                                          \
		size_t *allocated_ = &(allocated);                                      \
		bool full_ = (n) == *allocated_;                                        \
		size_t more_ = *allocated_ ? 2 * *allocated_ : 16;                      \
		void *grown_ = full_ ? reallocarray(*array_, more_, sizeof(**array_)) : \
				       *array_;                                         \
		if (grown_ && full_) {                                                  \
			*array_ = grown_;                                               \
			*allocated_ = more_;                                            \
		}                                                                       \
		grown_ ? 0 : -ENOMEM;                                                   \
	})

#endif
