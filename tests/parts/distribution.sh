# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
#
# make distcheck, for runtests to source.

# tarball_is_complete TARBALL: every source is in it, but for what git and CI need, and
# nothing of a build
tarball_is_complete()
{
	local file bad=0

	tar -tf "$1" | sed 's,^[^/]*/,,' | sort >"$work/tarball-files" || return
	while IFS= read -r file; do
		printf 'not in the tarball: %s\n' "$file"
		bad=1
	done < <(comm -23 "$work/source-files" "$work/tarball-files" |
		grep -vE '^(\.gitignore|\.(ci|github)/.*)$')
	while IFS= read -r file; do
		printf 'a build left this in the tarball: %s\n' "$file"
		bad=1
	done < <(grep -E '\.(l?[ao]|py[co]|log|trs)$|(^|/)(\.deps|\.libs|__pycache__)/' \
		"$work/tarball-files")
	return "$bad"
}

# The tests of the tarball are run by the part user, and as root by the part gcc. With the tests
# built: what they leave behind is not to be shipped.
distcheck_as_root()
{
	build gcc programs || return
	locked build step 'make distcheck' make -s -C "$work/gcc" -j"$jobs" distcheck \
		AM_MAKEFLAGS='TESTS= check_PROGRAMS=' DISTCHECK_CONFIGURE_FLAGS=CFLAGS=-O0 &&
		step 'the tarball is complete' tarball_is_complete "$work"/gcc/subid-utils-*.tar.xz
}

# What needs root is no skip here: the part gcc runs the same tests as root.
distcheck_as_user()
{
	local lines=$work/logs/$part-lines

	locked build build_of_user || return
	step 'make distcheck as nobody' "${user[@]}" make -s -C "$work/user/build" -j"$jobs" \
		distcheck DISTCHECK_CONFIGURE_FLAGS='--with-criterion=yes CFLAGS=-O0' \
		compiler_checks= 2>&1 | tee "$lines"
	sed -nE -e 's/^PASS: /ok 1 /p' -e 's/^(FAIL|XPASS|ERROR): /not-ok 1 /p' "$lines" \
		>>"$work/results/$part"
	grep -q '^PASS: .*/test-' "$lines" || result not-ok 1 'no unit test was run'
}
