#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# The unit tests that tests/vm names must exist. make check shows it, since the virtual machine
# is only made in the longest tests.

. "${srcdir:-.}/tests/checks/lib.sh"

n=0
for name in $(sed -n '/^units=($/,/^)$/{ /^units=($/d; /^)$/d; p; }' "$srcdir/tests/vm/image"); do
	n=$((n + 1))
	[ -f "$srcdir/tests/unit/test-$name.c" ] ||
		complain "tests/vm/image: there is no tests/unit/test-$name.c"
done
finish 'unit tests of the virtual machine' "$n"
