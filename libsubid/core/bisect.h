/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * bisect: where in an order something begins to hold.
 */
#ifndef SUBID_BISECT_H
#define SUBID_BISECT_H

#include <stddef.h>

/*
 * The first @i below @n for which the expression @holds is true; @n: none. From there on
 * it must be true, and before it false.
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
