#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Programs that others have built, on our library: Debian's podman, which is linked with
Debian's libsubid; rootlesskit, which runs getsubids; and a program of our own that is compiled
with either header and library and runs with the other.

A build for the soname of Debian's library is made here and installed into an overlay on
/usr/local, where the loader finds it before Debian's; nothing of Debian's is replaced."""

import os
import re
import shutil
import subprocess
import tarfile

from host import ANNA, CLEAN_PATH, ELSA, MS_BIND, ROOT, mount, quick, umount
from library_box import enter, environment, soname_of

PREFIX = "/usr/local"
PATH = f"{PREFIX}/sbin:{PREFIX}/bin:{CLEAN_PATH}"
PODMAN = "podman --cgroup-manager=cgroupfs --runtime=runc"
ROOTFUL = "--ulimit nofile=1024:4096 --ulimit nproc=30000:30000"
START, COUNT = 3000000, 200000
CONTAINERS = (2147483648, 500000)


def overlay(host, directory):
    name = directory.strip("/").replace("/", "-")
    for part in ("up", "work"):
        os.makedirs(f"{host.tmpdir}/{name}-{part}")
    os.chmod(f"{host.tmpdir}/{name}-up", 0o755)
    mount("overlay", directory, "overlay", 0, f"lowerdir={directory},"
          f"upperdir={host.tmpdir}/{name}-up,workdir={host.tmpdir}/{name}-work")


def prepare(box):
    """What container engines need on a host."""
    host = box.host
    host.suit_runtimes()
    for directory in ("/var/lib/containers", "/tmp"):
        os.makedirs(directory, exist_ok=True)
        mount("tmpfs", directory, "tmpfs", 0, "mode=1777")
    database = f"elsa:{START}:{COUNT}\n5002:5000000:65536\n" \
               f"containers:{CONTAINERS[0]}:{CONTAINERS[1]}\n"
    box.put(database, database)
    image = f"{host.tmpdir}/image.tar"
    with tarfile.open(image, "w") as tar:
        tar.add("/bin/busybox", "bin/busybox")
        for name in ("sh", "cat", "id"):
            link = tarfile.TarInfo(f"bin/{name}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(link)
    os.chmod(image, 0o644)
    return image


def shell(box, caller, command, timeout=90, path=PATH):
    home = "/root" if caller is ROOT else f"/home/{caller.name}"
    run = f"/run/user-{caller.uid}"
    if not os.path.isdir(run):
        os.mkdir(run, 0o700)
        os.chown(run, caller.uid, caller.gid)
    env = environment(HOME=home, USER=caller.name, XDG_RUNTIME_DIR=run)
    env["PATH"] = path
    return box.host.run("/bin/sh", ["-c", f"cd {home} && {{ {command}\n}} 2>&1"], caller,
                        env=env, timeout=timeout)


def maps_in(result):
    return {tuple(map(int, line.split())) for line in result.out.decode().splitlines()
            if re.fullmatch(r"\s*\d+\s+\d+\s+\d+\s*", line)}


def install(box, build):
    """The library as `make install` does it, loader's cache included, and getsubids."""
    overlay(box.host, PREFIX)
    done = subprocess.run(["make", "-s", "-C", build, "install-libLTLIBRARIES",
                           "update-cache"], capture_output=True, text=True,
                          env={"PATH": PATH})
    shutil.copy(f"{build}/getsubids/getsubids", f"{PREFIX}/bin/getsubids")
    box.report.check("the library with the soname of Debian's is installed",
                     done.returncode == 0, done.stderr[-1000:])


def uninstalled(box, build):
    """Without ours the loader finds Debian's again."""
    subprocess.run(["make", "-s", "-C", build, "uninstall-libLTLIBRARIES", "update-cache"],
                   capture_output=True, env={"PATH": PATH}, check=True)
    found = loaded_by_podman(box)
    box.report.check("make uninstall gives Debian's library back",
                     found and not found.startswith(PREFIX), f"{found}")


def loaded_by_podman(box):
    """The file that the loader takes for podman."""
    done = subprocess.run(["ldd", "/usr/bin/podman"], capture_output=True, text=True)
    found = re.search(r"libsubid\.so\.\d+ => (\S+)", done.stdout)
    return found and found[1]


