#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Records in the audit log, read with ausearch from a real auditd: of the changes and refusals
of usermod-ext, and of refused maps if the build records them. Without audit nothing is
reported and nothing fails.

A kernel has one audit daemon: if one runs already, most of this test is skipped."""

import contextlib
import glob
import os
import re
import shutil
import signal
import subprocess
import tempfile

import host as host_module
import usermod_box
from host import (CLEAN_PATH, CLONE_NEWNS, CLONE_NEWUSER, ELSA, MS_BIND, MS_NODEV, ROOT, TOP,
                  mount, prctl, process, umount, unshare, wait_until)
from usermod_box import BUSY, DONE, NOT_PERMITTED, POLICY, words

ALONE = "the audit daemon and its log are the machine's"
FINDINGS, NOTHING, NOT_PERMITTED_BY_PAM, WARNINGS = 2, 7, 9, 10    # of subid
LOG_NAME = "SUBID_AUDIT_LOG"
NONE = "SUBID_AUDIT_NONE"
AUID = 5002     # anna
PR_CAPBSET_DROP, CAP_AUDIT_WRITE = 24, 29

CONF = """\
log_file = {directory}/audit.log
log_format = RAW
log_group = root
write_logs = yes
local_events = yes
flush = SYNC
freq = 1
num_logs = 0
max_log_file = 8
max_log_file_action = IGNORE
name_format = NONE
priority_boost = 0
disp_qos = lossy
plugin_dir = {directory}/plugins.d
space_left = 2
space_left_action = IGNORE
admin_space_left = 1
admin_space_left_action = IGNORE
disk_full_action = IGNORE
disk_error_action = IGNORE
verify_email = no
"""


# --- outside ----------------------------------------------------------------------------

def audit_status():
    """{"enabled": 0, "pid": 0, ...} of the kernel, or None."""
    result = subprocess.run(["auditctl", "-s"], capture_output=True, text=True,
                            env={"PATH": CLEAN_PATH})
    found = dict(re.findall(r"^(\w+) (\d+)$", result.stdout, re.M))
    return {key: int(value) for key, value in found.items()} if "pid" in found else None


def why_not():
    """The reason why no audit daemon can be started here, or None."""
    if os.geteuid() != 0:
        return "needs root"
    missing = [tool for tool in ("auditd", "auditctl", "ausearch")
               if not shutil.which(tool, path=CLEAN_PATH)]
    if missing:
        return f"needs {', '.join(missing)}"
    status = audit_status()
    if status is None:
        return "the kernel has no audit, or does not permit it here"
    if status["pid"]:
        return f"an audit daemon runs already, process {status['pid']}"
    if status["enabled"] == 2:
        return "the kernel's audit is locked"
    return None


def start_daemon(directory):
    """auditd with its files in @directory; it writes to no file of the machine."""
    os.mkdir(f"{directory}/plugins.d")
    with open(f"{directory}/auditd.conf", "w") as file:
        file.write(CONF.format(directory=directory))
    os.chmod(f"{directory}/auditd.conf", 0o640)

    def own_run():
        unshare(CLONE_NEWNS)
        mount("none", "/", None, 0x4000 | 0x40000)  # MS_REC | MS_PRIVATE
        mount("tmpfs", "/run", "tmpfs", MS_NODEV, "mode=755")
    with open(f"{directory}/daemon", "wb") as output:
        daemon = subprocess.Popen(["auditd", "-n", "-c", directory], stdin=subprocess.DEVNULL,
                                  stdout=output, stderr=output, preexec_fn=own_run,
                                  env={"PATH": CLEAN_PATH})
    ready = wait_until(
        lambda: (audit_status() or {}).get("pid") == daemon.pid or daemon.poll() is not None)
    if not ready or daemon.poll() is not None:
        stop_daemon(daemon)
        with open(f"{directory}/daemon", errors="replace") as file:
            return None, f"auditd does not start: {file.read()[-300:]}"
    return daemon, None


def stop_daemon(daemon):
    daemon.send_signal(signal.SIGTERM)
    try:
        daemon.wait(10)
    except subprocess.TimeoutExpired:
        daemon.kill()
        daemon.wait()


def enter_with_audit():
    """Starts the audit daemon, which must be in the initial pid namespace, and the test
    again inside; never returns."""
    def stop(*_):
        raise SystemExit(143)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    reason, daemon = why_not(), None
    before = audit_status() if not reason else None
    with tempfile.TemporaryDirectory(prefix="subid-audit.") as directory:
        try:
            if not reason:
                daemon, reason = start_daemon(directory)
            os.environ[NONE if reason else LOG_NAME] = reason or f"{directory}/audit.log"
            usermod_box.enter()
        finally:
            if daemon:
                stop_daemon(daemon)
            if before:
                subprocess.run(["auditctl", "-e", str(before["enabled"])], check=False,
                               stdout=subprocess.DEVNULL, env={"PATH": CLEAN_PATH})


# --- inside -----------------------------------------------------------------------------

class Records:
    """New USER_MGMT records from anna's login: the log is the machine's, and may have
        records of others."""

    def __init__(self):
        self.log = os.environ[LOG_NAME]
        self.seen = 0

    def all(self):
        result = subprocess.run(["ausearch", "-if", self.log, "-m", "USER_MGMT", "--raw"],
                                capture_output=True, text=True, stdin=subprocess.DEVNULL,
                                env={"PATH": CLEAN_PATH})
        return [line for line in result.stdout.splitlines() if f" auid={AUID} " in line]

    def new(self, count=1):
        """Waits for @count records; returns all new ones."""
        wait_until(lambda: len(self.all()) >= self.seen + count, 3)
        found = self.all()
        fresh, self.seen = found[self.seen:], len(found)
        return fresh


def as_anna():
    """The login from which the command is given, as PAM sets it."""
    with open("/proc/self/loginuid", "w") as file:
        file.write(str(AUID))


GRANT = ("-v", "3000000-3000009", "-w", "3000000-3000019", "elsa")

# name, databases, words, status, the record; None: there is none
CASES = (
    ("grant", b"", GRANT, DONE,
     "op=change-subids add-uids=3000000-3000009 add-gids=3000000-3000019"),
    ("nothing to do", b"elsa:3000000:100\n", GRANT, DONE, None),
    ("revoke", b"elsa:3000000:10\n", ("-V", "3000000-3000004", "elsa"), DONE,
     "op=change-subids del-uids=3000000-3000004"),
    ("both", b"elsa:3000000:10\n",
     ("-V", "3000000-3000004", "-v", "4000000-4000000", "elsa"), DONE,
     "op=change-subids del-uids=3000000-3000004 add-uids=4000000-4000000"),
    ("allocation", b"", ("-S", "elsa"), DONE,
     "op=change-subids allocate=yes add-uids=100000-165535 add-gids=100000-165535"),
    ("refusal", b"anna:3000000:10\n", GRANT, POLICY,
     "op=change-subids add-uids=3000000-3000009 add-gids=3000000-3000019"),
    ("dry run", b"", ("--dry-run", *GRANT), DONE, None),
)


def is_record(line, said, account, done):
    return (f"{said} acct=\"{account}\"" in line
            and f" res={'success' if done else 'failed'}'" in line)


def test_changes(box, records, report):
    for name, database, arguments, status, said in CASES:
        box.put(database, database)
        result = box.run(*arguments, as_root=as_anna)
        found = records.new(0 if said is None else 1)
        good = not found if said is None else \
            len(found) == 1 and is_record(found[0], said, "elsa", status == DONE)
        report.check(f"audit: {name}", good and result.status == status,
                     f"{result} {found}")


SPOILT = b"elsa:3000000:10\nelsa:3000000:10\nbob:4000000:10"
ELSAS = b"elsa:3000000:10\n"
RANGE = ("--range", "5000000-5000009")
GIVEN = "uids=5000000-5000009 gids=5000000-5000009"
ALL = "uids=0-4294967295 gids=0-4294967295"

# name, databases, words of subid, status, the record, its account
VERBS = (
    ("grant", b"", ("grant", *RANGE, "elsa"), DONE, f"op=grant {GIVEN}", "elsa"),
    ("grant, uids alone", b"", ("grant", "-u", *RANGE, "elsa"), DONE,
     "op=grant uids=5000000-5000009", "elsa"),
    ("grant, held already", b"elsa:5000000:10\n", ("grant", *RANGE, "elsa"), DONE, None, None),
    ("grant, refused", b"anna:5000000:10\n", ("grant", *RANGE, "elsa"), POLICY,
     f"op=grant {GIVEN}", "elsa"),
    ("grant, dry run", b"", ("grant", "--dry-run", *RANGE, "elsa"), DONE, None, None),
    ("a batch", b"", ("grant", "--batch", "{batch}"), DONE,
     "op=grant users=2 uids=100000-231071 gids=100000-231071", None),
    ("a batch, one has a range", b"bob:300000:10\n",
     ("grant", "--batch", "{batch}", "--if-missing"), DONE, "op=grant users=1 uids=300010-365545 gids=300010-365545", None),
    ("revoke", ELSAS, ("revoke", "elsa"), DONE, f"op=revoke {ALL}", "elsa"),
    ("revoke, a part", ELSAS, ("revoke", "-g", "--range", "3000000-3000004", "elsa"), DONE,
     "op=revoke gids=3000000-3000004", "elsa"),
    ("revoke, nothing held", b"", ("revoke", "elsa"), NOTHING, None, None),
    ("revoke --if-held", b"", ("revoke", "--if-held", "elsa"), DONE, None, None),
    ("rename", b"els:3000000:10\n", ("rename", "els", "elsa"), DONE, "op=rename new=elsa",
     "els"),
    ("rename, refused", b"els:3000000:10\nelsa:5000000:10\n", ("rename", "els", "elsa"), POLICY,
     "op=rename new=elsa", "els"),
    ("check --fix", SPOILT, ("check", "--fix"), DONE, "op=fix lines=4", None),
    ("check --fix, nothing to do", ELSAS, ("check", "--fix"), DONE, None, None),
    ("check", SPOILT, ("check",), WARNINGS, None, None),
)


def says(line, said, account, done):
    """As is_record(); a record about an owner without an account names no account."""
    if account:
        return is_record(line, said, account, done)
    return said in line and f" res={'success' if done else 'failed'}'" in line and \
        'acct="elsa"' not in line


def test_verbs(box, records, report):
    """The verbs of subid that write, and their refusals."""
    path = f"{box.directory}/subid"
    if host_module.built("subid") is None:
        report.skip("audit: subid", "this build has no subid")
        return
    shutil.copyfile(host_module.built("subid"), path)
    os.chmod(path, 0o755)
    batch = f"{box.directory}/batch"
    box.host.write(batch, "elsa\nbob\n")
    logged = {"a batch": 2}     # a line for each user who got a range

    def verify(name, database, arguments, status, said, account):
        box.put(database, database)
        result = box.run(*(word.replace("{batch}", batch) for word in arguments), path=path,
                         as_root=as_anna)
        found = [line for line in records.new(0 if said is None else 1)
                 if "op=PAM" not in line]
        good = not found if said is None else \
            len(found) == 1 and says(found[0], said, account, status in (DONE, FINDINGS))
        report.check(f"audit: subid: {name}", good and result.status == status,
                     f"{result} {found}")
        report.check(f"syslog: subid: {name}",
                     sum("subid[" in line for line in result.log)
                     == logged.get(name, said is not None), f"{result.log}")
    for case in VERBS:
        verify(*case)
    with process(caller=host_module.Caller("inside", 3000000, 3000000)):
        verify("revoke, a process uses the ids", ELSAS, ("revoke", "elsa"), BUSY, f"op=revoke {ALL}",
               "elsa")
    box.host.write("/etc/pam.d/usermod-ext",
                   "auth required pam_deny.so\naccount required pam_deny.so\n")
    for verb, words_, said, account in (
            ("grant", (*RANGE, "elsa"), f"op=grant {GIVEN}", "elsa"),
            ("revoke", ("elsa",), f"op=revoke {ALL}", "elsa"),
            ("rename", ("els", "elsa"), "op=rename new=elsa", "els"),
            ("check", ("--fix",), "op=fix", None)):
        verify(f"{verb}, refused by PAM", SPOILT, (verb, *words_), NOT_PERMITTED_BY_PAM, said,
               account)
    box.host.write("/etc/pam.d/usermod-ext", "account required pam_permit.so\n")


def test_refusals(box, records, report):
    with process(caller=ELSA):
        box.put(b"elsa:3000000:10\n", b"")
        result = box.run("-V", "3000000-3000004", "elsa", as_root=as_anna)
    found = records.new()
    report.check("audit: refused, for the user is busy", result.status == BUSY
                 and len(found) == 1 and is_record(
                     found[0], "op=change-subids del-uids=3000000-3000004", "elsa", False),
                 f"{result} {found}")
    box.host.write("/etc/pam.d/usermod-ext",
                   "auth required pam_deny.so\naccount required pam_deny.so\n")
    result = box.run(*GRANT, as_root=as_anna)
    found = [line for line in records.new() if "change-subids" in line]
    report.check("audit: refused by PAM", result.status == NOT_PERMITTED
                 and len(found) == 1 and is_record(
                     found[0], "op=change-subids add-uids=3000000-3000009 "
                     "add-gids=3000000-3000019", "elsa", False), f"{result} {found}")
    box.host.write("/etc/pam.d/usermod-ext", "account required pam_permit.so\n")
    image = f"{box.host.tmpdir}/image"
    os.makedirs(f"{image}/etc")
    shutil.copyfile("/etc/passwd", f"{image}/etc/passwd")
    result = box.run("--root", image, "--create", *GRANT, as_root=as_anna)
    found = records.new(0)
    report.check("audit: no record of an image", result.status == DONE and not found,
                 f"{result} {found}")


def test_interpreted(box, records, report):
    """The records as ausearch shows them."""
    box.put()
    box.run(*GRANT, as_root=as_anna)
    records.new()
    result = subprocess.run(["ausearch", "-if", records.log, "-m", "USER_MGMT", "-i"],
                            capture_output=True, text=True, stdin=subprocess.DEVNULL,
                            env={"PATH": CLEAN_PATH})
    last = [line for line in result.stdout.splitlines() if "auid=anna" in line][-1:]
    report.check("audit: ausearch -i names the login, the account and the result",
                 last and all(word in last[0] for word in ("acct=elsa", "res=success")),
                 result)


def traced(box, path, *arguments):
    """The files that a program opens when elsa starts it, by strace, and its result."""
    trace = f"{box.host.tmpdir}/trace"
    result = box.host.run(
        shutil.which("strace", path=CLEAN_PATH),
        ["-f", "-u", ELSA.name, "-o", trace, "-e", "trace=open,openat,socket", path,
         *arguments], caller=ROOT)
    with open(trace, errors="replace") as file:
        return file.read(), result


def audits_maps(directory):
    with open(f"{directory}/newuidmap", "rb") as file:
        return b"libaudit.so" in file.read()


def install_map_writers(box, name, paths):
    """Setuid copies of both map writers; returns their directory."""
    directory = f"{box.host.tmpdir}/bin/{name}"
    os.mkdir(directory)
    for program, path in paths.items():
        shutil.copyfile(path, f"{directory}/{program}")
        os.chmod(f"{directory}/{program}", 0o4755)
    return directory


def compile_map_writers(box, audits):
    """Both map writers with the other answer to --enable-audit-maps; (paths, reason)."""
    config = f"{os.environ['SUBID_BUILD']}/config.h"
    if not os.path.exists(config):
        return None, "SUBID_BUILD has no config.h"
    variant = f"{box.host.tmpdir}/variant.h"
    with open(variant, "w") as file:
        file.write(f'#include "{config}"\n#undef AUDIT_MAPS\n'
                   + ("#define AUDIT_MAPS 1\n" if audits else ""))
    left_out = ("label-libselinux.c", "nss-modules-none.c", "locale-static.c", "subid-ask.c",
                "audit-none.c" if audits else "audit-libaudit.c")
    sources = [path for directory in ("libsubid/core", "libsubid/findings", "libsubid/sys",
                                "libsubid/user", "libsubid/source", "message", "helper",
                                "explain", "mapwriter")
               for path in sorted(glob.glob(f"{TOP}/{directory}/*.c"))
               if os.path.basename(path) not in left_out]
    paths = {}
    for program in host_module.PROGRAMS:
        paths[program] = f"{box.host.tmpdir}/{program}"
        result = subprocess.run(
            # libraries that map writers do not call are not linked
            ["cc", "-std=gnu17", "-ffunction-sections", "-fdata-sections",
             "-Wl,--gc-sections", "-include", variant, f"-I{TOP}", '-DSYSCONFDIR="/etc"',
             '-DLOCALEDIR="/nonexistent"', '-DPLUGINDIR="/nonexistent"',
             '-DHELPERDIR="/nonexistent"', '-DHELPER_NAME="subid-ask"',
             f"{TOP}/{program}/{program}.c", *sources, "-o", paths[program]],
            capture_output=True, text=True, env={"PATH": CLEAN_PATH})
        if result.returncode:
            return None, f"cannot be built: {result.stderr[:300]}"
    return paths, None


def test_maps(box, records, report):
    """The build under test, and one with the other choice."""
    directory = install_map_writers(box, "maps", host_module.build_directory())
    audits = audits_maps(directory)
    test_build(box, records, report, directory, audits)
    if audits:
        test_answers_to_maps(box, report, directory)
    paths, reason = compile_map_writers(box, not audits)
    if paths:
        variant = install_map_writers(box, "variant", paths)
        test_build(box, records, report, variant, not audits)
        if not audits:
            test_answers_to_maps(box, report, variant)
    else:
        report.skip("audit: maps, the other build", reason)


def test_build(box, records, report, directory, audits):
    """A refused map: one record if the build records them, and otherwise libaudit is not
    opened."""
    build = "a build that audits maps" if audits else "a build that does not audit maps"
    box.put(b"elsa:3000000:10\n", b"elsa:3000000:10\n")
    for program, kind in (("newuidmap", "uid"), ("newgidmap", "gid")):
        for outer, refused in (("4000000", True), ("3000000", False)):
            what = f"audit: {build}: {program}: a map that is " \
                f"{'refused' if refused else 'granted'}"
            extent = ["0", outer, "5"]
            if records:
                target = box.host.target()
                result = box.host.run(f"{directory}/{program}", [str(target.pid), *extent],
                                      as_root=as_anna)
                found = records.new(1 if refused and audits else 0)
                good = not found if not (refused and audits) else \
                    len(found) == 1 and is_record(
                        found[0], f"op=map-{kind} inner=0 outer=4000000 count=5", "elsa",
                        False)
                report.check(f"{what}: records", result.status == refused and good,
                             f"{result} {found}")
            if not shutil.which("strace", path=CLEAN_PATH):
                report.skip(what, "needs strace")
                continue
            trace, result = traced(box, f"{directory}/{program}",
                                   str(box.host.target().pid), *extent)
            report.check(f"{what}: libraries", result.status == refused and "/sub" in trace
                         and (("libaudit.so" in trace) == (refused and audits)), trace)


def test_without(box, records, report):
    """If the kernel takes no records, nothing is reported."""
    def container():
        unshare(CLONE_NEWUSER)
        for name, text in (("setgroups", "deny"), ("uid_map", "0 0 1\n"),
                           ("gid_map", "0 0 1\n")):
            with open(f"/proc/self/{name}", "w") as file:
                file.write(text)

    def no_capability():
        prctl(PR_CAPBSET_DROP, CAP_AUDIT_WRITE)
    for name, function in (("in a user namespace", container),
                           ("without CAP_AUDIT_WRITE", no_capability)):
        box.put()
        result = box.run(*GRANT, as_root=as_anna, as_user=function)
        report.check(f"audit: silent {name}", result.status == DONE and not result.err
                     and box.get().subuid == b"elsa:3000000:10\n", f"{result}")
        result = box.run("-v", "3000000-3000000", "anna", as_root=as_anna,
                         as_user=function)
        report.check(f"audit: a refusal is a refusal {name}", result.status == POLICY
                     and len(words(result).splitlines()) == 1, f"{result}")
        if records:
            found = records.new(0)
            report.check(f"audit: no record {name}", not found, found)


# name, error of audit_open(3), answer to a record, the note; None: nothing is reported
ANSWERS = (
    ("taken", "0", "7", None),
    ("no audit in the kernel", "EPROTONOSUPPORT", "0", None),
    ("no netlink", "EAFNOSUPPORT", "0", None),
    ("no descriptor is left", "EMFILE", "0", "Too many open files"),
    ("a container", "0", "-ECONNREFUSED", None),
    ("a container, older kernel", "0", "-EINVAL", None),
    ("no capability", "0", "-EPERM", None),
    ("no answer, silently", "0", "0", None),
    ("no room in the kernel", "0", "-ENOBUFS", "No buffer space available"),
)


@contextlib.contextmanager
def answering(box, error, answer):
    """A libaudit that answers so."""
    listed = subprocess.run(["ldconfig", "-p"], capture_output=True, text=True, check=True,
                            env={"PATH": CLEAN_PATH}).stdout
    library = os.path.realpath(re.search(r"libaudit\.so\.1 .* => (\S+)", listed)[1])
    path = box.host.compile("audit_lost.c", "-shared", "-fPIC", f"-DOPEN_ERROR={error}",
                            f"-DANSWER={answer}")
    mount(path, library, None, MS_BIND)
    try:
        yield
    finally:
        umount(library)


def test_answers(box, report):
    """A lost record is reported, and the change is made; without audit nothing is
    reported."""
    for name, error, answer, why in ANSWERS:
        if error == "EMFILE":
            continue            # PAM, which is asked before, is refused as well
        note = "" if why is None else \
            f"usermod-ext: note: the audit log did not take the record: {why}\n"
        box.put()
        with answering(box, error, answer):
            result = box.run(*GRANT)
        report.check(f"audit: answered: {name}", result.status == DONE
                     and words(result) == note and any(record.endswith(": done") for record in result.log)
                     and box.get().subuid == b"elsa:3000000:10\n", f"{result}")


def test_answers_to_maps(box, report, directory):
    """The same for a refused map: the note is in the system log, for the administrator."""
    for name, error, answer, why in ANSWERS:
        box.put(b"elsa:3000000:10\n", b"elsa:3000000:10\n")
        with answering(box, error, answer):
            result = box.host.run(f"{directory}/newuidmap",
                                  [str(box.host.target().pid), "0", "4000000", "5"])
        end = "" if why is None else f"; not in the audit log: {why}"
        report.check(f"audit: a refused map, answered: {name}", result.status == 1
                     and "audit" not in words(result) and len(result.log) == 1
                     and result.log[0].rstrip("\0\n").endswith(f"){end}"), f"{result}")


def main():
    if "SUBID_HOST" not in os.environ:
        if host_module.built(usermod_box.OURS) is None or host_module.missing_parts():
            usermod_box.enter()
        enter_with_audit()
    box, report = usermod_box.enter()
    with open(box.ours, "rb") as file:
        if b"libaudit.so" not in file.read():
            report.skip("audit", "this build has no libaudit")
            report.finish()
    records = None
    if LOG_NAME in os.environ:
        records = Records()
        test_changes(box, records, report)
        test_verbs(box, records, report)
        test_refusals(box, records, report)
        test_interpreted(box, records, report)
    else:
        report.skip("audit: a real audit daemon", os.environ.get(NONE, "unknown"))
    test_maps(box, records, report)
    test_without(box, records, report)
    test_answers(box, report)
    report.finish()


if __name__ == "__main__":
    main()
