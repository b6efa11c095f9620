# SPDX-License-Identifier: BSD-3-Clause
"""The environment of a map writer: missing privilege, hostile variables, descriptors, limits,
signals, name services, nested user namespaces."""

import contextlib
import ctypes
import os
import re
import resource
import signal
import socket

import differential as d
from differential import (EPERM_WRITE as EPERM, Table, Want, granted, not_allowed, refused,
                          usage)
from host import (CAP_SETFCAP, CAP_SETGID, CAP_SETUID, CLONE_NEWNS, ELSA, MS_BIND, NSSWITCH,
                  ROOT, Caller, libc, mount, prctl, remove, unshare)

TABLE = Table()
case = TABLE.case
GRANT = "elsa:100000:65536\n"
ASK = "PID 0 100000 1"
OWN = "PID 0 5001 1"
ASK_MORE = "PID 0 100000 65537"
DENIED = not_allowed("[0-65537) -> [100000-165537)")
PR_SET_NO_NEW_PRIVS, PR_CAPBSET_DROP, PR_SET_SECUREBITS = 38, 24, 28


def three(name, want_ask=granted(), want_own=granted(setgroups="deny"), want_more=DENIED,
          cls=None, **options):
    """A granted range, the own id and a refused range under the same circumstances."""
    case(name, ASK, want_ask, db=GRANT, cls=cls, **options)
    case(f"{name}: own id", OWN, want_own, db=GRANT, cls=cls, **options)
    case(f"{name}: refused", ASK_MORE, want_more, db=GRANT, cls=cls, **options)


# --- privilege is missing: only the own id, which needs none, can be mapped ---
three("setuid bit and capabilities missing", EPERM, installs=("bare",))
three("file system mounted nosuid", EPERM, installs=("nosuid", "nosuid-fcaps"))
three("no_new_privs", EPERM, as_user=lambda _: prctl(PR_SET_NO_NEW_PRIVS, 1))


def without_capability(context):
    prctl(PR_CAPBSET_DROP, CAP_SETUID if context.kind == "u" else CAP_SETGID)


def without_others(_):
    for number in range(40):
        if number not in (CAP_SETUID, CAP_SETGID):
            prctl(PR_CAPBSET_DROP, number)


# with file capabilities the first of these does not even start
WITHOUT = {"installs": ("setuid",), "as_root": without_capability}
case("bounding set without the capability", ASK, EPERM, db=GRANT, **WITHOUT)
case("bounding set without the capability: own id", OWN, granted(setgroups="deny"),
     cls=d.LESS_PRIVILEGE, **WITHOUT)
case("bounding set without the capability: refused", ASK_MORE, DENIED, db=GRANT, **WITHOUT)
ALONE = {"installs": ("setuid",), "as_root": without_others}
case("bounding set with the capability alone", ASK, granted(), db=GRANT,
     cls=d.LESS_PRIVILEGE, **ALONE)
case("bounding set with the capability alone: own id", OWN, granted(setgroups="deny"),
     cls=d.LESS_PRIVILEGE, **ALONE)
case("bounding set with the capability alone: refused", ASK_MORE, DENIED, db=GRANT, **ALONE)
case("bounding set without CAP_SETFCAP, outer id 0", "PID 0 0 1",
     lambda kind, install: EPERM if kind == "u" else granted(), db="elsa:0:1\n",
     installs=("setuid",), as_root=lambda _: prctl(PR_CAPBSET_DROP, CAP_SETFCAP))
# only a privileged starter can lock the bit (SECBIT_KEEP_CAPS_LOCKED)
LOCKED = {"as_root": lambda _: prctl(PR_SET_SECUREBITS, 1 << 5)}
three("keep-capabilities bit locked", **LOCKED)

