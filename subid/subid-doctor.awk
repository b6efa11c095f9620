# SPDX-License-Identifier: BSD-3-Clause
#
# Writes subid-doctor(1): copies the page, and puts the entries of a source in place of
# each line that names it: .\" causes of explain/causes-host.c
# An entry has the name of the cause, its messages and its fixes, as the source has them,
# with words in capitals for values. They are the strings in calls of causes_evidence(),
# causes_cure*(), causes_checked() and cure_by_*() in the function that a table of rules
# names.
# It fails if a cause has no entry.
#
# awk -f subid-doctor.awk explain/facts.h explain/causes*.c subid-doctor.1.in

function fail(text)
{
	print "subid-doctor.awk: " text | "cat >&2"
	failed = 1
	exit 1
}

# The position behind the string literal that starts at @at.
function string_end(text, at)
{
	for (at++; substr(text, at, 1) != "\""; at++)
		if (substr(text, at, 1) == "\\")
			at++
	return at + 1
}

# Splits what stands between the parenthesis at @at and the one that closes it into
# args[]; returns their number.
function arguments(text, at, args,    n, depth, c, end)
{
	for (n in args)
		delete args[n]
	n = depth = 1
	args[1] = ""
	for (at++; at <= length(text); at++) {
		c = substr(text, at, 1)
		if (c == "\"") {
			end = string_end(text, at)
			args[n] = args[n] substr(text, at, end - at)
			at = end - 1
			continue
		}
		if (c == "(" || c == "[")
			depth++
		if ((c == ")" || c == "]") && --depth == 0)
			break
		if (c == "," && depth == 1)
			args[++n] = ""
		else
			args[n] = args[n] c
	}
	return n
}

# The word that stands for an expression; locals[] are variables and what is in them.
function value(expression, conversion)
{
	sub(/^[ \t]+/, "", expression)
	sub(/[ \t]+$/, "", expression)
	if (expression in locals)
		return value(locals[expression], conversion)
	if (expression in macros)
		return value(macros[expression], conversion)
	if (expression ~ /^[0-9]+$/)
		return expression
	if (expression ~ /^".*"$/)
		return substr(expression, 2, length(expression) - 2)
	for (i = 1; i <= n_words; i++)
		if (expression ~ word_pattern[i])
			return word_value[i]
	if (match(expression, /".*" : ""$/))
		return "[" substr(expression, RSTART + 1, RLENGTH - 7) "]"
	if (sub(/.*\?.*: */, "", expression))
		return value(expression, conversion)
	return conversion == "s" ? "WORD" : "N"
}

function word(pattern, text)
{
	word_pattern[++n_words] = pattern
	word_value[n_words] = text
}

# Puts words in place of the conversions of @format, whose arguments are args[] from
# @next_arg on.
function fill(format, args, next_arg,    out, conversion)
{
	while (match(format, /%(z|l)?[a-z%]/)) {
		conversion = substr(format, RSTART, RLENGTH)
		out = out substr(format, 1, RSTART - 1)
		format = substr(format, RSTART + RLENGTH)
		if (conversion == "%%")
			out = out "%"
		else
			out = out value(args[next_arg++], substr(conversion, length(conversion)))
	}
	return out format
}

# Adds the texts that the call with these arguments may write.
function add_texts(type, args,    format, text, rest, end)
{
	for (rest = args[2]; rest != ""; ) {
		if (substr(rest, 1, 1) == "\"") {
			end = string_end(rest, 1)
			text = text substr(rest, 2, end - 3)
			rest = substr(rest, end)
		} else if (match(rest, /^PRI[a-z]+[0-9]+/)) {
			text = text "l" substr(rest, 4, 1)
			rest = substr(rest, RLENGTH + 1)
		} else if (match(rest, /^[A-Z][A-Z_]+/)) {
			end = RLENGTH
			if (text != "")
				text = text value(substr(rest, 1, end))
			rest = substr(rest, end + 1)
		} else {
			if (rest ~ /^[:]/ && text != "") {
				add(type, roff(fill(text, args, 3)))
				text = ""
			}
			match(rest, /^[a-z_>.-]+/)
			rest = substr(rest, RLENGTH > 0 ? RLENGTH + 1 : 2)
		}
	}
	add(type, roff(fill(text, args, 3)))
}

function add(type, text)
{
	if (n_texts > 0 && texts[n_texts] == text)
		return
	texts[++n_texts] = text
	types[n_texts] = type
}

# Adds the fixes of a function that several causes share, where it is met first.
function add_shared(name)
{
	if (shown_by[name] == entry_name)
		return
	if (shown_by[name] != "")
		add("fix", "As with\n.Sy " shown_by[name] " .")
	else {
		shown_by[name] = entry_name
		collect(name)
	}
}

# Adds the texts of the function @name, and of those that it calls.
function collect(name,    body, call, at, args)
{
	for (body = bodies[name]; match(body, call_pattern); body = substr(body, at)) {
		call = substr(body, RSTART, RLENGTH - 1)
		at = RSTART + RLENGTH - 1
		arguments(body, at, args)
		find_locals(bodies[name])
		if (call in bodies)
			add_shared(call)
		else if (call == "cure_by_repair")
			add("fix", roff(value("fix.cure")))
		else if (call == "cure_by_fix")
			add("fix", roff("subid fix -u" value(args[2]) " LINE"))
		else
			add_texts(call == "causes_evidence" ? "message" : "fix", args)
	}
}

