#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""subid that a site has installed setuid root or with capabilities: the privilege is used only
for changes that PAM permits. All other verbs run as the caller, and show the caller no more."""

import json
import os
import shutil

import subid_box
from host import CLEAN_PATH, ELSA, ROOT, remove, set_file_capabilities
from subid_box import DONE, words

NOT_PERMITTED = 9
CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER = 0, 1, 3
SERVICE = "/etc/pam.d/usermod-ext"
ONCE = "elsa:100000:65536\n"
TWICE = 2 * ONCE
SECRET = "anna:100000:4242\n"


def service(box, auth):
    box.host.write(SERVICE, f"auth required {auth}\naccount required pam_permit.so\n")


def copies(box):
    """The program in the ways that a site might install it."""
    found = {}
    for name in ("setuid", "capabilities"):
        path = found[name] = f"{box.host.tmpdir}/bin/subid-{name}"
        shutil.copyfile(box.path, path)
        os.chmod(path, 0o4755 if name == "setuid" else 0o755)
    set_file_capabilities(found["capabilities"], (CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER))
    return found


def closed(box):
    """Databases that the caller cannot read, with lines that only root may know."""
    box.put(SECRET, SECRET)
    for name in ("subuid", "subgid"):
        os.chmod(f"/etc/{name}", 0o600)


def reads(box, name, path):
    """No verb that reads shows what the caller cannot read."""
    closed(box)
    for args in (("list",), ("list", "anna"), ("whois", "100000"), ("map", "anna"), ("check",),
                 ("check", "--root", "/"), ("check", "--fix", "--root", "/"),
                 ("list", "--root", "/"), ("doctor",)):
        result = box.host.run(path, list(args), ELSA)
        plain = box.host.run(box.path, list(args), ELSA)
        box.report.check(f"{name}: {' '.join(args)} as without privilege",
                         (result.status, result.out, result.err)
                         == (plain.status, plain.out, plain.err)
                         and b"4242" not in result.out + result.err, f"{result} {plain}")


def applies(box, name, path):
    """A caller without permission learns nothing by a set, and replaces no file."""
    service(box, "pam_deny.so")
    closed(box)
    data = b"subid-set 1 1\nboth anna:100000:4242\n"
    crc = 0xffffffff
    for bit in (byte >> i & 1 for byte in data for i in range(8)):
        crc = crc >> 1 ^ (0x82f63b78 if (crc ^ bit) & 1 else 0)
    text = data + f"end 1 {crc ^ 0xffffffff:08x}\n".encode()

    def stdin(given):
        reader, writer = os.pipe()
        os.write(writer, given)
        os.close(writer)
        os.dup2(reader, 0)
    found = [box.host.run(path, list(args), ELSA, as_root=lambda given=given: stdin(given))
             for args, given in ((("apply", "-"), text), (("apply", "-"),
                                                          text.replace(b"4242", b"4241")),
                                 (("apply", "--dry-run", "-"), text),
                                 (("apply", "--serial-file", "/etc/motd", "-"), text),
                                 (("apply", "/etc/subuid"), b""))]
    box.check(f"{name}: apply", [result.status for result in found],
              [NOT_PERMITTED, 21, NOT_PERMITTED, NOT_PERMITTED, NOT_PERMITTED])
    box.report.check(f"{name}: apply shows nothing", all(b"4242" not in result.out + result.err
                                                         for result in found), f"{found}")


def asks_for_another(box, name, path):
    """A user other than root gets no answer about another user, and only the own answer."""
    box.put(SECRET, SECRET)
    result = box.host.run(path, ["doctor", "anna"], ELSA)
    box.report.check(f"{name}: doctor about another user", result.status == NOT_PERMITTED
                     and not result.out, f"{result}")


def asks_for_self(box, name, path):
    """The map writers in PATH run as the caller."""
    directory = box.host.subjects["ours", "setuid"].directory
    box.put(ONCE, ONCE)
    result = box.host.run(path, ["doctor", "--json"], ELSA,
                          env={"PATH": f"{directory}:{CLEAN_PATH}", "LC_ALL": "C.UTF-8"})
    rows = json.loads(result.out)["links"]
    box.report.check(f"{name}: doctor as without privilege", result.status == DONE and
                     [row["link"] for row in rows].count("mapping") == 2, f"{rows}")


def fixes(box, name, path):
    """Repairs of the running system need PAM's permission; those of an image only root."""
    for auth, status, left in (("pam_deny.so", NOT_PERMITTED, TWICE),
                               ("pam_permit.so", DONE, ONCE)):
        service(box, auth)
        box.put(TWICE, TWICE)
        result = box.host.run(path, ["check", "--fix"], ELSA)
        found = [open(f"/etc/{file}", encoding="ascii").read() for file in ("subuid", "subgid")]
        box.report.check(f"{name}: check --fix, {auth}", result.status == status
                         and found == [left] * 2, f"{result} {found}")
    remove(SERVICE)
    box.put(TWICE, TWICE)
    result = box.host.run(path, ["check", "--fix"], ELSA)
    box.report.check(f"{name}: check --fix, no service", result.status == NOT_PERMITTED
                     and words(result).endswith("so only root may do this\n"), f"{result}")


