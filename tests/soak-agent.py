"""
soak-agent.py LAB BLOCKED: what an agent does all day, for SECONDS_TO_RUN: connects to what is allowed and to what is not, asks
DNS for both, leaves orphans behind. Prints how often each went as it should.
"""
import os
import random
import socket
import struct
import sys
import time

BLOCKED = sys.argv[2]
END = time.monotonic() + int(os.environ["SECONDS_TO_RUN"])
done = dict(allowed=0, refused_wrongly=0, blocked=0, let_through=0, questions=0, unanswered=0, orphans=0)
print("begun", flush=True)


def ask(name, kind=1, tcp=False):
    number = random.randrange(65536)
    query = struct.pack("!HHHHHH", number, 0x100, 1, 0, 0, 0) + \
        b"".join(bytes([len(l)]) + l.encode() for l in name.split(".")) + b"\0" + struct.pack("!HH", kind, 1)
    try:
        if tcp:
            with socket.create_connection(("192.0.2.1", 53), 10) as s:
                s.sendall(struct.pack("!H", len(query)) + query)
                answer = s.recv(4096)[2:]
        else:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
                s.settimeout(10)
                s.connect(("192.0.2.1", 53))
                s.send(query)
                answer = s.recv(4096)
        done["questions"] += 1
        return answer
    except OSError:
        done["unanswered"] += 1
        return b""


def addresses(answer):
    found, place = [], 12
    if len(answer) < 12:
        return found
    while answer[place]:
        place += answer[place] + 1
    place += 5
    for _ in range(struct.unpack("!H", answer[6:8])[0]):
        if answer[place] & 0xc0 == 0xc0:
            place += 2
        else:
            while answer[place]:
                place += answer[place] + 1
            place += 1
        kind, _, _, length = struct.unpack("!HHIH", answer[place:place + 10])
        if kind == 1:
            found.append(socket.inet_ntoa(answer[place + 10:place + 14]))
        place += 10 + length
    return found


def connect(address):
    try:
        with socket.create_connection((address, 443), 10):
            return True
    except OSError:
        return False


while time.monotonic() < END:
    for name in ("moves.lab", "www.chain.lab", "api.anthropic.com"):
        for address in addresses(ask(name, tcp=random.random() < 0.1))[:1]:
            done["allowed" if connect(address) else "refused_wrongly"] += 1
    if connect(BLOCKED):
        done["let_through"] += 1
    done["blocked"] += 1
    ask("%d.tunnel.lab" % random.randrange(1 << 30), random.choice([1, 16, 15, 28, 255]))
    if os.fork() == 0:
        if os.fork() == 0:
            time.sleep(0.05)
        os._exit(0)
    os.wait()
    done["orphans"] += 1
    time.sleep(0.02)
print(*("%s=%d" % pair for pair in done.items()))
