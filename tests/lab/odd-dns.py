"""
odd-dns.py ADDRESS ZONE LOG: a DNS server that does what the file ZONE says at the moment of each question, one a line:

  NAME A|AAAA|CNAME|TXT TTL DATA    a record; the chain of CNAMEs is followed within the file
  NAME is MODE                      how a question for the name is dealt with:
     silent       nothing comes
     garbage      bytes that mean nothing
     forged       answers with a wrong id, name, type, case and sender come before the right one
     forged-only  the same, and the right one never comes
     lower        the name comes back in lower case
     late         the right answer comes after two seconds
     cut          by UDP nothing but the bit that says so
     cut-dead     the same, and by TCP the connection is closed
     cut-slow     the same, and by TCP a byte a second comes
     plain        a query with EDNS is not understood
     servfail, refused, nxdomain
     loop         a CNAME of itself, by way of another
     moving       each question for A has an address that none before had, from 198.18.0.1 on
     alien        beside the right address one of another name's, and one in the additional section

What is not there does not exist. Each question goes into LOG, as they come: protocol, the sender's port, id, name, type, all
in hex. Then it is decided already how it is answered.
A forged answer has the address 203.0.113.66.
"""
import itertools
import os
import socket
import struct
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import wire

address, zone, log_path = sys.argv[1:4]
log = open(log_path, "a", buffering=1)
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind((address, 53))
tcp = socket.create_server((address, 53), backlog=64)
moves = itertools.count()
FORGED = socket.inet_aton("203.0.113.66")
RCODES = {"servfail": 2, "refused": 5, "nxdomain": 3}


def look_up():
    found, modes = {}, {}
    for line in open(zone):
        words = line.split(None, 3)
        if len(words) == 3 and words[1] == "is":
            modes[words[0]] = words[2]
        elif len(words) == 4:
            found.setdefault(words[0], []).append((words[1], int(words[2]), words[3].strip()))
    return found, modes


def answer(message, proto):
    """(the right answer, the mode, id, question's bytes, type)"""
    ident, name, kind, asked = wire.question(message)
    found, modes = look_up()
    owner, records = None, []
    here = name.lower()
    mode = modes.get(here, "")
    exists = here in found or mode
    for _ in range(20):
        cname = next((data for k, _, data in found.get(here, []) if k == "CNAME"), None)
        for k, ttl, data in found.get(here, []):
            if wire.TYPES[k] == kind or k == "CNAME":
                records.append((owner, k, ttl, wire.rdata(k, data)))
        if cname is None or kind == wire.TYPES["CNAME"]:
            break
        owner = here = cname
    if mode == "loop":
        records = [(None, "CNAME", 60, wire.name_wire("b.loop")), ("b.loop", "CNAME", 60, asked[:-4])]
    if mode == "moving" and kind == wire.TYPES["A"]:
        n = next(moves)
        records = [(None, "A", 0, bytes([198, 18, n // 250 % 256, n % 250 + 1]))]
    if mode == "alien":
        records += [("other.example", "A", 60, FORGED)]
    flags = 0x8180 | (RCODES.get(mode, 0) if exists else 3)
    if mode == "plain" and struct.unpack(">H", message[10:12])[0]:
        flags, records = 0x8181, []
    if mode in RCODES:
        records = []
    if mode.startswith("cut") and proto == "udp":
        flags, records = flags | 0x0200, []
    right = wire.reply(ident, asked.lower() if mode == "lower" and proto == "udp" else asked, records, flags)
    return right, mode, ident, asked, kind


def forgeries(ident, asked, kind, peer):
    good = [(None, "A", 60, FORGED)]
    flipped = bytes(c ^ 32 if 65 <= c <= 90 or 97 <= c <= 122 else c for c in asked[:-4]) + asked[-4:]
    udp.sendto(wire.reply(ident ^ 1, asked, good), peer)
    udp.sendto(wire.reply(ident, wire.name_wire("other.example") + asked[-4:], good), peer)
    udp.sendto(wire.reply(ident, asked[:-4] + struct.pack(">HH", 16 if kind != 16 else 1, 1), good), peer)
    udp.sendto(wire.reply(ident, asked, good, 0x0100), peer)
    elsewhere = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    elsewhere.sendto(wire.reply(ident, asked, good), peer)
    return wire.reply(ident, flipped, good)


def note(proto, peer, message):
    ident, name, kind, _ = wire.question(message)
    log.write(f"{proto} {peer[1]} {ident} {name} {kind} {message.hex()}\n")


def take(message, peer):
    found = answer(message, "udp")
    note("udp", peer, message)
    threading.Thread(target=carefully, args=(by_udp, message, peer, *found), daemon=True).start()


def by_udp(message, peer, right, mode, ident, asked, kind):
    if mode == "silent":
        return
    if mode == "garbage":
        right = message[:2] + os.urandom(60)
    if mode.startswith("forged"):
        flipped = forgeries(ident, asked, kind, peer)
        time.sleep(0.05)
        if mode == "forged-only":
            right = flipped
    if mode == "late":
        time.sleep(2)
    udp.sendto(right, peer)


def by_tcp(connection, peer):
    with connection:
        while len(length := connection.recv(2, socket.MSG_WAITALL)) == 2:
            message = connection.recv(struct.unpack(">H", length)[0], socket.MSG_WAITALL)
            right, mode, *_ = answer(message, "tcp")
            note("tcp", peer, message)
            if mode in ("silent", "forged-only", "garbage"):
                time.sleep(10)
            if mode == "cut-dead":
                return
            whole = struct.pack(">H", len(right)) + right
            if mode == "cut-slow":
                for byte in whole:
                    connection.send(bytes([byte]))
                    time.sleep(1)
            else:
                connection.sendall(whole)


def carefully(serve, *arguments):
    try:
        serve(*arguments)
    except (OSError, ValueError, IndexError, struct.error):
        pass


def accept():
    while True:
        threading.Thread(target=carefully, args=(by_tcp, *tcp.accept()), daemon=True).start()


threading.Thread(target=accept, daemon=True).start()
print("ready", flush=True)
while True:
    carefully(take, *udp.recvfrom(4096))
