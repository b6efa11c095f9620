#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""pam_subid in the login programs of the system: su by root and by a user at a terminal, login,
sshd, cron and pamtester. The module is the first line of the common session files, as
pam-auth-update would write it; a user who logs in finds a range, and a map of it works."""

import contextlib
import os
import pty
import select
import shutil
import signal
import socket
import subprocess
import time

from host import CLEAN_PATH, ELSA, TOP, mount, quick, read, unshare, wait_until
from directory_service import CLONE_NEWNET
from login_box import both, enter

HASH = ("$6$subidutils$BpHzPRTqSM0bg1dsetYTvMGBDLmb5tenCvbeBI0yYrXLYE"
        "U0QOfnSXu8b8MnRLKf.dwsO1oylr4cGz2nMY8pX/")
PASSWORD = "secret"
SNIPPET = f"{TOP}/pam/pam-configs/subid"


class Logins:
    def __init__(self, box, report):
        self.box, self.report = box, report
        # what a session does: it says what it finds, and maps all of its range
        self.proof = f"{box.directory}/proof"
        box.host.write(self.proof, "#!/bin/sh\ngrep -c \"^$(id -un):\" /etc/subuid /etc/subgid\n"
                       "unshare --user --map-auto cat /proc/self/uid_map\necho end\n", 0o755)

    def prepare(self):
        self.box.fresh()
        line = f"session optional {self.box.module} timeout=10\n"
        for name in ("common-session", "common-session-noninteractive"):
            text = (read(f"/etc/pam.d/{name}") or b"").decode()
            self.box.host.write(f"/etc/pam.d/{name}", text if self.box.module in text else
                                line + text)
        self.box.host.write("/etc/shadow", "root:*:19000:0:99999:7:::\n" + "".join(
            f"{name}:{HASH}:19000:0:99999:7:::\n" for name in ("elsa", "anna", "bob")), 0o600)

    def judge(self, name, user, out, service):
        """The session had a range, and one record was made."""
        words, log = out.split(), self.box.host.read_log()
        granted = [line for line in log if "login-grant" in line]
        self.report.check(
            name, "/etc/subuid:1" in words and "/etc/subgid:1" in words and "end" in words
            and self.mapped(words) and self.box.get() == both(user) and len(granted) == 1
            and f"{user} login-grant service={service} " in granted[0] and not self.box.strays(),
            f"{out!r} {self.box.get()} {log}")

    @staticmethod
    def mapped(words):
        """Whether unshare(1) has mapped the range; it may be too old to."""
        return "100000" in words or "unrecognized" in words

    def at_terminal(self, argv, caller=None, password=None, typed="", wanted="end"):
        """Runs a program at a terminal until it prints a line @wanted."""
        pid, master = pty.fork()
        if pid == 0:
            try:
                if caller:
                    caller.become()
                os.execve(argv[0], argv, {"PATH": CLEAN_PATH, "TERM": "dumb", "LC_ALL": "C"})
            finally:
                os._exit(126)
        out, end = b"", time.monotonic() + 30
        while time.monotonic() < end and f"\n{wanted}\r" not in out.decode("utf-8", "replace"):
            if not select.select([master], [], [], 0.2)[0]:
                continue
            with contextlib.suppress(OSError):
                more = os.read(master, 65536)
                if more:
                    out += more
                    if password and b"assword:" in out:
                        os.write(master, password.encode() + b"\n")
                        password = None
                    if typed and b"$ " in out:
                        os.write(master, typed.encode() + b"\n")
                        typed = ""
                    continue
            break
        os.close(master)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGHUP)
        os.waitpid(pid, 0)
        return out.decode("utf-8", "replace")

    def su_by_root(self):
        self.prepare()
        result = self.box.run("elsa", "-c", self.proof, path="/bin/su", timeout=30)
        self.box.host.log_socket.setblocking(False)
        self.report.check("su by root", b"/etc/subuid:1" in result.out and b"end" in result.out
                          and self.box.get() == both("elsa")
                          and any("elsa login-grant service=su " in line for line in result.log)
                          and not self.box.strays(), f"{result} {self.box.get()}")

    def su_by_user(self):
        """The real uid of su is that of elsa, who types anna's password."""
        self.prepare()
        self.box.host.read_log()
        out = self.at_terminal(["/bin/su", "anna", "-c", self.proof], ELSA, PASSWORD)
        self.judge("su by a user at a terminal", "anna", out, "su")
        self.report.check("nothing else is on the terminal", "login-grant" not in out
                          and "+ /etc" not in out, out)

    def login(self):
        self.prepare()
        self.box.host.read_log()
        out = self.at_terminal(["/bin/login", "-f", "anna"], typed=self.proof)
        self.judge("login", "anna", out, "login")

    def sshd(self):
        if not os.path.exists("/usr/sbin/sshd"):
            self.report.skip("sshd", "openssh-server is not installed")
            return
        self.prepare()
        with open("/etc/passwd", "a", encoding="ascii") as file:
            file.write("sshd:x:105:65534::/run/sshd:/usr/sbin/nologin\n")
        directory = f"{self.box.directory}/ssh"
        os.mkdir(directory, 0o755)
        for key in ("host", "user"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f",
                            f"{directory}/{key}"], check=True, capture_output=True)
        shutil.chown(f"{directory}/user", "anna", "anna")
        self.box.host.write(f"{directory}/authorized", read(f"{directory}/user.pub"))
        self.box.host.write(f"{directory}/config", (
            f"HostKey {directory}/host\nAuthorizedKeysFile {directory}/authorized\nUsePAM yes\n"
            "Port 22\nListenAddress 127.0.0.1\nPidFile none\nStrictModes no\n"))
        os.makedirs("/run/sshd", 0o755, exist_ok=True)
        server = subprocess.Popen(["/usr/sbin/sshd", "-D", "-f", f"{directory}/config"],
                                  stderr=subprocess.DEVNULL)
        try:
            def answers():
                with socket.socket() as probe:
                    return probe.connect_ex(("127.0.0.1", 22)) == 0
            if not wait_until(answers):
                raise RuntimeError("sshd does not start")
            self.box.host.read_log()
            result = subprocess.run(
                ["ssh", "-F", "none", "-i", f"{directory}/user", "-o", "BatchMode=yes",
                 "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
                 "anna@127.0.0.1", self.proof], capture_output=True, text=True, timeout=30,
                check=False)
        finally:
            server.kill()
            server.wait()
        self.judge("sshd", "anna", result.stdout, "sshd")

    def cron(self):
        """A job at the start of cron, as one is that runs each day."""
        if not os.path.exists("/usr/sbin/cron"):
            self.report.skip("cron", "cron is not installed")
            return
        self.prepare()
        out = f"{self.box.directory}/cron.out"
        self.box.host.write(out, "", 0o666)
        mount("tmpfs", "/var/spool/cron", "tmpfs", 0, "mode=755")
        os.mkdir("/var/spool/cron/crontabs", 0o1730)
        self.box.host.write("/etc/crontab", f"@reboot anna {self.proof} >>{out} 2>&1\n", 0o644)
        for name in os.listdir("/etc/cron.d") if os.path.isdir("/etc/cron.d") else ():
            os.unlink(f"/etc/cron.d/{name}")
        self.box.host.read_log()
        server = subprocess.Popen(["/usr/sbin/cron", "-f"], stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL)
        try:
            wait_until(lambda: b"end" in (read(out) or b""), 20)
        finally:
            server.kill()
            server.wait()
        self.judge("cron", "anna", (read(out) or b"").decode(), "cron")

    def pamtester(self):
        if not shutil.which("pamtester"):
            self.report.skip("pamtester", "it is not installed")
            return
        self.prepare()
        result = self.box.run("subid-test", "elsa", "open_session", "close_session",
                              path=shutil.which("pamtester"))
        self.report.check("pamtester", result.status == 0 and self.box.get() == both("elsa"),
                          f"{result} {self.box.get()}")

    def podman(self):
        """A container in the very first session."""
        if quick():
            return
        if not (shutil.which("podman") and shutil.which("runc", path=CLEAN_PATH)):
            self.report.skip("podman", "needs podman and runc")
            return
        self.prepare()
        home, root = "/home/anna", f"{self.box.directory}/image"
        for name in ("bin", "dev", "proc", "sys", "etc", "run", "tmp"):
            os.makedirs(f"{root}/{name}")
        shutil.copy("/bin/busybox", f"{root}/bin/cat")
        subprocess.run(["tar", "-C", root, "-cf", f"{home}/image.tar", "."], check=True)
        os.mkdir(f"{home}/run", 0o700)
        shutil.chown(f"{home}/run", "anna", "anna")
        podman = "podman --cgroup-manager=cgroupfs --runtime=runc --storage-driver=vfs"
        self.box.host.write(self.proof, f"""#!/bin/sh
            cd; export XDG_RUNTIME_DIR=$HOME/run TMPDIR=$HOME
            {podman} import -q image.tar first:1 &&
                {podman} run --rm --pull=never --network=none first:1 cat /proc/self/uid_map
            {podman} system migrate
            """, 0o755)
        result = self.box.run("-", "anna", "-c", self.proof, path="/bin/su", timeout=120)
        lines = [line.split() for line in result.out.decode().splitlines()]
        self.report.check("podman in the first session", ["1", "100000", "65536"] in lines
                          and self.box.get() == both("anna"), f"{result} {self.box.get()}")

    def profile(self):
        """pam-auth-update writes the line before that of pam_systemd, into both files."""
        program = shutil.which("pam-auth-update", path=CLEAN_PATH)
        if not program:
            self.report.skip("pam-auth-update", "it is not installed")
            return
        for directory in ("/usr/share/pam-configs", "/var/lib/pam", "/usr/share/pam"):
            up = f"{self.box.directory}/{directory.replace('/', '-')}"
            os.makedirs(f"{up}/up")
            os.makedirs(f"{up}/work")
            mount("overlay", directory, "overlay", 0,
                  f"lowerdir={directory},upperdir={up}/up,workdir={up}/work")
        shutil.copyfile(SNIPPET, "/usr/share/pam-configs/subid")
        for name in ("account", "auth", "password", "session", "session-noninteractive"):
            shutil.copyfile(f"/usr/share/pam/common-{name}", f"/etc/pam.d/common-{name}")
        result = subprocess.run([program, "--package", "--force", "--enable", "subid"],
                                env={"PATH": CLEAN_PATH, "DEBIAN_FRONTEND": "noninteractive"},
                                capture_output=True, text=True, check=False)
        for name in ("common-session", "common-session-noninteractive"):
            lines = [line.split()[-1] for line in read(f"/etc/pam.d/{name}").decode().splitlines()
                     if line.startswith("session")]
            self.report.check(
                f"pam-auth-update: {name}", "pam_subid.so" in lines
                and ("pam_systemd.so" not in lines
                     or lines.index("pam_subid.so") < lines.index("pam_systemd.so"))
                and ("pam_unix.so" in lines), f"{lines} {result}")


def main():
    box, report = enter()
    box.host.suit_runtimes()
    unshare(CLONE_NEWNET)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    logins = Logins(box, report)
    report.parts(logins.su_by_root, logins.su_by_user, logins.login, logins.sshd, logins.cron,
                 logins.pamtester, logins.podman, logins.profile)


if __name__ == "__main__":
    main()
