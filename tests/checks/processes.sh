#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# System calls that one source makes for all others: a second source would need the same
# precautions, and could forget one.

. "${srcdir:-.}/tests/checks/lib.sh"

# only SOURCE PATTERN WHAT: no other source has a line with PATTERN, and SOURCE has one.
# Comments do not count.
only()
{
	for file in $(cd "$srcdir" && grep -lE "$2" $list) "$1"; do
		found=$(sed 's,/\*.*,,; /^[[:space:]]*\(\/\*\|\*\|\/\/\)/d' "$srcdir/$file" |
			grep -E "$2")
		if [ "$file" = "$1" ]; then
			[ "$found" ] || complain "$file: $3 nothing any more"
		elif [ "$found" ]; then
			complain "$file: $3, which is for $1:" "$found"
		fi
	done
}

list=$(files '*.[ch]' $code)
call='(^|[^[:alnum:]_])'
only libsubid/sys/child.c \
	"$call(_?[Ff]ork|vfork|forkpty|daemon|posix_spawnp?|clone3?)[[:space:]]*\\(|(SYS|__NR)_(v?fork|clone3?)" \
	'starts processes'
only libsubid/sys/child.c "PR_SET_PDEATHSIG|${call}close_range[[:space:]]*\\(" \
	'takes precautions of a child'
only libsubid/user/nss.c \
	"${call}(get(pw|gr)(nam|uid|gid|ent)(_r)?|fget(pw|gr)ent(_r)?|[sg]et(pw|gr)ent|initgroups|getgrouplist)[[:space:]]*\\(" \
	'asks the name service of libc'
finish 'source files' "$(printf '%s\n' "$list" | wc -l)"
