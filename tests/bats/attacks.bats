# An agent's ways out and up, all of tests/attacks, in the lab: as an ordinary user, as root, and by `docker exec` as the
# image's user. Each has the outcome that the table says, and the world, which counts by itself, saw nothing that the
# policy does not let out.
bats_require_minimum_version 1.5.0
load common
source "$BATS_TEST_DIRNAME/../attacks/attacks.bash"

setup_file() {
	set -a
	lab_up
	attacks_up
	set +a
	# of the ports the guard has few left to itself, for whoever tries all of them
	in_cage sysctl -qw net.ipv4.ip_local_port_range="1024 61000"
}

teardown_file() {
	attacks_down
	lab_down
}

setup() {
	common_setup
	lab_clean
	FIRST='' CONTAINER_JOB=''
}

teardown() {
	container_end
}

# all_ways POLICY [SUBJECT...]: the three of them
all_ways() {
	local how user
	for how in agent root exec; do
		forget_sockets
		lab_clean
		policy "$1"
		if [ $how = exec ]; then
			container
			entered -- python3 "$ATTACKS/attack.py" "${@:2}" > "$LAB/said" 2>&1
			container_end
		else
			AS=$([ $how = root ] && echo 0 || echo 65534) inside python3 "$ATTACKS/attack.py" "${@:2}"
		fi
		as_expected $how "$1"
		nothing_escaped
	done
}

@test "the default policy: every attack" {
	# rights first: what a root agent can set stays set for the rest
	all_ways default kernel packets sockets names places processes
}

@test "strict, without the host's network: every way out" {
	all_ways strict packets sockets names places
	# of all frames none holds what an agent wanted out, not even as a name; but see join-group-ipv6
	lab_wait_for test -s "$OUTSIDE/arrived"
	[ "$(sort -u "$OUTSIDE/arrived")" = "0 ff02::16" ] || { cat "$OUTSIDE/arrived"; return 1; }
}

@test "a block list: every way to what is blocked, and to the metadata services" {
	all_ways blocklist packets sockets names places
}

@test "none: every way out" {
	all_ways none packets sockets names places
	[ ! -s "$OUTSIDE/arrived" ]
	[ "$(counted dns)" = 0 ]
}

# tunnelled: how many names got out; each may be asked for several times
tunnelled() { grep -io "query.*tunnelled[0-9]*" "$LAB/dns.log" | grep -o "[0-9]*$" | sort -u | wc -l; }

@test "a tunnel of names: as narrow as promised, and none under strict" {
	policy default
	container
	local asked begun=${EPOCHREALTIME/./} most
	run entered -- python3 "$ATTACKS/attack.py" dns-tunnel
	[ "$output" = "dns-tunnel narrow" ]
	container_end
	# 500 at once, and 50 a second
	most=$((550 + (${EPOCHREALTIME/./} - begun) / 20000))
	asked=$(tunnelled)
	[ "$asked" -ge 100 ] && [ "$asked" -le $most ] || { echo "$asked names got out, and not $most"; return 1; }
	lab_clean
	policy strict
	container
	run entered -- python3 "$ATTACKS/attack.py" dns-tunnel
	[ "$output" = "dns-tunnel none" ]
	[ "$(tunnelled)" = "$asked" ]
	nothing_escaped
}

@test "nobody answers the guard's questions but who was asked: not by IPv6, where anybody may send from any address" {
	policy default
	PARA_ALLOWED_DOMAINS=$ANTHROPIC
	ip -n "$CAGE" -6 neigh replace fd17::77 lladdr 02:00:00:00:00:77 dev eth0
	echo "nameserver fd17::77" > "$LAB/resolv.forged"
	CAGE_RESOLV=$LAB/resolv.forged container
	run entered -- python3 "$ATTACKS/forge.py" fd17::77 fd17::2
	[ "$output" = "forged EPERM" ] || { echo "$output"; return 1; }
}

