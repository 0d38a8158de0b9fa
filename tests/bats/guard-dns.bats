# The guard's DNS as an agent sees it, and as the servers do.
bats_require_minimum_version 1.5.0
load common
load guard

setup_file() { guard_lab; }
setup() { guard_setup; }
teardown() { guard_teardown; }

# questions SINCE: the lines of the lab's dnsmasq that are questions of the cage, since this line of its log
questions() {
	tail -n "+$(($1 + 1))" "$LAB/dns.log" | grep -E 'query.* from 172\.17\.0\.2' || true
}

log_length() { wc -l < "$LAB/dns.log"; }

@test "port 53 of every address leads to the guard: UDP and TCP, IPv4 and IPv6, many at once" {
	PARA_ALLOWED_DOMAINS=api.anthropic.com start sleep infinity
	local server
	for server in 192.0.2.1 8.8.8.8 $BLOCKED 127.0.0.1 2001:db8::1 2620:fe::fe ::1; do
		run as_agent dig +short +tries=1 @$server api.anthropic.com A
		[ "$output" = $ANTHROPIC ] || { echo "$server: $output"; return 1; }
		run as_agent dig +short +tries=1 +tcp @$server api.anthropic.com AAAA
		[ "$output" = $ANTHROPIC6 ] || { echo "$server: $output"; return 1; }
	done
	run as_agent dig +short +tcp +keepopen @192.0.2.1 api.anthropic.com A api.anthropic.com AAAA api.anthropic.com A
	[ "$output" = "$(printf '%s\n' $ANTHROPIC $ANTHROPIC6 $ANTHROPIC)" ]
	run as_agent python3 "$LAB_SOURCE/burst.py" pipeline 200 api.anthropic.com
	assert_says "answered 200"
	# the lab's only server is that of resolv.conf
	[ -z "$(grep query "$LAB/dns.log" | grep -v ' from 172.17.0.[12]$')" ]
}

@test "the server sees a name and a type, and nothing else of the agent's question" {
	odd_dns "api.odd.lab A 0 $EXAMPLE" "api.odd.lab TXT 0 words"
	PARA_ALLOWED_DOMAINS=api.odd.lab start sleep infinity
	# once this is answered, those of the start are in the log, whose flags are others
	ask api.odd.lab A; assert_rcode NOERROR
	: > "$LAB/odd.log"
	ask API.odd.LAB TXT +subnet=192.0.2.0/24 +cookie=1122334455667788 +nsid +ednsopt=65001:deadbeefdeadbeef +padding=128 +adflag +zflag
	assert_rcode NOERROR
	assert_says '"words"'
	# dig sees its own case again
	assert_says "API.odd.LAB."
	as_agent python3 "$LAB_SOURCE/burst.py" follow 300 api.odd.lab 8000
	python3 - "$LAB/odd.log" <<-'CHECK'
		import collections, struct, sys
		lines = [line.split() for line in open(sys.argv[1])]
		assert len(lines) > 250, len(lines)
		spellings, ports, ids = set(), set(), collections.Counter()
		for proto, port, ident, name, kind, text in lines:
		    message = bytes.fromhex(text)
		    assert proto == "udp"
		    flags, qd, an, ns, ar = struct.unpack(">HHHHH", message[2:12])
		    # RD, and AD, which the guard sets in each
		    assert flags == 0x0120 and (qd, an, ns, ar) == (1, 0, 0, 1), text
		    opt = message[message.index(b"\0", 12) + 5:]
		    assert opt[:3] == b"\0\0\x29" and opt[5:] == bytes(6), text
		    spellings.add(name); ports.add(port); ids[ident] += 1
		low = {name.lower() for name in spellings}
		assert low == {"api.odd.lab"}, low
		print(len(lines), "questions:", len(spellings), "spellings,", len(ports), "ports,", len(ids), "ids")
		assert len(spellings) > 100 and len(ids) > 250
		assert len(ports) > len(lines) / 20, len(ports)
	CHECK
}

