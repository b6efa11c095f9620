#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""`subid map`: ids of the host that are passed through, ids that never become root of a
container, extents in a nested user namespace, which the kernel takes as printed, and answers about each
line of an existing mapping."""

import os
import re
import subprocess

import subid_box
from host import CLEAN_PATH, built, wait_until
from subid_box import DONE, FINDINGS, KINDS, NO_USER, NONE, UNREADABLE, USAGE, words

RANGE = "elsa:3000000:100000\n"
ALONE_TOO = "elsa:5600:1\n" + RANGE
FROM_ZERO = ("lxc", "libvirt", "nova", "nspawn", "incus")
ALL = FROM_ZERO + ("newuidmap", "unshare", "podman", "runc", "bwrap")
# whether the program can read config.json
JANSSON = "jansson" in subprocess.run(["ldd", built("subid") or "/bin/true"], check=False,
                                      capture_output=True, text=True).stdout


def lxc(text):
    """{kind: extents} of lines for LXC."""
    found = {kind: [] for kind in KINDS}
    for letter, *numbers in re.findall(r"^lxc\.idmap = ([ug]) (\d+) (\d+) (\d+)$", text, re.M):
        found["uid" if letter == "u" else "gid"].append(tuple(map(int, numbers)))
    return found


def mapped(box, *args, **options):
    result = box.run("map", *args, **options)
    return lxc(result.out.decode())


# --- ids to be passed through -----------------------------------------------------------

def never_root(box):
    """No runtime gets an id that is delegated alone, or that accounts have."""
    for name, low, ids in (("one id", "5600:1", (5600,)), ("elsa's own id", "5001:1", (5001,)),
                           ("ids of two accounts", "5002:2", (5002, 5003))):
        for owner in ("elsa", "root"):
            text = f"{owner}:{low}\n{owner}:3000000:100000\n"
            box.put(text, text)
            for runtime in ALL:
                if (owner == "root") != (runtime == "incus") or \
                        (runtime == "podman" and ids == (5001,)):
                    continue            # podman itself maps elsa's own id twice, and fails
                result = box.run("map", owner, "--for", runtime)
                numbers = re.findall(r"\d+", result.out.decode())
                box.report.check(f"{runtime}, {name} of {owner}: only the range is mapped",
                                 result.status == DONE and
                                 not {str(each) for each in ids} & set(numbers) - {"5001"} and
                                 (runtime == "podman" or "3000000" in numbers), f"{result}")
    box.put("elsa:5600:1\n" + RANGE, RANGE)
    result = box.run("map", "elsa", "--for", "lxc")
    box.check("a note reports ids that are left out", words(result),
              "subid: note: the uid 5600 is delegated alone, so it is not mapped; to pass it "
              "through: --through 5600\n")
    box.put("elsa:5002:2\n" + RANGE, RANGE)
    result = box.run("map", "elsa", "--for", "lxc")
    box.check("a note reports ids of accounts", words(result),
              "subid: note: the uids 5002-5003 are accounts of the host, so they are not mapped; "
              "to pass one through: --through 5002\n")
    box.put("elsa:5600:1\nelsa:5700:1\n", RANGE)
    box.check("single ids of no account, and nothing else, are a mapping",
              mapped(box, "elsa", "--for", "lxc")["uid"], [(0, 5600, 1), (1, 5700, 1)])
    box.put("elsa:100000:20\nelsa:5002:20\n", RANGE)
    box.check("a range of more ids than accounts is mapped",
              mapped(box, "elsa", "--for", "lxc")["uid"], [(0, 5002, 20), (20, 100000, 20)])
    box.put(ALONE_TOO, ALONE_TOO)
    box.check("dockerd would map them: refused", box.run("map", "elsa", "--for", "docker").status,
              FINDINGS)
    box.check("the table is what podman maps by itself", [
        (row["inside"], row["outside"]) for row in box.rows("map", "elsa")][:3],
        [(0, 5001), (1, 5600), (2, 3000000)])


def no_range(box):
    """Only ids of accounts: no id can be root of the container, and the cure gives a range."""
    text = "elsa:5002:2\n"
    for runtime in ("lxc", "unshare", "nspawn"):
        box.put(text, text)
        result = box.run("map", "elsa", "--for", runtime)
        said = words(result)
        box.report.check(f"{runtime} of accounts alone: refused",
                         result.status == NONE and not result.out, f"{result}")
        cure = said.rpartition("subid: to fix it (as root): ")[2].strip()
        box.check(f"{runtime}: the cure", cure, "subid grant --another elsa")
        box.report.check(f"{runtime}: the cure works",
                         box.run(*cure.split()[1:]).status == DONE and
                         box.run("map", "elsa", "--for", runtime).status == DONE, said)


def through(box):
    """A hole, for one kind or both, for several ids, and the user's own."""
    for name, uids, gids, options, uid, gid in (
            ("one id", ALONE_TOO, ALONE_TOO, ["5600"],
             [(0, 3000000, 5600), (5600, 5600, 1), (5601, 3005601, 94399)], None),
            ("an inner id", ALONE_TOO, ALONE_TOO, ["5600:7"],
             [(0, 3000000, 7), (7, 5600, 1), (8, 3000008, 99992)], None),
            ("behind the range", ALONE_TOO, ALONE_TOO, ["5600:200000"],
             [(0, 3000000, 100000), (200000, 5600, 1)], None),
            ("the largest inner id", ALONE_TOO, ALONE_TOO, ["5600:4294967294"],
             [(0, 3000000, 100000), (4294967294, 5600, 1)], None),
            ("a uid", ALONE_TOO, RANGE, ["u:5600:7"],
             [(0, 3000000, 7), (7, 5600, 1), (8, 3000008, 99992)], [(0, 3000000, 100000)]),
            ("a gid", RANGE, ALONE_TOO, ["g:5600:7"], [(0, 3000000, 100000)],
             [(0, 3000000, 7), (7, 5600, 1), (8, 3000008, 99992)]),
            ("two ids that trade places", "elsa:44:2\n" + RANGE, "elsa:44:2\n" + RANGE,
             ["44:45", "45:44"],
             [(0, 3000000, 44), (44, 45, 1), (45, 44, 1), (46, 3000046, 99954)], None),
            ("an id of the range", RANGE, RANGE, ["3000010:5"],
             [(0, 3000000, 5), (5, 3000010, 1), (6, 3000006, 4), (11, 3000011, 99989)], None),
            ("the own id", RANGE, RANGE, ["5001"],
             [(0, 3000000, 5001), (5001, 5001, 1), (5002, 3005002, 94998)], None),
            ("the own id is root", RANGE, RANGE, ["u:5001:0"],
             [(0, 5001, 1), (1, 3000001, 99999)], [(0, 3000000, 100000)])):
        box.put(uids, gids)
        args = [word for option in options for word in ("--through", option)]
        box.check(f"through: {name}", mapped(box, "elsa", "--for", "lxc", *args),
                  {"uid": uid, "gid": gid or uid})
    box.put(ALONE_TOO, ALONE_TOO)
    box.check("the table has the hole, too", [
        (row["inside"], row["outside"], row["count"]) for row in
        box.rows("map", "elsa", "--through", "5600") if row["kind"] == "uid"],
        [(0, 5001, 1), (1, 3000000, 5599), (5600, 5600, 1), (5601, 3005600, 94400)])
    box.check("with the own id root is the first id of the range", [
        (row["inside"], row["outside"], row["count"]) for row in
        box.rows("map", "elsa", "--through", "u:5001") if row["kind"] == "uid"],
        [(0, 3000000, 5001), (5001, 5001, 1), (5002, 3005002, 94998)])


