"""
try.py PROTO ADDRESS PORT: what an agent sees of a destination: 'open', or why not, and after how many ms.

'open' means that a byte came back from the peer: for tcp the connection, for udp an echo.
"""
import errno
import socket
import sys
import time

proto, address, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
wait = float(sys.argv[4]) if len(sys.argv) > 4 else 1.5
family = socket.AF_INET6 if ":" in address else socket.AF_INET
kind = socket.SOCK_STREAM if proto == "tcp" else socket.SOCK_DGRAM
start = time.monotonic()
try:
    with socket.socket(family, kind) as probe:
        probe.settimeout(wait)
        probe.connect((address, port))
        if proto == "udp":
            probe.send(b"ping")
            probe.recv(16)
    verdict = "open"
except socket.timeout:
    verdict = "ETIMEDOUT"
except OSError as failure:
    verdict = errno.errorcode.get(failure.errno, str(failure))
print(verdict, round((time.monotonic() - start) * 1000))
sys.exit(0 if verdict == "open" else 1)
