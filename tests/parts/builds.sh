# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
#
# Sources and builds, and the unit tests of each build, for runtests to source.

everything='CC=gcc --enable-werror --with-libaudit=yes --with-libselinux=yes --with-libpam=yes
	--with-libsmartcols=yes --with-criterion=yes'
# How each build is configured, by the name of its directory. Parts that look at programs share
# the first one. The map writers are linked with musl in it, with glibc in the minimal one, and
# with the shared libc in the others.
declare -A configuration=(
	[gcc]=$everything
	[runtimes]=$everything
	[glibc]="$everything --with-mapwriter-libc=glibc"
	[shared]="$everything --with-mapwriter-libc=shared"
	[clang]='CC=clang --enable-werror --with-fcaps --enable-audit-maps --with-criterion=yes
		--with-mapwriter-libc=shared'
	[sanitizers]='CC=gcc --enable-werror --enable-sanitizers --with-criterion=yes'
	[minimal]='CC=gcc CPPFLAGS=-funsigned-char --enable-werror --without-libaudit
		--without-libselinux --without-libpam --without-libsmartcols --without-libjansson
		--without-criterion --disable-nls --with-mapwriter-libc=glibc'
	[musl]='CC=musl-gcc CPPFLAGS=-idirafter../kernel-headers --enable-werror --without-libaudit
		--without-libselinux --without-libpam --without-libsmartcols --without-libjansson
		--without-criterion --disable-nls --with-mapwriter-libc=shared'
	[fuzz]='CC=clang --enable-fuzzers --enable-sanitizers --disable-nls --without-criterion'
)
# Optimized less where speed shows nothing; lines are all that a sanitizer reports.
declare -A cflags=([sanitizers]='-O1 -g1' [fuzz]='-O1 -g1')

# A command prefix to become an ordinary user, who has sources and a build of his own.
# shellcheck disable=SC2034
user=(setpriv --reuid=nobody --regid=nogroup --clear-groups --inh-caps=-all
	env HOME="$work/user" TMPDIR="$work/user/tmp" USER=nobody)

copy_sources()
{
	sources_copy "$top" "$work/src" || return
	(cd "$work/src" && find . -type f -printf '%P\n') | sort >"$work/source-files"
	(cd "$work/src" && ./autogen.sh) >"$work/logs/autogen" 2>&1 || {
		tail -n 40 "$work/logs/autogen"
		return 1
	}
}

# locked NAME COMMAND...: by one part at a time. Under `build` is what writes to the sources or
# makes programs, which uses all processors by itself.
locked()
{
	(flock 9 && "${@:2}" 9>&-) 9>>"$work/lock-$1"
}

# build NAME [configured|programs]: configured and made, unless it is there; only configured, or
# with the programs of make check too.
# /bin/sh takes less time for libtool and make than the shell that configure finds. The tests
# themselves are optimized in the build gcc only.
build()
{
	locked build make_build "$@"
}

make_build()
{
	local directory=$work/$1 options

	read -rd '' -a options <<<"${configuration[$1]}"
	if [[ ! -e $directory/configured ]]; then
		mkdir -p "$directory" &&
			step "configure ${options[*]}" env -C "$directory" CONFIG_SHELL=/bin/sh \
				../src/configure -q "${options[@]}" \
				${cflags[$1]:+"CFLAGS=${cflags[$1]}"} &&
			touch "$directory/configured" || return
	fi
	if [[ ${2-} != configured && ! -e $directory/built ]]; then
		step make make -s -C "$directory" -j"$jobs" && touch "$directory/built" || return
	fi
	if [[ ${2-} == programs && ! -e $directory/tests-built ]]; then
		options=(CFLAGS="-O0 ${cflags[$1]+-g1}")
		[[ $1 != gcc ]] || options=()
		step 'make the unit tests' make -s -C "$directory" -j"$jobs" check TESTS= \
			"${options[@]}" && touch "$directory/tests-built"
	fi
}

# copy_of_gcc NAME: a build that begins with what is compiled in that one
copy_of_gcc()
{
	[[ -e $work/$1 ]] ||
		rsync -a --exclude=/tests --exclude='/*built' --exclude=/configured \
			--exclude='/new?idmap' --exclude='*libstatic*' "$work/gcc/" "$work/$1"
}

# unit_tests BUILD [VARIABLE=...]: make check there, each of its tests a result
unit_tests()
{
	build "$1" programs || return
	timeout -k 10 "$step_limit" make -s -C "$work/$1" -j"$jobs" check VERBOSE=1 "${@:2}" ||
		[[ -n $(find "$work/$1" -name '*.trs' -print -quit) ]] ||
		result not-ok 1 "make check in $1"
	check_results "$work/$1"
}

# build_of_user: configured by him
build_of_user()
{
	[[ ! -d $work/user ]] || return 0
	mkdir -p "$work/user/tmp" "$work/user/build" &&
		cp -a "$work/src" "$work/user/src" &&
		chown -R nobody:nogroup "$work/user" &&
		step 'configure as nobody' "${user[@]}" env -C "$work/user/build" \
			../src/configure -q --enable-werror --with-criterion=yes CFLAGS=-O0
}
