# The policy's modes and settings (docs/policy.md), judged by packets and by iptables, ip6tables and ipset.
bats_require_minimum_version 1.5.0
load common

setup() {
	common_setup
	lab_clean
	say_nothing
	listening=
}

teardown() {
	[ -z "$listening" ] || kill $listening 2> /dev/null || true
}

# goes PROTO ADDRESS PORT...: each port answers; stays: none does
goes() {
	local port
	for port in "${@:3}"; do
		run in_cage "$TRY" -w 20 "$1" "$2" "$port"
		[[ $output == open* ]] || { echo "$1 $2 $port: $output"; return 1; }
	done
}

stays() {
	local port
	for port in "${@:3}"; do
		run in_cage "$TRY" "$1" "$2" "$port"
		[[ $output != open* ]] || { echo "$1 $2 $port is open"; return 1; }
	done
}

start() { # COMMAND...
	run caged "$@"
	assert_status 0
}

@test "blocklist: all is open but what is blocked, on its ports, and metadata; exceptions come first" {
	PARA_NETWORK_MODE=blocklist PARA_BLOCKED_DOMAINS=example.com,registry.npmjs.org:443,151.101.0.0/16,2a04:4e42::/32 \
		PARA_ALLOWED_DOMAINS=$BLOCKED:443,[$BLOCKED6]:443 start true
	assert_says "blocked: example.com, all ports (2 addresses)"
	assert_says "open, whatever else is said: $BLOCKED:443"
	assert_says "open: everything else, outwards"
	goes tcp $ANTHROPIC 443 80
	goes tcp $ANTHROPIC6 443
	goes tcp $NPM 80
	goes tcp $BLOCKED 443
	goes tcp $BLOCKED6 443
	stays tcp $EXAMPLE 443 80
	stays tcp $EXAMPLE6 443
	stays tcp $NPM 443
	stays tcp $BLOCKED 80
	stays tcp $BLOCKED6 80
	stays tcp 169.254.169.254 80
	run in_cage ipset test blocked-domains 169.254.169.254
	assert_status 0
	run in_cage ipset test blocked-domains6 fd00:ec2::254
	assert_status 0
	# from outside it is as closed as ever
	run in_cage iptables -S INPUT
	assert_says "-P INPUT DROP"
}

@test "blocklist: metadata can be excepted, and a resolver at its address still answers" {
	PARA_NETWORK_MODE=blocklist PARA_ALLOWED_DOMAINS=169.254.169.254:80 start true
	run in_cage iptables -S OUTPUT
	[ "$(grep -n 'allowed-ports' <<< "$output" | head -1 | cut -d: -f1)" -lt "$(grep -n 'blocked-domains' <<< "$output" | head -1 | cut -d: -f1)" ]
	lab_clean
	printf 'nameserver 169.254.169.254\nnameserver %s\n' "$GATEWAY" > "$LAB/metadata.conf"
	CAGE_RESOLV=$LAB/metadata.conf PARA_NETWORK_MODE=blocklist start true
	run in_cage iptables -S OUTPUT
	[ "$(grep -n -- '-d 169.254.169.254/32 -p udp -m udp --dport 53 -m owner --uid-owner 65501 -j ACCEPT' <<< "$output" | cut -d: -f1)" -lt "$(grep -n 'blocked-domains' <<< "$output" | head -1 | cut -d: -f1)" ]
	[ "$(grep -n -- "-d $GATEWAY/32 -p udp -m udp --dport 53 -m owner --uid-owner 65501 -j ACCEPT" <<< "$output" | cut -d: -f1)" -gt "$(grep -n 'blocked-ports' <<< "$output" | head -1 | cut -d: -f1)" ]
}

@test "blocklist: an essential service that is closed is closed there too" {
	PARA_NETWORK_MODE=blocklist PARA_ALLOW_DNS=none PARA_ALLOW_SSH=allowlist PARA_ALLOW_HOST=none PARA_ALLOWED_DOMAINS=$NPM start true
	assert_says "closed: DNS"
	assert_says "closed: SSH (TCP port 22), but to what is allowed"
	stays tcp $GATEWAY 53 443
	stays tcp $GATEWAY6 443
	stays tcp $ANTHROPIC 22
	goes tcp $NPM 22
	goes tcp $ANTHROPIC 443
	lab_clean
	PARA_NETWORK_MODE=blocklist PARA_PROFILE=strict start true
	stays tcp $GATEWAY 443
	stays tcp $ANTHROPIC 22
	goes tcp $ANTHROPIC 443
	lab_clean
	PARA_NETWORK_MODE=blocklist PARA_ALLOW_HOST=gateway start true
	goes tcp $GATEWAY 443
	run in_cage iptables -S OUTPUT
	assert_says "-A OUTPUT -d 172.17.0.0/16 -j REJECT"
}

