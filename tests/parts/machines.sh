# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
#
# Parts that count by themselves: the running kernel, container runtimes, other kernels and
# machines. For runtests to source.

# with_gcc SCRIPT ARGUMENT...: tests of the programs in the build that parts share
with_gcc()
{
	build gcc && counted "$work/src/$1" "${@:2}"
}

# kernel_tests no|only: those that can run beside other parts, or those that cannot
kernel_tests()
{
	build gcc && counted env SUBID_ALONE="$1" "$work/src/tests/kernel/run"
}

# map_writers: their kernel tests, linked with the other two libcs; the kernel part has the default
map_writers()
{
	local libc status=0

	build gcc || return
	for libc in glibc shared; do
		locked build copy_of_gcc "$libc" && build "$libc" &&
			counted env SUBID_BUILD="$work/$libc" "$work/src/tests/kernel/run" \
				"$work/src/tests/kernel/mapwriter/"test_*.py || status=1
	done
	return "$status"
}

# virtual_machine: unit tests run in it, too
virtual_machine()
{
	build gcc programs && counted "$work/src/tests/vm/run"
}

# runtimes ours|debian: each runtime with our programs and library, or with those of Debian. The
# library gets the name that Debian's podman asks for.
runtimes()
{
	local status soname

	soname=$(ldd "$(command -v podman)" | sed -nE 's/.*libsubid\.so\.([0-9]+) .*/\1/p')
	configuration[runtimes]+=" --with-libsubid-soname=$soname"
	build gcc && locked build copy_of_gcc runtimes && build runtimes || return
	counted env SUBID_BUILD="$work/runtimes" SUBID_RUNTIMES="$1" "$work/src/tests/runtimes/run"
	status=$?
	[[ -n $quick || $1 == debian ]] || step 'the demonstration of 2014' \
		env SUBID_BUILD="$work/runtimes" "$work/src/examples/ods-2014/demo"
	return "$status"
}

# platform SCRIPT ARGUMENT...: installs, builds and tests from a copy of its own; an emulator is
# slow
platform()
{
	local step_limit=14400

	counted "$top/tests/platform/$1" "${@:2}"
}

# another_libc: musl-gcc of Debian knows no headers of the kernel, and gets no other of glibc's
another_libc()
{
	mkdir "$work/kernel-headers" &&
		ln -s /usr/include/linux /usr/include/asm-generic \
			"/usr/include/$(gcc -print-multiarch)/asm" "$work/kernel-headers" &&
		unit_tests musl &&
		counted env SUBID_BUILD="$work/musl" "$work/src/tests/kernel/run"
}
