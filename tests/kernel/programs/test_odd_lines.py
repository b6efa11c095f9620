#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Lines that our programs refuse and others read: after `subid grant` and `usermod-ext -v`
no id is mapped for two users, neither by our map writers nor by Debian's; and after a
removal that reports success none of them maps such an id for the user who has lost it.

Each kind of line is made from its numbers, so that the expected result does not depend on a
parser; Debian's newuidmap confirms it."""

import contextlib
import os
import random
import shutil
import signal
from typing import NamedTuple, Optional

import host as host_module
from host import ANNA, CLONE_NEWUSER, ELSA, PROGRAMS, built, quick, unshare
from usermod_box import DONE, POLICY, enter, words
from peers import Peer

ID_END = 2**32
SEED = int(os.environ.get("SUBID_SEED") or 20140917)
NOTHING = 7             # of revoke: there was nothing to remove
ALL = "every id"        # for an old map writer; such a line is reported and blocks nothing
DATABASES = ("subuid", "subgid")


class Kind(NamedTuple):
    """One way to write a line for anna."""
    name: str
    make: object                    # (start, count) -> the line and what follows it
    shadow: object = True           # reads start and count; False: nothing; or ALL
    engines: Optional[object] = False   # True: the same; or (start, count) -> what they read
    mapped: bool = True             # False: this version of shadow maps nothing by the line
    alone: bool = True              # False: the line after it is another user's
    until: tuple = ()               # the first version of shadow that does not read it


def decimal_of_octal(start, count):
    return int(f"{start:o}"), count


def text(form):
    return lambda start, count: form.format(s=start, n=count).encode()


