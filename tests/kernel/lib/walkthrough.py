# SPDX-License-Identifier: BSD-3-Clause
"""Types the commands of a document in shells, on a host where the programs are installed."""

import os
import re
import select
import shutil
import signal
import subprocess
import threading
import time

import usermod_box
from host import LOGIN_DEFS, MS_NODEV, PROGRAMS, build_directory, built, mount, remove

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
LONGEST = 60    # seconds for one command, so that one that hangs ends
# after a command in the background: until it has a user namespace of its own
SETTLE = ("until [ $(readlink /proc/$!/ns/user) != $(readlink /proc/self/ns/user) ]; "
          "do sleep 0.02; done")


def fits(shown, printed):
    """Whether the lines are those of the page, where `...` stands for any lines."""
    pattern = "".join("(?:.*\n)*?" if line == "..." else re.escape(line) + "\n"
                      for line in shown)
    return re.fullmatch(pattern, "".join(line + "\n" for line in printed)) is not None


class Shell:
    """A shell that reads one command after the other from a pipe, as from a terminal."""

    def __init__(self, user):
        become = [] if user == "root" else [
            "setpriv", "--reuid", user, "--regid", user, "--init-groups", "--reset-env"]
        home = "/root" if user == "root" else f"/home/{user}"
        self.child = subprocess.Popen(
            [*become, "env", f"PATH={PATH}", "LC_ALL=C.UTF-8", "SHELL=/bin/bash",
             "bash", "--norc"], cwd=home, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, bufsize=0, start_new_session=True)
        self.rest = b""

    def run(self, command):
        """Returns the exit status, None if the shell ends or the command hangs, and the lines
        printed."""
        mark = f"end-{os.urandom(8).hex()}"
        if command.endswith("&"):
            command += f"\n{SETTLE}"
        self.child.stdin.write(f"{command}\necho {mark} $?\n".encode())
        end, form = time.monotonic() + LONGEST, re.compile(rf"{mark} (\d+)\n".encode())
        while not form.search(self.rest):
            if not select.select([self.child.stdout], [], [], end - time.monotonic())[0]:
                return None, [*self.rest.decode().splitlines(), "(the command hangs)"]
            data = os.read(self.child.stdout.fileno(), 65536)
            if not data:
                return None, self.rest.decode().splitlines()
            self.rest += data
        match = form.search(self.rest)
        printed, self.rest = self.rest[:match.start()], self.rest[match.end():]
        return int(match[1]), printed.decode("utf-8", "backslashreplace").splitlines()

    def close(self):
        """Ends the shell and what it has started."""
        os.killpg(self.child.pid, signal.SIGKILL)
        self.child.wait()


def install(host):
    """The programs, where `make install` puts them, and their helper."""
    mount("tmpfs", "/usr/local", "tmpfs", MS_NODEV, "mode=755")
    os.makedirs(os.path.dirname(host.helper))
    os.mkdir("/usr/local/bin")
    os.mkdir("/usr/local/sbin")
    programs = {f"/usr/local/bin/{name}": path for name, path in build_directory().items()}
    programs["/usr/local/bin/subid"] = built("subid")
    programs["/usr/local/bin/getsubids"] = built("getsubids")
    programs["/usr/local/sbin/usermod-ext"] = built(usermod_box.OURS)
    for target, path in programs.items():
        shutil.copyfile(path, target)
        os.chmod(target, 0o4755 if os.path.basename(target) in PROGRAMS else 0o755)
    host.install_helper()


def make_fresh(host, users):
    """A host that has none of the users, and a /var that may be changed."""
    for name in ("passwd", "shadow", "group", "gshadow"):
        path = f"/etc/{name}"
        with open(path, encoding="utf-8") as file:
            kept = [line for line in file if line.split(":", 1)[0] not in users]
        host.write(path, "".join(kept), os.stat(path).st_mode & 0o7777)
    for name in os.listdir("/home"):
        remove(f"/home/{name}")
    host.write("/etc/login.defs", LOGIN_DEFS + "USERGROUPS_ENAB yes\n")
    host.write("/etc/pam.d/usermod-ext", "account required pam_permit.so\n"
               "auth required pam_rootok.so\n")
    for name in ("var-up", "var-work"):
        os.mkdir(f"{host.tmpdir}/{name}", 0o755)
    mount("overlay", "/var", "overlay", 0, f"lowerdir=/var,upperdir={host.tmpdir}/var-up,"
          f"workdir={host.tmpdir}/var-work")


def take_records(host):
    """Starts a log daemon: a record must not wait for a reader."""
    def run():
        while select.select([host.log_socket], [], []):
            host.log_socket.recv(65536)
    threading.Thread(target=run, daemon=True).start()
