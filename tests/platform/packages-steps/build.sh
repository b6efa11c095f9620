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
	local name

	chown -R 1000:1000 /build
	must 'dpkg-buildpackage: sources and packages' \
		built /build/subid-utils nocheck dpkg-buildpackage -us -uc || return
	mkdir -p /build/elsewhere /packages/new && mv /build/*.* /packages/new/ &&
		tar -C /build/elsewhere -xf /packages/new/*.tar.xz --no-same-owner &&
		chown -R 1000:1000 /build/elsewhere || return
	name=$(ls /build/elsewhere)
	must 'dpkg-buildpackage of the source package, elsewhere' \
		built "/build/elsewhere/$name" nocheck env TZ=Asia/Tokyo LC_ALL=C sh -c \
		'umask 002; exec dpkg-buildpackage -us -uc -b' || return
	for name in /packages/new/*.deb; do
		verdict "the same bits twice: ${name##*/}" \
			"$(cmp "$name" "/build/elsewhere/${name##*/}" 2>&1)"
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
