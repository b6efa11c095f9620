# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
#
# The programs and the corpora under valgrind, and libFuzzer, for runtests to source.

# under_valgrind STATUS COMMAND...: ends with that status and without a complaint
under_valgrind()
{
	local expected=$1 status
	shift

	valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=all "$@"
	status=$?
	((status == expected))
}

# map_under_valgrind: maps of processes, in a mount namespace with a database of their own
map_under_valgrind()
{
	local bad=0 pid kind program

	printf 'root:100000:65536\n' >"$work/subid" || return
	mount --bind "$work/subid" /etc/subuid && mount --bind "$work/subid" /etc/subgid || return

	unshare --user sleep 600 &
	pid=$!
	while [[ $(readlink "/proc/$pid/ns/user") == "$(readlink /proc/self/ns/user)" ]]; do
		sleep 0.01
	done
	for kind in u g; do
		program=$work/gcc/new${kind}idmap/new${kind}idmap
		under_valgrind 1 "$program" "$pid" 0 1 1 || bad=1
		under_valgrind 0 "$program" "$pid" 0 100000 1000 1000 101000 64536 || bad=1
		cat "/proc/$pid/${kind}id_map"
	done
	kill "$pid"
	return "$bad"
}

memory_errors()
{
	local program path target input

	build gcc programs || return
	export work
	export -f under_valgrind map_under_valgrind
	for program in newuidmap newgidmap; do
		path=$work/gcc/$program/$program
		step "$program --help" under_valgrind 0 "$path" --help
		step "$program --version" under_valgrind 0 "$path" --version
		step "$program without arguments" under_valgrind 1 "$path"
		step "$program on no process" under_valgrind 1 "$path" 4194303 0 0 1
	done
	step 'maps' unshare --mount bash -c map_under_valgrind
	step 'getsubids --help' under_valgrind 0 "$work/gcc/getsubids/getsubids" --help

	for target in "$work"/gcc/tests/fuzz/fuzz-*[a-z]; do
		[[ -x $target ]] || continue
		input=${target##*/fuzz-}
		step "corpus of $input" under_valgrind 0 "$target" \
			"$work/src/tests/fuzz/corpus/$input"/*
	done
}

# fuzz NAME SECONDS
fuzz()
{
	mkdir "$work/fuzz/new-$1" &&
		step "fuzz $1 for $2 s" "$work/fuzz/tests/fuzz/fuzz-$1" -max_total_time="$2" \
			-timeout=10 -verbosity=0 -print_final_stats=1 -artifact_prefix="$work/findings/$1-" \
			"$work/fuzz/new-$1" "$work/src/tests/fuzz/corpus/$1" >"$work/fuzz/logs/$1" 2>&1
}

fuzzing()
{
	local names file total_seconds=60 seconds running=0

	mapfile -t names < <(cd "$work/src/tests/fuzz" && ls fuzz-*.c | sed 's/^fuzz-//; s/\.c$//')
	((${#names[@]})) && build fuzz configured && locked build step 'make fuzz targets' make -s \
		-C "$work/fuzz" -j"$jobs" "${names[@]/#/tests/fuzz/fuzz-}" || return

	[[ -z $quick ]] || total_seconds=10
	# Rounded up, for 0 seconds would be for ever.
	seconds=$(((total_seconds + ${#names[@]} - 1) / ${#names[@]}))
	mkdir "$work/findings" "$work/fuzz/logs"
	for file in "${names[@]}"; do
		((running++ < jobs)) || wait -n
		fuzz "$file" "$seconds" &
	done
	wait
	cat "$work"/fuzz/logs/*
	for file in "$work"/findings/*; do
		[[ -e $file ]] || continue
		printf '== %s, in base64:\n' "${file##*/}"
		base64 "$file"
	done
}
