# SPDX-License-Identifier: BSD-3-Clause
"""What is granted: own ids, delegated ranges and how they join, owners, root."""

import differential as d
from differential import Table, granted, not_allowed, refused, write_failed
from host import ANNA, BOB, DIGITS, ELSA, ELSA_IN_TEAM, LOGIN_DEFS, NOBODY_KNOWS, PASSWD, ROOT

TABLE = Table()
case = TABLE.case
GRANT = "elsa:100000:65536\n"
ALL_INSTALLS = ("setuid", "fcaps", "setfcap")

# --- the caller's own id ---
case("own id with count 1", "PID 0 5001 1", granted(setgroups="deny"))
case("own id, any inner id", "PID 4294967294 5001 1", granted(setgroups="deny"))
case("own id with count 2", "PID 0 5001 2", not_allowed("[0-2) -> [5001-5003)"))
case("own id with count 0", "PID 0 5001 0", not_allowed("[0-0) -> [5001-5001)"))
case("own id between others' ranges", "PID 0 5001 1", granted(setgroups="deny"),
     db="anna:5001:1\nbob:5000:10\n")
case("next id without a grant", "PID 0 5002 1", not_allowed("[0-1) -> [5002-5003)"))
case("own id delegated", "PID 0 5001 1", granted(), db="elsa:5001:1\n")
case("own id delegated by uid", "PID 0 5001 1", granted(), db="5001:5000:2\n")
case("own id delegated by alias", "PID 0 5001 1", granted(), db="elsatwin:5001:1\n")
case("own id delegated to another user", "PID 0 5001 1", granted(setgroups="deny"),
     db="anna:5001:1\nghost:5001:1\n")
case("own id and the next, the next delegated", "PID 0 5001 2",
     not_allowed("[0-2) -> [5001-5003)"), db="elsa:5002:10\n")
case("own id twice, two extents", "PID 0 5001 1 1 5001 1",
     write_failed("Invalid argument"), cls=d.EARLY, differs=("g",))
case("own id first, then a delegated range", "PID 0 5001 1 1 100000 65536", granted(),
     db=GRANT)
case("a delegated range first, then own id", "PID 0 100000 100 100 5001 1", granted(),
     db=GRANT)
case("own id, then a range of another user", "PID 0 5001 1 1 100000 1",
     not_allowed("[1-2) -> [100000-100001)"), db="anna:100000:65536\n")
case("the gid is the real one: bob's primary group", "PID 0 6000 1",
     granted(setgroups="deny"), caller=BOB, kinds=("g",))
case("bob's primary group is no uid of his", "PID 0 6000 1",
     not_allowed("[0-1) -> [6000-6001)"), caller=BOB, kinds=("u",))
case("bob's uid", "PID 0 5003 1", granted(), caller=BOB, kinds=("u",))
case("bob's uid is no gid of his", "PID 0 5003 1", not_allowed("[0-1) -> [5003-5004)"),
     caller=BOB, kinds=("g",))
case("a supplementary group is not the own gid", "PID 0 6000 1",
     not_allowed("[0-1) -> [6000-6001)"), caller=ELSA._replace(groups=(6000,)))

# --- delegated ranges ---
case("a whole range", "PID 0 100000 65536", granted(), db=GRANT)
case("first id of a range", "PID 0 100000 1", granted(), db=GRANT)
case("last id of a range", "PID 0 165535 1", granted(), db=GRANT)
case("one before a range", "PID 0 99999 1", not_allowed("[0-1) -> [99999-100000)"),
     db=GRANT)
case("one after a range", "PID 0 165536 1", not_allowed("[0-1) -> [165536-165537)"),
     db=GRANT)
case("range and one more", "PID 0 100000 65537",
     not_allowed("[0-65537) -> [100000-165537)"), db=GRANT)
case("range and one less in front", "PID 7 99999 65537",
     not_allowed("[7-65544) -> [99999-165536)"), db=GRANT)
case("extent around a range", "PID 0 99999 65538",
     not_allowed("[0-65538) -> [99999-165537)"), db=GRANT)
