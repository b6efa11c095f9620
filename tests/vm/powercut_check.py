#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Checks every state that a power cut could have left on the recorded device:

    powercut_check.py DISK LOG BUILD

DISK is the image that the record LOG starts from. After each write there is one state: all
writes so far. A disk may also lose writes after the last flush, so there are states with
everything up to the last flush and a random part of the later writes. Each state is written to
an image, mounted, which replays the journal, and checked: each database is the old or the new
one, the new one if success was reported; the backup is a whole version; mode, owner and label
are right; no released lock is there again; files of the state are whole, and say who had each
range that is retired; and running the command again, by the program in BUILD, works without
help and has the same result. States of writers that are wrong on purpose must be found
bad."""

import hashlib
import os
import random
import re
import shutil
import subprocess
import sys
from collections import Counter

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.realpath(f"{HERE}/../kernel/lib")]
import writelog
from host import CLEAN_PATH, CLONE_NEWNS, Report, mount, umount, unshare
from powercut_steps import DATABASES, SECTIONS, STATE, get, read

SEED = 20140205
PARTS = 6           # random parts of the writes after a flush
ENOUGH = 100
LABEL = b"system_u:object_r:etc_t:s0\0"
MS_REC, MS_PRIVATE = 0x4000, 0x40000
LOCKS = ("subuid.lock", "subgid.lock")
RECORD = r"(uid|gid) (\d+) (\d+) (\S+) (?:\d+|-) \d+ (?:\w+|local \S*|network)\n"


class Disk:
    """An image that is written to, with a number that identifies its contents."""

    def __init__(self, path):
        self.path = path
        self.sectors = {}
        self.key = 0

    def _changed(self, writes):
        """{sector: digest} of what the writes change."""
        changed = {}
        for write in writes:
            for at in range(0, len(write.data), 512):
                where = write.offset + at
                digest = hashlib.blake2b(b"%d:" % where + write.data[at:at + 512],
                                         digest_size=8).digest()
                changed[where] = int.from_bytes(digest, "little")
        return changed

    def key_with(self, writes):
        """The number of the contents after the writes."""
        key = self.key
        for where, digest in self._changed(writes).items():
            key ^= self.sectors.get(where, 0) ^ digest
        return key

    def write(self, writes):
        self.key = self.key_with(writes)
        self.sectors.update(self._changed(writes))
        put(self.path, writes)


def put(path, writes):
    with open(path, "r+b") as file:
        for write in writes:
            file.seek(write.offset)
            file.write(write.data)


class Promise:
    """The versions that may be on disk, by the marks so far."""

    def __init__(self, section, number, done):
        self.section, self.number, self.done = section, number, done

    @property
    def step(self):
        return self.section.steps[self.number]

    def versions(self, database):
        """All texts that the database had, in their order, up to the step's."""
        texts = [self.section.before, *(step.after for step in self.section.steps)]
        return [text[database] for text in texts[:self.number + 2]]

    def __str__(self):
        return (f"{'after' if self.done else 'during'} {self.section.name}: "
                f"{' '.join(self.step.args)}")


def follow(mark):
    """What a mark promises about the disk; None outside of a section. The kernel sets another
    mark at the end."""
    word, *numbers = mark.split("/")
    if word not in ("begin", "done"):
        return None
    section, number = map(int, numbers)
    return Promise(SECTIONS[section], number, word == "done")


# --- one state --------------------------------------------------------------------------

def label(path):
    """The label as on disk: this kernel need not know it."""
    try:
        return os.getxattr(path, "security.selinux")
    except OSError:
        return None


def look_at_files(etc, promise):
    """What is wrong with the files after the power cut, or None."""
    for number, name in enumerate(DATABASES):
        found, versions = read(f"{etc}/{name}"), promise.versions(number)
        if found not in versions[-1 if promise.done else -2:]:
            return f"{name} is {found!r:.60}"
        if read(f"{etc}/{name}-") not in (None, *versions):
            return f"{name}- is no version of it"
        if found is not None:
            status = os.stat(f"{etc}/{name}")
            looks = status.st_mode, status.st_uid, status.st_gid
            if looks != (0o100644, 0, 0) or label(f"{etc}/{name}") != LABEL:
                return f"{name} has {looks}, {label(f'{etc}/{name}')}"
    # Its process id may belong to another process after the reboot.
    if promise.done and strays(etc) & set(LOCKS):
        return f"locks that were given back are there again: {strays(etc)}"
    return None


def look_at_state(root):
    """What is wrong with the files in /var/lib/subid, or None."""
    records = []
    for name in ("retired", "owners"):
        text = read(f"{root}/{STATE}/{name}") or ""
        if not re.fullmatch(f"({RECORD})*", text):
            return f"{name} is {text[-60:]!r}"
        if name == "retired":
            records = [(kind, int(first), int(first) + int(n), owner)
                       for kind, first, n, owner in re.findall(RECORD, text)]
    for kind, text in zip(("uid", "gid"), get(root)):
        for owner, first, n in re.findall(r"(?m)^~(\w+):(\d+):(\d+)$", text or ""):
            if not any(record[0] == kind and record[3] == owner and record[1] <= int(first)
                       and int(first) + int(n) <= record[2] for record in records):
                return f"~{owner}:{first}:{n} is not in {records[:5]}"
    text = read(f"{root}/{STATE}/applied")
    if text and not text.endswith("\n"):
        return f"applied is {text[-60:]!r}"
    return None