@test "routers that advertise themselves, networks and name servers while the agent runs: the routes may move, the firewall does not" {
	local policy
	for policy in default strict; do
		lab_clean
		policy $policy
		container
		nsenter --net="/run/netns/$WORLD" python3 "$ATTACKS/advertise.py" "$LINK_LOCAL" "$(ip -n "$CAGE" -6 -brief addr show dev eth0 scope link | grep -o 'fe80[^/]*')"
		# it arrived, and the kernel believed it: this is what it can do
		lab_wait_for sh -c "ip -n $CAGE -6 route | grep -q '^2001:db8:bad::/64'"
		ip -n "$CAGE" -6 route get $BLOCKED6 | grep -q "$LINK_LOCAL"
		entered -- python3 "$ATTACKS/attack.py" places packets dns dns-blocked-server-ipv6 > "$LAB/said" 2>&1
		as_expected exec $policy
		nothing_escaped
		container_end
		ip -n "$CAGE" -6 route flush proto ra
		ip -n "$CAGE" -6 route flush root 2001:db8:bad::/64
		ip -n "$CAGE" -6 addr flush dev eth0 dynamic
	done
}

@test "a root agent rewrites resolv.conf and hosts: neither the guard nor a reload follows" {
	policy strict
	AS=0 container
	run entered --reuid 0 --inh-caps=-all --bounding-set=-all -- python3 "$ATTACKS/attack.py" write-hosts write-resolv-conf
	assert_says "write-hosts open"
	assert_says "write-resolv-conf open"
	run nsenter -t "$FIRST" --mount --pid --net -- "$SECURE_INIT" reload
	assert_status 0
	run entered -- python3 "$ATTACKS/attack.py" rewritten-names dns dns-in-options
	[ "$output" = $'rewritten-names EHOSTUNREACH\ndns REFUSED\ndns-in-options answered' ] || { echo "$output"; return 1; }
	run in_cage ipset test allowed-domains $BLOCKED
	[ "$status" -ne 0 ]
	nothing_escaped
}

@test "the attacks on the guard are real: whoever has the rights succeeds; and the firewall stands without it" {
	policy default
	container
	local name
	nsenter -t "$FIRST" --mount --pid --net -- python3 "$ATTACKS/attack.py" trace seize memory read-memory write-memory advise-memory take-descriptors \
		list-descriptors read-environment read-maps write-oom-score processors-of-the-guard priority-of-the-guard \
		schedule-of-the-guard io-priority-of-the-guard netlink-set allow > "$LAB/said" 2>&1
	[ "$(grep -c ' open$' "$LAB/said")" = 17 ] || { grep -v ' open$' "$LAB/said"; return 1; }
	run entered -- python3 "$ATTACKS/attack.py" connect
	assert_says "connect open"
	nsenter -t "$FIRST" --mount --pid --net -- "$SECURE_INIT" deny $BLOCKED
	oracle default
	run nsenter -t "$FIRST" --mount --pid --net -- python3 "$ATTACKS/attack.py" kill-the-guard
	[ "$output" = "kill-the-guard open" ]
	entered -- python3 "$ATTACKS/attack.py" packets > "$LAB/said" 2>&1
	as_expected exec default
	PATIENCE=2 run entered -- python3 "$ATTACKS/attack.py" dns dns-blocked-server
	[ "$output" = $'dns silence\ndns-blocked-server silence' ] || { echo "$output"; return 1; }
	nothing_escaped
}

@test "who comes in from outside: the host's network under the default policy, nobody under strict" {
	local policy
	for policy in default strict; do
		lab_clean
		policy $policy
		container
		rm -f "$LAB/inside.log"
		nsenter --net="/run/netns/$CAGE" python3 "$LAB_SOURCE/listen.py" > "$LAB/inside.log" 2>&1 3>&- &
		echo $! > "$LAB/inside.pid"
		lab_wait_for grep -q ready "$LAB/inside.log"
		run ip netns exec "$WORLD" "$TRY" $([ $policy = default ] && echo -w 20) tcp 172.17.0.2 3000
		[ "$output" = "$([ $policy = default ] && echo open || echo ETIMEDOUT)" ] || { echo "$output"; return 1; }
		run ip netns exec "$WORLD" python3 -c 'import socket, sys; socket.create_connection(("172.17.0.2", 3000), 1, (sys.argv[1], 0))' $BLOCKED
		assert_says timed
		lab_stop inside
		container_end
	done
}