@test "a name to be blocked that has no address is said, and no reason not to start; one that cannot be asked for is" {
	PARA_NETWORK_MODE=blocklist PARA_BLOCKED_DOMAINS=nowhere.lab,example.com start true
	assert_says "nowhere.lab is to be blocked, and has no address now"
	stays tcp $EXAMPLE 443
	lab_clean
	lab_dns_stop
	PARA_NETWORK_MODE=blocklist PARA_BLOCKED_DOMAINS=example.com run caged echo AGENT-RAN
	assert_refused 105
	lab_dns "$LAB_SOURCE/dnsmasq.conf"
}

@test "an allow list with a block list: what is allowed stays so, what is essential does not" {
	PARA_ALLOWED_DOMAINS=api.anthropic.com PARA_BLOCKED_DOMAINS=160.79.0.0/16,10.9.8.7,$GATEWAY:22 start true
	goes tcp $ANTHROPIC 443
	stays tcp 10.9.8.7 22
	stays tcp $GATEWAY 22
	goes tcp 192.0.2.1 22
}

@test "none: nothing but loopback, not even DNS" {
	PARA_NETWORK_MODE=none start true
	assert_says "closed: DNS"
	stays tcp $GATEWAY 53 22 443
	stays tcp $GATEWAY 53
	stays tcp $ANTHROPIC 443 22
	run in_cage iptables -S
	refute_says "172.17."
	PARA_NETWORK_MODE=none PARA_ALLOWED_DOMAINS=example.com run -101 "$SECURE_INIT" -- true
	assert_says "the network mode is none, and something is allowed"
}

@test "proxy: the proxy and DNS, nothing else, and the agent's programs are told" {
	PARA_NETWORK_MODE=proxy PARA_PROXY=http://example.com:443/ start sh -c 'env | grep -i proxy= | sort; dig +short example.com'
	for variable in HTTP_PROXY http_proxy HTTPS_PROXY https_proxy; do
		assert_says "$variable=http://example.com:443"
	done
	assert_says "NO_PROXY=localhost,127.0.0.1,::1"
	assert_says "proved: example.com port 443 could be connected to"
	assert_says "$EXAMPLE"
	goes tcp $EXAMPLE 443
	stays tcp $EXAMPLE 80
	stays tcp $ANTHROPIC 443 22
	stays tcp $GATEWAY 22 443
	lab_clean
	# an address; and one where nobody is
	PARA_NETWORK_MODE=proxy PARA_PROXY=[$EXAMPLE6]:443 start sh -c 'echo $HTTP_PROXY'
	assert_says "http://[$EXAMPLE6]:443"
	lab_clean
	PARA_NETWORK_MODE=proxy PARA_PROXY=192.0.2.1:443 PARA_ALLOWED_DOMAINS=example.com run -101 "$SECURE_INIT" -- true
	assert_says "exactly the proxy is allowed"
	PARA_NETWORK_MODE=proxy run -101 "$SECURE_INIT" -- true
	assert_says "no proxy is named"
	PARA_PROXY=user:secret@example.com:3128 PARA_NETWORK_MODE=proxy run -101 "$SECURE_INIT" -- true
	refute_says secret
}

@test "strict: SSH and the host's network only by entry, and no private address by DNS" {
	PARA_PROFILE=strict PARA_ALLOWED_DOMAINS=example.com,$ANTHROPIC:22 start sh -c 'dig +short example.com; dig registry.npmjs.org'
	assert_says "$EXAMPLE"
	assert_says "status: REFUSED"
	goes tcp $EXAMPLE 443
	goes tcp $ANTHROPIC 22
	stays tcp $NPM 22
	stays tcp $GATEWAY 22 443
	run in_cage iptables -S INPUT
	refute_says "172.17.0.0"
	lab_clean
	PARA_PROFILE=strict PARA_ALLOWED_DOMAINS=private.lab run caged echo AGENT-RAN
	assert_refused 105
	assert_says "private.lab is at the private address 10.9.8.7"
	lab_clean
	PARA_PROFILE=strict PARA_ALLOWED_DOMAINS=private.lab,10.9.8.0/24:5432 start true
	lab_clean
	# deny-all means deny-all: without a name, not even DNS
	PARA_PROFILE=strict PARA_ALLOWED_DOMAINS= start true
	stays tcp $GATEWAY 53
	stays tcp $ANTHROPIC 22
}