def again(root, program, step):
    """Runs a command on the disk. Returns what is wrong, or None. It is no error if nothing is
    left to do. It runs in a namespace in which the process ids of the machine that lost its
    power are free."""
    result = subprocess.run(
        ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc", program,
         *step.args, "--root", root], input=step.input,
        capture_output=True, text=True, env={"PATH": CLEAN_PATH}, timeout=60)
    notes = (r"(usermod-ext: note: [a-z]+ holds none of the [ug]ids [0-9-]+\n"
             r"|subid: note: [a-z]+ gets the ids back that were retired on [0-9-]+\n)*")
    if result.returncode == 0 and re.fullmatch(notes, result.stderr):
        return None
    return f"the next command: {result.returncode}, {result.stderr}"


def strays(etc):
    wanted = {*DATABASES, *(f"{name}-" for name in DATABASES)}
    return {name for name in os.listdir(etc) if name.startswith(DATABASES)} - wanted


def look_at_next(root, program, promise):
    """The same command again. Returns what is wrong, or None."""
    etc = f"{root}/etc"
    problem = again(root, program, promise.step)
    if problem:
        return problem
    if get(root) != promise.step.after:
        return "the next command leaves something else"
    if strays(etc):
        return f"the next command leaves {strays(etc)}"
    if any(os.stat(f"{etc}/{name}").st_nlink != 1 for name in DATABASES):
        return "the next command leaves a second link"
    return None


class Checker:
    """Checks states and counts them."""

    def __init__(self, disk, build):
        self.durable = disk
        self.build = build
        self.random = random.Random(SEED)
        self.states = {section.name: set() for section in SECTIONS}
        self.looks = {section.name: set() for section in SECTIONS}
        self.counts = {section.name: Counter() for section in SECTIONS}
        self.problems = {section.name: [] for section in SECTIONS}

    def state(self, promise, writes, kind):
        """Checks the durable disk and the writes, unless that state was checked before."""
        name = promise.section.name
        state = self.durable.key_with(writes), promise.number, promise.done
        if state in self.states[name]:
            return
        self.states[name].add(state)
        self.counts[name][kind] += 1
        problem = self.mounted(promise, writes)
        if problem:
            self.problems[name].append(f"{kind}, {promise}: {problem}")

    def mounted(self, promise, writes):
        """Returns what is wrong with the state, or None."""
        shutil.copyfile(self.durable.path, "state")
        put("state", writes)
        if subprocess.run(["mount", "-t", "ext4", "-o", "loop", "state", "root"]).returncode:
            return "the file system cannot be mounted"
        try:
            self.looks[promise.section.name].add(
                (promise.number, *(read(f"root/etc/{name}{suffix}")
                                   for name in DATABASES for suffix in ("", "-"))))
            program = "subid" if promise.section.writer == "subid" else "usermod-ext"
            return (look_at_files("root/etc", promise) or look_at_state("root")
                    or look_at_next(os.path.realpath("root"),
                                    f"{self.build}/{program}/{program}", promise))
        except OSError as error:
            return f"{error}"
        finally:
            umount("root")

    def parts(self, window):
        """States that lack a random part of the writes since the last flush."""
        for _ in range(PARTS):
            end = self.random.randint(1, len(window))
            promise = [promise for promise, _ in window[:end]][-1]
            writes = [write for _, write in window[:end]
                      if write and (write.flags & writelog.FUA
                                    or self.random.random() < 0.5)]
            if promise:
                self.state(promise, writes, "part")

    def window(self, window):
        """The writes between two flushes, as (promise, write or None)."""
        for end in range(1, len(window) + 1):
            promise = window[end - 1][0]
            if promise:
                self.state(promise, [write for _, write in window[:end] if write], "prefix")
        if sum(write is not None for _, write in window) > 1:
            self.parts(window)
        self.durable.write([write for _, write in window if write])

    def log(self, entries):
        promise, window = None, []
        for entry in entries:
            if entry.mark:
                promise = follow(entry.mark)
                window.append((promise, None))
                continue
            # A flush comes before the data of its own entry.
            if entry.flags & writelog.FLUSH and window:
                self.window(window)
                window = []
            if entry.data:
                window.append((promise, entry))
        if window:
            self.window(window)

    def distinct(self, name):
        """The number of different disks that were checked."""
        return len({key for key, *_ in self.states[name]})

    def report_section(self, section, report):
        name, counts = section.name, self.counts[section.name]
        bad = self.problems[name]
        what = (f"{name}: {counts.total()} crash states ({counts['prefix']} prefixes of the "
                f"record, {counts['part']} with a part of the last writes), "
                f"{self.distinct(name)} distinct disks, {len(self.looks[name])} sets of files")
        if section.good:
            report.check(f"{what}, 0 bad", counts and not bad,
                         f"{len(bad)} bad: " + "; ".join(bad[:5]))
        else:
            report.check(f"{what}: found bad, as it is", bad, "nothing is found")
            print(f"# {len(bad)} bad: " + "; ".join(bad[:3]).replace("\n", "\\n"))


def main():
    disk, log, build = (os.path.realpath(path) for path in sys.argv[1:])
    report = Report()
    unshare(CLONE_NEWNS)
    mount("none", "/", None, MS_REC | MS_PRIVATE)
    work = os.path.dirname(disk) + "/check"
    os.mkdir(work)
    mount("tmpfs", work, "tmpfs", 0, "mode=700")
    os.chdir(work)
    os.mkdir("root")
    shutil.copyfile(disk, "disk")
    checker = Checker(Disk("disk"), build)
    checker.log(writelog.read(log))
    for section in SECTIONS:
        checker.report_section(section, report)
    total = sum(checker.distinct(section.name) for section in SECTIONS if section.good)
    report.check(f"{total} distinct crash states, at least {ENOUGH}",
                 total >= ENOUGH, "too few")
    report.finish()


main()
