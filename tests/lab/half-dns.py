"""
half-dns.py ADDRESS MODE: a DNS server whose answers for IPv4 and IPv6 differ in how well they go.

  v6half.lab   A 93.184.216.34; AAAA fails in the MODE: servfail, refused, drop (no answer)
  v4half.lab   A fails in the MODE; AAAA, a second later: none
  slow.lab     A 104.16.1.34, after three seconds
  *            A 104.16.1.34; AAAA: none
"""
import socket
import struct
import sys
import threading
import time

address, mode = sys.argv[1:3]
A, AAAA = 1, 28
RCODES = {"servfail": 2, "refused": 5, "drop": None}
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind((address, 53))


def answer(query, peer):
    place, labels = 12, []
    while query[place]:
        labels.append(query[place + 1:place + 1 + query[place]].decode().lower())
        place += query[place] + 1
    (kind,) = struct.unpack(">H", query[place + 1:place + 3])
    name, rcode, data = ".".join(labels), 0, None
    if name == "slow.lab":
        time.sleep(3)
    if name == "v4half.lab" and kind == AAAA:
        time.sleep(1)
    if (name, kind) in (("v6half.lab", AAAA), ("v4half.lab", A)):
        rcode = RCODES[mode]
    elif kind == A:
        data = socket.inet_aton("93.184.216.34" if name == "v6half.lab" else "104.16.1.34")
    if rcode is None:
        return
    record = b"" if data is None else b"\xc0\x0c" + struct.pack(">HHIH", A, 1, 60, 4) + data
    head = query[:2] + struct.pack(">HHHHH", 0x8180 | rcode, 1, 1 if data else 0, 0, 0)
    server.sendto(head + query[12:place + 5] + record, peer)


print("ready", flush=True)
while True:
    threading.Thread(target=answer, args=server.recvfrom(4096), daemon=True).start()
