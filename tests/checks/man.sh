#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# The man pages: every cause, finding code and option has its entry and every entry has one,
# what a page refers to is installed, mandoc reports nothing, and the sections that readers
# look for exist.

. "${srcdir:-.}/tests/checks/lib.sh"
require_tool mandoc

directory=$(mktemp -d) || exit 99
trap 'rm -rf "$directory"' EXIT

# Made here, since a build without subid has no such page.
doctor=$directory/subid-doctor.1
"${AWK:-awk}" -f "$srcdir/subid/subid-doctor.awk" "$srcdir"/explain/causes*.c \
	"$srcdir/subid/subid-doctor.1.in" >"$doctor" || complain 'no subid-doctor.1'

# compare WHAT: files known and written have the same lines, each once
compare()
{
	sort "$directory/known" >"$directory/known.sorted"
	sort "$directory/written" >"$directory/written.sorted"
	found=$(diff "$directory/known.sorted" "$directory/written.sorted") ||
		complain "$1 in sources (<) and in pages (>):" "$found"
}

sed -n 's/.*\[CAUSE_[A-Z_]*\] = "\(.*\)",$/\1/p' "$srcdir/explain/causes.c" >"$directory/known"
sed -n 's/^\.It Sy \([a-z-]*\)$/\1/p' "$doctor" >"$directory/written"
[ -s "$directory/known" ] || complain 'no cause found'
compare causes

sed -n 's/.*\[[A-Z]*_[A-Z_]*\] = { "\([a-z-]*\)", FINDING_\([A-Z]*\).*/\1 \2/p' \
	"$srcdir/libsubid/findings/findings.c" "$srcdir/subid/check/check-report.c" |
	tr '[:upper:]' '[:lower:]' >"$directory/known"
sed -n 's/^\.It Sy \([a-z-]*\) Pq \([a-z]*\)$/\1 \2/p' "$srcdir/subid/subid-check.1" >"$directory/written"
[ -s "$directory/known" ] || complain 'no finding found'
compare findings

# compare_options PAGE VERB...: the options of --help without those that all verbs share
compare_options()
{
	page=$1
	shift
	name=$(echo "${page##*/}" | sed 's/\.\(.\)$/(\1)/')
	: >"$directory/help"
	for verb; do
		LC_ALL=C subid/subid "$verb" --help >>"$directory/help"
	done
	[ "$(grep -cxF "See $name and subid(1)." "$directory/help")" -eq $# ] ||
		complain "--help of $* does not refer to $name"
	grep -oE '^ +(-., )?--[a-z-]+' "$directory/help" | sed 's/.*--//' |
		grep -vxE 'json|raw|noheadings|output|root|help|version' | sort -u >"$directory/known"
	grep -E '^\.(It|Op) ' "$page" | grep -oE '(Fl|,) -[a-z-]+' | sed 's/.* -//' |
		grep -vx root | sort -u >"$directory/written"
	compare "options of $*"
}

if [ -x subid/subid ]; then
	compare_options "$srcdir/subid/subid-list.1" list whois map ps files
	compare_options "$srcdir/subid/subid-check.1" check
	compare_options "$doctor" doctor
	compare_options "$srcdir/subid/subid-grant.8" grant revoke rename fix
fi

# Pages of a program that is not built are not installed either.
pages=$(files '*.[13578]' $code | grep -v '/subid-doctor\.1$')
installed=" $(printf '%s\n' $MANS | sed 's|.*/||' | tr '\n' ' ') "
case $installed in
*' subid.1 '*) ;;
*) installed="$installed subid.1 subid-check.1 subid-doctor.1 subid-list.1 subid-grant.8 " ;;
esac

n=0
for page in $(printf "$srcdir/%s\n" $pages) "$doctor"; do
	n=$((n + 1))
	name=${page##*/}
	case $installed in
	*" $name "*) ;;
	*) complain "$name is not installed" ;;
	esac
	for other in $(grep -oE 'Xr [^ ]+ [0-9]' "$page" | sed 's/Xr //; s/ /./'); do
		case $other in
		sub[ug]id.* | subid.* | subid-* | subordinate* | new?idmap.* | usermod-ext.* | getsubids.*) ;;
		*) continue ;;
		esac
		case $installed in
		*" $other "*) ;;
		*) complain "$name refers to $other, which is not installed" ;;
		esac
	done
	for document in $(grep -oE '[A-Za-z/-]+\.md\b' "$page"); do
		case " $DOCS " in
		*" ${document##*/} "*) ;;
		*) complain "$name refers to $document, which is not installed" ;;
		esac
	done
	found=$(mandoc -T lint -W warning "$page") || complain "$found"
	case $page in
	*.3) sections='RETURN.VALUES FILES EXAMPLES' ;;
	*.[57]) sections='FILES EXAMPLES' ;;
	*) sections='EXIT.STATUS FILES EXAMPLES' ;;
	esac
	for section in $sections; do
		grep -q "^\\.Sh $section\$" "$page" || complain "$name: no $section"
	done
done
finish 'man pages' "$n"
