"""Sockets that no firewall of addresses sees, interfaces of one's own, and what was there before the network was closed."""
import array
import ctypes
import errno
import fcntl
import os
import socket
import struct

from tools import ALLOWED, BLOCKED, MARK, PATIENCE, SCRATCH, WAIT, attack, call, code, libc, outcome, result, worst
from packets import checksum


def header(protocol, data):
    """IPv4, to the blocked host."""
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(data), 7, 0, 64, protocol, 0, socket.inet_aton("172.17.0.2"), socket.inet_aton(BLOCKED))
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + data


def raw(protocol, data=MARK, family=socket.AF_INET, address=BLOCKED):
    with socket.socket(family, socket.SOCK_RAW, protocol) as s:
        s.sendto(data, (address, 0))
        return "open"


@attack
def raw_any():
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as s:
        s.sendto(header(253, MARK), (BLOCKED, 0))
        return "open"


@attack
def raw_fragment():
    """A second fragment without a first one."""
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as s:
        packet = header(17, MARK + bytes(5))
        s.sendto(packet[:6] + struct.pack("!H", 0x0010) + packet[8:], (BLOCKED, 0))
        return "open"


@attack
def raw_icmp():
    return raw(1, struct.pack("!BBHHH", 8, 0, 0, 1, 1) + MARK)


@attack
def raw_icmpv6():
    return raw(58, struct.pack("!BBHHH", 128, 0, 0, 1, 1) + MARK, socket.AF_INET6, os.environ.get("BLOCKED6", "2a04:4e42::645"))


@attack
def raw_neighbour_solicitation():
    """Neighbour discovery is open: with data behind it, it would be a way to whoever is on the line."""
    return raw(58, struct.pack("!BBHI", 135, 0, 0, 0) + socket.inet_pton(socket.AF_INET6, "fd17::1") + b"\x0e\x02" + MARK + bytes(3), socket.AF_INET6, "fd17::1")


@attack
def raw_tunnels():
    """IPv4 in IPv4, IPv6 in IPv4, GRE, ESP, L2TP."""
    return worst(raw, (4, 41, 47, 50, 115))


@attack
def raw_igmp():
    return raw(2, b"\x16\x00\x00\x00" + socket.inet_aton("239.1.1.1"))


@attack
def raw_sctp():
    return raw(132)


@attack
def packet_socket():
    """A frame past every chain."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as s:
        s.bind(("eth0", 0))
        s.send(b"\xff" * 6 + b"\x02" + bytes(5) + b"\x08\x00" + header(17, struct.pack("!HHHH", 9, 9999, 8 + len(MARK), 0) + MARK))
        return "open"


@attack
def packet_socket_dgram():
    with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0) as s:
        s.sendto(header(253, MARK), ("eth0", 0x0800, 0, 0, b"\xff" * 6))
        return "open"


@attack
def packet_socket_old():
    with socket.socket(socket.AF_INET, 10, 0) as s:  # SOCK_PACKET
        return "open"


def family(number, kind, protocol=0):
    socket.socket(number, kind, protocol).close()
    return "open"


@attack
def vsock():
    """A connection to the hypervisor's side."""
    with socket.socket(40, socket.SOCK_STREAM) as s:
        s.settimeout(0.8)
        try:
            s.connect((2, 1024))
        except OSError:
            pass
        return "open"


@attack
def xdp():
    return family(44, socket.SOCK_RAW)


@attack
def alg():
    return family(38, socket.SOCK_SEQPACKET)


@attack
def other_families():
    """Bluetooth, CAN, RDS, TIPC, SMC, KCM, X.25, PPPoX, IEEE 802.15.4, QIPCRTR."""
    return worst(lambda pair: family(*pair), ((31, 3, 1), (29, 3, 1), (21, 5, 0), (30, 1, 0), (43, 1, 0), (41, 5, 0), (9, 5, 0), (24, 1, 0), (36, 2, 0), (42, 2, 0)))


# netlink

def acknowledged(s, message):
    s.settimeout(PATIENCE)
    s.send(message)
    said = struct.unpack("=i", s.recv(4096)[16:20])[0]
    return "open" if said == 0 else code(-said)


@attack
def netlink_flush():
    """Every table deleted, in one batch."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12) as s:
        family = struct.pack("=BBH", 0, 0, socket.htons(10))
        begin = struct.pack("=IHHII", 20, 0x10, 1, 1, 0) + family
        delete = struct.pack("=IHHII", 20, 0x0a02, 5, 2, 0) + struct.pack("=BBH", 0, 0, 0)
        end = struct.pack("=IHHII", 20, 0x11, 1, 3, 0) + family
        return acknowledged(s, begin + delete + end)


@attack
def netlink_set():
    """An element into the set of what is allowed: IPSET_CMD_ADD."""
    def attribute(kind, data):
        return struct.pack("=HH", 4 + len(data), kind) + data + bytes(-len(data) % 4)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12) as s:
        address = attribute(1 | 0x8000, attribute(1 | 0x4000, socket.inet_aton(BLOCKED)))
        body = struct.pack("=BBH", 2, 0, 0) + attribute(1, b"\x07") + attribute(2, b"allowed-domains\0") + \
            attribute(9, struct.pack("!I", 0)) + attribute(7 | 0x8000, address)
        return acknowledged(s, struct.pack("=IHHII", 16 + len(body), 0x0609, 5, 1, 0) + body)


@attack
def netlink_conntrack():
    """A connection that is established, invented: IPCTNL_MSG_CT_NEW without a body is refused by the right alone."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12) as s:
        said = acknowledged(s, struct.pack("=IHHII", 20, 0x0100, 0x405, 1, 0) + struct.pack("=BBH", 2, 0, 0))
        return "open" if said == "EINVAL" else said


