# Faults while the network is set up: system calls, allocations and answers of the kernel that fail (tests/faults, whose full
# form is `make faults`), and the deadline and the signals where a server says nothing. Whatever happens, the agent runs
# behind the firewall that was meant, or not at all; a line says why, nothing hangs, and nothing stays.
load common

setup_file() {
	set -a
	lab_up
	BATS_TEST_TIMEOUT=1000
	set +a
}

setup() {
	common_setup
	lab_clean
	export PARA_ALLOWED_DOMAINS=api.anthropic.com,github.com
	silenced=
}

teardown() {
	[ -z "$silenced" ] || kill -CONT $silenced
}

# a server that takes connections and says nothing
silence() { # NAME
	silenced=$(cat "$LAB/$1.pid")
	silenced+=" $(pgrep -P "$silenced" | tr '\n' ' ')"
	kill -STOP $silenced
}

# ends_by SIGNAL STATUS: secure-init, which waits for a server, gets the signal
ends_by() {
	lab_clean
	silent_dns "$GATEWAY"
	PARA_SETUP_TIMEOUT=60 CAGE_RESOLV=$LAB/resolv.silent caged echo AGENT-RAN > "$LAB/out" 2>&1 3>&- &
	local job=$! first
	first() { first=$(pgrep -f "^$SECURE_INIT -- echo" | while read -r pid; do grep -q 'NSpid.*[^0-9]1$' "/proc/$pid/status" && echo "$pid" && break; done); [ -n "$first" ]; }
	lab_wait_for first
	# it has got as far as to ask
	closed() { in_cage iptables -S OUTPUT | grep -q -- "-P OUTPUT DROP"; }
	lab_wait_for closed
	kill "-$1" "$first"
	run cat "$LAB/out"
	local state=0
	wait $job || state=$?
	run cat "$LAB/out"
	[ "$state" -eq "$2" ] || { echo "status $state"; echo "$output"; return 1; }
	refute_says AGENT-RAN
	assert_says "stopped by a signal during the set-up; the agent was not started"
	[ ! -e "/proc/$first" ]
}

@test "faults of every kind, at moments all over the start" {
	run timeout 900 "$ROOT/tests/faults/run" 83
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output =~ all\ +[0-9].*\ ([0-9]+)$'\n' ]] && [ "${BASH_REMATCH[1]}" -gt 100 ]
}

@test "DNS and GitHub that say nothing: the deadline strikes, and SIGTERM and SIGINT end it at once" {
	local server
	for server in dnsmasq nginx; do
		silence $server
		PARA_SETUP_TIMEOUT=3 run timeout 120 bash -c '. "$1"; caged echo AGENT-RAN' - "$LAB_SOURCE/lab.bash"
		[[ $status -eq 105 || $status -eq 106 || $status -eq 109 ]] || { echo "$server: $status $output"; return 1; }
		refute_says AGENT-RAN
		assert_says "Container will not start to prevent insecure operation"
		ends_by TERM 143
		ends_by INT 130
		kill -CONT $silenced
		silenced=
	done
}

@test "a user namespace that lacks the guard's users: refused, with advice" {
	run unshare --user --map-root-user --net --pid --fork --mount --mount-proc env PARA_ALLOWED_DOMAINS= "$SECURE_INIT" -- echo AGENT-RAN
	assert_refused 102
	assert_says "this container's user namespace has no user 65501, which is the guard's"
}

@test "no /proc: the host's network cannot be told from a container's: refused" {
	CAGE_SETUP="mount -t tmpfs none /proc" run caged echo AGENT-RAN
	assert_refused 102
	assert_says "mount /proc"
}

@test "no IPv6 in the kernel's eyes: the agent runs, closed for both families all the same" {
	in_cage sh -c 'echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6'
	run caged "$TRY" tcp $BLOCKED 443
	in_cage sh -c 'echo 0 > /proc/sys/net/ipv6/conf/all/disable_ipv6'
	lab_cage_network
	assert_says "IPv6 has no way out of this container now"
	refute_says "open $BLOCKED"
	run in_cage ip6tables -S
	assert_says "-P OUTPUT DROP"
}
