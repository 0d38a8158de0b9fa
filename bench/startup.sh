# startup.sh: how long, and at what cost, until the agent runs: secure-init beside two scripts that do the same.
#
#   unshare --net --mount bash bench/startup.sh > table.md        (as root; about five minutes)
#
# BENCH_RUNS       runs of each case (default 20)
# BENCH_SLOW_RUNS  runs of the scripts over the slow line (default 7)
# BENCH_RAW        a file that keeps the single results
#
# The clock starts right before the exec of PID 1 and stops at the agent's first instruction. The contenders take
# turns, so that a busy moment of the machine meets them all; the table gives medians.

set -euo pipefail

PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$HERE/../tests/lab/lab.bash"

RUNS=${BENCH_RUNS:-20}
SLOW_RUNS=${BENCH_SLOW_RUNS:-7}
SLOW_MS=25
BIN=$ROOT/build/bench
CONTENDERS="secure-init baseline baseline-batch"
# The world's addresses for the names of the fifty-name case.
MANY_RANGE=151.101.2. MANY_RANGE6=2a04:4e42:2::

say() {
	echo "bench: $*" >&2
}

build_helpers() {
	local name
	mkdir -p "$BIN"
	for name in stamp delay; do
		cc -std=c11 -D_GNU_SOURCE -O2 -static -Wall -Wextra -Wconversion -Wshadow -Werror \
			-o "$BIN/$name" "$HERE/$name.c"
	done
}

need() {
	local tool
	for tool in "$@"; do
		command -v "$tool" > /dev/null || {
			say "$tool is missing; install iptables ipset jq bind9-dnsutils aggregate curl strace"
			exit 1
		}
	done
}

# --- the lab, and what the benchmark adds to it ---------------------------------------------------------------------

# Forty-six names more, each with an IPv4 address and every second one with IPv6 too.
many_names() {
	local i
	MANY=api.anthropic.com,github.com,api.github.com,registry.npmjs.org
	cp "$LAB_SOURCE/dnsmasq.conf" "$LAB/many.conf"
	for ((i = 5; i <= 50; i++)); do
		MANY+=,host$i.many.lab
		if ((i % 2)); then
			echo "host-record=host$i.many.lab,$MANY_RANGE$((4 * i))"
		else
			echo "host-record=host$i.many.lab,$MANY_RANGE$((4 * i)),$MANY_RANGE6$((4 * i))"
		fi
	done >> "$LAB/many.conf"
	ip -n "$WORLD" route add local "${MANY_RANGE}0/24" dev lo
	ip -n "$WORLD" -6 route add local "${MANY_RANGE6}/64" dev lo
	lab_dns "$LAB/many.conf"
}

# An answer as long as the real one: the lab's, with several thousand networks more in "actions".
long_answer() {
	python3 - "$LAB_SOURCE/meta.json" > "$LAB/www/meta" <<- 'EOF'
		import json, sys
		meta = json.load(open(sys.argv[1]))
		meta["actions"] = [f"4.{i // 256}.{i % 256}.0/24" for i in range(8000)]
		json.dump(meta, sys.stdout, indent=2)
	EOF
}

short_answer() {
	cp "$LAB_SOURCE/meta.json" "$LAB/www/meta"
}

# slow_line MS: in place of the veth, a line with a delay. In a real container the gateway is next door and the
# delay is behind it; so neighbours are known here from the beginning, and nothing waits for ARP.
slow_line() {
	local of to
	ip -n "$CAGE" link del eth0
	"$BIN/delay" "$CAGE" "$WORLD" "$1" > "$LAB/delay.log" 3>&- &
	LAB_PIDS+=($!)
	lab_wait_for grep -q ready "$LAB/delay.log"
	ip -n "$WORLD" addr add "$GATEWAY/16" dev eth0
	ip -n "$WORLD" -6 addr add "$GATEWAY6/64" dev eth0 nodad
	ip -n "$WORLD" link set eth0 up
	lab_cage_network
	of=$(mac_of "$CAGE") to=$(mac_of "$WORLD")
	ip -n "$CAGE" neigh replace "$GATEWAY" lladdr "$to" nud permanent dev eth0
	ip -n "$CAGE" -6 neigh replace "$GATEWAY6" lladdr "$to" nud permanent dev eth0
	ip -n "$WORLD" neigh replace 172.17.0.2 lladdr "$of" nud permanent dev eth0
	ip -n "$WORLD" -6 neigh replace fd17::2 lladdr "$of" nud permanent dev eth0
	round_trips | tee -a "$RAW" >&2
}

