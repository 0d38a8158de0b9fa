"""
docker-dns.py ADDRESS UDP-PORT TCP-PORT SERVER [NAMESPACE]: Docker's resolver in a container's network: takes questions there,
and asks SERVER by UDP or TCP, from the same network, or from another namespace.
"""
import os
import socket
import struct
import sys
import threading

address, udp_port, tcp_port, server = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind((address, udp_port))
tcp = socket.create_server((address, tcp_port))
if len(sys.argv) > 5 and sys.argv[5]:
    # only for sockets made from here on
    import ctypes
    if ctypes.CDLL(None, use_errno=True).setns(os.open(sys.argv[5], os.O_RDONLY), 0x40000000) < 0:
        raise OSError(ctypes.get_errno(), "setns")


def by_udp(message, peer):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ours:
        ours.settimeout(3)
        ours.connect((server, 53))
        ours.send(message)
        udp.sendto(ours.recv(4096), peer)


def by_tcp(connection):
    with connection, socket.create_connection((server, 53), 3) as ours:
        while len(length := connection.recv(2, socket.MSG_WAITALL)) == 2:
            ours.sendall(length + connection.recv(struct.unpack(">H", length)[0], socket.MSG_WAITALL))
            length = ours.recv(2, socket.MSG_WAITALL)
            connection.sendall(length + ours.recv(struct.unpack(">H", length)[0], socket.MSG_WAITALL))


def carefully(serve, *arguments):
    try:
        serve(*arguments)
    except OSError:
        pass


def accept():
    while True:
        threading.Thread(target=carefully, args=(by_tcp, tcp.accept()[0]), daemon=True).start()


threading.Thread(target=accept, daemon=True).start()
print("ready", flush=True)
while True:
    threading.Thread(target=carefully, args=(by_udp, *udp.recvfrom(4096)), daemon=True).start()
