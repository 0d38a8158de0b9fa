#!/usr/bin/env python3
"""clients.py TEST: a client of the resolver that does what dig does not. Says what it saw, or fails."""
import os
import random
import select
import socket
import struct
import sys
import time

RESOLVER = ("127.0.0.1", 10053)


def question(name, kind=1, number=None, flags=0x100):
    head = struct.pack(">6H", random.randrange(65536) if number is None else number, flags, 1, 0, 0, 0)
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split(".") if label)
    return head + labels + b"\0" + struct.pack(">2H", kind, 1)


def framed(message):
    return struct.pack(">H", len(message)) + message


def read_one(tcp):
    def exactly(n):
        data = b""
        while len(data) < n:
            more = tcp.recv(n - len(data))
            if not more:
                raise EOFError
            data += more
        return data
    return exactly(struct.unpack(">H", exactly(2))[0])


def connect(timeout=20):
    tcp = socket.create_connection(RESOLVER)
    tcp.settimeout(timeout)
    return tcp


def alive():
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.settimeout(1)
    for _ in range(20):  # what comes while its socket is full of other packets is lost
        udp.sendto(question("secure-init.invalid", 16, 7), RESOLVER)
        try:
            assert udp.recv(4096)[:2] == b"\0\7"
            return
        except TimeoutError:
            pass
    assert False, "the resolver does not answer"


def pipelining():
    """Two slow names and a quick one on one connection, in one segment: the quick one is answered first."""
    tcp = connect()
    tcp.sendall(framed(question("slow1.odd.example", 1, 1)) + framed(question("slow2.odd.example", 1, 2)) +
                framed(question("secure-init.invalid", 16, 3)))
    order = [struct.unpack(">H", read_one(tcp)[:2])[0] for _ in range(3)]
    assert order[0] == 3 and sorted(order) == [1, 2, 3], order
    # many more than may be under way, with the writing side closed: all are answered
    tcp = connect()
    tcp.sendall(b"".join(framed(question("x%d.odd.example" % i, 1, i)) for i in range(100)))
    tcp.shutdown(socket.SHUT_WR)
    assert sorted(struct.unpack(">H", read_one(tcp)[:2])[0] for _ in range(100)) == list(range(100))
    assert tcp.recv(1) == b""


def pieces():
    """A question that comes byte by byte; a length that is none; rubbish."""
    tcp = connect()
    for byte in framed(question("secure-init.invalid", 16, 3)):
        tcp.sendall(bytes([byte]))
        time.sleep(0.002)
    assert read_one(tcp)[:2] == b"\0\3"
    for rubbish in b"\0\0", b"\0\5hello", b"\xff\xff" + b"x" * 3000:
        tcp = connect()
        tcp.sendall(rubbish)
        try:
            assert tcp.recv(10) == b""
        except ConnectionResetError:
            pass
    alive()


def crowd():
    """More connections than there are places: the idlest goes, the newest is served."""
    begin = time.time()
    idle = [connect() for _ in range(32)]
    new = connect()
    new.sendall(framed(question("secure-init.invalid", 16, 3)))
    assert read_one(new)[:2] == b"\0\3"
    gone = select.select(idle, [], [], 20)[0]
    assert len(gone) == 1 and gone[0] is idle[0], len(gone)
    # and all of them, after ten seconds of nothing
    idle.remove(gone[0])
    since = time.time()
    for one in idle:
        one.settimeout(30)
        assert one.recv(1) == b""
    assert time.time() - begin > 9.5 and time.time() - since < 25, (time.time() - begin, time.time() - since)


def deaf():
    """Clients that ask much and read nothing do not hold up others, and are let go."""
    deaf = []
    for _ in range(8):
        tcp = socket.socket()
        tcp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        tcp.connect(RESOLVER)
        tcp.setblocking(False)
        deaf.append(tcp)
    batch = framed(question("many.odd.example")) * 10
    until = time.time() + 4
    while time.time() < until:
        for tcp in select.select([], deaf, [], 0.1)[1]:
            try:
                tcp.send(batch)
            except OSError:
                deaf.remove(tcp)
    alive()


def mutants(n=int(os.environ.get("PACKETS", "20000"))):
    """Packets that were questions once."""
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.setblocking(False)
    seeds = [question("a.odd.example"), question("www.example.com", 28) + b"\0\0\x29\x10\0\0\0\x80\0\0\0", question("x" * 63 + ".example", 255)]
    seeds[1] = seeds[1][:11] + b"\1" + seeds[1][12:]
    for i in range(n):
        packet = bytearray(random.choice(seeds))
        for _ in range(random.randrange(1, 6)):
            packet[random.randrange(len(packet))] = random.randrange(256)
        if random.random() < 0.3:
            packet = packet[:random.randrange(len(packet) + 1)]
        try:
            udp.sendto(packet, RESOLVER)
            if i % 16 == 0:
                while udp.recv(4096):
                    pass
        except OSError:
            pass
    alive()


def mutant_answers(n=int(os.environ.get("PACKETS", "20000")) // 10):
    """Answers that were right once: the server mixes them up."""
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.settimeout(0.01)
    for i in range(n):
        udp.sendto(question("mutant.m%d.odd.example" % i, random.choice([1, 28, 15, 16])), RESOLVER)
        try:
            udp.recv(4096)
        except TimeoutError:
            pass
    alive()


def refusals(seconds=2):
    """
    How many questions for a name on no list are answered in so long, each for another name; and in as much longer as it
    takes to ask for as many as may be.
    """
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.settimeout(10)
    answered = refused = failed = i = 0
    begin = time.time()
    while time.time() < begin + seconds or (not refused and time.time() < begin + 90):
        for _ in range(20):
            udp.sendto(question("n%d.unlisted.example" % i, 16), RESOLVER)
            i += 1
        for _ in range(20):
            rcode = udp.recv(4096)[3] & 15
            refused += rcode == 5
            answered += rcode == 0
            failed += rcode == 2  # was asked, and not answered in time
    took = time.time() - begin
    print("%d answered, %d refused, %d not answered in %.1f s" % (answered, refused, failed, took))
    assert 490 <= answered + failed and answered <= 500 + 50 * (took + 1)
    assert refused > 0


globals()[sys.argv[1]]()