@test "an address is open before the agent hears of it, a new one each time" {
	odd_dns "moving.odd.lab is moving"
	PARA_ALLOWED_DOMAINS=moving.odd.lab:8000 start sleep infinity
	run as_agent python3 "$LAB_SOURCE/burst.py" follow 400 moving.odd.lab 8000
	assert_says "connected 400 addresses 400"
	run as_agent python3 "$LAB_SOURCE/burst.py" follow 1 moving.odd.lab 80
	assert_says "connected 0"
}

@test "wildcards open at any depth what DNS says, on their ports, and not the name itself" {
	odd_dns "odd.lab A 60 $NPM" "a.odd.lab A 60 $EXAMPLE" "x.y.z.odd.lab AAAA 60 $EXAMPLE6" "notodd.lab A 60 $BLOCKED"
	PARA_ALLOWED_DOMAINS='*.odd.lab:443' start sleep infinity
	stays tcp $EXAMPLE 443
	ask a.odd.lab A; assert_rcode NOERROR
	ask x.y.z.ODD.lab AAAA; assert_rcode NOERROR
	ask odd.lab A; assert_rcode NOERROR
	ask notodd.lab A; assert_rcode NOERROR
	opens tcp $EXAMPLE 443
	opens tcp $EXAMPLE6 443
	stays tcp $EXAMPLE 8000
	stays tcp $NPM 443
	stays tcp $BLOCKED 443
	[ "$(members allowed-ports)" = "$(printf '%s\n' "$EXAMPLE,tcp:443" "$EXAMPLE,udp:443")" ]
	[ "$(members allowed-ports6)" = "$(printf '%s\n' "$EXAMPLE6,tcp:443" "$EXAMPLE6,udp:443")" ]
}

@test "of a chain of CNAMEs the address at its end counts; what is beside it does not" {
	odd_dns "www.odd.lab CNAME 60 a.cdn.lab" "a.cdn.lab CNAME 60 b.cdn.lab" "b.cdn.lab A 60 $EXAMPLE" \
		"alien.odd.lab A 60 $NPM" "alien.odd.lab is alien"
	PARA_DNS=filter PARA_ALLOWED_DOMAINS=www.odd.lab,'*.odd.lab' start sleep infinity
	ask www.odd.lab A; assert_rcode NOERROR
	opens tcp $EXAMPLE 443
	# its parts are no names that may be asked for
	ask b.cdn.lab A; assert_rcode REFUSED
	ask alien.odd.lab A; assert_rcode NOERROR
	refute_says 203.0.113.66
	opens tcp $NPM 443
	run -1 in_set allowed-domains 203.0.113.66
}

@test "blocked names are refused" {
	PARA_ALLOWED_DOMAINS='*.chain.lab' PARA_BLOCKED_DOMAINS='middle.chain.lab,*.evil.lab,example.com' PARA_NETWORK_MODE=blocklist \
		start sleep infinity
	local since name
	since=$(log_length)
	for name in a.evil.lab b.a.EVIL.lab; do
		ask $name A; assert_rcode REFUSED
		assert_says "EDE: 15 (Blocked)"
		ask $name TXT +tcp; assert_rcode REFUSED
	done
	ask example.com HTTPS; assert_rcode REFUSED
	[ -z "$(questions "$since" | grep -i -e evil)" ]
	# its own addresses and what is on no list are open in a block list's mode
	ask v4.lab A; assert_rcode NOERROR
	opens tcp $ANTHROPIC 443
	stays tcp $EXAMPLE 443
}

# unheard NAME: every type by UDP and TCP is refused with the reason, and no server hears of it
unheard() {
	local type transport since questions=()
	since=$(log_length)
	for type in A AAAA TXT NULL MX SRV ANY HTTPS CNAME TYPE65399; do questions+=("$1" "$type"); done
	for transport in +notcp +tcp; do
		run as_agent dig $transport +tries=1 +time=8 @192.0.2.1 "${questions[@]}"
		[ "$(grep -c 'status: REFUSED' <<< "$output")" -eq 10 ] || { echo "$output"; return 1; }
		[ "$(grep -c 'EDE: 17 (Filtered): (secure-init: the name is not allowed)' <<< "$output")" -eq 10 ]
		[ "$(grep -c 'ANSWER: 0' <<< "$output")" -eq 10 ]
	done
	[ -z "$(questions "$since" | grep -iF "$1")" ] || { questions "$since"; return 1; }
}

