# SPDX-License-Identifier: BSD-3-Clause
"""Lines of the database: every malformed form grants nothing and changes no other line."""

import differential as d
from differential import Table, granted, not_allowed

TABLE = Table()
case = TABLE.case
GRANT = "elsa:100000:65536\n"
DENIED = not_allowed("[0-1) -> [100000-100001)")
ASK = "PID 0 100000 1"


def malformed(name, line, cls=None, spoils=False, **options):
    """Two cases: the line alone grants nothing, and lines around it do grant (spoils:
    they do not with Debian's)."""
    if isinstance(line, str):
        line = line.encode()
    case(f"malformed: {name}", ASK, DENIED, db=line + b"\n", cls=cls, **options)
    case(f"malformed, good lines around: {name}", "PID 0 200000 20", granted(),
         db=b"elsa:200000:10\n" + line + b"\nelsa:200010:10\n",
         cls=cls if spoils else None, **options)


# --- wrong field counts and empty fields ---
for text in ("elsa", "elsa:", "elsa:100000", "elsa:100000:", "elsa::65536", "elsa::",
             ":100000:65536", ":", "::", ":::", "::100000:65536", "elsa:100000 65536",
             "elsa 100000 65536", "elsa;100000;65536", "elsa:100000-165535",
             "elsa,5001:100000:65536", "#elsa:100000:65536", "100000:65536:elsa",
             "elsa elsa:100000:65536"):
    malformed(f"'{text}'", text)
for text in ("elsa:100000:65536:", "elsa:100000:65536:x", "elsa:100000:65536:100000:65536",
             "elsa:100000:65536:# comment", "elsa:100000:65536: "):
    malformed(f"'{text}'", text, cls=d.FOURTH_FIELD)
case("malformed: '::::'", ASK, DENIED, db="::::\n")
case("malformed: empty line", ASK, DENIED, db="\n")

# --- every form of a number that is not plain decimal, in each place ---
# (form, how 100000, 65536 or 5001 is written in it; True where Debian reads it)
FORMS = (
    ("leading zero", lambda n: f"0{n}", False),
    ("octal of the same value", lambda n: f"0{n:o}", True),
    ("hexadecimal", lambda n: f"{n:#x}", True),
    ("hexadecimal, capital X", lambda n: f"0X{n:X}", True),
    ("plus sign", lambda n: f"+{n}", True),
    ("minus sign", lambda n: f"-{n}", False),
    ("leading space", lambda n: f" {n}", True),
    ("leading tab", lambda n: f"\t{n}", True),
    ("leading vertical tab", lambda n: f"\v{n}", True),
    ("space and plus", lambda n: f" +{n}", True),
    ("trailing space", lambda n: f"{n} ", False),
    ("trailing tab", lambda n: f"{n}\t", False),
    ("trailing CR", lambda n: f"{n}\r", False),
    ("leading CR", lambda n: f"\r{n}", True),
    ("trailing letter", lambda n: f"{n}k", False),
    ("thousands comma", lambda n: f"{n:,}", False),
    ("underscores", lambda n: f"{n:_}", False),
    ("decimal point", lambda n: f"{n}.0", False),
    ("exponent", lambda n: f"{n}e0", False),
    ("binary", lambda n: f"{n:#b}", False),
    ("quotes", lambda n: f'"{n}"', False),
    ("fullwidth digits", lambda n: "".join(chr(0xff10 + int(c)) for c in str(n)), False),
    ("2^32 more", lambda n: str(n + 2**32), False),
    ("2^64 more", lambda n: str(n + 2**64), False),
    ("many leading zeros", lambda n: "0" * 30 + str(n), False),
    ("ten thousand digits", lambda n: "1" * 10000, False),
)
for form, write, read in FORMS:
    cls = d.NUMBERS if read else None
    malformed(f"start with {form}", f"elsa:{write(100000)}:65536", cls=cls)
    if form == "2^32 more":
        malformed(f"count with {form}", f"elsa:100000:{write(65536)}", cls=d.BEYOND)
    elif form in ("leading zero", "many leading zeros"):
        # read as octal, 065536 is still wide enough for the id asked for
        malformed(f"count with {form}", f"elsa:100000:{write(65536)}", cls=d.NUMBERS)
    else:
        malformed(f"count with {form}", f"elsa:100000:{write(65536)}", cls=cls)
    malformed(f"owner uid with {form}", f"{write(5001)}:100000:65536")
# an octal number that shadow reads as a smaller one
case("malformed: 0100000 is not 32768", "PID 0 32768 1",
     not_allowed("[0-1) -> [32768-32769)"), db="elsa:0100000:65536\n", cls=d.NUMBERS)
malformed("start 00", "elsa:00:4294967295", cls=d.NUMBERS)
malformed("count 00", "elsa:0:00", cls=d.NUMBERS)
malformed("owner 00", "00:100000:65536")
malformed("start -0", "elsa:-0:4294967295", cls=d.NUMBERS)
malformed("start -1", "elsa:-1:200000")
malformed("count -1", "elsa:100000:-1")

# --- owners with whitespace and other odd bytes ---
for text in (" elsa", "elsa ", "\telsa", "elsa\t", "elsa\r", "elsa/", "\"elsa\"", "'elsa'",
             "+", "+elsa", "-elsa", "elsa\x01", "\ufeffelsa"):
    malformed(f"owner {text!r}", f"{text}:100000:65536")
malformed("owner of 257 bytes", "e" * 257 + ":100000:65536")
malformed("owner of 256 bytes", "e" * 256 + ":100000:65536")
malformed("bytes that are no UTF-8", b"els\xe4:100000:65536")
case("a byte order mark before the first line", ASK, DENIED, db="\ufeff" + GRANT)
malformed("CR before the newline", "elsa:100000:65536\r")

