/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * criterion-small: the part of Criterion that the unit tests use, for machines that have
 * no Criterion. The same test sources compile with both; configure chooses
 * (--with-criterion). A test runs in a process of its own with a time limit.
 * criterion-small.c has main().
 *
 * As with Criterion: .init and .fini of the suite and of the test run around each test; a
 * failed cr_assert ends the test, and .fini still runs; after a failed cr_expect the test
 * continues; a skipped test ends at once.
 */
#ifndef TESTS_UNIT_CRITERION_SMALL_H
#define TESTS_UNIT_CRITERION_SMALL_H

#include <stdbool.h>
#include <stdnoreturn.h>
#include <string.h>

struct small_options {
	void (*init)(void), (*fini)(void);
	double timeout; /* seconds; 0: SMALL_SECONDS */
};

struct small_suite {
	const char *name;
	struct small_options options;
	struct small_suite *next;
};

struct small_test {
	const char *suite, *name, *file;
	int line;
	void (*body)(void);
	struct small_options options;
	struct small_test *next;
};

#define SMALL_SECONDS 1500

/* In the order of the calls, which is that of the source. */
void small_add_suite(struct small_suite *suite);
void small_add_test(struct small_test *test);

void small_passed(void);
__attribute__((format(printf, 4, 5))) void
small_failed(const char *file, int line, const char *expression, const char *format, ...);
noreturn void small_abort(void);
__attribute__((format(printf, 1, 2))) noreturn void small_skip(const char *format, ...);

/* A constructor adds the tests of its source before main() reads the lists. */
#define TestSuite(suite_, ...)                                                           \
	static struct small_suite small_suite_##suite_ = { .name = #suite_,              \
							   .options = { __VA_ARGS__ } }; \
	__attribute__((constructor)) static void small_add_suite_##suite_(void)          \
	{                                                                                \
		small_add_suite(&small_suite_##suite_);                                  \
	}                                                                                \
	struct small_suite

#define Test(suite_, name_, ...)                                                         \
	static void small_body_##suite_##_##name_(void);                                 \
	static struct small_test small_test_##suite_##_##name_ = {                       \
		.suite = #suite_,                                                        \
		.name = #name_,                                                          \
		.file = __FILE__,                                                        \
		.line = __LINE__,                                                        \
		.body = small_body_##suite_##_##name_,                                   \
		.options = { __VA_ARGS__ },                                              \
	};                                                                               \
	__attribute__((constructor)) static void small_add_test_##suite_##_##name_(void) \
	{                                                                                \
		small_add_test(&small_test_##suite_##_##name_);                          \
	}                                                                                \
	static void small_body_##suite_##_##name_(void)

/* The message begins with a space, since a format must not be empty. */
#define SMALL_CHECK(end_, passed_, expression_, ...)                                    \
	do {                                                                            \
		if (passed_) {                                                          \
			small_passed();                                                 \
		} else {                                                                \
			small_failed(__FILE__, __LINE__, expression_, " " __VA_ARGS__); \
			end_;                                                           \
		}                                                                       \
	} while (0)
#define SMALL_ASSERT(...) SMALL_CHECK(small_abort(), __VA_ARGS__)
#define SMALL_EXPECT(...) SMALL_CHECK((void)0, __VA_ARGS__)

static inline bool small_same_text(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

static inline bool small_other_text(const char *a, const char *b)
{
	return a && b && strcmp(a, b) != 0;
}

#define SMALL_OP(check_, a_, op_, b_, ...) \
	check_((a_)op_(b_), #a_ " " #op_ " " #b_, __VA_ARGS__)

#define cr_skip_test(...)   small_skip(" " __VA_ARGS__)
#define cr_assert_fail(...) SMALL_ASSERT(false, "fail", __VA_ARGS__)

#define cr_assert(a_, ...)     SMALL_ASSERT(a_, #a_, __VA_ARGS__)
#define cr_expect(a_, ...)     SMALL_EXPECT(a_, #a_, __VA_ARGS__)
#define cr_assert_not(a_, ...) SMALL_ASSERT(!(a_), "not " #a_, __VA_ARGS__)
#define cr_expect_not(a_, ...) SMALL_EXPECT(!(a_), "not " #a_, __VA_ARGS__)

#define cr_assert_eq(a_, b_, ...)  SMALL_OP(SMALL_ASSERT, a_, ==, b_, __VA_ARGS__)
#define cr_expect_eq(a_, b_, ...)  SMALL_OP(SMALL_EXPECT, a_, ==, b_, __VA_ARGS__)
#define cr_assert_neq(a_, b_, ...) SMALL_OP(SMALL_ASSERT, a_, !=, b_, __VA_ARGS__)
#define cr_expect_neq(a_, b_, ...) SMALL_OP(SMALL_EXPECT, a_, !=, b_, __VA_ARGS__)
#define cr_assert_lt(a_, b_, ...)  SMALL_OP(SMALL_ASSERT, a_, <, b_, __VA_ARGS__)
#define cr_expect_lt(a_, b_, ...)  SMALL_OP(SMALL_EXPECT, a_, <, b_, __VA_ARGS__)
#define cr_assert_gt(a_, b_, ...)  SMALL_OP(SMALL_ASSERT, a_, >, b_, __VA_ARGS__)
#define cr_expect_gt(a_, b_, ...)  SMALL_OP(SMALL_EXPECT, a_, >, b_, __VA_ARGS__)
#define cr_assert_geq(a_, b_, ...) SMALL_OP(SMALL_ASSERT, a_, >=, b_, __VA_ARGS__)

#define cr_assert_null(a_, ...)	    SMALL_OP(SMALL_ASSERT, a_, ==, NULL, __VA_ARGS__)
#define cr_expect_null(a_, ...)	    SMALL_OP(SMALL_EXPECT, a_, ==, NULL, __VA_ARGS__)
#define cr_assert_not_null(a_, ...) SMALL_OP(SMALL_ASSERT, a_, !=, NULL, __VA_ARGS__)

#define cr_assert_str_empty(a_, ...) \
	SMALL_ASSERT(small_same_text(a_, ""), #a_ " is empty", __VA_ARGS__)
#define cr_assert_str_eq(a_, b_, ...) \
	SMALL_ASSERT(small_same_text(a_, b_), #a_ " is " #b_, __VA_ARGS__)
#define cr_expect_str_eq(a_, b_, ...) \
	SMALL_EXPECT(small_same_text(a_, b_), #a_ " is " #b_, __VA_ARGS__)
#define cr_assert_str_neq(a_, b_, ...) \
	SMALL_ASSERT(small_other_text(a_, b_), #a_ " is not " #b_, __VA_ARGS__)
#define cr_expect_str_neq(a_, b_, ...) \
	SMALL_EXPECT(small_other_text(a_, b_), #a_ " is not " #b_, __VA_ARGS__)

#endif
