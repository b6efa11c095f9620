#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""In the virtual machine: our programs under SELinux, enforcing, with Debian's policy and
a running audit daemon. Labels of the databases, writes that the policy denies, maps from
a domain that may and from one that may not, and records with the domain in them."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/kernel/lib")
from host import CLEAN_PATH, Report, read, wait_until
from usermod_box import DATABASES, DONE, POLICY, SUBGID, SUBUID

AUDIT_LOG = "/var/log/audit/audit.log"
LOCAL = "/etc/selinux/default/contexts/files/file_contexts.local"
PROGRAM = "/usr/local/sbin/usermod-ext"
HELPER = "/usr/local/libexec/subid-utils/subid-ask"
DUMPABLE = "/proc/sys/fs/suid_dumpable"
FILES = ("/etc/subuid", "/etc/subgid", "/etc/subuid-", "/etc/subgid-")
SERVICES = "system_u:system_r:initrc_t:s0"
ACCOUNTS = "system_u:system_r:useradd_t:s0"     # usermod(8) runs there
UNCONFINED = "unconfined_u:unconfined_r:unconfined_t:s0"
USER = "user_u:user_r:user_t:s0"
# types of files: what the policy has for the databases, what useradd_t may not write, and
# what it may not read
PLAIN, READ_ONLY, UNREADABLE = "etc_t", "etc_runtime_t", "usr_t"
# another type that the domain may give to a database
OTHER = {SERVICES: READ_ONLY, ACCOUNTS: "shadow_t"}
OLD = "elsa:3000000:1000000\n"


def run(*command, domain=None, user=None):
    """Runs a command, as root or as a user, in the test's domain or in another one."""
    if domain:
        command = ("runcon", domain, *command)
    if user:
        command = ("setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups", *command)
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          env={"PATH": f"/usr/local/sbin:/usr/local/bin:{CLEAN_PATH}"})


def context(type_):
    return f"system_u:object_r:{type_}:s0"


def label(path):
    return os.getxattr(path, "security.selinux").rstrip(b"\0").decode().split(":")[2]


def relabel(path, type_):
    os.setxattr(path, "security.selinux", context(type_).encode())


def put(text=OLD):
    """Writes that text to both databases, with the policy's label; removes our other files."""
    for name in os.listdir("/etc"):
        if name.startswith(DATABASES):
            os.unlink(f"/etc/{name}")
    if text is not None:
        for name in DATABASES:
            with open(f"/etc/{name}", "w") as file:
                file.write(text)
        run("restorecon", *FILES[:2])


def strays():
    return sorted(name for name in os.listdir("/etc") if name.startswith(DATABASES)
                  and f"/etc/{name}" not in FILES)


@contextlib.contextmanager
def policy_says(**types):
    """What the administrator has added to the policy: labels of the databases."""
    before = read(LOCAL)
    try:
        with open(LOCAL, "ab") as file:
            for name, type_ in types.items():
                word = context(type_) if type_ else "<<none>>"
                file.write(f"/etc/{name} -- {word}\n".encode())
        yield
    finally:
        with open(LOCAL, "wb") as file:
            file.write(before)


class Records:
    """The records that the audit log gets while this is open."""

    def __enter__(self):
        self.start = os.path.getsize(AUDIT_LOG)
        return self

    def __exit__(self, *_):
        pass

    def wait(self, pattern):
        """The first line that matches, or None: the daemon writes it a moment later."""
        found = []

        def look():
            with open(AUDIT_LOG) as file:
                file.seek(self.start)
                found[:] = [line for line in file if re.search(pattern, line)]
            return found
        return found[0].strip() if wait_until(look) else None

    def all(self, pattern):
        """All lines that match now."""
        with open(AUDIT_LOG) as file:
            file.seek(self.start)
            return [line.strip() for line in file if re.search(pattern, line)]


# --- parts ------------------------------------------------------------------------------

