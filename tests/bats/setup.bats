# Capabilities from the program's file, `secure-init setup` without an agent, `secure-init status`, and para's names.
bats_require_minimum_version 1.5.0
load common

setup_file() {
	set -a
	lab_up
	set +a
	chmod 755 "$LAB"
	cp "$SECURE_INIT" "$LAB/secure-init"
	setcap cap_net_admin,cap_setpcap,cap_setuid,cap_setgid=p "$LAB/secure-init"
	for name in secure-entrypoint.sh init-firewall.sh; do ln -s secure-init "$LAB/$name"; done
}

setup() {
	common_setup
	lab_clean
	export SSL_CERT_FILE=$CA/ca.pem
}

# a container that a failed test left running would keep the lab's rules
teardown() {
	[ -z "${pid:-}" ] || kill -KILL "$pid" 2> /dev/null || true
}

# as_user: in front of a command: as an ordinary user, as with the image's USER
as_user="setpriv --reuid 65534 --regid 65534 --clear-groups --"

closed() { # judged from outside, by iptables
	in_cage iptables -S | grep -qx -- '-P OUTPUT DROP' && in_cage ip6tables -S | grep -qx -- '-P OUTPUT DROP'
}

untouched() {
	[ -z "$(in_cage nft list ruleset)" ] || { in_cage nft list ruleset; return 1; }
}

# job's child is unshare, whose child is process 1
process_1() {
	pgrep -P "$(pgrep -P "$job")"
}

# start COMMAND...: a container in the background; sets job and pid (of its process 1, as seen from here), which is the command
start() {
	cage "$@" > "$LAB/out" 2>&1 3>&- &
	job=$!
	begun() { pid=$(process_1) && [ "$(tr '\0' ' ' < "/proc/$pid/cmdline")" = "$* " ]; }
	lab_wait_for begun "$@"
}

# enter COMMAND...: like docker exec: in the namespaces of process 1, with the container's whole bounding set
enter() {
	nsenter --target "$pid" --mount --net --pid --ipc --uts -- setpriv --bounding-set "-all,$DOCKER_CAPS,+net_admin" "$@"
}

@test "USER in the image: the file's capabilities are enough for process 1, and none is left for the agent" {
	run cage $as_user "$LAB/secure-init" -- sh -c 'id -u; grep -E "^(Cap|NoNew)" /proc/self/status; echo AGENT-RAN'
	assert_status 0
	assert_says AGENT-RAN
	[ "$(grep -cE '^Cap(Inh|Prm|Eff|Bnd|Amb):.0{16}$' <<< "$output")" -eq 5 ]
	grep -qx 65534 <<< "$output"
	closed
	# made by hand without them, it says where they come from
	run cage $as_user "$SECURE_INIT" -- echo AGENT-RAN
	assert_refused 102
	assert_says "setcap cap_net_admin,cap_setpcap,cap_setuid,cap_setgid=p"
}

@test "USER in the image, without --cap-add, and with no-new-privileges: refused, saying which it was" {
	CAGE_CAPS=$DOCKER_CAPS run cage $as_user "$LAB/secure-init" -- echo AGENT-RAN
	assert_refused 102
	assert_says "CAP_NET_ADMIN is missing"
	assert_says "--cap-add NET_ADMIN"
	run cage $as_user setpriv --no-new-privs -- "$LAB/secure-init" -- echo AGENT-RAN
	assert_refused 102
	assert_says "no-new-privileges"
	assert_says "--user root -e PARA_RUN_AS=65534"
	untouched
	# what it names works
	PARA_RUN_AS=65534 run cage setpriv --no-new-privs -- "$LAB/secure-init" -- echo AGENT-RAN
	assert_status 0
	closed
}

@test "the file's capabilities are for process 1 alone: whoever runs it later has none of them" {
	start sleep 1000
	run enter $as_user "$LAB/secure-init" setup
	assert_status 102
	assert_says "CAP_NET_ADMIN is missing"
	run enter $as_user "$LAB/init-firewall.sh"
	assert_status 1
	untouched
	# held by the file at that moment they were: the same user is given them by another program's file
	cp "$(command -v setpriv)" "$LAB/setpriv"
	setcap cap_net_admin=p "$LAB/setpriv"
	run enter $as_user "$LAB/setpriv" --dump
	kill -KILL "$pid"
	wait $job || true
	assert_says net_admin
}

