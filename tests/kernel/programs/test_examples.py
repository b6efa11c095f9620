#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""examples/ansible: the module with ansible-playbook, twice and in check mode. examples/monitoring:
metrics that promtool reads, and units that systemd reads."""

import glob
import json
import os
import re
import shutil
import subprocess

import subid_box
from host import CLEAN_PATH, ROOT, TOP, quick, read
from subid_box import DONE, UNREADABLE

EXAMPLES = f"{TOP}/examples"
PLAY = {"subid_users": ["elsa", "anna"], "subid_at_least": {"bob": 200000},
        "subid_absent": ["ghost"]}


class Playbook:
    """A copy of the example, which runs on the throw-away host."""

    def __init__(self, box):
        self.box, self.directory = box, f"{box.host.tmpdir}/ansible"
        shutil.copytree(f"{EXAMPLES}/ansible", self.directory)
        self.env = {"PATH": f"{os.path.dirname(box.path)}:{CLEAN_PATH}", "HOME": self.directory,
                    "LC_ALL": "C.UTF-8", "ANSIBLE_NOCOLOR": "1", "ANSIBLE_LOCALHOST_WARNING": "0",
                    "ANSIBLE_HOME": self.directory, "ANSIBLE_REMOTE_TEMP": self.directory,
                    # the log of the throw-away host holds ten records
                    "ANSIBLE_NO_TARGET_SYSLOG": "1"}

    def run(self, *options, play="site.yml", values=None):
        return self.box.host.run("/usr/bin/ansible-playbook", [
            "-i", "localhost,", "-c", "local", "-e", "ansible_python_interpreter=/usr/bin/python3",
            "-e", json.dumps(values or PLAY), *options, f"{self.directory}/{play}"],
            ROOT, env=self.env, timeout=300)


def counted(result):
    """changed=N and failed=N of the last line."""
    return {name: int(number) for name, number in
            re.findall(r"(changed|failed)=(\d+)", result.out.decode())}


def files():
    return read("/etc/subuid"), read("/etc/subgid")


def ansible(box):
    if not shutil.which("ansible-playbook"):
        box.report.skip("examples/ansible", "needs ansible-core")
        return
    playbook, text = Playbook(box), "bob:100000:100000\nghost:5:5\n"
    box.put(text, text)
    before = files()
    result = playbook.run("--check", "--diff")
    box.report.check("ansible --check: what would change", result.status == DONE
                     and counted(result) == {"changed": 3, "failed": 0}, f"{result}")
    box.report.check("ansible --check --diff: the ranges",
                     b"+subuid: elsa:200000:65536" in result.out
                     and b"-subuid: bob:100000:100000" in result.out
                     and b"+subuid: bob:100000:200000" in result.out, f"{result.out.decode()}")
    box.check("ansible --check: the files", files(), before)
    result = playbook.run()
    after = files()
    box.report.check("ansible: the first run", result.status == DONE
                     and counted(result)["changed"] == 3 and after != before, f"{result}")
    box.check("ansible: no lines of a user who is gone", [b"ghost" in text for text in after],
              [False, False])
    result = playbook.run()
    box.report.check("ansible: the second run", result.status == DONE
                     and counted(result) == {"changed": 0, "failed": 0}, f"{result}")
    box.check("ansible: the second run: the files", files(), after)
    if not quick():
        box.host.write(f"{playbook.directory}/fails.yml",
                       "- hosts: all\n  gather_facts: false\n  tasks:\n"
                       "    - subid: {user: elsa, count: 900000}\n")
        result = playbook.run(play="fails.yml")
        box.report.check("ansible: fewer than count", result.status != DONE
                         and b"fewer than 900000" in result.out, f"{result}")
        box.host.write(f"{playbook.directory}/owner.yml",
                       "- hosts: all\n  gather_facts: false\n  tasks:\n"
                       "    - subid: {user: containers, range: 2147483648-2147483657, "
                       "no_account: true}\n")
        result = playbook.run(play="owner.yml")
        box.report.check("ansible: an owner without an account", result.status == DONE
                         and b"containers:2147483648:10" in files()[0], f"{result}")


def monitoring(box):
    program, path = f"{EXAMPLES}/monitoring/subid-textfile", f"{box.host.tmpdir}/subid.prom"
    env = {"PATH": f"{os.path.dirname(box.path)}:{CLEAN_PATH}", "LC_ALL": "C.UTF-8"}
    box.put("elsa:100000:10\nanna:100000:10\n", "elsa:100000:10\n")
    result = box.host.run(program, [path], ROOT, env=env)
    text = read(path).decode()
    values = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    rows = box.rows("check", status=2)
    box.report.check("metrics: the findings are those of check", result.status == DONE and all(
        int(values[f'subid_findings{{severity="{name}"}}'])
        == sum(row["severity"] == name for row in rows)
        for name in ("error", "warning", "note")), f"{result} {text}")
    box.check("metrics: complete", values["subid_check_complete"], "1")
    box.report.check("metrics: some ranges are free",
                     int(values['subid_free_ranges{kind="both"}']) > 0, text)
    many = "".join(f"ghost{i}:{100000 + i}:1\n" for i in range(1100))
    box.put(many, many)
    box.host.run(program, [path], ROOT, env=env)
    box.report.check("metrics: more findings than check shows",
                     b'{code="no-account",severity="note"} 1100' in read(path), f"{read(path)}")
    box.put("", "")
    box.host.write("/etc/login.defs", "SUB_UID_MIN x\n")
    result = box.host.run(program, [path], ROOT, env=env)
    box.report.check("metrics: list --free fails, the old file stays",
                     result.status == UNREADABLE and b"Traceback" not in result.err
                     and b" 1100" in read(path), f"{result}")
    box.host.reset_etc("login.defs")
    box.put(None, None)
    box.host.run(program, [path], ROOT, env=env)
    box.report.check("metrics: an unreadable database is not complete",
                     b"subid_check_complete 0" in read(path), f"{read(path)}")
    box.check("metrics: no temporary file", glob.glob(f"{box.host.tmpdir}/tmp*"), [])
    result = box.host.run(program, [path], ROOT, env=env | {"PATH": CLEAN_PATH})
    box.report.check("metrics: without subid the old file stays", result.status != DONE
                     and b"subid_findings" in read(path), f"{result}")
    if not shutil.which("promtool"):
        box.report.skip("metrics: promtool", "needs prometheus")
        return
    found = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True,
                           text=True, check=False)
    box.check("metrics: promtool", (found.returncode, found.stdout + found.stderr), (0, ""))
    found = subprocess.run(["promtool", "check", "metrics"], input=text.replace("{severity", "{{severity"),
                           capture_output=True, text=True, check=False)
    box.report.check("metrics: promtool finds a fault", found.returncode != 0, f"{found}")


def units(box):
    if not shutil.which("systemd-analyze"):
        box.report.skip("examples/monitoring: units", "needs systemd")
        return
    directory = f"{box.host.tmpdir}/units"
    shutil.copytree(f"{EXAMPLES}/monitoring", directory)
    path = f"{directory}/subid-check.service"
    with open(path, encoding="utf-8") as file:
        text = file.read()
    # it is not installed here
    box.host.write(path, text.replace("ExecStart=subid", f"ExecStart={box.path}"))
    for name, fault, good in (("as it is", "", True), ("with a fault", "ProtectHam=yes\n", False)):
        box.host.write(path, text.replace("ExecStart=subid", f"ExecStart={box.path}")
                       .replace("UMask", f"{fault}UMask"))
        found = subprocess.run(["systemd-analyze", "verify", "--man=no", path,
                                f"{directory}/subid-check.timer"], capture_output=True, text=True,
                               check=False)
        box.report.check(f"the units, {name}", (found.returncode == 0 and not found.stderr) == good,
                         f"{found}")


def main():
    box = subid_box.enter()
    monitoring(box)
    units(box)
    ansible(box)
    box.report.finish()


main()
