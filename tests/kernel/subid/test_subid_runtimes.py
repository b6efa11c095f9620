#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The real X reads the output of `subid map --for X`, and the container has the mapping that the
databases grant; `subid ps` and `subid files` show the processes and files of containers, compared
with /proc and with the output of the containers."""

import configparser
import contextlib
import glob
import json
import os
import re
import shutil
import signal
import subprocess
import tarfile
import time

import subid_box
from host import ANNA, CLEAN_PATH, CLONE_NEWNS, ELSA, ROOT, mount, quick, setns, unshare
from subid_box import KINDS, UNREADABLE, words

HOME = f"/home/{ELSA.name}"
ONE = "anna:2000000:1000000\nelsa:3000000:1000000\n"
# by two names, in descending order, with a line of another user between
SEVERAL = "elsa:3000000:100000\nanna:2000000:1000000\n5001:700000:70000\nelsatwin:100000:65536\n"
# dockerd takes lines by uid if there are any, or else by name; Debian's libsubid, which
# podman asks, knows no other names of a uid
BY_NAME = SEVERAL.replace("5001:", "elsa:").replace("elsatwin:", "elsa:")
# an id of the host, beside the range of the container
PASSED = "elsa:5600:1\nelsa:3000000:100000\n"
DATABASES = {"one range": ONE, "three ranges": SEVERAL, "an id passed through": PASSED}
RANGES = {"one range": [(3000000, 1000000)],
          "three ranges": [(100000, 65536), (700000, 70000), (3000000, 100000)],
          "an id passed through": [(3000000, 1000), (5600, 1), (3001001, 98999)]}
# behind the user's own id
USUAL = RANGES | {"an id passed through": [(3000000, 999), (5600, 1), (3001000, 99000)]}
# the mapping of podman's own namespace
EVERYTHING = RANGES | {"an id passed through": [(5600, 1), (3000000, 100000)]}
OPTIONS = dict.fromkeys(RANGES, "") | {"an id passed through": "--through 5600:1000"}
LARGEST = {name: [max(ranges, key=lambda range: range[1])] for name, ranges in RANGES.items()}
PODMAN = "podman --cgroup-manager=cgroupfs --runtime=runc"
SIX = "".join(f"elsa:{100000 + 2 * i}:1\n" for i in range(6))
MAPS = "cat /proc/self/uid_map /proc/self/gid_map"


def chain(ranges, own=None):
    """The extents of ranges one after the other, behind the user's own id if that is
    container root."""
    extents, at = ([], 0) if own is None else ([(0, own, 1)], 1)
    for start, count in ranges:
        extents.append((at, start, count))
        at += count
    return extents


def extents_in(text):
    return [tuple(int(word) for word in line.split()) for line in text.splitlines()
            if re.fullmatch(r"\s*\d+\s+\d+\s+\d+\s*", line)]


class Stage:
    """The host as runtimes expect it, with our map writers in front."""

    def __init__(self, box):
        self.box, self.host, self.report = box, box.host, box.report
        self.host.suit_runtimes()
        self.directory = f"{self.host.tmpdir}/bin/path"
        os.mkdir(self.directory)
        for program in ("newuidmap", "newgidmap"):
            shutil.copyfile(self.host.subjects["ours", "setuid"].path(program),
                            f"{self.directory}/{program}")
            os.chmod(f"{self.directory}/{program}", 0o4755)
        os.symlink(box.path, f"{self.directory}/subid")
        os.mkdir(f"{HOME}/run", 0o700)
        # containers get to their root through these, and podman would close them
        for name in (".local/share/lxc", ".config/lxc"):
            os.makedirs(f"{HOME}/{name}")
        self.root_directory(f"{HOME}/root")
        with tarfile.open(f"{HOME}/image.tar", "w") as tar:
            tar.add(f"{HOME}/root", ".")
        subprocess.run(["chown", "-R", f"+{ELSA.uid}:+{ELSA.gid}", HOME], check=True)

    @staticmethod
    def root_directory(path):
        """A root file system that is busybox."""
        for name in ("bin", "dev", "etc", "proc", "run", "sys", "tmp", "usr/lib"):
            os.makedirs(f"{path}/{name}")
        shutil.copy("/bin/busybox", f"{path}/bin/busybox")
        for name in ("sh", "cat", "id", "sleep"):
            os.symlink("busybox", f"{path}/bin/{name}")
        with open(f"{path}/usr/lib/os-release", "w", encoding="utf-8"):
            pass

    def shell(self, command, caller=ELSA, home=HOME, timeout=60):
        env = {"PATH": f"{self.directory}:{CLEAN_PATH}", "HOME": home, "USER": caller.name,
               "XDG_RUNTIME_DIR": f"{home}/run", "TMPDIR": home, "LC_ALL": "C.UTF-8"}
        found = self.host.run("/bin/sh", ["-c", f"cd {home} && {{ {command}\n}} 2>&1"],
                              caller, env=env, timeout=timeout)
        return found.status, found.out.decode("utf-8", "replace")

    def compare(self, runtime, which, command, ranges, own, **options):
        """A command that prints both maps."""
        status, output = self.shell(command, **options)
        expected = chain(ranges, ELSA.uid if own else None) + \
            chain(ranges, ELSA.gid if own else None)
        self.report.check(f"{runtime} of a user with {which} maps as subid says",
                          status == 0 and extents_in(output) == expected,
                          f"status {status}, not {expected}: {output}")


def missing(*tools):
    found = [tool for tool in tools if not shutil.which(tool, path=CLEAN_PATH)]
    return f"needs {', '.join(found)}" if found else None


# --- runtimes ---------------------------------------------------------------------------

def newuidmap(stage, which):
    stage.compare("newuidmap", which,
                  'unshare --user sleep 100 & PID=$!; while [ "$(readlink /proc/$PID/ns/user)" = '
                  '"$(readlink /proc/self/ns/user)" ]; do :; done; '
                  'eval "$(subid map elsa ' + OPTIONS[which] + ' --for newuidmap)" || exit 9; '
                  "cat /proc/$PID/uid_map /proc/$PID/gid_map; kill $PID",
                  USUAL[which], True)


def with_unshare(stage, which):
    stage.compare("unshare", which, f"$(subid map elsa --for unshare) {MAPS}",
                  LARGEST[which], True)


def bwrap(stage, which):
    stage.compare("bwrap", which, f"$(subid map elsa --for bwrap) --bind / / --proc /proc "
                  f"--dev /dev {MAPS}", LARGEST[which], True)


def by_name(stage, which):
    if DATABASES[which] == SEVERAL:
        stage.box.put(BY_NAME, BY_NAME)


def podman(stage, which):
    """A container's maps count in podman's own namespace; the host sees the ids."""
    by_name(stage, which)
    stage.shell(f"{PODMAN} system migrate; {PODMAN} system reset -f; {PODMAN} import -q "
                "image.tar busybox:1")
    status, output = stage.shell(
        f"{PODMAN} run -d --name c --network=none "
        f"$(subid map elsa {OPTIONS[which]} --for podman) busybox:1 "
        f"sleep 100 && {PODMAN} inspect --format 'PID {{{{.State.Pid}}}}' c")
    found, expected = [], chain(USUAL[which], ELSA.uid) + chain(USUAL[which], ELSA.gid)
    pid = re.search(r"^PID (\d+)$", output, re.M)
    if pid:
        for kind in KINDS:
            with open(f"/proc/{pid[1]}/{kind}_map", encoding="ascii") as file:
                found += extents_in(file.read())
    stage.report.check(f"podman of a user with {which} maps as subid says",
                       status == 0 and found == expected,
                       f"{found}, not {expected}: {output}")
    status, output = stage.shell(f"{PODMAN} rm -f -t 0 c; {PODMAN} unshare {MAPS}; "
                                 f"{PODMAN} system migrate")
    expected = chain(EVERYTHING[which], ELSA.uid) + chain(EVERYTHING[which], ELSA.gid)
    stage.report.check(f"podman unshare of a user with {which} maps all ids",
                       extents_in(output) == expected, output)


def lxc(stage, which):
    stage.compare("lxc", which, """
        rm -rf run/* &&
        { subid map elsa """ + OPTIONS[which] + """ --for lxc; echo lxc.apparmor.profile = unconfined
          echo lxc.net.0.type = empty; } > .config/lxc/default.conf &&
        lxc-create -n c1 -t busybox >&2 && lxc-start -n c1 &&
        lxc-attach -n c1 -- cat /proc/self/uid_map /proc/self/gid_map &&
        lxc-stop -k -n c1 && lxc-destroy -n c1 >&2""", RANGES[which], False)


def runc(stage, which):
    """The part that subid prints goes into the specification that runc makes."""
    bundle = f"{HOME}/bundle"
    shutil.rmtree(bundle, ignore_errors=True)
    status, output = stage.shell("mkdir bundle && cp -a root bundle/rootfs && cd bundle && "
                                 f"runc spec --rootless && subid map elsa {OPTIONS[which]} --for runc "
                                 "> part")
    if status:
        stage.report.fail(f"runc of a user with {which}", output)
        return
    with open(f"{bundle}/config.json", encoding="utf-8") as file:
        config = json.load(file)
    with open(f"{bundle}/part", encoding="utf-8") as file:
        config["linux"].update(json.load(file)["linux"])
    config["process"].update(terminal=False, args=["sh", "-c", MAPS])
    with open(f"{bundle}/config.json", "w", encoding="utf-8") as file:
        json.dump(config, file)
    stage.compare("runc", which, "cd bundle && runc run c1", USUAL[which], True)


def nspawn(stage, which):
    root = f"{stage.host.tmpdir}/nspawn"
    start, _ = LARGEST[which][0]
    shutil.rmtree(root, ignore_errors=True)
    stage.root_directory(root)
    subprocess.run(["chown", "-hR", f"+{start}:+{start}", root], check=True)
    stage.compare("systemd-nspawn", which,
                  "systemd-nspawn -q --register=no --keep-unit $(subid map elsa --for nspawn) "
                  f"--private-users-ownership=off -D {root} {MAPS}", LARGEST[which], False,
                  caller=ROOT, home="/root")


def docker(stage, which):
    """dockerd with the part of daemon.json, which makes it read the databases itself; the
    last time for a user whose group has another name."""
    by_name(stage, which)
    dockerd(stage, which, "elsa")
    if DATABASES[which] == ONE:
        lines = ONE.replace("elsa", "bob")
        stage.box.put(lines, lines)
        dockerd(stage, which, "bob")
        stage.box.put(ONE, ONE)


def dockerd(stage, which, user):
    directory = f"{stage.host.tmpdir}/docker"
    shutil.rmtree(directory, ignore_errors=True)
    os.mkdir(directory)
    stage.compare("dockerd", which, f"""
        subid map {user} --for docker > {directory}/daemon.json || exit 9
        export DOCKER_HOST=unix://{directory}/sock
        dockerd --config-file {directory}/daemon.json --data-root {directory}/data \
            --exec-root {directory}/exec -H $DOCKER_HOST -p {directory}/pid \
            --storage-driver vfs --iptables=false --bridge=none > {directory}/log 2>&1 &
        for i in $(seq 100); do docker info > {directory}/info 2>&1 && break; sleep 0.1; done
        docker import {HOME}/image.tar b:1 > {directory}/import 2>&1 &&
            docker run --rm --network=none b:1 {MAPS}
        status=$?; kill $!; wait $!
        [ $status = 0 ] || tail -n 5 {directory}/log; exit $status""",
                  in_file_order(which), False, caller=ROOT, home="/root")


def rootless(stage, which):
    """rootlesskit, in whose namespace the dockerd of a user runs, needs no setting.
    It takes the lines as they come, so with one range it maps what `subid map` shows."""
    by_name(stage, which)
    stage.compare("rootlesskit", which, f"rootlesskit --state-dir=run/kit sh -c '{MAPS}'",
                  in_file_order(which), True)
    stage.compare("subid map", which, "subid map elsa --raw -n -o INSIDE,OUTSIDE,COUNT",
                  RANGES[which], True)


def in_file_order(which):
    """dockerd uses the lines of a user in their order."""
    ranges = RANGES[which]
    if DATABASES[which] == ONE:
        return ranges
    return sorted(ranges, key=lambda range: BY_NAME.index(f":{range[0]}:"))


DOMAIN = """<domain type='lxc'>
  <name>c1</name>
  <memory unit='MiB'>64</memory>
  <os>
    <type>exe</type>
    <init>/bin/sh</init>
    <initarg>-c</initarg>
    <initarg>{maps} >/tmp/maps; : >/tmp/file; exec sleep 100</initarg>
  </os>
  {idmap}
  <features><privnet/></features>
  <devices>
    <filesystem type='mount'><source dir='{root}'/><target dir='/'/></filesystem>
    <console type='pty'/>
  </devices>
</domain>
"""

# libvirtd in namespaces of its own, so that nothing of it is left, with the driver of LXC alone,
# which does not take a second version of control groups beside the first.
LIBVIRTD = """
    [ -e /dev/fuse ] || mknod /dev/fuse c 10 229 || exit 8
    ! mountpoint -q /sys/fs/cgroup/unified || umount /sys/fs/cgroup/unified || exit 8
    for i in etc/libvirt var/lib/libvirt var/log/libvirt var/cache/libvirt; do
        mkdir -p /$i && mount -t tmpfs tmpfs /$i || exit 8; done
    export LIBVIRT_DRIVER_DIR={top}/drivers
    mkdir $LIBVIRT_DRIVER_DIR && ln -s $(find /usr/lib* -name libvirt_driver_lxc.so) \\
        $LIBVIRT_DRIVER_DIR || exit 8
    echo 'security_driver = "none"' > /etc/libvirt/lxc.conf
    printf '%s\\n' 'auth_unix_rw = "none"' 'unix_sock_group = "root"' > /etc/libvirt/libvirtd.conf
    libvirtd > {top}/log 2>&1 &
    for i in $(seq 200); do virsh -c lxc:/// list > {top}/list 2>&1 && break; sleep 0.1; done
    virsh -q -c lxc:/// create --validate {top}/domain.xml > {top}/create 2>&1
    status=$?
    for i in $(seq 100); do pid=$(pgrep -xf 'sleep 100') && break; sleep 0.1; done
    cat {top}/root/tmp/maps /proc/$pid/uid_map /proc/$pid/gid_map
    stat -c 'file %u %g' {top}/root/tmp/file
    virsh -q -c lxc:/// destroy c1 || status=9
    [ $status = 0 ] || cat {top}/create {top}/log /var/log/libvirt/lxc/c1.log
    exit $status"""


def groups_of_machines():
    """The control groups that libvirt makes for its containers."""
    return set(glob.glob("/sys/fs/cgroup/machine") + glob.glob("/sys/fs/cgroup/*/machine"))


