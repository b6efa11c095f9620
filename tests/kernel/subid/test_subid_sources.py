#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The verbs of subid that read, with other sources than the files in nsswitch.conf: only the
first source that has a range for an owner answers, as for the map writers, with which each
answer is compared; a source that does not answer is named, within its time; and unknown facts
are not reported."""

import json
import os
import threading
import time

import subid_box
from host import ELSA, Plugins, quick, remove
from subid_box import DONE, NONE, NO_USER, UNREADABLE, words

LINES = "elsa:3000000:1000\nanna:2000000:1000\n"
FILES = [("elsa", 3000000, 3000999, "/etc/subuid:1")]
FULL = [("elsa", 100000, 231071, "full")]
COLUMNS = ("owner", "first", "last", "where")
# roles of plugin.c, by their effects
SILENT = ("nothing", "unknown", "error")
INVALID = ("status", "status-negative", "negative", "least", "huge", "many", "null", "zero",
         "beyond", "far", "wrap", "all")
DOWN = {"conn": "does not reach the service", "exit": "has crashed or ended",
        "crash": "has crashed or ended",
        **{name: "gives an answer that cannot be" for name in INVALID}}
SECONDS = 2


def start(box):
    plugins = Plugins(box.host)
    plugins.open()
    plugins.role("full", "elsa")
    plugins.role("other", "last")
    for role in (*SILENT, *DOWN, "hang"):
        plugins.role(role, role)
    return plugins


def rows(box, *args, **options):
    return [tuple(row[key] for key in COLUMNS) for row in box.rows(*args, **options)]


def said(box, name, result, status, *texts):
    box.report.check(name, result.status == status and all(
        text in words(result) for text in texts), f"{result}")


# --- list -------------------------------------------------------------------------------

def test_list(box, plugins):
    """(sources, lines of the files, listed ranges, messages)"""
    void = ("lines of elsa that grant nothing", "'full' answers: 1")
    unnamed = ("lines of elsa that grant nothing", "does not name the files: 1")
    for sources, lines, expected, texts in (
            ("files", LINES, FILES, ()),
            ("absent", LINES, FILES, ()),
            ("full", LINES, FULL, void),
            ("full files", LINES, FULL, void),
            ("full files", "", FULL, ()),
            ("files full", LINES, FILES, ()),
            ("files full", "", FULL, ()),
            ("files full", None, FULL, ()),
            ("nothing files", LINES, FILES, ()),
            ("nothing unknown error files", LINES, FILES, ()),
            ("nothing files full", "", FULL, ()),
            ("nothing full files", LINES, FULL, void),
            ("full conn", LINES, FULL, void),
            ("files conn", LINES, FILES, ()),
            ("nothing", LINES, [], unnamed),
            ("nothing files", "", [], ())):
        name = f"list elsa, subid: {sources}, {'no file' if lines is None else repr(lines)}"
        plugins.ask(sources)
        box.put(lines, lines)
        result = box.run("list", "-u", "elsa")
        box.check(name, rows(box, "list", "-u", "elsa", status=DONE if expected else NONE),
                  expected)
        said(box, f"{name}: said", result, DONE if expected else NONE, *texts)
        box.report.check(f"{name}: no more said", len(words(result).splitlines()) == (
            1 if texts else 0) + (not expected), words(result))
    box.put(LINES, LINES)


def test_denied(box, plugins):
    """A range that newuidmap would refuse as an extent is neither listed nor mapped, and a note
    reports it; `whois` does not ask about extents."""
    whole = "lists the uids 100000-165535 for elsa and says no to them as an extent"
    for role, expected, noted in (
            ("deny-large", [], True), ("deny-unset", [], True), ("deny-unknown", [], True),
            # two adjacent ranges are one, which the plugin is not asked about
            ("deny", [("elsa", 100000, 231071, "deny")], False),
            ("more", [("elsa", 100000, 165535, "more")], False)):
        plugins.role(role, role)
        plugins.ask(f"{role} files")
        status = DONE if expected else NONE
        box.check(f"list elsa: {role}", rows(box, "list", "-u", "elsa", status=status), expected)
        result = box.run("list", "-u", "elsa")
        box.report.check(f"list elsa: {role}: it is said", (whole in words(result)) == noted,
                         f"{result}")
        said(box, f"map elsa: {role}", box.run("map", "elsa"), status,
             *([whole, f"no subordinate uids from the source '{role}'"] if noted else []))
        box.check(f"whois: {role}", whois(box, 100005),
                  [("delegated", owner, 6, role) for owner in ("elsa", "anna")[:1 + (
                      role == "deny")]])
    for role, text in (("says-error", "does not say whether it grants a part"),
                       ("says-conn", "does not reach the service"),
                       ("says-crash", "has crashed or ended")):
        plugins.role(role, role)
        plugins.ask(f"{role} files")
        for args in (("list", "-u", "elsa"), ("map", "elsa")):
            said(box, f"{args}: {role}", box.run(*args), UNREADABLE, text)
    box.put(LINES, LINES)


def test_owners(box, plugins):
    plugins.ask("full files")
    box.check("an owner by uid", rows(box, "list", "-u", 5001), FULL)
    box.check("by two words", rows(box, "list", "-u", 5001, "elsa"), FULL)
    box.check("two owners", rows(box, "list", "-u", "elsa", "anna"),
              FULL + [("anna", *FULL[0][1:])])
    box.check("an owner that only the plugin knows", rows(box, "list", "-u", "nobodyhere"),
              [("nobodyhere", *FULL[0][1:])])
    box.check("gids", rows(box, "list", "-g", "elsa"), [("elsa", 10100000, 10231071, "full")])
    plugins.ask("full")
    result = box.host.run("/usr/bin/unshare", ["-U", box.path, "list", "-u", "elsa"], ELSA)
    box.report.check("asked by one whose ids have no name in this user namespace",
                     result.status == DONE and b"231071" in result.out, f"{result}")
    plugins.ask("nothing files")
    box.check("the files, two owners", rows(box, "list", "-u", "anna", "elsa"),
              [("anna", 2000000, 2000999, "/etc/subuid:2")] + FILES)
    result = box.run("list", "-u", "nobodyhere")
    said(box, "an unknown user", result, NO_USER, "'nobodyhere' does not exist")
    expected = {"kind": "uid", "owner": "elsa", "uid": 5001, "first": 100000, "last": 231071,
                "count": 131072, "where": "full", "file": None, "line": None, "former": None,
                "since": None}
    plugins.ask("full")
    box.check("every key", box.rows("list", "-u", "elsa"), [expected])
    image = f"{box.host.tmpdir}/image"
    os.makedirs(f"{image}/etc")
    for name, text in (("subuid", LINES), ("subgid", LINES), ("passwd", "elsa:x:5001:5001:::\n"),
                       ("nsswitch.conf", "subid: full\n")):
        box.host.write(f"{image}/etc/{name}", text)
    box.check("the files of this system, alone",
              [row[1] for row in rows(box, "list", "-u", "elsa", "--root", "/")], [3000000])
    box.check("an image has its files alone",
              [row[1] for row in rows(box, "list", "-u", "elsa", "--root", image)], [3000000])
    said(box, "whois in an image", box.run("whois", "-u", 100005, "--root", image), NONE)


def test_all(box, plugins):
    """A note names sources that cannot be listed; lines that grant nothing are not shown."""
    for args in (("list",), ("list", "--free"), ("list", "--map"), ("ps",),
                 ("files", "/home"), ("list", "--map", "anna")):
        plugins.ask("files")
        said(box, f"{args}: the files are all", box.run(*args), DONE)
        box.report.check(f"{args}: and nothing is said",
                         b"names the source" not in box.run(*args).err, "")
        plugins.ask("files full other")
        said(box, f"{args}: who is left out is said", box.run(*args), DONE,
             "names the source 'full'", "names the source 'other'")
        box.report.check(f"{args}: lines count", b"before the files" not in box.run(*args).err,
                         "it is said that they do not")
        plugins.ask("full files")
        said(box, f"{args}: that lines may not count is said", box.run(*args), DONE,
             "names 'full' before the files: their lines count only for users without")
    plugins.ask("full")
    result = box.run("list", "-u", "--json")
    box.check("list: no line grants anything", {
        key: value for key, value in json.loads(result.out).items() if key != "version"},
        {"ranges": [], "unanswered": [], "skipped": [{"file": "/etc/subuid", "lines": 2}]})
    said(box, "list: how many lines there are", result, DONE,
         "/etc/subuid: lines that grant nothing, since /etc/nsswitch.conf does not name the "
         "files: 2")
    said(box, "list --map: no owner is reported without ranges",
         box.run("list", "--map", "bob"), NONE, "no line of a database has the owner bob")
    remove("/etc/subuid")
    remove("/etc/subgid")
    for args in (("list",), ("whois", 100005), ("ps",), ("files", "/home")):
        result = box.run(*args)
        box.report.check(f"{args}: there need not be files", result.status == DONE and
                         b"No such file" not in result.err, f"{result}")
    box.put(LINES, LINES)


# --- whois ------------------------------------------------------------------------------

def whois(box, identity, **options):
    return [(row["state"], row["owner"], row["inside"], row["where"])
            for row in box.rows("whois", "-u", identity, **options)]


def test_whois(box, plugins):
    """plugin.c calls elsa and anna the owners of what it has."""
    both = [("delegated", "elsa", 6, "full"), ("delegated", "anna", 6, "full")]
    elsa = [("delegated", "elsa", 6, "/etc/subuid:1")]
    free = [("free", None, None, None)]
    for sources, identity, expected in (
            ("files", 3000005, elsa),
            ("files", 100005, free),
            ("full", 100005, both),
            ("full", 3000005, free),
            ("full files", 100005, both),
            ("full files", 3000005, free),
            # the files answer for both, whatever the plugin lists
            ("files full", 100005, free),
            ("files full", 3000005, elsa),
            ("nothing files", 3000005, elsa),
            ("nothing files", 100005, free),
            ("full other", 100005, both),
            ("full other", 4294967294, free)):
        plugins.ask(sources)
        box.check(f"whois {identity}, subid: {sources}",
                  whois(box, identity, status=NONE if expected == free else DONE), expected)
    plugins.ask("full files")
    said(box, "whois: a line that grants nothing", box.run("whois", "-u", 3000005), NONE,
         "/etc/subuid:1 grants elsa nothing, since the source 'full' answers")
    plugins.ask("nothing")
    said(box, "whois: the files are not asked", box.run("whois", "-u", 3000005), NONE,
         "/etc/subuid:1 grants elsa nothing, since /etc/nsswitch.conf does not name the files")
    plugins.ask("full")
    box.check("whois: every key", box.rows("whois", "-g", "-z", 10100005)[0],
              {"id": 10100005, "kind": "gid", "state": "delegated", "owner": "elsa",
               "uid": 5001, "inside": 5, "first": 10100000, "last": 10231071, "where": "full",
               "file": None, "line": None,
               "account": None, "note": None, "former": None, "since": None})
    # as that of SSSD, which finds the ranges of an owner and not the reverse
    plugins.ask("error files")
    for identity, status, expected in ((3000005, DONE, elsa), (3001000, UNREADABLE, [
            ("unknown", None, None, None)]), (5001, DONE, [("account", None, None, None)])):
        box.check(f"whois {identity}: a source that cannot find owners",
                  whois(box, identity, status=status), expected)
        said(box, f"whois {identity}: it is said", box.run("whois", "-u", identity), status,
             "note: the source 'error' cannot find the owner of an id")
    box.put("anna:2000000:1000\n", LINES)
    plugins.ask("files full")
    box.check("whois: the files answer for one of two", whois(box, 100005), both[:1])
    box.put(LINES, LINES)


# --- map --------------------------------------------------------------------------------

def test_map(box, plugins):
    plugins.ask("full files")
    outside = [(row["kind"], row["inside"], row["outside"], row["count"])
               for row in box.rows("map", "elsa")]
    box.check("map of the source that answers", outside,
              [("uid", 0, 5001, 1), ("uid", 1, 100000, 131072),
               ("gid", 0, 5001, 1), ("gid", 1, 10100000, 131072)])
    said(box, "map: lines that grant nothing", box.run("map", "elsa", "--for", "lxc"), DONE,
         "lines of elsa that grant nothing, since the source 'full' answers: 1")
    # the same as newuidmap grants
    for name, sources in (("a plugin", "full files"), ("files", "files full")):
        plugins.ask(sources)
        result = box.run("map", "elsa", "--for", "newuidmap")
        for program, line in zip(("newuidmap", "newgidmap"),
                                 result.out.decode().splitlines()):
            target = box.host.target("ns", ELSA)
            arguments = [str(target.pid), *line.split()[2:]]
            mapped = box.host.run(box.host.subjects["ours", "setuid"].path(program),
                                  arguments, ELSA)
            box.report.check(f"map --for newuidmap by {name} is what {program} grants",
                             mapped.status == 0 and len(target.map(program[3])) == 2,
                             f"{line}: {mapped}")
    plugins.ask("full files")
    said(box, "dockerd does not ask it", box.run("map", "elsa", "--for", "docker"), NONE,
         "dockerd reads the databases alone", "the source 'full'")
    plugins.ask("files full")
    said(box, "dockerd reads the files", box.run("map", "elsa", "--for", "docker"), DONE)
    plugins.ask("nothing")
    said(box, "map: no source has a range", box.run("map", "elsa"), NONE,
         "from the source 'nothing' that /etc/nsswitch.conf names")


# --- sources that do not answer ---------------------------------------------------------

VERBS = (("list", "elsa"), ("whois", 3000005), ("map", "elsa"))


def test_down(box, plugins):
    """None of them lets the next source answer, and none counts as "no range"."""
    for role in list(DOWN)[::4] if quick() else DOWN:
        plugins.ask(f"{role} files")
        for args in VERBS:
            result = box.run(*args)
            said(box, f"{args}: {role}", result, UNREADABLE, f"'{role}'", DOWN[role])
            box.report.check(f"{args}: {role}: reported once, and nothing shown",
                             words(result).count(DOWN[role]) == 1
                             and b" 3000000" not in result.out and b"free" not in result.out,
                             f"{result}")
    plugins.ask("conn files")
    result = box.run("whois", "--json", "-u", 0, 3000005, 0xfffffffe)
    box.check("whois: what is known all the same",
              [(row["id"], row["state"]) for row in json.loads(result.out)["ids"]],
              [(0, "account"), (3000005, "unknown"), (0xfffffffe, "unknown")])
    box.check("whois: the document says what did not answer",
              json.loads(result.out)["unanswered"], ["subid"])
    plugins.ask("files conn")
    result = box.run("whois", "--json", "-u", 3000005)
    box.report.check("whois: the files have it, and others may", result.status == UNREADABLE and
                     json.loads(result.out)["ids"][0]["owner"] == "elsa", f"{result}")


def test_not_roots(box, plugins):
    """A plugin that only root can fix is skipped if a later source answers, or else named."""
    flags = 'ROLE="elsa"'
    plugins.install("theirs", flags, owner=(5001, 5001))
    plugins.install("open", flags, mode=0o666)
    plugins.text("text", "no library\n")
    by_root = "to fix it (as root): "
    for name, text, cure in (("theirs", "does not belong to root", by_root),
                             ("open", "not only root can", by_root),
                             ("text", "is no shared library", "to fix it: ")):
        plugins.ask(f"{name} files")
        box.check(f"{name}: passed over", rows(box, "list", "-u", "elsa"), FILES)
        said(box, f"{name}: another user", box.run("list", "-u", "bob"), UNREADABLE, text,
             cure)
        said(box, f"{name}: whois", box.run("whois", "-u", 3000005), UNREADABLE, text)


def test_hang(box, plugins):
    plugins.ask("hang files")
    for args in VERBS[:1] if quick() else (*VERBS, ("list", "elsa", "anna", "bob"),
                                           ("whois", 1, 2, 3, 3000005)):
        begin = time.monotonic()
        result = box.run(*args)
        took = time.monotonic() - begin
        said(box, f"{args}: a source that hangs", result, UNREADABLE,
             "the source 'hang' does not answer in time")
        box.report.check(f"{args}: has its time, once", SECONDS * 0.9 < took < SECONDS * 4,
                         f"{took:.1f} s")


def status_of(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)


def find_asked():
    """The process that has loaded the plugin, or None."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/maps", encoding="ascii") as file:
                if "libsubid_hang" in file.read():
                    return pid
        except OSError:
            pass
    return None


