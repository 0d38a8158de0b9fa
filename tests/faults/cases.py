"""
The cases: from what a start without faults did, every fault that is tried. A case has a kind, a name, the command that
the start runs under (inject and its arguments), and what its environment has beside the usual.
"""
import errno
import re
from collections import namedtuple

Case = namedtuple("Case", "kind name under environment")

ERRORS = {
    "socket": "ENOMEM EMFILE EPERM EAFNOSUPPORT", "socketpair": "ENOMEM EMFILE", "pipe2": "EMFILE",
    "bind": "EADDRINUSE EPERM ENOMEM", "listen": "EADDRINUSE", "connect": "EINTR ENETUNREACH ECONNREFUSED EPERM EAGAIN",
    "setsockopt": "ENOMEM EPERM ENOPROTOOPT", "getsockopt": "ENOMEM EPERM ENOENT", "getsockname": "ENOBUFS",
    "sendto": "ENOBUFS EAGAIN EINTR EPERM ECONNREFUSED", "sendmsg": "ENOBUFS EAGAIN EINTR EPERM",
    "sendmmsg": "ENOBUFS EINTR EPERM", "recvfrom": "ENOBUFS EAGAIN EINTR ENOMEM", "recvmsg": "ENOBUFS EAGAIN EINTR ENOMEM",
    "recvmmsg": "EAGAIN EINTR ENOMEM", "read": "EINTR EIO EAGAIN", "readv": "EINTR EIO EAGAIN",
    "write": "EINTR EAGAIN EIO ENOSPC EPIPE", "writev": "EINTR EAGAIN EIO ENOSPC", "poll": "EINTR ENOMEM", "ppoll": "EINTR ENOMEM",
    "epoll_create1": "EMFILE ENOMEM", "epoll_ctl": "ENOMEM EPERM ENOSPC", "epoll_pwait": "EINTR",
    "fork": "EAGAIN ENOMEM", "clone": "EAGAIN ENOMEM", "vfork": "EAGAIN", "open": "ENOENT EMFILE EACCES EIO",
    "openat": "ENOENT EMFILE EACCES EIO", "access": "ENOENT EACCES EIO", "close": "EINTR EIO", "mmap": "ENOMEM",
    "munmap": "ENOMEM", "mremap": "ENOMEM", "brk": "ENOMEM", "mprotect": "ENOMEM", "prctl": "EINVAL EPERM",
    "capget": "EPERM", "capset": "EPERM", "setresuid": "EPERM EAGAIN EINVAL", "setresgid": "EPERM EINVAL", "setgroups": "EPERM ENOMEM",
    "getresuid": "EFAULT", "getresgid": "EFAULT", "getgroups": "EINVAL", "seccomp": "EINVAL ENOSYS EACCES", "landlock_create_ruleset": "ENOMEM ENOSYS EOPNOTSUPP", "landlock_restrict_self": "EPERM E2BIG",
    "prlimit64": "EPERM", "setrlimit": "EPERM", "setsid": "EPERM", "setpgid": "EPERM", "dup2": "EMFILE EINTR", "ioctl": "ENOTTY EIO",
    "wait4": "EINTR ECHILD", "execve": "ENOENT ENOMEM EACCES", "kill": "EPERM", "fcntl": "EMFILE EPERM", "getrandom": "EINTR ENOSYS",
    "chdir": "ENOENT", "uname": "EFAULT", "lseek": "ESPIPE",
}
SETITIMER = "38"  # what alarm(3) calls
ROLES = ("init", "lookup", "resolver", "warden", "fetcher", "agent")
INPUT_OUTPUT = {"read", "write", "sendto", "recvfrom"}
# calls whose success is believed only where something else shows it, or matters no more than a failure would
FALSE = set("prctl capset setresuid setresgid setgroups "
            "setsockopt bind connect listen sendto sendmsg write writev alarm setitimer dup2 "
            "setsid kill poll access recvmsg recvfrom read".split())
# of a call that a process makes more often than this, each gets one kind of fault after the other, and not all
OFTEN = 12
# what fails no sooner than the program ends, or cannot fail
NEVER = {"exit_group", "exit", "rt_sigreturn", "restart_syscall", "getpid", "getuid", "geteuid", "getgid", "gettid",
         "arch_prctl", "set_tid_address", "rt_sigaction", "rt_sigprocmask"}
