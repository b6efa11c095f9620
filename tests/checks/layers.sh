#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# A directory is a layer, and includes point down only: the order of the list below. Programs
# do not include each other.

. "${srcdir:-.}/tests/checks/lib.sh"

base='libsubid/core libsubid/findings libsubid/sys libsubid/user libsubid/source'

# below DIRECTORY: what a source of it may include besides its own directory
below()
{
	case $1 in
	libsubid/core | libsubid/include) ;;
	libsubid/findings | libsubid/fleet | libsubid/sys) echo libsubid/core ;;
	libsubid/user) echo libsubid/core libsubid/sys ;;
	libsubid/source) echo libsubid/core libsubid/sys libsubid/user ;;
	libsubid/store) echo "$base" ;;
	libsubid/api) echo "$base libsubid/store" ;;
	message) echo libsubid/core libsubid/sys ;;
	helper) echo "$base" message ;;
	explain) echo "$base" message helper ;;
	command) echo "$base" libsubid/store message helper explain ;;
	mapwriter) echo "$base" message helper explain ;;
	newuidmap | newgidmap) echo mapwriter ;;
	getsubids) echo "$base" libsubid/api message helper command ;;
	usermod-ext | subid/verb | pam) echo "$base" libsubid/store message helper explain command ;;
	subid/picture) echo "$base" message command subid/verb ;;
	subid | subid/show | subid/files | subid/check | subid/doctor | subid/policy | subid/write)
		echo "$base" libsubid/store message helper explain command subid/verb \
			subid/picture
		;;
	subid/fleet)
		echo "$base" libsubid/fleet libsubid/store message helper explain command \
			subid/verb subid/write
		;;
	*) return 1 ;;
	esac
}

n=0
for file in $(files '*.[ch]' $code); do
	n=$((n + 1))
	directory=${file%/*}
	allowed=$(below "$directory") || complain "$file: its directory is not in the list"
	for include in $(sed -n 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*"\(.*\)".*/\1/p' \
		"$srcdir/$file"); do
		[ -f "$srcdir/$include" ] ||
			complain "$file: $include is not written from the top of the tree"
		case " $directory $allowed " in
		*" ${include%/*} "*) ;;
		*) complain "$file: $include is not below $directory" ;;
		esac
	done
done
finish 'source files' "$n"