@test "setup: closes, opens, proves, and ends; what comes into this network later is held by it" {
	run cage "$SECURE_INIT" setup
	assert_status 0
	assert_says "Network isolation is enabled"
	assert_says "proved: api.anthropic.com port 443 could be connected to"
	closed
	run in_cage $as_user "$TRY" -w 20 tcp $ANTHROPIC 443
	assert_says open
	run in_cage $as_user "$TRY" tcp $BLOCKED 443
	refute_says open
	# again, as when a pod's init container is restarted
	before=$(in_cage iptables -S)
	run cage "$SECURE_INIT" setup
	assert_status 0
	[ "$(in_cage iptables -S)" = "$before" ]
	# a command is not for it, and a word behind -- is a command
	run -100 "$SECURE_INIT" setup true
	PARA_NETWORK_ISOLATION=false run -127 "$SECURE_INIT" -s -- setup
}

@test "setup isolates where nothing else is said; not where it is said otherwise" {
	unset PARA_NETWORK_ISOLATION PARA_ALLOWED_DOMAINS
	PARA_ALLOWED_DOMAINS= run cage "$SECURE_INIT" setup
	assert_status 0
	closed
	lab_clean
	PARA_NETWORK_ISOLATION=false run cage "$SECURE_INIT" setup
	assert_status 0
	assert_says "ISOLATION IS OFF"
	untouched
	# a failure is the init container's failure
	PARA_ALLOWED_DOMAINS=nowhere.invalid run cage "$SECURE_INIT" setup
	assert_refused 105
}

@test "setup: the agent beside it may be root, so Docker's resolver without named upstreams is refused" {
	echo "nameserver 127.0.0.11" > "$LAB/docker.conf"
	CAGE_RESOLV=$LAB/docker.conf run cage $as_user "$LAB/secure-init" setup
	assert_refused 102
	assert_says "PARA_RUN_AS"
	untouched
}

@test "setup beside a secure-init that is process 1: refused, and nothing changes" {
	PARA_RUN_AS=65534 start "$SECURE_INIT" -- sleep 1000
	lab_wait_for pgrep -P "$pid" -x sleep
	before=$(in_cage iptables -S)
	PARA_ALLOWED_DOMAINS=10.0.0.0/8 run enter "$SECURE_INIT" setup
	assert_status 102
	assert_says "process 1 of this container is a secure-init already"
	[ "$(in_cage iptables -S)" = "$before" ]
	# the old name is used by scripts that want it closed: they hear that it is
	run enter "$LAB/init-firewall.sh"
	kill -KILL "$pid"
	wait $job || true
	assert_status 0
	assert_says "the rules are exactly those that the environment asks for"
}

@test "status: open, being set up, closed, and tampered with are told apart, also without privileges" {
	# with the guard the sets are its business, which it watches
	export PARA_GUARD=off
	start sleep 1000
	run enter "$SECURE_INIT" status
	assert_status 1
	assert_says "OPEN: a packet to 192.0.2.1"
	run enter $as_user "$SECURE_INIT" status
	assert_status 1
	# who says nothing does not mean an open network; who says so does
	! (say_nothing && enter $as_user "$SECURE_INIT" status > "$LAB/out") || false
	grep -q "says nothing of network isolation" "$LAB/out"
	(say_nothing && PARA_NETWORK_ISOLATION=false enter $as_user "$SECURE_INIT" status > "$LAB/out")
	grep -q "isolation is off, says this" "$LAB/out"
	kill -KILL "$pid"
	wait $job || true

	silent_dns
	CAGE_RESOLV=$LAB/resolv.silent PARA_SETUP_TIMEOUT=60 PARA_RUN_AS=65534 start "$SECURE_INIT" -- sleep 1000
	lab_wait_for closed
	run enter $as_user "$SECURE_INIT" status
	assert_status 1
	assert_says "not yet set up"
	kill -KILL "$pid"
	wait $job || true

	PARA_RUN_AS=65534 start "$SECURE_INIT" -- sleep 1000
	lab_wait_for pgrep -P "$pid" -x sleep
	run enter $as_user "$LAB/secure-init" status
	assert_status 0
	assert_says "closed: IPv4 to 192.0.2.1 is refused at once"
	assert_says "closed: IPv6 to 2001:db8::1 is refused at once"
	assert_says "given up every privilege"
	run enter "$SECURE_INIT" status
	assert_status 0
	assert_says "the rules are exactly those"
	run enter "$SECURE_INIT" status json
	python3 -c 'import json, sys; assert json.loads(sys.argv[1]) == {"well": True, "ipv4": "refused", "ipv6": "refused", "guarded": True, "set_up": True, "rules": "exact"}' "$output"
	run enter $as_user "$SECURE_INIT" status xml
	assert_status 100
	(say_nothing && enter $as_user "$SECURE_INIT" status > "$LAB/out")
	PARA_ALLOWED_DOMAINS=10.0.0.0/8 run enter "$SECURE_INIT" status
	assert_status 1
	assert_says "the set allowed-domains lacks 10.0.0.0/8"
	# the policy of this environment is another one
	PARA_NETWORK_ISOLATION=false PARA_ALLOWED_DOMAINS= run enter "$SECURE_INIT" status
	assert_status 0
	assert_says "isolation is off"
	kill -KILL "$pid"
	wait $job || true
	# nobody owns the tables now, so that one with NET_ADMIN can change them
	start sleep 1000
	in_cage nft insert rule ip filter OUTPUT meta mark 7 counter accept
	run enter "$SECURE_INIT" status
	kill -KILL "$pid"
	wait $job || true
	assert_status 1
	assert_says "firewall"
}

