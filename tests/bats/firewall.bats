# Closing and opening (steps 3, 4, 5), judged by outside readers: iptables, ip6tables, ipset, nft.
load common

@test "open and closed, TCP and UDP, IPv4 and IPv6: what the agent sees" {
	run caged sh -c '
		for to in "tcp '$ANTHROPIC' 443" "tcp '$ANTHROPIC' 8443" "udp '$ANTHROPIC' 443" "tcp '$ANTHROPIC6' 443" \
			"udp '$ANTHROPIC6' 443" "tcp '$BLOCKED' 22" "tcp '$GATEWAY' 8000" "udp '$GATEWAY' 8000" \
			"tcp '$BLOCKED' 443" "tcp '$BLOCKED' 80" "tcp '$BLOCKED' 853" "udp '$BLOCKED' 443" "udp '$BLOCKED' 123" \
			"tcp '$BLOCKED6' 443" "udp '$BLOCKED6' 443" "tcp '$NPM' 443" "udp '$EXAMPLE' 123"; do
			# what takes a second may be the machine; what does so again and again is not
			for again in 1 2 3 4 5; do
				said=$("$1" -t -w 20 $to)
				[ "${said##* }" -ge 1000 ] || break
			done
			echo "$to $said"
		done' sh "$TRY"
	assert_status 0
	for to in "tcp $ANTHROPIC 443" "tcp $ANTHROPIC 8443" "udp $ANTHROPIC 443" "tcp $ANTHROPIC6 443" \
		"udp $ANTHROPIC6 443" "tcp $BLOCKED 22" "tcp $GATEWAY 8000" "udp $GATEWAY 8000"; do
		assert_says "$to open"
	done
	for to in "tcp $BLOCKED 443" "tcp $BLOCKED 80" "tcp $BLOCKED 853" "tcp $NPM 443"; do
		assert_says "$to EHOSTUNREACH"
	done
	for to in "udp $BLOCKED 443" "udp $BLOCKED 123" "udp $EXAMPLE 123"; do assert_says "$to EPERM"; done
	assert_says "tcp $BLOCKED6 443 ECONNREFUSED"
	refute_says "udp $BLOCKED6 443 open"
	# refused, not dropped: nothing blocked takes as long as a second each time (the last word is milliseconds)
	[ "$(awk '/EHOSTUNREACH|ECONNREFUSED|EPERM/ && $NF >= 1000' <<< "$output")" = "" ]
}

@test "the blocked hosts are alive: without isolation the agent reaches them" {
	lab_clean
	PARA_NETWORK_ISOLATION=false PARA_ALLOWED_DOMAINS= run caged sh -c \
		"'$TRY' -w 20 tcp $BLOCKED 443 && '$TRY' -w 20 tcp $BLOCKED6 443 && '$TRY' -w 20 udp $BLOCKED 123"
	assert_status 0
}

@test "a port set opens those ports and no others, in both protocols" {
	PARA_ALLOWED_DOMAINS="$NPM:8000-8001,443,[$NPM6]:443" run caged sh -c '
		for to in "tcp '$NPM' 8000" "tcp '$NPM' 8001" "tcp '$NPM' 443" "udp '$NPM' 8000" "tcp '$NPM6' 443" \
			"tcp '$NPM' 8443" "tcp '$NPM' 80" "udp '$NPM' 123" "tcp '$NPM6' 8000"; do
			echo "$to $("$1" -w 20 $to)"
		done' sh "$TRY"
	for to in "tcp $NPM 8000" "tcp $NPM 8001" "tcp $NPM 443" "udp $NPM 8000" "tcp $NPM6 443"; do
		assert_says "$to open"
	done
	for to in "tcp $NPM 8443 EHOSTUNREACH" "tcp $NPM 80 EHOSTUNREACH" "udp $NPM 123 EPERM" "tcp $NPM6 8000 ECONNREFUSED"; do
		assert_says "$to"
	done
}

