# Resolving the allowed names (step 4).
load common

# allow LIST COMMAND...: one start with this list
allow() {
	local list=$1
	shift
	PARA_ALLOWED_DOMAINS=$list run caged "$@"
}

@test "a name with no address: fatal, and all that failed are named" {
	allow api.anthropic.com,nowhere.lab,gone.example,nowhere.lab echo AGENT-RAN
	assert_refused 105
	assert_says "no address for 2 names of the lists: nowhere.lab (Domain name not found), gone.example (Domain name not found)"
}

@test "a name of one family only is enough" {
	allow v4.lab,v6.lab:443 true
	assert_status 0
	[ "$(members allowed-domains)" = "$NPM" ]
	[ "$(members allowed-domains6)" = "" ]
	[ "$(members allowed-ports6)" = "$(printf '%s\n' "$NPM6,tcp:443" "$NPM6,udp:443")" ]
}

@test "all addresses of a name, and the end of a chain of CNAMEs" {
	allow two.lab,www.chain.lab true
	assert_status 0
	[ "$(members allowed-domains)" = "$(printf '%s\n' "$NPM" "$ANTHROPIC" | sort)" ]
	[ "$(members allowed-domains6)" = "$NPM6" ]
}

@test "the same address from several names is no trouble" {
	allow v4.lab,registry.npmjs.org,two.lab,v4.lab:443 true
	assert_status 0
	[ "$(members allowed-domains)" = "$(printf '%s\n' "$NPM" "$ANTHROPIC" | sort)" ]
	# what each name is lent may end by itself; for good, any port says it all
	PARA_GUARD=off allow v4.lab,registry.npmjs.org,two.lab,v4.lab:443 true
	assert_status 0
	[ "$(members allowed-domains)" = "$(printf '%s\n' "$NPM" "$ANTHROPIC" | sort)" ]
	[ "$(members allowed-ports)" = "" ]
}

@test "sinkholes and other addresses that nobody can mean are fatal, and said for what they are" {
	local name kind
	while read -r name kind; do
		allow "api.anthropic.com,$name" echo AGENT-RAN
		assert_refused 105
		assert_says "$name: DNS answers with the $kind address"
		assert_says "is it sinkholed"
	done <<-'SINKHOLES'
		zero.lab unspecified
		loop.lab loopback
		loop6.lab loopback
		metadata.lab link-local
		multi.lab multicast
		broadcast.lab broadcast
		mapped.lab IPv4-mapped
		half.lab loopback
	SINKHOLES
}

@test "a private address is allowed, and said" {
	allow private.lab,api.anthropic.com "$TRY" -w 20 tcp 10.9.8.7 8000
	assert_status 0
	assert_says "private.lab is at the private address 10.9.8.7"
	assert_says "open"
}

@test "/etc/hosts is asked first" {
	printf '127.0.0.1 localhost\n%s api.hosts.lab\n' "$NPM" > "$LAB/hosts"
	CAGE_SETUP="mount --bind '$LAB/hosts' /etc/hosts" allow api.hosts.lab true
	assert_status 0
	[ "$(members allowed-domains)" = "$NPM" ]
}

@test "the search list serves names of one label, and no others" {
	printf 'search compose.lab\nnameserver %s\n' "$GATEWAY" > "$LAB/resolv.search"
	CAGE_RESOLV=$LAB/resolv.search allow db:8000 "$TRY" -w 20 tcp "$GATEWAY" 8000
	assert_status 0
	[ "$(members allowed-ports | head -1)" = "$GATEWAY,tcp:8000" ]
	# db.sub would be found as db.sub.compose.lab if the list were used for it
	lab_dns <(cat "$LAB_SOURCE/dnsmasq.conf"; echo "host-record=db.sub.compose.lab,$NPM")
	CAGE_RESOLV=$LAB/resolv.search allow db.sub echo AGENT-RAN
	assert_refused 105
	lab_dns "$LAB_SOURCE/dnsmasq.conf"
}

# ms: of a clock that nobody sets
ms() { awk '{ print int($1 * 1000) }' /proc/uptime; }

