"""
property.py generate SEED N DIR   N random policies, a file of NAME=VALUE lines each, in DIR
property.py judge FILE SECURE_INIT SEED

"judge" runs where the policy of FILE stands, and sends random packets of every kind at the lab's world. Three judges must
agree on each: the reference below, written from docs/policy.md; `secure-init explain`, by the policy and by the kernel's
rules; and the kernel itself, which lets a packet go or tells the sender that it did not.
"""
import ipaddress
import os
import random
import socket
import subprocess
import sys

GATEWAY, GATEWAY6 = "172.17.0.1", "fd17::1"
NAMES = {  # tests/lab/dnsmasq.conf
    "api.anthropic.com": ["160.79.104.10", "2607:6bc0::10"],
    "registry.npmjs.org": ["104.16.1.34", "2606:4700::6810:122"],
    "example.com": ["93.184.216.34", "2606:2800:220:1::1946"],
    "two.lab": ["160.79.104.10", "104.16.1.34"],
    "private.lab": ["10.9.8.7"],
}
ADDRESSES = ["160.79.104.10", "104.16.1.34", "93.184.216.34", "151.101.1.69", "192.30.252.44", "10.9.8.7", GATEWAY,
             "2607:6bc0::10", "2606:4700::6810:122", "2606:2800:220:1::1946", "2a04:4e42::645", GATEWAY6]
TCP_PORTS = [22, 80, 443, 853, 3000, 8000, 8001, 8443]  # somebody listens on them (tests/lab/listen.py, nginx)
UDP_PORTS = [53, 123, 443, 3478, 8000, 9999]
WILDCARD = "*.nobody.lab"  # opens nothing, since nobody asks for a name below it
HOST = {"subnet": ["172.17.0.0/16", "fd17::/64"], "gateway": [GATEWAY + "/32", GATEWAY6 + "/128"], "none": []}


# --- policies -------------------------------------------------------------------------------------------------------

def random_ports(dice):
    ports = []
    for _ in range(dice.choice([0, 0, 1, 1, 2, 3])):
        low = dice.choice(TCP_PORTS + UDP_PORTS + [1, 8002])
        ports.append(str(low) if dice.random() < 0.7 else f"{low}-{min(65535, low + dice.choice([1, 10, 1000]))}")
    return ":" + ",".join(ports) if ports else ""


def random_entry(dice):
    if dice.random() < 0.35:
        return dice.choice(list(NAMES)) + random_ports(dice)
    address = ipaddress.ip_address(dice.choice(ADDRESSES))
    length = dice.choice([address.max_prefixlen] * 2 + ([8, 16, 24, 31] if address.version == 4 else [16, 32, 64, 127]))
    network = ipaddress.ip_network((address, length), strict=False)
    text = str(network if length < address.max_prefixlen else address)
    ports = random_ports(dice)
    return f"[{text}]{ports}" if address.version == 6 and ports else text + ports


def random_policy(dice):
    policy = {"PARA_NETWORK_MODE": dice.choice(["allowlist", "allowlist", "blocklist", "blocklist", "none", "proxy"])}
    some = lambda: ",".join(random_entry(dice) for _ in range(dice.choice([0, 1, 2, 4, 8])))
    if policy["PARA_NETWORK_MODE"] == "proxy":
        policy["PARA_PROXY"] = "example.com:443"
    elif policy["PARA_NETWORK_MODE"] != "none":
        policy["PARA_ALLOWED_DOMAINS"] = some()
    if dice.random() < 0.6 or policy["PARA_NETWORK_MODE"] == "blocklist":
        policy["PARA_BLOCKED_DOMAINS"] = some()
    for name, words in (("PROFILE", ["default", "strict"]), ("ALLOW_DNS", ["resolvers", "none"]),
                        ("ALLOW_SSH", ["any", "allowlist", "none"]), ("ALLOW_HOST", ["subnet", "gateway", "none"])):
        if dice.random() < 0.4 and policy["PARA_NETWORK_MODE"] != "none":
            policy["PARA_" + name] = dice.choice(words)
    if dice.random() < 0.5:
        policy["PARA_GUARD"] = "off"
    else:
        if dice.random() < 0.4:
            policy["PARA_DNS"] = dice.choice(["open", "filter"])
        if "PARA_ALLOWED_DOMAINS" in policy and policy.get("PARA_ALLOW_DNS") != "none" and dice.random() < 0.3:
            policy["PARA_ALLOWED_DOMAINS"] += "," * bool(policy["PARA_ALLOWED_DOMAINS"]) + WILDCARD
    if policy.get("PARA_PROFILE") == "strict":  # which refuses private.lab unless its address is named as well
        for name in ("PARA_ALLOWED_DOMAINS", "PARA_BLOCKED_DOMAINS"):
            if "private.lab" in policy.get(name, ""):
                policy[name] = policy[name].replace("private.lab", "example.com")
    return policy


