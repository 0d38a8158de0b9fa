"""listen.py ADDRESS...: plain listeners of the lab's world: TCP that says hello everywhere, UDP that echoes."""
import selectors
import socket
import sys

TCP_PORTS = [22, 80, 853, 3000, 8000, 8001, 8443]
UDP_PORTS = [123, 443, 3478, 8000]

selector = selectors.DefaultSelector()
for port in TCP_PORTS:
    listener = socket.create_server(("::", port), family=socket.AF_INET6, backlog=512, dualstack_ipv6=True)
    selector.register(listener, selectors.EVENT_READ, "tcp")
for port in UDP_PORTS:
    # a socket an address, so that the echo comes from where the datagram went
    for address in sys.argv[1:]:
        echo = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
        echo.bind((address, port))
        selector.register(echo, selectors.EVENT_READ, "udp")
print("ready", flush=True)
while True:
    for key, _ in selector.select():
        if key.data == "tcp":
            peer, _ = key.fileobj.accept()
            peer.send(b"hello\n")
            peer.close()
        else:
            data, peer = key.fileobj.recvfrom(2048)
            key.fileobj.sendto(data, peer)
