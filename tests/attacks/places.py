"""Places that a container finds beside itself: the host, its network, its sockets, the cloud's metadata. And files of names."""
import os
import socket

from tools import BLOCKED, GATEWAY, GATEWAY6, MARK, PATIENCE, WAIT, attack, tcp, udp, worst


METADATA = ("169.254.169.254", "169.254.170.2", "169.254.170.23", "100.100.100.200", "168.63.129.16", "192.0.0.192")


@attack
def metadata():
    return worst(lambda address: tcp(address, 80), METADATA)


@attack
def metadata_ipv6():
    return worst(lambda address: tcp(address, 80, socket.AF_INET6), ("fd00:ec2::254", "fd20:ce::254", "fd00:ec2::23"))


@attack
def host_service():
    """What listens on the host: open by default, since the operators' documents promise it."""
    return tcp(GATEWAY, 3000)


@attack
def host_service_ipv6():
    return tcp(GATEWAY6, 3000, socket.AF_INET6)


@attack
def host_datagrams():
    return udp(GATEWAY, 8000, wait=PATIENCE)


@attack
def docker_api():
    return worst(lambda port: tcp(GATEWAY, port), (2375, 2376))


def docker_socket():
    """A socket in the file system: whoever mounts it into the container gives the machine away."""
    def reach(path):
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(WAIT)
            s.connect(path)
            return "open"
    return worst(reach, ("/var/run/docker.sock", "/run/docker.sock", "/run/containerd/containerd.sock", "/run/podman/podman.sock"))


attack(docker_socket, always=False)


@attack
def abstract_socket():
    """Of the machine's network: abstract names are kept apart by network namespaces."""
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(WAIT)
        s.connect("\0attack-world")
        return "open"


@attack
def link_local():
    """The host by the address that it has without anybody's doing."""
    with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as s:
        s.settimeout(PATIENCE)
        s.connect((os.environ.get("LINK_LOCAL", "fe80::1"), 3000, 0, socket.if_nametoindex("eth0")))
        return "open"


@attack
def link_local_datagrams():
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as s:
        s.settimeout(WAIT)
        s.sendto(MARK, (os.environ.get("LINK_LOCAL", "fe80::1"), 9999, 0, socket.if_nametoindex("eth0")))
        return "sent"


@attack
def advertised_network():
    """2001:db8:bad::/64, which the line's other end called its own while the agent ran (attacks.bats)."""
    return tcp("2001:db8:bad::1", 3000, socket.AF_INET6)


@attack
def ssh_anywhere():
    return tcp(BLOCKED, 22)


@attack
def private_networks():
    """The first of them is there; where that is open, nobody waits for the others."""
    first = worst(lambda address: tcp(address, 443), ("10.9.8.7",))
    return first if first == "open" else worst(lambda address: tcp(address, 443), ("10.9.8.7", "192.168.1.1", "100.64.0.1"))


# files of names

def written(path, text):
    """Only where it is the container's own: a mount."""
    with open("/proc/self/mountinfo") as mounts:
        if not any(line.split()[4] == path for line in mounts):
            return "not-a-mount"
    with open(path, "a") as f:
        f.write(text)
    return "open"


@attack
def write_resolv_conf():
    return written("/etc/resolv.conf", "\nnameserver %s\n" % BLOCKED)


@attack
def write_hosts():
    return written("/etc/hosts", "\n%s api.anthropic.com registry.npmjs.org\n" % BLOCKED)


@attack
def rewritten_names():
    """After the two of before: the allowed name is the blocked host for whoever reads /etc/hosts. The sets do not."""
    return tcp(BLOCKED, 443)