# --- the reference --------------------------------------------------------------------------------------------------

def entries(text):
    """[(networks, ports or None)] of a list, read anew and naively; a bare port belongs to the entry before it."""
    found = []
    for item in filter(None, (text or "").split(",")):
        if item.replace("-", "").isdigit():
            found[-1][1].append(item)
            continue
        if item.startswith("["):
            host, _, ports = item[1:].partition("]")
            ports = ports.lstrip(":")
        elif item.count(":") > 1:
            host, ports = item, ""
        else:
            host, _, ports = item.partition(":")
        networks = [] if host == WILDCARD else NAMES.get(host) or [host]
        found.append(([ipaddress.ip_network(n) for n in networks], [ports] if ports else []))
    return [(networks, [tuple(map(int, (p.split("-") * 2)[:2])) for p in ports] or None) for networks, ports in found]


def holds(listed, address, protocol, port, any_protocol):
    for networks, ports in listed:
        if not any(address in network for network in networks if network.version == address.version):
            continue
        if ports is None and (any_protocol or protocol in ("tcp", "udp")):
            return True
        if ports is not None and protocol in ("tcp", "udp") and any(low <= port <= high for low, high in ports):
            return True
    return False


def services(policy):
    """DNS, SSH and the host, as they were said, or as mode and profile have them."""
    mode = policy["PARA_NETWORK_MODE"]
    strict = policy.get("PARA_PROFILE") == "strict"
    only_named = strict or mode in ("proxy", "none")
    named = any(name in policy.get(key, "") for name in [*NAMES, WILDCARD]
                for key in ("PARA_ALLOWED_DOMAINS", "PARA_BLOCKED_DOMAINS", "PARA_PROXY"))
    dns = policy.get("PARA_ALLOW_DNS") or (
        "none" if mode == "none" or (strict and mode != "blocklist" and not named) else "resolvers")
    ssh = policy.get("PARA_ALLOW_SSH") or ("allowlist" if only_named else "any")
    host = policy.get("PARA_ALLOW_HOST") or ("none" if only_named else "subnet")
    return dns, ssh, host


def led_to_the_guard(policy, protocol, port):
    """Port 53 of everywhere is the guard's, before any rule is asked."""
    return policy.get("PARA_GUARD") != "off" and services(policy)[0] == "resolvers" and port == 53 and \
        protocol in ("tcp", "udp")


def reference(policy, address, protocol, port):
    address = ipaddress.ip_address(address)
    dns, ssh, host = services(policy)
    if led_to_the_guard(policy, protocol, port):
        return True
    allowed = entries(policy.get("PARA_PROXY") or policy.get("PARA_ALLOWED_DOMAINS"))
    blocked = entries(policy.get("PARA_BLOCKED_DOMAINS"))
    is_ssh = protocol == "tcp" and port == 22
    if is_ssh and ssh == "none":
        return False
    if holds(allowed, address, protocol, port, any_protocol=False):
        return True
    if holds(blocked, address, protocol, port, any_protocol=True):
        return False
    inside = lambda networks: any(address in n for n in map(ipaddress.ip_network, networks) if n.version == address.version)
    if port == 53 and protocol in ("tcp", "udp"):
        if dns == "resolvers" and str(address) == GATEWAY:
            return True
        if dns == "none":
            return False
    if is_ssh:
        return ssh == "any"
    if inside(HOST[host]):
        return True
    if inside(HOST["subnet"]):
        return False
    return policy["PARA_NETWORK_MODE"] == "blocklist"


