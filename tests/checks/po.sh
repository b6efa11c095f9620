#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# Translations: each catalog fits the messages that the sources hold now, without one that is
# missing, doubtful or left over, and po/LINGUAS names exactly the catalogs there are.

. "${srcdir:-.}/tests/checks/lib.sh"
require_tool msgfmt
require_tool msgmerge
require_tool xgettext

folder=$(mktemp -d) || exit 99
trap 'rm -rf "$folder"' EXIT
export LC_ALL=C.UTF-8

# The template is made anew, with the options of po/Makevars.
options=$(sed -n 's/^XGETTEXT_OPTIONS = //p' "$srcdir/po/Makevars")
# shellcheck disable=SC2086
xgettext --default-domain=subid-utils --directory="$srcdir" \
	--files-from="$srcdir/po/POTFILES.in" $options --from-code=UTF-8 \
	--output="$folder/template.pot" || complain 'xgettext fails'

n=0
for catalog in $(files '*.po' po); do
	n=$((n + 1))
	language=${catalog#po/}
	language=${language%.po}
	grep -qx "$language" "$srcdir/po/LINGUAS" || complain "po/LINGUAS: no $language"
	found=$(msgfmt --check -o /dev/null "$srcdir/$catalog" 2>&1) ||
		complain "$catalog: $found"
	msgmerge --quiet --no-fuzzy-matching -o "$folder/merged.po" "$srcdir/$catalog" \
		"$folder/template.pot" || complain "$catalog: msgmerge fails"
	found=$(msgfmt --statistics -o /dev/null "$folder/merged.po" 2>&1)
	case $found in
	*,*) complain "$catalog, with the messages of the sources: $found" ;;
	esac
	for option in --untranslated --only-fuzzy --only-obsolete; do
		found=$(msgattrib --no-wrap "$option" "$folder/merged.po" | sed -n 's/^\(#~ \)*msgid "\(..*\)"$/\2/p')
		[ -z "$found" ] || complain "$catalog: ${option#--}: $found"
	done
done
# shellcheck disable=SC2013
for language in $(sed '/^#/d' "$srcdir/po/LINGUAS"); do
	[ -f "$srcdir/po/$language.po" ] || complain "po/LINGUAS: no file po/$language.po"
done
finish catalogs "$n"
