#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Control characters in names that other users have chosen: owners, logins, files, command lines
and words of the command line. No output has a character that controls a terminal or changes the
direction of writing, neither as a byte of 0x80 to 0x9f nor, as UTF-8, U+0080 to U+009F. JSON can
be parsed and has the characters themselves; a printed command can be pasted. Only getsubids prints
the word that it was given.
"""

import json
import os
import re
import shutil

import subid_box
from host import CLEAN_PATH, ELSA, ETC, ROOT, Caller, built, quick, root_shell
from subid_box import DONE, FINDINGS, UNREADABLE, USAGE

SYS_PIDFD_GETFD = 438

# of C1, in both forms; of the direction of writing; and a letter that is no UTF-8
ODD = (b"\x9b31m", b"\xc2\x9b31m", b"\xe2\x80\xae", b"\xe9", b"\xc2\x85", b"\xe2\x81\xa6")
# the first two are the bytes of letters with one of 0x80 to 0x9f in them
LETTERS = "m\u011bsto \u0105 \u65e5".encode()
FILES = 1300
C_LOCALE = {"PATH": CLEAN_PATH, "LC_ALL": "C"}
FORMS = ((), ("--json",), ("--raw",))

WORDS = [os.fsdecode(b"w" + odd) for odd in ODD] + ["w\x1b[31m", "w\na"]


def is_obeyed(char):
    """Whether the character controls a terminal or a reader."""
    code = ord(char)
    return code < 0x20 and char != "\n" or 0x7f <= code <= 0x9f or \
        code in (0x61c, 0x200e, 0x200f) or 0x2028 <= code <= 0x202e or 0x2066 <= code <= 0x2069


def complaint(text, utf8=True):
    """What is wrong with output, or None."""
    if not utf8:
        bad = re.search(rb"[\x00-\x09\x0b-\x1f\x7f-\x9f]", text)
        return bad and f"{bad[0]!r} in {text[max(0, bad.start() - 40):bad.end() + 20]!r}"
    try:
        shown = text.decode()
    except UnicodeDecodeError as error:
        return f"{error}: {text[max(0, error.start - 40):error.end + 20]!r}"
    for at, char in enumerate(shown):
        if is_obeyed(char) or char == "\ufffd":
            return f"{char!r} in {shown[max(0, at - 40):at + 20]!r}"
    return None


def no_json(text):
    """Why it does not parse, or None."""
    try:
        json.loads(text)
    except ValueError as error:
        return f"{error}: {text[:200]!r}"
    return None


class Check:
    """Runs programs, and checks every byte of their output."""

    def __init__(self, box):
        self.box, self.host, self.report = box, box.host, box.report
        self.programs = {"subid": box.path}
        for name in ("usermod-ext", "getsubids"):
            path = f"{self.host.tmpdir}/bin/{name}"
            shutil.copyfile(built(name), path)
            os.chmod(path, 0o755)
            self.programs[name] = path
        self.programs["newuidmap"] = self.host.subjects["ours", "setuid"].path("newuidmap")
        self.n = 0

    def run(self, *args, program="subid", caller=ROOT, statuses=None,
            needs=()):
        """Runs in both locales. needs: what has to be in its output in UTF-8."""
        args = [str(arg) for arg in args]
        what = f"{program} {' '.join(args)}"
        for env in (None, C_LOCALE):
            result = self.host.run(self.programs[program], args, caller, env=env)
            utf8 = env is None or "--json" in args or "--raw" in args
            wrong = [complaint(result.out, utf8), complaint(result.err, env is None)]
            wrong += [complaint(record.rstrip("\0").encode("utf-8", "surrogateescape"))
                      for record in result.log]
            if statuses and result.status not in statuses:
                wrong.append(f"status {result.status}: {result.err!r}")
            if "--json" in args and result.out:
                wrong.append(no_json(result.out))
            if env is None:
                shown = result.out + result.err + "\n".join(result.log).encode()
                wrong += [f"no {need!r} in {shown[:300]!r}" for need in needs
                          if need.encode() not in shown]
                first = result
            wrong = [why for why in wrong if why]
            self.n += 1
            if wrong:
                self.report.fail(f"{what!a} {'in C' if env else ''}", f"{wrong}")
        return first


def names(*starts):
    return [start.encode() + odd for start in starts for odd in ODD]


def accounts():
    """passwd and group with such logins, from 7000 on."""
    users = b"".join(b"%s:x:%d:%d::/home/elsa:/bin/sh\n" % (name, 7000 + i, 7000 + i)
                     for i, name in enumerate(names("user")))
    groups = b"".join(b"%s:x:%d:\n" % (name, 7000 + i) for i, name in enumerate(names("user")))
    return ETC["passwd"].encode() + users, ETC["group"].encode() + groups


def database():
    """Users and unknown owners, some with the same ids, and malformed lines."""
    text = b""
    for i, name in enumerate(names("user", "ghost")):
        text += b"%s:%d:100\n" % (name, 200_000 + i * 100)
        text += b"%s:%d:10\n" % (name, 300_000 + i * 5)
    for name in names("bad"):
        text += b"%s:1:\n%s\x1b:5:5\n%s\x00:1:1\n" % (name, name, name)
    return text + LETTERS.replace(b" ", b"") + b":900000:1\n"


def put(check):
    passwd, group = accounts()
    check.host.write("/etc/passwd", passwd)
    check.host.write("/etc/group", group)
    check.host.write("/etc/pam.d/usermod-ext", "account required pam_permit.so\n"
                     "auth required pam_rootok.so\n")
    check.box.put(database(), database())


def long_database():
    """More rows than those that determine the widths of a table."""
    odd = names("stranger")
    return b"".join(b"%s%d:%d:1\n" % (odd[i % len(odd)], i, 1_000_000 + i)
                    for i in range(1300))


def looking(check):
    put(check)
    user = os.fsdecode(names("user")[0])
    for form in FORMS:
        check.run("list", *form, statuses=(DONE,))
        check.run("list", *form, user, statuses=(DONE,), needs=("31m",))
        check.run("list", "--free", *form, statuses=(DONE,))
        check.run("whois", *form, 200_000, 200_100, 300_007, 7000, 7001)
        check.run("check", *form, statuses=(FINDINGS,))
        check.run("check", "-o", "owner,message,cure", *form, statuses=(FINDINGS,))
        for word in WORDS:
            check.run("list", *form, word)
            check.run("map", *form, word)
            check.run("whois", *form, word)
        for name in names("user"):
            check.run("map", *form, os.fsdecode(name), statuses=(DONE,))
            check.run("doctor", *form, os.fsdecode(name))
    check.run("list", "--map", statuses=(DONE,))
    for name in names("user"):
        for runtime in ("newuidmap", "unshare", "podman", "lxc", "runc", "bwrap", "nspawn",
                        "docker"):
            result = check.run("map", "--for", runtime, os.fsdecode(name))
            if runtime == "docker":
                remap = json.loads(result.out.decode("utf-8", "replace"))["userns-remap"]
                check.report.check(f"docker {name!a}", remap.split(":")[0] == in_json(name),
                                   remap)
    check.box.put(long_database(), long_database())
    for form in FORMS:
        check.run("list", *form, statuses=(DONE,))
        check.run("check", "--all", *form, statuses=(DONE,))


def in_json(name):
    """A byte that is part of no character becomes the character with its number."""
    return "".join(chr(ord(char) - 0xdc00) if 0xdc80 <= ord(char) <= 0xdcff else char
                   for char in name.decode("utf-8", "surrogateescape"))


def shown(name):
    """The text in messages, tables and raw rows."""
    return "".join(char if not is_obeyed(char) and not 0xdc80 <= ord(char) <= 0xdcff
                   else "".join(f"\\x{byte:02x}" for byte in char.encode("utf-8",
                                                                         "surrogateescape"))
                   for char in name.decode("utf-8", "surrogateescape"))


def every_form(check):
    """All forms of output have the same name."""
    put(check)
    for number, name in enumerate(names("user")):
        login = os.fsdecode(name)
        rows = check.box.rows("list", "--uid", login)
        check.box.check(f"JSON {name!a}", {row["owner"] for row in rows}, {in_json(name)})
        for form in ((), ("--raw",)):
            out = check.run("list", "-n", "--uid", "-o", "owner,first", *form, login).out
            found = {line.split()[0].decode("utf-8", "replace")
                     for line in out.split(b"\n") if line}
            check.box.check(f"{form} {name!a}", found, {shown(name)})
        err = check.run("list", "-o", login).err.decode("utf-8", "replace")
        check.report.check(f"message {name!a}", f"'{shown(name)}'" in err, err)
        text = check.run("check").out.decode("utf-8", "replace")
        check.report.check(f"sentence {name!a}", f"range of {shown(name)} holds" in text or
                           shown(name) in text, f"{number}")


def table_rows(check):
    """The rows after the 1024th are aligned as those before."""
    name = b"x\x9b\xc2\x9b\xe2\x80\xae\\x9b\xc3\xbc\xe6\x97\xa5\xcc\x81\xcd\xb8"
    check.box.put(b"".join(b"%s:%d:1\n" % (name, 1_000_000 + i) for i in range(1300)), "")
    for env in (None, C_LOCALE):
        result = check.host.run(check.box.path, ["list", "-n", "-u", "-o", "owner,kind"],
                                ROOT, env=env)
        rows = set(result.out.splitlines())
        check.report.check(f"all rows are alike, {env}", len(rows) == 1, f"{rows}")
        text = next(iter(rows))
        check.report.check(f"a backslash is one, {env}", rb"\xae\x9b" in text, f"{text}")
        check.report.check(f"letters, {env}", ("\u00fc\u65e5".encode() in text) == (env is None),
                           f"{text}")


def files(check):
    """Names of files and directories, one of which cannot be read."""
    put(check)
    top = f"/home/{os.fsdecode(b'top' + ODD[0])}"
    os.mkdir(top)
    for i in range(FILES):
        path = os.fsencode(top) + b"/" + ODD[i % len(ODD)] + b"%d" % i
        with open(path, "wb"):
            os.chown(path, 200_000 + i % 1000, 200_000 + i % 1000)
    for odd in ODD:
        os.mkdir(os.fsencode(top) + b"/closed" + odd, 0o700)
    for form in FORMS:
        result = check.run("files", *form, top, caller=ELSA, statuses=(UNREADABLE,))
        check.report.check(f"as many rows as files {form}",
                           result.out.count(b"31m") >= FILES // 3, f"{result.out[:200]}")
        check.run("files", "--all", *form, top, caller=ELSA, statuses=(UNREADABLE,))
        check.run("files", "--root", top, *form, top)
        for word in WORDS:
            check.run("files", *form, f"/{word}", statuses=(UNREADABLE,))
    rows = check.box.rows("files", top)
    expected = {in_json(os.fsencode(top) + b"/" + ODD[i % len(ODD)] + b"%d" % i)
                for i in range(FILES)}
    check.report.check("names in JSON", {row["file"] for row in rows} == expected,
                       f"{sorted({row['file'] for row in rows} ^ expected)[:4]}")


def processes(check):
    """Command lines, and names of processes that have none."""
    put(check)
    sleepers = []
    for odd in ODD:
        for argv in ([b"sleep" + odd, b"1000"], [b"sleep", b"1000" + odd]):
            pid = os.fork()
            if pid == 0:
                try:
                    if argv[0] == b"sleep":
                        argv = [argv[0] + b"\n" + odd, b"1000"]
                    os.execve("/bin/sleep", argv, {})
                finally:
                    os._exit(1)
            sleepers.append(pid)
    # a process without a command line: one that was killed and is not waited for
    pid = os.fork()
    if pid == 0:
        try:
            with open("/proc/self/comm", "wb") as file:
                file.write(b"z\xc2\x9b\x9b")
        finally:
            os._exit(0)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    try:
        for form in FORMS:
            check.run("ps", "--all", *form, needs=("31m",))
    finally:
        for sleeper in sleepers:
            os.kill(sleeper, 9)
            os.waitpid(sleeper, 0)
        os.waitpid(pid, 0)


def changes(check):
    """Refusals, dry runs, changes, and their records."""
    put(check)
    for login in map(os.fsdecode, names("user")):
        ghost = login.replace("user", "ghost")
        for command in (("grant", "--range", "200000-200900", login),
                        ("grant", "--range", "200000-200900", "elsa"),
                        ("grant", login), ("grant", "--dry-run", login),
                        ("revoke", "--dry-run", login),
                        ("revoke", "--range", "200000-200009", login),
                        ("revoke", login), ("revoke", "--no-account", ghost),
                        ("revoke", "--if-held", ghost), ("revoke", "--local-only", login),
                        ("grant", "--if-missing", "--verbose", login),
                        ("rename", "--canonical", "--dry-run", login),
                        ("rename", "--canonical"),
                        ("grant", ghost), ("revoke", ghost),
                        ("rename", "--dry-run", "--no-account", login, ghost),
                        ("rename", login, ghost), ("rename", "--no-account", login, ghost),
                        ("rename", "--no-account", ghost, "elsa")):
            put(check)
            check.run(*command)
        for options in (("-v", "200000-200900"), ("-V", "200000-200001"), ("-S",), ("-v", login),
                        ("-v", "5-6", "-R", f"/{login}"), (f"--{login}",), (f"-{login}",),
                        ("-v", "1-2", login)):
            put(check)
            check.run(*options, login, program="usermod-ext")
            check.run(*options, "elsa", program="usermod-ext")
            check.run(*options, ghost, program="usermod-ext")
        check.host.write("/home/batch", os.fsencode(f"{login}:5\n{ghost}\n:{login}\n"))
        check.run("grant", "--batch", "/home/batch")
        os.rename("/home/batch", f"/home/{ghost}")
        check.run("grant", "--batch", f"/home/{ghost}")
        check.run("grant", "--dry-run", "--batch", f"/home/{ghost}")


def records(check):
    """A record names the user and is one line."""
    for name in names("user"):
        login, ghost = os.fsdecode(name), os.fsdecode(name.replace(b"user", b"new"))
        new = shown(name.replace(b"user", b"new"))
        for program, args, needed in (
                ("subid", ("grant", "--another", "--count", "10", login),
                 f": {shown(name)} grant"),
                ("subid", ("grant", "--range", "0-5", login), f": {shown(name)} grant"),
                ("subid", ("rename", "--no-account", login, ghost),
                 f": {shown(name)} rename new={new} by"),
                ("usermod-ext", ("-v", "700000-700009", login), f": {shown(name)} change")):
            put(check)
            result = check.host.run(check.programs[program], list(args), ROOT)
            log = "\n".join(result.log)
            wrong = complaint(log.replace("\0", "").encode())
            check.report.check(f"record {program} {args[0]} {name!a}", not wrong and
                               needed in log, f"{wrong}: {log!r} {result}")


def arguments(check):
    """Words at any place of the command line."""
    verbs = ("list", "whois", "map", "ps", "files", "check", "doctor", "grant", "revoke",
             "rename")
    for word in WORDS[:2] if quick() else WORDS:
        check.run(word, statuses=(USAGE,))
        for verb in verbs:
            for args in ((f"--{word}",), (f"-{word}",), ("--json", f"--{word}=1"),
                         ("--root", f"/{word}", "x"), ("-o", word, "elsa"), (word, word, word),
                         (f"--help={word}",), (word,)):
                check.run(verb, *args)
        check.run(word, program="newuidmap", caller=ELSA)
        check.run(word, "0", "100000", "1", program="newuidmap", caller=ELSA)
        check.run("-g", word, "x", program="getsubids")
        check.run("-" + word, program="getsubids")


def map_writers(check):
    """A refusal names the obstacle."""
    put(check)
    for i, name in enumerate(names("user")):
        caller = Caller("odd", 7000 + i, 7000 + i)
        target = check.host.target("ns", caller)
        for first in (200_000, 600_000):
            check.run(target.pid, "0", str(first), "1000", program="newuidmap", caller=caller,
                      statuses=(1,))


def relayed(check):
    """The output of a user's process to root's doctor, in pieces of any size."""
    put(check)
    spy = f"{check.host.tmpdir}/bin/spy"
    os.mkdir(spy, 0o755)
    text = LETTERS + b" " + b" ".join(ODD) + b" \xf0\x9f\x98\x80\n"
    check.host.write(f"{spy}/newuidmap", f"""#!/usr/bin/python3