@test "real programs as agents: curl gets what is allowed and is told no at once for the rest; git too" {
	lab_git
	PARA_ALLOWED_DOMAINS=github.com,api.anthropic.com run caged bash -c '
		curl -sS --cacert "$1" https://api.anthropic.com/ && echo CURL-ALLOWED
		git ls-remote https://github.com/project.git && echo GIT-ALLOWED
		curl -sS --max-time 60 --cacert "$1" https://example.com/ || echo "CURL-BLOCKED $?"
		curl -sS --max-time 60 -k https://'$BLOCKED'/ || echo "ADDRESS-BLOCKED $?"' - "$CA/ca.pem"
	assert_says "hello from $ANTHROPIC"
	assert_says CURL-ALLOWED
	assert_says "refs/heads/"
	assert_says GIT-ALLOWED
	assert_says "CURL-BLOCKED 7"
	assert_says "ADDRESS-BLOCKED 7"
}

@test "iptables-save and ip6tables-save print ordinary rules, with no warning, and take them back" {
	PARA_ALLOWED_DOMAINS=api.anthropic.com,registry.npmjs.org:443 run caged true
	assert_status 0
	local save
	for save in iptables ip6tables; do
		run in_cage "$save-save"
		assert_status 0
		refute_says "incompatible"
		refute_says "Warning"
		assert_says ":INPUT DROP"
		assert_says ":FORWARD DROP"
		assert_says ":OUTPUT DROP"
		assert_says "--match-set allowed-domains"
		assert_says "--match-set allowed-ports"
		in_cage "$save-save" | in_cage "$save-restore" --test
	done
	# every line of the IPv4 table as iptables would have written it
	run in_cage iptables -S
	diff <(echo "$output") - <<-'RULES'
		-P INPUT DROP
		-P FORWARD DROP
		-P OUTPUT DROP
		-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
		-A INPUT -i lo -j ACCEPT
		-A INPUT -s 172.17.0.0/16 -j ACCEPT
		-A OUTPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT
		-A OUTPUT -o lo -m addrtype --dst-type LOCAL -j ACCEPT
		-A OUTPUT -d 127.0.0.1/32 -p udp -m udp --dport 10053 -j ACCEPT
		-A OUTPUT -d 127.0.0.1/32 -p tcp -m tcp --dport 10053 -j ACCEPT
		-A OUTPUT -p tcp -m set --match-set allowed-domains dst -j ACCEPT
		-A OUTPUT -p udp -m set --match-set allowed-domains dst -j ACCEPT
		-A OUTPUT -p tcp -m set --match-set allowed-ports dst,dst -j ACCEPT
		-A OUTPUT -p udp -m set --match-set allowed-ports dst,dst -j ACCEPT
		-A OUTPUT -d 172.17.0.1/32 -p udp -m udp --dport 53 -m owner --uid-owner 65501 -j ACCEPT
		-A OUTPUT -d 172.17.0.1/32 -p tcp -m tcp --dport 53 -m owner --uid-owner 65501 -j ACCEPT
		-A OUTPUT -p tcp -m tcp --dport 22 -j ACCEPT
		-A OUTPUT -d 172.17.0.0/16 -j ACCEPT
		-A OUTPUT -j NFLOG --nflog-prefix refused --nflog-group 10053
		-A OUTPUT -j REJECT --reject-with icmp-admin-prohibited
	RULES
	run in_cage nft list ruleset
	assert_status 0
	run in_cage nft list table inet secure-init
	assert_says "type nat hook output priority -105; policy accept;"
	[ "$(grep -c 'meta skuid != 65501 .*dport 53 .*redirect to :10053' <<< "$output")" -eq 2 ]
}

