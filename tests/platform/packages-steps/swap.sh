# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# `run` sets release and packages; names of packages are words.
# shellcheck disable=SC2154,SC2046
#
# Our packages in the place of Debian's uidmap and libsubid, and back.

# fresh: where neither uidmap nor anything that needs it is installed
fresh()
{
	local before

	must 'apt-get update' apt-get -qq update
	before=$(state)
	must 'apt install ours' install_ours
	sound 'installed'
	modes
	same 'the pages subuid(5) and subgid(5) are ours' \
		"$(zgrep -l 'subid-utils' /usr/share/man/man5/sub[ug]id.5.gz)" \
"/usr/share/man/man5/subgid.5.gz
/usr/share/man/man5/subuid.5.gz"
	must 'installed again' dpkg -i $(ours)
	must 'dpkg-reconfigure' dpkg-reconfigure subid-uidmap subid-utils
	modes
	sed -i '1i# edited' /etc/pam.d/usermod-ext
	must 'removed' apt remove subid-utils subid-uidmap 'subid-libsubid?'
	same 'an edited /etc/pam.d/usermod-ext stays' "$(head -n 1 /etc/pam.d/usermod-ext)" '# edited'
	must 'purged' dpkg --purge subid-utils subid-uidmap
	must 'what came with it' apt autoremove --purge
	sound 'purged'
	same 'nothing is left' "$(state)" "$before"
}

# piuparts: the same by Debian's program for it, in a copy of this root
piuparts()
{
	local output status

	tar --one-file-system --exclude=./{test,packages,build} -I 'gzip -1' -C / -cf /build/base.tar.gz . &&
		must 'piuparts' packages piuparts || return
	output=$(command piuparts --basetgz=/build/base.tar.gz --distribution="$release" \
		--mirror=http://deb.debian.org/debian --no-eatmydata $(ours) 2>&1)
	status=$?
	verdict 'piuparts finds nothing' "$([[ $status == 0 ]] ||
		{ grep -E 'ERROR|FAIL' <<<"$output"; tail -n 20 <<<"$output"; })"
}

# modes [ROOT]: files with privilege, and the one that only root may read
modes()
{
	local root=${1-}

	same "modes and owners${root:+ in $root}" "$(cd "$root/usr" &&
		stat -c '%n %a %U:%G' bin/newuidmap bin/newgidmap libexec/subid-utils/subid-ask)" \
"bin/newuidmap 4755 root:root
bin/newgidmap 4755 root:root
libexec/subid-utils/subid-ask 711 root:root"
}

# library_of PROGRAM: the package of the libsubid that it loads
library_of()
{
	ldd "$1" | sed -n 's/.*libsubid.*=> \([^ ]*\) .*/\1/p' | xargs realpath | xargs dpkg -S |
		cut -d: -f1
}

# dependent NAME: a package that needs uidmap, as docker's rootless extras do
dependent()
{
	mkdir -p "/var/tmp/$1/DEBIAN" &&
		printf '%s\n' "Package: $1" 'Version: 1' 'Architecture: all' 'Depends: uidmap' \
			'Maintainer: elsa <elsa@localhost>' 'Description: needs uidmap' \
			>"/var/tmp/$1/DEBIAN/control" &&
		dpkg-deb --build "/var/tmp/$1" /var/tmp >/dev/null && dpkg -i "/var/tmp/$1"_*.deb
}

