# SPDX-License-Identifier: BSD-3-Clause
"""How tests carry out a cure: as it is printed, by root or by the user, while the user is
logged in and has a process in a container; and then again, which must change nothing.

Nothing may change but what the command names: no line of another owner, no other file."""

import collections
import contextlib
import hashlib
import json
import os
import pwd
import re
import stat
import subprocess

from host import (CLEAN_PATH, CLONE_NEWUSER, ELSA, PR_SET_DUMPABLE, Wrong, prctl, process,
                  require, root_shell, unshare)

DATABASES = ("/etc/subuid", "/etc/subgid")

# --- closed lists: tests/checks/cases.sh requires that they name causes and findings ---

# Causes that no command fixes, and why.
NO_COMMAND = {
    **dict.fromkeys(("BOUNDING_SET", "NO_NEW_PRIVS", "SECCOMP", "SECURITY_MODULE", "TRACED",
                     "SHARED_FS"), "the session has to be started in another way"),
    **dict.fromkeys(("NAME_SERVICE", "SOURCE_BROKEN", "SOURCE_DENIES", "SOURCE_ELSEWHERE",
                     "SOURCE_SILENT"), "it is for those who run the service or its plugin"),
    **dict.fromkeys(("HELPER_MISSING", "HELPER_VERSION", "HELPER_BROKEN"), "a package has to be installed"),
    "HELPER_CHANGED": "what others could change has to be installed again",
    **dict.fromkeys(("OUTER_UNMAPPED", "PROGRAM_OWNER_UNMAPPED"),
                    "it is for the host of the container"),
    **dict.fromkeys(("KUBELET_PROGRAM", "MAPPER_MISSING"), "a package has to be installed"),
    **dict.fromkeys(("TOO_MANY_BYTES", "TOO_MANY_EXTENTS"),
                    "which ranges are not to be mapped is a choice"),
    **dict.fromkeys(("OVERLAP_INSIDE", "OVERLAP_OUTSIDE", "EXTENT_EMPTY", "OUTER_DIVIDED"),
                    "the extents are arguments of the caller's own command"),
    **dict.fromkeys(("OTHER_USER", "GROUP_NOT_PRIMARY", "GROUP_OF_TARGET"),
                    "who starts the program has to be another user, or have another group"),
    **dict.fromkeys(("TARGET_NOT_PROC", "TARGET_HIDDEN", "TARGET_GONE", "TARGET_ZOMBIE",
                     "TARGET_NOT_DUMPABLE", "TARGET_NO_MAP", "NAMESPACE_OURS",
                     "NAMESPACE_OTHER", "ALREADY_MAPPED"),
                    "another process has to be started"),
    "PROC_OTHER": "the caller has to be started with a /proc of its own",
    "STORAGE_REFUSES": "where the storage is to be is a choice",
    "UNEXPLAINED": "nothing that can be checked explains it",
}

# Causes that a command fixes, unless:
SOMETIMES = {
    **dict.fromkeys(("AUTO_EMPTY", "KUBELET_RANGE", "RANGE_SMALL", "STORAGE_IDMAPPED"),
                    "no ids are free"),
    **dict.fromkeys(("NOT_DELEGATED", "PARTLY_DELEGATED"), "the user has other ids already"),
    "MAPPER_NOT_FIRST": "the right one belongs to the user",
    "NO_PRIVILEGE": "others could change the program",
    "NO_RANGE": "a rule or a setting is wrong",
    "RANGE_SHARED": "the name service does not say who the other one is",
    "SOURCE": "nsswitch.conf names more sources than are asked",
    "SOURCES_EMPTY": "the files are not among the sources",
    "USERNS_LIMIT": "user namespaces are nested too deep",
}

# The one sentence of a cause without a case: the kernel of the tests has no AppArmor, so
# no profile can be in force. SELinux's sentence has its case in tests/vm/test_selinux.py.

# Findings that no command fixes, and why.
NO_COMMAND_FINDINGS = {
    "mapper-missing": "a package has to be installed",
    **dict.fromkeys(("nsswitch-key", "nsswitch-plugin"),
                    "which source is meant only the administrator knows"),
    "retired-account": "the new name is a choice",
    "reserved": "the user may have files of such ids",
    "not-as-assigned": "the user may have files of these ids",
}


# --- the user ---

def map_all(pid, first):
    for kind in "ug":
        with open(f"/proc/{pid}/{kind}id_map", "w", encoding="ascii") as file:
            own = ELSA.uid if kind == "u" else ELSA.gid
            file.write(f"0 {own} 1\n1 {first} 10\n")


