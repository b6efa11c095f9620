dnl SPDX-License-Identifier: BSD-3-Clause

# SUBID_WITH_MAPWRITER_CC(COMMANDS)
# ---------------------------------
# Runs tests with the compiler of the map writers instead of CC.
AC_DEFUN([SUBID_WITH_MAPWRITER_CC], [
subid_main_CC=$CC subid_main_CPPFLAGS=$CPPFLAGS subid_main_CFLAGS=$CFLAGS
CC=$MAPWRITER_CC CPPFLAGS=$MAPWRITER_CPPFLAGS CFLAGS=$MAPWRITER_CFLAGS
$1
CC=$subid_main_CC CPPFLAGS=$subid_main_CPPFLAGS CFLAGS=$subid_main_CFLAGS
])

# SUBID_LINKS_STATIC_PIE(FLAGS, OBJECTS)
# --------------------------------------
# Sets subid_static_pie to yes if $CC makes a static PIE with FLAGS: musl-gcc takes
# -static-pie, and makes a program that needs a loader.
AC_DEFUN([SUBID_LINKS_STATIC_PIE], [
subid_static_pie=no subid_save_LDFLAGS=$LDFLAGS subid_save_LIBS=$LIBS
LDFLAGS="$LDFLAGS $1 -fPIE" LIBS="$2"
AC_LINK_IFELSE([AC_LANG_PROGRAM([[#include <stdio.h>]], [[return puts("") < 0;]])], [
	AS_IF([LC_ALL=C $READELF -hldW conftest$EXEEXT >conftest.elf &&
			grep 'Type:.*DYN' conftest.elf >/dev/null &&
			! grep -E 'INTERP|\(NEEDED\)|\(TEXTREL\)' conftest.elf >/dev/null],
		[subid_static_pie=yes])
])
LDFLAGS=$subid_save_LDFLAGS LIBS=$subid_save_LIBS
])

# SUBID_KERNEL_HEADERS
# --------------------
# musl-gcc of Debian does not search the directory with the headers of the kernel, which has
# glibc's, too. It gets links to the former in the build directory.
AC_DEFUN([SUBID_KERNEL_HEADERS], [
AC_MSG_CHECKING([for the headers of the kernel with $MAPWRITER_CC])
SUBID_WITH_MAPWRITER_CC([
	AC_COMPILE_IFELSE([AC_LANG_SOURCE([[#include <linux/capability.h>]])],
		[subid_kernel_headers='its own'], [subid_kernel_headers=])
])
AS_IF([test -z "$subid_kernel_headers"], [
	AS_MKDIR_P([kernel-headers])
	for subid_header in linux/capability.h asm/unistd.h asm-generic/unistd.h; do
		AS_ECHO(["@%:@include <$subid_header>"]) >conftest.c
		subid_directory=`$CC -E $CPPFLAGS conftest.c 2>/dev/null |
			$SED -n 's,^# 1 "\(/.*\)/@<:@^/@:>@*".*,\1,p' |
			grep "/${subid_header%/*}\$" | head -n 1`
		AS_IF([test -n "$subid_directory"],
			[ln -sfn "$subid_directory" "kernel-headers/${subid_header%/*}"])
	done
	rm -f conftest.c
	subid_kernel_headers='those of $CC'
	AS_VAR_APPEND([MAPWRITER_CPPFLAGS], [" -idirafter kernel-headers"])
])
AC_MSG_RESULT([$subid_kernel_headers])
])

# SUBID_MAPWRITER_LIBC
# --------------------
# How newuidmap and newgidmap are linked: statically with musl or glibc, or with the shared
# libc of the other programs.
AC_DEFUN([SUBID_MAPWRITER_LIBC], [
AC_ARG_WITH([mapwriter-libc],
	[AS_HELP_STRING([--with-mapwriter-libc=musl|glibc|shared],
		[link newuidmap and newgidmap statically with this libc, or with the shared
		one @<:@musl@:>@])],
	[], [AS_IF([test "x$enable_sanitizers$enable_fuzzers" = xnono],
		[with_mapwriter_libc=musl], [with_mapwriter_libc=shared])])
AC_ARG_VAR([MAPWRITER_CC], [compiler of static map writers])
AC_ARG_VAR([MAPWRITER_CFLAGS], [flags of MAPWRITER_CC @<:@CFLAGS@:>@])
AC_ARG_VAR([MAPWRITER_CPPFLAGS], [preprocessor flags of MAPWRITER_CC, where it is not CC])
AS_CASE([$with_mapwriter_libc],
	[shared], [],
	[musl|glibc], [SUBID_MAPWRITER_STATIC],
	[AC_MSG_ERROR([--with-mapwriter-libc takes musl, glibc or shared, not $with_mapwriter_libc])])
AM_CONDITIONAL([MAPWRITER_STATIC], [test "x$with_mapwriter_libc" != xshared])
AC_SUBST([MAPWRITER_LIBC], [$with_mapwriter_libc])
AC_SUBST([MAPWRITER_LDFLAGS])
AC_SUBST([MAPWRITER_START])
AC_SUBST([MAPWRITER_AM_CFLAGS])
])

AC_DEFUN([SUBID_MAPWRITER_STATIC], [
subid_other="
With --with-mapwriter-libc=glibc the map writers start more slowly, with =shared they load libc."
AS_IF([test "x$enable_audit_maps" = xyes],
	[AC_MSG_ERROR([--enable-audit-maps loads libaudit: it needs --with-mapwriter-libc=shared])])
AC_CHECK_TOOL([READELF], [readelf], [readelf])
AC_CHECK_DECL([__GLIBC__], [subid_libc=glibc], [subid_libc=musl], [[#include <features.h>]])
AS_IF([test "x$with_mapwriter_libc" = "x$subid_libc"], [
	AS_VAR_SET_IF([MAPWRITER_CC], [], [MAPWRITER_CC=$CC])
	AS_VAR_SET_IF([MAPWRITER_CPPFLAGS], [], [MAPWRITER_CPPFLAGS=$CPPFLAGS])
], [test -z "$MAPWRITER_CC"], [
	AS_IF([test "x$with_mapwriter_libc" = xglibc],
		[AC_MSG_ERROR([$CC compiles for musl: --with-mapwriter-libc=glibc needs MAPWRITER_CC])])
	AC_CHECK_TOOLS([MAPWRITER_CC], [musl-gcc])
	AS_IF([test -z "$MAPWRITER_CC"], [AC_MSG_ERROR([musl-gcc was not found: install musl-tools
(Debian) or musl-gcc and musl-libc-static (Fedora), or set MAPWRITER_CC.$subid_other])])
	AS_CASE([$CC], [ccache\ *], [MAPWRITER_CC="ccache $MAPWRITER_CC"])
])
AS_VAR_SET_IF([MAPWRITER_CFLAGS], [], [MAPWRITER_CFLAGS=$CFLAGS])
SUBID_KERNEL_HEADERS

SUBID_WITH_MAPWRITER_CC([
	MAPWRITER_AM_CFLAGS="-std=gnu17 -Wall -Wextra"
	AS_IF([test "x$enable_werror" != xno], [AS_VAR_APPEND([MAPWRITER_AM_CFLAGS], [" -Werror"])])
	SUBID_HARDENING_FLAGS([MAPWRITER_AM_CFLAGS], [mapwriter_])
	SUBID_CC_FLAG([MAPWRITER_AM_CFLAGS], [-fno-asynchronous-unwind-tables], [mapwriter_])

	AC_MSG_CHECKING([how $CC makes a static PIE])
	MAPWRITER_LDFLAGS=-static-pie
	SUBID_LINKS_STATIC_PIE([$MAPWRITER_LDFLAGS])
	AS_IF([test "x$subid_static_pie" = xno], [
		dnl Its linker names the start file of an ordinary program; rcrt1.o is beside it.
		AS_ECHO(['int main(void) { return 0; }']) >conftest.c
		subid_start=`$CC -Wl,-t conftest.c -o conftest$EXEEXT 2>/dev/null |
			$SED -n 's,crt1\.o$,,p' | $SED 's,@<:@^/@:>@*$,rcrt1.o,' | head -n 1`
		MAPWRITER_LDFLAGS='-all-static -nostartfiles -Wl,-pie,--no-dynamic-linker,-z,text'
		MAPWRITER_START=$subid_start
		SUBID_LINKS_STATIC_PIE([-static ${MAPWRITER_LDFLAGS@%:@-all-static }], [$MAPWRITER_START])
	])
	AC_MSG_RESULT([$MAPWRITER_LDFLAGS $MAPWRITER_START])
	AS_IF([test "x$subid_static_pie" = xno], [AC_MSG_ERROR([$CC cannot link a static PIE: install
musl-tools or libc6-dev (Debian), musl-libc-static or glibc-static (Fedora).$subid_other])])
])
])
