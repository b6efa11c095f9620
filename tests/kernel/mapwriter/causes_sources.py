# SPDX-License-Identifier: BSD-3-Clause
"""Causes in the sources of subordinate ids that nsswitch.conf names: plugins that do not
answer, or do not grant the ids."""

import errno
import os
import resource

from explain import ASK, EACCES, GRANT, NO_NSSWITCH, Cases, denied
from host import LOADER_DIRECTORY, NSSWITCH, Plugins, require

CASES = Cases()
case = CASES.case
NOT_ALLOWED = denied("0-1000", "100000-101000")
KEPT = {}


def plugins_of(s):
    """Writable directories for plugins, without a plugin; the files grant the ids."""
    plugins = KEPT.setdefault(s.host, Plugins(s.host))
    plugins.open()
    plugins.ask("zzz")
    s.database(GRANT)
    return plugins


def base(s):
    """Where the ranges of plugin.c begin: others for group ids."""
    return 100000 + 10000000 * (s.kind == "g")


def ask(s, first=None, count=1000):
    return f"PID 0 {base(s) if first is None else first} {count}"


# --- nsswitch.conf ---

@case("nsswitch.conf cannot be read", "SOURCE")
def _(s):
    s.database(GRANT)
    os.chmod("/etc/nsswitch.conf", 0o600)
    s.refused(ASK, (NO_NSSWITCH, {"error": EACCES}), "SOURCE", error=EACCES)
    s.fix()
    s.granted(ASK)


@case("nsswitch.conf names too many sources", "SOURCE")
def _(s):
    s.database(GRANT)
    s.host.write("/etc/nsswitch.conf", f"{NSSWITCH}subid: files 2 3 4 5 6 7 8 9\n")
    s.refused(ASK, (NO_NSSWITCH, {"error": os.strerror(errno.E2BIG)}), "SOURCE",
              cure="leave out those that do not exist")
    s.fix(lambda: s.host.write("/etc/nsswitch.conf",
                                f"{NSSWITCH}subid: files 2 3 4 5 6 7 8\n"))
    s.granted(ASK)


# --- the plugin ---

@case("plugin in another directory", "SOURCE_ELSEWHERE")
def _(s):
    plugins = plugins_of(s)
    path = plugins.install("zzz", directory=LOADER_DIRECTORY)
    s.refused(ASK, NOT_ALLOWED, "SOURCE_ELSEWHERE", source="zzz", plugins=plugins.directory,
              cure="install libsubid_zzz.so in {plugins}")
    s.fix(lambda: os.rename(path, plugins.install("zzz")))
    s.granted(ask(s))


@case("plugin does not belong to root", "SOURCE_NOT_ROOTS")
def _(s):
    plugins = plugins_of(s)
    path = f"{plugins.directory}/libsubid_zzz.so"
    for what in (path, plugins.directory):
        plugins.install("zzz")
        os.chown(what, 5002, 0)
        s.refused(ASK, NOT_ALLOWED, "SOURCE_NOT_ROOTS", path=path,
                  cure=f"chown root {plugins.directory} {path}")
        s.fix()
        s.granted(ask(s))


@case("plugin can be written by others", "SOURCE_NOT_ROOTS")
def _(s):
    plugins = plugins_of(s)
    path = f"{plugins.directory}/libsubid_zzz.so"
    for what, mode in ((path, 0o646), (path, 0o664), (plugins.directory, 0o1777)):
        plugins.install("zzz")
        os.chmod(what, mode)
        s.refused(ASK, NOT_ALLOWED, "SOURCE_NOT_ROOTS", path=path,
                  cure=f"chmod go-w {plugins.directory} {path}")
        s.fix()
        s.granted(ask(s))


@case("plugin is not a library, or lacks a call", "SOURCE_BROKEN")
def _(s):
    plugins = plugins_of(s)
    path = f"{plugins.directory}/libsubid_zzz.so"
    for spoil in (lambda: plugins.text("zzz", ""), lambda: plugins.text("zzz", "text\n"),
                  lambda: plugins.install("zzz", "NO_CALL")):
        spoil()
        s.refused(ASK, NOT_ALLOWED, "SOURCE_BROKEN", path=path,
                  cure="install a working plugin of 'zzz'")
        s.fix(lambda: plugins.install("zzz"))
        s.granted(ask(s))


@case("plugin that the loader refuses", "SOURCE_BROKEN")
def _(s):
    plugins = plugins_of(s)
    path = f"{plugins.directory}/libsubid_zzz.so"
    plugins.text("zzz", "\x7fELF and no more")
    s.refused(ASK, NOT_ALLOWED, "SOURCE_BROKEN", path=path, cure=f"see what ldd {path} misses")
    s.fix(lambda: plugins.install("zzz"))
    s.granted(ask(s))