def start_domain(stage, runtime, which, idmap):
    """libvirtd starts a container with the element; its root makes a file."""
    top = f"{stage.host.tmpdir}/libvirt"
    shutil.rmtree(top, ignore_errors=True)
    stage.root_directory(f"{top}/root")
    start, _ = RANGES[which][0]
    subprocess.run(["chown", "-hR", f"+{start}:+{start}", f"{top}/root"], check=True)
    stage.host.write(f"{top}/domain.xml", DOMAIN.format(maps=MAPS, idmap=idmap,
                                                        root=f"{top}/root"))
    stage.host.write(f"{top}/start", LIBVIRTD.format(top=top))
    before = groups_of_machines()
    status, output = stage.shell("timeout 50 unshare --mount --net --pid --fork --kill-child "
                                 f"--mount-proc sh {top}/start", caller=ROOT, home="/root")
    for group in groups_of_machines() - before:
        for path, _, _ in os.walk(group, topdown=False):
            os.rmdir(path)
    expected = 2 * chain(RANGES[which])
    # as the container sees it, and as its host does
    stage.report.check(f"{runtime} of a user with {which} maps as subid says", status == 0
                       and extents_in(output) == 2 * expected, f"not {expected}: {output}")
    stage.report.check(f"{runtime} of a user with {which}: root's file is the first id's",
                       f"file {start} {start}\n" in output, output)


