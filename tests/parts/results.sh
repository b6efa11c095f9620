# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
#
# Results of a part, for runtests to source. It sets top, work and quick, and part in each part.

step_limit=2400 # seconds: so that what hangs ends, no measure of speed

# result ok|not-ok|skip COUNT WHAT...: of the part that runs
result()
{
	printf '%s\n' "$*" >>"$work/results/$part"
}

# total ok|not-ok|skip FILE: the sum of its counts
total()
{
	awk -v verdict="$1" '$1 == verdict { n += $2 } END { print n + 0 }' "$2"
}

# step WHAT COMMAND...: one test, done by one command or function
step()
{
	local what=$1 limit=(timeout -k 10 "$step_limit") status
	shift

	printf '== %s: %s\n' "$what" "$*"
	[[ $(type -t "$1") != function ]] || limit=()
	"${limit[@]}" "$@"
	status=$?
	if ((status == 0)); then
		result ok 1 "$what"
	else
		printf '== %s: status %s\n' "$what" "$status"
		result not-ok 1 "$what (status $status)"
	fi
	return "$status"
}

# same WHAT GOT EXPECTED
same()
{
	if [[ $2 == "$3" ]]; then
		result ok 1 "$1"
	else
		printf '== %s:\n%s\n== expected:\n%s\n' "$1" "$2" "$3"
		result not-ok 1 "$1"
	fi
}

# unit_results LOG NAME: what run-criterion has counted
unit_results()
{
	local passing failing skipped

	read -r passing failing < <(sed -nE \
		's/^\[====\] Synthesis: .*Passing: ([0-9]+) \| Failing: ([0-9]+).*/\1 \2/p' "$1")
	skipped=$(grep -c '^run-criterion: skipped: ' "$1")
	result ok "${passing:-0}" "$2"
	((${failing:-0} == 0)) || result not-ok "$failing" "$2"
	((skipped == 0)) || result skip "$skipped" "$2"
}

# check_results DIRECTORY: what make check has left there
check_results()
{
	local trs log name verdict

	while IFS= read -r trs; do
		log=${trs%.trs}.log
		name=${trs#"$1/"}
		name=${name%.trs}
		verdict=$(sed -n 's/^:test-result: //p' "$trs")
		case $verdict in
		PASS)
			if grep -q '^\[====\] Synthesis' "$log"; then
				unit_results "$log" "$name"
			else
				result ok 1 "$name"
			fi
			;;
		SKIP) result skip 1 "$name # $(grep -v '^SKIP ' "$log" | head -n 1)" ;;
		*) result not-ok 1 "$name ($verdict)" ;;
		esac
	done < <(find "$1/tests" -name '*.trs' | sort)
}

# counted COMMAND...: tests that print what they find and count it in their last line, which must
# agree. Lines that begin with `|` are a table for the report.
counted()
{
	local lines=$work/logs/$part-lines passed failed skipped status

	SUBID_BUILD=$work/gcc SUBID_QUICK=$quick timeout -k 10 "$step_limit" "$@" 2>&1 |
		tee "$lines"
	status=${PIPESTATUS[0]}
	sed -nE -e 's/^ok /ok 1 /p' -e 's/^not ok /not-ok 1 /p' -e 's/^skip /skip 1 /p' "$lines" \
		>>"$work/results/$part"
	passed=$(grep -c '^ok ' "$lines")
	failed=$(grep -c '^not ok ' "$lines")
	skipped=$(grep -c '^skip ' "$lines")
	[[ $(tail -n 1 "$lines") == "$passed passed, $failed failed, $skipped skipped" ]] ||
		result not-ok 1 'the closing line does not count the lines above it'
	grep '^|' "$lines" >"$work/logs/$part-table"
	return "$status"
}