def in_container(first):
    """Makes the calling process one of elsa's that has the id @first outside."""
    ready, begin = os.pipe()
    done, end = os.pipe()
    parent = os.getpid()
    helper = os.fork()
    if helper == 0:
        try:
            os.read(ready, 1)
            map_all(parent, first)
            os.write(end, b"+")
        finally:
            os._exit(0)
    ELSA.become()
    prctl(PR_SET_DUMPABLE, 1)
    unshare(CLONE_NEWUSER)
    os.write(begin, b"+")
    os.read(done, 1)
    os.waitpid(helper, 0)
    os.setresgid(1, 1, 1)
    os.setresuid(1, 1, 1)


@contextlib.contextmanager
def logged_in(host, first=100000):
    """elsa has a session, and a process in a container that uses the id @first."""
    def session():
        # else targets would not see that their input ends
        for keeper in host.keepers.values():
            os.close(keeper.stdin)

    def container():
        session()
        in_container(first)

    with process(session, ELSA._replace(groups=(ELSA.gid,))), process(container):
        yield


# --- what a command changes ---

def words_of(command):
    """The words that a shell makes of it, of all its commands."""
    quoted = r"""(\\.|'[^']*'|"(?:[^"\\]|\\.)*")"""
    plain = re.sub(rf"{quoted}|[|;&<>{{}}]+", lambda found: found[1] or " ", command)
    found = subprocess.run(["/bin/sh", "-c", f"printf '%s\\0' {plain}"], check=True,
                           stdout=subprocess.PIPE, env={"PATH": CLEAN_PATH}).stdout
    return found.decode("utf-8", "surrogateescape").split("\0")[:-1]


def look_at(path):
    """The visible state of a file; None if there is none."""
    try:
        status = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    found = (status.st_mode, status.st_uid, status.st_gid, status.st_rdev)
    if stat.S_ISLNK(status.st_mode):
        return (*found, os.readlink(path))
    if not stat.S_ISREG(status.st_mode):
        return found
    capabilities = b""
    with contextlib.suppress(OSError):
        capabilities = os.getxattr(path, "security.capability")
    if status.st_size > 2**24:
        return (*found, capabilities, status.st_size)
    with open(path, "rb") as file:
        return (*found, capabilities, hashlib.sha256(file.read()).digest())


def lines_of(path):
    """The lines of a database, with how often they are there; None if it is no plain file."""
    try:
        status = os.lstat(path)
        if not stat.S_ISREG(status.st_mode) or status.st_size > 2**24:
            return None
        with open(path, encoding="utf-8", errors="surrogateescape", newline="\n") as file:
            return collections.Counter(file.read().split("\n"))
    except FileNotFoundError:
        return None


def mounts():
    """Where file systems are mounted, and how."""
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        rows = [line.partition(" - ") for line in file]
    return sorted((row[0].split()[4:6], row[2]) for row in rows)


class State:
    """All that a command could change."""

    def __init__(self, host, words):
        self.files = {}
        for directory, directories, names in os.walk(f"{host.tmpdir}/up"):
            for name in (*directories, *names):
                path = f"{directory}/{name}"
                self.files["/etc" + path.removeprefix(f"{host.tmpdir}/up")] = look_at(path)
        for word in words:
            if word.startswith("/"):
                self.files[word] = look_at(word)
        self.databases = {path: lines_of(path) for path in DATABASES}
        self.mounts = mounts()

    def differs(self, other):
        """The names of files that have changed, and whether mounts have."""
        names = self.files.keys() | other.files.keys()
        found = {name for name in names if self.files.get(name) != other.files.get(name)}
        return found | ({"mounts"} if self.mounts != other.mounts else set())


def names_of(words):
    """The words, and the other names of the accounts that they name."""
    found = set(words)
    for entry in pwd.getpwall():
        same = {row.pw_name for row in pwd.getpwall() if row.pw_uid == entry.pw_uid}
        same.add(str(entry.pw_uid))
        if same & found:
            found |= same
    return found


def is_named(line, words, names):
    """The command names the line: by its text, its beginning or its owner; retired ids by
    their range."""
    owner = line.partition(":")[0]
    if "release" in words and owner.startswith("~"):
        start, count = map(int, line.split(":")[1:])
        return f"{start}-{start + count - 1}" in words
    return not line or owner in names or any(
        word == line or ("--begins" in words and line.startswith(word)) for word in words)