def libvirt(stage, which):
    start_domain(stage, "libvirt", which, 
                 stage.shell(f"subid map elsa {OPTIONS[which]} --for libvirt")[1])


def nova_options(text):
    """What nova reads: two options of the group libvirt that are lists with commas. It takes
    five items of each, and of an item three numbers with colons; see uid_maps and gid_maps
    in nova's configuration reference, and _create_idmaps() of its driver of libvirt."""
    config = configparser.ConfigParser()
    config.read_string(text)
    return {kind: [tuple(int(word) for word in item.split(":")) for item in
                   config["libvirt"][f"{kind}_maps"].split(",")][:5] for kind in KINDS}


def nova(stage, which):
    """The element that nova makes of its options."""
    maps = nova_options(stage.shell(f"subid map elsa {OPTIONS[which]} --for nova")[1])
    start_domain(stage, "nova", which, "<idmap>" + "".join(
        f"<{kind} start='{start}' target='{target}' count='{count}'/>"
        for kind in KINDS for start, target, count in maps[kind]) + "</idmap>")


def no_hole(stage, name, which):
    """Whether the runtime cannot have single ids beside a range; then it is refused."""
    if name not in NO_HOLES:
        return False
    result = stage.box.run("map", "elsa", *OPTIONS[which].split(), "--for", name)
    stage.report.check(f"{name} with {which}: refused, and others are named",
                       result.status == subid_box.FINDINGS and not result.out and
                       words(result) == f"subid: {name} cannot map single ids beside a range; "
                       "these can: " + " ".join(each for each in RUNTIMES
                                                if each not in NO_HOLES) + "\n", f"{result}")
    return True


