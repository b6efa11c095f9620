# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# `run` sets release and packages; names of packages are words.
# shellcheck disable=SC2154,SC2046
#
# Building the packages, and what lintian says.

# dependencies: what debian/control names, and no more
dependencies()
{
	apt-get update -qq && apt install build-essential lintian &&
		mkdir -p /build/source && cp -a /build/debian /build/source/ &&
		apt build-dep /build/source
}

# built DIRECTORY OPTIONS COMMAND...: dpkg-buildpackage as an ordinary user in DIRECTORY
built()
{
	local directory=$1 options=$2
	shift 2

	(cd "$directory" && setpriv --reuid 1000 --regid 1000 --clear-groups \
		env HOME=/nonexistent DEB_BUILD_OPTIONS="$options parallel=$(nproc)" "$@")
}

build()
{
	chown -R 1000:1000 /build
	must 'dpkg-buildpackage: sources and packages' \
		built /build/subid-utils nocheck dpkg-buildpackage -us -uc || return
	mkdir -p /packages/new && mv /build/*.* /packages/new/
}

# reproducible: the source package, built by another hand in another place
reproducible()
{
	local elsewhere=/build/elsewhere name

	mkdir -p "$elsewhere" && tar -C "$elsewhere" -xf "$packages"/*.tar.xz --no-same-owner &&
		chown -R 1000:1000 "$elsewhere" || return
	name=$(ls "$elsewhere")
	must 'dpkg-buildpackage of the source package, elsewhere' \
		built "$elsewhere/$name" nocheck env TZ=Asia/Tokyo LC_ALL=C sh -c \
		'umask 002; exec dpkg-buildpackage -us -uc -b' || return
	for name in "$packages"/*.deb; do
		verdict "the same bits twice: ${name##*/}" "$(cmp "$name" "$elsewhere/${name##*/}" 2>&1)"
	done
}

# check: the unit tests and checks of the tree in the build
check()
{
	chown -R 1000:1000 /build
	must 'dpkg-buildpackage with its tests' built /build/subid-utils '' dpkg-buildpackage -us -uc -b
}

lintian()
{
	local output
	output=$(command lintian --allow-root --no-tag-display-limit --show-overrides --display-info \
		--pedantic "$packages"/*.changes 2>&1)

	verdict 'lintian: no error, no warning' "$(grep '^[EW]:' <<<"$output")"
	verdict 'lintian: it has read the packages, and the overrides are used' \
		"$(grep -q '^O: subid-uidmap: elevated-privileges' <<<"$output" || echo "$output")"
	grep -v '^[EW]:' <<<"$output" | sed 's/^/| /'
}

# cross: for another machine, with Debian's cross compiler
cross()
{
	local machine=arm64 package

	chown -R 1000:1000 /build
	must "$machine" dpkg --add-architecture "$machine"
	must 'what it needs' packages "crossbuild-essential-$machine" file
	must 'what its packages need' apt build-dep -a "$machine" -P cross,nocheck /build/subid-utils
	must "dpkg-buildpackage -a $machine" built /build/subid-utils nocheck \
		dpkg-buildpackage -us -uc -b -a "$machine" -Pcross,nocheck || return
	for package in /build/subid-uidmap_*"_$machine.deb"; do
		dpkg-deb -x "$package" /build/root
		same "${package##*/}: newuidmap" \
			"$(file -b /build/root/usr/bin/newuidmap | grep -oE 'setuid|ARM aarch64|static-pie linked')" \
			$'setuid\nARM aarch64\nstatic-pie linked'
	done
}
