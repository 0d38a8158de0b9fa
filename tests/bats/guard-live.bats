# Live changes: allow, deny, list, reload, by whoever has NET_ADMIN over the container's network, and by nobody else.
bats_require_minimum_version 1.5.0
load common
load guard

setup_file() {
	guard_lab
	# holds connections open
	ip netns exec "$WORLD" python3 "$LAB_SOURCE/hold.py" serve "$NPM" 7777 "$LAB/held" > /dev/null 2>&1 3>&- &
	echo $! > "$LAB/hold.pid"
	lab_wait_for test -e "$LAB/held"
}

teardown_file() {
	lab_stop hold
	lab_down
}

setup() { guard_setup; }
teardown() { guard_teardown; }

# change WORD...: once more if the machine did not let it bring its proof within the second that it has for that
change() {
	local tries
	for ((tries = 0; tries < 10; tries++)); do
		run in_cage "$SECURE_INIT" "$@"
		[[ $output == *"cannot be asked: the request: Broken pipe"* ]] || return 0
	done
}

# goes_on FILE: of hold.py: the byte goes back and forth as before
goes_on() {
	lab_wait_for has_echoes "$1" $(($(grep -c echo "$1") + 5))
	! grep -q cut "$1" || { echo "cut: $1"; return 1; }
}

has_echoes() { [ "$(grep -c echo "$1")" -ge "$2" ]; }

# as docker exec -u root starts it: inside, with Docker's capabilities and the container's NET_ADMIN
exec_root() {
	nsenter -t "$init" -n -p -m -- setpriv --bounding-set "-all,$DOCKER_CAPS,+net_admin" --inh-caps -all -- "$@"
}

@test "allow and deny a name: open before the answer, closed after it, and on the list meanwhile" {
	PARA_ALLOWED_DOMAINS=api.anthropic.com start sleep infinity
	stays tcp $NPM 443
	change allow v4.lab:443
	assert_status 0
	assert_says "v4.lab:443: allowed, at $NPM"
	opens tcp $NPM 443
	stays tcp $NPM 8000
	ask v4.lab A; assert_rcode NOERROR
	change list
	assert_status 0
	assert_says "allowed api.anthropic.com (from the start, 2 addresses by DNS)"
	assert_says "allowed v4.lab:443 (by a live change, 1 address by DNS)"
	change list json
	python3 -c 'import json, sys; l = json.loads(sys.argv[1]); assert [e["entry"] for e in l if e["from"] == "live"] == ["v4.lab:443"], l' "$output"
	run exec_root "$SECURE_INIT" deny v4.lab:443
	assert_status 0
	assert_says "no longer allowed"
	stays tcp $NPM 443
	run exec_root "$SECURE_INIT" list
	refute_says v4.lab
	# the one of the start goes as well
	run exec_root "$SECURE_INIT" deny api.anthropic.com
	assert_status 0
	stays tcp $ANTHROPIC 443
	says "live change by uid 0, pid "
	says "allow v4.lab:443: allowed, at $NPM"
	says "deny api.anthropic.com: no longer allowed"
}

@test "networks, ports, both families, several at once" {
	PARA_ALLOWED_DOMAINS= start sleep infinity
	change allow 104.16.0.0/16:443,8000 "$EXAMPLE" "[$NPM6]:443"
	assert_status 0
	opens tcp $NPM 443
	opens tcp $NPM 8000
	stays tcp $NPM 80
	opens tcp $EXAMPLE 80
	opens udp $EXAMPLE 123
	opens tcp $NPM6 443
	stays tcp $NPM6 80
	change deny $EXAMPLE
	assert_status 0
	stays tcp $EXAMPLE 80
	opens tcp $NPM 443
	# all of a network's entries, when no port is said
	change deny 104.16.0.0/16
	assert_status 0
	stays tcp $NPM 443
	opens tcp $NPM6 443
	change deny 192.0.2.55
	[ "$status" -ne 0 ]
	assert_says "it is not on the list of what is allowed"
}

