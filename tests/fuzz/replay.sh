#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# Every fuzz target has a corpus, and runs on every input of it without a crash.

. "${srcdir:-.}/tests/checks/lib.sh"

n=0
for source in "$srcdir"/tests/fuzz/fuzz-*.c; do
	name=$(basename "$source" .c)
	corpus=$srcdir/tests/fuzz/corpus/${name#fuzz-}
	set -- "$corpus"/*
	if [ ! -f "$1" ]; then
		complain "$corpus: no inputs"
		continue
	fi
	[ "$name" != "${FUZZ_NOT_BUILT-}" ] || continue
	n=$((n + $#))
	# shellcheck disable=SC2086
	${SUBID_EMULATOR-} "tests/fuzz/$name" "$@" || complain "$name: failed"
done
finish 'inputs' "$n"