KINDS = (
    # numbers with base 0
    Kind("hexadecimal", text("anna:0x{s:x}:{n}")),
    Kind("hexadecimal, upper case", text("anna:0X{s:X}:0X{n:X}")),
    Kind("octal start", text("anna:0{s:o}:{n}"), engines=decimal_of_octal),
    Kind("octal count", text("anna:{s}:0{n:o}"),
         engines=lambda start, count: (start, int(f"{count:o}"))),
    Kind("octal start, hexadecimal count", text("anna:0{s:o}:0x{n:x}")),
    Kind("leading zeros, no octal number", text("anna:0008:{n}"), shadow=False,
         engines=lambda start, count: (8, count)),
    Kind("hexadecimal digits alone", text("anna:{s:x}f:{n}"), shadow=False),
    # signs
    Kind("plus", text("anna:+{s}:{n}")),
    Kind("plus before the count", text("anna:{s}:+{n}")),
    Kind("plus and hexadecimal", text("anna:+0x{s:x}:{n}")),
    Kind("two signs", text("anna:++{s}:{n}"), shadow=False),
    Kind("minus, modulo 2^64", lambda start, count: b"anna:-%d:%d" % (2**64 - start, count),
         until=(4, 17)),
    Kind("minus count, modulo 2^64",
         lambda start, count: b"anna:%d:-%d" % (start, 2**64 - count), until=(4, 17)),
    Kind("minus", text("anna:-{s}:{n}"), shadow=ALL, mapped=False),
    Kind("minus count", text("anna:{s}:-{n}"), shadow=ALL, mapped=False),
    # white space
    Kind("space before the start", text("anna: {s}:{n}")),
    Kind("tab before the count", text("anna:{s}:\t{n}")),
    Kind("more white space", text("anna:\v\f\r {s}: +{n}")),
    Kind("space behind the start", text("anna:{s} :{n}"), shadow=False),
    Kind("space at the end", text("anna:{s}:{n} "), shadow=False, engines=True),
    Kind("tabs at the end", text("anna:{s}:{n}\t\t"), shadow=False, engines=True),
    Kind("carriage return", text("anna:{s}:{n}\r"), shadow=False, engines=True),
    Kind("no-break space at the end", lambda start, count:
         f"anna:{start}:{count}\u00a0".encode(), shadow=False, engines=True),
    Kind("space before the owner", text(" anna:{s}:{n}"), shadow=False, engines=True),
    Kind("tab before the owner", text("\tanna:{s}:{n}"), shadow=False, engines=True),
    # fields
    Kind("empty fourth field", text("anna:{s}:{n}:")),
    Kind("fourth field", text("anna:{s}:{n}:x")),
    Kind("fourth field, a number", text("anna:{s}:{n}:5")),
    Kind("five fields", text("anna:{s}:{n}:5:6")),
    Kind("many fields", text("anna:{s}:{n}:::::::")),
    Kind("by uid, a fourth field", text("5002:{s}:{n}:")),
    Kind("two fields", text("anna:{s}"), shadow=False),
    Kind("empty count", text("anna:{s}:"), shadow=False),
    Kind("comment at the end", text("anna:{s}:{n}#x"), shadow=False, engines=True),
    Kind("comment behind a space", text("anna:{s}:{n} # x"), shadow=False),
    Kind("comment", text("#anna:{s}:{n}"), shadow=False),
    # NUL bytes
    Kind("NUL behind a fourth field", text("anna:{s}:{n}:\0\nbob:7:5"), engines=False),
    Kind("NUL in the start", lambda start, count:
         b"anna:%d\0\n%d:%d" % (start // 10, start % 10, count)),
    Kind("NUL in the owner", text("an\0xyz\nna:{s}:{n}"), alone=False),
    Kind("NUL in three lines", text("an\0\0\nna\0\n:{s}:{n}"), alone=False),
    # beyond 2^32
    Kind("count beyond", text("anna:{s}:99999999999"),
         shadow=lambda start, count: (start, ID_END - start)),
    Kind("start beyond", lambda start, count: b"anna:%d:%d" % (start + ID_END, count),
         shadow=ALL, mapped=False),
    Kind("start beyond 2^64", lambda start, count: b"anna:%d:%d" % (start + 2**64, count),
         shadow=False),
    Kind("sum beyond 2^64", lambda start, count: b"anna:%d:%d" % (start, 2**64 - 5),
         shadow=ALL, mapped=False),
    # count 0
    Kind("count 0", text("anna:{s}:0"), shadow=False),
    Kind("everything", text("anna:0:0"), shadow=ALL),
    Kind("everything in octal", text("anna:00:00"), shadow=ALL),
)


class Line:
    """A line of a kind, and the ids that programs read in it."""

    def __init__(self, kind, start, count):
        self.kind = kind
        self.text = kind.make(start, count) + b"\n"
        self.shadow = self._ids(kind.shadow, start, count)
        self.engines = self._ids(kind.engines, start, count)
        self.wild = kind.shadow is ALL

    @staticmethod
    def _ids(reader, start, count):
        if reader is True:
            return start, count
        return reader(start, count) if callable(reader) else None

    def readings(self):
        return [ids for ids in (self.shadow, self.engines) if ids]

    def ends(self):
        """Ids at both sides of each end of the ranges that programs read."""
        found = {first + offset for first, count in self.readings()
                 for offset in (-1, 0, count - 1, count)}
        return sorted(id for id in found if 0 <= id < ID_END - 1)

    def __str__(self):
        return f"{self.kind.name} {self.text!r}"


class Test:
    """Our two writing programs, and our and Debian's map writers."""

    def __init__(self, box, report):
        self.box, self.host, self.report = box, box.host, report
        self.subid = f"{box.directory}/subid"
        shutil.copyfile(built("subid"), self.subid)
        os.chmod(self.subid, 0o755)
        self.writers = [self.host.subjects[who, "setuid"] for who in ("ours", "debian")
                        if (who, "setuid") in self.host.subjects]
        self.debian = self.host.subjects.get(("debian", "setuid"))
        self.peer = Peer()

    def put(self, data):
        self.box.sweep()
        self.box.put(data, data)

    def run(self, *args):
        return self.box.run(*args)

    def run_subid(self, *args):
        return self.box.run(*args, path=self.subid)

    def maps(self, subject, caller, id, program="newuidmap"):
        """Whether a map writer maps one id for a user."""
        target = self.host.target(caller=caller)
        result = self.host.run(subject.path(program), [str(target.pid), "0", str(id), "1"],
                               caller)
        if result.status != 0 and not target.map("u") and not target.map("g"):
            self.host.give_back(target, caller=caller)
        return result.status == 0

    def stop_targets(self):
        """Ends the users' processes, since nothing is removed while they run."""
        for keeper in self.host.keepers.values():
            os.kill(keeper.pid, signal.SIGKILL)
            os.close(keeper.stdin)
        self.host.keepers.clear()
        # targets of a starter that has ended are our children
        with contextlib.suppress(ChildProcessError):
            while True:
                os.waitpid(-1, 0)

    def shared(self, ids):
        """Those ids that some map writer maps for anna and some for elsa."""
        found = []
        for program in PROGRAMS[:1] if quick() else PROGRAMS:
            for id in ids:
                users = [caller.name for caller in (ANNA, ELSA)
                         if any(self.maps(subject, caller, id, program)
                                for subject in self.writers)]
                if len(users) == 2:
                    found.append((program, id))
        return found


def held_by(caller):
    """The ids that the user's own entries in subuid give, first and last of each."""
    with open("/etc/subuid", "rb") as file:
        lines = [line.split(b":") for line in file.read().split(b"\n")]
    ranges = [(int(line[1]), int(line[2])) for line in lines
              if line[0] == caller.name.encode() and len(line) == 3 and b"\0" not in line[1]]
    return [id for start, count in ranges for id in (start, start + count - 1)]


def pick(rng):
    """Numbers whose octal digits, read as decimal, are ids as well."""
    return rng.randrange(100_000, 400_000), rng.randrange(2, 3000)


# --- what Debian's reads ----------------------------------------------------------------

def check_oracle(test, line):
    if not test.debian:
        return
    test.put(line.text + b"bob:50000:1\nbob:50001:1\n")
    found = [id for id in line.ends() + [70_000] if test.maps(test.debian, ANNA, id)]
    if line.kind.until and test.peer.known >= line.kind.until:
        wanted = []
    elif line.wild and line.kind.mapped:
        wanted = line.ends() + [70_000]
    elif line.shadow:
        first, count = line.shadow
        wanted = [id for id in line.ends() + [70_000] if first <= id < first + count]
    else:
        wanted = []
    test.report.check(f"Debian's newuidmap reads: {line}", found == wanted,
                      f"{found}, not {wanted}")


# --- giving -----------------------------------------------------------------------------

def check_allocation(test, line):
    """Allocation does not use ids that any program reads in the line."""
    for first, count in line.readings() or [(200_000, 10)]:
        if first + 2 * count > 4_000_000_000:
            continue
        test.host.write("/etc/login.defs", host_module.LOGIN_DEFS + "".join(
            f"SUB_{kind}_MIN {first}\nSUB_{kind}_MAX 4200000000\nSUB_{kind}_COUNT {count}\n"
            for kind in ("UID", "GID")))
        for what in ("subid grant", "usermod-ext -S"):
            test.put(line.text + b"bob:50000:1\n")
            run = test.run_subid if what.startswith("subid") else test.run
            result = run(*what.split()[1:], "elsa")
            given = held_by(ELSA)
            full = line.kind.name == "count beyond"
            shared = test.shared(given + line.ends())
            test.report.check(
                f"{what} beside {line}",
                (result.status != DONE) == full and bool(given) != full and
                not any(start <= id < start + n for id in given
                        for start, n in line.readings()) and (line.wild or not shared),
                f"{result}, {given}, shared: {shared}")
    test.host.reset_etc("login.defs")


def check_ids(test, line):
    """These ids are refused if any program reads them, except for anna."""
    if not line.readings():
        return
    for first, count in line.readings():
        last = min(first + count, ID_END - 1) - 1
        args = ("-v", f"{first}-{last}", "-w", f"{first}-{last}")
        test.put(line.text)
        result = test.run(*args, "elsa")
        shared = test.shared(line.ends())
        said = words(result)
        test.report.check(f"-v for another user: {line}", result.status == POLICY and
                          "malformed line" in said and "of anna" in
                          said.replace("5002", "anna") and not shared,
                          f"{result}, shared: {shared}")
        last = min(last, first + 10_000)
        wanted = f"{first}-{last}"
        for path, words_of in ((None, ("-v", wanted, "-w", wanted)),
                               (test.subid, ("grant", "--range", wanted))):
            if not line.kind.alone:
                continue
            test.put(line.text)
            result = test.box.run(*words_of, "anna", path=path)
            test.report.check(
                f"{words_of[0]} for its own user: {line}", result.status == DONE and
                b"anna:%d:%d\n" % (first, last - first + 1) in test.box.get().subuid,
                f"{result}, {test.box.get()}")


# --- taking -----------------------------------------------------------------------------

def check_removal(test, line):
    """After a success no map writer maps a removed id; lines that no map writer reads are
    unchanged."""
    if line.shadow:
        first, count = line.shadow
        last = min(first + count, ID_END - 1) - 1
    else:
        first, last = 123_456, 123_466
    commands = (("-V", f"{last}-{last}", "-W", f"{last}-{last}", "anna"),
                # her uid is the login name of another user
                ("revoke", "--as-uid", "anna"))
    for words_of in commands:
        test.stop_targets()
        test.put(line.text + b"elsa:3000000:5\n")
        result = test.box.run(*words_of, path=test.subid if words_of[0] == "revoke" else None)
        mapped = [(subject.who, id) for subject in test.writers for id in (first, last, 70_000)
                  if (id in (first, last) and words_of[0] == "revoke" or id == last)
                  and test.maps(subject, ANNA, id)]
        left = test.box.get().subuid
        stays = not line.shadow and not line.wild
        status = NOTHING if stays and words_of[0] == "revoke" else DONE
        test.report.check(
            f"{words_of[0]}: {line}",
            result.status == status and not mapped and
            left.endswith(b"elsa:3000000:5\n") and (not stays or left.startswith(line.text)),
            f"{result}, still mapped: {mapped}, {left}")


def test_kinds(test):
    rng = random.Random(SEED)
    for kind in KINDS:
        line = Line(kind, *pick(rng))
        check_oracle(test, line)
        check_allocation(test, line)
        check_ids(test, line)
        check_removal(test, line)


def test_files(test, rounds):
    """Several such lines in one file, among entries: no further id is shared after any
    grant."""
    rng = random.Random(SEED + 1)
    kinds = [kind for kind in KINDS if kind.shadow is not ALL and kind.name not in
             ("count beyond", "comment")]
    failed = 0
    for number in range(rounds):
        lines = [Line(rng.choice(kinds), rng.randrange(100_000, 140_000),
                      rng.randrange(2, 30_000)) for _ in range(rng.randrange(1, 5))]
        data = b"".join(rng.choice((b"", b"# x\n", b"bob:99999:1\n", b"\n")) + line.text
                        for line in lines)
        test.put(data)
        start = rng.randrange(95_000, 150_000)
        commands = ((test.subid, ("grant", "--another", "--count",
                                  str(rng.randrange(1, 40_000)), "elsa")),
                    (None, ("-v", f"{start}-{start + rng.randrange(9000)}", "elsa")))
        results = [test.box.run(*args, path=path) for path, args in
                   rng.sample(commands, len(commands))]
        ids = sorted({id for line in lines for id in line.ends()} | set(held_by(ELSA)))
        shared = [found for found in test.shared(ids) if found[0] == "newuidmap" or found[1]
                  in held_by(ELSA)]
        if shared or any(result.status not in (DONE, POLICY) for result in results):
            failed += 1
            test.report.fail(f"file {number}", f"shared: {shared}, {results}, {data!r}")
    test.report.check(f"{rounds} files with such lines, seed {SEED}", failed == 0,
                      f"{failed} files")


# --- reports ----------------------------------------------------------------------------

def test_lists(test):
    """`list --free`, `whois` and `check` know such lines as well."""
    data = b"anna:+100000:65536\nelsa:300000:10\r\n"
    test.put(data)
    gaps = test.run_subid("list", "--free", "--uid", "--raw").out.decode().splitlines()[1:]
    firsts = [int(row.split()[1]) for row in gaps]
    test.report.check("list --free", firsts == [165536, 300010], f"{gaps}")
    rows = test.run_subid("whois", "--uid", "--raw", "100005", "300005", "99999").out.decode()
    states = [row.split()[2] for row in rows.splitlines()[1:]]
    test.report.check("whois", states == ["malformed", "malformed", "free"], rows)


# --- reserved ids -----------------------------------------------------------------------

RESERVED = ((60001, 60577), (61184, 65519), (65535, 65535), (2147352576, 2147418111))


def image(test):
    directory = f"{test.host.tmpdir}/image"
    shutil.rmtree(directory, ignore_errors=True)
    os.makedirs(f"{directory}/etc")
    for name in ("passwd", "group", "login.defs"):
        shutil.copyfile(f"/etc/{name}", f"{directory}/etc/{name}")
    for name in DATABASES:
        test.host.write(f"{directory}/etc/{name}", "")
    return directory


def in_user_namespace():
    """Root of a user namespace to which a few ids are mapped."""
    read_end, write_end = os.pipe()
    parent = os.getpid()
    child = os.fork()
    if child == 0:
        os.read(read_end, 1)
        for name in ("uid_map", "gid_map"):
            with open(f"/proc/{parent}/{name}", "w", encoding="ascii") as file:
                file.write("0 0 60000")
        os._exit(0)
    unshare(CLONE_NEWUSER)
    os.write(write_end, b"x")
    os.waitpid(child, 0)


def test_reserved_ids(test):
    directory = image(test)
    for first, last in RESERVED:
        wanted = f"{first}-{last}"
        count = last - first + 1
        for what, path, args in (("-v", None, ("-v", wanted, "-w", wanted)),
                                 ("grant --range", test.subid, ("grant", "--range", wanted))):
            test.put(b"")
            result = test.box.run(*args, "elsa", path=path)
            said = words(result)
            test.report.check(f"{what} {wanted}", result.status == POLICY and
                              "are reserved (" in said and "--allow-reserved" in said and
                              test.box.get().subuid == b"", f"{result}")
            result = test.box.run(*args, "--allow-reserved", "elsa", path=path)
            test.report.check(f"{what} {wanted} --allow-reserved", result.status == DONE and
                              b"elsa:%d:%d\n" % (first, count) in test.box.get().subgid,
                              f"{result}")
            test.report.check(f"{what} {wanted}: mapped", test.maps(
                test.writers[0], ELSA, first), "not mapped")
            result = test.box.run(*args, "-R", directory, "elsa", path=path)
            test.report.check(f"{what} {wanted} in an image", result.status == DONE,
                              f"{result}")
            test.put(b"")
            result = test.box.run(*args, "elsa", path=path, as_user=in_user_namespace)
            test.report.check(f"{what} {wanted} in a user namespace", result.status == DONE,
                              f"{result}")


def test_reserved_allocation(test):
    """Allocators never choose reserved ids."""
    bounds = "".join(f"SUB_{kind}_MIN 65000\nSUB_{kind}_MAX 600000\nSUB_{kind}_COUNT 100\n"
                     for kind in ("UID", "GID"))
    test.host.write("/etc/login.defs", host_module.LOGIN_DEFS + bounds)
    directory = image(test)
    for where, options in (("here", {}), ("in a user namespace", {"as_user": in_user_namespace})):
        for path, args in ((None, ("-S",)), (test.subid, ("grant",))):
            test.put(b"")
            result = test.box.run(*args, "elsa", path=path, **options)
            test.report.check(f"{args[0]} {where}", test.box.get().subuid ==
                              b"elsa:65536:100\n", f"{result}, {test.box.get()}")
    result = test.run_subid("grant", "-R", directory, "elsa")
    test.report.check("grant in an image", b"elsa:65536:100" in result.out, f"{result}")
    # the range follows from the uid: uid 33765 would get exactly the foreign ids of systemd
    test.host.write("/etc/login.defs", host_module.LOGIN_DEFS.replace("SUB_", "#SUB_") +
                    "SUB_UID_DETERMINISTIC yes\nSUB_GID_DETERMINISTIC yes\n")
    test.host.write("/etc/passwd", host_module.PASSWD + "serge:x:33765:33765::/:/bin/sh\n")
    directory = image(test)
    test.put(b"")
    for where, args in (("here", ()), ("in an image", ("-R", directory))):
        result = test.run_subid("grant", *args, "serge")
        test.report.check(f"foreign ids by uid, {where}", result.status == POLICY and
                          "2147352576-2147418111" in words(result), f"{result}")
    test.host.reset_etc("login.defs", "passwd")


def test_reserved_findings(test):
    """`check` reports them as a warning, without a cure, and not of an image."""
    data = b"elsa:61000:1000\n"
    test.put(data)
    directory = image(test)
    for name in DATABASES:
        test.host.write(f"{directory}/etc/{name}", data)
    for where, args, options, wanted in (
            ("here", (), {}, True), ("in an image", ("-R", directory), {}, False),
            ("in a user namespace", (), {"as_user": in_user_namespace}, False)):
        result = test.box.run("check", "--raw", *args, path=test.subid, **options)
        rows = [row.split("\t") if "\t" in row else row.split()
                for row in result.out.decode().splitlines() if " reserved " in f" {row} "]
        found = [row[:2] for row in rows]
        test.report.check(f"check {where}", found == ([["warning", "reserved"]] * 2 if wanted
                                                      else []), f"{result}")


def main():
    box, report = enter()
    if not built("subid"):
        report.skip("test_odd_lines", "SUBID_BUILD names no directory with subid")
        report.finish()
    test = Test(box, report)
    if not test.debian:
        report.skip("Debian's newuidmap", "is not installed")
    # anna's uid is no login name here, so that lines with it are only hers
    passwd = host_module.PASSWD.replace("5002:x:5004:5004:digits:/nonexistent:/bin/sh\n", "")
    test.host.write("/etc/passwd", passwd)
    report.part(test_kinds, test)
    report.part(test_files, test, 15 if quick() else 150)
    report.part(test_lists, test)
    report.part(test_reserved_ids, test)
    report.part(test_reserved_allocation, test)
    report.part(test_reserved_findings, test)
    report.finish()


if __name__ == "__main__":
    main()
