#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# What programs depend on that are linked with the library: the symbols with their versions,
# the number in its name, and sizes, offsets and values of the public headers, against what is
# recorded in tests/abi. A record changes only for what is new; `update` as the argument
# writes them anew. Where abidiff is installed it compares types as well.

. "${srcdir:-.}/tests/checks/lib.sh"
NM=${NM:-nm}
CC=${CC:-cc}
require_tool "${NM%% *}"
require_tool readelf

records=$srcdir/tests/abi
library=$(find libsubid/.libs -name 'libsubid.so.*.0.0' -type f -newer libsubid/subid.pc |
	head -n 1)
[ -n "$library" ] || library=$(find libsubid/.libs -name 'libsubid.so.*.0.0' -type f | head -n 1)
[ -n "$library" ] || complain 'no library'
directory=$(mktemp -d) || exit 99
trap 'rm -rf "$directory"' EXIT
number=$(sed -n 's/^#define SUBID_ABI_MAJOR[[:space:]]*//p' libsubid/include/shadow/subid.h)
n=0

# compare WHAT: $directory/WHAT with its record
compare()
{
	n=$((n + 1))
	[ "$update" ] && cp "$directory/$1" "$records/$1"
	found=$(diff "$records/$1" "$directory/$1") || complain "$1:
$found"
}
update=${1:+yes}

# Versioned or not, as another library of the name has them: soname 4 has no subid_free.
LC_ALL=C $NM -D --defined-only "$library" | awk '$2 == "T" && $3 !~ /^_(init|fini)$/ { print $3 }' | sort >"$directory/symbols"
if [ "$number" = 4 ]; then
	grep -q '^subid_free' "$directory/symbols" && complain 'subid_free in soname 4'
	echo subid_free >>"$directory/symbols"
	sort -o "$directory/symbols" "$directory/symbols"
fi
compare symbols

dynamic=$(LC_ALL=C readelf -dW "$library")
echo "$dynamic" | grep -q "SONAME.*\[libsubid.so.$number\]" || complain "the name is not $number"
case $library in
*/libsubid.so.$number.0.0) ;;
*) complain "$library is the file of SUBID_ABI_MAJOR $number" ;;
esac

if [ "$($CC -dM -E -x c /dev/null 2>/dev/null | grep -c __LP64__)" = 1 ]; then
	$CC -o "$directory/layout" -Ilibsubid/include -I"$srcdir/libsubid/include" \
		"$records/layout.c" && "$directory/layout" >"$directory/layout-lp64" ||
		complain 'layout.c does not run'
	compare layout-lp64
fi

# Needs the debugging information of the build.
if command -v abidw >/dev/null && command -v abidiff >/dev/null &&
	LC_ALL=C readelf -SW "$library" | grep -q '\.debug_info' && [ "$number" = 6 ]; then
	n=$((n + 1))
	[ "$update" ] && abidw --no-corpus-path --no-comp-dir-path --no-show-locs \
		--suppressions "$records/opaque.ini" \
		--no-elf-needed --type-id-style hash --out-file "$records/libsubid.abi" "$library"
	found=$(abidiff --no-added-syms --suppressions "$records/opaque.ini" \
		"$records/libsubid.abi" "$library") || complain "abidiff: $found"
fi
finish records "$n"