@test "filter: what is on no list is refused, whatever the type, and no server hears of it" {
	PARA_DNS=filter PARA_ALLOWED_DOMAINS=api.anthropic.com start sleep infinity
	unheard c2VjcmV0.tunnel.example
	ask example.com A; assert_rcode REFUSED
	ask api.anthropic.com TXT; assert_rcode NOERROR
	ask sub.api.anthropic.com A; assert_rcode REFUSED
	ask . NS; assert_rcode REFUSED
}

@test "strict: the same, also for names below those that are allowed, and with no class but IN" {
	PARA_PROFILE=strict PARA_ALLOWED_DOMAINS=api.anthropic.com start sleep infinity
	unheard data.api.anthropic.com
	ask api.anthropic.com A; assert_rcode NOERROR
	opens tcp $ANTHROPIC 443
	run as_agent dig +tries=1 +time=3 @192.0.2.1 -c CH version.bind TXT
	refute_says NOERROR
	# DNS over TLS and over HTTPS, and DNS on other ports, are connections like any other
	stays tcp $NPM 853
	stays tcp $NPM 443
	stays udp $NPM 443
}

@test "by default what is on no list resolves, opens nothing, and is no way out for much" {
	odd_dns "api.odd.lab A 60 $EXAMPLE" "free.odd.lab A 60 $NPM"
	PARA_ALLOWED_DOMAINS=api.odd.lab start sleep infinity
	ask free.odd.lab A
	assert_rcode NOERROR
	assert_says $NPM
	stays tcp $NPM 443
	run -1 in_set allowed-domains $NPM
	local heard begun=${EPOCHREALTIME/./}
	run as_agent python3 "$LAB_SOURCE/burst.py" flood 1200 free.odd.lab
	echo "$output"
	# 500, and 50 a second; the guard asks again what is not answered in time
	heard=$(grep -oi 'x[0-9]*-[0-9a-f]*\.free' "$LAB/odd.log" | tr '[:upper:]' '[:lower:]' | sort -u | wc -l)
	[ "$heard" -ge 200 ]
	[ "$heard" -le $((520 + (${EPOCHREALTIME/./} - begun) / 20000)) ]
	assert_says REFUSED
	says "DNS questions for names on no list are refused: more than 50 a second"
	# the allowed ones go on
	ask api.odd.lab A; assert_rcode NOERROR
}

@test "an allowed name that moves to an address that nobody can mean is withheld, and opens nothing" {
	local address type
	odd_dns "api.odd.lab A 0 $EXAMPLE"
	PARA_ALLOWED_DOMAINS=api.odd.lab:443 start sleep infinity
	for address in 127.0.0.1 0.0.0.0 169.254.169.254 168.63.129.16 224.0.0.1 255.255.255.255 ::1 :: ::ffff:10.0.0.1 fe80::1 fd00:ec2::254; do
		[[ $address == *:* ]] && type=AAAA || type=A
		odd_dns "api.odd.lab $type 0 $address" "api.odd.lab A 0 $EXAMPLE"
		ask api.odd.lab $type
		[ "$rcode" = SERVFAIL ] || { echo "$address: $rcode"; return 1; }
		refute_says "$address"
	done
	[ "$(members allowed-ports)" = "$(printf '%s\n' "$EXAMPLE,tcp:443" "$EXAMPLE,udp:443")" ]
	[ -z "$(members allowed-ports6)" ]
	says "api.odd.lab: DNS answers with the loopback address 127.0.0.1, which cannot be meant"
	# hidden behind a CNAME it is the same
	odd_dns "api.odd.lab CNAME 0 elsewhere.lab" "elsewhere.lab A 0 127.0.0.1"
	ask api.odd.lab A
	assert_rcode SERVFAIL
	# and back again
	odd_dns "api.odd.lab A 0 $NPM"
	ask api.odd.lab A
	assert_rcode NOERROR
	opens tcp $NPM 443
	opens tcp $EXAMPLE 443
}

