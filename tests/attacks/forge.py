"""
forge.py SERVER OWN: answers the guard's question in the place of its server, which does not, by an IPv6 address that is not ours:
from SERVER's port 53 to each port of OWN that the guard asks it from. Says what became of each packet, in a word.
"""
import socket
import sys
import time

from names import question
from tools import outcome

IPV6_FREEBIND = 78  # linux/in6.h
server, own = sys.argv[1:]


def asked_from():
    """The ports of the guard's sockets (uid 65501) to a port 53 (proc(5))."""
    with open("/proc/net/udp6") as lines:
        rows = [line.split() for line in lines][1:]
    return [int(row[1].rsplit(":")[1], 16) for row in rows if row[7] == "65501" and row[2].endswith(":0035")]


client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
client.sendto(question("unlisted.lab"), ("192.0.2.1", 53))
until = time.monotonic() + 3
while not (ports := asked_from()) and time.monotonic() < until:
    time.sleep(0.01)
said = set()
with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as s:
    s.setsockopt(socket.IPPROTO_IPV6, IPV6_FREEBIND, 1)
    s.bind((server, 53))
    for port in ports:
        try:
            s.sendto(question("unlisted.lab", flags=0x8180), (own, port))
            said.add("sent")
        except OSError as failure:
            said.add(outcome(failure))
print("forged", "+".join(sorted(said)) or "nobody-asks")
