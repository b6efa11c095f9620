dnl SPDX-License-Identifier: BSD-3-Clause

# SUBID_CC_FLAG(VARIABLE, FLAG, [COMPILER])
# -----------------------------------------
# Append FLAG to VARIABLE if the compiler knows it; COMPILER is a word for one that is not CC.
AC_DEFUN([SUBID_CC_FLAG], [
AS_VAR_PUSHDEF([subid_cache], [subid_cv_$3cc_$2])dnl
AC_CACHE_CHECK([whether $CC accepts $2], [subid_cache], [
	subid_save_CFLAGS=$CFLAGS
	CFLAGS="$CFLAGS -Werror $2"
	AC_COMPILE_IFELSE([AC_LANG_PROGRAM([], [])],
		[AS_VAR_SET([subid_cache], [yes])],
		[AS_VAR_SET([subid_cache], [no])])
	CFLAGS=$subid_save_CFLAGS
])
AS_VAR_IF([subid_cache], [yes], [AS_VAR_APPEND([$1], [" $2"])])
AS_VAR_POPDEF([subid_cache])dnl
])

# SUBID_LD_FLAG(VARIABLE, FLAG)
# -----------------------------
# Append FLAG to VARIABLE if a program links with it.
AC_DEFUN([SUBID_LD_FLAG], [
AS_VAR_PUSHDEF([subid_cache], [subid_cv_ld_$2])dnl
AC_CACHE_CHECK([whether $CC links with $2], [subid_cache], [
	subid_save_LDFLAGS=$LDFLAGS
	subid_save_CFLAGS=$CFLAGS
	CFLAGS="$CFLAGS -Werror $AM_CFLAGS"
	LDFLAGS="$LDFLAGS $2"
	AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])],
		[AS_VAR_SET([subid_cache], [yes])],
		[AS_VAR_SET([subid_cache], [no])])
	CFLAGS=$subid_save_CFLAGS
	LDFLAGS=$subid_save_LDFLAGS
])
AS_VAR_IF([subid_cache], [yes], [AS_VAR_APPEND([$1], [" $2"])])
AS_VAR_POPDEF([subid_cache])dnl
])