@test "a private address opens by default, and under strict only if an entry names it" {
	odd_dns "api.odd.lab A 0 $EXAMPLE"
	PARA_ALLOW_HOST=none PARA_ALLOWED_DOMAINS=api.odd.lab start sleep infinity
	odd_dns "api.odd.lab A 0 10.9.8.7"
	ask api.odd.lab A; assert_rcode NOERROR
	opens tcp 10.9.8.7 8000
	stop
	lab_clean
	odd_dns "api.odd.lab A 0 $EXAMPLE"
	PARA_PROFILE=strict PARA_ALLOWED_DOMAINS=api.odd.lab start sleep infinity
	odd_dns "api.odd.lab A 0 10.9.8.7"
	ask api.odd.lab A
	[ "$rcode" != NOERROR ] || [[ $output != *10.9.8.7* ]]
	stays tcp 10.9.8.7 8000
	run -1 in_set allowed-domains 10.9.8.7
	stop
	lab_clean
	odd_dns "api.odd.lab A 0 $EXAMPLE"
	PARA_PROFILE=strict PARA_ALLOWED_DOMAINS=api.odd.lab,10.9.8.7:8000 start sleep infinity
	odd_dns "api.odd.lab A 0 10.9.8.7"
	ask api.odd.lab A; assert_rcode NOERROR
	opens tcp 10.9.8.7 8000
}

@test "search domains, as Kubernetes sets them: the libcs find what is allowed, and ask nobody in vain" {
	printf 'search default.svc.cluster.local svc.cluster.local cluster.local\nnameserver %s\noptions ndots:5\n' $GATEWAY > "$LAB/kube.conf"
	lab_dns <(cat "$LAB_SOURCE/dnsmasq.conf"; echo "host-record=db.default.svc.cluster.local,$NPM")
	local settings since
	for settings in PARA_DNS=answer PARA_DNS=filter; do
		lab_clean
		[ $settings = PARA_DNS=filter ] && export PARA_DNS=filter
		CAGE_RESOLV=$LAB/kube.conf PARA_ALLOWED_DOMAINS='api.anthropic.com,*.chain.lab:443,db:443' start sleep infinity
		since=$(log_length)
		run as_agent getent ahostsv4 api.anthropic.com
		assert_says $ANTHROPIC
		run as_agent getent ahostsv4 www.chain.lab
		assert_says $NPM
		run as_agent getent ahostsv4 db
		assert_says $NPM
		run as_agent busybox nslookup api.anthropic.com
		assert_says $ANTHROPIC
		run as_agent busybox wget -q -T 4 -O - http://api.anthropic.com:8000/
		refute_says "bad address"
		opens tcp $NPM 443
		# below a wildcard the libc's makings do not exist, and nobody is asked
		[ -z "$(questions "$since" | grep -i 'www\.chain\.lab\.')" ]
		stop
	done
	lab_dns "$LAB_SOURCE/dnsmasq.conf"
}

@test "what /etc/hosts said at the start stays, and is not asked for" {
	local since
	since=$(log_length)
	printf '127.0.0.1 localhost\n%s two.lab\n' $EXAMPLE > "$LAB/hosts"
	CAGE_SETUP="mount --bind '$LAB/hosts' /etc/hosts" PARA_ALLOWED_DOMAINS=two.lab,v4.lab:443 start sleep infinity
	opens tcp $EXAMPLE 443
	stays tcp $NPM 8000
	# v4.lab is asked for again within three seconds of the start, and two.lab is not
	lab_wait_for again "$since" v4.lab
	sleep 0.3
	[ -z "$(questions "$since" | grep -i two.lab)" ]
	run in_cage ipset list allowed-domains
	assert_says "$EXAMPLE timeout 0"
}

# again SINCE NAME: it was asked for twice
again() {
	[ "$(questions "$1" | grep -ciE "query\[A\] $2 ")" -ge 2 ]
}

@test "PARA_ALLOW_DNS=none: the agent has no DNS, anywhere, and its names are looked up all the same" {
	local since server
	since=$(log_length)
	PARA_ALLOW_DNS=none PARA_ALLOWED_DOMAINS=api.anthropic.com start sleep infinity
	for server in 192.0.2.1 $GATEWAY 127.0.0.1 ::1; do
		run as_agent dig +short +tries=1 +time=1 @$server api.anthropic.com
		refute_says $ANTHROPIC
		run as_agent dig +short +tries=1 +time=1 +tcp @$server api.anthropic.com
		refute_says $ANTHROPIC
	done
	for server in 127.0.0.1 ::1 127.0.0.77; do
		run as_agent dig +short +tries=1 +time=1 @$server -p 10053 api.anthropic.com
		refute_says $ANTHROPIC
		run as_agent dig +short +tries=1 +time=1 +tcp @$server -p 10053 api.anthropic.com
		refute_says $ANTHROPIC
	done
	opens tcp $ANTHROPIC 443
	lab_wait_for again "$since" api.anthropic.com
}

