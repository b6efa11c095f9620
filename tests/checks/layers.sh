#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# A folder is a layer, and includes point down only. The two programs do not know each other.

. "${srcdir:-.}/tests/checks/lib.sh"

# below FOLDER: what a source of it may include besides its own folder
below()
{
	case $1 in
	libsubid/core | libsubid/include) ;;
	libsubid/sys) echo libsubid/core ;;
	libsubid/user) echo libsubid/core libsubid/sys ;;
	libsubid) echo libsubid/core libsubid/sys libsubid/user ;;
	helper) echo libsubid/core libsubid/sys libsubid/user ;;
	common) echo libsubid/core libsubid/sys libsubid/user libsubid helper ;;
	mapwriter) echo libsubid/core libsubid/sys libsubid/user common ;;
	usermod-ext | subid | getsubids)
		echo libsubid/core libsubid/sys libsubid/user libsubid helper common
		;;
	newuidmap | newgidmap) echo libsubid/core libsubid/sys common mapwriter ;;
	*) return 1 ;;
	esac
}

n=0
for file in $(files '*.[ch]' $code); do
	n=$((n + 1))
	folder=${file%/*}
	allowed=$(below "$folder") || complain "$file: the folder is no layer"
	for include in $(sed -n 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*"\(.*\)".*/\1/p' \
		"$srcdir/$file"); do
		[ -f "$srcdir/$include" ] ||
			complain "$file: $include is not written from the top of the tree"
		case " $folder $allowed " in
		*" ${include%/*} "*) ;;
		*) complain "$file: $include is not below $folder" ;;
		esac
	done
done
finish 'source files' "$n"