REFUSED = (
    # options, status, a word of the message
    (("--through", ""), USAGE, "''"), (("--through", "x"), USAGE, "'x'"),
    (("--through", "5600:"), USAGE, "'5600:'"), (("--through", "05600"), USAGE, "'05600'"),
    (("--through", "5600:1:1"), USAGE, "'5600:1:1'"), (("--through", "b:5600"), USAGE, "'b:5600'"),
    (("--through", "4294967295"), USAGE, "4294967295"), (("--through",), USAGE, "--through"),
    (("--through", "5600:4294967295"), USAGE, "4294967295"), (("--through", "u:"), USAGE, "'u:'"),
    (("--through", "5600", "--through", "5600:7"), USAGE, "contradict"),
    (("--through", "5600:7", "--through", "u:5601:7"), USAGE, "contradict"),
    (("--through", "5600:0"), USAGE, "root of the container would be the uid 5600"),
    (("--through", "g:0:0"), USAGE, "root of the container would be the gid 0"),
    (("--through", "5601"), NONE, "the uid 5601 is not delegated to elsa"),
    (("--through", "g:5601"), NONE, "the gid 5601 is not delegated to elsa"),
    (("--through", "0:5"), NONE, "the uid 0 is not delegated to elsa"),
    (("--for", "lxc", "--through", "3000000:5"), FINDINGS, "root of the container would have no id"))


