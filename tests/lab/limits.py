"""
limits.py, an agent that goes to its limits:

  connect N ADDRESS PORT    N connections, one after the other; says how many there were
  send BYTES ADDRESS PORT   BYTES by one connection, of which each is to come back; says how many did
"""
import fcntl
import socket
import struct
import sys
import termios



def answered(connection, n):
    """How many of n bytes come back until the peer's kernel does not acknowledge what was sent (tcp(7), SIOCOUTQ), for 2 s."""
    got = patience = 0
    while got < n and patience < 10:
        try:
            data = connection.recv(n - got)
        except socket.timeout:
            if struct.unpack("i", fcntl.ioctl(connection, termios.TIOCOUTQ, bytes(4)))[0]:
                break
            patience += 1
            continue
        if not data:
            break
        got += len(data)
    return got


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
    with socket.create_connection(peer, 10) as connection:
        connection.settimeout(2)
        try:
            for _ in range(n // 50):
                connection.sendall(b"x" * 50)
                got = answered(connection, 50)
                back += got
                if got < 50:
                    break
        except OSError:
            pass
    print("returned", back)