# --- NUL ---
malformed("NUL at the end", b"elsa:100000:65536\0", cls=d.NUL, spoils=True)
malformed("NUL at the start", b"\0elsa:100000:65536", cls=d.NUL)
malformed("NUL in the owner", b"elsa\0:100000:65536", cls=d.NUL, spoils=True)
malformed("NUL in the start", b"elsa:100000\0:65536", cls=d.NUL, spoils=True)
malformed("NUL and a fourth field", b"elsa:100000:65536\0:x", cls=d.NUL, spoils=True)
case("malformed: NUL alone", ASK, DENIED, db=b"\0\n", cls=d.NUL)
case("malformed, good lines around: NUL alone", "PID 0 200000 20", granted(),
     db=b"elsa:200000:10\n\0\nelsa:200010:10\n")
case("NUL in the last line, no newline", ASK, DENIED, db=b"anna:1:1\nelsa:100000:65536\0",
     cls=d.NUL)
case("NUL in a line before the grant", ASK, granted(), db=b"anna:1:1\0\n" + GRANT.encode(),
     cls=d.NUL)
case("NUL after the last newline", ASK, granted(), db=GRANT.encode() + b"\0")
case("a block of NULs before the grant", ASK, DENIED, db=b"\0" * 10000 + GRANT.encode(),
     cls=d.NUL)

# --- count 0, beyond 2^32 ---
case("malformed: count 0 from 0", ASK, DENIED, db="elsa:0:0\n", cls=d.COUNT_ZERO)
case("malformed: count 0 from 0, outer 0", "PID 0 0 1", not_allowed("[0-1) -> [0-1)"),
     db="elsa:0:0\n", cls=d.COUNT_ZERO)
case("malformed: count 0 from 0, by uid", ASK, DENIED, db="5001:0:0\n", cls=d.COUNT_ZERO)
case("malformed: count 0 from 0, by alias", ASK, DENIED, db="elsatwin:0:0\n",
     cls=d.COUNT_ZERO)
case("count 0 from 0 of another user", ASK, DENIED, db="anna:0:0\n")
malformed("count 0", "elsa:100000:0")
malformed("count 0, all ids after", "elsa:1:0")
case("an end at 2^32 exactly", ASK, granted(), db="elsa:100000:4294867296\n")
malformed("end one beyond 2^32", "elsa:100000:4294867297", cls=d.BEYOND)
malformed("count 2^32, start 1", "elsa:1:4294967296", cls=d.BEYOND)
malformed("count beyond 2^32", "elsa:0:4294967297", cls=d.BEYOND)
malformed("end far beyond 2^32", "elsa:100000:9223372036854775807", cls=d.BEYOND)
malformed("start 2^32", "elsa:4294967296:65536")
malformed("start that is 100000 modulo 2^32", "elsa:4295067296:65536")
malformed("start that is 100000 modulo 2^64", "elsa:18446744073709651616:65536")
malformed("end that wraps modulo 2^64", "elsa:100000:18446744073709551615")
malformed("start 2^64 - 1", "elsa:18446744073709551615:200000")
case("malformed: range beyond the last id", "PID 0 4294967290 5",
     not_allowed("[0-5) -> [4294967290-4294967295)"), db="elsa:4294967290:7\n",
     cls=d.BEYOND)

# --- comments, blank lines, last line ---
case("comments and blank lines around", ASK, granted(),
     db="# by hand\n\n\n" + GRANT + "\n# end\n")
case("last line without newline", ASK, granted(), db="elsa:100000:65536")
case("last line without newline, after others", ASK, granted(),
     db="anna:1:1\nelsa:100000:65536")
case("last line without newline is not cut", "PID 0 100000 65536", granted(),
     db="anna:1:1\nelsa:100000:65536")
case("last line without newline, malformed", ASK, DENIED, db="elsa:100000:")
case("empty file", ASK, DENIED, db="")
case("a file of newlines", ASK, DENIED, db="\n" * 5000)

# --- long lines: what follows in the same line is never a line of its own ---
for length in (511, 512, 1023, 1024, 2048, 4079, 4095, 4096, 4097, 8191, 8192, 9000, 65536):
    for filler in ("x", ":"):
        case(f"{length} times '{filler}' before a grant in the same line", ASK, DENIED,
             db=filler * length + GRANT, full_only=length not in (1024, 4095, 4096, 9000))
case("a 9000-byte line, then a grant", ASK, granted(), db="x" * 9000 + "\n" + GRANT)
case("a 9000-byte line of another owner, then a grant", ASK, granted(),
     db="x" * 9000 + ":1:1\n" + GRANT)
case("a grant, then a 9000-byte line", ASK, granted(), db=GRANT + "x" * 9000 + "\n")
case("a grant, then a 9000-byte line without newline", ASK, granted(),
     db=GRANT + "x" * 9000)
case("a 9000-byte line between adjacent grants", "PID 0 100000 20", granted(),
     db="elsa:100000:10\n" + "#" * 9000 + "\nelsa:100010:10\n")
case("a grant with 9000 spaces after it", ASK, DENIED, db=GRANT.strip() + " " * 9000 + "\n")
case("a line of 1 MiB, then a grant", ASK, granted(), db="x" * (1 << 20) + "\n" + GRANT,
     full_only=True)
for length in (4079, 4080, 4094, 4095, 4096, 4097, 8190, 8192, 65536):
    # the granting line starts at or near the end of a block of the reader
    filler = ("#" * 99 + "\n") * (length // 100) + "#" * (length % 100 - 1) + "\n" * (
        length % 100 > 0)
    case(f"a grant at byte {len(filler)}", "PID 0 100000 65536", granted(),
         db=filler + GRANT, full_only=length not in (4095, 4096))