@test "status beside a guard: the rules are compared, what the sets hold is the guard's" {
	PARA_RUN_AS=65534 PARA_ALLOWED_DOMAINS=10.0.0.0/8 start "$SECURE_INIT" -- sleep 1000
	lab_wait_for pgrep -P "$pid" -x sleep
	PARA_ALLOWED_DOMAINS=10.0.0.0/8 run enter "$SECURE_INIT" status
	assert_status 0
	assert_says "the rules are exactly those"
	run enter "$SECURE_INIT" allow 10.77.0.0/16
	assert_status 0
	PARA_ALLOWED_DOMAINS=10.0.0.0/8 run enter "$SECURE_INIT" status
	assert_status 0
	PARA_ALLOW_SSH=none PARA_ALLOWED_DOMAINS=10.0.0.0/8 run enter "$SECURE_INIT" status
	assert_status 1
	kill -KILL "$pid"
	wait $job || true
}

@test "para's names: secure-entrypoint.sh is secure-init, init-firewall.sh sets up or says how it is" {
	run cage "$LAB/secure-entrypoint.sh" echo AGENT-RAN
	assert_status 0
	assert_says AGENT-RAN
	closed
	lab_clean
	run cage "$LAB/init-firewall.sh"
	assert_status 0
	closed
	CAGE_CAPS= run cage "$LAB/init-firewall.sh"
	assert_status 0
	assert_says "closed: IPv4"
}

@test "test: a command as the agent would run it, in the cage made for it, or in the one that stands" {
	export PARA_RUN_AS=65534
	run cage "$SECURE_INIT" test -- sh -c 'id -u; grep CapBnd /proc/self/status; "$1" -w 20 tcp "$2" 443' sh "$TRY" "$BLOCKED"
	assert_says EHOSTUNREACH
	grep -qx 65534 <<< "$output"
	assert_says "CapBnd:	0000000000000000"
	start "$SECURE_INIT" -- sleep 1000
	lab_wait_for pgrep -P "$pid" -x sleep
	run enter "$SECURE_INIT" test sh -c 'id -u; grep -E "Cap(Bnd|Eff)|NoNew" /proc/self/status; exit 23'
	assert_status 23
	grep -qx 65534 <<< "$output"
	assert_says "CapBnd:	0000000000000000"
	assert_says "NoNewPrivs:	1"
	run -127 enter "$SECURE_INIT" test /nowhere/program
	assert_status 127
	kill -KILL "$pid"
	wait $job || true
	lab_clean
	# where nothing is closed, nothing is run
	start sleep 1000
	run enter "$SECURE_INIT" test echo AGENT-RAN
	assert_status 107
	refute_says AGENT-RAN
	run enter sh -c 'echo "echo shell-$((40 + 2))" | PARA_NETWORK_ISOLATION=false "$1" test' sh "$SECURE_INIT"
	assert_says shell-42
	kill -KILL "$pid"
	wait $job || true
}