# swap: there and back with containers, by apt and by dpkg
swap()
{
	local before others databases library

	library=$(installed | grep '^libsubid[45]$')
	must 'docker rootless extras' dependent docker-ce-rootless-extras
	must 'two users' make_users
	must 'images and configurations' containers_prepare
	must 'containers before' containers_start before
	before=$(state)
	others=$(installed | grep -vE '^(uidmap|libsubid.|libjansson4)$')
	databases=$(cat /etc/subuid /etc/subgid)

	must 'apt install ours' watched /tmp/watch install_ours
	printf '# %s: apt: %s\n' "$release" "$(cat /tmp/watch)"
	sound 'ours'
	same 'no package but uidmap and libsubid went' \
		"$(installed | grep -vE '^(subid-.*|libjansson4)$')" "$others"
	modes
	must 'containers from before live' containers_answer before
	must 'containers with ours' containers_start ours
	must 'they have the maps' containers_answer ours
	must 'subid doctor finds nothing' as elsa 'subid doctor'
	same "podman's libsubid is ours" "$(library_of /usr/bin/podman)" "subid-$library"

	must "apt install uidmap $library" watched /tmp/watch apt install uidmap "$library"
	printf '# %s: apt, back: %s\n' "$release" "$(cat /tmp/watch)"
	sound 'back'
	must 'purge of what is left' apt purge subid-utils subid-uidmap
	apt autoremove --purge >/dev/null 2>&1
	must 'containers of before and ours live' containers_answer before
	must 'containers with ours live' containers_answer ours
	must 'containers after' containers_start after
	must 'they have the maps, too' containers_answer after
	same 'the same packages' "$(installed | grep -vE '^(uidmap|libsubid.|libjansson4)$')" "$others"
	same 'the databases are the same' "$(cat /etc/subuid /etc/subgid)" "$databases"
	same 'files, users, modes and diversions as before' "$(state | grep -v '^/home/')" \
		"$(grep -v '^/home/' <<<"$before")"

	must 'dpkg -i ours' watched /tmp/watch swap_by_dpkg
	same 'dpkg: newuidmap was never missing' "$(sed 's/.* missing //' /tmp/watch)" 0
	sound 'ours by dpkg'
	must 'containers by dpkg' containers_start dpkg
	must 'all live' containers_answer before
}

swap_by_dpkg()
{
	apt install libjansson4 && dpkg -i $(ours)
}

# pages: beside those of passwd and of its translations
pages()
{
	must 'translations' apt install manpages-de manpages-fr
	must 'apt install ours' install_ours
	sound 'pages'
	for page in subuid subgid; do
		verdict "man $page shows ours" \
			"$(man -P cat 5 "$page" 2>&1 | grep -q subid-utils || man -w 5 "$page")"
		verdict "the page of passwd is $page.passwd(5)" \
			"$(man -P cat 5 "$page.passwd" 2>&1 | grep -q shadow-utils || man -w 5 "$page.passwd")"
	done
}

# copies: of a system that has the packages keep modes and owners
copies()
{
	local copy

	must 'ours and what they need' packages_of_ours
	must 'ostree' apt install ostree
	same 'dpkg --verify' "$(dpkg --verify subid-uidmap subid-utils)" ''
	mkdir /var/tmp/{cp,tar} && cp -a /usr /var/tmp/cp/ &&
		tar -C / -cf - usr | tar -C /var/tmp/tar -xpf -
	must 'ostree commit and checkout' by_ostree /var/tmp/cp /var/tmp/ostree
	for copy in cp tar ostree; do
		modes "/var/tmp/$copy"
	done
}

by_ostree()
{
	ostree --repo=/var/tmp/repo init --mode=bare &&
		ostree --repo=/var/tmp/repo commit --branch=test --tree=dir="$1" &&
		ostree --repo=/var/tmp/repo checkout test "$2"
}

# multiarch: the libraries of two architectures, and what programs are built with
multiarch()
{
	local other=/packages/$release-i386

	if [[ ! -d $other ]]; then
		echo "skip $release: multiarch # there are no packages of i386"
		return
	fi
	must 'ours and what they need' packages_of_ours
	must 'i386' dpkg --add-architecture i386
	sed -i -E '/-(security|updates) /s/^deb /deb [arch=amd64] /' /etc/apt/sources.list
	must 'both libraries, and both to build with' packages $(ours subid-libsubid-dev) \
		"$other"/subid-libsubid5_*.deb "$other"/subid-libsubid-dev_*.deb
	same 'they are installed' "$(dpkg-query -W -f '${Package} ${Architecture} ${Status}\n' \
		'subid-libsubid5' 'subid-libsubid-dev' | grep ' installed$' | cut -d' ' -f1,2 | sort)" \
"subid-libsubid-dev amd64
subid-libsubid-dev i386
subid-libsubid5 amd64
subid-libsubid5 i386"
	sound 'two architectures'
}