def test_power(box, plugins):
    """If root asks, a plugin has no capability of root, and only its socket."""
    plugins.ask("hang files")
    asking = threading.Thread(target=box.run, args=("list", "elsa"))
    asking.start()
    end, pid = time.monotonic() + 10, None
    while not pid and time.monotonic() < end:
        pid = find_asked()
        time.sleep(0.01)
    try:
        found = status_of(pid)
        open_files = {int(fd): os.readlink(f"/proc/{pid}/fd/{fd}")
                      for fd in os.listdir(f"/proc/{pid}/fd")}
    finally:
        asking.join()
    box.report.check("no capability where the plugin runs",
                     all(int(found[name], 16) == 0 for name in (
                         "CapPrm", "CapEff", "CapInh", "CapAmb", "CapBnd"))
                     and found["NoNewPrivs"] == "1", f"{found}")
    box.report.check("nothing is open but the socket", sorted(open_files) == [0, 1, 2, 3]
                     and {open_files[fd] for fd in (0, 1, 2)} == {"/memfd:nothing (deleted)"}
                     and open_files[3].startswith("socket:"),
                     f"{open_files}")
    box.report.check("and it is gone afterwards", not find_asked(), "it is not")


def main():
    box = subid_box.enter()
    plugins = box.report.part(start, box)
    box.put(LINES, LINES)
    for test in (test_list, test_denied, test_owners, test_all, test_whois, test_map, test_down,
                 test_not_roots, test_hang, test_power) if plugins else ():
        box.report.part(test, box, plugins)
    box.report.finish()


main()
