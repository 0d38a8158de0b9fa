# Verifying (step 6): the start is refused when what stands, or what the probes see, is not what was meant.
# Here the world is tampered with; tests/mutants does the same to the program itself.
load common

setup() {
	common_setup
	lab_clean
}

@test "the summary says what was proved" {
	run caged true
	assert_status 0
	assert_says "proved: IPv4 to 192.0.2.1 was refused, by our rule"
	assert_says "proved: IPv6 to 2001:db8::1 was refused, by our rule"
	assert_says "proved: example.com ($EXAMPLE) was refused, by our rule"
	assert_says "proved: api.anthropic.com port 443 could be connected to"
}

@test "an address that somebody adds to a set while we start is found" {
	(until [ -e "$LAB/stop" ]; do in_cage ipset add allowed-domains 8.8.8.8 -exist || true; done) > /dev/null 2>&1 3>&- &
	local pid=$! us
	# every message to the kernel takes so long that the intruder is quick enough, also on a machine that is not
	for us in 20000 80000 320000; do
		PARA_SETUP_TIMEOUT=300 CAGE_UNDER="strace -f -qq -o /dev/null -e trace=sendto -e inject=sendto:delay_exit=$us" run caged echo AGENT-RAN
		[ "$status" -eq 0 ] || break
	done
	touch "$LAB/stop"
	wait $pid || true
	rm "$LAB/stop"
	assert_refused 107
	assert_says "the set allowed-domains holds what was not meant: 8.8.8.8"
}

@test "a blocked address that answers after all: refused" {
	# a translation sends the probe's packets to the host's network, which is open
	in_cage nft "table ip trick { chain c { type nat hook output priority -100; ip daddr 192.0.2.1 tcp dport 443 dnat to $GATEWAY:8000; }; }"
	run caged echo AGENT-RAN
	assert_refused 107
	assert_says "the network is open: a connection to 192.0.2.1 port 443, which is not allowed, was made"
}

@test "a refusal that is not our rule's proves nothing: refused" {
	in_cage nft 'table ip trick { chain c { type filter hook output priority -10; ip daddr 192.0.2.1 reject with icmp type admin-prohibited; }; }'
	run caged echo AGENT-RAN
	assert_refused 107
	assert_says "was not refused by our rule"
	assert_says "the rule counted nothing"
}

@test "a silent loss of the probe proves nothing either" {
	in_cage nft 'table ip6 trick { chain c { type filter hook output priority -10; ip6 daddr 2001:db8::1 drop; }; }'
	run caged echo AGENT-RAN
	assert_refused 107
	assert_says "2001:db8::1"
	assert_says "was not refused by our rule"
}

@test "example.com is probed as well, where it resolves and is not allowed" {
	in_cage nft "table ip trick { chain c { type nat hook output priority -100; ip daddr $EXAMPLE tcp dport 443 dnat to $GATEWAY:8000; }; }"
	run caged echo AGENT-RAN
	assert_refused 107
	assert_says "the network is open: a connection to $EXAMPLE"
	PARA_ALLOWED_DOMAINS=api.anthropic.com,example.com run caged echo AGENT-RAN
	assert_status 0
}

@test "where the documentation's addresses are allowed, another one is probed" {
	PARA_ALLOWED_DOMAINS=192.0.2.0/24,2001:db8::/32 run caged true
	assert_status 0
	assert_says "IPv4 to 198.51.100.1 was refused, by our rule"
	assert_says "IPv6 to 100::1 was refused, by our rule"
	PARA_ALLOWED_DOMAINS=0.0.0.0/1,128.0.0.0/1 run caged true
	assert_status 0
	assert_says "IPv4: nothing is closed that could be probed"
}

@test "an allowed host that is dead: refused, with advice" {
	in_cage ip neigh flush all
	ip -n "$WORLD" route replace blackhole 192.30.252.99
	PARA_ALLOWED_DOMAINS=dead.lab run caged echo AGENT-RAN
	assert_refused 107
	assert_says "a connection to dead.lab port 443, which is allowed, was not made"
	assert_says "dead.lab:8443"
}

@test "an allowed host that refuses by itself is told from our refusal" {
	PARA_ALLOWED_DOMAINS=v4.lab:9 run caged echo AGENT-RAN
	assert_status 0
	assert_says "v4.lab port 9 could be reached, and refused by itself"
	PARA_ALLOWED_DOMAINS=v6.lab:9 run caged echo AGENT-RAN
	assert_status 0
	assert_says "v6.lab port 9 could be reached, and refused by itself"
}
