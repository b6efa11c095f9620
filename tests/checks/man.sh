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
"${AWK:-awk}" -f "$srcdir/subid/subid-doctor.awk" "$srcdir/explain/facts.h" \
	"$srcdir"/explain/causes*.c "$srcdir/subid/subid-doctor.1.in" >"$doctor" ||
	complain 'no subid-doctor.1'

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

# options: of the lists of options in --help, `-o --output` each
options()
{
	grep -oE '^  (-.|  )[, ] *(--[a-z-]+)?' | sed 's/,//; s/^ *//; s/ *$//; s/  */ /' | grep -- -
}

# in_list PAGE: those that have an entry in a list of the page
in_list()
{
	awk '/^\.It Fl / {
		letter = ""
		is_flag = 0
		for (i = 2; i <= NF; i++) {
			if ($i == "Fl") {
				is_flag = 1
			} else if ($i == ",") {
				continue
			} else if ($i ~ /^(Ar|Cm|Ns|Oo|Oc|Op|No)$/) {
				is_flag = 0
			} else if (is_flag && $i ~ /^-/) {
				print (letter == "" ? "" : letter " ") "-" $i
				letter = ""
			} else if (is_flag) {
				letter = "-" $i
			}
		}
		if (letter != "")
			print letter
	}' "$1"
}

# in_synopsis PAGE: letters and names of options in the synopsis, a line each
in_synopsis()
{
	sed -n '/^\.Sh SYNOPSIS/,/^\.Sh DESCRIPTION/p' "$1" | grep -oE 'Fl -?[A-Za-z-]+' |
		awk '$2 ~ /^-/ { print "-" $2; next }
			{ for (i = 1; i <= length($2); i++) print "-" substr($2, i, 1) }' | sort -u
}

# compare_options PAGE COMMON HELP...: HELP is a command that prints --help. Its options are
# in the lists of the page, but for those of COMMON, and in its synopsis.
compare_options()
{
	page=$1
	common=$2
	shift 2
	: >"$directory/help"
	for help; do
		LC_ALL=C $help >>"$directory/help"
	done
	options <"$directory/help" | sort -u >"$directory/all"
	[ -s "$directory/all" ] || complain "no option in $*"
	in_list "$common" | sort -u >"$directory/common"
	grep -vxFf "$directory/common" "$directory/all" >"$directory/known"
	in_list "$page" | sort -u | grep -vxFf "$directory/common" >"$directory/written"
	compare "options of $page"
	# What the synopsis calls `form`, and help and version, are not in each synopsis.
	in_synopsis "$page" >"$directory/written"
	grep -qx '\.Op Ar options' "$page" || while read -r one two; do
		grep -qxE -- "${one}${two:+|$two}" "$directory/written" ||
			grep -qxF -- "$one${two:+ $two}" "$directory/common" ||
			complain "$page: the synopsis lacks $one $two"
	done <"$directory/all"
	tr ' ' '\n' <"$directory/all" | sort -u >"$directory/words"
	found=$(grep -vxFf "$directory/words" "$directory/written") &&
		complain "$page: no such option, but in the synopsis:" "$found"
}

if [ -x subid/subid ]; then
	compare_options "$srcdir/subid/subid-list.1" "$srcdir/subid/subid.1" \
		'subid/subid list --help' 'subid/subid help whois' 'subid/subid map -h' \
		'subid/subid ps --help' 'subid/subid files --help'
	compare_options "$srcdir/subid/subid-check.1" "$srcdir/subid/subid.1" 'subid/subid check --help'
	compare_options "$doctor" "$srcdir/subid/subid.1" 'subid/subid doctor --help'
	compare_options "$srcdir/subid/subid-grant.8" "$srcdir/subid/subid.1" \
		'subid/subid grant --help' 'subid/subid revoke --help' \
		'subid/subid rename --help' 'subid/subid fix --help'
	compare_options "$srcdir/subid/subid-apply.8" "$srcdir/subid/subid.1" \
		'subid/subid apply --help' 'subid/subid export --help'
	compare_options "$srcdir/subid/subid-retire.8" "$srcdir/subid/subid.1" \
		'subid/subid retire --help' 'subid/subid release --help'
	compare_options "$srcdir/subid/subid-follow.8" "$srcdir/subid/subid.1" \
		'subid/subid follow --help'
	compare_options "$srcdir/subid/subid-policy.8" "$srcdir/subid/subid.1" \
		'subid/subid policy --help'
fi
compare_options "$srcdir/usermod-ext/usermod-ext.8" /dev/null 'usermod-ext/usermod-ext --help'
compare_options "$srcdir/getsubids/getsubids.1" /dev/null 'getsubids/getsubids --help'

# Pages of a program that is not built are not installed either.
pages=$(files '*.[13578]' $code | grep -v '/subid-doctor\.1$')
installed=" $(printf '%s\n' $MANS | sed 's|.*/||' | tr '\n' ' ') "
case $installed in
*' subid.1 '*) ;;
*) installed="$installed subid.1 subid-check.1 subid-doctor.1 subid-list.1 subid-apply.8 subid-follow.8 subid-grant.8 subid-policy.8 subid-retire.8 " ;;
esac
case $installed in
*' pam_subid.8 '*) ;;
*) installed="$installed pam_subid.8 " ;;
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
		sub[ug]id.* | subid.* | subid-* | subordinate* | new?idmap.* | usermod-ext.* | getsubids.* | pam_subid.*) ;;
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
	# It is a module, not a program.
	*/pam_*.8) sections='RETURN.CODES FILES EXAMPLES' ;;
	*.3) sections='RETURN.VALUES FILES EXAMPLES' ;;
	*.[57]) sections='FILES EXAMPLES' ;;
	*) sections='EXIT.STATUS FILES EXAMPLES' ;;
	esac
	for section in $sections; do
		grep -q "^\\.Sh $section\$" "$page" || complain "$name: no $section"
	done
done
finish 'man pages' "$n"
