"""
runtime.py [--KIND] COMMAND...: a container runtime that leaves descriptors open. Without a kind, a connection and a datagram
socket to the blocked host, made in the container's network before it is closed; FD_TCP and FD_UDP are their numbers. Else
descriptor 50 is a socket of this kind.
"""
import ctypes
import os
import socket
import struct
import sys


def leave(s, number):
    os.dup2(s.fileno(), number)
    return str(number)


def of_the_world(family):
    """Made in the world's network, and brought along."""
    libc = ctypes.CDLL(None, use_errno=True)
    here = os.open("/proc/self/ns/net", os.O_RDONLY)
    there = os.open("/run/netns/" + os.environ["WORLD"], os.O_RDONLY)
    if libc.setns(there, 0) < 0:
        sys.exit("runtime.py: setns")
    s = socket.socket(family, socket.SOCK_DGRAM)
    if libc.setns(here, 0) < 0:
        sys.exit("runtime.py: setns")
    return s


KINDS = {
    "--packet": lambda: socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0),
    "--raw": lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1),
    "--netlink": lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, 12),
    "--unix": lambda: socket.socket(socket.AF_UNIX, socket.SOCK_STREAM),
    "--foreign": lambda: of_the_world(socket.AF_INET),
    "--foreign-ipv6": lambda: of_the_world(socket.AF_INET6),
}


command = sys.argv[1:]
if command[0] in KINDS:
    leave(KINDS[command.pop(0)](), 50)
else:
    for variable, kind, port in (("FD_TCP", socket.SOCK_STREAM, 7777), ("FD_UDP", socket.SOCK_DGRAM, 9999)):
        s = socket.socket(socket.AF_INET, kind)
        s.settimeout(20)
        # when the container ends it ends at once, and is not heard of again in the next one's time
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        s.connect((os.environ["BLOCKED"], port))
        s.send(b"before")
        s.recv(99)
        os.environ[variable] = leave(s, port % 100)
os.execvp(command[0], command)