@case("plugin with an impossible answer", "SOURCE_BROKEN")
def _(s):
    plugins = plugins_of(s)
    for role in ("negative", "beyond"):
        plugins.role("zzz", role)
        s.refused(ASK, NOT_ALLOWED, "SOURCE_BROKEN", source="zzz",
                  cure="install a working plugin of 'zzz'")
        s.fix(lambda: plugins.install("zzz"))
        s.granted(ask(s))


@case("plugin that crashes", "SOURCE_BROKEN")
def _(s):
    plugins = plugins_of(s)
    for role in ("crash", "exit"):
        plugins.role("zzz", role)
        s.refused(ASK, NOT_ALLOWED, "SOURCE_BROKEN", source="zzz",
                  cure="install a working plugin of 'zzz'")
        s.fix(lambda: plugins.install("zzz"))
        s.granted(ask(s))


@case("service of a plugin is down", "SOURCE_SILENT")
def _(s):
    plugins = plugins_of(s)
    plugins.role("zzz", "conn")
    s.refused(ASK, NOT_ALLOWED, "SOURCE_SILENT", source="zzz",
              cure="have the service of '{source}' started, and try again")
    s.fix(lambda: plugins.install("zzz"))
    s.granted(ask(s))


@case("plugin without an answer about an extent", "SOURCE_SILENT")
def _(s):
    plugins = plugins_of(s)
    plugins.role("zzz", "says-error")
    s.refused(ask(s), denied("0-1000", f"{base(s)}-{base(s) + 1000}"), "SOURCE_SILENT",
              source="zzz", cure="have the service of '{source}' started, and try again")
    s.fix(lambda: plugins.install("zzz"))
    s.granted(ask(s))


@case("no process for a plugin", "SOURCE_SILENT")
def _(s):
    plugins_of(s).install("zzz")
    s.as_user = lambda s: resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    s.refused(ASK, NOT_ALLOWED, "SOURCE_SILENT", source="zzz",
              error=os.strerror(errno.EAGAIN),
              cure="end a process of yours, or have the limit of your processes raised "
                   "(ulimit -u)")
    s.as_user = None
    s.granted(ask(s))


@case("plugin that the caller cannot read", "SOURCE_SILENT")
def _(s):
    path = plugins_of(s).install("zzz", mode=0o600)
    s.refused(ASK, NOT_ALLOWED, "SOURCE_SILENT", source="zzz", error=EACCES,
              cure=f"ensure that all users can read {path}")
    s.fix(lambda: os.chmod(path, 0o644))
    s.granted(ask(s))


# --- the answer ---

@case("no source has a range", "SOURCES_EMPTY")
def _(s):
    plugins = plugins_of(s)
    for role in ("nothing", "unknown", "error"):
        plugins.role("zzz", role)
        plugins.ask("zzz")
        s.refused(ASK, NOT_ALLOWED, "SOURCES_EMPTY", sources="zzz",
                  cure="have them delegated by those who run 'zzz'")
    plugins.ask("zzz files")
    s.database("")
    s.refused(ASK, NOT_ALLOWED, "SOURCES_EMPTY", sources="zzz files")
    require(s.cure.startswith("usermod-ext -"), f"cure {s.cure!r}")
    s.fix()
    s.granted(ASK)


@case("plugin that denies a range that it lists", "SOURCE_DENIES")
def _(s):
    plugins = plugins_of(s)
    plugins.role("zzz", "deny-large")
    s.refused(ask(s, base(s), 65536), denied("0-65536", f"{base(s)}-{base(s) + 65536}"),
              "SOURCE_DENIES", source="zzz", missing=f"{base(s)}-{base(s) + 65535}",
              cure="have them delegated by those who run 'zzz'")
    s.fix(lambda: plugins.install("zzz"))
    s.granted(ask(s, base(s), 65536))


@case("plugin grants other ids", "NOT_DELEGATED", "PARTLY_DELEGATED")
def _(s):
    plugins_of(s).install("zzz")
    first, count = base(s), 131072
    held = f"{first}-{first + count - 1}"
    s.refused(ask(s, 3000000), denied("0-1000", "3000000-3001000"), "NOT_DELEGATED",
              source="zzz", first=held, cure="ask for ids of yours, as {first}")
    end = first + count
    s.refused(ask(s, end - 10, 20), denied("0-20", f"{end - 10}-{end + 10}"),
              "PARTLY_DELEGATED", extent=1, missing=f"{end}-{end + 9}",
              cure=f"ask for ids of yours, as {held}")
    s.granted(ask(s, first, count))
