#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# Compiles the core and the decision for 32 bits and runs arith-m32.c. Undefined behaviour
# traps, which needs no library of the sanitizer.

. "${srcdir:-.}/tests/checks/lib.sh"

CC=${CC:-cc}
flags='-m32 -std=gnu17 -O1 -g -D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64 -D_GNU_SOURCE'
flags="$flags -fsanitize=undefined -fsanitize-undefined-trap-on-error"
flags="$flags -Wall -Wextra -Wconversion -Wno-unused-command-line-argument"

dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT

echo '#include <stdio.h>
int main(void) { return puts("") < 0; }' >"$dir/probe.c"
# shellcheck disable=SC2086
$CC $flags "$dir/probe.c" -o "$dir/probe" 2>"$dir/log" && "$dir/probe" >/dev/null ||
	skip "$CC does not make programs of 32 bits (on Debian: gcc-multilib)"

cd "$srcdir" || exit 99
sources="tests/unit/arith-m32.c tests/unit/model.c tests/unit/decide-narrow.c
	libsubid/core/entry.c
	libsubid/core/entry-readers.c libsubid/core/idmap.c
	libsubid/core/accounts.c libsubid/core/kind.c libsubid/core/num.c
	libsubid/core/passwd.c libsubid/core/range.c libsubid/core/line-prefix.c
	libsubid/core/table.c libsubid/core/overlap.c libsubid/core/reserved.c
	libsubid/findings/entry-repair.c explain/busy.c explain/facts-grants.c
	explain/facts-malformed.c
	libsubid/sys/child.c libsubid/sys/dbfile.c libsubid/sys/etc-directory.c
	libsubid/sys/fd.c libsubid/sys/nsswitch.c
	libsubid/sys/process.c libsubid/sys/scan.c libsubid/sys/userns.c libsubid/sys/wait.c
	libsubid/user/account.c libsubid/user/lookup.c libsubid/user/owner.c
	libsubid/user/passwd-file.c libsubid/user/ids-in-use.c mapwriter/decide.c"
# shellcheck disable=SC2086
$CC $flags -Werror -DSYSCONFDIR='"/etc"' -I. $sources -o "$dir/arith" || exit 1
"$dir/arith"