case("no ids delegated at all", "PID 0 100000 1", not_allowed("[0-1) -> [100000-100001)"))
case("another user's range", "PID 0 100000 1", not_allowed("[0-1) -> [100000-100001)"),
     db="anna:100000:65536\n")
case("only the other kind is delegated", "PID 0 100000 1",
     not_allowed("[0-1) -> [100000-100001)"), other=GRANT)
case("both kinds are delegated, differently", "PID 0 100000 1", granted(), db=GRANT,
     other="elsa:200000:65536\n")
case("count 0 inside a range", "PID 0 100000 0", not_allowed("[0-0) -> [100000-100000)"),
     db=GRANT)
case("count 0 with all ids delegated", "PID 0 100000 0",
     not_allowed("[0-0) -> [100000-100000)"), db="elsa:0:4294967295\n")
case("first refused extent is named", "PID 0 100000 1 1 300000 5 9 400000 1",
     not_allowed("[1-6) -> [300000-300005)"), db=GRANT)
case("refused extent first, granted later", "PID 0 300000 5 9 100000 1",
     not_allowed("[0-5) -> [300000-300005)"), db=GRANT)
case("three extents in any order", "PID 500 100500 10 0 100000 3 20 100020 400", granted(),
     db=GRANT)
case("seven extents: the kernel sorts them",
     "PID 60 100060 1 50 100050 1 40 100040 1 30 100030 1 20 100020 1 10 100010 1 "
     "0 100000 1", granted(), db=GRANT)

# --- several lines of one owner ---
case("two lines, one extent in each", "PID 0 100000 10 10 200000 10", granted(),
     db="elsa:100000:10\nelsa:200000:10\n")
case("adjacent grants as one extent", "PID 0 100000 20", granted(),
     db="elsa:100000:10\nelsa:100010:10\n")
case("adjacent grants, later line first", "PID 0 100005 10", granted(),
     db="elsa:100010:10\nelsa:100000:10\n")
case("overlapping grants as one extent", "PID 0 100000 15", granted(),
     db="elsa:100000:10\nelsa:100005:10\n")
case("three grants in mixed order as one extent", "PID 0 100000 30", granted(),
     db="elsa:100020:10\nelsa:100000:10\nelsa:100010:10\n")
case("fifty grants of one id as one extent", "PID 0 100000 50", granted(),
     db="".join(f"elsa:{100000 + (i * 7) % 50}:1\n" for i in range(50)))
case("fifty grants of one id, one is missing", "PID 0 100000 50",
     not_allowed("[0-50) -> [100000-100050)"),
     db="".join(f"elsa:{100000 + (i * 7) % 50}:1\n" for i in range(49)))
case("a hole of one id between grants", "PID 0 100000 20",
     not_allowed("[0-20) -> [100000-100020)"), db="elsa:100000:10\nelsa:100011:10\n")
case("both sides of the hole", "PID 0 100000 10 10 100011 10", granted(),
     db="elsa:100000:10\nelsa:100011:10\n")
case("another user's line in between", "PID 0 100000 20",
     not_allowed("[0-20) -> [100000-100020)"),
     db="elsa:100000:5\nanna:100005:10\nelsa:100015:5\n")
case("a grant inside another", "PID 0 100000 100", granted(),
     db="elsa:100040:10\nelsa:100000:100\nelsa:100000:1\n")
case("the same line twice", "PID 0 100000 10", granted(),
     db="elsa:100000:10\nelsa:100000:10\n")
case("a range shared by two users", "PID 0 100000 65536", granted(),
     db="root:100000:65536\nelsa:100000:65536\n")
case("a grant of one id", "PID 0 1000 1", granted(), db="elsa:1000:1\n")
case("a system id, delegated", "PID 0 33 1", granted(), db="elsa:33:1\n")

# --- owners ---
case("owner by uid", "PID 0 100000 65536", granted(), db="5001:100000:65536\n")
case("owner by another name of the same uid", "PID 0 100000 65536", granted(),
     db="elsatwin:100000:65536\n")
