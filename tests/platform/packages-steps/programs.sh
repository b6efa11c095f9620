# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# `run` sets release and packages; names of packages are words.
# shellcheck disable=SC2154,SC2046
#
# Tests of the installed packages, and programs that are linked with one of the two libraries.

# The root is thrown away after the step.
test_packages='command autopkgtest --no-built-binaries
	--ignore-restrictions=breaks-testbed,isolation-container'

# tests: debian/tests, by autopkgtest
tests()
{
	local output name

	must 'autopkgtest' apt install autopkgtest
	install_ours >/dev/null 2>&1
	output=$($test_packages /packages/"$release"/*.deb \
		/build/subid-utils -- null 2>&1)
	while read -r name; do
		verdict "autopkgtest: $name" \
			"$(grep -q "^$name  *PASS" <<<"$output" || failed_test "$name" "$output")"
	done < <(sed -n 's/^Tests: //p' /build/subid-utils/debian/tests/control)
}

# failed_test NAME OUTPUT: what autopkgtest says of it
failed_test()
{
	grep -E -m 1 "^$1  *(FAIL|SKIP)" <<<"$2" || echo 'it was not run'
	sed -n "/: test $1: \[--*$/,/: test $1: -*\]$/p" <<<"$2" | tail -n 40
}

# linked NAME: a program with shadow's calls
linked()
{
	cat >/tmp/ranges.c <<-'END'
		#include <stdbool.h>
		#include <stdio.h>
		#include <sys/types.h>
		#include <shadow/subid.h>

		int main(void)
		{
			struct subid_range *ranges;
			int n = subid_get_uid_ranges("elsa", &ranges);

			return n != 1 || printf("%lu %lu\n", ranges[0].start, ranges[0].count) < 0;
		}
	END
	gcc -o "$1" /tmp/ranges.c -lsubid
}

# needs PROGRAM: what dpkg-shlibdeps makes of it
needs()
{
	mkdir -p /tmp/source/debian && cd /tmp/source &&
		printf 'Source: x\n\nPackage: x\nArchitecture: any\n' >debian/control &&
		dpkg-shlibdeps -O "$1" 2>/dev/null | grep -oE '(subid-)?libsubid[45][^,]*(\| )?.*' |
		sed 's/, lib.*//'
}

library()
{
	local n since

	n=$(dpkg --compare-versions "$(dpkg-query -W -f '${Version}' passwd)" ge 1:4.16 && echo 5 || echo 4)
	since=$([[ $n == 5 ]] && echo 1:4.16.0 || echo 1:4.11.1)
	useradd -K SUB_UID_COUNT=0 -K SUB_GID_COUNT=0 elsa
	echo elsa:3000000:65536 >>/etc/subuid
	must "Debian's library" apt install "libsubid$n" libsubid-dev
	must "a program built with Debian's" linked /tmp/theirs
	must 'our library' install_ours
	must 'our headers' apt install $(ours subid-libsubid-dev)
	same "Debian's are gone" "$(installed | grep -E '^libsubid')" ''
	same "the program built with Debian's runs with ours" "$(/tmp/theirs)" '3000000 65536'
	same 'it is ours' "$(library_of /tmp/theirs)" "subid-libsubid$n"
	must 'a program built with ours' linked /tmp/ours
	same 'it depends on either library' "$(needs /tmp/ours)" "libsubid$n (>= $since)"
	must "Debian's library again" apt install "libsubid$n" libsubid-dev
	same "the program built with ours runs with Debian's" "$(/tmp/ours)" '3000000 65536'
	same "it is Debian's" "$(library_of /tmp/ours)" "libsubid$n"
}

# example: examples/package, built and tested with our packages
example()
{
	local output

	must 'what it needs' apt install autopkgtest debhelper
	must 'ours' install_ours
	must 'dpkg-buildpackage' sh -c \
		'cd /build/subid-utils/examples/package && dpkg-buildpackage -us -uc -b'
	output=$($test_packages /build/subid-utils/examples/jobrunner_*.deb \
		/build/subid-utils/examples/package -- null 2>&1)
	verdict 'autopkgtest of examples/package' \
		"$(grep -qE '^range +PASS' <<<"$output" || failed_test range "$output")"
	same 'a second installation and purge say nothing' "$(dpkg -i \
		/build/subid-utils/examples/jobrunner_*.deb 2>&1 | grep -vE '^(\(|Selecting|Preparing|Unpacking|Setting)')" ''
}

# audit: a grant, with nothing installed but what ours depend on
audit()
{
	must 'ours and what they need' packages_of_ours
	must 'a user' useradd -K SUB_UID_COUNT=0 -K SUB_GID_COUNT=0 elsa
	must 'a grant' subid grant elsa
}

packages_of_ours()
{
	apt-get -qq update && install_ours
}
