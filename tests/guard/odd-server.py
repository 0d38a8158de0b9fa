#!/usr/bin/env python3
"""odd-server.py ADDRESS LOG: a DNS server of which the first label of a name says how it behaves.

Names below "odd.example" have an address unless it says otherwise; what is asked is written to LOG, a line a question.
"""
import random
import socket
import struct
import sys
import threading
import time

ADDRESS, LOG = sys.argv[1], open(sys.argv[2], "a", buffering=1)
FIRST = {}  # names of which the first question was seen


def wire(name):
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".") if label) + b"\0"


def record(owner, kind, ttl, data):
    return owner + struct.pack(">HHIH", kind, 1, ttl, len(data)) + data


def address(owner, text, ttl=60):
    return record(owner, 1, ttl, socket.inet_aton(text))


def parse(query):
    at, labels = 12, []
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode("latin-1"))
        at += 1 + query[at]
    return ".".join(labels), struct.unpack(">H", query[at + 1:at + 3])[0], at + 5


def reply(query, end, answers=(), rcode=0, flags=0, question=None, number=None, authority=(), additional=()):
    head = struct.pack(">6H", struct.unpack(">H", query[:2])[0] if number is None else number, 0x8180 | rcode | flags, 1,
                       len(answers), len(authority), len(additional))
    return head + (question or query[12:end]) + b"".join(answers) + b"".join(authority) + b"".join(additional)


HERE = b"\xc0\x0c"


def answers(query, tcp):
    """The packets to send, in turn; a number is a pause in seconds."""
    name, kind, end = parse(query)
    edns = query[10:12] != b"\0\0"
    LOG.write("%s %s %d %d%s\n" % ("tcp" if tcp else "udp", name.lower(), kind, len(query), " edns" if edns else ""))
    how = name.lower().split(".")[0].rstrip("0123456789")
    number = struct.unpack(">H", query[:2])[0]
    good = reply(query, end, [address(HERE, "192.0.2.1")] if kind == 1 else [])
    if how == "tc" and not tcp:
        return [reply(query, end, flags=0x200)]
    if how == "lower" and not tcp:
        return [good[:12] + good[12:end].lower() + good[end:]]
    if how == "silent" or (how == "late" and not FIRST.setdefault(name.lower() + str(kind), 0)):
        FIRST[name.lower() + str(kind)] = 1
        return []
    if how == "servfail":
        return [reply(query, end, rcode=2)]
    if how == "bogus" and not query[3] & 0x10:  # signatures that do not fit, found by a server that checks them (RFC 4035 3.2.2)
        return [reply(query, end, rcode=2)]
    if how == "recursion" and not query[2] & 1:
        return [reply(query, end, rcode=5)]
    if how == "refused":
        return [reply(query, end, rcode=5)]
    if how == "plain" and edns:
        return [struct.pack(">6H", number, 0x8181, 0, 0, 0, 0)]
    if how == "guess":
        wrong = [reply(query, end, [address(HERE, "192.0.2.66")], number=(number + i) & 0xffff) for i in range(1, 5)]
        other = reply(query, end, [address(HERE, "192.0.2.66")], question=wire("x.example") + b"\0\1\0\1")
        return wrong + [other, good]
    if how == "flood" and not tcp:
        return [reply(query, end, number=number ^ i) for i in range(1, 20)] + [good]
    if how == "garbage":
        return [good[:2] + bytes(random.randrange(256) for _ in range(60)) for _ in range(4)] + [good]
    if how == "broken":
        return [reply(query, end, [HERE + b"\0\1\0\1"])]
    if how == "chain":
        return [reply(query, end, [address(wire("c.example"), "192.0.2.7"), record(wire("B.example"), 5, 60, wire("C.example")),
                                   address(wire("stranger.example"), "192.0.2.66"), record(HERE, 5, 30, wire("b.example"))])]
    if how == "round":
        return [reply(query, end, [record(HERE, 5, 60, wire("b.example")), record(wire("b.example"), 5, 60, HERE)])]
    if how == "many":
        return [reply(query, end, [address(HERE, "192.0.2.%d" % i) for i in range(1, 71)])] if tcp else [reply(query, end, flags=0x200)]
    if how == "loopback":
        return [reply(query, end, [address(HERE, "192.0.2.1"), address(HERE, "127.0.0.1")])]
    if how == "mapped":
        return [reply(query, end, [record(HERE, 28, 60, bytes(10) + b"\xff\xff\x7f\0\0\1")])]
    if how == "link":
        return [reply(query, end, [address(HERE, "169.254.169.254")])]
    if how == "mutant":
        packet = bytearray(reply(query, end, [address(HERE, "192.0.2.1"), record(HERE, 5, 60, wire("b.example")),
                                              record(wire("b.example"), 16, 60, b"\5hello"), address(wire("b.example"), "192.0.2.2")],
                                 authority=[record(b"\xc0\x13", 2, 60, b"\2ns" + HERE)],
                                 additional=[b"\0" + struct.pack(">HHIH", 41, 4096, 0, 0)]))
        for _ in range(random.randrange(1, 5)):
            packet[random.randrange(end, len(packet)) if random.random() < 0.9 else random.randrange(2, end)] = random.randrange(256)
        return [bytes(packet)]
    if how == "slow":
        return [0.4, good]
    if how == "options":
        option = b"\0" + struct.pack(">HHIH", 41, 4096, 0, 10) + b"\xfd\xe9\0\6secret"
        return [reply(query, end, [address(HERE, "192.0.2.1")], additional=[option])]
    if how == "nothing":
        soa = wire("ns.example") + wire("admin.example") + struct.pack(">5I", 1, 2, 3, 4, 30)
        return [reply(query, end, rcode=3, authority=[record(wire("odd.example"), 6, 600, soa)])]
    if how == "brief":
        return [reply(query, end, [address(HERE, "192.0.2.1", 1)])]
    if how == "hangup" and tcp:
        return [b""]
    if how == "hangup":
        return [reply(query, end, flags=0x200)]
    if how == "bytes":
        return [good] if tcp else [reply(query, end, flags=0x200)]
    if how == "text":
        return [reply(query, end, [record(HERE, 16, 60, b"\5hello")])] if kind == 16 else [reply(query, end)]
    return [good]


def serve_udp(udp):
    def one(query, peer):
        for packet in answers(query, False):
            if isinstance(packet, float):
                time.sleep(packet)
            else:
                udp.sendto(packet, peer)

    while True:
        query, peer = udp.recvfrom(4096)
        threading.Thread(target=one, args=(query, peer), daemon=True).start()


def serve_tcp(listener):
    def one(peer):
        query = peer.recv(4096)[2:]
        for packet in answers(query, True):
            if isinstance(packet, float):
                time.sleep(packet)
            elif b"bytes" in query.lower():
                for byte in struct.pack(">H", len(packet)) + packet:
                    peer.sendall(bytes([byte]))
                    time.sleep(0.002)
            elif packet:
                peer.sendall(struct.pack(">H", len(packet)) + packet)
        peer.close()

    while True:
        peer, _ = listener.accept()
        threading.Thread(target=one, args=(peer,), daemon=True).start()


datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
datagrams.bind((ADDRESS, 53))
threading.Thread(target=serve_tcp, args=(socket.create_server((ADDRESS, 53)),), daemon=True).start()
print("ready", flush=True)
serve_udp(datagrams)
