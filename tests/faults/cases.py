"""
The cases: from what a start without faults did, every fault that is tried. A case is (kind, name, how), where how is
the command that the start runs under (inject and its arguments) or, for what a build with failing allocations does,
the value of FAULT_ALLOC.
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
    "capget": "EPERM", "capset": "EPERM", "setresuid": "EPERM EAGAIN", "setresgid": "EPERM", "setgroups": "EPERM ENOMEM",
    "getresuid": "EFAULT", "getresgid": "EFAULT", "getgroups": "EINVAL", "rt_sigaction": "EINVAL", "rt_sigprocmask": "EINVAL",
    "seccomp": "EINVAL ENOSYS EACCES", "landlock_create_ruleset": "ENOMEM ENOSYS EOPNOTSUPP", "landlock_restrict_self": "EPERM E2BIG",
    "prlimit64": "EPERM", "setrlimit": "EPERM", "setsid": "EPERM", "setpgid": "EPERM", "dup2": "EMFILE EINTR", "ioctl": "ENOTTY EIO",
    "wait4": "EINTR ECHILD", "execve": "ENOENT ENOMEM EACCES", "kill": "EPERM", "fcntl": "EMFILE EPERM", "getrandom": "EINTR ENOSYS",
    "chdir": "ENOENT", "uname": "EFAULT", "lseek": "ESPIPE",
}
INPUT_OUTPUT = {"read", "write", "sendto", "recvfrom"}
# what fails no sooner than the program ends, or cannot fail
NEVER = {"exit_group", "exit", "rt_sigreturn", "restart_syscall", "getpid", "getuid", "geteuid", "getgid", "gettid",
         "arch_prctl", "set_tid_address"}
SPOILS = ("lose dup swap ack refuse sequence port type long none half empty sender done torn "
          "flip0 flip1 flip2 flip3 flip4 flip5 flip6 flip7").split()


def call_names():
    names = {}
    for line in open("/usr/include/x86_64-linux-gnu/asm/unistd_64.h", encoding="ascii"):
        match = re.match(r"#define __NR_(\w+) (\d+)", line)
        if match:
            names[int(match[2])] = match[1]
    return names


def of_calls(record, inject):
    """Errors, lies, short transfers and signals, at every call and occurrence; a hang at every 20th."""
    names = call_names()
    for number, line in enumerate(record):
        role, call, occurrence, _, _ = line.split(None, 4)
        name = names.get(int(call), call)
        aim = f"{role}:{call}:{occurrence}"

        def case(kind, action, more="", aim=aim, name=name, role=role, occurrence=occurrence):
            return Case(kind, f"{role} {name} {occurrence}{more} {action[0]}", [inject, "-c", aim + more, action[1]], {})

        yield case("SIGKILL", ("KILL", "signal=9"))
        yield case("SIGTERM", ("TERM", "signal=15"))
        if name in NEVER:
            continue
        for error in ERRORS.get(name, "ENOMEM EINTR EPERM EIO").split():
            yield case("error", (error, f"error={getattr(errno, error)}"))
        if name != "execve":
            yield case("false success", ("0", "result=0"))
        if name in INPUT_OUTPUT:
            yield case("short", ("short", "short"))
        if number % 20 == 0:
            yield case("hang", ("hang", "hang"))
        if number % 20 == 10:
            yield case("error for good", ("ENOMEM", f"error={errno.ENOMEM}"), "+")
            yield case("delay", ("300 ms", "delay=300"))


def of_netlink(record, inject):
    for line in record:
        role, _, _, _, tag = line.split(None, 4)
        if tag.startswith("netlink"):
            count = tag.split()[1]
            for how in SPOILS:
                yield Case("netlink " + re.sub(r"\d", "", how), f"{role} netlink {count} {how}",
                           [inject, "-n", f"{role}:{count}:{how}"], {})
