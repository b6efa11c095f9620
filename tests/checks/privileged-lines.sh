#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# Counts the lines of code that a map writer can reach with a capability permitted, and with
# one in effect. The calls are read from the sources: a function reaches each function and
# each table that it names.
#
#     srcdir=SOURCE sh SOURCE/tests/checks/privileged-lines.sh [list | files | FUNCTION...]
#
# With functions of mapwriter.c it counts what these reach; `list` prints each function, `files`
# the files of these, which SECURITY.md has, too.

. "${srcdir:-.}/tests/checks/lib.sh"

# The steps of mapwriter.c after privilege_cut(); those of a map of the own uid alone, which
# keeps nothing after the second; and what runs after privilege_raise(). The macro names a
# function that is called by a pointer.
permitted='read_arguments drop_unneeded look_at_target read_nsswitch check_owner check_grants
	prepare_write write_map HELPER_OF_MAP_WRITER'
own_uid='read_arguments drop_unneeded'
in_effect='privilege_raise mapfile_write request_cleanup'

# The largest allowed numbers of reachable lines; SECURITY.md has them, too.
PERMITTED_MAX=3160
OWN_UID_MAX=250
IN_EFFECT_MAX=130

files_of_states()
{
	for state in permitted in_effect; do
		echo "$state:"
		list=1
		eval "reachable \$$state" | awk 'NF == 3 { print $2 }' |
			LC_ALL=C sort -u | awk '
			length(line $1) > 90 { print line; line = "" }
			{ line = line (line == "" ? "  " : " ") $1 }
			END { print line }'
		list=0
	done
}

list=0
if [ "${1:-}" = list ]; then
	list=1
	shift
fi

sources=$(files '*.[ch]' libsubid/core libsubid/sys libsubid/user libsubid/source message helper \
	explain mapwriter | grep -v -e '-none\.c$')

# reachable FUNCTION...: how many lines these reach, or with list=1 the functions
reachable()
{
	# shellcheck disable=SC2086
	(cd "$srcdir" && ${AWK:-awk} -v roots="$*" -v list="$list" '
	# The line without comments and strings.
	function code_of(line, out, from, n) {
		while (line != "") {
			if (in_comment) {
				n = index(line, "*/")
				if (n == 0)
					return out
				line = substr(line, n + 2)
				in_comment = 0
				continue
			}
			if (!match(line, /\/[*]|\/\/|"([^"\\]|\\.)*"|\047([^\047\\]|\\.)*\047/))
				return out line
			from = substr(line, RSTART, 2)
			out = out substr(line, 1, RSTART - 1)
			line = substr(line, RSTART + RLENGTH)
			in_comment = from == "/*"
			if (from == "//")
				return out
		}
		return out
	}
	# The name that a definition defines; "" for a type.
	function name_of(text) {
		sub(/[{].*/, "", text)
		gsub(/__attribute__ *\(\(.*\)\)/, "", text)
		if (text ~ /=/)
			sub(/ *(\[[^=]*)?=.*/, "", text)
		else if (!sub(/ *\(.*/, "", text))
			return ""
		sub(/.*[^A-Za-z0-9_]/, "", text)
		return text
	}
	function define(text, body, n, key) {
		key = name_of(text)
		if (key == "")
			return
		if (text ~ /(^| )static / && FILENAME ~ /\.c$/)
			key = FILENAME ":" key
		gsub(/[^A-Za-z0-9_]+/, " ", body)
		words[key] = body
		lines[key] = n
		file[key] = FILENAME
	}
	FNR == 1 { in_comment = depth = count = 0; text = "" }
	{
		line = code_of($0)
		if (line ~ /^[ \t]*$/)
			next
		# A macro does not count as a line, but the functions that it names are reached.
		if (macro != "" || line ~ /^[ \t]*#/) {
			if (macro == "" && line ~ /^[ \t]*# *define /) {
				macro = line
				sub(/^[ \t]*# *define +/, "", macro)
				sub(/[^A-Za-z0-9_].*/, "", macro)
				words[macro] = ""
				lines[macro] = 0
			}
			continues = line ~ /\\$/
			gsub(/[^A-Za-z0-9_]+/, " ", line)
			if (macro != "")
				words[macro] = words[macro] " " line
			if (!continues)
				macro = ""
			next
		}
		text = text " " line
		count++
		opened = gsub(/[{]/, "{", line)
		depth += opened - gsub(/[}]/, "}", line)
		if (depth > 0 || (text !~ /[;]/ && text !~ /[{]/))
			next
		if (text ~ /[{]/)
			define(text, text, count)
		text = ""
		count = 0
	}
	function visit(key) {
		if (key in seen)
			return
		seen[key] = 1
		queue[++queued] = key
	}
	END {
		n = split(roots, names, /[ \t\n]+/)
		for (i = 1; i <= n; i++) {
			key = names[i] in lines ? names[i] : "mapwriter/mapwriter.c:" names[i]
			if (!(key in lines)) {
				print "mapwriter.c has no function " names[i]
				exit
			}
			visit(key)
		}
		for (at = 1; at <= queued; at++) {
			key = queue[at]
			total += lines[key]
			if (list && lines[key])
				printf "%4d %s %s\n", lines[key], file[key], key
			n = split(words[key], names, " ")
			for (i = 1; i <= n; i++)
				if ((file[key] ":" names[i]) in lines)
					visit(file[key] ":" names[i])
				else if (names[i] in lines)
					visit(names[i])
		}
		print total
	}' $sources)
}

# count WHAT MAX FUNCTION...
n=0
count()
{
	what=$1 max=$2
	shift 2
	found=$(reachable "$@")
	echo "$what: $found lines"
	n=$((n + 1))
	[ "$found" -gt 0 ] && [ "$found" -le "$max" ] ||
		complain "$what: not between 1 and $max lines"
}

if [ "${1:-}" = files ]; then
	files_of_states
	exit
fi
if [ $# -gt 0 ] || [ "$list" = 1 ]; then
	# shellcheck disable=SC2086
	[ $# -gt 0 ] || set -- $permitted
	reachable "$@"
	exit
fi
# shellcheck disable=SC2086
{
	count 'a capability permitted' $PERMITTED_MAX $permitted
	count 'the own uid alone: a capability permitted' $OWN_UID_MAX $own_uid
	count 'a capability in effect' $IN_EFFECT_MAX $in_effect
}
inside=$(mktemp) || exit
files_of_states >"$inside"
sed -n '/^permitted:$/,/^$/p' "$srcdir/SECURITY.md" | sed '/^```/,$d' | diff - "$inside" ||
	complain "SECURITY.md: other files; 'privileged-lines.sh files' prints them"
rm -f "$inside"
finish 'states' "$n"
