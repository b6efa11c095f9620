# SPDX-License-Identifier: BSD-3-Clause
"""Causes in the helper, which asks the name service and plugins for the map writers."""

import contextlib
import os
import resource

from explain import ASK, GRANT, NO_NAME, Cases, denied
from host import MS_BIND, MS_NOEXEC, MS_REMOUNT, NSSWITCH, Plugins, mount, umount

CASES = Cases()
case = CASES.case
KEPT, OPENED = {}, set()
SETTING = "/proc/sys/fs/suid_dumpable"
NO_ID = denied("0-1000", "100000-101000")


def by_name_service(s):
    """The name service is asked who elsa is."""
    s.database(GRANT)
    s.host.write("/etc/nsswitch.conf", NSSWITCH.replace("passwd: files", "passwd: db files"))
    return ASK, (NO_NAME, {})


def by_plugin(s):
    """A plugin is asked for elsa's ranges."""
    plugins = KEPT.setdefault(s.host, Plugins(s.host))
    if s not in OPENED:     # overlays cannot be stacked at will
        plugins.open()
        OPENED.add(s)
    plugins.ask("zzz")
    plugins.install("zzz")
    s.database(GRANT)
    first = 100000 + 10000000 * (s.kind == "g")
    return f"PID 0 {first} 1000", denied("0-1000", f"{first}-{first + 1000}")


@contextlib.contextmanager
def helper(s):
    """The installed helper, which is put back."""
    s.host.install_helper()
    try:
        yield s.host.helper
    finally:
        s.host.install_helper()


def each(s, spoil, cause, fix=None, **more):
    """The cause, whoever had to be asked; and no cause where nobody has to be."""
    for prepare in (by_name_service, by_plugin):
        with helper(s) as path:
            ask, line = prepare(s)
            s.granted(ask)
            spoil(path)
            s.refused(ask, line, cause, helper=path, **more)
            s.host.reset_etc("nsswitch.conf")
            s.granted(ASK)
            prepare(s)
            s.refused(ask, line, cause, helper=path, **more)
            s.fix(fix and (lambda: fix(path)))
            s.granted(ask)
    s.host.reset_etc("nsswitch.conf")


def put_back(s):
    return lambda _: s.host.install_helper()


@case("no helper", "HELPER_MISSING")
def _(s):
    each(s, os.unlink, "HELPER_MISSING", put_back(s),
         cure="install it: it is part of subid-utils")


@case("no file in place of the helper", "HELPER_MISSING")
def _(s):
    def spoil(path):
        os.rename(path, f"{path}.real")
        os.mkdir(path)
    def fix(path):
        os.rmdir(path)
        os.rename(f"{path}.real", path)
    each(s, spoil, "HELPER_MISSING", fix, cure="install it: it is part of subid-utils")


@case("helper that is not root's", "HELPER_CHANGED")
def _(s):
    cure = "have root repair the directories, and install subid-utils again"
    each(s, lambda path: os.chown(path, 5002, 0), "HELPER_CHANGED", put_back(s), cure=cure)
    each(s, lambda path: os.chown(os.path.dirname(path), 5002, 0), "HELPER_CHANGED", put_back(s),
         cure=cure)


@case("helper that others can write", "HELPER_CHANGED")
def _(s):
    cure = "have root repair the directories, and install subid-utils again"
    each(s, lambda path: os.chmod(path, 0o731), "HELPER_CHANGED", put_back(s), cure=cure)
    each(s, lambda path: os.chmod(os.path.dirname(path), 0o1777), "HELPER_CHANGED", put_back(s),
         cure=cure)


@case("helper that users can read", "HELPER_READABLE")
def _(s):
    for mode in (0o755, 0o751, 0o700, 0o4711):
        each(s, lambda path: os.chmod(path, mode), "HELPER_READABLE")


@case("setting of the kernel that makes the helper traceable", "HELPER_TRACEABLE")
def _(s):
    # in this mount namespace alone
    s.host.write(f"{s.host.tmpdir}/suid_dumpable", "0\n")
    mount(f"{s.host.tmpdir}/suid_dumpable", SETTING, None, MS_BIND)
    def spoil(_):
        with open(SETTING, "w") as file:
            file.write("1\n")
    each(s, spoil, "HELPER_TRACEABLE")


@case("helper of another version", "HELPER_VERSION")
def _(s):
    each(s, s.host.false_helper("version 1\n"), "HELPER_VERSION", put_back(s),
         cure="install one version of all of subid-utils")


@case("helper that does not start", "HELPER_BROKEN")
def _(s):
    no_program = lambda path: s.host.write(path, b"\x7fELF and no more", 0o711)
    script = lambda path: s.host.write(path, b"#!/bin/true\n", 0o711)
    noexec = lambda path: mount(path, path, None, MS_BIND) or mount(
        None, path, None, MS_BIND | MS_REMOUNT | MS_NOEXEC)
    fixes = {noexec: lambda path: umount(path)}
    # as a loader that does not find a library
    for spoil in (s.host.false_helper("ends 127\n"), no_program, script, noexec):
        each(s, spoil, "HELPER_BROKEN", fixes.get(spoil, put_back(s)),
             cure="see what it prints if root runs it, or install subid-utils again")


@case("too little memory for the helper", "NO_MEMORY")
def _(s):
    """The map writer runs with these limits, and the helper does not start or ends at once."""
    limits = ((resource.RLIMIT_AS, "v", (8, 16, 40, 60)), (resource.RLIMIT_DATA, "d", (1, 16, 60)))
    for prepare in (by_name_service, by_plugin):
        with helper(s):
            ask, line = prepare(s)
            for number, letter, mib in ((a, b, size) for a, b, sizes in limits for size in sizes):
                limit = (mib << 20, resource.RLIM_INFINITY)
                s.as_user = lambda _: resource.setrlimit(number, limit)
                s.refused(ask, line, "NO_MEMORY")
                s.as_user = None
                s.cured_in_shell(f"ulimit -S -{letter} {mib << 10}", ask)
    s.host.reset_etc("nsswitch.conf")
