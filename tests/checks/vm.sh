#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# The virtual machine is made in the longest tests alone: the unit tests that it is given by
# name must exist.

. "${srcdir:-.}/tests/checks/lib.sh"

n=0
for name in $(sed -n '/^units=($/,/^)$/{ /^units=($/d; /^)$/d; p; }' "$srcdir/tests/vm/image"); do
	n=$((n + 1))
	[ -f "$srcdir/tests/unit/test-$name.c" ] ||
		complain "tests/vm/image: there is no tests/unit/test-$name.c"
done
finish 'unit tests of the virtual machine' "$n"
