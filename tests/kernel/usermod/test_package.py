#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The package scripts of usermod-ext(8) in a real package: installed, installed again,
upgraded, removed and purged by dpkg, on the system and into an image, where no program can
run. The ids are given once, are the same each time, and are removed when the package is
purged. No step asks a question."""

import os
import re
import shutil
import subprocess

import usermod_box
from host import CLEAN_PATH, LOGIN_DEFS, MS_NODEV, TOP, make_dpkg, mount, read

PAGE = f"{TOP}/usermod-ext/usermod-ext.8"
USER = "_builder"
OTHERS = b"elsa:3000000:65536\n# kept\nanna:0100000:65536\n"


def scripts():
    """postinst and postrm as the man page shows them."""
    with open(PAGE) as file:
        section = file.read().split(".Ss A service account of a package\n")[1]
    section = section.split("\n.Ss ")[0]
    found = re.findall(r"^\.Bd .*?\n(.*?)^\.Ed$", section, re.M | re.S)
    return [text.replace("\\e", "\\") for text in found]


def build(directory, version):
    """A package with these scripts and one file; returns the path of the .deb."""
    tree = f"{directory}/tree-{version}"
    os.makedirs(f"{tree}/DEBIAN")
    os.makedirs(f"{tree}/etc/builder")
    with open(f"{tree}/etc/builder/version", "w") as file:
        file.write(version + "\n")
    with open(f"{tree}/DEBIAN/control", "w") as file:
        file.write(f"Package: builder\nVersion: {version}\nArchitecture: all\n"
                   "Maintainer: Elsa <elsa@example.org>\nDescription: a service\n")
    for name, text in zip(("postinst", "postrm"), scripts()):
        with open(f"{tree}/DEBIAN/{name}", "w") as file:
            file.write(text)
        os.chmod(f"{tree}/DEBIAN/{name}", 0o755)
    package = f"{directory}/builder-{version}.deb"
    subprocess.run(["dpkg-deb", "--build", "--root-owner-group", tree, package],
                   check=True, stdout=subprocess.DEVNULL)
    return package


class System:
    """Where dpkg works: the throw-away host, or an image."""

    def __init__(self, box, packages, root=""):
        self.box, self.packages, self.root = box, packages, root
        self.log = []

    def dpkg(self, *words):
        """Runs dpkg without a terminal and with an empty input."""
        command = ["dpkg", "--log=/dev/null"]
        if self.root:
            command += [f"--root={self.root}", "--force-script-chrootless"]
        # useradd waits forever for a log that is not read
        self.log.extend(self.box.host.read_log())
        return subprocess.run(
            [*command, *words], stdin=subprocess.DEVNULL, capture_output=True,
            start_new_session=True, timeout=60,
            env={"PATH": f"{self.box.directory}:{CLEAN_PATH}", "LC_ALL": "C.UTF-8"})

    def get(self):
        return [read(f"{self.root}/etc/{name}") for name in usermod_box.DATABASES]

    def has_account(self):
        return f"\n{USER}:".encode() in b"\n" + read(f"{self.root}/etc/passwd")

    def strays(self):
        return [name for name in os.listdir(f"{self.root}/etc")
                if name.startswith(("subuid", "subgid"))
                and name not in ("subuid", "subgid", "subuid-", "subgid-")]


STEPS = (
    # name, words for dpkg, whether the ids are there afterwards
    ("installed", ("-i", "1.0"), True),
    ("installed again", ("-i", "1.0"), True),
    ("upgraded", ("-i", "2.0"), True),
    ("configured again", ("--force-all", "-i", "2.0"), True),
    ("removed", ("--remove", "builder"), True),
    ("installed after removal", ("-i", "2.0"), True),
    ("purged", ("--purge", "builder"), False),
    ("purged again", ("--purge", "builder"), False),
    ("installed after purge", ("-i", "2.0"), True),
    ("purged at once", ("--purge", "builder"), False),
)


def life_of_package(system, report, name, start, expected):
    """start: the databases before; expected: what the package adds to each."""
    for step, words, there in STEPS:
        words = [system.packages.get(word, word) for word in words]
        result = system.dpkg(*words)
        want = [old + (expected if there else b"") for old in start]
        got = system.get()
        said = (result.stdout + result.stderr).decode("utf-8", "replace")
        report.check(f"package: {name}: {step}",
                     result.returncode == 0 and got == want and not system.strays()
                     and system.has_account() == there,
                     f"status {result.returncode}, {got}, want {want}, "
                     f"strays {system.strays()}: {said}")


def test_host(box, packages, report):
    mount("tmpfs", "/var/log", "tmpfs", MS_NODEV, "mode=755")
    mount("tmpfs", "/var/lib/dpkg", "tmpfs", MS_NODEV, "mode=755")
    make_dpkg("/var/lib/dpkg")
    box.host.write("/etc/login.defs", LOGIN_DEFS + "USERGROUPS_ENAB yes\n")
    system = System(box, packages)
    # elsa gets no range below the bound; some programs read anna's line as 100000-165535
    box.put(OTHERS, b"")
    life_of_package(system, report, "with a PAM service", [OTHERS, b""],
                    b"_builder:165536:65536\n")
    box.sweep()
    os.unlink("/etc/pam.d/usermod-ext")
    box.put(OTHERS, OTHERS)
    life_of_package(system, report, "without a PAM service", [OTHERS, OTHERS],
                    b"_builder:165536:65536\n")
    box.sweep()
    box.put(None, None)
    result = system.dpkg("-i", packages["1.0"])
    report.check("package: without databases", result.returncode == 0
                 and system.get() == [b"_builder:100000:65536\n"] * 2,
                 f"{result} {system.get()}")
    # ranges that an administrator has given the account are unchanged
    box.put(b"_builder:7000000:1000\n", b"_builder:8000000:1000\n")
    result = system.dpkg("-i", packages["2.0"])
    report.check("package: an administrator's choice stays", result.returncode == 0
                 and system.get() == [b"_builder:7000000:1000\n",
                                      b"_builder:8000000:1000\n"],
                 f"{result} {system.get()}")
    log = "".join(system.log)
    report.check("package: is in the system log", "_builder change-subids" in log, log)


def make_image(directory):
    """The root of a system that was never started and that has no programs."""
    os.makedirs(f"{directory}/etc")
    make_dpkg(f"{directory}/var/lib/dpkg")
    for name, text in {
            "etc/passwd": "root:x:0:0:root:/root:/bin/sh\n", "etc/group": "root:x:0:\n",
            "etc/shadow": "root:*:19000:0:99999:7:::\n", "etc/gshadow": "root:*::\n",
            "etc/subuid": OTHERS.decode(), "etc/subgid": "",
            "etc/login.defs": "SUB_UID_MIN 500000\nSUB_GID_MIN 500000\n"
                              "SUB_UID_COUNT 1000\nSUB_GID_COUNT 1000\n"
                              "USERGROUPS_ENAB yes\n",
            # of no effect: a name service of another system is not asked
            "etc/nsswitch.conf": "passwd: nothing\nsubid: nothing\n"}.items():
        with open(f"{directory}/{name}", "w") as file:
            file.write(text)
        os.chmod(f"{directory}/{name}", 0o640 if "shadow" in name else 0o644)


def test_image(box, packages, report):
    image = f"{box.host.tmpdir}/image"
    make_image(image)
    before = [*box.get(), read("/etc/passwd")]
    system = System(box, packages, image)
    life_of_package(system, report, "into an image", [OTHERS, b""],
                    b"_builder:500000:1000\n")
    report.check("package: an image does not touch the host",
                 [*box.get(), read("/etc/passwd")] == before, "it does")
    log = [line for line in (*system.log, *box.host.read_log()) if "usermod-ext" in line]
    report.check("package: an image is not in the host's log", not log, log)


def main():
    box, report = usermod_box.enter()
    missing = [tool for tool in ("dpkg", "dpkg-deb", "useradd", "userdel")
               if not shutil.which(tool)]
    if missing:
        report.skip("package", f"needs {', '.join(missing)}")
        report.finish()
    found = scripts()
    report.check("package: the man page shows two scripts",
                 len(found) == 2 and all("DPKG_ROOT" in text for text in found), found)
    if report.failed:
        report.finish()
    directory = f"{box.host.tmpdir}/packages"
    os.mkdir(directory)
    packages = {version: build(directory, version) for version in ("1.0", "2.0")}
    test_image(box, packages, report)
    test_host(box, packages, report)
    report.finish()


if __name__ == "__main__":
    main()