def new_link(kind, name):
    body = struct.pack("=BBHiII", 0, 0, 0, 0, 0, 0) + struct.pack("=HH8s", 12, 3, name)
    about = struct.pack("=HH", 4 + len(kind), 1) + kind + bytes(-len(kind) % 4)
    body += struct.pack("=HH", 4 + len(about), 18 | 0x8000) + about
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as s:
        return acknowledged(s, struct.pack("=IHHII", 16 + len(body), 16, 0x605, 1, 0) + body)


@attack
def new_interfaces():
    """Tunnels and bridges of the agent's own."""
    return worst(lambda kind: new_link(kind + b"\0", b"x" + kind[:6]), (b"dummy", b"ipip", b"sit", b"gre", b"vxlan", b"wireguard", b"veth"))


@attack
def new_route():
    """Unreachable made reachable, or the allowed host's address made somebody else's."""
    body = struct.pack("=BBBBBBBBI", 2, 32, 0, 0, 254, 4, 253, 1, 0) + struct.pack("=HH4s", 8, 1, socket.inet_aton(ALLOWED)) + \
        struct.pack("=HHI", 8, 4, socket.if_nametoindex("lo"))
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as s:
        return acknowledged(s, struct.pack("=IHHII", 16 + len(body), 24, 0x605, 1, 0) + body)


@attack
def new_address():
    body = struct.pack("=BBBBI", 2, 32, 0, 0, socket.if_nametoindex("lo")) + struct.pack("=HH4s", 8, 2, socket.inet_aton("172.17.0.66"))
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as s:
        return acknowledged(s, struct.pack("=IHHII", 16 + len(body), 20, 0x605, 1, 0) + body)


@attack
def tun_device():
    try:
        device = os.open("/dev/net/tun", os.O_RDWR)
    except FileNotFoundError:
        path = SCRATCH + "/tun-%d" % os.getpid()
        os.mknod(path, 0o20666, os.makedev(10, 200))
        device = os.open(path, os.O_RDWR)
    return result(libc.ioctl(device, ctypes.c_ulong(0x400454ca), struct.pack("16sH22x", b"tun9", 1)))


@attack
def interface_down():
    """SIOCSIFFLAGS: without the interface there is no rule of it either."""
    with socket.socket() as s:
        fcntl.ioctl(s, 0x8914, struct.pack("16sH22x", b"eth0", 0x1001))
        return "open"


@attack
def sockopt_rules():
    """The old interface of iptables: the table replaced (IPT_SO_SET_REPLACE)."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        try:
            s.setsockopt(socket.IPPROTO_IP, 64, bytes(96))
        except OSError as failure:
            return "open" if failure.errno == errno.EINVAL else outcome(failure)
        return "open"


@attack
def bpf():
    """A program in the kernel: a map first."""
    attributes = ctypes.create_string_buffer(struct.pack("=IIIII", 2, 4, 4, 1, 0), 128)
    return call(321, 280, 0, ctypes.addressof(attributes), 128)


@attack
def io_uring():
    """Calls that no filter of system calls sees."""
    parameters = ctypes.create_string_buffer(120)
    return call(425, 425, 1, ctypes.addressof(parameters))


# what was there before: descriptors that the container was started with, see attacks.bats

def inherited(variable):
    number = os.environ.get(variable)
    if number is None:
        raise OSError(errno.EBADF, "")
    return socket.socket(fileno=os.dup(int(number)))


@attack
def inherited_connection():
    """Connected before the network was closed."""
    s = inherited("FD_TCP")
    s.settimeout(WAIT)
    s.send(MARK)
    return "open" if s.recv(99) else "closed"


@attack
def inherited_datagrams():
    s = inherited("FD_UDP")
    s.settimeout(WAIT)
    s.send(MARK)
    s.recv(99)
    return "open"


@attack
def socket_passed_in():
    """Whoever is outside, and shares a socket in the file system, can hand in anything."""
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(PATIENCE)
        s.connect(os.path.join(os.environ.get("OUTSIDE", "/nonexistent"), "hands-in"))
        descriptors = array.array("i")
        data, rest, _, _ = s.recvmsg(1, socket.CMSG_SPACE(descriptors.itemsize))
        descriptors.frombytes(rest[0][2][:descriptors.itemsize])
    with socket.socket(fileno=descriptors[0]) as s:
        s.settimeout(PATIENCE)
        s.send(b"handed in")
        s.recv(99)
        return "open"
