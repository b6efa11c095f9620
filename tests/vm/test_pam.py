#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""In the virtual machine: pam_subid under SELinux, enforcing, in the domains of login programs.
Without pam_subid.cil, where the helper has the label of any program, a session opens and the
user gets no range; with it the user gets one."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/kernel/lib")
from host import Report
from test_selinux import (AUDIT_LOG, UNCONFINED, Records, label, put, read, relabel, run, strays,
                          test_machine)

HELPER = "/usr/local/libexec/subid-utils/subid-session"
# and the name of a program: copies of login.c, with the labels of these programs
LOGIN = "/usr/local/sbin/login"
SERVICE = "/etc/pam.d/subid-test"
MODULE = "/usr/local/lib/security/pam_subid.so"
RANGE = b"elsa:100000:65536\n"
SYSTEM = "system_u:system_r:{}:s0"
DOMAINS = (
    # the program, its domain, whether it may write /etc itself
    ("sshd", SYSTEM.format("sshd_t"), False),
    ("login", SYSTEM.format("local_login_t"), False),
    ("cron", SYSTEM.format("crond_t"), False),
    ("systemd", SYSTEM.format("init_t"), True),
    ("su", UNCONFINED, True),
)
SUCCESS, SESSION_ERR = 0, 14


def login(name, domain, *arguments):
    with open(SERVICE, "w", encoding="ascii") as file:
        file.write(f"session required {MODULE} {' '.join(arguments)}\n")
    put("")
    command = f"{LOGIN}-{name}", "subid-test", "elsa"
    # this domain starts with its shell
    return run(*(("sh", "-c", " ".join(command)) if domain == UNCONFINED else command),
               domain=domain)


def results(done):
    return [int(line.split()[1]) for line in done.stdout.splitlines()
            if line.startswith("result ")]


def test_domain(report, name, domain, may_write):
    relabel(HELPER, "bin_t")
    for argument, result in (((), SUCCESS), (("required",), SESSION_ERR)):
        with Records() as records:
            done = login(name, domain, *argument)
        got = read("/etc/subuid")
        denied = records.all(r"^type=AVC .*denied.*comm=\"subid-session\"")
        if got == b"" and not may_write:
            report.check(f"{name}: no domain of its own, no range {argument}",
                         results(done) == [result] and not strays() and denied,
                         f"{done} {strays()} {denied}")
        else:
            report.check(f"{name}: a domain that may write /etc {argument}",
                         may_write and got == RANGE and results(done) == [SUCCESS],
                         f"{done} {got}")
    run("restorecon", HELPER)
    report.check(f"{name}: the label of the helper", label(HELPER) == "useradd_exec_t",
                 label(HELPER))
    with Records() as records:
        done = login(name, domain, "required")
    report.check(f"{name}: with pam_subid.cil there is a range",
                 results(done) == [SUCCESS] and len(done.stdout.splitlines()) == 2
                 and read("/etc/subuid") == read("/etc/subgid") == RANGE and not strays()
                 and label("/etc/subuid") == "etc_t",
                 f"{done} {read('/etc/subuid')} {strays()} "
                 f"{records.all('^type=AVC .*denied')[:3]}")
    record = records.wait(r"^type=USER_MGMT .*op=login-grant")
    # the domain of useradd(8), but for what is not confined
    report.check(f"{name}: a record with the domain",
                 record and (f"subj={domain}" if domain == UNCONFINED else ":useradd_t:") in record
                 and "service=subid-test" in record and 'acct="elsa"' in record, record)


def main():
    report = Report()
    if not os.path.exists(MODULE):
        report.skip("pam under SELinux", "this build has no PAM module")
        report.finish()
    if not os.path.exists(AUDIT_LOG):
        test_machine(report)
    for domain in DOMAINS:
        report.part(test_domain, report, *domain)
    os.unlink(SERVICE)
    put()
    report.finish()


if __name__ == "__main__":
    main()
