#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""In the virtual machine: the unit tests that use the kernel and the tests of range
management, on a kernel with SELinux enforcing."""

import glob
import os
import re
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, f"{HERE}/kernel/lib")
from host import Report

KERNEL_TESTS = ("usermod_policy",)


def test_units(report):
    # Criterion makes a page of libc writable, which the policy denies by default.
    subprocess.run(["setsebool", "allow_execmem", "1"], check=True)
    env = dict(os.environ, LD_LIBRARY_PATH=f"{HERE}/lib")
    for path in sorted(glob.glob(f"{HERE}/unit/test-*")):
        start = time.monotonic()
        result = subprocess.run(["sh", f"{HERE}/unit/run-criterion", path], env=env,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True, errors="replace")
        count = re.findall(r"Passing: (\d+)", result.stdout)
        report.check(f"{os.path.basename(path)}: {'+'.join(count) or 'no'} unit tests",
                     result.returncode == 0, result.stdout[-2000:])
        print(f"# {time.monotonic() - start:.1f} s", flush=True)
    subprocess.run(["setsebool", "allow_execmem", "0"], check=True)


def test_ranges(report):
    """Passes the lines of the tests on, which are as ours."""
    # Debian's usermod, which ours is compared with, has a domain that may not touch their
    # temporary files.
    os.setxattr("/usr/sbin/usermod", "security.selinux", b"system_u:object_r:bin_t:s0")
    env = dict(os.environ, SUBID_BUILD=f"{HERE}/programs", SUBID_HELPERS=f"{HERE}/programs",
               SUBID_EMULATED="1")
    child = subprocess.Popen([f"{HERE}/kernel/run", *KERNEL_TESTS], env=env,
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    last = ""
    for last in child.stdout:
        if last.startswith(("ok ", "not ok ", "skip ", "# ")):
            print(last, end="", flush=True)
            report.failed += last.startswith("not ok ")
    report.check("the tests of range management ran to their end",
                 re.fullmatch(r"\d+ passed, \d+ failed, \d+ skipped\n", last), last)


def main():
    report = Report()
    report.part(test_ranges, report)
    report.part(test_units, report)
    report.finish()


main()
