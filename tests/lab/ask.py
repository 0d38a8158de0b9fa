"""ask.py SERVER NAME: one DNS question for an A record by UDP; exit 0 if anything but an error answers."""
import socket
import struct
import sys

server, name = sys.argv[1:3]
question = b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"
query = struct.pack(">HHHHHH", 4711, 0x0100, 1, 0, 0, 0) + question + struct.pack(">HH", 1, 1)
asker = socket.socket(socket.AF_INET6 if ":" in server else socket.AF_INET, socket.SOCK_DGRAM)
asker.settimeout(1)
asker.sendto(query, (server, 53))
answer = asker.recv(4096)
sys.exit(answer[3] & 15)