def incus(stage, which):
    """Incus takes the range of root, and puts the lines of raw.idmap over it; see its
    documentation, "Idmaps for user namespace". Here what it would map is compared with the
    mapping for LXC, which is what Incus runs."""
    if which == "three ranges":
        return
    text = DATABASES[which].replace("elsa", "root")
    stage.box.put(text, text)
    config = stage.shell(f"subid map root {OPTIONS[which]} --for incus")[1]
    lines = stage.shell(f"subid map root {OPTIONS[which]} --for lxc")[1]
    found = re.fullmatch('config:\n  security.idmap.base: "(\\d+)"\n'
                         '  security.idmap.size: "(\\d+)"\n'
                         "(?:  raw.idmap: \\|-\n((?:    both \\d+ \\d+\n)+))?", config)
    if not found:
        stage.report.fail(f"incus with {which}", config)
        return
    base, size = int(found[1]), int(found[2])
    extents = [(0, base, size)]
    for outer, inner in re.findall(r"both (\d+) (\d+)", found[3] or ""):
        outer, inner = int(outer), int(inner)
        first, start, count = extents.pop()
        extents += [(first, start, inner - first), (inner, outer, 1),
                    (inner + 1, start + inner + 1 - first, first + count - inner - 1)]
    stage.box.check(f"incus with {which} maps as LXC", lines, "".join(
        f"lxc.idmap = {kind} {first} {start} {count}\n" for kind in "ug"
        for first, start, count in extents))


