"""
fence.py: what an agent's system calls come to: a line a call, "NAME ok" or "NAME E…". Each is one that would succeed, or
fail in another way, without the fence. Children do what cannot be undone.
"""
import ctypes
import errno
import fcntl
import os
import platform
import socket
import struct
import sys

libc = ctypes.CDLL(None, use_errno=True)
X86 = platform.machine() == "x86_64"
CALLS = {  # x86_64, aarch64
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282), "add_key": (248, 217),
    "request_key": (249, 218), "keyctl": (250, 219), "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41),
    "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430), "fsconfig": (431, 431), "fsmount": (432, 432),
    "fspick": (433, 433), "mount_setattr": (442, 442), "setns": (308, 268), "open_by_handle_at": (304, 265),
    "kexec_load": (246, 104), "init_module": (175, 105), "finit_module": (313, 273), "delete_module": (176, 106),
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427), "clone3": (435, 435),
}


def say(name, err):
    print(name, "ok" if err == 0 else errno.errorcode.get(err, err), flush=True)


def call(number, *arguments):
    ctypes.set_errno(0)
    result = libc.syscall(ctypes.c_long(number), *[ctypes.c_long(a) for a in arguments])
    return 0 if result >= 0 else ctypes.get_errno()


def in_child(function):
    child = os.fork()
    if child == 0:
        os._exit(function() & 255)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def family(number, kind=socket.SOCK_DGRAM, protocol=0):
    try:
        socket.socket(number, kind, protocol).close()
        return 0
    except OSError as failure:
        return failure.errno


for name, numbers in CALLS.items():
    say(name, call(numbers[0 if X86 else 1], 0, 0, 0, 0, 0, 0))
for name, number in (("unix", 1), ("inet", 2), ("inet6", 10), ("netlink", 16), ("packet", 17), ("alg", 38), ("vsock", 40),
                     ("xdp", 44), ("key", 15), ("rds", 21), ("tipc", 30), ("smc", 43), ("can", 29), ("bluetooth", 31)):
    say("family-" + name, family(number, socket.SOCK_RAW if number == 16 else socket.SOCK_DGRAM))
say("family-unix-pair", in_child(lambda: 0 if socket.socketpair() else 1))
for name, number in (("route", 0), ("diag", 4), ("xfrm", 6), ("netfilter", 12), ("uevent", 15), ("generic", 16), ("crypto", 21)):
    say("netlink-" + name, family(16, socket.SOCK_RAW, number))
for name, flag in (("user", 0x10000000), ("net", 0x40000000), ("mount", 0x00020000), ("pid", 0x20000000), ("uts", 0x04000000),
                   ("ipc", 0x08000000), ("cgroup", 0x02000000), ("time", 0x80)):
    say("unshare-" + name, in_child(lambda: call(272 if X86 else 97, flag)))
say("unshare-files", in_child(lambda: call(272 if X86 else 97, 0x400)))


def clone_user():
    child = libc.syscall(ctypes.c_long(56 if X86 else 220), ctypes.c_long(0x10000000 | 17), 0, 0, 0, 0)
    if child == 0:
        os._exit(0)
    return 0 if child > 0 else ctypes.get_errno()


say("clone-user", in_child(clone_user))
say("fork", in_child(lambda: 0))
try:
    fcntl.ioctl(0, 0x5412, struct.pack("c", b"x"))
    say("tiocsti", 0)
except OSError as failure:
    say("tiocsti", failure.errno)
if X86:  # the numbers of x32
    say("x32-getpid", call(0x40000000 + 39))
