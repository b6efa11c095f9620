#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# What the objects of libsubid import. core is pure: it imports memory and string functions of
# libc, and itself. sys does I/O. No directory of libsubid prints, logs, reads the environment,
# ends the program (a forked child may _exit) or keeps static variables.

. "${srcdir:-.}/tests/checks/lib.sh"
NM=${NM:-nm}
require_tool "${NM%% *}"
require_tool readelf

pure='mem(chr|rchr|cmp|cpy|move|set)|bcmp|str(n?len|n?cmp|r?chr|spn|cspn|str|n?dup)'
pure="$pure|malloc|calloc|realloc|reallocarray|free|qsort|bsearch"
compiler='__(mem|str)[a-z]+_chk|__stack_chk_fail|_GLOBAL_OFFSET_TABLE_'

global='exit|quick_exit|abort|v?f?printf|__v?f?printf_chk|f?put[cs]|putchar|fwrite|perror'
global="$global|v?syslog|openlog|err|errx|warn|warnx|error|getenv|secure_getenv|environ"
global="$global|setlocale|gettext|dcgettext|std(in|out|err)"

# imports OBJECT...: symbols that they need and do not define themselves
imports()
{
	$NM "$@" | awk '
		NF == 2 && $1 == "U" { needed[$2] = 1 }
		NF == 3 { defined[$3] = 1 }
		END { for (symbol in needed) if (!(symbol in defined)) print symbol }' | sort
}

core=$(find libsubid/core libsubid/findings libsubid/fleet -name '*.o' | sort)
sys=$(find libsubid/sys -name '*.o' | sort)
# the modules above them, which run in the programs of others
upper=$(find libsubid -name '*.o' ! -path 'libsubid/core/*' ! -path 'libsubid/findings/*' ! -path 'libsubid/fleet/*' ! -path 'libsubid/sys/*' | sort)
[ -n "$core" ] && [ -n "$sys" ] && [ -n "$upper" ] || complain 'no objects of libsubid'

for symbol in $(imports $core | grep -vxE "$pure|$compiler"); do
	complain "core imports $symbol"
done
for symbol in $(imports $sys | grep -xE "$global"); do
	complain "sys imports $symbol"
done
for symbol in $(imports $upper | grep -xE "$global|_exit|fork|atexit|pthread_create|signal"); do
	complain "libsubid imports $symbol"
done

n=0
for object in $core $sys $upper; do
	n=$((n + 1))
	LC_ALL=C readelf -SW "$object" |
		sed -nE 's/^ *\[ *[0-9]+\] (\.t?(data|bss)(\.[^ ]*)?) +[A-Z]+ +[0-9a-f]+ +[0-9a-f]+ +([0-9a-f]+).*/\1 \4/p' |
		grep -vE '^\.data\.rel\.ro|^[^ ]+ 0+$' >/dev/null &&
		complain "$object: has static variables"
done
finish objects "$n"
