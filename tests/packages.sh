# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
#
# What Debian 12 and 13 need, for scripts to source; they run as root.

# ./autogen.sh && ./configure && make
# shellcheck disable=SC2034
packages_build=(
	autoconf automake autopoint gcc gettext libc6-dev libsmartcols-dev libtool make musl-tools
	pkgconf xz-utils
)

# The optional libraries, ./runtests, and what it compares with
# shellcheck disable=SC2034
packages_tests=(
	389-ds-base abigail-tools ansible-core auditd bash-completion bubblewrap buildah
	busybox-static clang clang-tidy cppcheck cron crun curl docker.io e2fsprogs fish g++
	gcc-multilib git gnupg gpgv iproute2 jq krb5-admin-server krb5-kdc ldap-utils
	libaudit-dev libcap2-bin libclang-rt-dev libcriterion-dev libjansson-dev libnss-ldapd
	libpam0g-dev libsasl2-modules-gssapi-mit libselinux1-dev libsubid-dev libvirt-clients
	libvirt-daemon libvirt-daemon-driver-lxc lxc mandoc mmdebstrap nslcd openssh-client
	openssh-server openssl pamtester podman procps prometheus python3 python3-jsonschema
	qemu-system-x86 rootlesskit rsync runc shellcheck slapd slirp4netns sssd-ipa strace
	systemd-container uidmap valgrind zsh
)

# Since Debian 13 the client of docker is a package of its own.
[[ $(sed -n 's/^VERSION_ID=//p' /etc/os-release) == '"12"' ]] || packages_tests+=(docker-cli)

# make bench, besides the others
# shellcheck disable=SC2034
packages_bench=(gnuplot-nox libsubid4 passwd uidmap)

# packages_install PACKAGE...: those that are missing. Asks the registry only if any is.
packages_install()
{
	local package missing=()

	for package in "$@"; do
		[[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] ||
			missing+=("$package")
	done
	((${#missing[@]})) || return 0

	echo "installing ${missing[*]}"
	apt-get update -qq &&
		DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends \
			"${missing[@]}" </dev/null
}
