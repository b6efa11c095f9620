# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# `run` sets release and packages; names of packages are words.
# shellcheck disable=SC2154,SC2046
#
# Containers of two users, which run while packages are exchanged.

podman='podman --cgroup-manager=cgroupfs --runtime=runc --storage-driver=vfs'

# containers_prepare: an image for podman, a configuration for LXC
containers_prepare()
{
	local image=/var/tmp/image user start

	mkdir -p "$image/bin" && cp /bin/busybox "$image/bin/sh" && cp /bin/busybox "$image/bin/sleep" &&
		cp /bin/busybox "$image/bin/cat" && tar -C "$image" -cf /var/tmp/image.tar . || return
	for user in "${users[@]}"; do
		start=$(sed -n "s/^$user:\([0-9]*\):.*/\1/p" /etc/subuid)
		as "$user" "set -e
			chmod 755 ~
			mkdir -p .config/lxc .local/share/lxc
			chmod 755 .local .local/share .local/share/lxc
			printf 'lxc.idmap = %s 0 $start 65536\n' u g >.config/lxc/default.conf
			printf 'lxc.apparmor.profile = unconfined\nlxc.net.0.type = empty\n' \
				>>.config/lxc/default.conf
			$podman import -q /var/tmp/image.tar busybox:1" || return
	done
}

# containers_start NAME: one of podman and one of LXC for each user
containers_start()
{
	local user

	for user in "${users[@]}"; do
		as "$user" "set -e
			$podman run -d --name $1 --pull=never --network=none busybox:1 \
				/bin/sleep 100000 >/dev/null </dev/null
			lxc-create -n $1 -t busybox
			lxc-start -n $1
			lxc-wait -n $1 -s RUNNING -t 60" || return
	done
}

# containers_answer NAME: each still has the map of its user's range
containers_answer()
{
	local user start

	for user in "${users[@]}"; do
		start=$(sed -n "s/^$user:\([0-9]*\):.*/\1/p" /etc/subuid)
		as "$user" "$podman exec $1 /bin/cat /proc/self/uid_map" </dev/null |
			grep -qE "^ +1 +$start +65536$" || { echo "podman's of $user"; return 1; }
		as "$user" "lxc-attach -n $1 -- cat /proc/self/uid_map" </dev/null |
			grep -qE "^ +0 +$start +65536$" || { echo "LXC's of $user"; return 1; }
	done
}

# watch_programs FILE: starts newuidmap again and again until FILE.end exists; FILE gets how
# often, and how often there was none
watch_programs()
{
	local tries=0 missing=0

	while [[ ! -e $1.end ]]; do
		tries=$((tries + 1))
		newuidmap --help >/dev/null 2>&1
		(($? < 126)) || missing=$((missing + 1))
	done
	echo "newuidmap: started $tries, missing $missing" >"$1"
}

# watched FILE COMMAND...: with watch_programs beside it
watched()
{
	local file=$1 watch status
	shift

	rm -f "$file" "$file.end"
	watch_programs "$file" &
	watch=$!
	"$@"
	status=$?
	: >"$file.end"
	wait "$watch"
	return "$status"
}
