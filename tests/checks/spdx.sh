#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# Every file of ours names its licence in its first five lines, except for data files.

. "${srcdir:-.}/tests/checks/lib.sh"

n=0
cd "$srcdir" || exit 99
list=$(
	find $code tests docs examples -type f ! -path 'tests/fuzz/corpus/*' ! -name '*.pyc' \
		\( -name '*.[ch1358]' -o -name '*.in' -o -name '*.map' -o -name '*.am' -o -name '*.sh' -o -name '*.py' \
		-o -name '*.md' -o -path 'tests/*/run*' -o -path 'examples/ods-2014/*' -o -path 'tests/vm/*' \)
	find . -maxdepth 1 -type f \( -name '*.md' -o -name '.clang-*' \)
	find m4 -name 'subid-*.m4'
	echo Makefile.am autogen.sh configure.ac quickstart runtests
	echo po/LINGUAS po/Makevars po/POTFILES.in
)
# shellcheck disable=SC2086
licensed=$(awk 'FNR > 5 { nextfile }
	/SPDX-License-Identifier: BSD-3-Clause/ { print FILENAME }' $list)
for file in $list; do
	n=$((n + 1))
	case "
$licensed
" in
	*"
$file
"*) ;;
	*) complain "$file: no licence" ;;
	esac
done
finish files "$n"