# --- the kernel -----------------------------------------------------------------------------------------------------

def goes(address, protocol, port):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        if protocol == "tcp":
            with socket.create_connection((address, port), 2):
                return True
        if protocol == "udp":
            with socket.socket(family, socket.SOCK_DGRAM) as s:
                s.connect((address, port))
                return s.send(b"x") == 1
        number = socket.IPPROTO_SCTP if protocol == "sctp" else (
            socket.IPPROTO_ICMPV6 if family == socket.AF_INET6 else socket.IPPROTO_ICMP)
        with socket.socket(family, socket.SOCK_RAW, number) as s:
            echo = bytes([128 if family == socket.AF_INET6 else 8, 0, 0, 0]) + bytes(12)
            return s.sendto(echo, (address, 0)) == 16
    except OSError:
        return False


def explained(binary, questions):
    """{question: (by the policy, by the kernel)}"""
    out = subprocess.run([binary, "explain", *questions], stdout=subprocess.PIPE, text=True, check=False).stdout
    answers, question = {}, None
    for line in out.splitlines():
        if not line.startswith(" "):
            question = line
        elif "led to the guard" in line:
            answers[question] = [True, True]
        elif "by the policy" in line:
            # where names cannot be looked up any more it says that it cannot know
            answers[question] = [": allowed" in line if line.endswith("by the policy") else None, None]
        elif line.endswith("by the kernel"):
            answers[question][1] = ": allowed" in line
    return answers


def may_not_know(policy):
    """explain asks DNS for the policy's names: its server may be closed, to the guard too; and the guard answers for no name
    that is blocked."""
    blocked = any(name in policy.get("PARA_BLOCKED_DOMAINS", "") for name in NAMES)
    return not reference({**policy, "PARA_GUARD": "off"}, GATEWAY, "udp", 53) or (policy.get("PARA_GUARD") != "off" and blocked)


def judge(path, binary, seed):
    policy = dict(line.rstrip("\n").split("=", 1) for line in open(path))
    dice = random.Random(seed)
    packets = []
    for _ in range(25):
        protocol = dice.choice(["tcp", "tcp", "udp", "udp", "icmp", "sctp"])
        port = {"tcp": dice.choice(TCP_PORTS), "udp": dice.choice(UDP_PORTS)}.get(protocol, 0)
        # where it is not the guard's nobody listens
        if dice.random() < 0.2 and led_to_the_guard(policy, protocol, 53):
            port = 53
        packets.append((dice.choice(ADDRESSES), protocol, port))

    def question(address, protocol, port):
        host = f"[{address}]" if ":" in address else address
        if protocol == "icmp" and ":" in address:
            protocol = "icmpv6"
        return f"{host}:{port}/{protocol}" if port else f"{host}:1/{protocol}"

    answers = explained(binary, [question(*packet) for packet in packets])
    wrong = 0
    for packet in packets:
        verdicts = [reference(policy, *packet), *answers.get(question(*packet), [None, None]), goes(*packet)]
        if verdicts[1] is None and may_not_know(policy):
            del verdicts[1]
        if len(set(verdicts)) != 1:
            wrong += 1
            print("reference, explain by policy, explain by kernel, kernel:", packet, verdicts, policy)
    print("packets", len(packets), "allowed", sum(reference(policy, *packet) for packet in packets))
    return 1 if wrong else 0


if sys.argv[1] == "generate":
    dice = random.Random(int(sys.argv[2]))
    for number in range(int(sys.argv[3])):
        with open(os.path.join(sys.argv[4], f"{number:04}"), "w") as file:
            file.writelines(f"{name}={value}\n" for name, value in random_policy(dice).items())
else:
    sys.exit(judge(sys.argv[2], sys.argv[3], sys.argv[4]))