# --- environment ---
HOSTILE = {
    "LD_PRELOAD": "LIBRARY", "LD_AUDIT": "LIBRARY", "LD_LIBRARY_PATH": "DIRECTORY",
    "LD_DEBUG": "all", "LD_DEBUG_OUTPUT": "/tmp/subid-debug", "LD_SHOW_AUXV": "1",
    "LD_TRACE_LOADED_OBJECTS_": "1", "LD_BIND_NOW": "1",
    "LD_ORIGIN_PATH": "DIRECTORY", "LD_DYNAMIC_WEAK": "1", "LD_PREFER_MAP_32BIT_EXEC": "1",
    "GLIBC_TUNABLES": "glibc.malloc.check=3:glibc.malloc.perturb=255:"
                      "glibc.rtld.optional_static_tls=1",
    "MALLOC_CHECK_": "3", "MALLOC_PERTURB_": "170", "MALLOC_TRACE": "/tmp/subid-trace",
    "MALLOC_ARENA_MAX": "0", "MALLOC_TOP_PAD_": "999999999999",
    "LOCPATH": "DIRECTORY", "NLSPATH": "DIRECTORY/%N", "GCONV_PATH": "DIRECTORY",
    "LANGUAGE": "../../../../../DIRECTORY:de", "LC_ALL": "/DIRECTORY",
    "LC_MESSAGES": "../DIRECTORY", "LANG": "de_DE.UTF-8", "OUTPUT_CHARSET": "ISO-2022-CN-EXT",
    "TEXTDOMAINDIR": "DIRECTORY", "TEXTDOMAIN": "hostile", "TZ": "ZZZ-13:37", "TZDIR": "DIRECTORY",
    "TMPDIR": "DIRECTORY", "HOSTALIASES": "/etc/shadow", "RES_OPTIONS": "debug",
    "LOCALDOMAIN": "hostile",
    "RESOLV_HOST_CONF": "/etc/shadow", "NIS_PATH": "hostile", "GETCONF_DIR": "DIRECTORY",
    "SSS_NSS_USE_MEMCACHE": "NO", "PATH": "DIRECTORY:.", "IFS": "/", "HOME": "DIRECTORY",
    "USER": "anna", "LOGNAME": "root", "SUDO_USER": "anna", "SUDO_UID": "0", "UID": "0",
    "SHADOW_ROOT": "DIRECTORY", "TERM": "\x1b]0;hostile\x07", "POSIXLY_CORRECT": "1",
}


def hostile(host, names):
    """The environment with the names' values, their libraries and directories made."""
    directory = f"{host.tmpdir}/bin/hostile"
    library = f"{directory}/hostile.so"
    if not os.path.isdir(directory):
        os.mkdir(directory, 0o755)
        built = host.compile("hostile_library.c", "-shared", "-fPIC")
        for name in ("hostile.so", "libc.so.6", "libselinux.so.1", "libaudit.so.1",
                     "ISO-2022-CN-EXT.so", "libnss_files.so.2", "UTF-16.so"):
            host.write(f"{directory}/{name}", open(built, "rb").read(), 0o755)
        host.write(f"{directory}/gconv-modules", "module INTERNAL ISO-2022-CN-EXT// hostile 1\n")
    return {name: HOSTILE[name].replace("LIBRARY", library).replace("DIRECTORY", directory)
            for name in names}


def with_environment(names, **more):
    return lambda context: context.run(env=dict(hostile(context.host, names), **more))


for variable in HOSTILE:
    case(f"environment: {variable}", ASK, granted(), db=GRANT,
         run=with_environment([variable]))
    case(f"environment: {variable}, refused", ASK_MORE, DENIED, db=GRANT,
         run=with_environment([variable]))
three("environment: all hostile variables", run=with_environment(HOSTILE))
three("environment: empty", run=lambda context: context.run(env={}))
three("environment: LC_ALL of 100 kB", run=with_environment([], LC_ALL="x" * 100000))
three("environment: LC_ALL C", run=with_environment([], LC_ALL="C"))
three("environment: five thousand variables",
      run=with_environment([], **{f"V{number}": "x" * 50 for number in range(5000)}))

# --- argv[0] ---


def without_arguments(context):
    """execve() with an empty argument vector"""
    argv = (ctypes.c_char_p * 1)(None)
    libc.execve(context.path.encode(), argv, argv)


case("no argv at all", "", usage(), as_user=without_arguments, cls=d.NAME)
for name in ("", "sh", "/tmp/%s%n", "newgidmap\n", "\x1b[31m", "x" * 100000):
    case(f"argv[0] {name[:20]!r}", ASK_MORE, DENIED, db=GRANT,
         run=lambda context, name=name: context.run(argv0=name or "x"), cls=d.NAME)
case("newuidmap under the name newgidmap does its own work", ASK, granted(), db=GRANT,
     run=lambda context: context.run(argv0="newgidmap"))