@test "without the guard the agent itself asks the resolvers, and nothing is logged" {
	PARA_GUARD=off run caged dig +short api.anthropic.com
	assert_status 0
	assert_says "$ANTHROPIC"
	run in_cage iptables -S OUTPUT
	assert_says "-A OUTPUT -d 172.17.0.1/32 -p udp -m udp --dport 53 -j ACCEPT"
	refute_says NFLOG
	run in_cage nft list tables
	refute_says "inet secure-init"
	run in_cage ipset list allowed-domains
	assert_says "$ANTHROPIC timeout 0"
}

@test "para's two checks" {
	run caged sh -c 'printenv PARA_NETWORK_ISOLATION'
	assert_says true
	run in_cage iptables -L -n
	assert_status 0
	assert_says "match-set allowed-domains"
}

@test "ipset list shows what was resolved, aggregated, and nothing else" {
	PARA_ALLOWED_DOMAINS=api.anthropic.com,10.0.0.0/25,10.0.0.128/25,10.0.0.7,registry.npmjs.org:443,2001:db8::/33,2001:db8:8000::/33 \
		run caged true
	assert_status 0
	diff <(members allowed-domains) <(printf '%s\n' 10.0.0.0/24 "$ANTHROPIC" | sort)
	diff <(members allowed-domains6) <(printf '%s\n' 2001:db8::/32 "$ANTHROPIC6" | sort)
	diff <(members allowed-ports) <(printf '%s\n' "$NPM,tcp:443" "$NPM,udp:443" | sort)
	diff <(members allowed-ports6) <(printf '%s\n' "$NPM6,tcp:443" "$NPM6,udp:443" | sort)
	# no set of the set-up is left
	[ "$(in_cage ipset list -n | wc -l)" -eq 4 ]
}

@test "closed at once: rules that name the set stand while no name can be resolved" {
	lab_clean
	# servers that never answer, so that the set-up waits
	silent_dns
	PARA_SETUP_TIMEOUT=60 CAGE_RESOLV=$LAB/resolv.silent caged echo AGENT-RAN > "$LAB/out" 2>&1 3>&- &
	local pid=$!
	closed() { in_cage iptables -S OUTPUT | grep -q -- "-P OUTPUT DROP"; }
	lab_wait_for closed
	run in_cage iptables -L -n
	assert_says "match-set allowed-domains"
	assert_says "Chain OUTPUT (policy DROP)"
	run in_cage "$TRY" -w 20 tcp "$BLOCKED" 443
	assert_says EHOSTUNREACH
	run in_cage "$TRY" -w 20 tcp "$ANTHROPIC" 443
	assert_says EHOSTUNREACH
	# all of that while it was still asking
	kill "$(pgrep -f "^$SECURE_INIT -- echo" | head -1)"
	wait $pid && return 1
	run cat "$LAB/out"
	assert_says "stopped by a signal during the set-up"
	refute_says AGENT-RAN
}

@test "the tables are ours as long as PID 1 lives: root with NET_ADMIN in the namespace can list but not change" {
	[ "$(uname -r | cut -d. -f1)" -gt 6 ] || [ "$(uname -r | cut -d. -f2)" -ge 9 ] || skip "tables are owned from Linux 6.9 on"
	rm -f "$LAB/out"
	caged sleep 1000 > "$LAB/out" 2>&1 3>&- &
	local pid=$!
	lab_wait_for grep -q "Network isolation is enabled" "$LAB/out"
	local change
	for change in "iptables -F" "iptables -P OUTPUT ACCEPT" "iptables -I OUTPUT -j ACCEPT" "ip6tables -F" "nft delete table ip filter" \
		"nft add rule ip filter OUTPUT accept"; do
		run in_cage $change
		[ "$status" -ne 0 ] || { echo "could do: $change"; return 1; }
	done
	in_cage nft flush ruleset
	run in_cage iptables -S OUTPUT
	assert_says "--match-set allowed-domains"
	# a second start beside the living first one is refused
	run caged echo AGENT-RAN
	assert_refused 104
	assert_says "another secure-init guards this network namespace"
	kill "$(pgrep -f "^$SECURE_INIT -- sleep 1000" | head -1)"
	wait $pid || true
}

