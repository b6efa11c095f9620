#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# No header includes itself by way of others, and no source calls another one that calls it,
# directly or by way of others, so that each file can be read without the other one.

. "${srcdir:-.}/tests/checks/lib.sh"
NM=${NM:-nm}
require_tool "${NM%% *}"
require_tool tsort

# headers: a pair for each include of a header in a header
headers()
{
	for file in $(files '*.h' $code); do
		sed -n "s,^[[:space:]]*#[[:space:]]*include[[:space:]]*\"\(.*\)\".*,$file \1,p" \
			"$srcdir/$file"
	done
}

# calls: a pair for each object and another one that defines what it needs; static map writers
# have the same sources a second time
calls()
{
	# shellcheck disable=SC2046
	$NM -A $(find $code -name '*.o' ! -path '*/.libs/*' ! -name '*libstatic_a-*') | awk '
		{ object = $1; sub(/:[^:]*$/, "", object) }
		$(NF - 1) == "U" { user[++n] = object; needed[n] = $NF }
		$(NF - 1) ~ /^[TRDBVW]$/ { home[$NF] = home[$NF] " " object }
		END {
			for (i = 1; i <= n; i++) {
				m = split(home[needed[i]], objects, " ")
				for (j = 1; j <= m; j++)
					if (objects[j] != user[i])
						print user[i], objects[j]
			}
		}' | sort -u
}

# check WHAT PAIRS: complains of each circle
check()
{
	LC_ALL=C tsort "$2" 2>"$2.circles" >/dev/null ||
		complain "$1 in a circle:" "$(sed 's/^tsort: //' "$2.circles")"
	n=$((n + $(wc -l <"$2")))
	rm -f "$2" "$2.circles"
}

n=0
pairs=$(mktemp) || exit
headers >"$pairs"
[ -s "$pairs" ] || complain 'no header includes another one'
check includes "$pairs"
calls >"$pairs"
[ -s "$pairs" ] || complain 'no object calls another one'
check calls "$pairs"
finish 'includes and calls' "$n"