LIBVIRT_TOOLS = ("libvirtd", "virsh", "/usr/lib/libvirt/libvirt_lxc", "mountpoint", "pgrep")
RUNTIMES = {"newuidmap": (newuidmap, ()), "unshare": (with_unshare, ()),
            "bwrap": (bwrap, ("bwrap",)), "podman": (podman, ("podman", "runc")),
            "lxc": (lxc, ("lxc-start",)), "runc": (runc, ("runc",)),
            "nspawn": (nspawn, ("systemd-nspawn",)),
            "docker": (docker, ("dockerd", "docker", "containerd")),
            "libvirt": (libvirt, LIBVIRT_TOOLS), "nova": (nova, LIBVIRT_TOOLS),
            "incus": (incus, ())}
# these map a range and nothing else
NO_HOLES = ("unshare", "bwrap", "nspawn", "docker")
# runtimes that need no configuration
OTHERS = {"rootlesskit": (rootless, ("rootlesskit",))}
SLOW = ("docker", "libvirt", "nova", "podman")


def runtimes(stage):
    for which, text in DATABASES.items():
        for name, (play, tools) in (RUNTIMES | OTHERS).items():
            if OPTIONS[which] and (name in OTHERS or no_hole(stage, name, which)):
                continue
            if quick() and name in SLOW:
                continue
            reason = missing("busybox", *tools)
            if reason:
                stage.report.skip(f"{name} with {which}", reason)
                continue
            stage.box.put(text, text)
            stage.report.part(play, stage, which)
    every = re.findall(r"^\.It Cm (\w+)$", page_of_runtimes(), re.M)
    stage.box.check("all runtimes of the man page are here", sorted(every), sorted(RUNTIMES))