@test "--for: the kernel takes it out again, and its connections end" {
	PARA_ALLOWED_DOMAINS=api.anthropic.com start sleep infinity
	change allow v6.lab --for 1h
	assert_status 0
	change list
	assert_says "v6.lab (by a live change, for "
	# they try until they may, and so have all of the three seconds
	as_agent python3 "$LAB_SOURCE/hold.py" $EXAMPLE 8000 wait > "$LAB/run/served" 2>&1 3>&- &
	as_agent python3 "$LAB_SOURCE/hold.py" $NPM 7777 wait > "$LAB/run/holding" 2>&1 3>&- &
	local holder=$!
	change allow $EXAMPLE:8000 --for 3s
	assert_status 0
	lab_wait_for grep -q echo "$LAB/run/served"
	change allow v4.lab --for 3s
	assert_status 0
	lab_wait_for grep -q echo "$LAB/run/holding"
	lab_wait_for grep -q cut "$LAB/run/holding"
	wait $holder || true
	says "$EXAMPLE:8000 is no longer allowed: its time is over"
	says "v4.lab is no longer allowed: its time is over"
	stays tcp $NPM 443
	stays tcp $EXAMPLE 8000
	change list
	refute_says v4.lab
	opens tcp $ANTHROPIC 443
	change allow v4.lab --for 3y
	[ "$status" -ne 0 ]
	change allow v4.lab --for
	[ "$status" -ne 0 ]
}

@test "a blocked name that is also at an address that means nothing is blocked at the other" {
	odd_dns "other.odd.lab A 0 $EXAMPLE" "bad.odd.lab A 0 127.0.0.1" "bad.odd.lab A 0 $NPM"
	PARA_NETWORK_MODE=blocklist PARA_BLOCKED_DOMAINS=other.odd.lab start sleep infinity
	change deny bad.odd.lab
	assert_status 0
	lab_wait_for in_set blocked-domains $NPM
	stays tcp $NPM 443
}

@test "deny ends what is connected by it, and nothing else" {
	PARA_ALLOWED_DOMAINS=v4.lab:7777,104.16.1.0/24:8000,api.anthropic.com start sleep infinity
	as_agent python3 "$LAB_SOURCE/hold.py" $NPM 7777 > "$LAB/run/first" 2>&1 3>&- &
	lab_wait_for grep -q echo "$LAB/run/first"
	change deny 104.16.1.0/24:8000
	assert_status 0
	goes_on "$LAB/run/first"
	change deny v4.lab
	assert_status 0
	lab_wait_for grep -q cut "$LAB/run/first"
	stays tcp $NPM 7777
	# and for a block list, where denying is blocking
	stop
	lab_clean
	PARA_NETWORK_MODE=blocklist PARA_BLOCKED_DOMAINS=example.com start sleep infinity
	as_agent python3 "$LAB_SOURCE/hold.py" $NPM 7777 > "$LAB/run/second" 2>&1 3>&- &
	lab_wait_for grep -q echo "$LAB/run/second"
	change deny $NPM
	assert_status 0
	assert_says blocked
	lab_wait_for grep -q cut "$LAB/run/second"
	stays tcp $NPM 443
	opens tcp $ANTHROPIC 443
}