# The line as it is: what a TCP connection takes, in ms: the median and the longest of twenty.
round_trips() {
	in_cage python3 - "$GATEWAY" <<- 'EOF'
		import socket, sys, time
		times = []
		for _ in range(20):
		    start = time.monotonic()
		    socket.create_connection((sys.argv[1], 80), 5).close()
		    times.append((time.monotonic() - start) * 1000)
		times.sort()
		print(f"line {times[10]:.2f} {times[-1]:.2f}")
	EOF
}

mac_of() {
	ip -n "$1" -o link show dev eth0 | sed 's/.*link\/ether \([0-9a-f:]*\).*/\1/'
}

# No rules, no sets, nothing remembered of earlier connections.
clean_cage() {
	in_cage nft flush ruleset
	lab_wait_for in_cage ipset destroy
	in_cage ip tcp_metrics flush > /dev/null
	[ -z "$(in_cage nft list tables)$(in_cage ipset list -n)" ] || {
		say "the cage could not be cleaned"
		exit 1
	}
}

# The CA certificates of a real image and the lab's own, since reading them all is a part of a real start.
certificates() {
	cat /etc/ssl/certs/ca-certificates.crt "$CA/ca.pem" > "$LAB/certificates.pem"
	echo "certificates $(grep -c BEGIN "$LAB/certificates.pem")" >> "$RAW"
}

# contained COMMAND...: the lab's cage once more, with a stamp around PID 1 and another right before it.
contained() {
	rm -f "$LAB/marks"
	SSL_CERT_FILE=$LAB/certificates.pem CURL_CA_BUNDLE=$LAB/certificates.pem \
		nsenter --net="/run/netns/$CAGE" "$BIN/stamp" contain "$LAB/marks" \
		unshare --mount --mount-proc --uts --ipc --propagation private -- sh -c '
		[ ! -e /proc/sys/net/core/netdev_max_backlog ] || { echo "bench: not in the machine'\''s own network" >&2; exit 99; }
		mount --bind "$1" /etc/resolv.conf || exit 99
		shift
		exec "$@"' cage "$LAB/resolv.conf" \
		setpriv --bounding-set "-all,$DOCKER_CAPS,+net_admin" --inh-caps -all -- \
		"$BIN/stamp" start "$LAB/marks" "$@"
}

# start CONTENDER COMMAND...
start() {
	local contender=$1
	shift
	case $contender in
	secure-init) contained "$SECURE_INIT" -- "$@" ;;
	*) contained "$HERE/$contender.sh" "$@" ;;
	esac
}

# --- measuring ------------------------------------------------------------------------------------------------------

# once CONTENDER: one start, its marks left in $LAB/marks
once() {
	start "$1" "$BIN/stamp" agent "$LAB/marks" > "$LAB/out.log" 2>&1 3>&- || {
		say "$1 failed:"
		cat "$LAB/out.log" >&2
		exit 1
	}
	clean_cage
}

# measure MS CASE: all contenders in turn, as often as wanted
measure() {
	local ms=$1 case=$2 run contender wanted
	say "$ms ms, $case"
	for contender in $CONTENDERS; do once "$contender"; done # warms the caches
	for ((run = 0; run < RUNS; run++)); do
		for contender in $CONTENDERS; do
			wanted=$RUNS
			[ "$ms" = 0 ] || [ "$contender" = secure-init ] || wanted=$SLOW_RUNS
			((run < wanted)) || continue
			once "$contender"
			awk -v ms="$ms" -v case="$case" -v contender="$contender" '
				$1 == "start" { start = $2; used = $3 }
				$1 == "agent" { agent = $2 }
				$1 == "contain" { cpu = $3 }
				END { printf "time %s %s %s %.0f %.0f\n", ms, case, contender, agent - start, cpu - used }
			' "$LAB/marks" >> "$RAW"
		done
	done
}

