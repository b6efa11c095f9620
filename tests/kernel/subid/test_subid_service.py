#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Every verb of subid while the name service never answers, crashes, prints, or is slow: each
ends within a limited time, reports the missing answer if it matters, and changes nothing; if
the service answers, its users are shown. It is a real module of the name service, in the
directory of the loader, so that every program uses it."""

import json
import os
import signal
import subprocess
import sysconfig
import time
from typing import NamedTuple

import host as host_module
import subid_box
from host import CLEAN_PATH, mount, quick, wait_until
from subid_box import DONE, NONE, UNREADABLE, words

ID, NOBODYS = 7654321, 7777777
DB = "elsa:3000000:1000\nstranger:4000000:1000\ndirectory:5000000:1000\n"
NEVER, CRASH, TALK = -1, -2, -3
PATIENT, LOOK, SCAN, AT_ONCE = 15, 2, 0.3, 0
SLACK = 1.8
REASON = {NEVER: "the name service did not answer in time", CRASH: "the name service crashed"}
NOTE = "subid: note: {}; what it knows of owners and ids is missing here"
CANNOT = "subid: cannot look up user '{}': {}"
NOT_KNOWN = "subid: user 'stranger' is not known: the name service did not answer"
OWNERS = "subid: note: {}; owners that could not be looked up: 2"
SAMPLES = ("subid: note: the name service did not answer in time; ids of its accounts may be "
           "among these")
UNNAMED = ("subid: note: the name service did not answer who other owners are: one of them may "
           f"be the same user\n{SAMPLES}")


class Row(NamedTuple):
    """A verb, the seconds it takes where nothing answers, its status and its message;
    `{}` is the reason."""
    args: tuple
    seconds: int
    status: int
    said: str = None


def rows(box):
    cannot = CANNOT.format("stranger", "{}")
    batch, tree = f"{box.host.tmpdir}/batch", f"{box.host.tmpdir}/tree"
    return (
        Row(("list",), LOOK, DONE, NOTE),
        Row(("list", "--json"), LOOK, DONE, NOTE),
        Row(("list", "elsa"), LOOK, DONE, NOTE),
        Row(("list", "5001"), PATIENT, UNREADABLE, CANNOT.format("5001", "{}")),
        Row(("list", "stranger"), PATIENT, UNREADABLE, cannot),
        Row(("list", "--map"), AT_ONCE, DONE),
        Row(("list", "--map", "elsa"), LOOK, DONE, NOTE),
        Row(("list", "--free"), AT_ONCE, DONE),
        Row(("whois", "4000000"), LOOK, DONE, NOTE),
        Row(("whois", "5001"), AT_ONCE, DONE),
        Row(("whois", "6000000"), LOOK, UNREADABLE, NOTE),
        Row(("map", "elsa"), LOOK, DONE, NOTE),
        Row(("map", "stranger", "--for", "lxc"), PATIENT, UNREADABLE, cannot),
        Row(("files", tree), LOOK, DONE, NOTE),
        Row(("check",), LOOK, UNREADABLE, OWNERS),
        Row(("doctor", "stranger"), PATIENT, UNREADABLE, cannot),
        Row(("doctor", "elsa"), PATIENT, UNREADABLE, CANNOT.format("elsa", "{}")),
        Row(("grant", "stranger"), PATIENT, UNREADABLE, NOT_KNOWN),
        Row(("grant", "--batch", batch), PATIENT, UNREADABLE,
            NOT_KNOWN.replace("subid: ", f"subid: {batch}:2: ")),
        Row(("grant", "--all-users", "--group", "strangers"), PATIENT, UNREADABLE,
            "subid: cannot look up group 'strangers': {}"),
        Row(("grant", "--dry-run", "--another", "bob"), SCAN, DONE, SAMPLES),
        Row(("grant", "--dry-run", "bob"), PATIENT, DONE, UNNAMED),
        Row(("revoke", "stranger"), PATIENT, UNREADABLE, NOT_KNOWN),
        Row(("revoke", "--no-account", "stranger"), PATIENT, UNREADABLE, NOT_KNOWN),
        Row(("rename", "stranger", "elsa"), PATIENT, UNREADABLE, NOT_KNOWN),
    )


def service(box, milliseconds, number=ID):
    box.host.write("/etc/nss-mode", f"{milliseconds} {number}\n")


def install(box):
    """The module where the loader finds it, and nsswitch.conf that names it."""
    directory = f"/usr/lib/{sysconfig.get_config_var('MULTIARCH')}"
    path, top = box.host.compile("usermod_nss.c", "-shared", "-fPIC"), f"{box.host.tmpdir}/nss"
    for part in ("up", "work"):
        os.makedirs(f"{top}/{part}")
    mount("overlay", directory, "overlay", 0,
          f"lowerdir={directory},upperdir={top}/up,workdir={top}/work")
    os.replace(path, f"{top}/module")
    with open(f"{top}/module", "rb") as file:
        box.host.write(f"{directory}/libnss_subidtest.so.2", file.read(), 0o755)
    box.host.write("/etc/nsswitch.conf",
                   "passwd: files subidtest\ngroup: files [NOTFOUND=continue] subidtest\n"
                   "initgroups: files [SUCCESS=continue] subidtest\n")


def start(box, *args):
    return subprocess.Popen([box.path, *args], stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            env={"PATH": CLEAN_PATH, "LC_ALL": "C.UTF-8"})


def databases():
    found = []
    for name in ("/etc/subuid", "/etc/subgid"):
        with open(name, encoding="ascii") as file:
            found.append(file.read())
    return found


def children_left(box):
    """Processes of the program that still run."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.readlink(f"/proc/{pid}/exe") == box.path:
                found.append(pid)
        except OSError:
            pass
    return found