@test "the agent does not get to the servers by itself, nor as the resolver's sender" {
	PARA_ALLOW_HOST=none PARA_DNS=filter PARA_ALLOWED_DOMAINS=api.anthropic.com start sleep infinity
	local since
	since=$(log_length)
	# from the port of DNS, to it, and on the way around
	run as_agent python3 -c '
import socket, sys
sys.path.insert(0, "'"$LAB_SOURCE"'")
import wire
for proto in socket.SOCK_DGRAM, socket.SOCK_STREAM:
    s = socket.socket(socket.AF_INET, proto)
    s.settimeout(20)
    s.connect(("172.17.0.1", 53))
    q = wire.query("secret.tunnel.example", "TXT", 7)
    s.send(q if proto == socket.SOCK_DGRAM else len(q).to_bytes(2, "big") + q)
    a = s.recv(999)
    print(wire.records(a if proto == socket.SOCK_DGRAM else a[2:])[0])'
	[ "$output" = "$(printf 'REFUSED\nREFUSED')" ]
	stays tcp $GATEWAY 8000
	[ -z "$(questions "$since" | grep secret)" ]
}

# docker_dns COMMENT: Docker's resolver of a user-defined network, as far as packets know it: nat rules in the cage, and a
# process in the cage's network, of root, that asks the lab's server (from there, or with "host" from the world)
docker_dns() {
	printf 'nameserver 127.0.0.11\noptions ndots:0\n%s\n' "$1" > "$LAB/docker.conf"
	in_cage iptables-nft -t nat -A OUTPUT -d 127.0.0.11 -p udp --dport 53 -j DNAT --to-destination 127.0.0.11:40053
	in_cage iptables-nft -t nat -A OUTPUT -d 127.0.0.11 -p tcp --dport 53 -j DNAT --to-destination 127.0.0.11:40054
	in_cage iptables-nft -t nat -A POSTROUTING -s 127.0.0.11 -p udp --sport 40053 -j SNAT --to-source :53
	in_cage iptables-nft -t nat -A POSTROUTING -s 127.0.0.11 -p tcp --sport 40054 -j SNAT --to-source :53
	rm -f "$LAB/docker-dns"
	nsenter --net="/run/netns/$CAGE" python3 "$LAB_SOURCE/docker-dns.py" 127.0.0.11 40053 40054 $GATEWAY \
		"$([[ $1 == *host\(* ]] && echo "/run/netns/$WORLD")" > "$LAB/docker-dns" 2>&1 3>&- &
	odd=$!
	lab_wait_for grep -q ready "$LAB/docker-dns"
	export CAGE_RESOLV=$LAB/docker.conf
}

@test "Docker's resolver at 127.0.0.11 serves beneath the guard, and the agent gets to neither it nor its servers" {
	local comment
	for comment in "# ExtServers: [host(172.17.0.1)]" "# ExtServers: [172.17.0.1]" ""; do
		docker_dns "$comment"
		PARA_RUN_AS=1000:1000 PARA_DNS=filter PARA_ALLOW_HOST=none PARA_ALLOWED_DOMAINS=api.anthropic.com start sleep infinity
		run as_agent getent ahostsv4 api.anthropic.com
		assert_says $ANTHROPIC
		run as_agent dig +short +tries=1 @127.0.0.11 +tcp api.anthropic.com
		assert_says $ANTHROPIC
		ask secret.tunnel.example TXT; assert_rcode REFUSED
		run as_agent dig +tries=1 @127.0.0.11 secret.tunnel.example TXT
		assert_says "status: REFUSED"
		stays udp 127.0.0.11 40053
		stays tcp 127.0.0.11 40054
		run as_agent dig +tries=1 +time=1 @127.0.0.11 -p 40053 secret.tunnel.example
		refute_says "status:"
		run as_agent dig +tries=1 +time=20 @$GATEWAY secret.tunnel.example
		assert_says "status: REFUSED"
		opens tcp $ANTHROPIC 443
		stop
		lab_clean
		kill $odd && wait $odd || true
		odd=
	done
}

