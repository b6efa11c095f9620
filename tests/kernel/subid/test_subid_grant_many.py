#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""`subid grant` to many users: by uids, and to users of the name service and its groups."""

import os
import resource

import host as host_module
import subid_box
from host import Account, NameService, quick
from subid_box import DONE, NONE, UNREADABLE, USAGE, etc_text, words

GROUP = f"{host_module.GROUP}lab:x:7000:elsa,joe,moe,gone,far\n"
USERS = (Account(9000000, 7000, ("joe",)), Account(9000001, 7000, ("moe",)),
         Account(9000002, 7001, ("zoe",)), Account(4000000001, 7000, ("far",)))


class Site:
    def __init__(self, box):
        self.box, self.host, self.report = box, box.host, box.report
        self.directory = NameService(self.host)

    def gives(self, name, *args, before="", wanted=None, status=DONE, said=""):
        self.box.put(before, before)
        result = self.box.run("grant", *args)
        wanted = before if wanted is None else wanted
        found = result.status, etc_text("subuid"), etc_text("subgid")
        self.report.check(name, found == (status, wanted, wanted) and said in words(result),
                          f"{result}; {found[1:]}")


def uids(site):
    """--uids: lines by uid, without a question who they are."""
    site.directory.set(USERS)
    site.directory.mode("unavail")
    site.gives("--uids while the service is silent", "--uids", "9000000-9000002",
               wanted="9000000:100000:65536\n9000001:165536:65536\n9000002:231072:65536\n")
    site.gives("--uids again", "--uids", "9000000-9000001",
               before="9000000:100000:65536\n9000001:165536:65536\n", said="have their ids: 2")
    site.gives("--uids of a local user with a range", "--uids", "5001-5001",
               before="elsa:100000:65536\n", said="have their ids: 1")
    site.gives("--uids --count --align", "--uids", "9000000-9000001", "--count", "4", "--align",
               "16", wanted="9000000:100000:4\n9000001:100016:4\n")
    os.makedirs("/etc/subid.d", exist_ok=True)
    site.host.write("/etc/subid.d/a.conf", "pool a 3000000-3999999\n"
                    "assign uids=9000000-9000099 pool=a by-uid=9000000 count=1000\n")
    site.gives("--uids by the policy", "--uids", "9000001-9000002",
               wanted="9000001:3001000:1000\n9000002:3002000:1000\n")
    site.directory.mode("answer")
    result = site.box.run("check")
    site.report.check("... and check agrees", b"not-as-assigned" not in result.out
                      and result.status == DONE, f"{result}")
    host_module.remove("/etc/subid.d/a.conf")
    for args in (("--uids", "5-6", "elsa"), ("--uids", "5-6", "--all-users"),
                 ("--uids", "5-6", "--range", "7-8"), ("--uids", "0-1000000"),
                 ("--network", "elsa"), ("--uids", "6-5")):
        site.gives(f"{args}", *args, status=USAGE)
    site.gives("--uids: too many for the bounds", "--uids", "9000000-9000001", "--count",
               "400000000", status=NONE)
    site.directory.mode("answer")


def network(site):
    """--network: the members of a group, or all that the service lists."""
    site.directory.set(USERS)
    site.host.write("/etc/group", GROUP)
    group = ("--all-users", "--group", "lab")
    site.gives("a group without --network", *group, "--min-uid", "5000",
               wanted="elsa:100000:65536\n", said="who are not in /etc/passwd: 4; --network")
    three = "".join(f"{user}:{100000 + i * 65536}:65536\n"
                    for i, user in enumerate(("joe", "moe", "far", "elsa")))
    site.gives("a group", *group, "--network", "--min-uid", "5000", wanted=three,
               said="users who do not exist and get nothing: 1")
    site.gives("a group, again", *group, "--network", "--min-uid", "5000", before=three)
    site.gives("a group, some uids", *group, "--network", "--min-uid", "9000000", "--max-uid",
               "9100000", wanted="joe:100000:65536\nmoe:165536:65536\n",
               said="not from --min-uid to --max-uid and who get nothing: 1")
    site.gives("a group, who has a range by uid", *group, "--network", "--min-uid", "9000000",
               "--max-uid", "9100000", before="9000000:100000:65536\n",
               wanted="9000000:100000:65536\nmoe:165536:65536\n")
    site.gives("a group that is not there", "--all-users", "--network", "--group", "nobody2",
               status=6, said="does not exist")
    site.gives("users that the service does not list", "--all-users", "--network", "--min-uid",
               "9000000", said="lists no users")
    site.directory.set(USERS, enumerates=True)
    site.gives("users that the service lists", "--all-users", "--network", "--min-uid",
               "9000000", "--max-uid", "9100000",
               wanted="joe:100000:65536\nmoe:165536:65536\nzoe:231072:65536\n")
    site.directory.mode("unavail")
    site.gives("the service is silent", *group, "--network", "--min-uid", "5000",
               status=UNREADABLE)
    site.directory.mode("answer")
    site.host.reset_etc("group")


def crowd(site):
    """The members of a large group, of whom the service knows all."""
    n = 1000 if quick() else 20000
    users = tuple(Account(9000000 + i, 7000, (f"n{i}",)) for i in range(n))
    site.directory.set(users)
    site.host.write("/etc/group", f"{host_module.GROUP}lab:x:7000:" +
                    ",".join(f"n{i}" for i in range(n)) + "\n")
    site.box.put("", "")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    result = site.box.run("grant", "--all-users", "--network", "--group", "lab", "--count", "8",
                          timeout=120)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    site.report.check(f"{n} members of a group: {result.seconds:.1f} s, {spent:.2f} s of a "
                      "processor", result.status == DONE and
                      etc_text("subuid").count("\n") == n,
                      f"{result.status} {words(result)[-300:]}")
    site.host.reset_etc("group")


def main():
    site = Site(subid_box.enter())
    for part in (uids, network, crowd):
        site.report.part(part, site)
    site.report.finish()


main()
