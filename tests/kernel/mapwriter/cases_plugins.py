# SPDX-License-Identifier: BSD-3-Clause
"""A source other than the files: the ranges that its plugin lists, and its answers about
extents. Shadow's map writers call only `has_range`; ours ask for the list, and call it for
each extent that lies in one listed range."""

import re

import differential as d
from differential import Table, granted, refused
from host import CLONE_NEWNS, NSSWITCH, Plugins, unshare

TABLE = Table()
DENIED = refused(re.compile(r"{prog}: {k}id range \[.+\) -> \[.+\) not allowed"), log=1)
PLUGINS = {}


def plugins_of(context):
    return PLUGINS.setdefault(context.host, Plugins(context.host))


def case(name, role, extents, want, **options):
    """extents: (inner, offset from the plugin's first id, count)"""
    flags = f'ROLE="{role}"'

    def args(context):
        base = 10100000 if context.kind == "g" else 100000
        return "PID " + " ".join(f"{inner} {first if count == 1 and first == 5001 else base + first}"
                                 f" {count}" for inner, first, count in extents)

    def as_root(context):
        unshare(CLONE_NEWNS)
        plugins_of(context).open()
        plugins_of(context).install("zzz", flags)

    TABLE.case(f"plugin: {name}", args, want,
               etc={"nsswitch.conf": f"{NSSWITCH}subid: zzz\n"},
               prepare=lambda context: plugins_of(context).build(flags), as_root=as_root,
               **options)


OWN = [(0, 5001, 1)]

# --- its answers agree with its list ---
case("a whole range", "elsa", [(0, 0, 65536)], granted())
case("a part of a range", "elsa", [(0, 100, 100)], granted())
case("a part of each of two", "elsa", [(0, 65000, 536), (1000, 65536, 1000)], granted())
case("before its ranges", "elsa", [(0, -1, 2)], DENIED)
case("behind its ranges", "elsa", [(0, 131071, 2)], DENIED)
case("nothing for the user", "nothing", [(0, 0, 1)], DENIED)
case("own id", "elsa", OWN, granted(setgroups="deny"))
case("own id, which it grants", "own", OWN, granted(setgroups="allow"))
# it does not join ranges, like SSSD's plugin
case("two ranges in one extent", "elsa", [(0, 0, 131072)], granted(), cls=d.PLUGIN_JOINED)
case("the end of one and the begin of the next", "elsa", [(0, 65535, 2)], granted(),
     cls=d.PLUGIN_JOINED)

# --- it answers "no" for listed ranges ---
case("no to all that it lists", "deny", [(0, 0, 65536)], DENIED)
case("no to one id that it lists", "deny", [(0, 7, 1)], DENIED)
case("no to many ids", "deny-large", [(0, 0, 65536)], DENIED)
case("no to many ids, yes to fewer", "deny-large", [(0, 0, 65535)], granted())
case("no to one extent of two", "deny-large", [*OWN, (1, 0, 65536)], DENIED)
case("no to the own id, which it lists", "deny-own", OWN, granted(setgroups="deny"))
case("success without a word", "deny-unset", [(0, 0, 1)], DENIED)
case("the user is not known after all", "deny-unknown", [(0, 0, 1)], DENIED)
case("service is down after the list", "says-conn", [(0, 0, 1)], DENIED)
case("error after the list", "says-error", [(0, 0, 1)], DENIED)
case("status that does not exist", "says-status", [(0, 0, 1)], DENIED)

# --- it answers "yes" for ranges that it does not list ---
case("yes to what it lists", "more", [(0, 0, 65536)], granted())
case("yes to more than it lists", "more", [(0, 0, 65537)], DENIED, cls=d.PLUGIN_UNLISTED)
case("yes to what it does not list", "more", [(0, 1000000, 1)], DENIED,
     cls=d.PLUGIN_UNLISTED)