def refused(box):
    box.put(ALONE_TOO, ALONE_TOO)
    for options, status, word in REFUSED:
        result = box.run("map", "elsa", *options)
        box.report.check(f"map {' '.join(options)}: status {status}, and why",
                         result.status == status and word in words(result) and
                         not result.out, f"{result}")
    result = box.run("map", "nosuchuser", "--through", "1")
    box.check("no such user", result.status, NO_USER)
    for name, uids, gids, options, cure in (
            ("both", RANGE, RANGE, ["5600"], "--allow-overlap --range 5600-5600"),
            ("gids", ALONE_TOO, RANGE, ["5600"],
             "--gid-only --allow-overlap --range 5600-5600"),
            ("uids", RANGE, RANGE, ["u:5002"],
             "--uid-only --allow-overlap --range 5002-5002")):
        box.put(uids, gids)
        args = ["map", "elsa", "--for", "lxc", "--through", *options]
        said = words(box.run(*args))
        found = said.rpartition("subid: to fix it (as root): ")[2].strip()
        box.check(f"what is not delegated, {name}: the cure", found, f"subid grant {cure} elsa")
        box.check(f"what is not delegated, {name}: the cure works",
                  (box.run(*found.split()[1:]).status, box.run(*args).status), (DONE, DONE))
    box.put(ALONE_TOO, ALONE_TOO)
    six = [word for i in range(3000010, 3000070, 20) for word in ("--through", str(i - 2999000))]
    text = RANGE + "".join(f"elsa:{i - 2999000}:1\n" for i in range(3000010, 3000070, 20))
    box.put(text, text)
    result = box.run("map", "elsa", "--for", "nova", *six)
    box.report.check("nova takes five ranges, holes included", result.status == FINDINGS and
                     "nova takes 5 ranges of uids, and elsa has 7" in words(result), f"{result}")


def incus(box):
    """Mappings that Incus would refuse, and both kinds of lines of raw.idmap."""
    for name, owner, uids, status, word in (
            ("another user", "elsa", RANGE, FINDINGS, "root"),
            ("two ranges", "root", "root:100000:65536\nroot:200000:65536\n", FINDINGS, "has 2"),
            ("a small range", "root", "root:100000:65535\n", FINDINGS, "has 0")):
        box.put(uids, uids)
        result = box.run("map", owner, "--for", "incus")
        box.report.check(f"incus, {name}: refused, and why", result.status == status and
                         word in words(result) and not result.out, f"{result}")
    box.put("root:100000:65536\nroot:5600:1\n", "root:100000:65536\nroot:44:1\n")
    box.check("incus, a uid and a gid", box.run(
        "map", "root", "--for", "incus", "--through", "u:5600:1000", "--through",
        "g:44").out.decode(),
        'config:\n  security.idmap.base: "100000"\n  security.idmap.size: "65536"\n'
        "  raw.idmap: |-\n    uid 5600 1000\n    gid 44 44\n")
    result = box.run("map", "root", "--for", "incus", "--through", "100005:7")
    box.report.check("incus, an id of the range", result.status == FINDINGS and
                     "cannot pass through uid 100005" in words(result), f"{result}")


# --- nested user namespaces -------------------------------------------------------------

OUTER = "0 5001 1\n1 7 1\n2 105 1\n3 3000000 65536\n"
INSIDE = """
mount -t tmpfs -o mode=755 tmpfs {top} && cp /etc/passwd /etc/group {top} || exit 9
printf '{lines}' | tee {top}/subuid > {top}/subgid
: > {top}/nsswitch.conf
mount --bind {top} /etc || exit 9
{subid} map root {options} > {top}/out; status=$?
unshare --user sleep 60 & pid=$!
while [ "$(readlink /proc/$pid/ns/user)" = "$(readlink /proc/self/ns/user)" ]; do :; done
sed -n 's/^lxc.idmap = u //p' {top}/out > {top}/map
cat {top}/out; cat {top}/map > /proc/$pid/uid_map; echo "written $?"
cat /proc/$pid/uid_map; kill $pid; exit $status"""


