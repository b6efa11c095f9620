#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# The map writers run with privilege: they have no code of others but libc's, and all
# protections of the linker. Linked statically (MAPWRITER_LIBC is not "shared") they need no
# loader, and have nothing of libc that loads files which others could choose.

. "${srcdir:-.}/tests/checks/lib.sh"
require_tool readelf

# is_libc NAME: of the GNU C library, of musl, or of musl as Alpine names it
is_libc()
{
	case $1 in
	libc.so.6 | libc.so | libc.musl-*.so.1) ;;
	*) return 1 ;;
	esac
}

# What static map writers must not have: another program asks the name service and plugins.
# The stdio of glibc refers to gettext(3) and to conversions of wide streams, which load files.
# They are not reached without setlocale(3) and wide streams.
foreign='getpw.*|getgr(ent|gid|nam|ouplist).*|.*nscd.*|(bind)?textdomain|setlocale|newlocale|fwide'
[ "${MAPWRITER_LIBC:-shared}" != musl ] ||
	foreign="$foreign|dlopen|dlsym|iconv(_open)?|d?c?n?gettext"

shared=no
[ "${MAPWRITER_LIBC:-shared}" != shared ] || shared=yes

n=0
for program in newuidmap/newuidmap newgidmap/newgidmap; do
	n=$((n + 1))
	dynamic=$(LC_ALL=C readelf -dW "$program")
	segments=$(LC_ALL=C readelf -lW "$program")
	symbols=$(${NM:-nm} "$program" | sed 's/.* //; s/@.*//')

	needed=$(echo "$dynamic" | sed -n 's/.*(NEEDED).*\[\(.*\)\]$/\1/p' | paste -sd ' ')
	if [ $shared = yes ]; then
		is_libc "$needed" || complain "$program: needs $needed, not libc alone"
	else
		[ -z "$needed" ] || complain "$program: needs $needed, but is to be static"
		echo "$segments" | grep -q INTERP && complain "$program: needs a loader"
		for symbol in $(echo "$symbols" | grep -xE "$foreign"); do
			complain "$program: has $symbol()"
		done
	fi
	echo "$symbols" | grep -qx __stack_chk_fail || complain "$program: has no stack protector"
	echo "$dynamic" | grep -qE '\((RPATH|RUNPATH)\)' && complain "$program: has a run path"
	echo "$dynamic" | grep -q '(TEXTREL)' && complain "$program: relocates its text"
	echo "$dynamic" | grep -q 'FLAGS.*NOW' || complain "$program: binds its symbols late"
	echo "$segments" | grep -q GNU_RELRO || complain "$program: is not relro"
	echo "$segments" | grep -q 'GNU_STACK.* RW ' || complain "$program: executable stack"
	echo "$segments" | grep -q 'file type is DYN' || complain "$program: is not a PIE"
done

# The library is loaded by the programs of others: with libc alone, and nothing that they
# would have to define.
n=$((n + 1))
library=libsubid/.libs/libsubid.so
dynamic=$(LC_ALL=C readelf -dW "$library")
for needed in $(echo "$dynamic" | sed -n 's/.*(NEEDED).*\[\(.*\)\]$/\1/p'); do
	is_libc "$needed" || complain "$library: needs $needed"
done
echo "$dynamic" | grep -qE '\((RPATH|RUNPATH|TEXTREL)\)' &&
	complain "$library: has a run path or relocates its text"
echo "$dynamic" | grep -qE 'NODELETE' && complain "$library: cannot be closed"
echo "$dynamic" | grep -q 'FLAGS.*NOW' || complain "$library: binds its symbols late"
LC_ALL=C readelf -lW "$library" | grep -q GNU_RELRO || complain "$library: is not relro"
LC_ALL=C readelf -lW "$library" | grep -q ' TLS ' && complain "$library: thread storage"
${NM:-nm} -D --undefined-only "$library" | grep -E ' (Prog|shadow_logfd)$' &&
	complain "$library: wants variables of its callers"
finish 'programs and libraries' "$n"
