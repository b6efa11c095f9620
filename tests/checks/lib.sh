# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
#
# What the checks share. They run in the build directory, $srcdir is the source directory.

srcdir=${srcdir:-.}
complaints=0

# shellcheck disable=SC2034
code='libsubid message helper explain command mapwriter newuidmap newgidmap usermod-ext getsubids subid pam'

complain()
{
	echo "$*"
	complaints=$((complaints + 1))
}

skip()
{
	echo "$*"
	exit 77
}

# require_tool TOOL
require_tool()
{
	command -v "$1" >/dev/null || skip "$1 not found"
}

# files PATTERN DIRECTORY...: names below $srcdir
files()
{
	(
		pattern=$1
		shift
		cd "$srcdir" && find "$@" -name "$pattern" -type f | sort
	)
}

# finish WHAT COUNT: the last line of a check, which must have looked at something
finish()
{
	echo "$2 $1, $complaints complaints"
	[ "$2" -gt 0 ] && [ "$complaints" -eq 0 ]
	exit
}
