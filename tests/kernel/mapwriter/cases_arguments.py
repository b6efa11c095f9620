# SPDX-License-Identifier: BSD-3-Clause
"""The command line: its shape, numbers, limits of the kernel, --help and --version."""

import re

import differential as d
from differential import (NO_PROC, OVERFLOW, Table, Want, granted, not_allowed, refused,
                          usage, write_failed)
from host import ANNA, MAX_EXTENTS, PAGE, remove, rendered

TABLE = Table()
case = TABLE.case
GRANT = "elsa:100000:65536\n"
EINVAL = write_failed("Invalid argument")


def no_file(_, path):
    remove(path)


# --- shape ---
case("no arguments", "", usage(), db=GRANT)
for words in ("PID 0", "PID 0 100000", "PID 0 100000 1 1", "PID 0 100000 1 1 100001",
              "PID --help", "PID 0 100000 x 1", "PID x"):
    case(f"arguments that form no triples: {words}", words, usage(), db=GRANT,
         cls=d.BROKEN_LIST)
for words in ("-h", "--", "-V", "--unknown", "abc", "help"):
    case(f"single argument: {words}", words, usage(), db=GRANT)
case("--help before a whole command line", "--help PID 0 100000 1", usage(), db=GRANT)
case("-- before a whole command line", "-- PID 0 100000 1", usage(), db=GRANT)
case("--help as the target", "--help 0 100000 1", usage(), db=GRANT)
case("an option among the numbers", "PID 0 100000 -h", usage(), db=GRANT)
for number, form in enumerate(("--help", "--version")):
    case(form, form, Want(0, "", (), None, 0, re.compile(
        r".*new[ug]idmap.*\n", re.DOTALL) if number == 0 else re.compile(
        r"{prog}".replace("{prog}", "new[ug]idmap") + r" \(subid-utils\) [0-9.]+\n")),
        db=GRANT, cls=d.HELP)
case("PID and no extents", "PID", EINVAL, db=GRANT, cls=d.NO_EXTENTS, differs=("g",))
case("PID and no extents, without a file", "PID", EINVAL,
     db=no_file, cls=d.NO_EXTENTS)

# --- the PID ---
for text in ("", "abc", "12x", "PID ", "PID/", "PID/task", "./PID", "0x10", "self", "1.0",
             "PID,", "99999999999999999999", "2147483648", "4294967297",
             "18446744073709551617", "\u0661"):
    case(f"PID {text!r}", [text, "0", "100000", "1"], usage(), db=GRANT)
for text in (" PID", "\tPID", "+PID", "0PID", "\nPID", "-1", "-PID", "00", "+1", "01"):
    case(f"PID {text!r}", [text, "0", "100000", "1"], usage(), db=GRANT, cls=d.NUMBERS)
for number in ("0", "2147483647", "4194305"):
    case(f"PID {number}", f"{number} 0 100000 1",
         refused("{prog}: Could not open proc directory for target " + number), db=GRANT)
case("PID of no process, own id", "4194305 0 5001 1",
     refused("{prog}: Could not open proc directory for target 4194305"), db=GRANT)
case("PID of a process that has ended", "PID 0 100000 1", NO_PROC, db=GRANT, target="dead")

# --- numbers: each malformed form in each place ---
PLACES = (("inner id", lambda text: ["PID", text, "100000", "1"]),
          ("outer id", lambda text: ["PID", "0", text, "1"]),
          ("count", lambda text: ["PID", "0", "100000", text]))
for place, words in PLACES:
    for text in ("", "x", "100000 ", "1e5", "100000.0", "0b11", "1,0", "100000k", "--", "-",
                 "+", "0x", "\u0661", "18446744073709551616", "9" * 60, "9" * 5000):
        case(f"{place} {text[:24]!r} ({len(text)})", words(text), usage(), db=GRANT)
    for text in ("+1", "-1", " 1", "\t1", "\n1", "01", "00", "0x1", "0X1", "+0", "-0",
                 "\r1"):
        case(f"{place} {text!r}", words(text), usage(), db=GRANT, cls=d.NUMBERS)
    for text in ("4294967296", "4295067296", "9223372036854775808",
                 "18446744073709551615"):
        case(f"{place} {text}", words(text), OVERFLOW, db=GRANT)
case("a sum beyond 2^32, outside", "PID 0 4294967000 500", OVERFLOW, db=GRANT)
case("a sum beyond 2^32, inside", "PID 4294967000 100000 500", OVERFLOW, db=GRANT)
case("a sum of 2^32 outside", "PID 0 100000 4294867296", OVERFLOW, db=GRANT)
case("a sum of 2^32 - 1 outside", "PID 0 100000 4294867295",
     not_allowed("[0-4294867295) -> [100000-4294967295)"), db=GRANT)
case("a sum that is small modulo 2^32", "PID 0 4294967295 100002", OVERFLOW, db=GRANT)
case("a sum that is small modulo 2^64", "PID 0 18446744073709551615 100002", OVERFLOW,
     db=GRANT)
case("count 0 at the inner id 4294967295", "PID 4294967295 100000 0",
     not_allowed("[4294967295-4294967295) -> [100000-100000)"), db=GRANT)
case("count 0 at the outer id 4294967295", "PID 0 4294967295 0",
     not_allowed("[0-0) -> [4294967295-4294967295)"), db=GRANT)
case("what the kernel would truncate", "PID 0 4295067296 1", OVERFLOW, db=GRANT)
case("overflow in the second extent", "PID 0 100000 1 1 5000000000 1", OVERFLOW, db=GRANT)
case("overflow in the second extent, the first not delegated",
     "PID 0 300000 1 1 5000000000 1", OVERFLOW, db=GRANT)
