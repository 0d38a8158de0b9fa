# What the guard's tests share: a container that goes on in the background, and its agent's eyes.

# AGENT is the uid of whoever looks. The folder that an agent may write to is $LAB/run.
guard_lab() {
	set -a
	lab_up
	set +a
	chmod 711 "$LAB"
	mkdir -m 1777 "$LAB/run"
	ip -n "$WORLD" addr add 172.17.0.53/16 dev eth0
	# on loopback, all of the network is ours: addresses for names that move
	ip -n "$WORLD" addr add 198.18.0.1/15 dev lo
	ip -n "$WORLD" addr add 104.24.0.1/15 dev lo
	ip -n "$WORLD" -6 route add local 2001:db8:18::/48 dev lo
	echo "nameserver 172.17.0.53" > "$LAB/odd.conf"
}

guard_setup() {
	common_setup
	lab_clean
	say_nothing
	unset PARA_GUARD PARA_DNS PARA_AUDIT PARA_DNS_LOG PARA_LEARN PARA_ON_TAMPER PARA_ON_GUARD_LOSS
	unset PARA_LIMIT_CONNECTIONS PARA_QUOTA_BYTES
	AGENT=1000 job= init= odd=
}

guard_teardown() {
	stop
	[ -z "$odd" ] || { kill "$odd" && wait "$odd"; } 2> /dev/null || true
}

# start COMMAND...: the container, in the background, until its agent runs. What it says is in $LAB/said, PID 1 is $init.
start() {
	stop
	rm -f "$LAB/run/begun"
	SSL_CERT_FILE=$CA/ca.pem cage "$SECURE_INIT" -- sh -c 'echo > "$0"; exec "$@"' "$LAB/run/begun" "$@" \
		> "$LAB/said" 2>&1 < /dev/null 3>&- &
	job=$!
	lab_wait_for begun_or_over
	[ -e "$LAB/run/begun" ] || { cat "$LAB/said"; return 1; }
	init=$(container_init)
}

begun_or_over() {
	[ -e "$LAB/run/begun" ] || lab_ended "$job"
}

# the process of the cage's network that is process 1 of its own
container_init() {
	local pid
	for pid in $(ip netns pids "$CAGE"); do
		! grep -Eq '^NSpid:.*[[:space:]]1$' "/proc/$pid/status" 2> /dev/null || echo "$pid"
	done
}

# ends the container; its exit status is in $ended
stop() {
	[ -n "$job" ] || return 0
	[ -z "$init" ] || kill -TERM "$init" 2> /dev/null || true
	ended=0
	wait "$job" || ended=$?
	job= init=
}

# guard_pid ROLE: of the guard's process, as the machine counts
guard_pid() {
	local pid comm
	for pid in $(ip netns pids "$CAGE"); do
		{ read -r comm < "/proc/$pid/comm"; } 2> /dev/null || continue
		[ "$comm" != "guard-$1" ] || echo "$pid"
	done
}

# as_agent COMMAND...: in the container, as docker exec starts a program for a user: with no capability.
as_agent() {
	nsenter -t "$init" -n -p -m -- setpriv --reuid "$AGENT" --regid "$AGENT" --clear-groups --bounding-set -all \
		--inh-caps -all --no-new-privs -- "$@"
}

try() { # PROTO ADDRESS PORT
	as_agent "$TRY" "$@"
}

# as long as it takes: what is open answers, however slow whoever answers is
opens() {
	run try -w 20 "$@"
	assert_says open
}

stays() {
	run try "$@"
	refute_says open
}

# ask NAME TYPE [OPTION...]: dig, whose answer is in $output, its status word in $rcode
ask() {
	local name=$1 type=$2
	shift 2
	run as_agent dig +tries=1 +time=20 @192.0.2.1 "$name" "$type" "$@"
	rcode=$(sed -n 's/.*status: \([A-Z]*\),.*/\1/p' <<< "$output" | head -1)
}

assert_rcode() {
	[ "$rcode" = "$1" ] || { echo "'$rcode' instead of $1:"; echo "$output"; return 1; }
}

# odd_dns LINE...: tests/lab/odd-dns.py at 172.17.0.53, which odd.conf names, with these lines; questions in $LAB/odd.log
odd_dns() {
	printf '%s\n' "$@" > "$LAB/zone.new"
	mv "$LAB/zone.new" "$LAB/zone"
	export CAGE_RESOLV=$LAB/odd.conf
	[ -z "$odd" ] || return 0
	: > "$LAB/odd.log"
	rm -f "$LAB/odd.out" # the one before says "ready" too
	ip netns exec "$WORLD" python3 "$LAB_SOURCE/odd-dns.py" 172.17.0.53 "$LAB/zone" "$LAB/odd.log" > "$LAB/odd.out" 2>&1 3>&- &
	odd=$!
	lab_wait_for grep -q ready "$LAB/odd.out"
}

in_set() { # SET ELEMENT
	in_cage ipset -q test "$1" "$2"
}

says() { # TEXT: the container says it
	lab_wait_for grep -qF -- "$1" "$LAB/said" || { echo "not said: $1"; cat "$LAB/said"; return 1; }
}

members() {
	in_cage ipset list "$1" | sed '1,/^Members/d; s/ timeout.*//' | sort
}