def uid_of(owner):
    """The uid of an owner, from any name service; the owner itself if it has none."""
    found = subprocess.run(["getent", "passwd", "--", owner], check=False, text=True,
                           stdout=subprocess.PIPE, env={"PATH": CLEAN_PATH}).stdout
    return found.split(":")[2] if found else owner


def ids_of(lines):
    """{account: its ids, as ranges}, from plain lines."""
    found = {}
    for owner, start, count in (line.split(":") for line in lines
                                if re.fullmatch(r"[^:]+:\d+:\d+", line)):
        found.setdefault(uid_of(owner), []).append((int(start), int(start) + int(count)))
    for uid, ranges in found.items():
        joined = []
        for start, end in sorted(ranges):
            if joined and start <= joined[-1][1]:
                start, end = joined[-1][0], max(end, joined.pop()[1])
            joined.append((start, end))
        found[uid] = joined
    return found


# Changes of no line: no account gains or loses an id by them.
OF_ALL_LINES = {"--fix", "--canonical"}


def require_named(command, words, before, after):
    """Nothing has changed but what the command names."""
    names = names_of(words)
    allowed = {*DATABASES, *(f"{path}-" for path in DATABASES), *words}
    allowed |= {f"{word}.old" for word in words}
    if "useradd " in command:
        allowed |= {f"/etc/{name}{end}" for name in ("passwd", "group", "shadow", "gshadow")
                    for end in ("", "-")}
    if command.startswith("mount "):
        allowed.add("mounts")
    changed = {name for name in before.differs(after) - allowed
               if not any(word.startswith("/") and name.startswith(f"{word}.")
                          for word in words) and not name.endswith(".lock")}
    require(not changed, f"{command!r} changes {changed}")
    for path in DATABASES:
        old, new = before.databases[path], after.databases[path]
        if old is None or new is None or path in words:
            continue
        if OF_ALL_LINES & set(words):
            require(ids_of(old) == ids_of(new), f"{command!r} changes who has ids in {path}")
            continue
        wrong = [line for line in old - new if not is_named(line, words, names)]
        wrong += [line for line in new - old if not is_named(line, words, names) and not any(
            line.partition(":")[0] in word for word in words)]
        require(not wrong, f"{command!r} changes other lines of {path}: {wrong}")


# --- the cure ---

# Commands of users, not of root.
OF_USERS = ("export ", "mv /home/", "podman ", "ulimit ")


def user_shell(host, command, caller=ELSA, env=None):
    result = host.run("/bin/sh", ["-c", command], caller, env=env, timeout=60)
    return subprocess.CompletedProcess(command, result.status, result.out, result.err)


class Cures:
    """Carries out cures, and notes each: its cause, the command, and the user who ran it."""

    def __init__(self, host):
        self.host = host
        self.rows = {}

    def shell(self, command, by_root=None, env=None):
        by_root = not command.startswith(OF_USERS) if by_root is None else by_root
        return root_shell(self.host, command) if by_root else \
            user_shell(self.host, command, env=env)

    def carry_out(self, cause, command, by_root=None, env=None):
        """Runs a command twice. Requires that it works, that only what it names is changed,
        and that the second time nothing is."""
        # 2, 10: there are other findings
        statuses = (0, 2, 10) if command.startswith("subid check") else (0,)
        words = words_of(command)
        before = State(self.host, words)
        found = self.shell(command, by_root, env)
        require(found.returncode in statuses, f"the cure fails: {command!r}: {found}")
        after = State(self.host, words)
        require_named(command, words, before, after)
        self.shell(command, by_root, env)
        changed = after.differs(State(self.host, words))
        require(not changed, f"the second run changes {changed}: {command!r}")
        self.note(cause, command, by_root, "works, and the second time nothing changes")
        return found

    def note(self, cause, command, by_root=None, result="works"):
        """Notes a command that the case runs itself, @by_root and with this @result."""
        who = "a user" if command.startswith(OF_USERS) or by_root is False else "root"
        self.rows.setdefault(cause, {}).setdefault(re.sub(r"\d+", "0", command),
                                                   (command, who, result))

    def print(self, where):
        """One line for each kind of command: a table for the report, not a result."""
        if os.environ.get("SUBID_CURES"):
            for cause, rows in sorted(self.rows.items()):
                for command, who, result in rows.values():
                    print(f"cure: {where} | {cause} | {who} | {command!r} | {result}", flush=True)


def findings(box):
    """(code, kind) of all that `subid check` reports, but for notes; None if it cannot."""
    result = box.run("check", "--json")
    if result.status not in (0, 2, 10):
        return None
    return {(row["code"], row["kind"]) for row in json.loads(result.out)["findings"]
            if row["severity"] != "note"}