case("grants by name, uid and alias as one extent", "PID 0 100000 30", granted(),
     db="elsa:100000:10\n5001:100010:10\nelsatwin:100020:10\n")
case("grants by alias, name and uid as one extent", "PID 0 100000 30", granted(),
     db="elsatwin:100020:10\nelsa:100010:10\n5001:100000:10\n")
case("name and uid, overlapping", "PID 0 100000 15", granted(),
     db="elsa:100000:10\n5001:100005:10\n")
case("name, uid and alias with a hole", "PID 0 100000 30",
     not_allowed("[0-30) -> [100000-100030)"),
     db="elsa:100000:10\n5001:100010:9\nelsatwin:100020:10\n")
case("an extent that an alias is granted is not the one named", "PID 0 100000 10 10 300 1",
     not_allowed("[10-11) -> [300-301)"), db="elsatwin:100000:10\nelsa:200000:1\n")
case("the first refused extent is named, not the one with the lowest id", "PID 0 300 1 1 200 1",
     not_allowed("[0-1) -> [300-301)"), db="elsatwin:100000:10\nanna:200:1\nanna:300:1\n")
case("another user's uid", "PID 0 100000 1", not_allowed("[0-1) -> [100000-100001)"),
     db="5002:100000:65536\n")
case("owners without an account spoil nothing", "PID 0 100000 1", granted(),
     db="containers:2147483647:2147483648\nghost:100000:65536\n777777:100000:65536\n"
     + GRANT)
case("owner without an account grants nothing", "PID 0 100000 1",
     not_allowed("[0-1) -> [100000-100001)"),
     db="containers:100000:65536\nghost:100000:65536\n777777:100000:65536\n")
for number, owner in enumerate(("els", "elsaa", "Elsa", "ELSA", "elsa.", "*", "%elsa",
                                "@team", "team", "6000", "ALL", "elsa@example.org",
                                "EXAMPLE\\elsa", "-", "4294967295", "4294972297")):
    case(f"owner '{owner}' is not elsa", "PID 0 100000 1",
         not_allowed("[0-1) -> [100000-100001)"), db=f"{owner}:100000:65536\n")
case("a login name of digits", "PID 0 100000 1", granted(), db="5002:100000:65536\n",
     caller=DIGITS)
case("the uid that this login name looks like", "PID 0 100000 1", granted(),
     db="5002:100000:65536\n", caller=ANNA)
case("the uid of the login name of digits", "PID 0 100000 1", granted(),
     db="5004:100000:65536\n", caller=DIGITS)
case("a user of a foreign primary group", "PID 0 100000 1", granted(),
     db="bob:100000:65536\n", caller=BOB)
case("the gid file is keyed by users, not groups", "PID 0 100000 1",
     not_allowed("[0-1) -> [100000-100001)"), db="team:100000:65536\n6000:100000:65536\n",
     caller=BOB)
case("other users around", "PID 0 300000 65536", granted(),
     db="anna:100000:65536\nbob:165536:65536\nelsa:300000:65536\nroot:400000:65536\n")
case("ten thousand other users before", "PID 0 3000000 65536", granted(), full_only=True,
     db="".join(f"user{i}:{4000000 + i * 100}:100\n" for i in range(10000))
     + "elsa:3000000:65536\n")

# --- accounts ---
case("caller without a passwd entry", "PID 0 100000 1",
     refused("{prog}: Cannot determine your user name."), db="5999:100000:65536\n",
     caller=NOBODY_KNOWS)
case("caller without a passwd entry, own id", "PID 0 5999 1",
     refused("{prog}: Cannot determine your user name."), caller=NOBODY_KNOWS)
case("no passwd file", "PID 0 5001 1", refused("{prog}: Cannot determine your user name."),
     etc={"passwd": ""}, db=GRANT)
case("a passwd of twenty thousand accounts", "PID 0 100000 1", granted(), full_only=True,
     etc={"passwd": "".join(f"u{i}:x:{10000 + i}:100::/:/bin/sh\n" for i in range(20000))
          + PASSWD}, db="elsatwin:100000:65536\n")
