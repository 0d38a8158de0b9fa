"""
advertise.py FROM TO: a router advertisement from one link-local address to another on eth0: a default route of high
preference, a network that is on the line and to be used, a shorter MTU, a name server, a route to somewhere else.
"""
import socket
import struct
import sys

source, to = sys.argv[1:3]
index = socket.if_nametoindex("eth0")
network = socket.inet_pton(socket.AF_INET6, "2001:db8:bad::")
message = struct.pack("!BBHBBHII", 134, 0, 0, 64, 0x08, 1800, 0, 0)
message += struct.pack("!BBBBIII", 3, 4, 64, 0xc0, 3600, 3600, 0) + network
message += struct.pack("!BBHI", 5, 1, 0, 1280)
message += struct.pack("!BBHI", 25, 3, 0, 3600) + socket.inet_pton(socket.AF_INET6, "2001:db8:bad::1")
message += struct.pack("!BBBBI", 24, 3, 64, 0x08, 3600) + socket.inet_pton(socket.AF_INET6, "2a04:4e42::")
with socket.socket(socket.AF_INET6, socket.SOCK_RAW, 58) as s:
    s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, 255)
    s.bind((source, 0, 0, index))
    s.sendto(message, (to, 0, 0, index))
