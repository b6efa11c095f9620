# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
#
# What scenes share, for ./quickstart and examples/ to source: a throw-away host is made of
# private mount, uts, network and pid namespaces, in which /etc, /usr/local and /var are overlays
# and /home, /root and /run are empty. The build happens in a temporary directory, unless
# SUBID_BUILD names one, configured for the prefix /usr/local. When a scene ends, however it
# ends, its processes, mounts and files are gone; only Debian packages that it needs stay
# installed.
#
# The script that sources it sets `top`, the directory of the tree, defines scene(), and calls
# play(). What it runs by as() and the functions beside it is printed as it stands.

set -u
umask 022
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8
packages=()

bold='' plain=''
[ -t 1 ] && bold=$'\e[1m' plain=$'\e[0m'

die()
{
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

title()
{
	printf '\n%s== %s%s\n' "$bold" "$*" "$plain"
}

# say_command PROMPT COMMAND
say_command()
{
	printf '%s%s %s%s\n' "$bold" "$1" "$2" "$plain"
}

# ---- on the machine: packages, build -----------------------------------------------------

# install_packages PACKAGE...: what the build needs, and these
install_packages()
{
	local start=$SECONDS

	# shellcheck source=tests/packages.sh
	. "$top/tests/packages.sh" || die "cannot read tests/packages.sh"
	set -- "${packages_build[@]}" "$@"
	say_command 'root#' "apt-get install --no-install-recommends $*"
	packages_install "$@" >"$tmp/log" 2>&1 || log_failed apt-get
	echo "($(head -n 1 "$tmp/log" | grep . || echo 'all there'); $((SECONDS - start)) s)"
}

# logged DIRECTORY COMMAND...: run it quietly as root; on failure show the end of what it said
logged()
{
	local directory=$1 start=$SECONDS
	shift

	say_command 'root#' "$*"
	(cd "$directory" && "$@") >"$tmp/log" 2>&1 </dev/null || log_failed "$*"
	echo "($((SECONDS - start)) s)"
}

log_failed()
{
	tail -n 40 "$tmp/log" >&2
	die "'$1' failed; the end of its output is above"
}

build()
{
	[ -z "${SUBID_BUILD-}" ] || ln -s "$SUBID_BUILD" "$tmp/build" || exit
	mkdir -p "$tmp/src" "$tmp/build" || exit
	tar -C "$top" --exclude=./.git -cf - . | tar -C "$tmp/src" -xof - ||
		die "cannot copy the sources"
	[ -z "${SUBID_BUILD-}" ] || return 0
	# a directory that was configured cannot also be the source of a build elsewhere
	[ ! -e "$tmp/src/config.status" ] || logged "$tmp/src" make distclean
	logged "$tmp/src" ./autogen.sh
	logged "$tmp/build" ../src/configure
	logged "$tmp/build" make -j"$(nproc)"
}

# ---- in the throw-away host ---------------------------------------------------------------

# as USER COMMAND: show and run; the status is the command's
as()
{
	case $1 in
	root) say_command 'root#' "$2" ;;
	*) say_command "$1\$" "$2" ;;
	esac
	quietly_as "$1" "$2"
}

must_as()
{
	as "$@" || die "this command failed, with status $?"
}

# With a PATH that is also right in a container of busybox, which has nothing in /usr/bin.
quietly_as()
{
	case $1 in
	root)
		(cd /root && exec bash -c "$2")
		;;
	*)
		(cd "/home/$1" && exec setpriv --reuid "$1" --regid "$1" --init-groups \
			--reset-env env PATH=/usr/local/bin:/bin:/usr/bin bash -c "$2")
		;;
	esac
}

# as_job USER NAME COMMAND: the same in the background, until a process NAME is there
as_job()
{
	local tries

	case $1 in
	root) say_command 'root#' "$3 &" ;;
	*) say_command "$1\$" "$3 &" ;;
	esac
	quietly_as "$1" "$3" &
	for ((tries = 0; tries < 200; tries++)); do
		find_pid "$2" && return
		sleep 0.05
	done
	die "'$2' did not start"
}

# find_pid NAME: set pid to the process that calls itself so
find_pid()
{
	pid=$(showinfo pids | awk -v name="$1" '$2 == name { print $1; exit }')
	[ -n "$pid" ]
}