@test "wildcards, and names that DNS does not have, or has where nobody can mean" {
	PARA_DNS=filter PARA_ALLOWED_DOMAINS=api.anthropic.com start sleep infinity
	ask www.chain.lab A; assert_rcode REFUSED
	change allow '*.chain.lab:443'
	assert_status 0
	ask www.chain.lab A; assert_rcode NOERROR
	opens tcp $NPM 443
	change deny '*.chain.lab'
	assert_status 0
	stays tcp $NPM 443
	ask www.chain.lab A; assert_rcode REFUSED
	local before=$SECONDS late between
	{ ! in_cage "$SECURE_INIT" allow loop.lab > "$LAB/run/loop" 2>&1; echo $EPOCHREALTIME > "$LAB/run/refused"; } 3>&- &
	late=$!
	change allow nowhere.lab
	between=${EPOCHREALTIME/./}
	[ "$status" -ne 0 ]
	assert_says "DNS gave no address that may be opened for nowhere.lab"
	wait $late
	grep -q "DNS gave no address that may be opened for loop.lab" "$LAB/run/loop"
	# five seconds for each, and one does not wait for the other
	between=$((between - $(tr -d . < "$LAB/run/refused")))
	[ ${between#-} -lt 4000000 ]
	[ $((SECONDS - before)) -le 30 ]
	change list
	refute_says nowhere.lab
	refute_says loop.lab
	ask nowhere.lab A; assert_rcode REFUSED
	# what no entry can be
	for entry in 'exa mple.com' 'a..b' '*.com.*' example.com:0 10.0.0.0/33 -x; do
		change allow "$entry"
		[ "$status" -ne 0 ] || { echo "$entry"; return 1; }
	done
}

@test "reload: what the environment and the policy file say now" {
	export PARA_RUN_AS=1000:1000
	mkdir -p /run/secure-init-live
	echo '{"allow": ["api.anthropic.com", "v4.lab:7777"]}' > /run/secure-init-live/policy.json
	unset PARA_NETWORK_ISOLATION
	export PARA_POLICY=/run/secure-init-live/policy.json
	start sleep infinity
	opens tcp $ANTHROPIC 443
	as_agent python3 "$LAB_SOURCE/hold.py" $NPM 7777 > "$LAB/run/held" 2>&1 3>&- &
	lab_wait_for grep -q echo "$LAB/run/held"
	echo '{"allow": ["api.anthropic.com", "example.com:443"], "ssh": "none"}' > /run/secure-init-live/policy.json
	opens tcp $BLOCKED 22
	change reload
	assert_status 0
	lab_wait_for grep -q cut "$LAB/run/held"
	lab_wait_for resolves example.com
	opens tcp $EXAMPLE 443
	opens tcp $ANTHROPIC 443
	stays tcp $NPM 7777
	stays tcp $BLOCKED 22
	run in_cage iptables -S OUTPUT
	[ "$(tail -1 <<< "$output")" = "-A OUTPUT -j REJECT --reject-with icmp-admin-prohibited" ]
	# what does not parse, or is no isolation, changes nothing
	echo '{"allow": ["example..com"]}' > /run/secure-init-live/policy.json
	change reload
	[ "$status" -ne 0 ]
	echo '{"isolation": false}' > /run/secure-init-live/policy.json
	change reload
	[ "$status" -ne 0 ]
	opens tcp $EXAMPLE 443
	stays tcp $NPM 7777
	# the agent's own file is none that may be believed
	echo '{"mode": "blocklist"}' > "$LAB/run/policy.json"
	chown 1000 "$LAB/run/policy.json"
	PARA_POLICY=$LAB/run/policy.json change reload
	[ "$status" -ne 0 ]
	stays tcp $NPM 443
	rm -r /run/secure-init-live
}

resolves() {
	[ -n "$(as_agent dig +short +tries=1 @192.0.2.1 "$1")" ]
}

@test "refused: the agent, uid 0 without capabilities, the guard's own users, a user namespace of one's own" {
	PARA_ALLOWED_DOMAINS=api.anthropic.com start sleep infinity
	for AGENT in 1000 0 65501 65502; do
		run as_agent "$SECURE_INIT" allow $NPM
		[ "$status" -ne 0 ] || { echo "uid $AGENT"; return 1; }
		assert_says "needs CAP_NET_ADMIN of its own"
		run as_agent "$SECURE_INIT" list
		[ "$status" -ne 0 ]
		# by itself, past what our program refuses
		run as_agent python3 "$LAB_SOURCE/strangers.py" once 4
		assert_says "not permitted"
		refute_says "status 0"
		run as_agent python3 "$LAB_SOURCE/strangers.py" proofless 5
		assert_says "could not make the set"
		refute_says "status 0"
		assert_says "not permitted"
	done
	AGENT=1000
	run as_agent unshare --user --map-root-user "$SECURE_INIT" allow $NPM
	[ "$status" -ne 0 ]
	run as_agent unshare --user --map-root-user python3 "$LAB_SOURCE/strangers.py" proofless 4
	assert_says "not permitted"
	run as_agent unshare --user --map-root-user --net "$SECURE_INIT" list
	[ "$status" -ne 0 ]
	stays tcp $NPM 443
	says "a live change was refused: uid "
	change list
	assert_status 0
}

@test "refused: file capabilities, and a socket that was connected before its holder became somebody else" {
	PARA_ALLOWED_DOMAINS=api.anthropic.com start sleep infinity
	cp "$SECURE_INIT" "$LAB/run/capable"
	cp "$(readlink -f "$(command -v python3)")" "$LAB/run/python"
	chmod 755 "$LAB/run/capable" "$LAB/run/python"
	setcap cap_net_admin+ep "$LAB/run/capable"
	setcap cap_net_admin+ep "$LAB/run/python"
	# as docker exec gives: a full bounding set, and no no_new_privs
	local user=(nsenter -t "$init" -n -p -m -- setpriv --reuid 1000 --regid 1000 --clear-groups --inh-caps -all --)
	run "${user[@]}" "$LAB/run/python" -c 'print([l for l in open("/proc/self/status") if "CapEff" in l])'
	assert_says 0000000000001000
	for words in "allow $NPM" list reload "deny api.anthropic.com"; do
		run "${user[@]}" "$LAB/run/capable" $words
		[ "$status" -ne 0 ] || { echo "$words"; return 1; }
		assert_says "needs CAP_NET_ADMIN of its own"
	done
	# the socket of a process that is root now, but was not when the proof was asked for: ours connects anew
	AGENT=0
	run as_agent python3 "$LAB_SOURCE/strangers.py" pass "$SECURE_INIT" list
	[ "$status" -ne 0 ]
	# a stranger gains nothing while somebody who may is served
	touch "$LAB/run/linger"
	as_agent python3 "$LAB_SOURCE/strangers.py" linger "$LAB/run/linger" > "$LAB/run/stranger" 2>&1 3>&- &
	local stranger=$!
	lab_wait_for grep -q met "$LAB/run/stranger"
	change allow v4.lab
	assert_status 0
	rm "$LAB/run/linger"
	wait $stranger
	[ "$(grep -v met "$LAB/run/stranger" | sort -u)" = "type 9 status 102" ] || { cat "$LAB/run/stranger"; return 1; }
	# no proof is left behind
	run in_cage ipset list -n
	refute_says "si-"
}

@test "a crowd of idle and senseless strangers keeps nobody out, and DNS goes on" {
	PARA_ALLOWED_DOMAINS=api.anthropic.com,two.lab start sleep infinity
	local uid crowd=()
	touch "$LAB/run/crowding"
	# an agent is one user; here it is two, and one of them the caller's own
	for uid in 1000 0; do
		AGENT=$uid as_agent python3 "$LAB_SOURCE/strangers.py" crowd "$LAB/run/crowding" > "$LAB/run/crowd-$uid" 2>&1 3>&- &
		crowd+=($!)
	done
	for uid in 1000 0; do lab_wait_for grep -q many "$LAB/run/crowd-$uid"; done
	local i
	for i in 1 2 3; do
		change allow 192.0.2.$i
		assert_status 0
		ask two.lab A; assert_rcode NOERROR
		sleep 0.3
	done
	rm "$LAB/run/crowding"
	wait "${crowd[@]}"
	cat "$LAB/run"/crowd-*
	change list
	assert_status 0
	assert_says "allowed 192.0.2.3 (by"
	[ -n "$(guard_pid warden)" ]
}

@test "an agent that is root, and holds all the places that it can, does not hold up whoever may" {
	PARA_ALLOWED_DOMAINS=api.anthropic.com start sleep infinity
	touch "$LAB/run/idling"
	AGENT=0 as_agent python3 "$LAB_SOURCE/strangers.py" idle "$LAB/run/idling" > "$LAB/run/idle" 2>&1 3>&- &
	local idle=$! i
	lab_wait_for grep -q many "$LAB/run/idle"
	for i in 1 2 3 4 5 6; do
		change allow 192.0.2.$i
		assert_status 0
	done
	rm "$LAB/run/idling"
	wait $idle
	cat "$LAB/run/idle"
}

@test "deny in a block list's mode blocks, also what was allowed before" {
	PARA_NETWORK_MODE=blocklist start sleep infinity
	change allow $NPM
	assert_status 0
	opens tcp $NPM 443
	change deny $NPM
	assert_status 0
	assert_says "blocked"
	stays tcp $NPM 443
}

@test "a reload gives back nothing of a quota" {
	export PARA_ALLOWED_DOMAINS=$NPM PARA_QUOTA_BYTES=1M
	start sleep infinity
	as_agent python3 -c '
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.connect(("'$NPM'", 8000))
for _ in range(600): s.send(bytes(1000))'
	PARA_ALLOWED_DOMAINS=$NPM,$EXAMPLE change reload
	assert_status 0
	run in_cage nft list table inet secure-init
	[ "$(sed -n 's/.*quota over .* used \([0-9]*\) bytes.*/\1/p' <<< "$output")" -ge 600000 ]
}

@test "a reload ends what was open to the host by other protocols too" {
	in_cage sysctl -qw net.ipv4.ping_group_range="0 2147483647"
	export PARA_ALLOWED_DOMAINS=api.anthropic.com
	start sleep infinity
	as_agent python3 -c '
import socket, time
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM, 58)
s.settimeout(1)
s.connect(("'$GATEWAY6'", 0))
while True:
    try:
        s.send(bytes([128, 0, 0, 0, 0, 1, 0, 1]))
        s.recv(99)
        print("echo", flush=True)
    except OSError: print("cut", flush=True)
    time.sleep(0.1)' > "$LAB/run/pings" 2>&1 3>&- &
	lab_wait_for grep -q echo "$LAB/run/pings"
	PARA_ALLOW_HOST=none change reload
	assert_status 0
	lab_wait_for no_echo_more
}

no_echo_more() { [ "$(tail -n 5 "$LAB/run/pings" | sort | uniq -c | tr -d ' ')" = 5cut ]; }

@test "an agent that fills the sets does not keep the warden busy" {
	local flood start took least=99999999 alone
	odd_dns "much.lab is moving"
	PARA_ALLOWED_DOMAINS="much.lab:1000-9999,$NPM" start sleep infinity
	start=${EPOCHREALTIME/./}
	change list
	alone=$((${EPOCHREALTIME/./} - start))
	# not kept by the cache, since TTLs are 0: an address a question, and 18000 elements an address
	as_agent python3 -c '
import socket, sys, time
sys.path.insert(0, "'"$LAB_SOURCE"'")
import wire
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(0.001)
while True:
    for flags in 0, 0x100, 0x110, 0x10: s.sendto(wire.query("much.lab", "A", 7, flags), ("192.0.2.1", 53))
    try: s.recv(4096)
    except OSError: pass' 3>&- &
	flood=$!
	says "more addresses than the sets take"
	for _ in 1 2 3; do
		start=${EPOCHREALTIME/./}
		change list
		assert_status 0
		took=$((${EPOCHREALTIME/./} - start))
		[ $took -ge $least ] || least=$took
	done
	# some ms, in truth; on a busy machine more, but not each time
	echo "$least us, before the flood $alone us"
	[ $least -lt $((3000000 + 10 * alone)) ]
	change deny $NPM
	assert_status 0
	stays tcp $NPM 443
	kill $flood
}

@test "an agent that stops its terminal does not stop the warden" {
	export PARA_ALLOWED_DOMAINS=api.anthropic.com DOCKER_CAPS
	SHELL=/bin/bash script -qec "$(declare -f cage); cage '$SECURE_INIT' -- python3 '$LAB_SOURCE/stop-terminal.py' '$LAB/run/stopped'" \
		/dev/null > "$LAB/said" 2>&1 < /dev/null 3>&- &
	job=$!
	lab_wait_for test -e "$LAB/run/stopped"
	init=$(container_init)
	opens tcp $ANTHROPIC 443
	change deny api.anthropic.com
	assert_status 0
	stays tcp $ANTHROPIC 443
	# process 1 has something to say, too, and ends all the same
	local resolver
	resolver=$(guard_pid resolver)
	kill -KILL "$resolver"
	lab_wait_for test ! -e "/proc/$resolver"
	kill -TERM "$init"
	lab_wait_for lab_ended "$init"
	init=
	stop
}

@test "where nobody listens, or nothing can be allowed, it says so" {
	PARA_GUARD=off PARA_ALLOWED_DOMAINS=api.anthropic.com start sleep infinity
	change allow v4.lab
	[ "$status" -ne 0 ]
	assert_says "no warden listens in this network"
	stop
	lab_clean
	PARA_NETWORK_MODE=none start sleep infinity
	change allow v4.lab
	[ "$status" -ne 0 ]
	assert_says "the network mode is none"
	stays tcp $NPM 443
}

# quick: a secure-init that fetches GitHub's ranges every other second, at $LAB/quick
quick() {
	local flags musl objects source=$ROOT/guard/fetcher.c
	[[ ${MUTANT:-} != *fetcher.c ]] || source=$MUTANT
	mkdir -p "$LAB/guard"
	sed 's|^#include "guard/fetcher.h"|&\n#undef FETCH_SECONDS\n#define FETCH_SECONDS 2|' "$source" > "$LAB/guard/fetcher.c"
	musl=$(cat "$ROOT/build/deps-musl")
	flags=$(make -s -C "$ROOT" --no-print-directory print-release-flags)
	objects=$(make -s -C "$ROOT" --no-print-directory print-objects)
	(cd "$ROOT" && eval "$musl/bin/cc" "$flags" -w -isystem "$musl/include" -c -o "$LAB/fetcher.o" "$LAB/guard/fetcher.c" &&
		"$musl/bin/cc" -s -o "$LAB/quick" ${objects/build\/release\/guard\/fetcher.o/} "$LAB/fetcher.o" -L"$musl/lib" $(make -s --no-print-directory print-libraries))
}

@test "GitHub's ranges are fetched anew from whom they were at the start, whatever a root agent writes into /etc meanwhile" {
	quick
	mkdir -p "$LAB/certificates" "$LAB/rogue"
	cp "$CA/ca.pem" "$LAB/certificates/"
	cp "$LAB/resolv.conf" "$LAB/resolv.rogue"
	printf '{"web":["%s/32"],"api":["%s/32"],"git":["%s/32"]}' $BLOCKED $BLOCKED $BLOCKED > "$LAB/rogue/meta"
	CA=$LAB/certificates SECURE_INIT=$LAB/quick CAGE_RESOLV=$LAB/resolv.rogue PARA_ALLOWED_DOMAINS=github.com \
		CAGE_SETUP='cp /etc/hosts "$LAB/hosts.own"; mount --bind "$LAB/hosts.own" /etc/hosts' start sleep infinity
	(cd "$LAB/rogue" && exec nsenter --net="/run/netns/$CAGE" openssl s_server -accept 127.0.0.1:443 -WWW -quiet \
		-cert "$CA/foreign.pem" -key "$CA/foreign.key" > "$LAB/rogue.log" 2>&1 3>&- < /dev/null) &
	odd=$!
	echo "127.0.0.1 api.github.com" > "$LAB/hosts.own"
	echo "nameserver 127.0.0.1" > "$LAB/resolv.rogue"
	cat "$CA/foreign.pem" >> "$LAB/certificates/ca.pem"
	# what a fetch is that begins now: the pretended GitHub answers whoever believes it
	lab_wait_for in_cage curl -sf --cacert "$CA/foreign.pem" --resolve api.github.com:443:127.0.0.1 https://api.github.com/meta
	: > "$LAB/said"
	says "GitHub's address ranges were fetched again"
	stays tcp $BLOCKED 443
	# and whom the certificates of the start do not vouch for
	lab_certificate foreign
	says "could not be fetched again"
	lab_certificate server
}
