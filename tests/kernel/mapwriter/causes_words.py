# SPDX-License-Identifier: BSD-3-Clause
"""The sentences of causes: translated, and each in a line of its own."""

import contextlib
import os
import socket
import struct
import tempfile

from explain import ASK, GRANT, TO_FIX, WRITE_EPERM, Cases
from host import built, catalogs_of, install_locale, mapwriter_libc, require, writable

CASES = Cases()
case = CASES.case

LANGUAGE = "xx_XX"
HEAD = {"": "Content-Type: text/plain; charset=UTF-8\n"}
TRANSLATED = {
    "to fix it (as root): %s": "Abhilfe ändert: %s",
    "%s delegates nothing to %s": "%2$s bekommt nichts von %1$s",
    "Try '%s --help'.": "Versuch’s mit »%s --help«.",
}
# texts of first lines, which must not be translated
NEVER = ("uid range [0-1000) -> [100000-101000) not allowed", "write to %s failed: %s",
         "%s range [%u-%lu) -> [%u-%lu) not allowed", "uid", "gid",
         "write to uid_map failed: Operation not permitted", "Operation not permitted")


def catalog(texts):
    """A file of msgfmt(1)."""
    rows = sorted((source.encode(), text.encode()) for source, text in texts.items())
    at = 28 + 16 * len(rows)
    tables, strings = [b"", b""], b""
    for which in (0, 1):
        for row in rows:
            tables[which] += struct.pack("<2I", len(row[which]), at + len(strings))
            strings += row[which] + b"\0"
    return struct.pack("<7I", 0x950412de, 0, len(rows), 28, 28 + 8 * len(rows), 0, 0) + \
        b"".join(tables) + strings


def install_language(s):
    """A catalog where the build looks for it, and a locale of that name: that of C.UTF-8."""
    directory = f"{catalogs_of(built('subid') or s.path)}/{LANGUAGE}/LC_MESSAGES"
    writable(s.host, directory)
    s.host.write(f"{directory}/subid-utils.mo", catalog(
        {**HEAD, **TRANSLATED, **{text: "verboten" for text in NEVER}}))
    # messages of the C library have translations, too
    directory = f"/usr/share/locale/{LANGUAGE}/LC_MESSAGES"
    writable(s.host, directory)
    s.host.write(f"{directory}/libc.mo", catalog({**HEAD, "Operation not permitted": "verboten"}))
    install_locale(s.host, LANGUAGE)


@case("translated hints")
def _(s):
    """Static map writers have none: their lines are those of the locale C."""
    install_language(s)
    s.database("")
    s.env = {"LANG": "C"}
    s.run("PID 0")
    usage = s.result.lines
    s.run(ASK)
    english = s.result.lines
    static = mapwriter_libc() != "shared"
    name = f"{LANGUAGE}.UTF-8"
    flag = "-v" if s.kind == "u" else "-w"
    first = f"{s.mapper}: {s.kind}id range [0-1000) -> [100000-101000) not allowed"
    for environment in ({"LANG": name}, {"LC_ALL": name}, {"LC_CTYPE": name, "LC_MESSAGES": name}):
        s.env = environment
        s.run(ASK)
        require(s.result.status == 1, f"status {s.result.status}")
        german = [first, f"{s.mapper}: elsa bekommt nichts von {s.file}",
                  f"{s.mapper}: Abhilfe ändert: usermod-ext {flag} 100000-100999 elsa"]
        require(s.result.lines == (english if static else german) and english[0] == first,
                f"{environment}: {s.result.lines}")
        s.run("PID 0")
        german = [*usage[:-1], f"{s.mapper}: Versuch’s mit »{s.mapper} --help«."]
        require(s.result.lines == (usage if static else german) and
                usage[0].startswith("usage: "), f"{s.result.lines}")
    s.database(GRANT)
    s.run(ASK, s.host.target("plain"))
    require(s.result.line == f"{s.mapper}: write to {s.kind}id_map failed: Operation not permitted",
            f"{s.result.lines}")
    s.database("")
    # a system without that language, or another language
    for environment in ({"LANG": "C"}, {"LANG": "yy_YY.UTF-8"}, {"LANGUAGE": LANGUAGE}):
        s.env = environment
        s.run(ASK)
        require(s.result.lines[1:2] == [f"{s.mapper}: {s.file} delegates nothing to elsa"],
                f"{environment}: {s.result.lines}")


@case("wrong arguments")
def _(s):
    s.database(GRANT)
    number = "ids and counts are decimal numbers that begin with 1-9, or 0"
    process = "the first argument is a process id, or fd:N of its directory in /proc"
    for ask, words in (("PID 0", "each extent takes three numbers"), ("PID 0 x 1", number),
                       ("PID 0 0100000 1", number), ("abc 0 x 1", number),
                       ("abc 0 100000 1", process), ("abc", process), ("", process)):
        s.run(ask)
        require(s.result.status == 1 and s.result.lines[0].startswith("usage: ") and
                s.result.lines[1:] == [f"{s.mapper}: {words}",
                                       f"{s.mapper}: Try '{s.mapper} --help'."],
                f"{ask}: {s.result}")


@case("one write for all lines")
def _(s):
    """Some callers (LXC) read the pipe once, and may miss what is written later."""
    s.database("")
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with ours, theirs:
        target = s.host.target()
        result = s.host.run(s.path, [str(target.pid), "0", "100000", "1"], s.caller,
                            stderr=theirs.fileno())
        ours.setblocking(False)
        writes = []
        with contextlib.suppress(BlockingIOError):
            while True:
                writes.append(ours.recv(65536))
    require(result.status == 1 and len(writes) == 1, f"{len(writes)} writes: {writes}")
    require(writes[0].count(b"\n") == 3, f"{writes}")


# --- paths ---

def program_in(s, directory):
    top = tempfile.mkdtemp(dir=f"{s.host.tmpdir}/bin")
    os.chmod(top, 0o755)
    os.makedirs(f"{top}/{directory}", 0o755)
    s.path = s.copy("bare", f"{top}/{directory}")


@case("cure with a path that a shell would take apart", "NO_PRIVILEGE", installs=("bare",))
def _(s):
    s.database(GRANT)
    for directory in ("a b", "a;exit 1;b", "$(false)", "it's", "*", "`exit`"):
        program_in(s, directory)
        s.refused(ASK, WRITE_EPERM, "NO_PRIVILEGE")
        s.fix()
        s.granted(ASK)


@case("path with a newline", installs=("bare",))
def _(s):
    s.database(GRANT)
    for directory in ("a\nnewuidmap: b", "a\rb", "a\x1b[31mb", "a\x7fb"):
        program_in(s, directory)
        s.run(ASK)
        s.hints()
        require(s.result.status == 1, f"status {s.result.status}")


@case("cure that is too long for a line", installs=("bare",))
def _(s):
    """A truncated command would be another command."""
    s.database(GRANT)
    for length in (100, 150, 200, 250):
        program_in(s, "/".join(("x" * length, "y" * length, "z" * length)))
        s.run(ASK)
        hints = s.hints()
        cures = [hint for hint in hints if hint.startswith(TO_FIX)]
        require(all(cure.endswith(s.path) for cure in cures), f"a cure is cut: {cures}")
