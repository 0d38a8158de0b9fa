"""
world.py OUTSIDE BLOCKED BLOCKED6 ALLOWED GATEWAY: what the attacks try to reach, beside lab/listen.py; and who arrived.

Answers datagrams of every kind, keeps connections, listens at an abstract name, and hands a socket of its own to whoever
comes to OUTSIDE/hands-in. Each frame of eth0 that holds the attacks' mark becomes a line in OUTSIDE/arrived: "PROTOCOL
ADDRESS".
"""
import array
import os
import selectors
import socket
import sys

outside, blocked, blocked6, allowed, gateway = sys.argv[1:6]
UDP = (53, 54, 853, 5353, 5355, 8053, 9999, 10053)
selector = selectors.DefaultSelector()


def echo(s):
    data, peer = s.recvfrom(65535)
    s.sendto(data[:1000], peer)


def accept(s):
    peer, _ = s.accept()
    selector.register(peer, selectors.EVENT_READ, answer)


def answer(s):
    try:
        data = s.recv(4096)
        if data:
            s.send(data)
            return
    except OSError:
        pass
    selector.unregister(s)
    s.close()


def hand_in(s):
    peer, _ = s.accept()
    given = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    given.connect((blocked, 9999))
    peer.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [given.fileno()]))])
    peer.close()
    given.close()


arrived = open(outside + "/arrived", "a", buffering=1)


def look(s):
    frame, about = s.recvfrom(65535)
    if about[2] == socket.PACKET_OUTGOING or b"exfil" not in frame.lower():
        return
    if frame[12:14] == b"\x86\xdd":
        print(frame[20], socket.inet_ntop(socket.AF_INET6, frame[38:54]), file=arrived)
    else:
        print(frame[23], socket.inet_ntoa(frame[30:34]), file=arrived)


def listen(s, function):
    s.setblocking(False)
    selector.register(s, selectors.EVENT_READ, function)


for address in (blocked, blocked6, allowed):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    for port in UDP:
        s = socket.socket(family, socket.SOCK_DGRAM)
        s.bind((address, port))
        listen(s, echo)
    lite = socket.socket(family, socket.SOCK_DGRAM, 136)
    lite.bind((address, 9999))
    listen(lite, echo)
for address, port in ((blocked, 7777), (blocked, 53), (blocked6, 53), (gateway, 2375)):
    listen(socket.create_server((address, port), family=socket.AF_INET6 if ":" in address else socket.AF_INET), accept)
s = socket.socket(socket.AF_UNIX)
s.bind("\0attack-world")
s.listen()
listen(s, accept)
s = socket.socket(socket.AF_UNIX)
s.bind(outside + "/hands-in")
os.chmod(outside + "/hands-in", 0o777)
s.listen()
listen(s, hand_in)
frames = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
frames.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
frames.bind(("eth0", 3))
listen(frames, look)
print("ready", flush=True)
while True:
    for key, _ in selector.select():
        try:
            key.data(key.fileobj)
        except OSError:
            pass
