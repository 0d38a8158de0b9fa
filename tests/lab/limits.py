"""
limits.py, an agent that goes to its limits:

  connect N ADDRESS PORT    N connections, one after the other; says how many there were
  send BYTES ADDRESS PORT   BYTES by one connection, of which each is to come back; says how many did
"""
import socket
import sys

what, n, peer = sys.argv[1], int(sys.argv[2]), (sys.argv[3], int(sys.argv[4]))
if what == "connect":
    good = 0
    for _ in range(n):
        try:
            socket.create_connection(peer, 2).close()
            good += 1
        except OSError:
            pass
    print("connected", good)
else:
    back = 0
    with socket.create_connection(peer, 3) as connection:
        connection.settimeout(2)
        try:
            for _ in range(n // 50):
                connection.sendall(b"x" * 50)
                got = len(connection.recv(50, socket.MSG_WAITALL))
                back += got
                if not got:
                    break
        except OSError:
            pass
    print("returned", back)
