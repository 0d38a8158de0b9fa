"""Everything used up: what the kernel remembers of connections, addresses, memory, processes, descriptors, the guard's places."""
import os
import signal
import socket
import struct
import time

from names import question, rcode
from tools import ALLOWED, BLOCKED, GATEWAY, PATIENCE, attack, in_child, outcome, tcp


def fill_conntrack():
    """A flow for each port of the allowed host, from as many sockets as it takes; then the blocked one is tried."""
    with open("/proc/sys/net/netfilter/nf_conntrack_max") as f:
        wanted = int(f.read()) + 1000
    sent, failed = 0, 0
    while sent < wanted:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.setblocking(False)
            for port in range(1024, 65536):
                try:
                    s.sendto(b"", (ALLOWED, port))
                except OSError:
                    failed += 1
                sent += 1
    return "filled" if failed < wanted // 2 else "refused"


def fill_sets():
    """Names below an allowed wildcard, each of another address (attacks.bats makes them): as many as are answered in a minute."""
    got, names = 0, [(i >> 8, i & 255) for i in range(16800)]
    until = time.monotonic() + 60
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(1)
        s.connect((GATEWAY, 53))
        for at in range(0, len(names), 25):  # as many at once as one may have open
            if time.monotonic() > until:
                break
            batch = names[at:at + 25]
            for high, low in batch:
                s.send(question("%d-%d-%d-%d.wild.lab" % (44, 128, high, low)))
            for _ in batch:
                try:
                    got += rcode(s.recv(512)) == "answered"
                except socket.timeout:
                    break
    return "%d" % got


def exhaust_memory():
    """Until something is killed: a child that takes all there is, again and again."""
    for _ in range(3):
        child = os.fork()
        if child == 0:
            room = []
            try:
                while True:
                    room.append(bytearray(os.urandom(1)) * (1 << 22))
            except MemoryError:
                os._exit(1)
        os.waitpid(child, 0)
    return "survived"


def exhaust_processes():
    """As many as are to be had, for a second."""
    children = []
    try:
        while len(children) < 5000:
            child = os.fork()
            if child == 0:
                signal.alarm(3)
                signal.pause()
                os._exit(0)
            children.append(child)
        said = "open"
    except OSError as failure:
        said = outcome(failure)
    time.sleep(0.5)
    blocked = "?"
    try:
        blocked = tcp(BLOCKED, 443)
    except OSError as failure:
        blocked = outcome(failure)
    for child in children:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    return said + "+" + blocked


def exhaust_descriptors():
    """All places of the resolver's and the warden's sockets, kept; then DNS is asked, and what is blocked tried."""
    held = []
    for to in (("127.0.0.1", 10053), "\0secure-init"):
        for _ in range(600):
            s = socket.socket(socket.AF_INET, socket.SOCK_STREAM) if isinstance(to, tuple) else socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            s.setblocking(False)
            held.append(s)
            try:
                s.connect(to)
            except OSError:
                pass
    said = []
    for try_it in (lambda: ask(question("api.anthropic.com")), lambda: tcp(BLOCKED, 443)):
        try:
            said.append(try_it())
        except OSError as failure:
            said.append(outcome(failure))
    for s in held:
        s.close()
    return "+".join(said)


def ask(data):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(PATIENCE)
        s.sendto(data, (GATEWAY, 53))
        return rcode(s.recv(512))


def flood_record():
    """More refused packets than anybody can write down."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        for i in range(100000):
            try:
                s.sendto(struct.pack("!I", i), (BLOCKED, 1024 + i % 60000))
                return "open"
            except OSError as failure:
                said = outcome(failure)
    return said


for function in (fill_conntrack, fill_sets, exhaust_memory, exhaust_processes, exhaust_descriptors, flood_record):
    attack(function, always=False)
