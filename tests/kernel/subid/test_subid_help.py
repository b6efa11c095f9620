#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What a user meets first: --help in each language, words that are misspelt, names of columns,
and what `subid whois` takes besides ids."""

import glob
import os
import shutil
import subprocess
import unicodedata

import subid_box
from host import TOP, Skipped, built, catalogs_of, install_locale, writable
from subid_box import DONE, NO_USER, NONE, UNREADABLE, USAGE, words


def verbs(box):
    words_of = (line.split("\t")[0] for line in box.run("--complete", "").out.decode().splitlines())
    return [word for word in words_of if word[0] != "-" and word != "help"]


def cells(line):
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else
               not unicodedata.combining(letter) for letter in line)


def languages(box):
    """The catalogs of the sources, copied to where the build looks for them."""
    catalogs = glob.glob(f"{TOP}/po/*.gmo")
    if not catalogs:
        raise Skipped("this build has no translations")
    top = catalogs_of(built("subid"))
    writable(box.host, top)
    install_locale(box.host, "xx_XX")
    for catalog in catalogs:
        language = os.path.basename(catalog).removesuffix(".gmo")
        os.makedirs(f"{top}/{language}/LC_MESSAGES", exist_ok=True)
        shutil.copyfile(catalog, f"{top}/{language}/LC_MESSAGES/subid-utils.mo")
        yield language


def helps(box):
    """(name, path, arguments) of each --help."""
    for verb in verbs(box):
        yield f"subid {verb}", box.path, (verb, "--help")
    yield "subid", box.path, ("--help",)
    directory = os.path.dirname(box.path)
    for name in ("usermod-ext", "getsubids"):
        shutil.copyfile(built(name), f"{directory}/{name}")
        os.chmod(f"{directory}/{name}", 0o755)
        yield name, f"{directory}/{name}", ("--help",)


def help_texts(box):
    for name, path, args in helps(box):
        english = box.host.run(path, args).out.decode()
        parts = ("\nOptions:\n", "\nExamples:\n", "\nExit status:\n", f"Usage: {name} ")
        box.check(f"{name} --help: its parts", [part for part in parts if part not in english],
                  [] if name != "subid" else list(parts[:3]))
        box.check(f"{name} --help: 80 columns",
                  [line for line in english.splitlines() if cells(line) > 80], [])
        box.check(f"{name} --help: no example is cut off",
                  [line for line in english.splitlines() if line != line.rstrip()], [])
    for word in ("help", "--help", "-h"):
        box.check(f"subid help {word}", box.run("help", word)[:2], box.run("help")[:2])
    for verb in verbs(box):
        texts = {box.run(*args).out for args in ((verb, "--help"), (verb, "-h"), ("help", verb))}
        box.check(f"subid help {verb}", len(texts), 1)
        box.check(f"subid {verb} -V", box.run(verb, "-V")[:2], box.run("--version")[:2])


def translated(box):
    for language in languages(box):
        env = {"LC_ALL": "xx_XX.UTF-8", "LANGUAGE": language, "PATH": "/usr/bin:/bin"}
        for name, path, args in helps(box):
            english, found = (box.host.run(path, args, env=words).out.decode()
                              for words in (None, env))
            box.report.check(f"{name} --help, {language}: it is translated", found != english, found)
            box.check(f"{name} --help, {language}: 80 columns",
                      [line for line in found.splitlines() if cells(line) > 80], [])


def suggestions(box):
    def suggested(name, args, status, word):
        result = box.run(*args)
        box.report.check(name, result.status == status and
                         (f"did you mean '{word}'?" in words(result) if word else
                          "did you mean" not in words(result)), str(result))

    suggested("a verb", ("lsit",), USAGE, "list")
    suggested("a verb that is like none", ("xyzzy",), USAGE, None)
    suggested("help of a verb", ("help", "docter"), USAGE, "doctor")
    suggested("an option", ("list", "--noheading"), DONE, None)
    suggested("a misspelt option", ("list", "--nohaeding"), USAGE, "--noheadings")
    suggested("an option with an argument", ("list", "--outptu=KIND"), USAGE, "--output")
    suggested("a letter", ("list", "-y"), USAGE, None)
    suggested("a column", ("list", "-o", "KIND,ONWER"), USAGE, "OWNER")
    suggested("a runtime", ("map", "--for", "podmna", "elsa"), USAGE, "podman")
    suggested("a user", ("grant", "esla"), NO_USER, "elsa")
    suggested("the owner of a line", ("revoke", "ghotst"), NO_USER, "ghost")
    suggested("a user to look up", ("map", "anan"), NO_USER, "anna")
    suggested("a user of whois", ("whois", "anan"), NO_USER, "anna")
    suggested("a user of doctor", ("doctor", "anan"), NO_USER, "anna")
    suggested("a user of list", ("list", "anan"), NO_USER, "anna")
    suggested("a user of check", ("check", "anan"), NO_USER, "anna")
    suggested("a verb in capitals", ("LIST",), USAGE, "list")
    suggested("a user in capitals", ("list", "ANNA"), NO_USER, "anna")
    suggested("a user that is like none", ("grant", "nobody-knows"), NO_USER, None)
    os.makedirs("/mnt/image/etc", exist_ok=True)
    for name, text in (("passwd", "serge:x:1:1::/:/\n"), ("subuid", ""), ("subgid", "")):
        box.host.write(f"/mnt/image/etc/{name}", text)
    suggested("a user of an image", ("grant", "sereg", "-R", "/mnt/image"), NO_USER, "serge")
    suggested("none of this system", ("grant", "esla", "-R", "/mnt/image"), NO_USER, None)


def columns(box):
    for verb in verbs(box):
        if b"--list-columns" in box.run(verb, "--help").out:
            result = box.run(verb, "--list-columns")
            box.report.check(f"{verb} --list-columns",
                             result.status == DONE and result.out, str(result))
    for args in (("list",), ("list", "--free"), ("map", "elsa"), ("check",), ("doctor",)):
        names = box.run(*args, "--list-columns").out.decode().split()
        shown = box.run(*args, "-r", "-o", ",".join(names)).out.decode().splitlines()
        box.check(f"{args}: --list-columns", shown[0].split(), names)
    usual = box.run("check", "-r", "-o", "code,line").out.split()[:2]
    box.check("-o LIST", usual, [b"CODE", b"LINE"])
    usual = box.run("list", "-r").out.split(b"\n")[0].split()
    box.check("-o +LIST: a usual one is not repeated",
              box.run("list", "-r", "-o", "+kind").out.split(b"\n")[0].split(), usual)
    box.check("-o +LIST: no such column", box.run("list", "-o", "+nothing").status, USAGE)


def whois(box):
    def shown(*args, status=DONE, **options):
        result = box.run("whois", "-rn", "-o", "ID,KIND,OWNER,ACCOUNT", *args, **options)
        box.check(f"whois {args}: the status", result.status, status)
        return result.out.decode().splitlines()

    def piped(text, *args):
        found = subprocess.run(
            [box.path, "whois", "-rn", "-o", "ID,KIND,OWNER,ACCOUNT", *args],
            input=text.encode(), capture_output=True, check=False,
            env={"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"})
        return found.returncode, found.stdout.decode().splitlines(), found.stderr.decode()

    box.check("a range", shown("-u", "2999999-3000001", status=NONE),
              ["2999999 uid  ", "3000000 uid elsa ", "3000001 uid elsa "])
    box.check("a user", shown("anna"), ["5002 uid  anna", "5002 gid  anna"])
    box.check("a user, the uid alone", shown("-u", "anna"), ["5002 uid  anna"])
    os.makedirs("/mnt/image/etc", exist_ok=True)
    box.host.write("/mnt/image/etc/passwd", "7up:x:1500:1500::/:/\nübung:x:1501:1500::/:/\n")
    for name, uid in (("7up", 1500), ("übung", 1501)):
        box.check(f"a user whose name begins with no letter of ASCII: {name}",
                  shown("-u", "-R", "/mnt/image", name), [f"{uid} uid  {name}"])
    box.host.write("/mnt/file", "", 0o600, (3000005, 7777))
    box.check("a file", shown("/mnt/file", status=NONE),
              ["3000005 uid elsa ", "7777 gid  "])
    box.check("a user and an id", shown("-u", "anna", "3000000"),
              ["5002 uid  anna", "3000000 uid elsa "])
    result = subprocess.run([box.path, "whois", "file"], cwd="/mnt", capture_output=True,
                            check=False, env={"LC_ALL": "C.UTF-8"})
    box.check("a file without a slash", (result.returncode, b"write './file'" in result.stderr),
              (NO_USER, True))
    box.check("standard input", piped("3000000\n\n/mnt/file\nanna\n3000001-3000002\n", "-u", "-"),
              (DONE, ["3000000 uid elsa ", "3000005 uid elsa ", "5002 uid  anna",
                      "3000001 uid elsa ", "3000002 uid elsa "], ""))
    box.check("standard input: whitespace around words",
              piped(" 3000000\t\n \n3000001\r\n", "-u", "-"),
              (DONE, ["3000000 uid elsa ", "3000001 uid elsa "], ""))
    status, rows, said = piped("3000000\n0x1\n\0\n3000001\n", "-u", "-")
    box.check("standard input: a wrong line", (status, rows, said.count("\n")),
              (USAGE, ["3000000 uid elsa ", "3000001 uid elsa "], 2))
    with subprocess.Popen([box.path, "whois", "-rnu", "-o", "ID,OWNER", "-"], text=True,
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        for word in ("3000000", "3000009"):
            process.stdin.write(f"{word}\n")
            process.stdin.flush()
            box.check(f"standard input: an answer before the end, to {word}",
                      process.stdout.readline(), f"{word} elsa\n")
        process.stdin.close()
    box.check("a file that is not there", shown("/nowhere", status=UNREADABLE), [])


def main():
    box = subid_box.enter()
    lines = "elsa:3000000:65536\nghost:4000000:10\n"
    box.put(lines, lines)
    for part in (help_texts, translated, suggestions, columns, whois):
        box.report.part(part, box)
    box.report.finish()


main()
