# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# `run` sets release and packages; names of packages are words.
# shellcheck disable=SC2154,SC2046
#
# What happens when the archive changes: a newer uidmap, the next release.

# archive DIRECTORY: of its .deb files, as an archive for apt
archive()
{
	local file

	for file in "$1"/*.deb; do
		dpkg-deb -f "$file" | sed '/^$/d'
		printf '%s\n' "Filename: ./${file##*/}" "Size: $(stat -c %s "$file")" \
			"SHA256: $(sha256sum "$file" | cut -d' ' -f1)" ''
	done >"$1/Packages"
	echo "deb [trusted=yes] file:$1 ./" >"/etc/apt/sources.list.d/${1##*/}.list"
	chmod -R a+rX "$1"
	apt-get update -qq
}

# renewed PACKAGE: Debian's, as a version that is newer than any
renewed()
{
	mkdir -p /srv/newer && cd /srv && apt-get -q download "$1" && dpkg-deb -R "$1"_*.deb "$1" &&
		sed -i -E 's/^Version: .*/Version: 1:99/; s/(libsubid[45]) \(= [^)]*\)/\1/' \
			"$1/DEBIAN/control" && dpkg-deb -b "$1" /srv/newer
}

newer()
{
	local library versions

	library=$(installed | grep '^libsubid[45]$')
	must 'a newer uidmap' renewed uidmap
	must 'a newer library' renewed "$library"
	must 'apt install ours' install_ours
	versions=$(dpkg-query -W)
	must 'they are in the archive' archive /srv/newer
	must 'apt upgrade' apt upgrade
	must 'apt full-upgrade' apt full-upgrade
	must 'apt autoremove' apt autoremove
	same 'ours stay' "$(dpkg-query -W)" "$versions"
	must 'apt install uidmap' apt install uidmap
	same 'the newer one, where it is asked for' "$(dpkg-query -W -f '${Version}' uidmap)" 1:99
	sound 'newer'
}

# upgrade: from Debian 12 to 13, where our packages of both are at hand
upgrade()
{
	if [[ ! -d /packages/trixie ]]; then
		echo "skip $release: upgrade # there are no packages of Debian 13"
		return
	fi
	must 'two users' make_users
	must 'images and configurations' containers_prepare
	must 'apt install ours' install_ours
	must 'containers before' containers_start before
	sed -i 's/bookworm/trixie/g' /etc/apt/sources.list
	must 'the next release' apt-get -qq update
	same 'without our archive nothing of ours would go' \
		"$(apt-get -s full-upgrade | sed -n 's/^Remv \(subid-[^ ]*\).*/\1/p')" ''
	mkdir -p /srv/ours && cp /packages/trixie/subid-*.deb /srv/ours
	must 'our archive' archive /srv/ours
	must 'apt full-upgrade' apt full-upgrade -o Dpkg::Options::=--force-confold
	same 'Debian 13' "$(cut -d. -f1 /etc/debian_version)" 13
	same 'ours are those of Debian 13' "$(dpkg-query -W -f '${Version}\n' subid-utils subid-uidmap \
		subid-libsubid5)" $'0.1.0~deb13\n0.1.0~deb13\n0.1.0~deb13'
	sound 'upgraded'
	same "podman's libsubid is ours" "$(library_of /usr/bin/podman)" subid-libsubid5
	must 'containers from before live' containers_live
	must 'a map' as elsa 'unshare --user --map-auto --map-root-user true'
	must 'a new user of LXC and podman' useradd -m -s /bin/bash serge
	users=(serge)
	install -d -o serge -m 700 /run/serge
	must 'images and configurations, new' containers_prepare
	must 'containers, new' containers_start new
	must 'they have the maps' containers_answer new
	must 'a library that was not asked for' apt-mark auto subid-libsubid4
	must 'apt autoremove' apt autoremove
	same 'the library of Debian 12 is gone' "$(installed | grep libsubid4)" ''
	sound 'at the end'
}

# containers_live: the processes of podman's containers, whose engine is of another version now
containers_live()
{
	(($(pgrep -fc '^/bin/sleep 100000') == ${#users[@]}))
}