case("the alias comes first in passwd", "PID 0 100000 20", granted(),
     etc={"passwd": "elsatwin:x:5001:5001::/:/bin/sh\nelsa:x:5001:5001::/:/bin/sh\n"},
     db="elsa:100000:10\nelsatwin:100010:10\n")

# --- the group of the caller ---
AUX_YES = {"login.defs": LOGIN_DEFS + "GRANT_AUX_GROUP_SUBIDS yes\n"}
WRONG_GROUP = ("{prog}: Target process is owned by a different user: uid:5001 pw_uid:5001 "
               "st_uid:5001, gid:6000 pw_gid:5001 st_gid:6000")
case("caller in another group", "PID 0 100000 1", refused(WRONG_GROUP), db=GRANT,
     caller=ELSA_IN_TEAM, cls=d.OTHER_OWNER)
case("caller in another group, own id", "PID 0 5001 1", refused(WRONG_GROUP), db=GRANT,
     caller=ELSA_IN_TEAM, cls=d.OTHER_OWNER)
case("caller in another group, GRANT_AUX_GROUP_SUBIDS yes", "PID 0 100000 1", granted(),
     db=GRANT, caller=ELSA_IN_TEAM, etc=AUX_YES)
case("with GRANT_AUX_GROUP_SUBIDS the real gid is the own one", "PID 0 6000 1",
     granted(setgroups="deny"), caller=ELSA_IN_TEAM, etc=AUX_YES, kinds=("g",))
case("with GRANT_AUX_GROUP_SUBIDS the passwd gid is not", "PID 0 5001 1",
     not_allowed("[0-1) -> [5001-5002)"), caller=ELSA_IN_TEAM, etc=AUX_YES, kinds=("g",))
case("GRANT_AUX_GROUP_SUBIDS does not excuse another group of the target", "PID 0 100000 1",
     refused("{prog}: Target process is owned by a different user: uid:5001 pw_uid:5001 "
             "st_uid:5001, gid:6000 pw_gid:5001 st_gid:5001"),
     db=GRANT, caller=ELSA_IN_TEAM, owner=ELSA, etc=AUX_YES, cls=d.OTHER_OWNER)
for value, yes in (("no", False), ("YES", True), ("Yes", True), ("true", False),
                   ("1", False), ("", False), ("yes ", True), ('"yes"', True),
                   ("\tyes", True), ("yes no", False), ("yess", False),
                   ("yes\nGRANT_AUX_GROUP_SUBIDS no", False),
                   ("no\nGRANT_AUX_GROUP_SUBIDS yes", True),
                   ("no\n#GRANT_AUX_GROUP_SUBIDS yes", False)):
    case(f"GRANT_AUX_GROUP_SUBIDS {value!r}", "PID 0 100000 1",
         granted() if yes else refused(WRONG_GROUP), db=GRANT, caller=ELSA_IN_TEAM,
         etc={"login.defs": LOGIN_DEFS + f"GRANT_AUX_GROUP_SUBIDS {value}\n"},
         **({} if yes else {"cls": d.OTHER_OWNER}))
case("GRANT_AUX_GROUP_SUBIDS on a last line without newline", "PID 0 100000 1", granted(),
     db=GRANT, caller=ELSA_IN_TEAM, etc={"login.defs": "GRANT_AUX_GROUP_SUBIDS yes"})
case("GRANT_AUX_GROUP_SUBIDS after whitespace", "PID 0 100000 1", granted(), db=GRANT,
     caller=ELSA_IN_TEAM, etc={"login.defs": "  GRANT_AUX_GROUP_SUBIDS\tyes\n"})
case("unknown keys in login.defs", "PID 0 100000 1", refused(WRONG_GROUP), db=GRANT,
     caller=ELSA_IN_TEAM, cls=d.UNKNOWN_KEY,
     etc={"login.defs": "GRANT_AUX_GROUP_SUBIDSX yes\nNEW_KEY 1\n"})