SPOILS = ("lose dup swap ack refuse old sequence port type long none half empty sender done torn "
          "flip0 flip1 flip2 flip3 flip4 flip5 flip6 flip7").split()


def call_names():
    names = {}
    for line in open("/usr/include/x86_64-linux-gnu/asm/unistd_64.h", encoding="ascii"):
        match = re.match(r"#define __NR_(\w+) (\d+)", line)
        if match:
            names[int(match[2])] = match[1]
    return names


def under_deadline(record):
    """The numbers of the lines between the deadline's beginning and its end."""
    timers = [n for n, line in enumerate(record) if line.split()[:2] == ["init", SETITIMER]]
    return range(timers[0], timers[-1])


def faults(name, number, deadline):
    """(kind, what is shown, inject's action, what follows the occurrence)"""
    yield "SIGKILL", "KILL", "signal=9", ""
    yield "SIGTERM", "TERM", "signal=15", ""
    if name in NEVER:
        return
    for error in ERRORS.get(name, "ENOMEM EINTR EPERM EIO").split():
        yield "error", error, f"error={getattr(errno, error)}", ""
    if name in FALSE:
        yield "false success", "0", "result=0", ""
    if name in INPUT_OUTPUT:
        yield "short", "short", "short", ""
    # these take until the deadline, or are much the same everywhere
    # it is called with all signals blocked, and does not wait for anything
    waits = number in deadline and name not in ("fork", "clone")
    if number % 20 == 0 and waits:
        yield "hang", "hang", "hang", ""
    if number % 5 == 0 and waits:
        yield "hang, SIGTERM", "stuck TERM", "stuck=15", ""
        yield "hang, SIGINT", "stuck INT", "stuck=2", ""
    if number % 20 == 0:
        yield "delay", "300 ms", "delay=300", ""
    # Linux has closed what close could not (close(2))
    if number % 20 == 0 and name != "close":
        yield "error for good", "ENOMEM", f"error={errno.ENOMEM}", "+"


def of_calls(record, inject, everything):
    names, deadline = call_names(), under_deadline(record)
    for number, line in enumerate(record):
        role, call, occurrence, _, _ = line.split(None, 4)
        name = names.get(int(call), call)
        for index, (kind, shown, action, more) in enumerate(faults(name, number, deadline)):
            # what a process of the guard is called
            if name == "prctl" and occurrence == "1" and role != "init" and kind in ("error", "false success"):
                continue
            often = int(occurrence) > OFTEN and kind in ("SIGKILL", "SIGTERM", "error", "false success", "short")
            if everything or not often or index % 4 == int(occurrence) % 4:
                yield Case(kind, f"{role} {name} {occurrence}{more} {shown}",
                           [inject, "-c", f"{role}:{call}:{occurrence}{more}", action], {})


def of_netlink(record, inject, everything):
    for line in record:
        role, _, _, _, tag = line.split(None, 4)
        if not tag.startswith("netlink"):
            continue
        count = tag.split()[1]
        for index, how in enumerate(SPOILS):
            if everything or index % 5 == int(count) % 5:
                yield Case("netlink " + re.sub(r"\d", "", how), f"{role} netlink {count} {how}",
                           [inject, "-n", f"{role}:{count}:{how}"], {})


def of_allocations(said, program, everything):
    """said: what a start with FAULT_ALLOC=report said."""
    counts = {}
    for line in said:
        match = re.match(r"fault: allocation (\d+) (\d+)", line)
        if match:
            counts[int(match[1])] = max(counts.get(int(match[1]), 0), int(match[2]))
    for role, most in sorted(counts.items()):
        for count in range(1, most + 1):
            # the parsers of TLS and JSON make thousands, much like one another
            if not everything and count > 100 and count % 16:
                continue
            for more in ("", "+"):
                yield Case("allocation" + (" for good" if more else ""), f"{ROLES[role]} allocation {count}{more}", [],
                           {"SECURE_INIT": program, "FAULT_ALLOC": f"{role}:{count}{more}"})