# --- descriptors ---
SILENT = Want(1, "", (), None, 1)
for closed in ((0,), (1,), (2,), (0, 1), (1, 2), (0, 2), (0, 1, 2)):
    def close(_, closed=closed):
        for number in closed:
            os.close(number)
    name = "closed descriptors " + ", ".join(str(number) for number in closed)
    three(name, want_more=SILENT if 2 in closed else DENIED, as_user=close)
    case(f"{name}, without privilege: own id", OWN, granted(setgroups="deny"),
         installs=("bare",), as_user=close)
    case(f"{name}, without privilege", ASK, SILENT if 2 in closed else EPERM, db=GRANT,
         installs=("bare",), as_user=close)
for word in ("--help", "--version"):
    # the database does not become the standard output
    case(f"closed descriptors, without privilege: {word}", word, Want(0, "", (), None, 0),
         installs=("bare",), as_user=lambda _: os.closerange(0, 3), cls=d.HELP)
case("closed descriptors, caller root", ASK, granted(), db="root:100000:1\n", caller=ROOT,
     as_user=lambda _: os.closerange(0, 3))
case("closed descriptors, caller root, refused", ASK_MORE,
     Want(1, "", (), None, 1), caller=ROOT, as_user=lambda _: os.closerange(0, 3))
case("many descriptors open", ASK, granted(), db=GRANT,
     as_user=lambda _: [os.dup2(0, number) for number in range(3, 900)])


def broken_pipe(context):
    read_end, write_end = os.pipe()
    os.close(read_end)
    try:
        return context.run(stderr=write_end)
    finally:
        os.close(write_end)


case("stderr without a reader, granted", ASK, granted(), db=GRANT, run=broken_pipe)
case("stderr without a reader, refused", ASK_MORE, SILENT, db=GRANT, run=broken_pipe,
     cls=d.SIGPIPE_STATUS)
case("stderr without a reader, usage", "PID x 0 1", Want(1, "", (), None, 0), db=GRANT,
     run=broken_pipe, cls=d.SIGPIPE_STATUS)


def full(context):
    found = os.open("/dev/full", os.O_WRONLY)
    try:
        return context.run(stderr=found)
    finally:
        os.close(found)


case("stderr on a full disk, granted", ASK, granted(), db=GRANT, run=full)
case("stderr on a full disk, refused", ASK_MORE, SILENT, db=GRANT, run=full)
for word in ("--help", "--version"):
    case(f"stdout on a full disk, {word}", word, refused(re.compile("{prog}: .+"), log=0),
         as_user=lambda _: os.dup2(os.open("/dev/full", os.O_WRONLY), 1), cls=d.HELP)


def map_as_stderr(context):
    os.dup2(os.open(f"/proc/{context.pid}/{context.kind}id_map", os.O_RDWR), 2)


# a message is written to a map: the kernel refuses such a text
case("stderr is the target's map, refused", ASK_MORE, SILENT, db=GRANT,
     as_user=map_as_stderr)
case("stderr is the target's map, granted", ASK, granted(), db=GRANT, as_user=map_as_stderr)

# --- limits that are high enough ---
LIMITS = {"FSIZE": 0, "CORE": 0, "NPROC": 0, "MEMLOCK": 0, "SIGPENDING": 0, "MSGQUEUE": 0,
          "RTPRIO": 0, "NICE": 0}
for name, value in LIMITS.items():
    def limit(_, name=name, value=value):
        resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (value, value))
    three(f"RLIMIT_{name} {value}", as_user=limit)
three("umask 0777", as_user=lambda _: os.umask(0o777))
three("lowest priority", as_user=lambda _: os.nice(19))


def lost_directory(context):
    os.mkdir("/home/elsa/lost")
    os.chdir("/home/elsa/lost")
    os.rmdir("/home/elsa/lost")


three("working directory is gone", as_user=lost_directory)

# --- signals ---
EVERY = set(signal.valid_signals()) - {signal.SIGKILL, signal.SIGSTOP}
DEADLY = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGPIPE,
          signal.SIGXFSZ, signal.SIGQUIT, signal.SIGTSTP)


def blocked(_):
    signal.pthread_sigmask(signal.SIG_BLOCK, EVERY)


def pending(numbers):
    def as_user(context):
        blocked(context)
        for number in numbers:
            os.kill(os.getpid(), number)
    return as_user


def ignored(_):
    for number in EVERY:
        try:
            signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError):
            pass


