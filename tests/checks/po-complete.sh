#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# Translations, before a release: each catalog has all messages of the sources, and none that is
# untranslated, fuzzy or obsolete. Not a part of make check, runtests runs it.

. "${srcdir:-.}/tests/checks/lib.sh"
require_tool msgfmt
require_tool msgmerge
require_tool xgettext

directory=$(mktemp -d) || exit 99
trap 'rm -rf "$directory"' EXIT
export LC_ALL=C.UTF-8

# The template is made anew, with the options of po/Makevars.
options=$(sed -n 's/^XGETTEXT_OPTIONS = //p' "$srcdir/po/Makevars")
# shellcheck disable=SC2086
xgettext --default-domain=subid-utils --directory="$srcdir" \
	--files-from="$srcdir/po/POTFILES.in" $options --from-code=UTF-8 \
	--output="$directory/template.pot" || complain 'xgettext fails'

n=0
for catalog in $(files '*.po' po); do
	n=$((n + 1))
	msgmerge --quiet --no-fuzzy-matching -o "$directory/merged.po" "$srcdir/$catalog" \
		"$directory/template.pot" || complain "$catalog: msgmerge fails"
	found=$(msgfmt --statistics -o /dev/null "$directory/merged.po" 2>&1)
	case $found in
	*,*) complain "$catalog, with the messages of the sources: $found" ;;
	esac
	for option in --untranslated --only-fuzzy --only-obsolete; do
		found=$(msgattrib --no-wrap "$option" "$directory/merged.po" |
			sed -n 's/^\(#~ \)*msgid "\(..*\)"$/\2/p')
		[ -z "$found" ] || complain "$catalog: ${option#--}: $found"
	done
done
finish catalogs "$n"
