# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
#
# Analysis of the sources, for runtests to source.

# each COMMAND...: on the sources one by one, for of several clang-tidy 14 takes the va_list of
# one for that of another; {} stands for a source
each()
{
	printf '%s\0' "${sources[@]}" | xargs -0 -P"$jobs" -I{} "$@"
}

# analyze: really compiled: with -fsyntax-only gcc does not get as far as its analyzer. It does
# not follow what an array owns, and finds leaks there that are none.
analyze()
{
	each gcc -O2 -fanalyzer -Wno-analyzer-malloc-leak -Werror "${flags[@]}" -c -o /dev/null {}
}

tidy()
{
	each clang-tidy --quiet {} -- "${flags[@]}"
}

# template: all messages can be extracted; in the sources, where no other part may write meanwhile
template()
{
	step xgettext make -s -C "$work/gcc/po" subid-utils.pot-update
	step 'msgfmt of the template' msgfmt --check-format -o /dev/null po/subid-utils.pot
}

static_analysis()
{
	local flags sources scripts

	build gcc || return
	cd "$work/src" || return
	mapfile -t sources < <(grep '\.c$' "$work/source-files" | grep -vE '^(tests|bench)/')
	mapfile -t scripts < <(xargs -d '\n' -a "$work/source-files" \
		awk 'FNR == 1 && /^#!\/bin\/(ba)?sh/ { print FILENAME } { nextfile }')
	flags=(-std=gnu17 -include "$work/gcc/config.h" -I. -Ilibsubid/include
		-I"$work/gcc/libsubid/include" -DBINDIR='"/bin"'
		-DSYSCONFDIR='"/etc"' -DLOCALEDIR='"/locale"' -DPLUGINDIR='"/lib"'
		-DHELPERDIR='"/lib"' -DHELPER_NAME='"subid-ask"')

	step 'gcc -fanalyzer' analyze
	# It knows nothing of __attribute__((cleanup)); leaks are what the sanitizers look for.
	step cppcheck cppcheck -q -j"$jobs" --error-exitcode=1 --inline-suppr \
		--enable=warning,performance,portability --suppress=missingInclude \
		--suppress=memleak --suppress=resourceLeak \
		"${flags[@]:1}" "${sources[@]}"
	step clang-tidy tidy
	step shellcheck shellcheck -x -S warning "${scripts[@]}"
	step 'complete catalogs' sh tests/checks/po-complete.sh
	locked build template
}