def page_of_runtimes():
    with open(f"{subid_box.TOP}/subid/subid-list.1", encoding="utf-8") as file:
        text = file.read()
    return text.split('\n.\\" runtimes\n')[1].split(".El")[0]


def refusals(stage):
    """A mapping that a runtime cannot make is refused."""
    box = stage.box
    for name, uids, gids, user, runtime, status, word in (
            ("no id of both kinds", "elsa:100000:10\n", "elsa:200000:10\n", "elsa", "nspawn",
             subid_box.NONE, "systemd-nspawn"),
            ("nobody", "containers:100000:10\n", "containers:100000:10\n", "containers",
             "podman", subid_box.NO_USER, "containers"),
            ("overlap", "elsa:100000:10\n5001:100009:1\n", ONE, "elsa", "lxc",
             subid_box.FINDINGS, "100009"),
            ("341 ranges", "".join(f"elsa:{100000 + 2 * i}:1\n" for i in range(341)), ONE,
             "elsa", "lxc", subid_box.FINDINGS, "340"),
            ("six ranges", ONE, SIX, "elsa", "nova", subid_box.FINDINGS,
             "nova takes 5 ranges of gids, and elsa has 6")):
        box.put(uids, gids)
        result = box.run("map", user, "--for", runtime)
        box.report.check(f"{runtime}, {name}: refused, and why", result.status == status and
                         word in words(result) and not result.out, f"{result}")
    for name, uids, gids, note in (
            ("all that there is", ONE, ONE, False), ("three ranges", SEVERAL, SEVERAL, True),
            ("a part of one range", ONE, "elsa:3500000:1000000\n", True)):
        for runtime, program in (("nspawn", "systemd-nspawn"), ("unshare", "unshare"),
                                 ("bwrap", "unshare"), ("lxc", None)):
            # others take one range of each kind
            said = note and program and (runtime == "nspawn" or uids == SEVERAL)
            box.put(uids, gids)
            result = box.run("map", "elsa", "--for", runtime)
            box.check(f"{runtime} takes one range, {name}: is that said", words(result),
                      f"subid: note: {program} takes one range; this is the largest one\n"
                      if said else "")
    five = SIX.replace("elsa:100010:1\n", "")
    box.put(five, ONE)
    box.check("nova takes five ranges",
              nova_options(box.run("map", "elsa", "--for", "nova").out.decode()),
              {"uid": [(i, 100000 + 2 * i, 1) for i in range(5)], "gid": [(0, 3000000, 1000000)]})
    box.put(SIX, ONE)
    box.check("libvirt takes more", box.run("map", "elsa", "--for", "libvirt").out.decode(),
              "<idmap>\n" + "".join(f"  <uid start='{i}' target='{100000 + 2 * i}' count='1'/>\n"
                                    for i in range(6)) +
              "  <gid start='0' target='3000000' count='1000000'/>\n</idmap>\n")
    box.put("containers:2147483647:2147483648\n", "containers:2147483647:2147483648\n")
    result = box.run("map", "containers", "--for", "lxc")
    box.check("an owner without account has a mapping of LXC", result.out.decode().split("\n")[0],
              "lxc.idmap = u 0 2147483647 2147483648")


