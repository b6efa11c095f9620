dnl SPDX-License-Identifier: BSD-3-Clause

# SUBID_FLOOR
# -----------
# The oldest system that the sources are written for, in words.
m4_define([SUBID_FLOOR],
	[[glibc 2.34 or musl 1.2.3, with the headers of Linux 5.9, or newer]])

# SUBID_NEED_FUNCTION(NAME)
# SUBID_NEED_HEADER(NAME)
# SUBID_NEED_CONSTANT(NAME, HEADER)
# ---------------------------------
# Something that the sources use and that has no substitute.
AC_DEFUN([SUBID_NEED_FUNCTION], [
AC_CHECK_FUNC([$1], [], [AS_VAR_APPEND([subid_lacking], [" $1()"])])
])
AC_DEFUN([SUBID_NEED_HEADER], [
AC_CHECK_HEADER([$1], [], [AS_VAR_APPEND([subid_lacking], [" <$1>"])])
])
AC_DEFUN([SUBID_NEED_CONSTANT], [
AC_CHECK_DECL([$1], [], [AS_VAR_APPEND([subid_lacking], [" $1"])], [#include <$2>])
])

# SUBID_SYSTEM
# ------------
# What the sources use of libc and of the kernel's headers beyond POSIX. The modules of the
# name service have a substitute.
AC_DEFUN([SUBID_SYSTEM], [
AC_CHECK_HEADER([nss.h], [subid_nss_modules=yes], [subid_nss_modules=no])
AM_CONDITIONAL([HAVE_NSS_MODULES], [test "x$subid_nss_modules" = xyes])

subid_lacking=
m4_foreach_w([subid_item], [
	__fpurge
	dlopen
	fwrite_unlocked
	getauxval
	getgrouplist
	memfd_create
	memrchr
	pipe2
	qsort_r
	reallocarray
	setgroups
	signalfd
	strchrnul
	vdprintf
], [SUBID_NEED_FUNCTION(m4_defn([subid_item]))])
m4_foreach_w([subid_item], [
	linux/capability.h
	linux/kcmp.h
	linux/keyctl.h
	linux/magic.h
	linux/nsfs.h
	linux/openat2.h
	linux/securebits.h
], [SUBID_NEED_HEADER(m4_defn([subid_item]))])
m4_foreach_w([subid_item], [
	SYS_add_key
	SYS_capset
	SYS_clone
	SYS_close_range
	SYS_kcmp
	SYS_keyctl
	SYS_openat2
], [SUBID_NEED_CONSTANT(m4_defn([subid_item]), [sys/syscall.h])])
SUBID_NEED_CONSTANT([F_OFD_SETLKW], [fcntl.h])
AS_IF([test -n "$subid_lacking"], [AC_MSG_ERROR([
libc or the headers of the kernel lack:$subid_lacking
$PACKAGE_NAME needs] SUBID_FLOOR.)])
])
