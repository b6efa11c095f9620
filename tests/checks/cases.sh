#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# Every cause of explain/ and every finding of `subid check` has a case in tests/kernel that
# creates it for real. One that no command fixes stands in a closed list with a reason; the
# tests on the kernel require that a command fixes all others.

. "${srcdir:-.}/tests/checks/lib.sh"

kernel=$srcdir/tests/kernel
directory=$(mktemp -d) || exit 99
trap 'rm -rf "$directory"' EXIT

# compare WHAT: each line of `known` is in `tested`, and each of `listed` is in `known`
compare()
{
	for name in known tested listed; do
		sort -u "$directory/$name" >"$directory/$name.sorted"
	done
	[ -s "$directory/known" ] || complain "no $1 found"
	found=$(comm -23 "$directory/known.sorted" "$directory/tested.sorted")
	[ -z "$found" ] || complain "$1 without a case:" "$found"
	found=$(comm -13 "$directory/known.sorted" "$directory/listed.sorted")
	[ -z "$found" ] || complain "closed lists of tests/kernel/lib/cures.py: no such $1:" "$found"
	n=$((n + $(wc -l <"$directory/known.sorted")))
}

# listed NAME...: the keys of these dictionaries
listed()
{
	for name; do
		sed -n "/^$name = {/,/^}/p" "$kernel/lib/cures.py" |
			grep -oE '"[A-Za-z_-]+"' | tr -d '"'
	done
}

n=0
sed -n 's/^	CAUSE_\([A-Z_]*\)\( = 1\)\{0,1\},$/\1/p' "$srcdir/explain/causes.h" |
	grep -vx UNKNOWN >"$directory/known"
cat "$kernel"/mapwriter/causes_*.py "$kernel/subid/test_subid_doctor.py" |
	sed '/^NEVER = {/,/^}/d' | grep -oE '"[A-Z_]+"' | tr -d '"' >"$directory/tested"
listed NO_COMMAND SOMETIMES >"$directory/listed"
compare causes

sed -n 's/.*\[[A-Z]*_[A-Z_]*\] = { "\([a-z-]*\)", FINDING_.*/\1/p' \
	"$srcdir/libsubid/findings/findings.c" "$srcdir/subid/check/check-report.c" \
	>"$directory/known"
sed -n 's/^\(@case\|by_line\)("\([a-z-]*\)".*/\2/p' "$kernel/subid/test_subid_check.py" \
	>"$directory/tested"
listed NO_COMMAND_FINDINGS >"$directory/listed"
compare findings
finish 'causes and findings' "$n"