case("no login.defs", "PID 0 100000 1", refused(WRONG_GROUP), db=GRANT,
     caller=ELSA_IN_TEAM, cls=d.OTHER_OWNER, etc={"login.defs": None})
case("no login.defs, which is not asked then", "PID 0 100000 1", granted(), db=GRANT,
     etc={"login.defs": None})
case("empty login.defs", "PID 0 100000 1", refused(WRONG_GROUP), db=GRANT,
     caller=ELSA_IN_TEAM, cls=d.OTHER_OWNER, etc={"login.defs": ""})

# --- root ---
case("root needs a grant", "PID 0 100000 1", not_allowed("[0-1) -> [100000-100001)"),
     db=GRANT, caller=ROOT)
case("root with a grant", "PID 0 100000 65536", granted(), db="root:100000:65536\n",
     caller=ROOT)
case("root with a grant by uid", "PID 0 100000 65536", granted(), db="0:100000:65536\n",
     caller=ROOT)
case("root maps its own id", "PID 0 0 1", granted(setgroups="deny"), caller=ROOT)
case("root, own id and a range", "PID 0 0 1 1 100000 65536", granted(),
     db="root:100000:65536\n", caller=ROOT)

# --- outer id 0: newuidmap needs a capability more for it ---
for outer, count, text in ((0, 1, "outer id 0"), (0, 10, "outer ids 0-9")):
    case(f"{text}, delegated", f"PID 0 {outer} {count}",
         lambda kind, install: (write_failed("Operation not permitted")
                                if (kind, install) == ("u", "fcaps") else granted()),
         db="elsa:0:10\n", installs=ALL_INSTALLS)
case("outer id 0 in the second extent", "PID 0 100000 1 1 0 1",
     lambda kind, install: (write_failed("Operation not permitted")
                            if (kind, install) == ("u", "fcaps") else granted()),
     db="elsa:0:1\n" + GRANT, installs=ALL_INSTALLS)
case("outer id 1, delegated with 0", "PID 0 1 9", granted(), db="elsa:0:10\n",
     installs=ALL_INSTALLS)
case("outer id 0, not delegated", "PID 0 0 1", not_allowed("[0-1) -> [0-1)"),
     db="elsa:1:10\n", installs=ALL_INSTALLS)
case("all ids", "PID 0 0 4294967295",
     lambda kind, install: (write_failed("Operation not permitted")
                            if (kind, install) == ("u", "fcaps") else granted()),
     db="elsa:0:4294967295\n", installs=ALL_INSTALLS)

# --- the edges of the id space ---
case("ids above 2^31", "PID 0 2147483648 65536", granted(), db="elsa:2147483648:200000\n")
case("a range across 2^31", "PID 0 2147483640 16", granted(), db="elsa:2147483640:16\n")
case("the last ids there are", "PID 0 4294967290 5", granted(), db="elsa:4294967290:5\n")
case("a line that ends at 2^32 grants the ids before 4294967295", "PID 0 4294967290 5",
     granted(), db="elsa:4294967290:6\n")
case("a line from 0 to 2^32", "PID 0 1 4294967294", granted(), db="elsa:0:4294967296\n")
case("4294967295 alone, delegated", "PID 0 4294967295 1", d.OVERFLOW,
     db="elsa:4294967295:1\n")
case("a range with 4294967295, delegated", "PID 0 4294967290 6", d.OVERFLOW,
     db="elsa:4294967290:6\n")
case("only 4294967295 is delegated", "PID 0 4294967294 1",
     not_allowed("[0-1) -> [4294967294-4294967295)"), db="elsa:4294967295:1\n")
case("inner id 4294967294", "PID 4294967294 100000 1", granted(), db=GRANT)
case("inner id 4294967295", "PID 4294967295 100000 1", d.OVERFLOW, db=GRANT)
case("inner range up to 4294967295", "PID 4294967294 100000 2", d.OVERFLOW, db=GRANT)
case("adjacent grants across 2^31", "PID 0 2147483640 16", granted(),
     db="elsa:2147483640:8\nelsa:2147483648:8\n")