# count_programs CASE: successful execs from PID 1's own to the agent's, which is not counted; and new processes
count_programs() {
	local contender
	for contender in $CONTENDERS; do
		CONTENDER=$contender strace -f -qq -o "$LAB/strace" -e trace=execve,execveat,clone,clone3,fork,vfork \
			bash -c "$(declare -p LAB BIN CAGE DOCKER_CAPS HERE SECURE_INIT); $(declare -f start contained)"'
			start "$CONTENDER" "$BIN/stamp" agent "$LAB/marks"' > "$LAB/out.log" 2>&1 3>&-
		clean_cage
		awk -v case="$1" -v contender="$contender" '
			/execve\("[^"]*\/stamp", \["[^"]*\/stamp", "start"/ { counting = 1; next }
			!counting { next }
			/execve.* = 0$/ { execs++ }
			/(clone|clone3|fork|vfork)[( ].* = [1-9][0-9]*$/ && !/CLONE_THREAD/ { forks++ }
			END { print "programs", case, contender, execs - 1, forks + 0 }
		' "$LAB/strace" >> "$RAW"
	done
}

# resident on|off: what PID 1 holds while it serves
resident() {
	local tries pid shim
	if [ "$1" = on ]; then
		PARA_NETWORK_ISOLATION=true start secure-init sleep 60 > "$LAB/out.log" 2>&1 3>&- &
	else
		PARA_NETWORK_ISOLATION=false start secure-init sleep 60 > "$LAB/out.log" 2>&1 3>&- &
	fi
	shim=$!
	for ((tries = 0; tries < 250; tries++)); do
		pid=$(awk '$1 == "pid" { print $2 }' "$LAB/marks" 2> /dev/null || true)
		[ -n "$pid" ] && pgrep -P "$pid" -x sleep > /dev/null && break
		sleep 0.02
	done
	sleep 0.3
	awk -v isolation="$1" '
		/^VmRSS:|^RssAnon:|^VmHWM:/ { kb[$1] = $2 }
		END { print "resident", isolation, kb["VmRSS:"], kb["RssAnon:"], kb["VmHWM:"] }
	' "/proc/$pid/status" >> "$RAW"
	kill -TERM "$pid"
	wait "$shim" || true
	clean_cage
}

all_cases() { # MS
	export PARA_NETWORK_ISOLATION=true
	export PARA_ALLOWED_DOMAINS=api.anthropic.com,github.com,api.github.com,registry.npmjs.org
	measure "$1" four
	[ "$1" != 0 ] || count_programs four
	PARA_ALLOWED_DOMAINS=$MANY
	measure "$1" fifty
	[ "$1" != 0 ] || count_programs fifty
	PARA_ALLOWED_DOMAINS=api.anthropic.com,registry.npmjs.org
	measure "$1" two
	[ "$1" != 0 ] || count_programs two
	PARA_ALLOWED_DOMAINS=api.anthropic.com,github.com,api.github.com,registry.npmjs.org
	long_answer
	measure "$1" long
	[ "$1" != 0 ] || echo "answer $(stat -c %s "$LAB/www/meta")" >> "$RAW"
	short_answer
	unset PARA_ALLOWED_DOMAINS
}

lab_guard
need cc iptables ip6tables ipset nft dig jq aggregate curl setpriv strace python3
[ -x "$SECURE_INIT" ] || {
	say "no secure-init yet: make"
	exit 1
}
build_helpers
trap 'set +e; lab_down' EXIT
lab_up
# the results speak of one binary, even if another is built meanwhile
cp "$SECURE_INIT" "$LAB/secure-init"
SECURE_INIT=$LAB/secure-init
RAW=$LAB/raw
: > "$RAW"
certificates
many_names

echo "size $(stat -c %s "$SECURE_INIT")" >> "$RAW"
resident on
resident off
all_cases 0
slow_line $SLOW_MS
all_cases $SLOW_MS
[ -z "${BENCH_RAW:-}" ] || cp "$RAW" "$BENCH_RAW"
python3 "$HERE/table.py" "$RAW"