# Finds what the variables of a function stand for: what they are initialized with, or
# what is quoted into them.
function find_locals(body,    line, at, args, parts)
{
	for (at in locals)
		delete locals[at]
	while (match(body, /const char \*[a-z]+ = [^;]*;|[a-z]+_quote(_ascii)?[(]|quote_[a-z]+[(]/)) {
		line = substr(body, RSTART, RLENGTH)
		at = RSTART + RLENGTH - 1
		if (line ~ /^const/) {
			split(line, parts, " = ")
			sub(/.*\*/, "", parts[1])
			sub(/;$/, "", parts[2])
			locals[parts[1]] = parts[2]
		} else {
			arguments(body, at, args)
			sub(/^ */, "", args[2])
			if (line ~ /^quote_path/)
				args[1] = "facts->program.path"
			else if (line ~ /^quote_/)
				args[1] = "\"DIRECTORY\""
			locals[args[2]] = args[1]
		}
		body = substr(body, at + 1)
	}
}

# Text as a line of mdoc that means just that, and whose words are not hyphenated.
function roff(text)
{
	gsub(/\\"/, "\"", text)
	gsub(/\\\\/, "\\e", text)
	gsub(/-/, "\\-", text)
	gsub(/'/, "\\(aq", text)
	gsub(/`/, "\\(ga", text)
	gsub(/\^/, "\\(ha", text)
	gsub(/~/, "\\(ti", text)
	gsub(/ /, " \\%", text)
	return "\\%" text
}

# Writes the texts from @from on that are of the type, and returns the next one's number.
function write_texts(from, type,    n)
{
	print ".Bl -item -compact" (type == "fix" ? " -offset indent" : "")
	for (n = from; n <= n_texts && types[n] == type; n++)
		print ".It\n" texts[n]
	print ".El"
	return n
}

function write_entry(cause, describe,    n)
{
	if (names[cause] == "")
		fail(cause " has no name")
	n_texts = 0
	entry_name = names[cause]
	collect(describe)
	if (n_texts == 0)
		fail(cause " has no message")
	print ".It Sy " names[cause]
	for (n = 1; n <= n_texts; )
		n = write_texts(n, types[n])
	written[cause] = 1
}

BEGIN {
	call_pattern = "(causes_(evidence|cure|cure_as_root|checked)|cure_by_[a-z_]+)[(]"
	word("kind->path$", "/etc/subuid")
	word("other->path$", "/etc/subgid")
	word("kind->id$", "uid")
	word("kind->map$", "uid_map")
	word("kind->mapper$", "newuidmap")
	word("kind_option", "--uid-only")
	word("^fix.cure$", "subid fix -u [--remove ][--as FIRST-LAST ][--owner USER ][--begins ]LINE")
	word("^options$", " --owner USER")
	word("kind_only", "[--uid-only ]")
	word("^ranges$", "FIRST-LAST")
	word("^text$", "EXTENTS")
	word("grant_flag$", "-v")
	word("revoke_flag$", "-V")
	word("account->name$", "USER")
	word("target.name$", "PID")
	word("program.path$", "PROGRAM")
	word("plugin$", "SOURCE")
	word("^words$", "SOURCES")
	word("taken_by$", "OTHER")
	word("former$", "OTHER")
	word("odd_text$", "LINE")
	word("^report_error", "ERROR")
	word("entry_reason", "REASON")
	word("setid_name.*:", "CAPABILITY")
	word("setid_name", "cap_setuid")
	word("host->(found|wanted)$", "PROGRAM")
	word("host->file$", "FILE")
	word("host->storage$", "DIRECTORY")
	word("host->path$", "DIRECTORIES")
	word("^PLUGINDIR$", "DIRECTORY")
	word("^HELPER$", "PROGRAM")
	word("^PACKAGE$", "subid-utils")
	word("^reason$", "ERROR")
	word("^NSSWITCH_CONF$", "/etc/nsswitch.conf")
	word("^NSSWITCH_SOURCES$", "8")
	word("^LIMIT_EXTENTS$", "340")
	word("start$", "FIRST")
	word("end - 1$", "LAST")
	word("(uid|own|owner)$", "UID")
	word("gid$", "GID")
}

FNR == 1 {
	file = FILENAME
	sub(/.*explain\//, "explain/", file)
	function_name = ""
}

FILENAME !~ /\.[ch]$/ {
	if ($0 !~ /^\.\\" causes of /) {
		print
		next
	}
	n_entries = split(rules[$4], rule, " ")
	if (n_entries == 0)
		fail($4 " has no causes")
	print ".Bl -tag -width Ds"
	for (entry = 1; entry <= n_entries; entry += 2)
		write_entry(rule[entry], rule[entry + 1])
	print ".El"
	next
}

/^#define [A-Z_]+ ([0-9]+|".*")$/ {
	macros[$2] = substr($0, index($0, $3))
}

/^#define [A-Z_]+ \\$/ {
	name = $2
	getline
	sub(/^[ \t]+/, "")
	macros[name] = $0
	next
}

/^\t\[CAUSE_[A-Z_]+\] = "/ {
	split($0, part, "\"")
	name = $1
	gsub(/[^A-Z_]/, "", name)
	names[name] = part[2]
}

/^static void [a-z_]+\(const struct facts \*facts, struct cause \*cause\)$/ {
	function_name = $3
	sub(/\(.*/, "", function_name)
	next
}

/^[}]/ {
	function_name = ""
}

function_name != "" {
	line = $0
	gsub(/^[ \t]+/, " ", line)
	bodies[function_name] = bodies[function_name] line
	next
}

/^\t[{] CAUSE_/ {
	table = ""
	open_rule = 1
}

open_rule {
	table = table " " $0
	if ($0 ~ /[}],$/) {
		gsub(/[{},]/, " ", table)
		split(table, part, " ")
		rules[file] = rules[file] " " part[1] " " part[3]
		open_rule = 0
	}
}

END {
	if (failed)
		exit 1
	for (cause in names)
		if (!(cause in written))
			fail(cause " is in no table of the page")
}