three("every signal blocked", as_user=blocked)
three("signals blocked and pending", as_user=pending(DEADLY))
three("SIGALRM blocked and pending", as_user=pending((signal.SIGALRM,)))
three("SIGCHLD and SIGURG pending", as_user=pending((signal.SIGCHLD, signal.SIGURG)))
three("every signal ignored", as_user=ignored)
three("SIGSEGV and SIGBUS ignored and blocked", as_user=lambda context: (
    ignored(context), blocked(context)))

# --- the system log: a failed record changes nothing ---
UNRECORDED = DENIED._replace(log=0)


def log_is(path):
    """/dev/log is not the socket of a log daemon."""
    def as_root(_):
        unshare(CLONE_NEWNS)
        mount(path, "/dev/log", None, MS_BIND)
    return as_root


def deaf_daemon(context):
    """A daemon that reads nothing, its queue full; the program must not wait for long."""
    path = f"{context.host.tmpdir}/deaf"
    remove(path)
    daemon = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    daemon.bind(path)
    os.chmod(path, 0o666)
    client = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    client.setblocking(False)
    client.connect(path)
    with contextlib.suppress(BlockingIOError):
        while True:
            client.send(b"x")
    result = context.run(as_root=lambda: log_is(path)(context))
    daemon.close()
    if result.seconds > 4:
        raise TimeoutError(f"a full log held it up for {result.seconds:.1f} seconds")
    return result


case("no log daemon, refused", ASK_MORE, UNRECORDED, db=GRANT, as_root=log_is("/dev/null"))
case("no log daemon, granted", ASK, granted(), db=GRANT, as_root=log_is("/dev/null"))
case("log daemon that reads nothing, refused", ASK_MORE, UNRECORDED, db=GRANT,
     run=deaf_daemon)
case("log daemon that reads nothing, granted", ASK, granted(), db=GRANT, run=deaf_daemon)

# --- nsswitch.conf ---
BEFORE = NSSWITCH
for text in ("subid: files", "subid:files", "subid:\tfiles", "subid: files sss",
             "subid: files # comment", "subid:", "subid: ", " subid: zzz", "subid : zzz",
             "subids: zzz", "#subid: zzz", "subid: files\nsubid: zzz", "xsubid: zzz"):
    three(f"nsswitch.conf: {text!r}", etc={"nsswitch.conf": f"{BEFORE}{text}\n"})
# shadow reports on stderr that it cannot load the plugin, and uses the files
for text in ("subid: zzz", "SUBID: zzz", "Subid:zzz", "subid: zzz files", "subid:\tzzz",
             "subid: FILES", "subid: zzz\nsubid: files", "subid: ../../hostile",
             "subid: [NOTFOUND=return] files", "subid: /tmp/hostile", "subid: " + "z" * 5000):
    case(f"nsswitch.conf, no such plugin: {text[:40]!r}", ASK, granted(), db=GRANT,
         etc={"nsswitch.conf": f"{BEFORE}{text}\n"}, cls=d.PLUGIN_NOTE)
    case(f"nsswitch.conf, no such plugin, refused: {text[:40]!r}", ASK_MORE, DENIED,
         db=GRANT, etc={"nsswitch.conf": f"{BEFORE}{text}\n"}, cls=d.PLUGIN_NOTE)
three("empty nsswitch.conf", etc={"nsswitch.conf": ""})


def no_nsswitch(_):
    unshare(CLONE_NEWNS)
    os.unlink("/etc/nsswitch.conf")


three("no nsswitch.conf", etc={"nsswitch.conf": ""}, as_root=no_nsswitch)


def plugin_installed(context):
    """A plugin of that name in every directory where a build may look for it."""
    unshare(CLONE_NEWNS)
    for number, directory in enumerate(PLUGIN_DIRECTORIES):
        top = f"{context.host.tmpdir}/plugins-{number}"
        os.makedirs(top, exist_ok=True)
        mount("tmpfs", top, "tmpfs", 0, "mode=755")
        os.mkdir(f"{top}/up")
        os.mkdir(f"{top}/work")
        mount("overlay", directory, "overlay", 0,
              f"lowerdir={directory},upperdir={top}/up,workdir={top}/work")
        with open(f"{directory}/libsubid_zzz.so", "wb"):
            pass


