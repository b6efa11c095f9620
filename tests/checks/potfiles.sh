#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# po/POTFILES.in names exactly the sources that hold messages to translate.

. "${srcdir:-.}/tests/checks/lib.sh"

n=0
call='(^|[^[:alnum:]_])(N?_|n?gettext)\(("|$)'
list=$(files '*.[ch]' $code)
for file in $(cd "$srcdir" && {
	grep -lE "$call" $list
	grep -Fx "$list" po/POTFILES.in
} | sort -u); do
	listed=no
	grep -qx "$file" "$srcdir/po/POTFILES.in" && listed=yes
	marked=no
	grep -vE '^[[:space:]]*#[[:space:]]*define' "$srcdir/$file" |
		grep -qE "$call" && marked=yes
	case $marked$listed in
	yesno) complain "$file: has messages, but po/POTFILES.in does not name it" ;;
	noyes) complain "$file: has no messages, but po/POTFILES.in names it" ;;
	yesyes) n=$((n + 1)) ;;
	esac
done
for file in $(sed '/^#/d; /^$/d' "$srcdir/po/POTFILES.in"); do
	[ -f "$srcdir/$file" ] || complain "po/POTFILES.in: no file $file"
done
finish 'files with messages' "$n"
