#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# Translations: the syntax and the formats of each catalog, and po/LINGUAS names exactly the
# existing catalogs. po-complete.sh checks before a release whether they are complete.

. "${srcdir:-.}/tests/checks/lib.sh"
require_tool msgfmt

n=0
for catalog in $(files '*.po' po); do
	n=$((n + 1))
	language=${catalog#po/}
	language=${language%.po}
	grep -qx "$language" "$srcdir/po/LINGUAS" || complain "po/LINGUAS: no $language"
	found=$(msgfmt --check -o /dev/null "$srcdir/$catalog" 2>&1) ||
		complain "$catalog: $found"
done
# shellcheck disable=SC2013
for language in $(sed '/^#/d' "$srcdir/po/LINGUAS"); do
	[ -f "$srcdir/po/$language.po" ] || complain "po/LINGUAS: no file po/$language.po"
done
finish catalogs "$n"