# A file system of its own over each directory that the scene writes to.
mount_host()
{
	local directory

	hostname lxc-host &&
		mount -t tmpfs -o mode=755 scene "$tmp/host" || return
	for directory in etc usr/local var; do
		mkdir -p "$tmp/host/$directory/upper" "$tmp/host/$directory/work" &&
			mount -t overlay scene -o \
				"lowerdir=/$directory,upperdir=$tmp/host/$directory/upper,workdir=$tmp/host/$directory/work" \
				"/$directory" || return
	done
	for directory in home root run; do
		mount -t tmpfs -o mode=755 scene "/$directory" || return
	done
	# system accounts only, so that anna, elsa and their numbers are free; local files only
	for directory in passwd group; do
		awk -F: '$3 < 1000 || $3 == 65534' "/etc/$directory" >"$tmp/host/$directory" &&
			cat "$tmp/host/$directory" >"/etc/$directory" || return
	done
	for directory in shadow gshadow; do
		[ ! -e "/etc/$directory" ] || sed -i -E '/^(anna|elsa|ubuntu):/d' "/etc/$directory" || return
	done
	printf '%s: files\n' passwd group shadow gshadow subid >/etc/nsswitch.conf
}

# expect WHAT FOUND WANTED: one check
checks=0 failures=0
expect()
{
	checks=$((checks + 1))
	[ "$2" = "$3" ] && return
	failures=$((failures + 1))
	printf 'WRONG: %s: expected "%s", found "%s"\n' "$1" "$3" "$2"
}

# expect_rows FOUND FIELDS...: with WANTED rows on stdin, "NAME VALUE...": the line of FOUND that
# begins with NAME has these values in its FIELDS
expect_rows()
{
	local found=$1 name values
	shift

	while read -r name values; do
		expect "$name" "$(awk -v name="$name" -v fields="$*" '
			BEGIN { n = split(fields, field, " ") }
			$1 == name {
				for (i = 1; i <= n; i++)
					printf "%s%s", $field[i], i < n ? " " : "\n"
			}' <<<"$found")" "$values"
	done
}

verdict()
{
	if [ "$failures" -gt 0 ]; then
		die "$failures of $checks checks failed"
	fi
	echo "-> $*"
}

# ---- main ---------------------------------------------------------------------------------

# The machine must let ordinary users make user namespaces at all.
check_machine()
{
	local setting path

	setpriv --reuid 65534 --regid 65534 --clear-groups unshare --user true 2>/dev/null && return
	for setting in user.max_user_namespaces=0 kernel.unprivileged_userns_clone=0 \
		kernel.apparmor_restrict_unprivileged_userns=1; do
		path=/proc/sys/${setting%=*}
		[ "$(cat "${path//.//}" 2>/dev/null)" != "${setting#*=}" ] ||
			die "ordinary users cannot make user namespaces here: the setting is $setting"
	done
	die "ordinary users cannot make user namespaces here (in a chroot no user can)"
}

# play SCRIPT ARGUMENT...: the main program: SCRIPT, a path in the tree, calls it with its own
# arguments. It builds, and runs the script's function scene in the throw-away host. The
# packages that the scene needs besides are in the array `packages`.
play()
{
	local script=$1
	shift

	if [ "${1-}" = --in-throw-away-host ]; then
		tmp=$2
		trap 'exit 130' INT TERM
		mount_host || die "cannot make the throw-away host"
		scene
		exit
	fi
	[ $# -eq 0 ] || die "takes no arguments; run it as: sudo ./${script##*/}"
	[ "$(id -u)" -eq 0 ] || die "needs root; run it as: sudo ./${script##*/}"
	check_machine
	tmp=$(mktemp -d /tmp/subid-scene.XXXXXX) || exit
	trap 'rm -rf --one-file-system "$tmp"' EXIT
	trap 'exit 130' INT TERM HUP
	chmod 755 "$tmp"
	mkdir "$tmp/host"

	title 'Build'
	install_packages "${packages[@]}"
	build
	unshare --mount --uts --net --pid --fork --kill-child --mount-proc \
		bash "$tmp/src/$script" --in-throw-away-host "$tmp" || exit
	echo "$SECONDS seconds. The throw-away host is gone; nothing is left of it on this machine."
}
