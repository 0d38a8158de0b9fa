"""
runtime.py COMMAND...: a container runtime that leaves descriptors open: a connection and a datagram socket to the blocked
host, made in the container's network before it is closed. FD_TCP and FD_UDP are their numbers.
"""
import os
import socket
import struct
import sys

blocked = os.environ["BLOCKED"]
for variable, kind, port in (("FD_TCP", socket.SOCK_STREAM, 7777), ("FD_UDP", socket.SOCK_DGRAM, 9999)):
    s = socket.socket(socket.AF_INET, kind)
    s.settimeout(2)
    # when the container ends it ends at once, and is not heard of again in the next one's time
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    s.connect((blocked, port))
    s.send(b"before")
    s.recv(99)
    os.environ[variable] = str(os.dup(s.fileno()))
    os.set_inheritable(int(os.environ[variable]), True)
os.execvp(sys.argv[1], sys.argv[1:])
