dnl SPDX-License-Identifier: BSD-3-Clause

# SUBID_WITH_LIBRARY(NAME, MODULE, HEADER, FUNCTION, PURPOSE, [PACKAGES])
# ----------------------------------------------------------------------
# --with-NAME=auto|yes|no. Look for the pkg-config module MODULE, or else for HEADER and for
# FUNCTION in -lMODULE. Sets NAME_CFLAGS and NAME_LIBS, the conditional and the macro HAVE_NAME,
# and appends to subid_without what is missing without the library. With PACKAGES, where it is
# found, the library is required unless --without-NAME is given.
AC_DEFUN([SUBID_WITH_LIBRARY], [
m4_pushdef([subid_upper], [m4_toupper([$1])])dnl
AC_ARG_WITH([$1],
	[m4_ifval([$6],
		[AS_HELP_STRING([--without-$1], [build without $1: no $5])],
		[AS_HELP_STRING([--with-$1=auto|yes|no], [use $1 for $5 @<:@auto@:>@])])],
	[], [with_$1=auto])
AS_CASE([$with_$1], [auto|yes|no], [],
	[AC_MSG_ERROR([--with-$1 takes auto, yes or no, not $with_$1])])
subid_found=no
AS_IF([test "x$with_$1" != xno], [
	PKG_CHECK_MODULES(subid_upper, [$2], [subid_found=yes], [
		AC_CHECK_HEADER([$3], [
			AC_CHECK_LIB([$2], [$4], [subid_found=yes subid_upper[]_LIBS=-l$2])
		])
	])
	AS_IF([test "x$with_$1$subid_found" = xyesno],
		[AC_MSG_ERROR([--with-$1 was given, but $1 was not found[]m4_ifval([$6],
			[: install $6])])])
	m4_ifval([$6], [AS_IF([test "x$subid_found" = xno],
		[AC_MSG_ERROR([$1 was not found: install $6.
With --without-$1 there is no $5.])])])
])
with_$1=$subid_found
AS_IF([test "x$with_$1" = xno], [AS_VAR_APPEND([subid_without], ["
	without $1: no $5"])])
AS_IF([test "x$with_$1" = xyes],
	[AC_DEFINE([HAVE_]subid_upper, [1], [Define to 1 to use $1.])])
AM_CONDITIONAL([HAVE_]subid_upper, [test "x$with_$1" = xyes])
m4_popdef([subid_upper])dnl
])

# SUBID_FCAPS
# -----------
# How the map writers get their privilege: setuid root, or file capabilities.
AC_DEFUN([SUBID_FCAPS], [
AC_ARG_WITH([fcaps],
	[AS_HELP_STRING([--with-fcaps@<:@=setfcap@:>@], [install newuidmap and newgidmap
		with file capabilities, not setuid root; setfcap: newuidmap may map
		uid 0 of the host, too])],
	[], [with_fcaps=no])
AS_CASE([$with_fcaps],
	[no], [newuidmap_caps= newgidmap_caps= subid_privilege='setuid root'],
	[yes], [newuidmap_caps=cap_setuid=ep newgidmap_caps=cap_setgid=ep],
	[setfcap], [newuidmap_caps=cap_setuid,cap_setfcap=ep newgidmap_caps=cap_setgid=ep],
	[AC_MSG_ERROR([--with-fcaps takes yes, no or setfcap, not $with_fcaps])])
AS_IF([test "x$with_fcaps" != xno], [
	AC_PATH_PROG([SETCAP], [setcap], [setcap], [$PATH:/usr/sbin:/sbin])
	subid_privilege="$newuidmap_caps and $newgidmap_caps"
])
AC_SUBST([newuidmap_caps])
AC_SUBST([newgidmap_caps])
])

# SUBID_AUDIT_MAPS
# ----------------
# Whether refused maps are recorded by libaudit; SUBID_WITH_LIBRARY comes first.
AC_DEFUN([SUBID_AUDIT_MAPS], [
AC_ARG_ENABLE([audit-maps],
	[AS_HELP_STRING([--enable-audit-maps],
		[record refused maps in the audit log, which any user can then fill])],
	[], [enable_audit_maps=no])
AS_IF([test "x$enable_audit_maps$with_libaudit" = xyesno],
	[AC_MSG_ERROR([--enable-audit-maps needs libaudit])])
AS_IF([test "x$enable_audit_maps" = xyes],
	[AC_DEFINE([AUDIT_MAPS], [1], [Define to 1 to record refused maps by libaudit.])])
])

# SUBID_PLUGINDIR
# ---------------
# Plugins for nsswitch.conf belong to the distribution: the default is its library
# directory, not one below our prefix.
AC_DEFUN([SUBID_PLUGINDIR], [
AC_ARG_WITH([plugindir],
	[AS_HELP_STRING([--with-plugindir=DIR],
		[where libsubid_*.so of other sources are @<:@library directory of the system@:>@])],
	[], [with_plugindir=yes])
AS_CASE([$with_plugindir],
	[/*], [plugindir=$with_plugindir],
	[yes], [
		AC_CACHE_CHECK([for the library directory of the system], [subid_cv_plugindir], [
			subid_multiarch=`$CC -print-multiarch 2>/dev/null`
			subid_cv_plugindir=/usr/lib
			AS_IF([test -n "$subid_multiarch"],
				[subid_cv_plugindir=/usr/lib/$subid_multiarch],
				[test -d /usr/lib64],
				[subid_cv_plugindir=/usr/lib64])
		])
		plugindir=$subid_cv_plugindir],
	[AC_MSG_ERROR([--with-plugindir takes an absolute path])])
AC_SUBST([plugindir])
])

# SUBID_PAMDIR
# ------------
# Where the PAM module is installed; SUBID_WITH_LIBRARY comes first.
AC_DEFUN([SUBID_PAMDIR], [
AC_ARG_WITH([pamdir],
	[AS_HELP_STRING([--with-pamdir=DIR],
		[where pam_subid.so is installed @<:@LIBDIR/security@:>@])],
	[], [with_pamdir=yes])
AS_CASE([$with_pamdir],
	[/*], [pammoduledir=$with_pamdir],
	[yes], [pammoduledir='${libdir}/security'],
	[AC_MSG_ERROR([--with-pamdir takes an absolute path])])
AC_SUBST([pammoduledir])
subid_pam_module=no
AS_IF([test "x$with_libpam" = xyes], [subid_pam_module=$pammoduledir])
])

# SUBID_LIBRARY
# ------------
# The number in the name of the library. Shadow's library has had each of them with the
# same calls; a site chooses the one that its programs are linked to.
AC_DEFUN([SUBID_LIBRARY], [
AC_ARG_WITH([libsubid-soname],
	[AS_HELP_STRING([--with-libsubid-soname=4|5|6],
		[the number N of libsubid.so.N @<:@6@:>@])],
	[], [with_libsubid_soname=6])
AS_CASE([$with_libsubid_soname], [4|5|6], [],
	[AC_MSG_ERROR([--with-libsubid-soname takes 4, 5 or 6, not $with_libsubid_soname])])
SUBID_SONAME=$with_libsubid_soname
AC_SUBST([SUBID_SONAME])
])

# SUBID_COMPLETION(SHELL, DIRECTORY)
# ----------------------------------
# Where the completion of a shell is installed. The shells also look below /usr/local/share.
AC_DEFUN([SUBID_COMPLETION], [
AC_ARG_WITH([$1completiondir],
	[AS_HELP_STRING([--with-$1completiondir=DIR],
		[where the completion for $1 is installed @<:@DATADIR/$2@:>@])],
	[], [with_$1completiondir=yes])
AS_CASE([$with_$1completiondir],
	[/*], [$1completiondir=$with_$1completiondir],
	[yes], [$1completiondir='${datadir}/$2'],
	[AC_MSG_ERROR([--with-$1completiondir takes an absolute path])])
AC_SUBST([$1completiondir])
])