def test_machine(report):
    with open("/sys/fs/selinux/enforce") as file:
        report.check("SELinux is enforcing", file.read() == "1", "it is not")
    with open("/proc/self/attr/current") as file:
        domain = file.read().rstrip("\0")
    report.check("the tests run in the domain of services", domain == SERVICES, domain)
    for program in ("/usr/local/bin/newuidmap", "/usr/local/bin/newgidmap", PROGRAM):
        report.check(f"{program} has the policy's label", label(program) == "bin_t",
                     label(program))
    with open("/tmp/auditd", "w") as output:
        subprocess.Popen(["auditd", "-n"], stdin=subprocess.DEVNULL, stdout=output,
                         stderr=output)
    running = wait_until(lambda: re.search(r"^pid [1-9]", run("auditctl", "-s").stdout, re.M)
                         and os.path.exists(AUDIT_LOG), 30)
    report.check("an audit daemon runs", running, read("/tmp/auditd"))


def labels(report, name, wanted, domain):
    """Each file has the expected label, and restorecon(8) would change nothing."""
    found = {path: label(path) for path in FILES if os.path.exists(path)}
    report.check(f"{domain}: {name}: labels", found == wanted, f"{found}")
    would = run("restorecon", "-nv", *found).stdout
    report.check(f"{domain}: {name}: restorecon agrees", would == "", would)


def test_labels(report, domain):
    word = domain.split(":")[2]
    add = ("-v", "4000000-4000009", "-w", "4000000-4000009", "elsa")
    for rules in ({}, {"subuid": OTHER[domain], "subgid-": OTHER[domain]}):
        wanted = {path: rules.get(os.path.basename(path), PLAIN) for path in FILES}
        what = "with local labels" if rules else "labels of the policy"
        with policy_says(**rules):
            put(None)
            result = run(PROGRAM, "--create", *add, domain=domain)
            report.check(f"{word}: {what}: created", result.returncode == DONE, f"{result}")
            labels(report, f"{what}: created", {path: wanted[path] for path in FILES[:2]},
                   word)
            put()
            result = run(PROGRAM, *add, domain=domain)
            report.check(f"{word}: {what}: replaced", result.returncode == DONE, f"{result}")
            labels(report, f"{what}: replaced", wanted, word)
            for path in FILES:
                relabel(path, PLAIN if rules else OTHER[domain])
            result = run(PROGRAM, "-V", add[1], "-W", *add[3:], domain=domain)
            report.check(f"{word}: {what}: wrong labels", result.returncode == DONE,
                         f"{result}")
            labels(report, f"{what}: wrong labels are fixed", wanted, word)
    with policy_says(subuid=None):
        put()
        relabel("/etc/subuid", PLAIN)
        result = run(PROGRAM, *add, domain=domain)
        report.check(f"{word}: a path without a label: replaced all the same",
                     result.returncode == DONE, f"{result}")


def denied(report, name, types, args, status, first, avc):
    """The policy denies what usermod-ext does in the domain of usermod(8)."""
    with policy_says(**types), Records() as records:
        put()
        result = run(PROGRAM, *args, domain=ACCOUNTS)
        report.check(f"{name}: exit status {status}", result.returncode == status,
                     f"{result}")
        report.check(f"{name}: what failed, and why", result.stderr.splitlines()[:2] == first,
                     result.stderr)
        found = [read(path) for path in FILES]
        report.check(f"{name}: the databases are as they were, and nothing is left",
                     found[:2] == [OLD.encode()] * 2 and not strays()
                     and set(found[2:]) <= {None, OLD.encode()}, f"{found}, {strays()}")
        found = records.wait(rf"^type=AVC .*denied  {{ {avc} }} .*comm=\"usermod-ext\""
                             ".*:useradd_t:.*permissive=0")
        report.check(f"{name}: its denial is in the audit log", found, "it is not")
        found = records.wait(r"^type=USER_MGMT .*res=failed")
        report.check(f"{name}: recorded as not done", found and ":useradd_t:" in found,
                     f"{found}")