@test "a second start in the same namespace replaces the first one's rules and sets" {
	PARA_ALLOWED_DOMAINS=registry.npmjs.org run caged "$TRY" -w 20 tcp "$NPM" 443
	assert_status 0
	run caged sh -c "'$TRY' -w 20 tcp $NPM 443; '$TRY' -w 20 tcp $ANTHROPIC 443"
	assert_says "EHOSTUNREACH"
	assert_says "open"
	[ "$(in_cage iptables -S | grep -c 'match-set allowed-domains')" -eq 2 ]
}

@test "other tables are left alone: rules like those of Docker's DNS go on working" {
	in_cage nft -f - <<-'NAT'
		table ip nat {
			chain DOCKER_OUTPUT { ip daddr 127.0.0.11 udp dport 53 dnat to 127.0.0.11:35353; }
			chain OUTPUT { type nat hook output priority -100; ip daddr 127.0.0.11 jump DOCKER_OUTPUT; }
		}
		table inet other { chain c { type filter hook output priority 10; counter; }; }
	NAT
	local before
	before=$(in_cage nft list table ip nat)
	run caged true
	assert_status 0
	[ "$(in_cage nft list table ip nat)" = "$before" ]
	in_cage nft list table inet other > /dev/null
	in_cage nft delete table ip nat
	in_cage nft delete table inet other
}

@test "foreign rules in the filter table, and open policies, do not survive the start" {
	lab_clean
	in_cage iptables -A OUTPUT -j ACCEPT
	in_cage iptables -N MINE
	run caged "$TRY" -w 20 tcp "$BLOCKED" 443
	assert_says EHOSTUNREACH
	[ "$(in_cage iptables -S | grep -c MINE)" -eq 0 ]
}

@test "a set of our name but of another kind: refused, and left alone" {
	lab_clean
	in_cage ipset create allowed-domains hash:ip
	run caged echo AGENT-RAN
	assert_refused 104
	assert_says "there is a set named allowed-domains of another kind"
	in_cage ipset destroy allowed-domains
}

@test "what a killed start left behind does not matter to the next one" {
	in_cage ipset create allowed-domains-next hash:net maxelem 262144 timeout 0
	in_cage ipset add allowed-domains-next 8.8.8.8
	run caged true
	assert_status 0
	run in_cage ipset list allowed-domains
	refute_says 8.8.8.8
}

@test "a connection made before the closing does not live on as established" {
	lab_clean
	# conntrack must have seen it, as it would have after an earlier start
	in_cage nft 'table inet track { chain c { type filter hook output priority 0; ct state new counter; }; }'
	in_cage python3 - "$BLOCKED" "$LAB" <<-'PY' > "$LAB/old" 2>&1 3>&- &
		import socket, sys, time, os
		old = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		old.settimeout(20)
		old.connect((sys.argv[1], 123))
		old.send(b"ping"); old.recv(16)
		print("before: open", flush=True)
		while not os.path.exists(sys.argv[2] + "/closed"): time.sleep(0.02)
		old.settimeout(1)
		try:
		    old.send(b"ping"); old.recv(16)
		    print("after: OPEN", flush=True)
		except OSError as failure:
		    print("after: closed,", failure, flush=True)
	PY
	local pid=$!
	lab_wait_for grep -q "before: open" "$LAB/old"
	run caged timeout 60 sh -c "touch '$LAB/closed'; until grep -q after: '$LAB/old'; do sleep 0.1; done"
	wait $pid
	run cat "$LAB/old"
	assert_says "after: closed"
	in_cage nft delete table inet track
	rm "$LAB/closed"
}