def inside(box, lines, options):
    """`subid map` of root in a namespace of four extents; a child takes its mapping."""
    top = f"{box.host.tmpdir}/nested"
    os.makedirs(top, exist_ok=True)
    script = INSIDE.format(top=top, subid=box.path, lines=lines, options=options)
    holder = subprocess.Popen(["unshare", "--user", "sleep", "60"], env={"PATH": CLEAN_PATH})
    try:
        wait_until(lambda: os.readlink(f"/proc/{holder.pid}/ns/user") !=
                   os.readlink("/proc/self/ns/user"))
        for kind in KINDS:
            with open(f"/proc/{holder.pid}/{kind}_map", "w", encoding="ascii") as file:
                file.write(OUTER)
        found = subprocess.run(["nsenter", "-t", str(holder.pid), "-U", "--setuid", "0", "--setgid",
                                "0", "unshare", "--mount", "sh", "-c", script], check=False,
                               stdin=subprocess.DEVNULL, capture_output=True, timeout=30,
                               env={"PATH": CLEAN_PATH}, text=True)
    finally:
        holder.kill()
        holder.wait()
    return found.returncode, found.stdout + found.stderr


def nested(box):
    """Extents are split at the borders of the parent's mapping, and the kernel takes them."""
    for lines, expected in (
            ("root:1:65538", [(0, 1, 1), (1, 2, 1), (2, 3, 65536)]),
            ("root:3:65536", [(0, 3, 65536)]),
            ("root:2:100", [(0, 2, 1), (1, 3, 99)]),
            ("root:100:50\\nroot:1:2", [(0, 1, 1), (1, 2, 1), (2, 100, 50)])):
        status, out = inside(box, lines, "--for lxc")
        box.check(f"in a namespace, {lines}: split at its borders",
                  (status, lxc(out)["uid"]), (DONE, expected))
        box.report.check(f"in a namespace, {lines}: the kernel takes it", "written 0" in out and
                         len(out.split("written 0\n")[1].splitlines()) == len(expected), out)
    for options in ("", "--for lxc", "--for podman"):
        status, out = inside(box, "root:1:65540", options)
        box.report.check(f"in a namespace, ids that do not exist: refused {options}",
                         status == FINDINGS and "65539-65540" in out, out)
    status, out = inside(box, "root:1:65540", "--explain 'u 0 1 65538' 'u 70000 65539 1' "
                                              "'u 80000 65538 1'")
    said = out.splitlines()
    box.report.check("in a namespace, a line across its borders: why, and how it is divided",
                     status == FINDINGS and "[outer-divided]" in said[0] and
                     said[1].endswith(" 0 1 1 1 2 1 2 3 65536"), out)
    box.report.check("in a namespace, a line of ids that do not exist",
                     "[outer-unmapped]" in said[2] and "65539-65539" in said[2], out)


# --- lines of an existing mapping -------------------------------------------------------

CONFIG = """\
lxc.include = /usr/share/lxc/config/common.conf
# lxc.idmap = u 0 1 1
lxc.idmap = u 0 3000000 5600
lxc.idmap: u 5600 5600 1
lxc.idmap = u 5601 3005601 94399
lxc.idmap = g 0 2000000 65536
lxc.idmap = g 70000 3000000 0
lxc.idmap = g 0 3000000 x
lxc.idmap = g 0 3000000 10
lxc.idmap = g 80000 3099990 20
[snapshot]
lxc.idmap = u 0 9 9
"""


def answers(box, *args, status=FINDINGS, text=None):
    """[(where, kind, inside, cause)]; text: of a file, which is named FILE here."""
    path = f"{box.host.tmpdir}/text"
    if text is not None:
        box.host.write(path, text)
        args += (path,)
    return [(row["where"].replace(path, "FILE"), row["kind"], row["inside"], row["cause"])
            for row in box.rows("map", "elsa", "--explain", *args, name="lines", status=status)]