def podman(box, image):
    report = box.report
    found = loaded_by_podman(box)
    wanted = f"{PREFIX}/lib/libsubid.so.{box.debian_soname}"
    report.check("Debian's podman loads our library", found == wanted, f"{found}, not {wanted}")
    result = shell(box, ELSA, f"{PODMAN} unshare cat /proc/self/uid_map /proc/self/gid_map")
    want = {(0, ELSA.uid, 1), (1, START, COUNT)}
    report.check("podman unshare maps what our library says", result.status == 0
                 and want <= maps_in(result), f"{result}")
    result = shell(box, ELSA, f"{PODMAN} import -q {image} busybox:1 && "
                   f"{PODMAN} run --rm --network=none busybox:1 cat /proc/self/uid_map")
    report.check("podman run without root", result.status == 0 and want <= maps_in(result),
                 f"{result}")
    shell(box, ELSA, f"{PODMAN} system migrate")
    result = shell(box, ROOT, f"{PODMAN} import -q {image} busybox:1 && {PODMAN} run --rm "
                   f"--network=none {ROOTFUL} --userns=auto busybox:1 cat /proc/self/uid_map")
    outers = {outer for _, outer, _ in maps_in(result)}
    report.check("root's podman --userns=auto takes ids of `containers`, who has no account",
                 result.status == 0 and outers and
                 all(CONTAINERS[0] <= outer < sum(CONTAINERS) for outer in outers),
                 f"{result}")


def rootlesskit(box):
    report = box.report
    print_maps = "rootlesskit cat /proc/self/uid_map /proc/self/gid_map"
    result = shell(box, ELSA, print_maps)
    report.check("rootlesskit maps what our getsubids says", result.status == 0 and
                 {(0, ELSA.uid, 1), (1, START, COUNT)} <= maps_in(result), f"{result}")
    # under strace newuidmap has no privilege, but it was asked for by then
    shell(box, ELSA, "strace -f -o trace -e trace=execve rootlesskit true")
    with open(f"/home/{ELSA.name}/trace", encoding="utf-8") as file:
        trace = file.read()
    asked = set(re.findall(r'execve\("(\S+)/getsubids", \["[^"]*", (?:"-g", )?"(\w+)"\]', trace))
    report.check("it runs ours, by name and by uid",
                 {(f"{PREFIX}/bin", "elsa"), (f"{PREFIX}/bin", str(ELSA.uid))} <= asked,
                 f"{asked} {trace[-1500:]}")
    # version 1 adds both answers up, so that a line by uid counts twice and is refused
    both = [shell(box, ANNA, print_maps, path=path) for path in (PATH, CLEAN_PATH)]
    refused = all(one.status == 1 and b"Invalid argument" in one.out for one in both)
    mapped = all(one.status == 0 and maps_in(one) == {(0, ANNA.uid, 1), (1, 5000000, 65536)}
                 for one in both)
    report.check("a line by uid counts with our getsubids as with Debian's", refused or mapped,
                 f"{both}")
    # Debian's getsubids is made to fail, so ours answers
    mount("/usr/bin/false", "/usr/bin/getsubids", None, MS_BIND)
    result = shell(box, ELSA, "getsubids elsa && getsubids -g 5002 && rootlesskit true")
    want = f"0: elsa {START} {COUNT}\n0: 5002 5000000 65536\n".encode()
    report.check("getsubids answers by name and by uid", result.status == 0
                 and want in result.out, f"{result}")
    umount("/usr/bin/getsubids")