@test "Docker's resolver: its upstreams named in resolv.conf get rules, for nothing but DNS" {
	printf 'nameserver 127.0.0.11\n# ExtServers: [%s host(127.0.0.53)]\noptions ndots:0\n' "$BLOCKED" > "$LAB/resolv.docker"
	PARA_ALLOWED_DOMAINS= CAGE_RESOLV=$LAB/resolv.docker run caged "$TRY" -w 20 tcp "$BLOCKED" 443
	assert_says EHOSTUNREACH
	assert_says "which asks from here as root: $BLOCKED"
	run in_cage iptables -S OUTPUT
	assert_says "-d $BLOCKED/32 -p udp -m udp --dport 53 -m owner --uid-owner 0 -j ACCEPT"
	assert_says "-d 127.0.0.11/32 -m owner --uid-owner 65501 -j ACCEPT"
	assert_says "-d 127.0.0.11/32 -j REJECT"
	# root's packets are Docker's resolver, so DNS of an agent that is root cannot be filtered
	PARA_ALLOWED_DOMAINS= PARA_DNS=filter CAGE_RESOLV=$LAB/resolv.docker run caged echo AGENT-RAN
	assert_refused 102
	assert_says "Run the agent as another user"
	PARA_GUARD=off PARA_ALLOWED_DOMAINS= CAGE_RESOLV=$LAB/resolv.docker run caged true
	run in_cage iptables -S OUTPUT
	assert_says "-d $BLOCKED/32 -p udp -m udp --dport 53 -j ACCEPT"
	refute_says "uid-owner"
}

@test "Docker's resolver with unnamed upstreams: port 53 for root's sockets alone, and an agent that is root is refused" {
	printf 'nameserver 127.0.0.11\n' > "$LAB/resolv.docker"
	PARA_ALLOWED_DOMAINS= CAGE_RESOLV=$LAB/resolv.docker run caged echo AGENT-RAN
	assert_refused 102
	assert_says "Run the agent as another user"
	PARA_GUARD=off PARA_RUN_AS=1000:1000 PARA_ALLOWED_DOMAINS= CAGE_RESOLV=$LAB/resolv.docker run caged sh -c \
		"'$TRY' -w 20 tcp $BLOCKED 53; '$TRY' -w 20 udp $BLOCKED 53"
	assert_says "EHOSTUNREACH"
	assert_says "EPERM"
	run in_cage iptables -S OUTPUT
	assert_says "-p udp -m udp --dport 53 -m owner --uid-owner 0 -j ACCEPT"
}

@test "an agent that is root asks Docker's resolver, and gets the guard" {
	printf 'nameserver 127.0.0.11\n# ExtServers: [%s]\n' "$GATEWAY" > "$LAB/resolv.docker"
	in_cage nft -f - <<-'DOCKER'
		table ip docker {
			chain OUTPUT { type nat hook output priority -100;
				ip daddr 127.0.0.11 udp dport 53 dnat to 127.0.0.11:40053
				ip daddr 127.0.0.11 tcp dport 53 dnat to 127.0.0.11:40053
			}
		}
	DOCKER
	in_cage dnsmasq --conf-file=/dev/null --no-hosts --no-resolv --server="$GATEWAY" --user=root --port=40053 \
		--listen-address=127.0.0.11 --bind-interfaces --pid-file="$LAB/docker.pid" 3>&-
	PARA_DNS_LOG=true PARA_ALLOWED_DOMAINS=*.anthropic.com CAGE_RESOLV=$LAB/resolv.docker run caged sh -c \
		"id -u; dig +short api.anthropic.com; dig +short +tcp api.anthropic.com; '$TRY' -w 20 tcp $ANTHROPIC 443"
	lab_stop docker
	in_cage nft delete table ip docker
	assert_status 0
	[ "$(grep -cx "$ANTHROPIC" <<< "$output")" -eq 2 ]
	[ "$(grep -c ^open <<< "$output")" -eq 1 ]
	# what the guard answers is on its record
	assert_says "allowed: DNS question for api.anthropic.com (A)"
}
