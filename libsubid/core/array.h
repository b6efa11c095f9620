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
 * Makes room for @need elements in @array, which has room for @allocated. Evaluates to 0,
 * or to -ENOMEM without a change.
 */
#define ARRAY_RESERVE_ALL(array, need, allocated)                                       \
	({                                                                              \
		__auto_type array_ = &(array);                                          \
		size_t *allocated_ = &(allocated);                                      \
		size_t need_ = (need);                                                  \
		bool full_ = need_ > *allocated_;                                       \
		size_t twice_ = *allocated_ ? 2 * *allocated_ : 16;                     \
		size_t more_ = twice_ > need_ ? twice_ : need_;                         \
		void *grown_ = full_ ? reallocarray(*array_, more_, sizeof(**array_)) : \
				       *array_;                                         \
		if (grown_ && full_) {                                                  \
			*array_ = grown_;                                               \
			*allocated_ = more_;                                            \
		}                                                                       \
		grown_ ? 0 : -ENOMEM;                                                   \
	})

/* Makes room for one more element in @array, which has @n. As ARRAY_RESERVE_ALL(). */
#define ARRAY_RESERVE(array, n, allocated) ARRAY_RESERVE_ALL(array, (n) + 1, allocated)

/*
 * Binary search.
 */

/*
 * Finds the first @i below @n for which the expression @holds is true; @n if there is
 * none. The expression must be false before this @i and true from it on.
 */
/* NOLINTBEGIN(bugprone-macro-parentheses): @i is a name */
#define BISECT(n, i, holds)                                   \
	({                                                    \
		size_t low_ = 0, high_ = (n);                 \
		while (low_ < high_) {                        \
			size_t i = low_ + (high_ - low_) / 2; \
			if (holds)                            \
				high_ = i;                    \
			else                                  \
				low_ = i + 1;                 \
		}                                             \
		low_;                                         \
	})
/* NOLINTEND(bugprone-macro-parentheses) */

#endif