@test "without the fence the same attacks succeed that it is there for; the others still do not" {
	policy default
	PARA_SECCOMP=off AS=65534 inside python3 "$ATTACKS/attack.py" user-namespace clone3-user-namespace vsock io-uring keyring userfaultfd \
		packet-socket raw-any netlink-flush power-in-user-namespace setuid-program
	[ "$(grep -v "^secure-init" "$LAB/said" | tr '\n' ,)" = "user-namespace open,clone3-user-namespace open,vsock open,io-uring open,keyring open,userfaultfd open,packet-socket EPERM,raw-any EPERM,netlink-flush EPERM,power-in-user-namespace EPERM,setuid-program uid=65534,net_admin=0,net_raw=0," ] || { cat "$LAB/said"; return 1; }
	nothing_escaped
}

@test "abstract sockets are their network's: in the same network they would be reached" {
	run nsenter --net="/run/netns/$WORLD" python3 "$ATTACKS/attack.py" abstract-socket
	[ "$output" = "abstract-socket open" ]
}

@test "sockets that no firewall here sees, left open by whoever started the container: the agent would have them, so it does not start" {
	policy default
	local what
	for what in packet raw netlink foreign foreign-ipv6; do
		CAGE_UNDER="python3 $ATTACKS/runtime.py --$what" run caged echo AGENT-RAN
		assert_refused 102
		assert_says "descriptor 50"
	done
	assert_says "a socket of another network"
	# without isolation, and those of this network or of files
	PARA_ALLOWED_DOMAINS='' PARA_NETWORK_ISOLATION=false CAGE_UNDER="python3 $ATTACKS/runtime.py --packet" run caged echo AGENT-RAN
	assert_status 0
	CAGE_UNDER="python3 $ATTACKS/runtime.py --unix" run caged echo AGENT-RAN
	assert_status 0
	# each of them is a way out indeed
	run ip netns exec "$CAGE" python3 "$ATTACKS/runtime.py" --foreign python3 -c '
import socket, sys
s = socket.socket(fileno=50)
s.sendto(b"x", (sys.argv[1], 9999))
print(s.recv(9))' $BLOCKED
	assert_says "b'x'"
}

# the last one: it leaves nothing of the cage's network
@test "every attack is real: without isolation each way is open, and the oracle counts it" {
	say_nothing
	oracle default
	PARA_NETWORK_ISOLATION=false PARA_PRIVILEGES=keep PARA_LOG_LEVEL=error CAGE_SETUP=$CONTAINER CAGE_UNDER="python3 $ATTACKS/runtime.py" \
		WAIT=15 CAGE_CAPS=$DOCKER_CAPS,+net_admin,+sys_admin,+sys_ptrace,+sys_nice,+dac_read_search,+syslog,+perfmon,+bpf \
		caged python3 "$ATTACKS/attack.py" packets names places sockets kernel processes > "$LAB/said" 2>&1
	as_expected bare default
	[ "$(counted escaped)" -ge 100 ]
	# the world reads what came behind the kernel, which counts
	lab_wait_for arrived_many
	# each protocol of the raw sockets among them
	local protocol
	for protocol in 1 4 17 41 47 50 58 115 132 136 253; do
		lab_wait_for grep -q "^$protocol " "$OUTSIDE/arrived" || { echo "none of protocol $protocol arrived"; return 1; }
	done
}

arrived_many() { [ "$(grep -c . "$OUTSIDE/arrived")" -ge 50 ]; }
