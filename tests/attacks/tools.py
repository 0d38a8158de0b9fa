"""
What the attacks of all subjects share: where they go, and the few ways in which they try. An attack is a function that
returns its outcome in a word, or raises; "open" means that the way led out, or that the power was there.
"""
import ctypes
import errno
import os
import signal
import socket

BLOCKED = os.environ.get("BLOCKED", "151.101.1.69")  # a live host that no policy allows
BLOCKED6 = os.environ.get("BLOCKED6", "2a04:4e42::645")
ALLOWED = os.environ.get("ANTHROPIC", "160.79.104.10")
ALLOWED6 = os.environ.get("ANTHROPIC6", "2607:6bc0::10")
GATEWAY = os.environ.get("GATEWAY", "172.17.0.1")
GATEWAY6 = os.environ.get("GATEWAY6", "fd17::1")
TOOLS = os.environ.get("TOOLS", "/nonexistent")  # what attacks.bats compiled
SECURE_INIT = os.environ.get("SECURE_INIT", "/usr/local/sbin/secure-init")
SCRATCH = os.environ.get("SCRATCH", "/tmp")
MARK = b"exfiltrated"  # the world looks for it in every frame
WAIT = float(os.environ.get("WAIT", "0.8"))  # seconds for an answer that is not to come
# For one that is to come; and for a refusal, which where the kernel's limit of ICMP errors keeps it back comes with a later SYN:
# after 1, 3 or 7 seconds.
PATIENCE = float(os.environ.get("PATIENCE", "15"))
X86 = os.uname().machine == "x86_64"

libc = ctypes.CDLL(None, use_errno=True)
ATTACKS = {}  # by name
SUBJECTS = {}  # by the file's name: the names of those that need no preparation


def attack(function, always=True):
    name = function.__name__.replace("_", "-")
    ATTACKS[name] = function
    if always:
        SUBJECTS.setdefault(function.__module__, []).append(name)
    return function


def code(number):
    return errno.errorcode.get(number, str(number))


def outcome(error):
    """A word for an exception."""
    if isinstance(error, socket.timeout):
        return "silence"
    if isinstance(error, socket.gaierror):
        return "no-address"
    if isinstance(error, OSError) and error.errno:
        return code(error.errno)
    return "%s(%s)" % (type(error).__name__, error) if not isinstance(error, OSError) else str(error).replace(" ", "-")


def result(value):
    """A word for what a C function returned."""
    return "open" if value >= 0 else code(ctypes.get_errno())


def call(x86, arm, *arguments):
    """A system call by its number here or on aarch64."""
    ctypes.set_errno(0)
    return result(libc.syscall(ctypes.c_long(x86 if X86 else arm), *[ctypes.c_long(a) for a in arguments]))


def tcp(address, port, family=socket.AF_INET, protocol=0, options=(), wait=PATIENCE):
    with socket.socket(family, socket.SOCK_STREAM, protocol) as s:
        for option in options:
            s.setsockopt(*option)
        s.settimeout(wait)
        s.connect((address, port))
        return "open"


def udp(address, port, data=MARK, family=socket.AF_INET, kind=socket.SOCK_DGRAM, protocol=0, options=(), answer=True, wait=WAIT):
    """"open" if something came back; without an answer wanted, "sent" if the kernel took it."""
    with socket.socket(family, kind, protocol) as s:
        for option in options:
            s.setsockopt(*option)
        s.settimeout(wait)
        s.sendto(data, (address, port))
        if not answer:
            return "sent"
        s.recv(2048)
        return "open"


def worst(function, things):
    """Each of the things tried: "open" if one fell, else all outcomes."""
    said = set()
    for thing in things:
        try:
            said.add(str(function(thing)))
        except OSError as failure:
            said.add(outcome(failure))
    return "open" if "open" in said else "+".join(sorted(said)) or "nobody"


def in_child(function, seconds=60):
    """What cannot be undone, in a child that ends."""
    reads, writes = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(seconds)
        try:
            os.write(writes, str(function()).encode())
        except BaseException as failure:
            os.write(writes, outcome(failure).encode())
        os._exit(0)
    os.close(writes)
    said = os.read(reads, 999).decode()
    os.close(reads)
    os.waitpid(child, 0)
    return said or "killed"


def status(field, pid="self"):
    with open("/proc/%s/status" % pid) as lines:
        for line in lines:
            if line.startswith(field + ":"):
                return line.split(":", 1)[1].strip()
    return ""
