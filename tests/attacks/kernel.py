"""Rights out of the kernel: namespaces, programs with rights of their own, the machine's clock and settings."""
import ctypes
import os
import socket
import struct
import subprocess

from tools import BLOCKED, SCRATCH, TOOLS, attack, call, in_child, libc, outcome, result, status, worst
import sockets

NEWUSER, NEWNET, NEWNS, NEWTIME = 0x10000000, 0x40000000, 0x20000, 0x80


def unshare(flags):
    return call(272, 97, flags)


@attack
def user_namespace():
    return in_child(lambda: unshare(NEWUSER))


@attack
def network_namespace():
    """Without a user namespace of one's own."""
    return in_child(lambda: unshare(NEWNET))


@attack
def mount_namespace():
    return in_child(lambda: unshare(NEWNS))


@attack
def time_namespace():
    return in_child(lambda: unshare(NEWTIME))


@attack
def clone_user_namespace():
    def clone():
        child = libc.syscall(ctypes.c_long(56 if os.uname().machine == "x86_64" else 220), ctypes.c_long(NEWUSER | 17), 0, 0, 0, 0)
        if child == 0:
            os._exit(0)
        return result(child)
    return in_child(clone)


@attack
def clone3_user_namespace():
    def clone():
        arguments = ctypes.create_string_buffer(struct.pack("=QQQQQQQQ", NEWUSER, 0, 0, 0, 17, 0, 0, 0), 64)
        child = libc.syscall(ctypes.c_long(435), ctypes.byref(arguments), ctypes.c_long(64))
        if child == 0:
            os._exit(0)
        return result(child)
    return in_child(clone)


@attack
def power_in_user_namespace():
    """Root in a user namespace, in the container's network: what netfilter and packet sockets say to that."""
    def tried():
        said = unshare(NEWUSER)
        if said != "open":
            return said
        names = ("packet_socket", "raw_any", "netlink_flush", "netlink_set", "netlink_conntrack", "new_route", "new_interfaces", "interface_down", "tun_device")
        return worst(lambda name: getattr(sockets, name)(), names)
    return in_child(tried)


@attack
def network_of_ones_own():
    """A new network has no rules; it has no way out either."""
    def tried():
        said = unshare(NEWUSER | NEWNET)
        if said != "open":
            return said
        return worst(lambda name: getattr(sockets, name)(), ("raw_any", "packet_socket"))
    return in_child(tried)


def join(pid, what, flag):
    def joined():
        fd = os.open("/proc/%s/ns/%s" % (pid, what), os.O_RDONLY)
        return call(308, 268, fd, flag)
    return in_child(joined)


@attack
def join_network_of_process_1():
    return join(1, "net", NEWNET)


@attack
def join_own_network():
    return join("self", "net", NEWNET)


@attack
def join_by_pidfd():
    return in_child(lambda: call(308, 268, os.pidfd_open(1), NEWNET | NEWNS))


@attack
def mount():
    return result(libc.mount(b"none", b"/mnt", b"tmpfs", 0, None))


@attack
def mount_proc_again():
    """As it is in the machine, to write there (fsopen)."""
    name = ctypes.create_string_buffer(b"proc")
    return call(430, 430, ctypes.addressof(name), 0)


@attack
def change_root():
    return in_child(lambda: result(libc.chroot(b"/tmp")))


@attack
def device_file():
    """The machine's memory and disks."""
    path = SCRATCH + "/device-%d" % os.getpid()
    return worst(lambda device: os.mknod(path + "-%d" % device[1], 0o20666, os.makedev(*device)) or "open", ((1, 1), (1, 2)))


@attack
def file_handle():
    """Files outside of the container, by their handles (the attack named shocker)."""
    handle = ctypes.create_string_buffer(struct.pack("=IiQ", 8, 1, 2), 64)
    return call(304, 265, os.open("/", os.O_RDONLY), ctypes.addressof(handle), 0)


@attack
def kernel_module():
    return worst(lambda numbers: call(*numbers, 0, 0, 0), ((175, 105), (313, 273), (176, 106), (246, 104)))


@attack
def keyring():
    """Keys are not kept apart by containers."""
    return call(250, 219, 0, -3, 1)


@attack
def userfaultfd():
    return call(323, 282, 1)


@attack
def perf_event():
    event = ctypes.create_string_buffer(struct.pack("=IIQ", 1, 128, 0), 128)
    return call(298, 241, ctypes.addressof(event), 0, -1, -1, 0)


@attack
def kernel_log():
    return result(libc.klogctl(3, ctypes.create_string_buffer(99), 99))