def getsubids(box, program):
    """The same bytes, but for intended differences."""
    def outcome(path, words):
        result = box.host.run(path, words, ROOT)
        return result.status, result.out, result.line
    box.put("elsa:100000:65536\nelsa:100000:65536\n5001:5:5\nx-y:7:7\n", "elsa:9:9\n")
    rows = [[], ["-g"], ["elsa"], ["-g", "elsa"], ["-h"], ["-x", "elsa"], ["elsa", "anna"],
            ["elsa", "anna", "bob"], ["elsa", "-g"], ["-g", "elsa", "anna"], ["-h", "elsa"],
            ["5001"], ["x-y"], ["root"], [""], ["-g", ""], ["-g", "-g"], ["--", "elsa"],
            ["--group", "elsa"], ["-ge", "elsa"]]
    wrong = [(words, outcome(program, words), outcome("/usr/bin/getsubids", words))
             for words in rows
             if outcome(program, words) != outcome("/usr/bin/getsubids", words)]
    box.report.check(f"getsubids is as Debian's for {len(rows)} command lines", not wrong,
                     f"{wrong}")
    for option in ("--help", "--version"):
        status, out, line = outcome(program, [option])
        box.report.check(f"getsubids {option}", status == 0 and b"getsubids" in out
                         and not line, f"{status} {out} {line}")
    full = os.open("/dev/full", os.O_WRONLY)
    result = box.host.run(program, ["elsa"], ROOT, as_root=lambda: os.dup2(full, 1))
    os.close(full)
    box.report.check("getsubids: a full disk is no success", result.status == 1
                     and "No space left" in result.line, f"{result}")


def across(box, same):
    """Compiled with one header and library, run with the other."""
    report = box.report
    box.put("elsa:100000:65536\n", "elsa:100000:65536\n")
    calls = [("init",), ("get", "uid", "elsa"), ("get", "gid", "elsa"),
             ("owners", "uid", 100001), ("owners", "gid", 100001),
             ("grant", "uid", "elsa", 0, 65536, 1), ("grant", "gid", "anna", 0, 10, 0),
             ("ungrant", "uid", "elsa", 100000, 1), ("ungrant", "gid", "anna", 165536, 10)]
    want = ["true", "1 100000:65536", "1 100000:65536", "1 5001", "1 5001",
            "true 100000 65536", "true 165536 10", "true", "true"]
    for title, library, program in (
            ("a program of Debian's header and library runs on ours", same,
             box.debian.caller),
            ("a program of our header and library runs on Debian's", box.debian,
             same.caller)):
        answers = []
        for call in calls:
            answers += library.calls(call, program=program)
            box.sweep()
        report.check(title, answers == want, f"{answers}")
        box.put("elsa:100000:65536\n", "elsa:100000:65536\n")


def sonames(box, same):
    """The file, the header and the name that toolbox makes of it have one number."""
    for library in {box.ours, same}:
        number = soname_of(os.path.realpath(f"{library.directory}/libsubid.so"))
        source = f"{box.host.tmpdir}/version.c"
        box.host.write(source, """
            #include <dlfcn.h>
            #include <shadow/subid.h>
            #include <stdio.h>
            #define TEXT_(x) #x
            #define TEXT(x) TEXT_(x)
            int main(void)
            {
                struct subid_range *ranges;
                puts("libsubid.so." TEXT(SUBID_ABI_VERSION));
                return !dlopen("libsubid.so." TEXT(SUBID_ABI_VERSION), RTLD_NOW) ||
                       subid_get_uid_ranges("nobody-knows", &ranges) != 0;
            }""")
        program = library.compile("version", source)
        result = library.run(program)
        box.report.check(f"soname {number}: built, opened by SUBID_ABI_VERSION, called",
                         (result.status, result.out) ==
                         (0, f"libsubid.so.{number}.0.0\n".encode()), f"{result}")


def main():
    box = enter()
    report = box.report
    if quick():
        report.ok("consumers are not part of the short round")
        report.finish()
    missing = [tool for tool in ("podman", "runc", "rootlesskit", "busybox", "make", "ldd")
               if not shutil.which(tool, path=CLEAN_PATH)]
    if missing or box.debian is None:
        report.skip("programs of others on our library",
                    f"needs {', '.join(missing) or 'libsubid-dev'}")
        report.finish()
    build = box.build_with(f"--with-libsubid-soname={box.debian_soname}", f"--prefix={PREFIX}")
    same = box.library("same", build)
    report.part(sonames, box, same)
    report.part(across, box, same)
    report.part(getsubids, box, f"{build}/getsubids/getsubids")
    install(box, build)
    image = prepare(box)
    report.part(podman, box, image)
    report.part(rootlesskit, box)
    # the sources may be below a directory that is mounted over here
    umount("/tmp")
    report.part(uninstalled, box, build)
    report.finish()


main()
