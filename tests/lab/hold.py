"""
hold.py serve ADDRESS PORT FILE: a TCP server that sends back what comes; FILE is there once it listens.
hold.py ADDRESS PORT: a connection over which a byte goes back and forth every tenth of a second; says "echo" each time, and
"cut" once it does not come back within a second, and ends.
"""
import socket
import sys
import threading
import time


def echo(connection):
    with connection:
        while data := connection.recv(99):
            connection.sendall(data)


if sys.argv[1] == "serve":
    family = socket.AF_INET6 if ":" in sys.argv[2] else socket.AF_INET
    listener = socket.create_server((sys.argv[2], int(sys.argv[3])), family=family)
    open(sys.argv[4], "w").close()
    while True:
        threading.Thread(target=echo, args=listener.accept()[:1], daemon=True).start()
held = socket.create_connection((sys.argv[1], int(sys.argv[2])), 3)
held.settimeout(1)
try:
    while True:
        held.sendall(b"x")
        if not held.recv(9):
            break
        print("echo", flush=True)
        time.sleep(0.1)
except OSError:
    pass
print("cut", flush=True)