def test_denied(report):
    for name, other, flag, status in (("subuid", "subgid", "-v", SUBUID),
                                      ("subgid", "subuid", "-w", SUBGID)):
        args = (flag, "4000000-4000009", "elsa")
        denied(report, f"{name} may not be written", {name: READ_ONLY}, args, status,
               [f"usermod-ext: failure while writing changes to /etc/{name}",
                f"usermod-ext: /etc/{name}: Permission denied"], "relabelto")
        denied(report, f"{name} may not be read", {name: UNREADABLE}, args, status,
               [f"usermod-ext: cannot open /etc/{name}",
                f"usermod-ext: /etc/{name}: Permission denied"], "read")
        both = ("-v", "4000000-4000009", "-w", "4000000-4000009", "elsa")
        denied(report, f"both, and {name} may not be written", {name: READ_ONLY}, both,
               status, [f"usermod-ext: failure while writing changes to /etc/{name}",
                        f"usermod-ext: /etc/{name}: Permission denied"], "relabelto")


def map_from(domain, program, *words):
    """A process of elsa's in that domain and in a new user namespace, and a map writer on
    it. Returns its result and the map as it is then."""
    kind = program[3]
    script = (f'unshare --user sleep 30 & target=$!; i=0; '
              'while [ "$(readlink /proc/$target/ns/user)" = "$(readlink /proc/$$/ns/user)" '
              '] && [ $i -lt 300 ]; do sleep 0.1; i=$((i + 1)); done; '
              f'{program} $target {" ".join(words)}; status=$?; '
              f'cat /proc/$target/{kind}id_map; kill $target; exit $status')
    return run("sh", "-c", script, domain=domain, user="elsa")


def test_maps(report):
    put()
    for program in ("newuidmap", "newgidmap"):
        result = map_from(UNCONFINED, program, "0 3000000 1000 1000 3001000 1")
        report.check(f"{program} from unconfined_t: the map is written",
                     (result.returncode, result.stderr) == (0, "") and result.stdout.split()
                     == "0 3000000 1000 1000 3001000 1".split(), f"{result}")
        with Records() as records:
            result = map_from(USER, program, "0 3000000 1000")
            lines = [f"{program}: write to {program[3]}id_map failed: Operation not permitted",
                     f"{program}: SELinux is enforcing and may have refused it",
                     f"{program}: to fix it: look for what refused it in the log of the "
                     "kernel or of auditd"]
            report.check(f"{program} from user_t: refused, and a security module is named",
                         result.returncode == 1 and result.stdout == ""
                         and result.stderr.splitlines() == lines, f"{result}")
            found = records.wait(rf"^type=AVC .*denied .*comm=\"{program}\".*:user_t:"
                                 ".*tclass=cap_userns")
            report.check(f"{program} from user_t: its denial is in the audit log", found,
                         "it is not")


def ask(word, first=""):
    """nsswitch.conf with this service of users first, and the plugin that the image has."""
    with open("/etc/nsswitch.conf", "w") as file:
        file.write(f"passwd: {first}files\ngroup: files\n{word}\n")


def test_helper(report):
    """The helper runs in the domain of the map writer, and needs nothing beyond the policy."""
    put()
    report.check("the helper can be executed by users", label(HELPER) == "bin_t", label(HELPER))
    for what, word, first, start in (("a name service", "", "db ", 3000000),
                                     ("a plugin", "subid: vm", "", 100000)):
        ask(word, first)
        for program in ("newuidmap", "newgidmap"):
            with Records() as records:
                by_kind = start + (10000000 if what == "a plugin" and program[3] == "g" else 0)
                result = map_from(UNCONFINED, program, f"0 {by_kind} 1000")
                report.check(f"{program} asks {what}: the map is written",
                             (result.returncode, result.stderr) == (0, ""), f"{result}")
                result = map_from(USER, program, f"0 {by_kind} 1000")
                report.check(f"{program} from user_t asks {what}: only the kernel refuses",
                             f"write to {program[3]}id_map failed" in result.stderr, f"{result}")
                found = records.wait(rf"^type=AVC .*denied .*comm=\"{program}\"")
                report.check(f"{program} asks {what}: that denial is in the audit log", found,
                             "it is not")
                found = records.all(r"^type=AVC .*comm=\"subid-ask\"")
                report.check(f"{program} asks {what}: nothing is denied to the helper",
                             not found, f"{found}")