@test "the agent does not pass for Docker's resolver, be it root, nor when that is gone" {
	local agent
	in_cage sysctl -qw net.ipv4.ip_unprivileged_port_start=0
	for agent in 1000 65534 0; do
		AGENT=$agent
		docker_dns "# ExtServers: [host(172.17.0.1)]"
		PARA_RUN_AS=$agent:1000 PARA_PROFILE=strict PARA_ALLOWED_DOMAINS="v4.lab:8000,*.chain.lab:8000" start sleep infinity
		run as_agent python3 "$LAB_SOURCE/docker-thief.py" 53 www.chain.lab $BLOCKED
		assert_status 0
		assert_says " $NPM"
		refute_says "refused 0"
		stays tcp $BLOCKED 8000
		# its place, which the agent reads in /proc/net/udp
		kill $odd && wait $odd || true
		odd=
		run as_agent python3 "$LAB_SOURCE/docker-thief.py" 40053 other.chain.lab $BLOCKED
		[ $agent != 1000 ] || refute_says $BLOCKED
		[ $agent != 1000 ] || stays tcp $BLOCKED 8000
		says "refused: udp to 127.0.0.1 port"
		stop
		lab_clean
	done
	in_cage sysctl -qw net.ipv4.ip_unprivileged_port_start=1024
}

@test "addresses of NAT64, 6to4 and Teredo are judged by what they lead to" {
	odd_dns "local.six AAAA 60 64:ff9b::a9fe:1" "private.six AAAA 60 64:ff9b::a00:1" "azure.six AAAA 60 64:ff9b::a83f:8110" \
		"own.six AAAA 60 64:ff9b:1::808:808" "far.six AAAA 60 64:ff9b:1:a9fe:a9:fe00::" "sixtofour.six AAAA 60 2002:a00:1::1" "teredo.six AAAA 60 2001::5601:fefe" \
		"public.six AAAA 60 64:ff9b::808:808"
	PARA_PROFILE=strict PARA_ALLOWED_DOMAINS="*.six" start sleep infinity
	local name
	for name in local private azure own far sixtofour teredo; do
		ask $name.six AAAA; assert_rcode SERVFAIL
	done
	ask public.six AAAA; assert_rcode NOERROR
	[ "$(members allowed-domains6)" = 64:ff9b::808:808 ]
	# by default what only its own network understands is open, but for a metadata service
	stop
	lab_clean
	PARA_ALLOWED_DOMAINS="*.six" start sleep infinity
	ask far.six AAAA; assert_rcode SERVFAIL
	ask own.six AAAA; assert_rcode NOERROR
}

@test "a server that the agent could be is not asked for what is to be opened" {
	local server
	for server in 127.0.0.1 127.0.0.53 ::1 172.17.0.2 fd17::2 0.0.0.0; do
		printf 'nameserver %s\n' "$server" > "$LAB/own.conf"
		CAGE_RESOLV=$LAB/own.conf PARA_ALLOWED_DOMAINS="*.lab:8000" run caged echo AGENT-RAN
		assert_refused 101
		assert_says "names the server $server, which is this container itself"
	done
	# where it can open nothing, it may be asked
	CAGE_RESOLV=$LAB/own.conf PARA_NETWORK_MODE=none run caged true
	assert_status 0
	CAGE_RESOLV=$LAB/own.conf PARA_ALLOWED_DOMAINS=$NPM PARA_GUARD=off run caged true
	assert_status 0
}

