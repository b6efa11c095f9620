# SPDX-License-Identifier: BSD-3-Clause
"""A machine that systemd runs, on the throw-away host of a test: namespaces with an /etc, /run and
/var of its own. The network is that of the test. It ends with the test.

systemd is only given the units of the test and those of its journal: those of the distribution
would empty /tmp, for example. Besides, nothing else can be written to."""

import atexit
import contextlib
import os
import shutil
import subprocess
import time

from host import CLEAN_PATH, Result, built, mount, read

SYSTEMD = "/lib/systemd/systemd"
# In a control group that becomes the root of the machine's, or the machines would share theirs.
START = r"""
mkdir -p "$3"
echo $$ >"$3/cgroup.procs"
exec unshare --mount --pid --fork --cgroup --uts --kill-child --mount-proc sh -euc "$4" boot "$@"
"""
BOOT = r"""
top=$1 init=$2
mount --make-rprivate /
units=/usr/lib/systemd/system
cp $units/systemd-journald.service $units/systemd-journald.socket \
    $units/systemd-journald-dev-log.socket "$top/units"
mount --bind "$top/units" $units
for directory in /home /run /tmp /usr/local/bin /var; do
    mount -t tmpfs -o mode=755 tmpfs "$directory"
done
mkdir -p /run/lock /run/log/journal /var/lib /var/log /var/tmp
chmod 1777 /tmp /var/tmp
cp -p "$top"/bin/* /usr/local/bin/
mount --bind "$top/etc" /etc
mount --bind /proc/sys /proc/sys
mount -o bind,remount,ro /proc/sys
mount -o bind,remount,ro /
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount --bind /dev/null /dev/log
! touch /x /usr/lib/x /usr/x 2>/dev/null
cd /
exec env -i container=subid-test PATH=/usr/sbin:/usr/bin:/sbin:/bin "$init" \
    --unit=test.target --log-target=console --show-status=no
"""
TARGETS = {name: "[Unit]\nDefaultDependencies=no\n" for name in
           ("sysinit", "basic", "shutdown", "network-online", "timers")}
TARGETS["test"] = "[Unit]\nDefaultDependencies=no\nWants=systemd-journald.service\n"
JOURNAL = "[Journal]\nStorage=volatile\nReadKMsg=no\nAudit=\nRateLimitIntervalSec=0\n"


def missing():
    """The reason why there can be no machine here, or None."""
    if not os.path.exists(SYSTEMD):
        return "needs systemd"
    return None


class Machine:
    def __init__(self, host, name):
        """@host: a Host. What is in self.etc and self.bin before start() is in /etc and
        /usr/local/bin."""
        self.name, self.top = name, f"{host.tmpdir}/machine-{name}"
        self.etc, self.bin = f"{self.top}/etc", f"{self.top}/bin"
        self.child = self.pid = None
        self.seen = {}
        shutil.copytree("/etc", self.etc, symlinks=True)
        shutil.rmtree(f"{self.etc}/systemd")
        for directory in (self.bin, f"{self.top}/units", f"{self.top}/cgroups"):
            os.mkdir(directory)
        mount("cgroup2", f"{self.top}/cgroups", "cgroup2")
        self.cgroup = f"{self.top}/cgroups/subid-{name}"
        shutil.copy(built("subid"), self.bin)
        for target, text in TARGETS.items():
            self.write(f"systemd/system/{target}.target", text)
        self.write("systemd/journald.conf", JOURNAL)
        self.write("machine-id", "")

    def write(self, path, content, mode=0o644):
        """Replaces a file in /etc."""
        path = f"{self.etc}/{path}"
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
        os.chmod(path, mode)

    def read(self, path):
        """A file in /etc, or None."""
        return read(f"{self.etc}/{path}")

    def start(self):
        with open(f"{self.top}/console", "wb") as log:
            self.child = subprocess.Popen(
                ["sh", "-euc", START, "start", self.top, SYSTEMD, self.cgroup, BOOT],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        atexit.register(self.stop)
        end = time.monotonic() + 60
        while time.monotonic() < end and self.child.poll() is None:
            found = read(f"/proc/{self.child.pid}/task/{self.child.pid}/children") or b""
            if found.split():
                self.pid = found.split()[0].decode()
                if self.run("systemctl", "is-active", "systemd-journald.service",
                            "test.target").out == b"active\nactive\n":
                    return
            time.sleep(0.05)
        raise RuntimeError(f"{self.name}: systemd does not start: {read(f'{self.top}/console')}")

    def stop(self):
        """Ends it, and removes its control groups, which the namespaces would leave behind."""
        self.child.kill()
        self.child.wait()
        end = time.monotonic() + 10
        for directory, *_ in os.walk(self.cgroup, topdown=False):
            while time.monotonic() < end:
                with contextlib.suppress(OSError):      # a process is still ending
                    os.rmdir(directory)
                    break
                time.sleep(0.02)

    def run(self, *words, uid=0, timeout=120):
        """Runs a program in it."""
        start = time.monotonic()
        user = ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups"] if uid else []
        found = subprocess.run(
            ["nsenter", "-t", self.pid, "-m", "-p", "-C", "-u", "--", *user, *words],
            stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout, check=False, cwd="/",
            env={"PATH": f"/usr/local/bin:{CLEAN_PATH}", "LC_ALL": "C.UTF-8"})
        return Result(found.returncode, found.stdout, found.stderr, (), time.monotonic() - start)

    def property(self, unit, name):
        return self.run("systemctl", "show", "-P", name, unit).out.decode().strip()

    def journal(self, unit):
        """What the journal has about a unit since the last call."""
        self.run("journalctl", "--sync")
        lines = self.run("journalctl", "-q", "-o", "cat", "-u", unit).out.decode().splitlines()
        new, self.seen[unit] = lines[self.seen.get(unit, 0):], len(lines)
        return "\n".join(new)