def helper_process():
    """The id of a helper that runs, or None."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(ProcessLookupError):
            if read(f"/proc/{pid}/comm") == b"subid-ask\n":
                return int(pid)
    return None


def test_domain(report):
    """A helper that waits for its plugin is in the domain of the map writer."""
    ask("subid: hang")
    mapper = threading.Thread(target=map_from, args=(UNCONFINED, "newuidmap", "0 100000 1"))
    mapper.start()
    wait_until(helper_process, 60)
    pid = helper_process()
    domain = read(f"/proc/{pid}/attr/current") if pid else b""
    report.check("the helper is in the domain of the map writer",
                 domain.rstrip(b"\0").decode() == UNCONFINED, f"{domain}")
    if pid:
        os.kill(pid, signal.SIGKILL)
    mapper.join()
    ask("")


def test_dumpable(report):
    """With this setting of the kernel a user could trace the helper: it is not run."""
    put()
    ask("", "db ")
    before = read(DUMPABLE)
    try:
        for value in ("1", "0", "2"):
            with open(DUMPABLE, "w") as file:
                file.write(value)
            result = map_from(UNCONFINED, "newuidmap", "0 3000000 1000")
            wanted = (["newuidmap: Cannot determine your user name.",
                       f"newuidmap: {HELPER} is not run, since fs.suid_dumpable is 1 or cannot "
                       "be read: users could trace it",
                       "newuidmap: to fix it (as root): sysctl -w fs.suid_dumpable=0"]
                      if value == "1" else [])
            report.check(f"fs.suid_dumpable={value}", result.returncode == bool(wanted)
                         and result.stderr.splitlines() == wanted, f"{result}")
    finally:
        with open(DUMPABLE, "wb") as file:
            file.write(before)
    ask("")


def test_records(report):
    for domain, type_ in ((SERVICES, "bin_t"), (UNCONFINED, "bin_t"),
                          (ACCOUNTS, "useradd_exec_t")):
        relabel(PROGRAM, type_)
        # SELinux lets a domain start with its shell, not with any program
        command = ("sh", "-c", f'{PROGRAM} "$@"', "sh") if domain == UNCONFINED else (PROGRAM,)
        for range_, status, verdict in (("4000000-4000009", DONE, "success"),
                                        ("3000000-3000009", POLICY, "failed")):
            put()
            with Records() as records:
                result = run(*command, "-v", range_, "anna",
                             domain=None if domain == ACCOUNTS else domain)
                report.check(f"{domain}: {verdict}: exit status {status}",
                             result.returncode == status, f"{result}")
                found = records.wait(
                    rf"^type=USER_MGMT .* subj={domain} .*op=change-subids "
                    rf"add-uids={range_} .*acct=\"anna\".*res={verdict}")
                report.check(f"{domain}: {verdict}: recorded with its domain", found,
                             "it is not")


def main():
    report = Report()
    report.part(test_machine, report)
    report.part(test_labels, report, SERVICES)
    report.part(test_maps, report)
    report.part(test_helper, report)
    report.part(test_domain, report)
    report.part(test_dumpable, report)
    # the label for an administrator who wants it confined like usermod(8)
    relabel(PROGRAM, "useradd_exec_t")
    report.part(test_labels, report, ACCOUNTS)
    report.part(test_denied, report)
    report.part(test_records, report)
    put("")
    relabel(PROGRAM, "bin_t")
    report.finish()


if __name__ == "__main__":
    main()
