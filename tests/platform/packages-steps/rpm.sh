# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# `run` sets release and packages; names of packages are words.
# shellcheck disable=SC2154,SC2046
#
# The packages of subid-utils.spec, built with Debian's rpmbuild from a tarball of `make dist`.

# tarball: subid-utils-VERSION.tar.xz in /build/dist
tarball()
{
	(cd /build/subid-utils && ./autogen.sh && mkdir -p /build/dist && cd /build/dist &&
		../subid-utils/configure --without-criterion && make dist) >/build/dist.log 2>&1
}

rpm_packages()
{
	local root=/var/tmp/rpm found package

	must 'what it needs' packages git libcap2-bin musl-tools rpm rpmlint xz-utils
	# What Fedora does otherwise: it is run by bash, and symbols are taken out of programs, too.
	sed -i '1s/bin.sh$/bin\/bash/' /usr/lib/rpm/brp-compress
	# shellcheck disable=SC2016
	sed -i 's/\$STRIP -g /$STRIP /' /usr/lib/rpm/brp-strip
	must 'make dist' tarball || return
	# The names of what it needs are those of Fedora, and rpm's database has no package of Debian.
	must 'rpmbuild -tb' rpmbuild -tb --nodeps --without check --define '_topdir /build/rpm' \
		/build/dist/subid-utils-*.tar.xz || return
	rm -f /build/rpm/RPMS/*/*-debug*.rpm
	found=$(rpmlint --rpmlintrc /build/subid-utils/subid-utils.rpmlintrc /build/rpm/RPMS 2>&1)
	verdict 'rpmlint: no error, no warning' \
		"$(grep -q ' 0 errors, 0 warnings' <<<"$found" || echo "$found")"

	must 'rpm --root' rpm --root "$root" --initdb
	must 'rpm -i' rpm --root "$root" -i --nodeps --noscripts /build/rpm/RPMS/*/*.rpm
	same 'rpm -Va' "$(rpm --root "$root" -Va --nodeps 2>/dev/null; echo $?)" 0
	same 'file capabilities' "$(cd "$root/usr/local/bin" && getcap newgidmap newuidmap)" \
		$'newgidmap cap_setgid=ep\nnewuidmap cap_setuid=ep'
	same 'modes' "$(cd "$root/usr" && stat -c '%a %n' libexec/subid-utils/subid-ask \
		local/bin/newuidmap)" $'711 libexec/subid-utils/subid-ask\n755 local/bin/newuidmap'
	for package in libaudit libselinux; do
		verdict "it requires $package" "$(rpm --root "$root" -q --requires subid-utils |
			grep -q "^$package\.so\.1" || echo no)"
	done
	must 'installed again' rpm --root "$root" -U --force --nodeps --noscripts /build/rpm/RPMS/*/*.rpm
	must 'rpm -e' rpm --root "$root" -e --nodeps --noscripts subid-utils subid-utils-pam subid-utils-uidmap \
		subid-libsubid5 subid-libsubid-devel
	same 'no file is left' "$(find "$root" -path '*/rpmdb*' -o -name .rpm.lock -o -type f -print)" ''
}
