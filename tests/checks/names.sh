#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# A name has one meaning: no two structs, unions or enums share one, no static function has the
# name of another function, and a function that only its own file needs is static.

. "${srcdir:-.}/tests/checks/lib.sh"
NM=${NM:-nm}
require_tool "${NM%% *}"

# definitions: NAME KIND FILE for each struct and function
definitions()
{
	sources=$(files '*.[ch]' $code)
	# shellcheck disable=SC2086
	(cd "$srcdir" && awk '
		FNR == 1 { head = "" }
		/^(struct|union|enum) [a-z0-9_]+ \{/ { print $1 "." $2, "static", FILENAME }
		/^[a-z][a-z0-9_ *]*\(/ { head = $0 }
		/[;}]$/ { head = "" }
		/^\{/ && head != "" {
			sub(/\(.*/, "", head)
			n = split(head, words, /[ *]+/)
			print words[n], head ~ /^static / ? "static" : "global", FILENAME
			head = ""
		}' $sources)
}

# namesakes DEFINITIONS: names of which one is static
namesakes()
{
	awk '{ files[$1] = files[$1] " " $3; n[$1]++; static[$1] += $2 == "static" }
		END { for (name in n) if (n[name] > 1 && static[name]) print name ":" files[name] }' "$1"
}

# needless: global functions that no other object of the build needs
needless()
{
	# shellcheck disable=SC2046
	$NM -A $(find $code tests -name '*.o') | awk '
		$(NF - 1) == "U" { needed[$NF] = 1 }
		$(NF - 1) == "T" && !/^tests/ { sub(/:.*/, "", $1); object[$NF] = $1 }
		END { for (name in object) if (!needed[name]) print name ": " object[name] }' |
		grep -Ev '^(main|subid_[a-z_]*|pam_sm_[a-z_]*|_[a-z]*): '
}

# guards: the include guards of two headers
guards()
{
	# shellcheck disable=SC2046
	(cd "$srcdir" && sed -n 's/^#ifndef \(.*_H\)$/\1/p' $(files '*.h' $code)) | sort | uniq -d
}

found=$(guards)
[ -z "$found" ] || complain "include guards of two headers:
$found"
names=$(mktemp) || exit
definitions >"$names"
n=$(wc -l <"$names")
found=$(namesakes "$names" | sort)
[ -z "$found" ] || complain "two with one name:
$found"
# Without subid, parts of the library have no user.
if [ -e subid/subid-subid.o ]; then
	found=$(needless | sort)
	[ -z "$found" ] || complain "needed by no other object, but global:
$found"
fi
rm -f "$names"
finish 'structs and functions' "$n"
