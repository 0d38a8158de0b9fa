"""
hold.py serve ADDRESS PORT FILE: a TCP server that sends back what comes; FILE is there once it listens.
hold.py ADDRESS PORT [wait]: a connection over which a byte goes back and forth every tenth of a second; says "echo" each
time, and "cut" once not even the peer's kernel takes it within a second, and ends. With "wait" it is tried until it is made.
"""
import fcntl
import socket
import struct
import sys
import termios
import threading
import time


def echo(connection):
    with connection:
        while data := connection.recv(99):
            connection.sendall(data)


def connect(address, port, wait):
    while True:
        try:
            return socket.create_connection((address, port), 1 if wait else 10)
        except OSError:
            if not wait:
                raise
            time.sleep(0.02)


def unsent(connection):
    """Bytes that the peer's kernel has not acknowledged (tcp(7), SIOCOUTQ). Those that it has only wait for the program."""
    return struct.unpack("i", fcntl.ioctl(connection, termios.TIOCOUTQ, bytes(4)))[0]


def receive(connection):
    while True:
        try:
            return connection.recv(9)
        except socket.timeout:
            if unsent(connection):
                raise


if sys.argv[1] == "serve":
    family = socket.AF_INET6 if ":" in sys.argv[2] else socket.AF_INET
    listener = socket.create_server((sys.argv[2], int(sys.argv[3])), family=family)
    open(sys.argv[4], "w").close()
    while True:
        threading.Thread(target=echo, args=listener.accept()[:1], daemon=True).start()
held = connect(sys.argv[1], int(sys.argv[2]), len(sys.argv) > 3)
held.settimeout(1)
try:
    while True:
        held.sendall(b"x")
        if not receive(held):
            break
        print("echo", flush=True)
        time.sleep(0.1)
except OSError:
    pass
print("cut", flush=True)
