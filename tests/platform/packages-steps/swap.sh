# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
#
# Our packages in the place of Debian's uidmap and libsubid, and back.

# fresh: where neither uidmap nor anything that needs it is installed
fresh()
{
	local before

	must 'apt-get update' apt-get -qq update
	before=$(state)
	must 'apt install ours' install_ours
	sound 'installed'
	modes
	same 'the pages subuid(5) and subgid(5) are ours' \
		"$(zgrep -l 'subid-utils' /usr/share/man/man5/sub[ug]id.5.gz)" \
"/usr/share/man/man5/subgid.5.gz
/usr/share/man/man5/subuid.5.gz"
	must 'installed again' dpkg -i $(ours)
	must 'dpkg-reconfigure' dpkg-reconfigure subid-uidmap subid-utils
	modes
	sed -i '1i# edited' /etc/pam.d/usermod-ext
	must 'removed' apt remove subid-utils subid-uidmap 'subid-libsubid?'
	same 'an edited /etc/pam.d/usermod-ext stays' "$(head -n 1 /etc/pam.d/usermod-ext)" '# edited'
	must 'purged' dpkg --purge subid-utils subid-uidmap
	must 'what came with it' apt autoremove --purge
	sound 'purged'
	same 'nothing is left' "$(state)" "$before"
}

# modes: files with privilege, and the one that nobody may read
modes()
{
	same 'modes and owners' "$(stat -c '%n %a %U:%G' /usr/bin/newuidmap /usr/bin/newgidmap \
		/usr/libexec/subid-utils/subid-ask)" \
"/usr/bin/newuidmap 4755 root:root
/usr/bin/newgidmap 4755 root:root
/usr/libexec/subid-utils/subid-ask 711 root:root"
}