def silent(box, mode):
    """All verbs at once: they wait for the same thing."""
    box.put(DB, DB)
    service(box, mode)
    wanted = [row for row in rows(box)
              if not (quick() and mode == NEVER and row.seconds == PATIENT)]
    running = [(row, start(box, *row.args), time.monotonic()) for row in wanted]
    results = {}
    while len(results) < len(running):
        for row, child, begin in running:
            if row not in results and child.poll() is not None:
                results[row] = time.monotonic() - begin
        time.sleep(0.02)
        if time.monotonic() - running[0][2] > 60:
            for _, child, _ in running:
                child.kill()
    for row, child, _ in running:
        out, err = child.communicate()
        said = [line for line in err.decode().splitlines()
                if "the name service" in line]
        expected = row.said.format(REASON[mode]).splitlines() if row.said else []
        least = row.seconds if mode == NEVER else 0
        box.report.check(
            f"{REASON[mode]}: {' '.join(row.args)}", child.returncode == row.status
            and said == expected and least - 0.1 <= results[row] < least + SLACK,
            f"{child.returncode} {results[row]:.1f} s {out} {err}")
        if "--json" in row.args:
            box.check(f"{REASON[mode]}: the document says so", json.loads(out)["unanswered"],
                      ["passwd"])
    box.check(f"{REASON[mode]}: nothing is changed", databases(), [DB, DB])
    box.check(f"{REASON[mode]}: no process is left", children_left(box), [])


def nothing_free(box):
    """An id about which the service does not answer is not free."""
    box.put(DB, DB)
    service(box, CRASH)
    box.check("whois: an id that a silent service may have",
              {row["id"]: row["state"] for row in box.rows(
                  "whois", "-u", 6000000, 4000000, 5001, 65535, status=UNREADABLE)},
              {6000000: "unknown", 4000000: "delegated", 5001: "account", 65535: "reserved"})
    service(box, 100)
    box.check("whois: an id that no service has",
              [row["state"] for row in box.rows("whois", 6000000, status=NONE)],
              ["free", "free"])


