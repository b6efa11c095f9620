/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * bisect: binary search.
 */
#ifndef SUBID_BISECT_H
#define SUBID_BISECT_H

#include <stddef.h>

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
