#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# po/POTFILES.in names exactly the sources that hold messages to translate.

. "${srcdir:-.}/tests/checks/lib.sh"

n=0
for file in $(files '*.[ch]' $code); do
	listed=no
	grep -qx "$file" "$srcdir/po/POTFILES.in" && listed=yes
	marked=no
	grep -vE '^[[:space:]]*#[[:space:]]*define' "$srcdir/$file" |
		grep -qE '(^|[^[:alnum:]_])(N?_|n?gettext)\(("|$)' && marked=yes
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
