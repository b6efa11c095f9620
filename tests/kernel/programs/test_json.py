#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Each document that a program prints with --json is one of docs/schema/subid.schema.json, and
has the version, what is missing in it, and the ranges before and after a change. Other tests
compare their documents with the schema, too: see documents.py."""

import copy
import json
import os
import shutil

import documents
import subid_box
from host import ELSA, ROOT, built
from subid_box import DONE, FINDINGS, NONE, UNREADABLE, USAGE, words

LINES = "elsa:3000000:65536\nanna:3000000:10\nbob:0100:4\n"
REPAIRABLE = "elsa:3000000:10\nelsa:3000000:10\nbob:4000000:10\n"
UIDS = [{"first": 3000000, "last": 3065535, "count": 65536}]


def program(box, name):
    """A copy of a program, in place of the wrapper that libtool makes."""
    path = f"{box.host.tmpdir}/bin/{name}"
    shutil.copyfile(built(name), path)
    os.chmod(path, 0o755)
    return path


class Json:
    def __init__(self, box):
        self.box = box
        self.programs = {"subid": box.path, "usermod-ext": program(box, "usermod-ext"),
                         "getsubids": program(box, "getsubids")}
        self.found = {}

    def __call__(self, command, status=DONE, data=LINES, caller=ROOT):
        """The document of a command; its options come after its name."""
        name, *args = command.split()
        if data is not None:
            self.box.put(data, data)
        result = self.box.host.run(self.programs[name], [*args[:1], "--json", *args[1:]]
                                   if name == "subid" else ["--json", *args], caller)
        self.box.report.check(f"{command}: the exit status", result.status == status,
                              f"{result}")
        document = json.loads(result.out)
        self.found[documents.kind_of(document)] = document
        self.box.check(f"{command}: the version comes first",
                       (next(iter(document)), document["version"]), ("version", 1))
        return document, words(result)


def rows(run):
    run("subid list")
    run("subid list --free")
    run("subid whois 3000000")
    run("subid map elsa")
    run("subid ps --all")
    run("subid files --all /etc/subuid")
    os.chown(run.box.path, 7_000_000, 7_000_000)
    run(f"subid files --orphans --summary {run.box.path}", FINDINGS)
    os.chown(run.box.path, 0, 0)
    run("subid doctor elsa", caller=ELSA)
    document, _ = run("subid check", FINDINGS)
    for row in document["findings"]:
        if row["cure"] != (row["cure_command"] or row["cure_text"]) or (
                row["cure_command"] and row["cure_text"]):
            run.box.report.check(f"{row['code']}: one cure", False, f"{row}")
    run.box.check("a conflict names both lines by one name and by the other",
                  {(row["line"], row["otherline"], row["other_line"])
                   for row in document["findings"] if row["code"] == "overlap"}, {(2, 1, 1)})


def explained(run):
    run.box.put(LINES, LINES)
    result = run.box.run("map", "elsa", "--json", "--explain", "u 0 3000000 5", "u 5 1 1")
    document = json.loads(result.out)
    run.found["lines"] = document
    run.box.check("map --explain: the states", [row["state"] for row in document["lines"]],
                  ["good", "refused"])
    run.box.check("map --explain: no file", {row["file"] for row in document["lines"]}, {None})


def rules(run):
    os.makedirs("/etc/subid.d", mode=0o755)
    run.box.host.write("/etc/subid.d/10-site.conf", "reserve 5000000-5000009 the lab\n")
    document, _ = run("subid policy")
    run.box.check("policy: the place of a rule", [(row["file"], row["line"])
                  for row in document["rules"]], [("/etc/subid.d/10-site.conf", 1)])
    shutil.rmtree("/etc/subid.d")


def gaps(run):
    document, said = run("subid list")
    run.box.check("lines that grant nothing are in the document", document["skipped"],
                  [{"file": f"/etc/{name}", "lines": 1} for name in ("subuid", "subgid")])
    run.box.report.check("... and on standard error", said.count("grant nothing: 1") == 2, said)
    document, _ = run("subid list elsa", data="elsa:3000000:5\n")
    run.box.check("nothing is missing", (document["skipped"], document["unanswered"]), ([], []))
    run.box.check("the place by one name and by two", [
        (row["where"], row["file"], row["line"]) for row in document["ranges"]],
        [(f"/etc/{name}:1", f"/etc/{name}", 1) for name in ("subuid", "subgid")])


def user(document, name):
    return next(row for row in document["users"] if row["user"] == name)


def changes(run):
    box = run.box
    document, _ = run("subid grant elsa", data="")
    given = user(document, "elsa")
    box.check("grant: before and after", (document["changed"], given["changed"],
                                          given["reason"], given["before"], given["after"]),
              (True, True, "granted", {"uid": [], "gid": []},
               {kind: [{"first": 100000, "last": 165535, "count": 65536}]
                for kind in ("uid", "gid")}))
    document, said = run("subid grant elsa", data=None)
    box.check("grant again", (document["changed"], user(document, "elsa")["changed"],
                              user(document, "elsa")["reason"]), (False, False, "held"))
    box.report.check("grant again: a note", "elsa already has" in said, said)
    document, _ = run("subid grant elsa -u --at-least 65537 --dry-run", data=None)
    box.check("a dry run says what would change", (document["dry_run"], document["changed"],
              user(document, "elsa")["after"]),
              (True, True, {"uid": [{"first": 100000, "last": 165536, "count": 65537}]}))
    box.check("... and changes nothing", box.host.run("/bin/cat", ["/etc/subuid"], ROOT).out,
              b"elsa:100000:65536\n")
    document, _ = run("subid revoke elsa --range 3000005-3000006", data="5001:3000000:10\n")
    box.check("revoke: a line by uid is the user's", user(document, "elsa")["after"]["uid"],
              [{"first": 3000000, "last": 3000004, "count": 5},
               {"first": 3000007, "last": 3000009, "count": 3}])
    document, _ = run("subid revoke --if-held elsa", data="")
    box.check("revoke: nothing", user(document, "elsa")["reason"], "not-held")
    for data, left in (("", []), ("nosuch:5:1\n", [{"first": 5, "last": 5, "count": 1}])):
        document, _ = run("subid revoke --if-held nosuch", data=data)
        box.check(f"revoke: a user who does not exist, {data!r}", user(document, "nosuch")["after"],
                  {"uid": left, "gid": left})
    document, _ = run("subid revoke --if-held nosuch bob", data="bob:5:1\n")
    box.check("revoke: no such user", [(row["user"], row["reason"]) for row in document["users"]],
              [("nosuch", "not-held"), ("bob", "revoked")])
    document, _ = run("subid rename ghost elsa", data="ghost:5000000:1\n")
    one = [{"first": 5000000, "last": 5000000, "count": 1}]
    box.check("rename", [(row["user"], row["before"]["uid"], row["after"]["uid"])
                         for row in document["users"]], [("ghost", one, []), ("elsa", [], one)])
    document, _ = run("subid fix --begins elsa:5000000:1", data="elsa:5000000:1:x\n")
    box.check("fix", (user(document, "elsa")["before"]["uid"],
                      user(document, "elsa")["after"]["uid"]), ([], one))
    document, _ = run("subid check --fix", data=REPAIRABLE)
    run.found["findings, repaired"] = document
    box.check("check --fix: two lines become one", (document["changed"], [
        (row["user"], len(row["before"]["uid"]), len(row["after"]["uid"]))
        for row in document["users"]]), (True, [("elsa", 2, 1)]))
    document, _ = run("subid check --fix", data="elsa:3000000:10\n")
    box.check("check --fix: nothing", (document["changed"], document["users"]), (False, []))
    document, _ = run("usermod-ext -v 5000000-5000000 elsa", data="")
    box.check("usermod-ext", (user(document, "elsa")["reason"], user(document, "elsa")["after"]),
              ("changed", {"uid": one}))
    document, _ = run("getsubids -g elsa")
    box.check("getsubids", (document["user"], document["kind"], document["ranges"]),
              ("elsa", "gid", UIDS))


def failures(run):
    """No document comes with a failure: scripts see the exit status and the message."""
    box = run.box
    for status, args in ((FINDINGS, ("grant", "elsa", "--count", "99999")),
                         (NONE, ("revoke", "elsa", "--range", "5-6")),
                         (USAGE, ("grant", "--json"))):
        box.put(LINES, LINES)
        result = box.run(*args, "--json")
        box.check(f"{' '.join(args)}: no document", (result.status, result.out), (status, b""))
    box.put(None, None)
    result = box.run("list", "--json")
    box.check("list: rows end although a database is missing",
              (result.status, json.loads(result.out)["ranges"]), (UNREADABLE, []))


def wrong(document):
    """Copies of a document, each with one fault."""
    name = documents.kind_of(document)
    name = "users" if name == "change" else "ranges" if name == "getsubids" else name
    for change in (lambda made: made.pop("version"), lambda made: made.update(version=2),
                   lambda made: made.update(surprise=1), lambda made: made.pop(name),
                   lambda made: made[name].append({"surprise": 1}),
                   lambda made: made[name].append("text")):
        made = copy.deepcopy(document)
        change(made)
        yield made
    for key, value in document[name][0].items() if document[name] else ():
        made = copy.deepcopy(document)
        made[name][0][key] = "text" if isinstance(value, (int, dict, list)) else 5
        if value is not None:
            yield made


def schemas(run):
    import jsonschema   # pylint: disable=import-outside-toplevel

    box, whole = run.box, documents.schema()
    jsonschema.Draft202012Validator.check_schema(whole)
    kinds = {part["$ref"].split("/")[-1] for part in whole["oneOf"]}
    box.check("every document of the schema was met",
              {name.split(",")[0] for name in run.found}, kinds)
    published = jsonschema.Draft202012Validator(whole)
    for name, document in run.found.items():
        box.check(f"the schema as it is installed: {name}",
                  [error.message for error in published.iter_errors(document)], [])
        missed = []
        for made in wrong(document):
            if not documents.problem(made):
                missed.append(made)
        box.check(f"faults are found: {name}", missed, [])


def main():
    box = subid_box.enter()
    if not documents.INSTALLED:
        box.report.skip("json", "needs python3-jsonschema")
        box.report.finish()
    run = Json(box)
    rows(run)
    explained(run)
    rules(run)
    gaps(run)
    changes(run)
    failures(run)
    schemas(run)
    box.report.finish()


main()
