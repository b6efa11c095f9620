# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
#
# A clean copy of the sources, for scripts to source.

# sources_copy TREE DIRECTORY: the files that git tracks or would add, or an unpacked tarball
sources_copy()
{
	local git=(git -c 'safe.directory=*' -C "$1")

	mkdir -p "$2" || return
	if [[ -e $1/.git ]]; then
		"${git[@]}" ls-files -z --cached --others --exclude-standard |
			tar -C "$1" --null --ignore-failed-read -T - -cf -
	else
		tar -C "$1" -cf - .
	fi | tar -C "$2" --no-same-owner -xf -
}

# sources_prepare TREE DIRECTORY: such a copy, ready to be configured
sources_prepare()
{
	sources_copy "$1" "$2" || return
	[[ -x $2/configure ]] || (cd "$2" && ./autogen.sh)
}