PLUGIN_DIRECTORIES = [directory for directory in dict.fromkeys(os.path.realpath(name) for name in (
    "/usr/lib", f"/usr/lib/{os.uname().machine}-linux-gnu", "/usr/local/lib"))
    if os.path.isdir(directory)]
ZZZ = {"nsswitch.conf": f"{BEFORE}subid: zzz\n"}
NO_ORACLE = "Debian's would load the plugin"
PLUGIN = refused("{prog}: {k}id range [0-1) -> [100000-100001) not allowed", log=1)
case("plugin that is installed: asked for a range", ASK, PLUGIN, db=GRANT, etc=ZZZ,
     as_root=plugin_installed, oracle=NO_ORACLE)
case("plugin that is installed: own id", OWN, granted(setgroups="deny"), db=GRANT, etc=ZZZ,
     as_root=plugin_installed, oracle=NO_ORACLE)
case("plugin that is installed, but files are asked", ASK, granted(), db=GRANT,
     etc={"nsswitch.conf": f"{BEFORE}subid: files zzz\n"}, as_root=plugin_installed)

# --- nested: a namespace of elsa's that knows the ids 0 (5001), 1-1000 (100000-100999) ---


def inside(uid, maps="0 5001 1\n1 100000 1000\n"):
    """A caller with ids of that namespace, which is made at its first use."""
    def caller(host):
        nested = host.__dict__.setdefault("nested", {})
        if maps not in nested:
            target = host.target("ns", ELSA)
            for which in "ug":
                with open(f"/proc/{target.pid}/{which}id_map", "w") as file:
                    file.write(maps)
            nested[maps] = target.pid
        return Caller(f"inside {uid}", uid, uid, userns=nested[maps])
    return caller


def file_of(owner):
    return lambda host, path: host.write(path, NESTED, 0o644, (owner, owner))


NESTED = "root:1:500\nroot:100000:65536\ndaemon:100:50\n"
case("nested: ids of the parent", "PID 0 1 500", granted(map=((0, 100000, 500),)),
     db=NESTED, caller=inside(0))
case("nested: own id and ids of the parent", "PID 0 0 1 1 1 500",
     granted(map=((0, 5001, 1), (1, 100000, 500))), db=NESTED, caller=inside(0))
case("nested: own id", "PID 0 0 1", granted("deny", ((0, 5001, 1),)), db=NESTED,
     caller=inside(0))
case("nested: ids that the parent lacks", "PID 0 100000 1", EPERM, db=NESTED,
     caller=inside(0))
case("nested: ids of which the parent lacks some", "PID 0 1000 2", EPERM,
     db="root:1000:10\n", caller=inside(0))
case("nested: not delegated", "PID 0 600 1", not_allowed("[0-1) -> [600-601)"), db=NESTED,
     caller=inside(0))
case("nested: the host's name is nothing inside", "PID 0 1 1",
     not_allowed("[0-1) -> [1-2)"), db="elsa:1:500\n", caller=inside(0))
case("nested: not root inside, installed setuid", "PID 0 100 10", EPERM, db=NESTED,
     caller=inside(1), installs=("setuid",))
case("nested: not root inside, file capabilities", "PID 0 100 10",
     granted(map=((0, 100099, 10),)), db=NESTED, caller=inside(1), installs=("fcaps",))
case("nested: not root inside, own id", "PID 0 1 1", granted("deny", ((0, 100000, 1),)),
     db=NESTED, caller=inside(1))
for owner, text in ((0, "the host's root"), (5001, "root inside"),
                    (65534, "the host's nobody"), (5002, "another user of the host")):
    case(f"nested: file of {text}", "PID 0 1 500", granted(map=((0, 100000, 500),)),
         db=file_of(owner), caller=inside(0))
case("nested: file of a user inside", "PID 0 1 500",
     refused(re.compile("{prog}: cannot open {file}: .+")), db=file_of(100005),
     caller=inside(0), cls=d.UNTRUSTED)
case("nested: file of a user inside, own id", "PID 0 0 1", granted("deny", ((0, 5001, 1),)),
     db=file_of(100005), caller=inside(0))
case("nested, all ids known: file of nobody", "PID 0 1 500",
     refused(re.compile("{prog}: cannot open {file}: .+")), db=file_of(65534),
     caller=inside(0, maps="0 0 4294967295\n"), cls=d.UNTRUSTED)