import ctypes, os, time
text = {text!r}
libc = ctypes.CDLL(None, use_errno=True)
out = libc.syscall({SYS_PIDFD_GETFD}, os.pidfd_open(os.getppid()), 1, 0)
for i in range(len(text)):
    os.write(out, text[i:i + 1])
    time.sleep(0.001)
raise SystemExit(1)
""", 0o755)
    check.host.write("/etc/login.defs", f"ENV_PATH {spy}:{CLEAN_PATH}\n")
    check.box.put("elsa:100000:65536\n", "elsa:100000:65536\n")
    result = check.run("doctor", "elsa")
    expected = "".join(shown(part) + " " for part in (LETTERS, *ODD)) + "\U0001f600"
    if expected.encode() not in result.out:
        check.report.fail("what is relayed", f"no {expected!r} in {result.out!r}")


def pasted(check):
    """The command that check prints for a user with such a name works as printed."""
    for name in names("user"):
        put(check)
        taken = b"elsa:200000:100\n%s:200050:10\n" % name
        check.box.put(taken, taken)
        rows = [row for row in check.box.rows("check", status=FINDINGS)
                if row["code"] == "overlap"]
        text = check.run("check").out.decode("utf-8", "replace")
        for row in rows:
            cure = row["cure"] or ""
            check.report.check(f"the cure is printed {name!a}", cure.startswith("subid revoke ") and
                               f"    {cure}\n" in text, f"{cure}: {text}")
            done = root_shell(check.host, cure)
            check.report.check(f"the cure can be pasted {name!a}", done.returncode == 0,
                               f"{cure}: {done}")
        left = check.box.run("check").out
        check.report.check(f"the cure helps {name!a}", rows and b"[overlap]" not in left,
                           f"{left}")


def rows_of_getsubids(check):
    """Rows for other programs: the word as it was given."""
    put(check)
    for name in names("user"):
        out = check.host.run(check.programs["getsubids"], [os.fsdecode(name)], ROOT).out
        check.report.check(f"getsubids {name!a}", out.startswith(b"0: " + name + b" 200"),
                           f"{out}")


def main():
    check = Check(subid_box.enter())
    for part in (every_form, table_rows, looking, files, processes, changes, records, pasted,
                 relayed, arguments, rows_of_getsubids, map_writers):
        failed = check.report.failed
        check.n = 0
        check.report.part(part, check)
        if check.report.failed == failed:
            check.report.ok(f"{part.__name__}: {check.n} commands")
    check.report.finish()


main()
