# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# `run` sets release and packages; names of packages are words.
# shellcheck disable=SC2154,SC2046
#
# What the steps share.

# verdict WHAT WRONG: ok if nothing is wrong
verdict()
{
	if [[ -z $2 ]]; then
		printf 'ok %s: %s\n' "$release" "$1"
	else
		printf '%s\n' "$2" | head -n 50 | sed 's/^/# /'
		printf 'not ok %s: %s: %s\n' "$release" "$1" "$(head -n 1 <<<"$2" | cut -c1-200)"
	fi
}

# must WHAT COMMAND...: ok if it succeeds; else its output is shown
must()
{
	local what=$1 output
	shift

	if output=$("$@" 2>&1); then
		verdict "$what" ''
	else
		verdict "$what" "status $?: $*"$'\n'"$(grep '^FAIL' <<<"$output")"$'\n'"$(tail -n 30 <<<"$output")"
		return 1
	fi
}

# same WHAT FOUND EXPECTED
same()
{
	verdict "$1" "$([[ $2 == "$3" ]] || diff <(echo "$3") <(echo "$2"))"
}

apt()
{
	apt-get -y -q -o Dpkg::Use-Pty=0 --no-install-recommends "$@" </dev/null
}

packages()
{
	apt-get update -qq && apt install "$@"
}

# ours NAME...: the files of our packages; without a name all that are installed on a host
ours()
{
	local name

	for name in "${@:-subid-utils subid-uidmap subid-libsubid[45]}"; do
		# shellcheck disable=SC2086
		printf "$packages/%s_*.deb\n" $name
	done | while IFS= read -r name; do
		# shellcheck disable=SC2086
		ls -- $name
	done
}

install_ours()
{
	# shellcheck disable=SC2046
	apt install $(ours "$@")
}

# sound WHAT: neither apt nor dpkg has a complaint
sound()
{
	verdict "$1: apt-get check and dpkg --audit" \
		"$(apt-get -qq check 2>&1; dpkg --audit 2>&1)"
}

installed()
{
	dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' | sed -n 's/^ii *//p'
}

# state: what a package may have changed, but for caches, logs and the lists of dpkg
state()
{
	find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /run -o -path /tmp -o \
		-path /test -o -path /packages -o -path /build -o -path /root -o \
		-path /var/lib/dpkg -o -path /var/lib/apt -o -path /var/cache -o -path /var/log \) \
		-prune -o -type d -printf '%p %y %m %U:%G\n' -o \
		-path /etc/ld.so.cache -prune -o -path '/etc/*-' -prune -o \
		-printf '%p %y %m %U:%G %s %l\n' | sort
	md5sum /etc/passwd /etc/group /etc/subuid /etc/subgid 2>&1
	dpkg-divert --list
	dpkg-statoverride --list
}

users=(elsa anna)

# make_users: each gets a range of useradd(8)
make_users()
{
	local user

	for user in "${users[@]}"; do
		useradd --create-home --shell /bin/bash "$user" || return
		install -d -o "$user" -m 700 "/run/$user"
	done
}

# as USER COMMAND: in a login shell
as()
{
	runuser -l "$1" -c "export XDG_RUNTIME_DIR=/run/$1; $2"
}
