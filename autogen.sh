#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# Makes ./configure and what it needs from the sources of a git clone.

set -e
cd "$(dirname "$0")"

for tool in autoreconf automake libtoolize autopoint pkg-config; do
	command -v "$tool" >/dev/null || {
		echo "autogen.sh: $tool not found; tests/packages.sh lists what to install" >&2
		exit 1
	}
done

# The oldest one that configure.ac takes, and the one that is here.
needed=$(sed -n 's/^AC_PREREQ(\[\(.*\)\])$/\1/p' configure.ac)
found=$(autoreconf --version | sed -n '1s/.* //p')
printf '%s\n' "$needed" "$found" | sort -C -V || {
	echo "autogen.sh: autoconf $needed or newer is needed, this is $found; a release tarball" \
		"needs none" >&2
	exit 1
}

exec autoreconf --force --install "$@"
