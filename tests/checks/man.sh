#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# The man pages: mandoc has nothing to say, and the sections that readers look for are there.

. "${srcdir:-.}/tests/checks/lib.sh"
require_tool mandoc

n=0
for page in $(files '*.[1358]' $code); do
	n=$((n + 1))
	found=$(mandoc -T lint -W warning "$srcdir/$page") || complain "$found"
	case $page in
	*.3) sections='RETURN.VALUES FILES EXAMPLES' ;;
	*.5) sections='FILES EXAMPLES' ;;
	*) sections='EXIT.STATUS FILES EXAMPLES' ;;
	esac
	for section in $sections; do
		grep -q "^\\.Sh $section\$" "$srcdir/$page" || complain "$page: no $section"
	done
done
finish 'man pages' "$n"