# --- ps and files -----------------------------------------------------------------------

@contextlib.contextmanager
def container(stage, user, start, inside, command):
    """A process of a container as LXC maps it; yields its process id."""
    line = (f"exec lxc-usernsexec -m u:0:{start}:65536 -m g:0:{start}:65536 -- "
            f"setpriv --reuid {inside} --regid {inside} --clear-groups {command}")
    env = {"PATH": f"{stage.directory}:{CLEAN_PATH}", "LC_ALL": "C.UTF-8"}
    child = subprocess.Popen(["/bin/sh", "-c", line], env=env, preexec_fn=user.become,
                             stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        yield find(command, start + inside)
    finally:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def find(command, uid):
    """The process with this command line and uid, once it is there."""
    for _ in range(500):
        for pid in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError):
                with open(f"/proc/{pid}/cmdline", "rb") as file:
                    line = file.read().replace(b"\0", b" ").strip().decode()
                if line == command and os.stat(f"/proc/{pid}").st_uid == uid:
                    return int(pid)
        time.sleep(0.01)
    raise RuntimeError(f"{command} did not start")


def slides_ps(stage):
    """Two users with two containers each; elsa's first has a user 1000 in it."""
    reason = missing("lxc-usernsexec", "setpriv")
    if reason:
        stage.report.skip("ps", reason)
        return
    stage.box.put(ONE, ONE)
    with contextlib.ExitStack() as stack:
        expected = {}
        for user, start, inside in ((ELSA, 3000000, 1000), (ELSA, 3100000, 0),
                                    (ANNA, 2000000, 0), (ANNA, 2100000, 0)):
            command = f"sleep {start}"
            pid = stack.enter_context(container(stage, user, start, inside, command))
            expected[pid] = (user.name, start + inside, inside, start + inside, inside, command,
                             os.stat(f"/proc/{pid}/ns/user").st_ino)
        rows = {row["pid"]: row for row in stage.box.rows("ps")}
        stage.box.check("root sees each process, outside and inside", {
            pid: tuple(rows.get(pid, {}).get(key) for key in
                       ("owner", "uid", "inside", "gid", "ginside", "command", "userns"))
            for pid in expected}, expected)
        # an ordinary user may not know the names of others' namespaces
        rows = {row["pid"]: row for row in stage.box.rows("ps", caller=subid_box.host_module.BOB)}
        stage.box.check("so does an ordinary user", {
            pid: tuple(rows.get(pid, {}).get(key) for key in ("owner", "uid", "inside"))
            for pid in expected}, {pid: row[:3] for pid, row in expected.items()})
        everything = stage.box.rows("ps", "--all")
        stage.report.check("--all shows processes of the host, too",
                           os.getpid() in [row["pid"] for row in everything] and
                           len(everything) > len(rows), f"{len(everything)} rows")
        nested(stage, expected)


def nested(stage, expected):
    """Inside elsa's first container, its processes are those of the host."""
    pid = next(pid for pid, row in expected.items() if row[2] == 1000)

    def enter_container():
        setns(f"/proc/{pid}/ns/user")
    result = stage.host.run(stage.box.path, ["ps", "--all", "--json", "-o",
                                             "pid,uid,inside"],
                            as_root=enter_container)
    rows = {row["pid"]: row for row in json.loads(result.out)["processes"]}
    stage.box.check("inside, the user is 1000 and in no other namespace",
                    (rows[pid]["uid"], rows[pid]["inside"]), (1000, None))


def by_row(rows, *keys):
    return {row["file"]: tuple(row[key] for key in keys) for row in rows}


