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

exec autoreconf --force --install "$@"