@test "the resolver is silent: fatal, before the deadline's own message; it refuses: fatal, at once" {
	local start silent
	silent_dns
	sed -i 1q "$LAB/resolv.silent"
	start=$(ms)
	CAGE_RESOLV=$LAB/resolv.silent allow api.anthropic.com echo AGENT-RAN
	silent=$(($(ms) - start))
	assert_refused 105
	assert_says "api.anthropic.com (Timeout while contacting DNS servers)"
	lab_dns_stop
	start=$(ms)
	allow api.anthropic.com echo AGENT-RAN
	# all of the start before is no more than the same once more
	[ $((2 * ($(ms) - start))) -lt $silent ]
	assert_refused 105
	assert_says "api.anthropic.com (Could not contact DNS servers)"
	lab_dns "$LAB_SOURCE/dnsmasq.conf"
}

@test "a second server takes over from a silent first" {
	printf 'nameserver 172.17.0.77\nnameserver %s\n' "$GATEWAY" > "$LAB/resolv.two"
	ip -n "$CAGE" neigh replace 172.17.0.77 lladdr 02:00:00:00:00:77 dev eth0
	CAGE_RESOLV=$LAB/resolv.two allow api.anthropic.com echo AGENT-RAN
	assert_status 0
	assert_says AGENT-RAN
}

@test "500 names" {
	local i list= conf=$LAB/many.conf
	cp "$LAB_SOURCE/dnsmasq.conf" "$conf"
	for ((i = 0; i < 500; i++)); do
		echo "host-record=n$i.many.lab,198.18.$((i / 250)).$((i % 250 + 1)),2001:db8:500::$i" >> "$conf"
		list+=n$i.many.lab:443,
	done
	lab_dns "$conf"
	# the first one is what the positive probe connects to
	PARA_SETUP_TIMEOUT=300 allow "api.anthropic.com,$list" echo AGENT-RAN
	assert_status 0
	assert_says AGENT-RAN
	[ "$(members allowed-ports | wc -l)" -eq 1000 ]
	[ "$(members allowed-ports6 | wc -l)" -eq 1000 ]
	lab_dns "$LAB_SOURCE/dnsmasq.conf"
}

@test "an answer that does not fit into UDP is fetched by TCP" {
	local i conf=$LAB/big.conf
	cp "$LAB_SOURCE/dnsmasq.conf" "$conf"
	for ((i = 1; i <= 250; i++)); do echo "host-record=big.lab,198.18.7.$i" >> "$conf"; done
	lab_dns "$conf"
	allow api.anthropic.com,big.lab true
	assert_status 0
	[ "$(members allowed-domains | grep -c 198.18.7)" -gt 0 ]
	# 250 single addresses are few prefixes once aggregated: .1 to .250
	assert_says "big.lab, all ports (250 addresses)"
	lab_dns "$LAB_SOURCE/dnsmasq.conf"
}

@test "a name that only serves our own proof is not waited for" {
	# a server that answers for all but example.com, before two that answer for nothing: to wait for all takes 18 seconds or more
	cp "$LAB_SOURCE/dnsmasq.conf" "$LAB/deaf.conf"
	sed -i '/example.com/d' "$LAB/deaf.conf"
	echo "server=/example.com/172.17.0.77" >> "$LAB/deaf.conf"
	ip -n "$WORLD" neigh replace 172.17.0.77 lladdr 02:00:00:00:00:77 dev eth0
	lab_dns "$LAB/deaf.conf"
	silent_dns "$GATEWAY"
	local start=$SECONDS
	CAGE_RESOLV=$LAB/resolv.silent PARA_SETUP_TIMEOUT=60 allow api.anthropic.com echo AGENT-RAN
	assert_status 0
	assert_says AGENT-RAN
	refute_says "example.com"
	[ $((SECONDS - start)) -lt 15 ]
	lab_dns "$LAB_SOURCE/dnsmasq.conf"
}

@test "--check --resolve looks the names up, needs no privilege, and changes nothing" {
	lab_clean
	PARA_ALLOWED_DOMAINS=api.anthropic.com,two.lab:443 CAGE_CAPS= run cage "$SECURE_INIT" --check --resolve
	assert_status 0
	assert_says "open: api.anthropic.com, all ports (2 addresses)"
	assert_says "open: two.lab:443 (2 addresses)"
	assert_says "ip  -A OUTPUT -p tcp -m set --match-set allowed-domains dst -j ACCEPT"
	PARA_ALLOWED_DOMAINS=nowhere.lab CAGE_CAPS= run cage "$SECURE_INIT" --check --resolve
	assert_status 105
	[ -z "$(in_cage nft list ruleset)" ]
}
