# Networks of other shapes.
load common

setup() {
	common_setup
	lab_clean
	lab_cage_network
}

@test "IPv4 only: IPv6 has no way out, and that is said" {
	ip -n "$CAGE" -6 route flush default
	ip -n "$CAGE" -6 addr flush dev eth0
	run caged sh -c "'$TRY' -w 20 tcp $ANTHROPIC 443; '$TRY' -w 20 tcp $BLOCKED 443"
	assert_says "open"
	assert_says EHOSTUNREACH
	assert_says "IPv6 has no way out of this container now"
	# and it is closed all the same, should a route come later
	run in_cage ip6tables -S
	assert_says "-P OUTPUT DROP"
}

@test "IPv6 only" {
	printf 'nameserver %s\n' "$GATEWAY6" > "$LAB/resolv.6"
	lab_dns <(sed "s/^listen-address=.*/&\nlisten-address=$GATEWAY6/" "$LAB_SOURCE/dnsmasq.conf")
	ip -n "$CAGE" route flush default
	ip -n "$CAGE" addr flush dev eth0 scope global
	ip -n "$CAGE" -6 addr replace fd17::2/64 dev eth0 nodad
	ip -n "$CAGE" -6 route replace default via "$GATEWAY6"
	CAGE_RESOLV=$LAB/resolv.6 run caged sh -c "'$TRY' -w 20 tcp $ANTHROPIC6 443; '$TRY' -w 20 tcp $BLOCKED6 443"
	assert_says "open"
	assert_says ECONNREFUSED
	assert_says "IPv4 has no way out of this container now"
	lab_dns "$LAB_SOURCE/dnsmasq.conf"
}

@test "IPv6 goes on working once the neighbour cache is empty" {
	in_cage ip -6 neigh flush dev eth0
	run caged "$TRY" -w 20 tcp "$ANTHROPIC6" 443
	assert_status 0
	in_cage ip -6 neigh flush dev eth0
	run in_cage "$TRY" -w 20 tcp "$ANTHROPIC6" 443
	assert_status 0
}

@test "no default route: nothing allowed can start, nothing at all can" {
	ip -n "$CAGE" route flush default
	ip -n "$CAGE" -6 route flush default
	PARA_ALLOWED_DOMAINS= run caged echo AGENT-RAN
	assert_status 0
	assert_says "closed: the host's network, since there is no default route"
	assert_says "IPv4 has no way out of this container now"
	run in_cage iptables -S
	refute_says "172.17.0.0/16"
	run caged echo AGENT-RAN
	[ "$status" -eq 105 ] || [ "$status" -eq 107 ]
	refute_says AGENT-RAN
}

@test "no network but loopback (--network none)" {
	ip -n "$CAGE" link set eth0 down
	PARA_ALLOWED_DOMAINS= run caged python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 5000)); socket.create_connection(("127.0.0.1", 5000), 20); print("LOOPBACK-OPEN")'
	assert_status 0
	assert_says LOOPBACK-OPEN
}

@test "the host's network is the connected one of the default route, not a guessed /24, and no other interface's" {
	ip -n "$CAGE" link add side type veth peer name side2
	ip -n "$CAGE" link set side2 up
	ip -n "$CAGE" link set side up
	ip -n "$CAGE" addr add 172.16.0.1/12 dev side
	ip -n "$CAGE" addr add 198.18.5.1/30 dev eth0
	run caged true
	assert_status 0
	run in_cage iptables -S
	assert_says "-d 172.17.0.0/16 -j ACCEPT"
	refute_says 172.16.0.0
	refute_says 198.18.5.0
	ip -n "$CAGE" link del side
	ip -n "$CAGE" addr del 198.18.5.1/30 dev eth0
}

@test "routes by nexthop objects: what a gateway leads to is not the host's network" {
	in_cage sysctl -qw net.ipv4.nexthop_compat_mode=0
	ip -n "$CAGE" nexthop add id 5 via $GATEWAY dev eth0
	ip -n "$CAGE" route replace default nhid 5
	ip -n "$CAGE" route add 10.77.0.0/16 nhid 5
	run caged true
	assert_status 0
	run in_cage iptables -S
	refute_says 10.77.0.0
	# and where the host's network is to be closed all the same, what may be a part of it is, too
	lab_clean
	PARA_NETWORK_MODE=blocklist PARA_ALLOW_HOST=none run caged true
	assert_status 0
	run in_cage iptables -S
	assert_says "-d 10.77.0.0/16 -j REJECT"
	# a kernel that tells it leaves no doubt
	in_cage sysctl -qw net.ipv4.nexthop_compat_mode=1
	lab_clean
	PARA_NETWORK_MODE=blocklist PARA_ALLOW_HOST=none run caged true
	assert_status 0
	run in_cage iptables -S
	refute_says 10.77.0.0
	ip -n "$CAGE" route del 10.77.0.0/16
	ip -n "$CAGE" route replace default via $GATEWAY
	ip -n "$CAGE" nexthop del id 5
}

@test "from outside: the host's network gets in, others do not; replies come back" {
	rm -f "$LAB/over"
	caged python3 -c '
import os, socket, sys
server = socket.create_server(("0.0.0.0", 7000))
print("listening", file=sys.stderr, flush=True)
server.settimeout(0.1)
while not os.path.exists(sys.argv[1]):
    try:
        peer, address = server.accept()
        peer.send(b"hello"); peer.close()
    except TimeoutError: pass' "$LAB/over" > "$LAB/out" 2>&1 3>&- &
	local pid=$!
	lab_wait_for grep -q listening "$LAB/out"
	run ip netns exec "$WORLD" "$TRY" -w 20 tcp 172.17.0.2 7000
	local from_host=$output
	run ip netns exec "$WORLD" python3 -c "
import socket
s = socket.socket(); s.settimeout(1.5); s.bind(('$BLOCKED', 0))
try:
    s.connect(('172.17.0.2', 7000)); print('open')
except OSError as failure:
    print('closed', failure)"
	touch "$LAB/over"
	wait $pid
	assert_says closed
	[[ $from_host == open* ]]
}

@test "ICMP: an allowed host's 'too big' comes through, an echo to a blocked one does not leave" {
	run caged python3 -c "
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP)
s.settimeout(1)
try:
    s.sendto(b'\x08\x00\x00\x00\x00\x01\x00\x01', ('$BLOCKED', 0)); s.recv(100); print('PING-OPEN')
except OSError as failure:
    print('ping closed', failure)"
	refute_says PING-OPEN
}
