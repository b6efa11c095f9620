#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# Functions that parse loosely, write without a bound or start a shell have no place in the
# programs: there is one parser of numbers, and every buffer has its size.

. "${srcdir:-.}/tests/checks/lib.sh"

banned='strto(l|ul|ll|ull|imax|umax|d|f|ld)|v?f?s?scanf|ato(i|l|ll|f)'
banned="$banned|st[rp]cpy|strcat|strtok|v?sprintf|gets|alloca|strdupa|strndupa"
banned="$banned|system|popen|tmpnam|tempnam|mktemp|secure_getenv|asctime|ctime"

n=0
for file in $(files '*.[ch]' $code); do
	n=$((n + 1))
	found=$(grep -nE "(^|[^[:alnum:]_])($banned)[[:space:]]*\\(([^0-9]|[0-9]+[^)0-9])" "$srcdir/$file") &&
		complain "$file:$found"
done
finish 'source files' "$n"
