#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# Whether the sources can be released, for `make release-check`, which first runs the checks of
# man pages, symbols and the recorded ABI: one version and one date everywhere, complete catalogs,
# packages that hold what is installed, and a contact for vulnerabilities.

. "${srcdir:-.}/tests/checks/lib.sh"
require_tool msgmerge
export LC_ALL=C.UTF-8 srcdir
n=0
directory=$(mktemp -d) || exit 99
trap 'rm -rf "$directory"' EXIT

# same WHAT FOUND EXPECTED
same()
{
	n=$((n + 1))
	[ "$2" = "$3" ] || complain "$1: '$2', not '$3'"
}

version=$(sed -n 's/^AC_INIT(\[subid-utils\], \[\(.*\)\])$/\1/p' "$srcdir/configure.ac")
case $version in
[0-9]*.[0-9]*.[0-9]*) n=$((n + 1)) ;;
*) complain "configure.ac: '$version' is not MAJOR.MINOR.PATCH" ;;
esac
heading=$(grep -m 1 '^## ' "$srcdir/NEWS.md")
date=$(echo "$heading" | sed -n 's/^## .* (\(....-..-..\))$/\1/p')
same 'NEWS.md: the first heading' "$heading" "## $version ($(date -d "${date:-no date}" +%F \
	2>/dev/null || echo YYYY-MM-DD))"
[ -z "$date" ] || [ "$(date -d "$date" +%s)" -le "$(date +%s)" ] ||
	complain "NEWS.md: $date is in the future"
same 'debian/changelog: the version' \
	"$(sed -n '1s/.*(\(.*\)).*/\1/p' "$srcdir/debian/changelog")" "$version"
same 'debian/changelog: the date' "$(date -u +%F -d \
	"$(sed -n 's/^ -- .*>  //p' "$srcdir/debian/changelog" | head -n 1)")" "$date"
same 'subid-utils.spec: the version' \
	"$(sed -n 's/^Version: *//p' "$srcdir/subid-utils.spec")" "$version"
same 'subid-utils.spec: the date' "$(date -u +%F -d \
	"$(sed -n '/^%changelog/,$s/^\* ... \(... *[0-9]* [0-9]*\) .*/\1/p' "$srcdir/subid-utils.spec" |
		head -n 1)")" "$date"
for program in subid/subid newuidmap/newuidmap getsubids/getsubids usermod-ext/usermod-ext; do
	same "$program --version" "$("$program" --version 2>/dev/null | head -n 1 | grep -o '[^ ]*$')" \
		"$version"
done

# What make install installs is in a package, or named as not installed.
make -s install DESTDIR="$directory/root" prefix=/usr sysconfdir=/etc libexecdir=/usr/libexec \
	libdir=/usr/lib/any zshcompletiondir=/usr/share/zsh/vendor-completions \
	>"$directory/log" 2>&1 || complain "make install: $(cat "$directory/log")"
(cd "$directory/root" && find . ! -type d) | sed 's,^\./,,' | sort >"$directory/installed"
same 'make install: files' "$([ -s "$directory/installed" ] && echo some)" some
soname=$(sed -n 's/^SUBID_SONAME = //p' Makefile)
while IFS= read -r file; do
	n=$((n + 1))
	while IFS= read -r pattern; do
		# shellcheck disable=SC2254
		case $file in
		$pattern | $pattern/*) continue 2 ;;
		esac
	done <<-END
		$(sed "/^#/d; s/libsubid\.so\.4/libsubid.so.$soname/" "$srcdir"/debian/*.install \
			"$srcdir/debian/not-installed")
	END
	complain "debian/: no package has $file"
done <"$directory/installed"

# The symbols of the packages are those of the recorded ABI.
grep -oE '^ subid_[a-z_]+' "$srcdir/debian/libsubid.symbols.in" | tr -d ' ' | sort >"$directory/symbols"
sed 's/@.*//' "$srcdir/tests/abi/symbols" | grep '^subid_' | sort -u >"$directory/recorded"
same 'debian/libsubid.symbols.in: symbols that are not recorded, or lack' \
	"$(comm -3 "$directory/symbols" "$directory/recorded" | tr -d '\t')" ''

n=$((n + 1))
found=$(sh "$srcdir/tests/checks/po-complete.sh" 2>&1) || complain "$found"

# A contact that exists: the private form of the repository, or an address; reserved domains and
# those of forges that accept no mail do not count.
n=$((n + 1))
sed -n '/^## Reporting/,/^## [^R]/p' "$srcdir/SECURITY.md" |
	grep -oE '[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+\.[a-z]+|https://[^ >)]+|\(\.\./\.\./security/advisories/new\)' |
	grep -vqE 'noreply|\.(example|invalid|test|localhost)([/>]|$)|//example|@example' ||
	complain 'SECURITY.md: Reporting names no form for advisories, no mail address and no URL'
finish facts "$n"
