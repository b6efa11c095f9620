# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
#
# make install and make uninstall, for runtests to source.

# installed BUILD PREFIX: file, mode, owner and capabilities of the map writers and the helper
installed()
{
	make -s -C "$work/$1" install prefix="$2" sysconfdir="$2/etc" >&2 || return
	stat -c '%n %a %U:%G' "$2/bin/newuidmap" "$2/bin/newgidmap" "$2/libexec/subid-utils"{,/subid-{ask,session}}
	getcap "$2/bin/newuidmap" "$2/bin/newgidmap"
}

# What packages share below a prefix, and leave there.
shared_directories='^((s?bin|etc|etc/pam\.d|include|lib|libexec|share|share/(doc|man|man/man[1-8]|locale|'
shared_directories+='locale/[a-zA-Z_]+|locale/[a-zA-Z_]+/LC_MESSAGES))/)$'

# empty DIRECTORY: holds no file, and no directory but those that packages share
empty()
{
	local files

	files=$(find "$1" -mindepth 1 \( -type d -printf '%P/\n' -o -printf '%P\n' \) |
		grep -vE "$shared_directories")
	printf '%s' "$files"
	[[ -z $files ]]
}

install_as_user()
{
	local destination=$work/user/destination

	step 'make as nobody' "${user[@]}" make -s -C "$work/user/build" -j"$jobs"
	step 'make install as nobody' "${user[@]}" \
		make -s -C "$work/user/build" install DESTDIR="$destination"
	same 'no privilege without root' "$(stat -c %a "$destination"/usr/local/bin/new?idmap)" \
"755
755"
	same 'the helper keeps its mode' \
		"$(stat -c %a "$destination"/usr/local/libexec/subid-utils/subid-ask)" 711
}

# install_catalog PREFIX: for a language that is not in the tree
install_catalog()
{
	local po=$work/languages

	cp -a "$work/src" "$po" && mkdir "$po/build" && (
		cd "$po/po" && rm -f stamp-po && echo xx >LINGUAS &&
			printf 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n' >xx.po
	) &&
		step 'configure with a language' env -C "$po/build" ../configure -q &&
		step 'make install of a catalog' make -s -C "$po/build/po" all install prefix="$1" &&
		step 'the catalog is installed' test -s "$1/share/locale/xx/LC_MESSAGES/subid-utils.mo" &&
		step 'make uninstall of a catalog' make -s -C "$po/build/po" uninstall prefix="$1"
	step 'no catalog is left' empty "$1"
}

installation()
{
	local prefix=$work/prefix bin=$work/prefix/bin helper
	helper="$prefix/libexec/subid-utils 755 root:root
$prefix/libexec/subid-utils/subid-ask 711 root:root
$prefix/libexec/subid-utils/subid-session 755 root:root"

	build gcc && build clang && locked build build_of_user || return
	same 'setuid root' "$(installed gcc "$prefix")" \
"$bin/newuidmap 4755 root:root
$bin/newgidmap 4755 root:root
$helper"
	same 'file capabilities' "$(installed clang "$prefix")" \
"$bin/newuidmap 755 root:root
$bin/newgidmap 755 root:root
$helper
$bin/newuidmap cap_setuid=ep
$bin/newgidmap cap_setgid=ep"
	step 'make uninstall' make -s -C "$work/clang" uninstall prefix="$prefix" \
		sysconfdir="$prefix/etc"
	step 'nothing is left' empty "$prefix"
	install_as_user
	install_catalog "$prefix"
}
