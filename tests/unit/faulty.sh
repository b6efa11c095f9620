#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# A wrong test fails, both with Criterion and with criterion-small.h.

. "${srcdir:-.}/tests/checks/lib.sh"

unit=$srcdir/tests/unit
n=0

# run TEST STATUS TEXT: ends with 0 (STATUS ok), 77 (skipped) or another status (bad), and
# prints TEXT
run()
{
	n=$((n + 1))
	output=$(sh "$unit/run-criterion" tests/unit/faulty --filter="faulty/$1" 2>&1)
	case $? in
	0) got=ok ;;
	77) got=skipped ;;
	*) got=bad ;;
	esac
	[ "$got" = "$2" ] || complain "the test $1 is $got:" "$output"
	echo "$output" | grep -qE "$3" || complain "the test $1 does not print '$3':" "$output"
}

# has TEST: not all are built with Criterion
has()
{
	grep -q "$1" tests/unit/faulty
}

run good_passes ok 'Passing: 1 '
run good_skipped skipped 'no test ran'
run 'good_*' ok '^run-criterion: skipped: good_skipped'
run assertion bad 'message 5'
run expectation bad 'message 5'
case $output in
*'of the rest'*) complain 'a test ends behind cr_expect:' "$output" ;;
esac
run teardown bad 'message 5'
run setup bad 'message 5'
run crash bad 'Unexpected signal|DEADLYSIGNAL'
run abort bad 'Unexpected signal'
run hang bad 'Timed out'
run exit bad ''
run no_assertion bad 'without an assertion'
run none bad 'no test ran'
if has process_left; then
	run in_a_child bad 'message 5'
fi
# qemu-user makes no process the parent of those that a test leaves.
if has process_left && [ -z "${SUBID_EMULATOR-}" ]; then
	run process_left bad 'left processes'
	pid=$(echo "$output" | sed -n 's/^left: \([0-9]*\)\.$/\1/p')
	[ "$pid" ] && ! kill -0 "$pid" 2>/dev/null ||
		complain "the process $pid that a test has left is there"
fi
if has __asan_init; then
	run leak bad 'detected memory leaks'
fi
finish 'faulty tests' "$n"
