# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# `run` sets release and packages; names of packages are words.
# shellcheck disable=SC2154,SC2046
#
# Interrupted installations, modes of the administrator, roots that are not the running one.

# killed: apt and dpkg get SIGKILL in the middle of the swap
killed()
{
	local point

	must 'two users' make_users
	cat >/tmp/dpkg <<-'END'
		#!/bin/bash
		# dpkg for apt, until it would configure
		[[ " $* " != *" --configure "* ]] || kill -KILL "$PPID" $$
		exec /usr/bin/dpkg "$@"
	END
	chmod 755 /tmp/dpkg
	verdict 'killed after all were unpacked' "$(apt install -o Dir::Bin::dpkg=/tmp/dpkg $(ours) 2>&1 |
		grep -E '^(Setting up subid|E:)')"
	same 'unpacked, not configured' "$(dpkg-query -W -f '${db:Status-Abbrev}\n' subid-uidmap)" 'iU '
	modes
	must 'they map meanwhile' as elsa 'unshare --user --map-auto --map-root-user true'
	must 'dpkg --configure -a' dpkg --configure -a
	sound 'repaired'
	must 'back' apt install uidmap 'libsubid?'

	# While dpkg exchanges files: whatever the point, the same command ends it.
	must 'strace' apt install strace libjansson4
	for point in 1 2 4 6 9 13 18 24 31 40; do
		{ strace -f -qq -e trace=rename -e inject=rename:signal=KILL:when="$point" \
			-o /dev/null dpkg -i $(ours) >/dev/null 2>&1; } 2>/dev/null
		must "killed at rename $point: newuidmap is there" test -x /usr/bin/newuidmap
		must "dpkg -i ends what was killed at rename $point" repair
		must 'back' apt install uidmap 'libsubid?'
	done
}

repair()
{
	dpkg --configure -a || :
	dpkg -i $(ours) && [[ -z $(dpkg --audit) ]] && apt-get check &&
		as elsa 'unshare --user --map-auto --map-root-user true'
}

# overrides: modes of dpkg-statoverride(1) last, and our cures use it
overrides()
{
	local file=/usr/bin/newuidmap cure

	must 'two users' make_users
	dpkg-statoverride --update --add root root 0755 "$file"
	must 'apt install ours' install_ours
	same 'the override 0755 is respected' "$(stat -c %a "$file")" 755
	cure=$(as elsa 'subid doctor' 2>&1 | grep -oE -m 1 'dpkg-statoverride .*')
	same 'the cure changes the override' "$cure" \
		"dpkg-statoverride --update --force-statoverride-add --add root root 4755 $file"
	must 'the cure' sh -c "$cure"
	must 'a map' as elsa 'unshare --user --map-auto true'
	must 'installed again' dpkg -i $(ours)
	same 'what the cure did lasts' "$(stat -c %a "$file")" 4755

	groupadd podman
	dpkg-statoverride --force-statoverride-add --update --add root podman 4750 "$file"
	must 'installed again' dpkg -i $(ours)
	same 'the group of the override lasts' "$(stat -c '%a %U:%G' "$file")" '4750 root:podman'
	usermod -a -G podman anna
	must 'a member of the group maps' as anna 'unshare --user --map-auto true'
	verdict 'others do not' "$(as elsa 'unshare --user --map-auto true' >/dev/null 2>&1 && echo mapped)"
}

# chrootless: maintainer scripts of a root that is not entered
chrootless()
{
	local target=/tmp/target options=(--root=/tmp/target --force-depends --force-script-chrootless)

	mkdir -p "$target/var/lib/dpkg/info" "$target/var/lib/dpkg/updates" "$target/usr/share/man/man5"
	: >"$target/var/lib/dpkg/status"
	: >"$target/var/lib/dpkg/available"
	echo passwd >"$target/usr/share/man/man5/subuid.5.gz"
	must 'dpkg --root with chrootless scripts' dpkg "${options[@]}" --install $(ours)
	same 'the page of passwd is beside ours' "$(cat "$target/usr/share/man/man5/subuid.passwd.5.gz")" \
		passwd
	same 'the running system has no diversion' "$(dpkg-divert --list | grep subid)" ''
	must 'purged there' dpkg "${options[@]}" --purge subid-utils subid-uidmap \
		"$(dpkg-query --admindir="$target/var/lib/dpkg" -W -f '${Package}\n' 'subid-libsubid?')"
	same 'the page of passwd is back' "$(cat "$target/usr/share/man/man5/subuid.5.gz")" passwd
	same 'no other file is left' "$(find "$target" -path '*/lib/dpkg' -prune -o -path '*/var/log*' \
		-prune -o -type f -print)" "$target/usr/share/man/man5/subuid.5.gz"

	must 'without /proc' sh -c "umount -l /proc && dpkg -i $(ours subid-uidmap 'subid-libsubid[45]' |
		tr '\n' ' ') && dpkg --purge subid-uidmap"
}