def processes(box):
    """`ps` asks for the name of an id that no account has."""
    child = subprocess.Popen(["sleep", "60"], user=NOBODYS, group=NOBODYS, extra_groups=[])
    for mode, seconds in ((NEVER, LOOK), (CRASH, AT_ONCE)):
        service(box, mode)
        begin = time.monotonic()
        result = box.run("ps", "--all")
        took = time.monotonic() - begin
        box.report.check(f"{REASON[mode]}: ps", result.status == DONE
                         and NOTE.format(REASON[mode]) in words(result).splitlines()
                         and seconds - 0.1 <= took < seconds + SLACK,
                         f"{result} {took:.1f} s")
    child.kill()
    child.wait()


def interrupted(box):
    """A signal ends a program that waits for the name service, and its child process."""
    service(box, NEVER)
    for args in (("list",), ("check",), ("grant", "stranger"), ("doctor", "elsa")):
        child = start(box, *args)
        time.sleep(0.5)
        begin = time.monotonic()
        child.send_signal(signal.SIGINT)
        child.communicate()
        box.report.check(f"SIGINT while it waits: {' '.join(args)}",
                         child.returncode == -signal.SIGINT
                         and time.monotonic() - begin < 1, f"{child.returncode}")
    wait_until(lambda: not children_left(box))
    box.check("SIGINT: no process is left", children_left(box), [])


def talkative(box):
    """The output of a module is discarded."""
    service(box, TALK)
    for args in (("list", "--json"), ("whois", "4000000", "--json"), ("check", "--json")):
        result = box.run(*args)
        json.loads(result.out)
        box.report.check(f"a module that prints: {args[0]}", b"talks" not in result.out
                         and b"talks" not in result.err, f"{result}")


def answers(box):
    """Its users are shown, within the time limit, though each answer is slow."""
    box.put(DB, DB)
    service(box, 100)
    uids = {row["owner"]: row["uid"] for row in box.rows("list", "-u")}
    box.check("list: the uid of a directory's user", uids,
              {"elsa": 5001, "stranger": None, "directory": ID})
    found = box.rows("list", "-u", str(ID))
    box.check("list: by its uid", [row["owner"] for row in found], ["directory"])
    box.check("whois: an id that a directory has", box.rows("whois", "-u", ID)[0]["account"], "directory")
    box.check("whois: a group that a directory has",
              box.rows("whois", "-g", ID)[0]["account"], "directory")
    found = [row["owner"] for row in box.rows("check")
             if row["code"] == "no-account" and row["kind"] == "uid"]
    box.check("check: who has no account", found, ["stranger"])
    for mode, cures, status in (
            (100, {"stranger": "subid revoke --no-account stranger"}, DONE),
            (CRASH, {}, UNREADABLE)):
        service(box, mode)
        box.check(f"check: nothing is taken from who may have an account: {mode}",
                  {row["owner"]: row["cure"] for row in box.rows("check", status=status)
                   if row["code"] == "no-account"}, cures)
    service(box, 100)
    for args, expected in (
            (("grant", "--dry-run", "--range", "6000000-6000009", "directory"),
             "directory:6000000:10"),
            (("revoke", "--dry-run", "directory"), "directory:5000000:1000")):
        result = box.run(*args)
        box.report.check(f"{args[0]}: a directory's user", result.status == DONE
                         and expected in result.out.decode(), f"{result}")


def main():
    box = subid_box.enter()
    if host_module.emulated():
        box.report.skip("name service", "this is about time")
        box.report.finish()
    install(box)
    box.host.write(f"{box.host.tmpdir}/batch", "elsa\nstranger\n")
    os.mkdir(f"{box.host.tmpdir}/tree")
    box.host.write(f"{box.host.tmpdir}/tree/file", "", 0o644, (NOBODYS, NOBODYS))
    for part, *args in ((answers,), (talkative,), (nothing_free,), (silent, CRASH),
                        (silent, NEVER), (processes,), (interrupted,)):
        box.report.part(part, box, *args)
    box.report.finish()


main()
