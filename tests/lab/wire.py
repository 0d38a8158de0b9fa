"""DNS on the wire (RFC 1035), as far as the tests' servers and clients need it."""
import socket
import struct

TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "NULL": 10, "MX": 15, "TXT": 16, "AAAA": 28, "SRV": 33, "OPT": 41,
         "HTTPS": 65, "ANY": 255}
CODES = {0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED"}


def name_wire(name):
    return b"".join(bytes([len(label)]) + label.encode("latin-1") for label in name.split(".") if label) + b"\0"


def name_read(message, place):
    """The name (in the case that it came in) and what follows it; compression is followed."""
    labels, after, jumps = [], None, 0
    while message[place]:
        length = message[place]
        if length >= 192:
            after = after if after is not None else place + 2
            place, jumps = (length & 63) << 8 | message[place + 1], jumps + 1
            if jumps > 64:
                raise ValueError("loop")
            continue
        labels.append(message[place + 1:place + 1 + length].decode("latin-1"))
        place += length + 1
    return ".".join(labels), after if after is not None else place + 1


def query(name, kind, ident, flags=0x0100, edns=True):
    additional = b"\0" + struct.pack(">HHIH", 41, 1232, 0, 0) if edns else b""
    return struct.pack(">HHHHHH", ident, flags, 1, 0, 0, int(edns)) + name_wire(name) + \
        struct.pack(">HH", TYPES[kind], 1) + additional


def question(message):
    """(id, name as it came, type's number, the question's bytes) of a query."""
    name, after = name_read(message, 12)
    return struct.unpack(">H", message[:2])[0], name, struct.unpack(">H", message[after:after + 2])[0], \
        message[12:after + 4]


def rdata(kind, text):
    if kind == "A":
        return socket.inet_aton(text)
    if kind == "AAAA":
        return socket.inet_pton(socket.AF_INET6, text)
    if kind in ("CNAME", "NS"):
        return name_wire(text)
    return bytes([len(text)]) + text.encode()


def reply(ident, asked, records, flags=0x8180):
    """records: (owner or None for the question's name, type, TTL, data as bytes)."""
    body = b"".join((b"\xc0\x0c" if owner is None else name_wire(owner)) + struct.pack(">HHIH", TYPES[kind], 1, ttl, len(data)) + data
                    for owner, kind, ttl, data in records)
    return struct.pack(">HHHHHH", ident, flags, 1, len(records), 0, 0) + asked + body


def records(message):
    """(rcode's name, [(owner, type, data)]) of an answer section."""
    flags, n_questions, n = struct.unpack(">HHH", message[2:8])
    place, found = 12, []
    for _ in range(n_questions):
        _, place = name_read(message, place)
        place += 4
    for _ in range(n):
        owner, place = name_read(message, place)
        kind, _, _, length = struct.unpack(">HHIH", message[place:place + 10])
        found.append((owner, kind, message[place + 10:place + 10 + length]))
        place += 10 + length
    return CODES.get(flags & 15, str(flags & 15)), found


def addresses(message):
    return [socket.inet_ntop(socket.AF_INET if kind == 1 else socket.AF_INET6, data)
            for _, kind, data in records(message)[1] if kind in (1, 28)]