@test "a server that is dead, or all of them: the next is asked, and in the end it is said" {
	printf 'nameserver 172.17.0.77\nnameserver %s\n' $GATEWAY > "$LAB/two.conf"
	ip -n "$CAGE" neigh replace 172.17.0.77 lladdr 02:00:00:00:00:77 dev eth0
	CAGE_RESOLV=$LAB/two.conf PARA_ALLOWED_DOMAINS=api.anthropic.com,v4.lab start sleep infinity
	ask api.anthropic.com A; assert_rcode NOERROR
	# it is remembered: more than a second would be lost each time; a busy machine may lose that once, but not again and again
	local name least=9999
	for name in example.com two.lab www.chain.lab private.lab; do
		ask $name A +tcp; assert_rcode NOERROR
		[ "$(took_ms)" -ge $least ] || least=$(took_ms)
	done
	[ "$least" -lt 1000 ]
	lab_dns_stop
	ask v4.lab AAAA
	assert_rcode SERVFAIL
	assert_says "no server answered"
	[ "$(took_ms)" -le 9000 ]
	lab_dns "$LAB_SOURCE/dnsmasq.conf"
	# a question of before may still be waited for
	lab_wait_for answered v4.lab $NPM
}

# took_ms: how long dig waited for the answer
took_ms() { sed -n 's/^;; Query time: \([0-9]*\) msec.*/\1/p' <<< "$output"; }

answered() { # NAME ADDRESS
	[ "$(as_agent dig +short +tries=1 @192.0.2.1 "$1")" = "$2" ]
}

@test "a server that lies, stammers or dawdles: the right answer or SERVFAIL, in a bounded time" {
	local mode zone=()
	for mode in silent garbage forged forged-only lower late cut cut-dead cut-slow plain servfail refused nxdomain loop; do
		zone+=("$mode.odd.lab A 60 $EXAMPLE" "$mode.odd.lab is $mode")
	done
	odd_dns "${zone[@]}"
	PARA_ALLOWED_DOMAINS='*.odd.lab' start sleep infinity
	# all at once, each in its file
	for mode in silent garbage forged forged-only lower late cut cut-dead cut-slow plain servfail refused nxdomain loop; do
		as_agent dig +tries=1 +time=60 @192.0.2.1 $mode.odd.lab A > "$LAB/mode-$mode" 2>&1 3>&- &
		eval "asks_${mode//-/_}=$!"
	done
	for mode in silent garbage forged forged-only lower late cut cut-dead cut-slow plain servfail refused nxdomain loop; do
		eval "wait \$asks_${mode//-/_}" || { echo "$mode: no answer"; return 1; }
		! grep -q 203.0.113.66 "$LAB/mode-$mode" || { echo "$mode: forged"; return 1; }
		case $mode in
		forged | lower | cut | plain) grep -q "IN.A.$EXAMPLE" "$LAB/mode-$mode" ;;
		nxdomain) grep -q "status: NXDOMAIN" "$LAB/mode-$mode" ;;
		# a chain that leads nowhere is its server's word, and opens nothing
		loop) ! grep -q "IN.A.[0-9]" "$LAB/mode-$mode" ;;
		late) grep -Eq "status: (SERVFAIL|NOERROR)" "$LAB/mode-$mode" ;;
		*) grep -q "status: SERVFAIL" "$LAB/mode-$mode" ;;
		esac || { echo "$mode:"; cat "$LAB/mode-$mode"; return 1; }
	done
	run -1 in_set allowed-domains 203.0.113.66
	# it lives, and is quick again
	odd_dns "after.odd.lab A 60 $NPM"
	ask after.odd.lab A; assert_rcode NOERROR
}

@test "PARA_GUARD=off: nobody stays behind, names are as of the start, DNS is open to the servers alone" {
	PARA_GUARD=off PARA_ALLOWED_DOMAINS=api.anthropic.com start sleep infinity
	[ -z "$(guard_pid resolver)$(guard_pid warden)$(guard_pid fetcher)" ]
	run in_cage nft list tables
	refute_says "inet secure-init"
	run as_agent dig +short +tries=1 +time=1 @192.0.2.1 example.com
	refute_says $EXAMPLE
	run as_agent dig +short +tries=1 @$GATEWAY example.com
	assert_says $EXAMPLE
	opens tcp $ANTHROPIC 443
	stays tcp $EXAMPLE 443
	run in_cage ipset list allowed-domains
	refute_says "timeout 3"
	PARA_GUARD=off PARA_ALLOWED_DOMAINS='*.chain.lab' run caged echo AGENT-RAN
	assert_refused 101
}
