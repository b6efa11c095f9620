# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
#
# A root of Debian in a directory, for scripts to source.

# root_missing: what this machine lacks to make a root, a line each
root_missing()
{
	local tool

	((EUID == 0)) || echo 'needs root'
	for tool in mmdebstrap pivot_root; do
		command -v "$tool" >/dev/null || echo "needs $tool"
	done
}

# root_make ARGUMENT...: of mmdebstrap; the root uses the package sources of this machine
root_make()
{
	local options

	mapfile -t options < <(apt-config dump 'Acquire::Check-Valid-Until' \
		'Acquire::Check-Date' | sed -n '/ "[^"]/s/;$//p')
	mmdebstrap --quiet --variant=minbase --dpkgopt=force-unsafe-io "${options[@]/#/--aptopt=}" "$@"
}

# root_enter ROOT COMMAND...: with the root as the whole file system: no user can make a user
# namespace in a chroot. Processes and mounts end with it.
root_enter()
{
	# shellcheck disable=SC2016
	unshare --mount --pid --uts --ipc --fork --kill-child --propagation private sh -c '
		root=$1
		shift
		mount --bind "$root" "$root" && cd "$root" &&
			mount --rbind /sys sys && mount --rbind /dev dev &&
			mount -t tmpfs -o mode=1777 shm dev/shm &&
			mount -t tmpfs -o mode=755 run run &&
			mkdir run/host && pivot_root . run/host &&
			mount -t proc proc /proc && umount -l /run/host && rmdir /run/host &&
			cd / && exec env -i HOME=/root PATH="$PATH" LC_ALL=C.UTF-8 "$@"
	' sh "$@" </dev/null
}

# root_count FILE: counts the lines of results; the status is 1 if any failed
root_count()
{
	printf '%d passed, %d failed, %d skipped\n' "$(grep -c '^ok ' "$1")" \
		"$(grep -c '^not ok ' "$1")" "$(grep -c '^skip ' "$1")"
	! grep -q '^not ok ' "$1"
}