# SUBID_YEAR2038
# --------------
# Times beyond 2038, or a machine of 32 bits cannot open a file with one: fstat(2) answers
# EOVERFLOW. Autoconf has a macro for it since 2.72. AC_SYS_LARGEFILE comes first, without
# which glibc takes no _TIME_BITS.
AC_DEFUN([SUBID_YEAR2038], [
m4_ifdef([AC_SYS_YEAR2038], [AC_SYS_YEAR2038], [
AC_CACHE_CHECK([for the macro that makes time_t 64 bits wide], [subid_cv_time_bits], [
	AC_COMPILE_IFELSE([AC_LANG_PROGRAM([[#include <time.h>]],
		[[static char fits@<:@sizeof(time_t) > 4 ? 1 : -1@:>@; (void)fits;]])],
		[subid_cv_time_bits=none],
		[AC_COMPILE_IFELSE([AC_LANG_PROGRAM([[#define _TIME_BITS 64
#include <time.h>]],
			[[static char fits@<:@sizeof(time_t) > 4 ? 1 : -1@:>@; (void)fits;]])],
			[subid_cv_time_bits=_TIME_BITS],
			[subid_cv_time_bits=unknown])])
])
AS_IF([test "x$subid_cv_time_bits" = x_TIME_BITS],
	[AC_DEFINE([_TIME_BITS], [64], [Define to 64 for times beyond 2038.])])
])
])

# SUBID_WARNINGS
# --------------
# The language standard, and warnings.
AC_DEFUN([SUBID_WARNINGS], [
AC_ARG_ENABLE([werror],
	[AS_HELP_STRING([--enable-werror], [treat warnings of the compiler as errors])],
	[], [enable_werror=no])
m4_foreach_w([subid_flag], [
	-std=gnu17
	-Wall
	-Wextra
	-Wbad-function-cast
	-Wcast-align
	-Wcast-qual
	-Wconversion
	-Wdate-time
	-Wduplicated-branches
	-Wduplicated-cond
	-Wfloat-equal
	-Wformat-signedness
	-Wformat=2
	-Wimplicit-fallthrough
	-Wimplicit-fallthrough=5
	-Winit-self
	-Wjump-misses-init
	-Wlogical-op
	-Wmissing-declarations
	-Wmissing-include-dirs
	-Wmissing-prototypes
	-Wnested-externs
	-Wold-style-definition
	-Wpointer-arith
	-Wredundant-decls
	-Wshadow
	-Wstrict-prototypes
	-Wswitch-enum
	-Wundef
	-Wunused
	-Wvla
	-Wwrite-strings
], [SUBID_CC_FLAG([AM_CFLAGS], m4_defn([subid_flag]))])
AS_IF([test "x$enable_werror" != xno], [AS_VAR_APPEND([AM_CFLAGS], [" -Werror"])])
AC_SUBST([AM_CFLAGS])
])

# SUBID_HARDENING
# ---------------
# -ffunction-sections and --gc-sections remove unused functions from programs: a map writer
# has no code that writes databases, and the loader looks up no symbols for it. Unit tests
# are not linked so: Criterion finds tests by a section that nothing refers to.
#
# Every source includes config.h first. It defines _FORTIFY_SOURCE, since only there it is
# known whether the compiler optimises.
AC_DEFUN([SUBID_HARDENING_FLAGS], [
m4_foreach_w([subid_flag], [
	-fvisibility=hidden
	-fno-common
	-fstack-protector-strong
	-fstack-clash-protection
	-fcf-protection=full
	-fPIE
	-ffunction-sections
	-fdata-sections
], [SUBID_CC_FLAG([$1], m4_defn([subid_flag]), [$2])])
])
AC_DEFUN([SUBID_HARDENING], [
SUBID_HARDENING_FLAGS([AM_CFLAGS])
m4_foreach_w([subid_flag], [
	-Wl,--as-needed
	-Wl,-z,relro
	-Wl,-z,now
	-Wl,-z,noexecstack
	-Wl,-z,separate-code
], [SUBID_LD_FLAG([AM_LDFLAGS], m4_defn([subid_flag]))])
m4_foreach_w([subid_flag], [
	-pie
	-Wl,--gc-sections
], [SUBID_LD_FLAG([PROGRAM_LDFLAGS], m4_defn([subid_flag]))])
AC_SUBST([AM_LDFLAGS])
AC_SUBST([PROGRAM_LDFLAGS])
AH_BOTTOM([/* A sanitizer does not see what the fortified functions do. */
#if defined ENABLE_FORTIFY && defined __OPTIMIZE__ && !defined _FORTIFY_SOURCE
# define _FORTIFY_SOURCE 3
#endif])
])

# SUBID_PREFIX_MAP
# ----------------
# Names of sources, in debugging information, begin at the top of the tree: two builds in
# different directories are the same. A separate variable, since make knows the directories.
AC_DEFUN([SUBID_PREFIX_MAP], [
subid_prefix_map=
SUBID_CC_FLAG([subid_prefix_map], [-ffile-prefix-map=a=b])
AS_IF([test -n "$subid_prefix_map"], [
	PREFIX_MAP="'-ffile-prefix-map=\$(abs_top_srcdir)=.'"
	AS_VAR_APPEND([PREFIX_MAP], [" '-ffile-prefix-map=\$(abs_top_builddir)=.'"])
])
AC_SUBST([PREFIX_MAP])
])

# SUBID_SANITIZERS
# ----------------
AC_DEFUN([SUBID_SANITIZERS], [
AC_ARG_ENABLE([sanitizers],
	[AS_HELP_STRING([--enable-sanitizers],
		[build for tests with AddressSanitizer and UndefinedBehaviorSanitizer])],
	[], [enable_sanitizers=no])
AS_IF([test "x$enable_sanitizers" != xno], [
	subid_sanitize='-fsanitize=address,undefined -fno-sanitize-recover=all'
	SUBID_LD_FLAG([subid_sanitizers_work], [$subid_sanitize])
	AS_VAR_SET_IF([subid_sanitizers_work], [],
		[AC_MSG_ERROR([$CC cannot link with $subid_sanitize])])
	AS_VAR_APPEND([AM_CFLAGS], [" $subid_sanitize -fno-omit-frame-pointer"])
	AS_VAR_APPEND([AM_LDFLAGS], [" $subid_sanitize"])
], [
	AC_DEFINE([ENABLE_FORTIFY], [1], [Define to 1 to check the sizes of buffers at run time.])
])
AM_CONDITIONAL([SANITIZERS], [test "x$enable_sanitizers" != xno])
])

# SUBID_FUZZERS
# -------------
# Without --enable-fuzzers the fuzz targets are ordinary programs that replay their corpus.
AC_DEFUN([SUBID_FUZZERS], [
AC_ARG_ENABLE([fuzzers],
	[AS_HELP_STRING([--enable-fuzzers], [link the fuzz targets with libFuzzer (clang)])],
	[], [enable_fuzzers=no])
subid_fuzzers='replay of the corpora'
AS_IF([test "x$enable_fuzzers" != xno], [
	subid_fuzzers=libFuzzer
	SUBID_CC_FLAG([subid_fuzzer_works], [-fsanitize=fuzzer-no-link])
	AS_VAR_SET_IF([subid_fuzzer_works], [],
		[AC_MSG_ERROR([--enable-fuzzers needs a compiler with libFuzzer, such as clang])])
	AS_VAR_APPEND([AM_CFLAGS], [" -fsanitize=fuzzer-no-link"])
])
AM_CONDITIONAL([FUZZERS], [test "x$enable_fuzzers" != xno])
])