def explain(box):
    """Each line of a mapping has an answer: that of the databases, or that of the kernel."""
    box.put("elsa:5600:1\nanna:2000000:1000000\n" + RANGE,
            "anna:2000000:1000000\n" + RANGE)
    path = f"{box.host.tmpdir}/c1.conf"
    box.host.write(path, CONFIG)
    expected = [(3, "uid", 0, None), (4, "uid", 5600, None), (5, "uid", 5601, None),
                (6, "gid", 0, "not-delegated"), (7, "gid", 70000, "extent-empty"),
                (8, None, None, "malformed"), (9, "gid", 0, "overlap-inside"),
                (10, "gid", 80000, "partly-delegated")]
    box.check("a file of LXC", answers(box, path),
              [(f"{path}:{number}", *rest) for number, *rest in expected])
    result = box.run("map", "elsa", "--explain", path)
    box.check("as text", [line for line in result.out.decode().splitlines()
                          if not line.startswith(" ")][:2],
              [f"{path}:3: uid 0 3000000 5600: good", f"{path}:4: uid 5600 5600 1: good"])
    box.report.check("as text: why, and the cause", result.status == FINDINGS and
                     b": gid 70000 3000000 0: refused: extent 2 has a count of 0 [extent-empty]\n"
                     b"    give it a count" in result.out, f"{result}")
    box.host.write(path, "config:\n  raw.idmap: |-\n    both 5001 5001\n    uid 5600 7\n"
                         "    gid 5600-5601 7-8\n")
    box.check("a file of Incus", answers(box, path), [
        (f"{path}:3", "uid", 5001, None), (f"{path}:3", "gid", 5001, None),
        (f"{path}:4", "uid", 7, None), (f"{path}:5", "gid", 7, "not-delegated")])
    part = box.run("map", "elsa", "--for", "runc").out
    if JANSSON:
        box.check("config.json", answers(box, text=part, status=DONE), [
            (f"FILE:{kind}Mappings[{i}]", kind, i, None) for kind in KINDS for i in (0, 1)])
        box.host.write(path, part.replace(b"gidMappings", b"uidMappings"))
        result = box.run("map", "elsa", "--explain", path)
        box.report.check("config.json with a list that stands twice", result.status == UNREADABLE
                         and "duplicate object key" in words(result), f"{result}")
    else:
        box.host.write(path, part)
        result = box.run("map", "elsa", "--explain", path)
        box.report.check("config.json: what is missing", result.status == UNREADABLE and
                         "built without libjansson" in words(result), f"{result}")
    result = subprocess.run([box.path, "map", "elsa", "--explain", "-"], check=False, text=True,
                            input="u 0 3000000 1", capture_output=True)
    box.check("standard input", (result.returncode, result.stdout),
              (DONE, "standard input:1: uid 0 3000000 1: good\n"))
    box.check("lines as arguments", answers(
        box, "u 0 3000000 10", "both 5001 10", "uid 5-6 7", "u 20 3000005 1"),
        [("argument 1", "uid", 0, None), ("argument 2", "uid", 10, None),
         ("argument 2", "gid", 10, None), ("argument 3", None, None, "malformed"),
         ("argument 4", "uid", 20, "overlap-outside")])
    many = "".join(f"u {i} {3000000 + i} 1\n" for i in range(341))
    found = answers(box, text=many)
    box.check("too much text, and too many extents", [row[3] for row in found],
              [None if len("".join(many.replace("u ", "").splitlines(True)[:i + 1])) < 4096 else
               "too-many-bytes" for i in range(340)] + ["too-many-extents"])
    for name, args, status, word in (
            ("no line", ("/etc/passwd",), NONE, "no line of a mapping"),
            ("no file", ("/nonexistent",), UNREADABLE, "/nonexistent"),
            ("a directory", ("/etc",), UNREADABLE, "/etc"),
            ("nothing", (), USAGE, "--explain"),
            ("with --for", ("--for", "lxc", "u 0 1 1"), USAGE, "--explain"),
            ("with --through", ("--through", "5600", "u 0 1 1"), USAGE, "--explain")):
        result = box.run("map", "elsa", "--explain", *args)
        box.report.check(f"explain, {name}: status {status}, and why", result.status == status
                         and word in words(result) and not result.out, f"{result}")
    rows = box.rows("map", "elsa", "--explain", "u 0 1 1", status=FINDINGS)
    box.check("the keys of lines are those of the man page", tuple(rows[0]),
              tuple(subid_box.documented()["lines"]))
    box.check("what subid prints is good, with every hole", answers(
        box, status=DONE, text=box.run("map", "elsa", "--for", "lxc", "--through",
                                       "u:5600:7").out),
        [("FILE:1", "uid", 0, None), ("FILE:2", "uid", 7, None), ("FILE:3", "uid", 8, None),
         ("FILE:4", "gid", 0, None)])


def main():
    box = subid_box.enter()
    for part in (never_root, no_range, through, refused, incus, nested, explain):
        box.report.part(part, box)
    box.report.finish()


main()