case("numbers are judged before the target: overflow", "4194305 0 5000000000 1", OVERFLOW,
     db=GRANT, cls=d.EARLY)
case("numbers are judged before the target: malformed", "4194305 0 x 1", usage(), db=GRANT,
     cls=d.EARLY)
case("numbers are judged before the target: too many", ["4194305"] + ["1"] * 1023,
     write_failed("Invalid argument"), db=GRANT, cls=d.EARLY)
case("numbers are judged before the owner of the target", "PID 0 5000000000 1", OVERFLOW,
     db=GRANT, owner=ANNA, cls=d.EARLY)
case("usage before overflow", "PID 0 5000000000 1 0 x 1", usage(), db=GRANT,
     cls=d.NUMBERS)
case("usage before overflow, other order", "PID 0 x 1 0 5000000000 1", usage(), db=GRANT)

# --- overlaps: the kernel's EINVAL ---
for name, words in (
        ("same inner id", "PID 0 100000 1 0 100001 1"),
        ("same outer id", "PID 0 100000 1 1 100000 1"),
        ("inner ranges overlap by one", "PID 0 100000 10 9 100010 10"),
        ("outer ranges overlap by one", "PID 0 100000 10 10 100009 10"),
        ("inner range inside another", "PID 0 100000 10 5 100010 1"),
        ("outer range around another", "PID 10 100005 1 11 100000 10"),
        ("the same extent twice", "PID 0 100000 10 0 100000 10"),
        ("first and third overlap", "PID 0 100000 10 20 100020 10 5 100040 1"),
        ("seventh and first overlap", "PID " + " ".join(
            f"{i * 2} {100000 + i * 2} 1" for i in range(6)) + " 0 100100 1")):
    case(f"overlap: {name}", words, EINVAL, db=GRANT)
for name, words in (("inner ranges touch", "PID 0 100000 10 10 100050 10"),
                    ("outer ranges touch", "PID 0 100000 10 50 100010 10"),
                    ("both touch", "PID 0 100000 10 10 100010 10"),
                    ("crosswise", "PID 0 100010 10 10 100000 10")):
    case(f"no overlap: {name}", words, granted(), db=GRANT)
case("overlap with own id, outside", "PID 0 5001 1 1 5000 10", EINVAL, db="elsa:5000:10\n")
case("overlap and a range that is not delegated", "PID 0 100000 1 0 300000 1",
     not_allowed("[0-1) -> [300000-300001)"), db=GRANT)

# --- limits: 340 extents, less than a page ---


def extents(count, first=1000):
    """`count` extents of one id each, short enough for 340 of them to fit in a page"""
    return [(number, first + number, 1) for number in range(count)]


def words(triples):
    return ["PID"] + [str(number) for triple in triples for number in triple]


def sized(size):
    """Extents whose rendered form has exactly `size` bytes: 18 bytes each, and up to three
    digits more in the inner ids for the rest."""
    count, rest = divmod(size, 18)
    result = []
    for number in range(count):
        more = min(rest, 3)
        rest -= more
        result.append(((1000000 + number) * 10 ** more, 1000000 + number, 1))
    assert len(rendered(result)) == size
    return result


WIDE = "elsa:1000:9999999\n"
case(f"{MAX_EXTENTS} extents", words(extents(MAX_EXTENTS)), granted(), db=WIDE)
case(f"{MAX_EXTENTS} extents, each its own grant", words(extents(MAX_EXTENTS)), granted(),
     db="".join(f"elsa:{1000 + i}:1\n" for i in range(MAX_EXTENTS)))
case(f"{MAX_EXTENTS + 1} extents", words(extents(MAX_EXTENTS + 1)), EINVAL, db=WIDE)
case(f"{MAX_EXTENTS + 1} extents, not delegated", words(extents(MAX_EXTENTS + 1)), EINVAL,
     cls=d.EARLY)
case(f"{MAX_EXTENTS + 1} extents, no file", words(extents(MAX_EXTENTS + 1)), EINVAL,
     db=no_file, cls=d.EARLY)
case(f"{MAX_EXTENTS} extents, not delegated", words(extents(MAX_EXTENTS)),
     not_allowed("[0-1) -> [1000-1001)"))
case("5000 extents", words(extents(5000)), EINVAL, db=WIDE)
for size in (PAGE - 1, PAGE - 2):
    case(f"{PAGE - size} bytes under the page", words(sized(size)), granted(), db=WIDE)
case("a page exactly", words(sized(PAGE)), EINVAL, db=WIDE)
case("one byte over the page", words(sized(PAGE + 1)), EINVAL, db=WIDE)
case("far over the page", words(sized(2 * PAGE)), EINVAL, db=WIDE)
case("a page exactly, not delegated", words(sized(PAGE)), EINVAL, cls=d.EARLY)
case("one byte under the page, not delegated", words(sized(PAGE - 1)),
     not_allowed("[1000000000-1000000001) -> [1000000-1000001)"))


def hundred_thousand(_):
    """Made when needed: a process with little memory forks faster."""
    return words(extents(33333))


case("a hundred thousand arguments", hundred_thousand, EINVAL, db=WIDE)
case("a hundred thousand arguments, not delegated", hundred_thousand, EINVAL,
     cls=d.EARLY)
case("a hundred thousand arguments and one more",
     lambda context: hundred_thousand(context) + ["1"], EINVAL, cls=d.EARLY)
case("a hundred thousand arguments, a bad one at the end",
     lambda context: hundred_thousand(context) + ["1", "x", "1"], EINVAL, cls=d.EARLY)
