#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What the verbs of subid that read show on terminals of several sizes: tables that fit, columns
that are left out, colours, and the picture of `list --map`."""

import contextlib
import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import unicodedata

import subid_box
from host import CLEAN_PATH, mount

SLIDES = "elsa:3000000:1000000\nanna:4000000:1000000\n"


def on_terminal(args, both=True, env=None, size=(24, 100)):
    """Runs a program with stderr, or all, on a terminal; returns what appears there."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
    null = os.open("/dev/null", os.O_WRONLY)
    child = subprocess.Popen(args, stdin=slave, stdout=slave if both else null, stderr=slave,
                             env={"PATH": CLEAN_PATH, "LC_ALL": "C.UTF-8", "TERM": "xterm",
                                  **(env or {})})
    os.close(slave)
    os.close(null)
    parts = []
    with contextlib.suppress(OSError):
        while True:
            parts.append(os.read(master, 65536))
    os.close(master)
    return child.wait(), b"".join(parts)


def cells(line):
    """The width of a line on a terminal."""
    return sum(0 if unicodedata.combining(char) else
               2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in line)


def lines_of(text):
    return re.sub("\033\\[[0-9;]*m", "", text.decode().replace("\r\n", "\n")).splitlines()


def terminals(box):
    box.put("root:5002:1\n", "")
    args = [box.path, "whois", "-u", "5002"]
    for env, coloured in (({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True),
                          ({"TERM": "dumb"}, False), ({"TERM": ""}, False),
                          ({"CLICOLOR": "0"}, True), ({"CLICOLOR_FORCE": "1", "NO_COLOR": "1"}, False)):
        for command in (args, [box.path, "list"], [box.path, "check"]):
            _, text = on_terminal(command, env=env)
            box.check(f"colours on a terminal with {env}: {command[1]}", b"\033[" in text, coloured)
    box.check("no colours elsewhere", b"\033" in box.run(*args[1:]).out, False)


WIDE = "\u65e5\u672c\u8a9e\u306e\u30d5\u30a1\u30a4\u30eb-e\u0301"     # Japanese, and an accent


def fitting(box):
    """Tables fit the terminal: long cells take several lines or are cut, in the first rows and in
    those that are printed without libsmartcols. Nothing is lost of a name of a file."""
    box.put(SLIDES, SLIDES)
    top = "/mnt/wide"
    for tail in range(7):
        os.makedirs(f"{top}/{WIDE}{'x' * tail}")
    for number in range(1100):
        box.host.write(f"{top}/{WIDE}{'x' * (number % 7)}/{WIDE}{number:04}", "", owner=(3000000, 3000000))
    sleeper = [sys.executable, "-S", "-c", "import time; time.sleep(600)", WIDE * 20]
    with subprocess.Popen(sleeper) as child:
        for width in (40, 80, 200):
            for env in ({}, {"LC_ALL": "C"}):
                screens = {
                    "files": on_terminal([box.path, "files", "-a", "-o", "MODE,FILE", top], env=env,
                                         size=(24, width))[1],
                    "ps": on_terminal([box.path, "ps", "-a", "-o", "PID,COMMAND"], env=env,
                                      size=(24, width))[1],
                    "whois": on_terminal([box.path, "whois", "-o", "STATE,NOTE", "2147352576"],
                                         env=env, size=(24, width))[1]}
                for verb, text in screens.items():
                    widest = max(map(cells, lines_of(text)))
                    box.report.check(f"{verb} at {width} with {env}: no line is wider",
                                     0 < widest <= width, f"{widest}: {text[:300]}")
                joined = re.sub(r"\s|^0[0-7]{3}", "", "".join(
                    line[5:] for line in lines_of(screens["files"])[1:]))
                wanted = WIDE if "LC_ALL" not in env else "".join(
                    f"\\x{byte:02x}" for byte in WIDE.encode()).replace("\\x2d\\x65", "-e")
                box.check(f"files at {width} with {env}: each name is whole",
                          [number for number in range(1100)
                           if f"/{wanted}{number:04}" not in joined], [])
                box.report.check(f"ps at {width} with {env}: one line for a process",
                                 sum(line.split()[:1] == [str(child.pid)]
                                     for line in lines_of(screens["ps"])) == 1, f"{screens['ps']}")
        child.kill()
    rows = box.run("files", "-a", "-o", "FILE", top).out.decode().splitlines()
    box.check("elsewhere a name is one line", len(rows), 1 + 1 + 7 + 1100)


def sharing(box):
    """The widest columns give way first: a path stays readable beside a long sentence."""
    box.put("elsa:3000000:65536\nanna:3000000:65536\n", "")
    args = [box.path, "check", "-n", "-o", "FILE,MESSAGE,CURE"]
    for width, whole in ((200, True), (80, True), (60, True), (30, False)):
        lines = lines_of(on_terminal(args, size=(24, width))[1])
        box.report.check(f"check at {width}: the file is in one line, or all are cut",
                         lines[0].startswith("/etc/subuid ") is whole
                         and max(map(cells, lines)) <= width, "\n".join(lines))
        words = set(box.run("check", "-n", "-o", "MESSAGE").out.decode().split())
        cut = {word for line in lines for word in line[12:].split()} if whole else set()
        box.check(f"check at {width}: no word is cut",
                  [word for word in words if whole and word not in cut], [])


def long_names(box):
    """The name of an owner may take half of a line of the database; it gives way, too."""
    owner = f"owner-{'x' * 200}"
    box.put(f"{owner}:3000000:65536\n{owner}:3000000:65536\n", "")
    os.makedirs("/etc/subid.d", exist_ok=True)
    box.host.write("/etc/subid.d/50-long.conf",
                   f"pool {'p' * 60} 4000000-4999999 count=65536\n"
                   f"assign user={owner} pool={'p' * 60}\n")
    for args in (("list",), ("whois", "-u", "3000001"), ("policy",), ("check", "-n"),
                 ("check", "-o", "CODE,OWNER,OTHER")):
        lines = lines_of(on_terminal([box.path, *args], size=(24, 80))[1])
        box.report.check(f"{args} with a long owner: 80 columns",
                         max(map(cells, lines)) <= 80, "\n".join(lines))
    os.unlink("/etc/subid.d/50-long.conf")


def empty_columns(box):
    """A table leaves out the columns without any value, but those of -o; JSON and raw rows do
    not, nor does a long table, of which the first rows do not show what follows."""
    box.put(SLIDES, SLIDES)
    def head(*args):
        return box.run(*args).out.decode().splitlines()[0].split()
    box.check("whois of an account", head("whois", "-u", 5002), ["ID", "KIND", "STATE", "ACCOUNT"])
    box.check("whois -o", head("whois", "-u", 5002, "-o", "ID,NOTE,OWNER"), ["ID", "NOTE", "OWNER"])
    box.check("whois -o +", head("whois", "-u", 5002, "-o", "+NOTE"),
              ["ID", "KIND", "STATE", "ACCOUNT", "NOTE"])
    box.check("whois --raw", len(head("whois", "-u", 5002, "--raw")), 13)
    box.check("whois --json", list(box.rows("whois", "-u", 5002)[0]), subid_box.documented()["ids"])
    text = "".join(f"ghost{i}:{1000000 + i}:1\n" for i in range(1023))
    for more, columns in (("", 6), ("ghost:9000000:1\n", 6), ("ghost:9000000:1\n" * 2, 9),
                          ("ghost:9000000:1\nelsa:9000001:1\n", 9)):
        box.put(text + more, "")
        lines = box.run("list").out.decode().splitlines()
        box.check(f"list of {len(lines) - 1} rows", len(lines[0].split()), columns)
    box.check("... has the last uid", lines[-1].split()[2], "5001")


def users(n, every=65536):
    return "".join(f"user{i:04}:{100000 + every * i}:65536\n" for i in range(n))


CONTAINERS = "containers:2147483647:2147483648\n"
PICTURES = (
    # name, subuid, subgid, words that must be there
    ("nothing", "", "", ("free", "reserved")),
    ("one user", "elsa:100000:65536\n", None, ("100000-165535", "elsa")),
    ("30 users and podman's line", users(30) + CONTAINERS, None,
     ("containers", *(f"user{i:04}" for i in range(30)))),
    ("1000 users", users(1000) + CONTAINERS, None, ("user0000", "user0999", "containers")),
    ("1000 users with gaps", users(1000, 100000) + CONTAINERS, None, ("user0000", "containers")),
    ("id 0", "root:0:1\n" + users(30), None, ("root", *(f"user{i:04}" for i in range(30)))),
    ("all ids", "elsa:0:4294967295\nanna:100000:10\n", None, ("elsa!", "anna!")),
    ("wide names", "".join(f"{WIDE}{i}:{100000 + 65536 * i}:65536\n" for i in range(40)), None, ()),
    ("different gids", users(5), users(6)[44:], ("user0000:uid", "user0005:gid")),
)


def picture(box, *args, size=(24, 80), env=None):
    status, text = on_terminal([box.path, "list", "--map", *args], size=size, env=env)
    return status, lines_of(text)


def pictures(box):
    """The picture fits the screen and names each of thirty users."""
    for name, uid, gid, wanted in PICTURES:
        box.put(uid, uid if gid is None else gid)
        for size in ((24, 40), (24, 80), (24, 200), (50, 200)):
            for env in ({}, {"LC_ALL": "C"}):
                _, lines = picture(box, size=size, env=env)
                box.report.check(f"{name} on {size} with {env}: it fits", 3 <= len(lines) < size[0]
                                 and max(map(cells, lines)) <= size[1], "\n".join(lines))
                text = "\n".join(lines)
                if size[1] >= 80:
                    box.check(f"{name} on {size} with {env}: all that is named",
                              [word for word in wanted if word not in text], [])
                box.check(f"{name} on {size} with {env}: ASCII", text.isascii(), bool(env))
        plain = box.run("list", "--map").out.decode().splitlines()
        box.report.check(f"{name}: 80x24 without a terminal", len(plain) < 24
                         and max(map(cells, plain)) <= 80, f"{plain}")


def zoomed(box):
    """An owner, or a range, is drawn larger; ids of several owners are marked."""
    text = "elsa:100000:65536\nanna:165536:65536\nbob:165000:1000\n"
    box.put(text, text)
    status, lines = picture(box, "-u", "elsa", env={"LC_ALL": "C"})
    box.report.check("elsa", status == 0 and lines[0].startswith("uids 91807-")
                     and any("elsa!" in line and "#" in line for line in lines), "\n".join(lines))
    box.report.check("... and who has some of the ids", any("bob!" in line and "X" in line
                                                            for line in lines), "\n".join(lines))
    _, lines = picture(box, "165536-165999", env={"LC_ALL": "C"})
    box.report.check("a range", lines[0].startswith("uids and gids 165536-165999,")
                     and [line.split()[0] for line in lines[1:-1]] == ["165536-165999"]
                     and "XXXX" in lines[1], "\n".join(lines))
    _, lines = picture(box, "5001-5002")
    box.report.check("ids that are all in use are not free", "users: " in lines[1] and
                     "free" not in lines[1], "\n".join(lines))
    _, text = on_terminal([box.path, "list", "--map"])
    box.check("ids of several owners are red", b"\033[31m" in text, True)
    for args, status in ((("bob",), 0), (("nosuchuser",), 6), (("5-4",), 1), (("300000-300010",), 0),
                         (("1-2", "3-4"), 1), (("elsa", "1-2"), 1), (("1-2", "elsa"), 1)):
        box.check(f"list --map {args}", box.run("list", "--map", *args).status, status)


def main():
    box = subid_box.enter()
    os.mkdir("/dev/pts", 0o755)
    mount("devpts", "/dev/pts", "devpts", 0, "newinstance,ptmxmode=0666,mode=0620")
    os.symlink("pts/ptmx", "/dev/ptmx")
    for part in (terminals, fitting, sharing, long_names, empty_columns, pictures, zoomed):
        box.report.part(part, box)
    box.report.finish()


main()