def batch(box, name, path):
    """Wrong lines are shown, but not those of a file that the caller cannot read."""
    service(box, "pam_permit.so")
    secret = f"{box.host.tmpdir}/secret"
    box.host.write(secret, "hunter2\n")
    os.chmod(secret, 0o600)
    box.put("", "")
    result = box.host.run(path, ["grant", "--batch", secret], ELSA)
    box.report.check(f"{name}: no file of root's is read", result.status == NOT_PERMITTED
                     and b"hunter2" not in result.err + result.out, f"{result}")

    def give():
        inside, outside = os.pipe()
        os.write(outside, b"anna\n")
        os.close(outside)
        os.dup2(inside, 0)
    result = box.host.run(path, ["grant", "--batch", "-"], ELSA, as_user=give)
    box.report.check(f"{name}: standard input is", result.status == DONE
                     and b"anna:" in result.out, f"{result}")


def strange(box, name, path):
    """No variable of the caller chooses what the program reads: the time in the system log is
    that of the system's time zone."""
    service(box, "pam_permit.so")
    if not shutil.which("strace", path=CLEAN_PATH):
        box.report.skip(f"{name}: a strange environment", "needs strace")
        return
    for verb, copy, read in (("grant", path, False), ("grant", box.path, True)):
        trace = f"{box.host.tmpdir}/trace"
        box.put("", "")
        result = box.host.run("/usr/bin/strace", ["-f", "-o", trace, "-e", "trace=openat", "-E",
                              "TZ=Strange/Zone", "-u", "elsa", copy, verb, "anna"], ROOT)
        with open(trace, encoding="utf-8") as file:
            found = "Strange/Zone" in file.read()
        box.report.check(f"{name}: a strange environment{', without privilege' if read else ''}",
                         (result.status == DONE) != read and found == read, f"{result} {found}")


def plain(box):
    """The same program without privilege, and by root."""
    service(box, "pam_deny.so")
    box.put(TWICE, TWICE)
    result = box.run("check", "--fix", caller=ELSA)
    box.report.check("plain: check --fix", result.status == NOT_PERMITTED, f"{result}")
    box.host.write(SERVICE, "auth required pam_deny.so\naccount required pam_deny.so\n")
    result = box.run("check", "--fix")
    box.report.check("root: check --fix, an account that PAM denies",
                     result.status == NOT_PERMITTED, f"{result}")
    service(box, "pam_deny.so")
    result = box.run("check", "--fix")
    box.report.check("root: check --fix", result.status == DONE, f"{result}")


def main():
    box = subid_box.enter()
    with open(box.path, "rb") as file:
        if b"libpam.so" not in file.read():
            box.report.skip("privileged subid", "this build has no PAM")
            box.report.finish()
    for name, path in copies(box).items():
        for part in (reads, asks_for_another, asks_for_self, fixes, batch, applies, strange):
            part(box, name, path)
    plain(box)
    box.report.finish()


if __name__ == "__main__":
    main()