@test "the essential services are settings: DNS, SSH, the host" {
	PARA_ALLOWED_DOMAINS=example.com PARA_ALLOW_DNS=none start true
	goes tcp $EXAMPLE 443
	goes tcp $GATEWAY 443
	# also to those of the host's network, which is open else
	stays tcp $GATEWAY 53
	lab_clean
	PARA_ALLOWED_DOMAINS=example.com PARA_ALLOW_SSH=none start true
	stays tcp $EXAMPLE 22
	goes tcp $EXAMPLE 443
	stays tcp $GATEWAY 22
	lab_clean
	# what is allowed and closed again is not what is probed
	PARA_ALLOWED_DOMAINS=example.com:22,registry.npmjs.org:22-80 PARA_ALLOW_SSH=none start true
	assert_says "registry.npmjs.org port 23 could be reached"
	lab_clean
	PARA_ALLOWED_DOMAINS=example.com PARA_ALLOW_SSH=allowlist PARA_ALLOW_HOST=gateway start true
	goes tcp $EXAMPLE 22
	stays tcp $NPM 22
	run in_cage iptables -S
	assert_says "-A INPUT -s $GATEWAY/32 -j ACCEPT"
	assert_says "-A OUTPUT -d $GATEWAY/32 -j ACCEPT"
	refute_says "172.17.0.0/16"
	lab_clean
	PARA_ALLOWED_DOMAINS=example.com PARA_ALLOW_HOST=$GATEWAY:443 start true
	goes tcp $GATEWAY 443
	stays tcp $GATEWAY 80
	for variable in PARA_ALLOW_DNS PARA_ALLOW_SSH PARA_NETWORK_MODE PARA_PROFILE; do
		run -101 env $variable=maybe "$SECURE_INIT" -- true
		assert_says "$variable is 'maybe'; it must be"
	done
}

# comes FROM PORT [SECONDS]: a connection from the world's address to the container's listener
comes() {
	ip netns exec "$WORLD" python3 -c '
import socket, sys
socket.create_connection(("172.17.0.2", int(sys.argv[2])), int(sys.argv[3]), (sys.argv[1], 0))' "$1" "$2" "${3:-20}" 2> /dev/null
}

@test "inbound: the host's network by default; else the ports and hosts that are named" {
	listener() { nsenter --net="/run/netns/$CAGE" python3 -c '
import socket, time
for port in 8080, 8081, 5432:
    s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind(("0.0.0.0", port)); s.listen(9); globals()[str(port)] = s
open("'"$LAB"'/listening", "w")
time.sleep(1000)' 3>&- & }
	listener
	listening=$!
	lab_wait_for test -e "$LAB/listening"
	PARA_ALLOWED_DOMAINS= start true
	comes $GATEWAY 8080
	run comes $EXAMPLE 8080 1
	[ "$status" -ne 0 ]
	lab_clean
	PARA_ALLOWED_DOMAINS= PARA_ALLOW_INBOUND=8080,10.9.8.7:5432 start true
	assert_says "open, from outside: 10.9.8.7:5432"
	comes $EXAMPLE 8080
	comes $GATEWAY 8080
	comes 10.9.8.7 5432
	for one in "$EXAMPLE 8081" "$GATEWAY 8081" "$EXAMPLE 5432" "10.9.8.7 8081"; do
		run comes $one 1
		[ "$status" -ne 0 ] || { echo "$one came in"; return 1; }
	done
	lab_clean
	PARA_ALLOWED_DOMAINS= PARA_ALLOW_INBOUND=none start true
	run comes $GATEWAY 8080 1
	[ "$status" -ne 0 ]
	lab_clean
	PARA_ALLOWED_DOMAINS= PARA_ALLOW_INBOUND=host,8081 PARA_BLOCKED_DOMAINS=$EXAMPLE start true
	comes $GATEWAY 5432
	comes $NPM 8081
	# who is let in by name is let in before anybody is blocked
	comes $EXAMPLE 8081
}

@test "rules stay as many, however long the lists" {
	local list=10.0.0.1 i
	PARA_NETWORK_MODE=blocklist PARA_BLOCKED_DOMAINS=$list start true
	local few=$(in_cage iptables -S | wc -l)
	lab_clean
	for i in {2..250}; do list+=,10.$i.0.1,10.$i.1.0/24:443; done
	PARA_NETWORK_MODE=blocklist PARA_BLOCKED_DOMAINS=$list start true
	[ "$(in_cage iptables -S | wc -l)" -eq "$few" ]
}

@test "any of the policy's variables turns isolation on; false turns it off, and says what is ignored" {
	PARA_NETWORK_MODE=none start true
	in_cage iptables -S | grep -qx -- '-P OUTPUT DROP'
	lab_clean
	PARA_ALLOW_SSH=none start true
	in_cage iptables -S | grep -qx -- '-P OUTPUT DROP'
	PARA_NETWORK_ISOLATION=false PARA_NETWORK_MODE=none PARA_ALLOW_SSH=none run "$SECURE_INIT" -s -- true
	assert_status 0
	assert_says "so PARA_NETWORK_MODE is ignored: 'none'"
	assert_says "so PARA_ALLOW_SSH is ignored"
}
