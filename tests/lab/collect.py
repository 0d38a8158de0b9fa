"""collect.py PATH FILE: a datagram socket at PATH, whose datagrams go into FILE, one a line."""
import os
import socket
import sys

collector = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
os.umask(0)  # who sees it may send to it
collector.bind(sys.argv[1])
with open(sys.argv[2], "ab", buffering=0) as file:
    while True:
        file.write(collector.recv(65536) + b"\n")