@attack
def terminal_input():
    """Characters typed into the operator's terminal (TIOCSTI)."""
    master, slave = os.openpty()
    letter = ctypes.create_string_buffer(b"x")
    return in_child(lambda: os.setsid() and libc.ioctl(slave, 0x540e, 0) * 0 or result(libc.ioctl(slave, ctypes.c_ulong(0x5412), letter)))


@attack
def other_numbering():
    """System calls by x86's other numbers, which a filter might not know: x32's getpid."""
    return call(0x40000000 + 39, 0x40000000 + 39)


# settings

@attack
def sysctl():
    """Of the network: Docker mounts them read-only; elsewhere they are uid 0's, and all that follows is tried with them."""
    def write(name):
        with open("/proc/sys/net/" + name, "w") as f:
            f.write("1")
        return "open"
    return worst(write, ("ipv4/conf/all/route_localnet", "ipv4/conf/eth0/route_localnet", "ipv4/ip_forward", "ipv4/conf/all/accept_source_route",
                         "ipv4/conf/all/accept_local", "ipv4/ip_nonlocal_bind", "ipv6/ip_nonlocal_bind", "netfilter/nf_conntrack_tcp_loose", "netfilter/nf_conntrack_tcp_be_liberal"))


@attack
def set_clock():
    return result(libc.clock_settime(0, struct.pack("ll", 1, 0)))


@attack
def adjust_clock():
    """adjtimex(2): a tick of another length."""
    change = ctypes.create_string_buffer(struct.pack("=I4xqqqi4xqqqqqq", 0x4000, 0, 0, 0, 0, 0, 0, 0, 0, 0, 10000), 208)
    return result(libc.adjtimex(change))


@attack
def host_name():
    return result(libc.sethostname(b"x", 1))


# programs that bring rights along

def powers(path):
    """What tests/attacks/power.c says of itself: "uid=… caps=…"."""
    done = subprocess.run([path], capture_output=True, timeout=100, text=True)
    return done.stdout.strip() or "does-not-run"


@attack
def setuid_program():
    """A program of root's with the setuid bit. Without no_new_privs it is root, with all of the bounding set."""
    said = powers(TOOLS + "/setuid")
    return "open" if "net_admin=1" in said else said


@attack
def capability_program():
    """A program whose file has cap_net_admin and cap_net_raw, effective."""
    said = powers(TOOLS + "/capable")
    return "open" if "net_admin=1" in said else said


@attack
def setuid_of_ones_own():
    """A copy with the bit set by the agent itself."""
    path = SCRATCH + "/own-%d" % os.getpid()
    with open(TOOLS + "/plain", "rb") as source, open(path, "wb") as copy:
        copy.write(source.read())
    os.chmod(path, 0o6755)
    try:
        libc.chown(path.encode(), 0, 0)
        said = powers(path)
        return "open" if "net_admin=1" in said else said
    finally:
        os.unlink(path)


@attack
def become_root():
    return in_child(lambda: worst(lambda function: function(0) or "open", (os.setuid, os.setgid)) if os.getuid() != 0 else "root-already")


@attack
def become_the_guard():
    """The resolver's user may ask the servers, and the tables know it by its number."""
    return in_child(lambda: worst(lambda uid: os.setuid(uid) or "open", (65501, 65502)))


@attack
def raise_capabilities():
    def raised():
        header = ctypes.create_string_buffer(struct.pack("=Ii", 0x20080522, 0), 8)
        data = ctypes.create_string_buffer(struct.pack("=IIIIII", 0x3000, 0x3000, 0, 0, 0, 0), 24)
        return result(libc.syscall(ctypes.c_long(126 if os.uname().machine == "x86_64" else 91), header, data))
    return in_child(raised)


def tool(*command):
    try:
        return "open" if subprocess.run(command, capture_output=True, timeout=100).returncode == 0 else "refused"
    except FileNotFoundError:
        return "refused"


@attack
def firewall_tools():
    """iptables, ipset, nft, ip and tc as the image has them."""
    return worst(lambda words: tool(*words.split()), (
        "iptables -I OUTPUT -j ACCEPT", "iptables -P OUTPUT ACCEPT", "ip6tables -F", "iptables -t nat -F", "nft flush ruleset",
        "nft delete table inet secure-init", "ipset add allowed-domains " + BLOCKED, "ipset flush", "ip link set eth0 down",
        "ip route add %s dev lo" % BLOCKED, "tc qdisc add dev eth0 root handle 1: htb", "conntrack -F"))


@attack
def capability_count():
    """All that the agent itself holds, and could get."""
    held = [status(name) for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")]
    return "open" if any(int(h or "0", 16) for h in held) else "none+bounding" if int(status("CapBnd"), 16) else "none"
