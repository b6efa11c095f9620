#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# HACKING.md, "Where to find what": at least twenty questions, and each file is there.

. "${srcdir:-.}/tests/checks/lib.sh"

n=0
for file in $(sed -n '/^## Where to find what/,/^## Rules/s/^| .* | `\(.*\)` |$/\1/p' \
	"$srcdir/HACKING.md"); do
	n=$((n + 1))
	[ -f "$srcdir/$file" ] || complain "HACKING.md: there is no $file"
done
[ "$n" -ge 20 ] || complain "HACKING.md: $n questions with a file, not 20"
finish questions "$n"
