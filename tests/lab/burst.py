"""
burst.py, an agent that asks much, at 192.0.2.1:

  pipeline N NAME       N questions in one write of one TCP connection; says how many were answered
  flood N SUFFIX        N questions by UDP for names of their own below SUFFIX; says how often which code came
  follow N NAME PORT    N times: asks for NAME's A, and connects to what comes; says how many could be, to how many addresses
"""
import collections
import os
import random
import socket
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import wire

SERVER = ("192.0.2.1", 53)
what, n, name = sys.argv[1], int(sys.argv[2]), sys.argv[3]


def pipeline():
    stream = socket.create_connection(SERVER, 20)
    queries = [wire.query(name, "A", ident) for ident in range(n)]
    stream.sendall(b"".join(struct.pack(">H", len(query)) + query for query in queries))
    seen = set()
    while len(seen) < n:
        length = stream.recv(2, socket.MSG_WAITALL)
        if len(length) < 2:
            break
        message = stream.recv(struct.unpack(">H", length)[0], socket.MSG_WAITALL)
        if wire.records(message)[0] == "NOERROR" and wire.addresses(message):
            seen.add(wire.question(message)[0])
    print("answered", len(seen))


def flood():
    asker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    asker.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
    codes = collections.Counter()
    for ident in range(n):
        asker.sendto(wire.query(f"x{ident}-{random.getrandbits(40):x}.{name}", "A", ident), SERVER)
        if ident % 50 == 49:
            # no more at once than the guard's socket has room for
            drain(asker, codes, ident - 99)
    drain(asker, codes, n)
    print(*[f"{code} {count}" for code, count in sorted(codes.items())])


def drain(asker, codes, least):
    """Until so many were answered, or given up."""
    asker.settimeout(5)
    while sum(codes.values()) < least:
        try:
            codes[wire.records(asker.recv(4096))[0]] += 1
        except OSError:
            codes["lost"] += least - sum(codes.values())


def follow():
    asker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    asker.settimeout(20)
    good, seen, failures = 0, set(), collections.Counter()
    for ident in range(n):
        asker.sendto(wire.query(name, "A", ident), SERVER)
        found = wire.addresses(asker.recv(4096))
        for address in found[:1]:
            seen.add(address)
            try:
                socket.create_connection((address, int(sys.argv[4])), 10).close()
                good += 1
            except OSError as failure:
                failures[str(failure)] += 1
        if not found:
            failures["no address"] += 1
    print("connected", good, "addresses", len(seen), *failures.items())


{"pipeline": pipeline, "flood": flood, "follow": follow}[what]()
