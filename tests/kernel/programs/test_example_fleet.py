#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The programs and units of examples/fleet one by one; tests/fleet plays it as a whole, with a
directory and systemd."""

import base64
import os
import re
import shutil
import subprocess

import subid_box
from host import CLEAN_PATH, TOP, quick, read, writable
from subid_box import DONE, Box

EXAMPLE = f"{TOP}/examples/fleet"
UNITS = ("subid-fetch.service", "subid-pull.service", "subid-pull.timer")
SET, POLICY = 21, 20
DN = "dn: ipaUniqueID=1,cn=subids,cn=accounts,dc=example,dc=test"
OWNER = "ipaOwner: uid={},cn=users,cn=accounts,dc=example,dc=test"
NUMBERS = ("ipaSubUidNumber: 2147483648", "ipaSubUidCount: 65536",
           "ipaSubGidNumber: 2147483648", "ipaSubGidCount: 65536")


def entry(*lines):
    return "\n".join(lines) + "\n\n"


def encoded(name, value):
    return f"{name}:: {base64.b64encode(value).decode()}"


ALICE = entry(DN, OWNER.format("alice"), *NUMBERS)
SERGE = ALICE.replace("alice", "serge").replace("2147483648", "3000000000")
RANGES = ("alice:2147483648:65536\n", "serge:3000000000:65536\n")
FOLDED = re.sub("(.{20})(?=.)", "\\1\n ", ALICE.replace("\n\n", "\n"))
GOOD = {
    "two entries": (ALICE + SERGE, 2),
    "a comment, a version, blank lines": (f"version: 1\n\n# x\n\n\n# y\n{ALICE}\n\n{SERGE}", 2),
    "no end": (ALICE.rstrip("\n"), 1),
    "folded lines": (FOLDED, 1),
    "a folded comment": ("# x\n  y\n" + ALICE, 1),
    "in base64": (entry(encoded("dn", DN[4:].encode()), encoded(
        "ipaOwner", OWNER.format("alice")[10:].encode()), *NUMBERS), 1),
    "another case, other attributes": (
        entry(DN, "objectclass: top", "OBJECTCLASSX: y", OWNER.format("alice").replace(
            "ipaOwner", "IPAOWNER"), *(line.lower() for line in NUMBERS)), 1),
    "escapes in the owner": (ALICE.replace("=alice", "=al\\69ce"), 1),
    "spaces in the owner": (ALICE.replace("uid=alice,", "UID = alice ,"), 1),
    "nobody": ("", 0),
}
BAD = {
    "a colon": ALICE.replace("alice", "al:ice"),
    "in base64": entry(encoded("dn", DN[4:].encode()), OWNER.format("5001"), *NUMBERS),
    "a newline": entry(DN, encoded("ipaOwner", b"uid=alice\nroot:0:4,cn=users"), *NUMBERS),
    "a NUL": entry(DN, encoded("ipaOwner", b"uid=alice\0,cn=users"), *NUMBERS),
    "no UTF-8": entry(DN, encoded("ipaOwner", b"uid=\xff,cn=users"), *NUMBERS),
    "a newline as an escape": ALICE.replace("alice", "al\\0aice"),
    "a uid": ALICE.replace("alice", "5001"),
    "retired": ALICE.replace("alice", "~alice"),
    "a comment": ALICE.replace("alice", "#alice"),
    "an option": ALICE.replace("alice", "-alice"),
    "a blank": ALICE.replace("alice", "al ice"),
    "no name": ALICE.replace("alice", ""),
    "256 bytes": ALICE.replace("alice", "a" * 256),
    "two values in one name": ALICE.replace("uid=alice", "uid=alice+cn=x"),
    "another attribute": ALICE.replace("uid=alice", "cn=alice"),
    "no number": ALICE.replace("65536", "65536x"),
    "a sign": ALICE.replace("65536", "+65536"),
    "a carriage return": ALICE.replace("\n", "\r\n").replace("\r\n\r\n", "\n\n"),
    "nothing": ALICE.replace("65536", ""),
    "0 ids": ALICE.replace("65536", "0"),
    "from 0 on": ALICE.replace("2147483648", "0"),
    "beyond 2^32": ALICE.replace("2147483648", "4294967295"),
    "digits without end": ALICE.replace("2147483648", "0" * 99 + "1"),
    "no owner": "\n".join(line for line in ALICE.splitlines() if "ipaOwner" not in line) + "\n\n",
    "no count": ALICE.replace("ipaSubGidCount", "ipaSubGidCounts"),
    "a number twice": ALICE.replace("ipaSubGidCount: 65536", "ipaSubGidCount: 65536\n"
                                    "ipaSubGidCount: 1"),
    "no base64": ALICE.replace("ipaOwner: ", "ipaOwner:: "),
    "a file": ALICE.replace("ipaOwner: ", "ipaOwner:< file:///etc/passwd"),
    "no colon": ALICE.replace("ipaOwner: ", "ipaOwner "),
    "a name in two cases": ALICE + SERGE.replace("serge", "Alice"),
    "no ASCII": ALICE.replace("alice", "\u0430lice"),
    "digits that are no ASCII": ALICE.replace("alice", "\u0665"),
    "two users with one login name": ALICE + SERGE.replace("serge,cn=users", "alice,cn=old"),
}


class Example(Box):
    def __init__(self, host, report):
        super().__init__(host, report)
        self.env = {"PATH": f"{host.tmpdir}/fake:{os.path.dirname(self.path)}:{EXAMPLE}:"
                    f"{CLEAN_PATH}", "LC_ALL": "C.UTF-8", "GNUPGHOME": f"{host.tmpdir}/gnupg"}
        for name, mode in (("fake", 0o755), ("gnupg", 0o700)):
            os.mkdir(f"{host.tmpdir}/{name}", mode)

    def do(self, *arguments, data=b"", **env):
        return subprocess.run(arguments, env=self.env | env, input=data, capture_output=True,
                              timeout=60, check=False)


def ldif(box):
    top = f"{box.host.tmpdir}/ranges"
    for name, (text, count) in GOOD.items():
        result = box.do("subid-from-ldif", top, data=text.encode())
        wanted = "".join(RANGES[:count]).encode()
        box.report.check(f"LDIF: {name}", result.returncode == 0 and not result.stderr and [
            read(f"{top}/etc/{file}") for file in ("subuid", "subgid")] == [wanted, wanted],
            f"{result}, {read(f'{top}/etc/subuid')}")
    before = os.stat(f"{top}/etc/subuid").st_mtime_ns
    for name, text in BAD.items():
        result = box.do("subid-from-ldif", top, data=(SERGE + text).encode())
        box.report.check(f"LDIF: refused: {name}", result.returncode == 1
                         and re.search(rb"line (8|15), ipaUniqueID=1,cn=subids", result.stderr)
                         and b"Traceback" not in result.stderr
                         and os.stat(f"{top}/etc/subuid").st_mtime_ns == before, f"{result}")


def search(box, text, status=0):
    """What ldapsearch prints from now on."""
    box.host.write(f"{box.host.tmpdir}/fake/ldapsearch",
                   f"#!/bin/sh\ncat <<'END'\n{text}END\nexit {status}\n", 0o755)


def publish(box):
    """A set is only published if it is whole, new, and no host would refuse it."""
    published = f"{box.host.tmpdir}/set.gpg"
    search(box, ALICE)

    def run(name, status, writes, said=b""):
        before = read(published)
        result = box.do("subid-publish", f"{box.host.tmpdir}/state", published, "fleet", "-x")
        box.report.check(f"publish: {name}", result.returncode == status and said in result.stderr
                         and (read(published) != before) == writes, f"{result}")
    run("the first set", 0, True)
    run("the same ranges", 0, False)
    search(box, ALICE + SERGE, 4)
    run("the search ends early", 4, False)
    search(box, ALICE + SERGE)
    run("another user", 0, True)
    os.unlink(published)
    run("the same ranges, but the file is gone", 0, True)
    search(box, ALICE + SERGE + SERGE.replace("serge", "bob").replace("3000000000", "2147483649"))
    run("an overlap", POLICY, False, b"bob and alice")
    search(box, "")
    run("nobody", SET, False, b"is empty")
    search(box, ALICE + "x")
    run("not as it must be", 1, False, b"line 8, ")
    search(box, SERGE + ALICE)
    run("the ranges of before, in another order", 0, False)
    # the directory may belong to a web server: root follows none of its links
    web, other = f"{box.host.tmpdir}/web", f"{box.host.tmpdir}/other"
    os.mkdir(web)
    box.host.write(other, "x")
    for name in ("set.gpg", "set.gpg.new"):
        os.symlink(other, f"{web}/{name}")
    search(box, ALICE + SERGE + SERGE.replace("serge", "bob").replace("3000000000", "3100000000"))
    result = box.do("sh", "-c", "cd $0 && exec subid-publish ../state set.gpg fleet -x", web)
    box.report.check("publish: links, and a relative path", result.returncode == 0
                     and read(other) == b"x" and not os.path.islink(f"{web}/set.gpg")
                     and os.stat(f"{web}/set.gpg").st_mode & 0o777 == 0o644
                     and sorted(os.listdir(web)) == ["set.gpg", "set.gpg.new"], f"{result}")
    return published


def pull(box, published):
    """`subid-pull apply` as the unit runs it."""
    for path in ("/var/lib/subid-pull", "/var/lib/subid"):
        writable(box.host, path)
    os.mkdir("/etc/subid-pull")
    run = f"{box.host.tmpdir}/run"
    os.mkdir(run)

    def apply(name, content, status, wanted, said=b""):
        box.host.write("/var/lib/subid-pull/set.gpg", content)
        result = box.do("subid-pull", "apply", RUNTIME_DIRECTORY=run)
        box.report.check(f"pull: {name}", result.returncode == status and said in result.stderr
                         and read("/etc/subuid").decode() == wanted == read("/etc/subgid").decode(),
                         f"{result}, {read('/etc/subuid')}")

    def signed(text, key="fleet", *options):
        return box.do("gpg", "--batch", "--local-user", key, *options, "--sign",
                      data=text).stdout
    good, lines = read(published), "".join(RANGES)
    text = box.do("gpg", "--batch", "--decrypt", data=good).stdout
    box.put("", "")
    wrong = b"is not signed by a key of"
    apply("no key", good, 1, "", wrong)
    box.host.write("/etc/subid-pull/key.gpg", box.do("gpg", "--export", "fleet").stdout)
    apply("another key", signed(text, "other"), 1, "", wrong)
    apply("one key of two", signed(text, "other", "--local-user", "fleet"), 1, "", wrong)
    apply("no signature", box.do("gpg", "--store", data=text).stdout, 1, "", wrong)
    apply("only a set", text, 1, "", wrong)
    apply("nothing", b"", 1, "", wrong)
    apply("a signed text that is no set", signed(b"x\n"), SET, "", b"this is no set")
    for cut in range(1, len(good), 101 if quick() else 29):
        apply(f"the first {cut} bytes", good[:cut], 1, "", wrong)
    apply("the set", good, DONE, lines)
    apply("again", good, DONE, lines)
    apply("an older one", signed(text.replace(text.split()[2], b"5", 1)), SET, lines)
    box.check("pull: nothing is left", sorted(os.listdir(run)), ["set"])


def units(box):
    directory = f"{box.host.tmpdir}/units"
    os.mkdir(directory)
    for name in UNITS:
        text = read(f"{EXAMPLE}/{name}").decode()
        # it is not installed here
        box.host.write(f"{directory}/{name}",
                       text.replace("=subid-pull ", f"={EXAMPLE}/subid-pull "))
    found = box.do("systemd-analyze", "verify", "--man=no",
                   *(f"{directory}/{name}" for name in UNITS))
    box.report.check("units", found.returncode == 0 and not found.stderr, f"{found}")
    box.host.write(f"{directory}/{UNITS[1]}", read(f"{directory}/{UNITS[1]}")
                   + b"PrivateNetworks=yes\n")
    found = box.do("systemd-analyze", "verify", "--man=no", f"{directory}/{UNITS[1]}")
    box.report.check("units: a fault is found", b"PrivateNetworks" in found.stderr, f"{found}")
    for name, most in ((UNITS[0], 20), (UNITS[1], 30)):
        found = box.do("systemd-analyze", "security", "--offline=yes", f"--threshold={most}",
                       f"{directory}/{name}")
        box.report.check(f"units: {name}: exposed to at most {most / 10}", found.returncode == 0,
                         found.stdout.decode()[-200:])


def main():
    host_box = subid_box.enter()
    box = Example(host_box.host, host_box.report)
    report = box.report
    report.part(ldif, box)
    if not shutil.which("gpg") or not shutil.which("gpgv"):
        report.skip("examples/fleet: signatures", "needs gpg (gnupg) and gpgv")
    else:
        for name in ("fleet", "other"):
            box.do("gpg", "--batch", "--passphrase", "", "--quick-gen-key", name, "ed25519",
                   "sign", "never")
        published = report.part(publish, box)
        if published:
            report.part(pull, box, published)
    if shutil.which("systemd-analyze"):
        report.part(units, box)
    else:
        report.skip("examples/fleet: units", "needs systemd")
    report.finish()


main()