def slides_files(stage):
    """The output of `showinfo files` of the slides, with names for the numbers."""
    stage.box.put(ONE, ONE)
    top = f"{stage.host.tmpdir}/files"
    os.mkdir(top)
    owners = {"sleeper-elsa": 5001, "sleeper-root": 0, "sleeper-anna-c1": 2000000,
              "sleeper-ubuntu-elsa-c1": 3001000, "sleeper-root-elsa-c2": 3100000,
              "stranger": 4000000}
    for name, uid in owners.items():
        stage.host.write(f"{top}/{name}", "", 0o664, (uid, uid))
    os.symlink("/nowhere", f"{top}/link")
    os.chown(f"{top}/link", 0, 2000001, follow_symlinks=False)
    keys = "owner", "uid", "inside", "gowner", "gid", "ginside", "mode"
    stage.box.check("files of containers", by_row(
        stage.box.rows("files", "--from-zero", top), *keys), {
            f"{top}/sleeper-anna-c1": ("anna", 2000000, 0, "anna", 2000000, 0, "0664"),
            f"{top}/sleeper-ubuntu-elsa-c1": ("elsa", 3001000, 1000, "elsa", 3001000, 1000,
                                              "0664"),
            f"{top}/sleeper-root-elsa-c2": ("elsa", 3100000, 100000, "elsa", 3100000, 100000,
                                            "0664"),
            f"{top}/link": ("root", 0, None, "anna", 2000001, 1, "0777")})
    rows = by_row(stage.box.rows("files", "--all", top), "owner", "inside")
    stage.box.check("all files, and podman's map", {
        name: rows.get(f"{top}/{name}") for name in owners}, {
            "sleeper-elsa": ("elsa", None), "sleeper-root": ("root", None),
            "sleeper-anna-c1": ("anna", 1), "sleeper-ubuntu-elsa-c1": ("elsa", 1001),
            "sleeper-root-elsa-c2": ("elsa", 100001), "stranger": (None, None)})
    image = f"{stage.host.tmpdir}/files-image"
    os.makedirs(f"{image}/etc")
    stage.host.write(f"{image}/etc/subuid", "elsa:4000000:1\n")
    stage.host.write(f"{image}/etc/subgid", "")
    stage.box.check("files by the databases of an image", by_row(
        stage.box.rows("files", "--root", image, top), "owner", "gowner"),
        {f"{top}/stranger": ("elsa", None)})


def files_that_cannot_be_read(stage):
    """Unreadable directories are named, and the rest is shown; names have any bytes."""
    stage.box.put(ONE, ONE)
    top = f"{stage.host.tmpdir}/closed"
    os.makedirs(f"{top}/private/deep")
    os.makedirs(f"{top}/open")
    os.makedirs(f"{top}/mounted")
    os.chmod(f"{top}/private", 0o700)
    for name in (b"open/\xff\n\"", b"private/a", b"mounted/b"):
        if name.startswith(b"mounted"):
            mount("tmpfs", f"{top}/mounted", "tmpfs")
        path = os.fsencode(top) + b"/" + name
        with open(path, "wb"):
            pass
        os.chown(path, 3000000, 0)
    result = stage.box.run("files", "--json", top, "/nonexistent", caller=ELSA)
    found = [row["file"] for row in json.loads(result.out)["files"]]
    stage.report.check("a closed directory is named, and the rest is shown",
                       result.status == UNREADABLE and f"{top}/private: " in words(result) and
                       "/nonexistent: " in words(result) and
                       found == [f'{top}/open/\u00ff\n"', f"{top}/mounted/b"] or
                       sorted(found) == sorted([f'{top}/open/\u00ff\n"', f"{top}/mounted/b"]),
                       f"{result}")
    rows = stage.box.rows("files", "-x", top)
    stage.box.check("--one-file-system", sorted(os.path.basename(row["file"]) for row in rows),
                    sorted(["a", '\u00ff\n"']))
    raw = stage.box.run("files", "-rn", "-o", "file", f"{top}/open").out
    stage.report.check("a raw line is a line", raw.count(b"\n") == 1 and b"\\x0a" in raw,
                       f"{raw}")
    table = stage.box.run("files", "-n", f"{top}/open").out
    stage.report.check("a row of a table is a line", table.count(b"\n") == 1, f"{table}")


def main():
    box = subid_box.enter()
    # runtimes mount as well, and must not do so for the other tests of this file
    unshare(CLONE_NEWNS)
    stage = Stage(box)
    for part in (runtimes, refusals, slides_ps, slides_files, files_that_cannot_be_read):
        box.report.part(part, stage)
    box.report.finish()


main()
