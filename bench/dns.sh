#!/bin/bash
# dns.sh [SECONDS]: the guard of a container beside dnsmasq, both in front of one name server (bench/dns-answer.c) at the other
# end of a line. Each has one core (the resolver shares it with the warden, whose time counts), that of all others is
# the second. Twice in turns; figures:
#
#   cached      1,000 names that both know already
#   forwarded   10,000 names with a TTL of 0; dnsmasq puts each address into an ipset (--ipset), the warden into its sets
#               before the resolver answers
#
# q/s is what the load reached (dnsperf), q/cpu-s questions for each second of processor time of the server itself.
set -eu
cd "$(dirname "$0")/.."
seconds=${1:-5}
if [ "${2:-}" != --inside ]; then
	make -s
	exec unshare --net --mount --propagation private -- "$0" "$seconds" --inside
fi
[ ! -e /proc/sys/net/core/netdev_max_backlog ] || { echo "dns.sh: still in the machine's own network" >&2; exit 1; }
D=$(mktemp -d)
gcc -O2 -D_GNU_SOURCE -o "$D/dns-answer" bench/dns-answer.c
gcc -O2 -D_GNU_SOURCE -o "$D/dns-ask" bench/dns-ask.c
mount -t tmpfs none /run/netns 2> /dev/null || { mkdir -p /run/netns && mount -t tmpfs none /run/netns; }
ip netns add server
ip link add eth0 type veth peer name eth0 netns server
ip link set lo up
ip addr add 10.99.0.2/24 dev eth0
ip link set eth0 up
ip route add default via 10.99.0.1
ip -n server addr add 10.99.0.1/24 dev eth0
ip -n server link set eth0 up
echo nameserver 10.99.0.1 > "$D/resolv.conf"
ipset create learnt hash:ip timeout 3600 maxelem 1000000
mine="taskset 1" others="taskset 2" server="nsenter --net=/run/netns/server taskset 2"
PIDS=
trap 'kill -KILL $PIDS 2> /dev/null; wait 2> /dev/null; rm -rf "$D"' EXIT

ticks() { # PID...
	local pid
	for pid; do awk '{ print $14 + $15 }' "/proc/$pid/stat"; done | awk '{ n += $1 } END { print n }'
}

load() { # NAME PORT PID...: under load
	local name=$1 port=$2 before after
	shift 2
	$others dnsperf -s 127.0.0.1 -p "$port" -d "$D/names" -n 1 -q 50 > /dev/null 2>&1
	before=$(ticks "$@")
	$others dnsperf -s 127.0.0.1 -p "$port" -d "$D/names" -l "$seconds" -c 4 -q 80 > "$D/perf" 2>&1
	after=$(ticks "$@")
	awk -v name="$name" -v ticks=$((after - before)) -v per="$(getconf CLK_TCK)" \
		-v resident="$(awk '/VmRSS/ { print $2 }' "/proc/$1/status")" '
		/Queries completed/ { n = $3 } /Queries lost/ { lost = $3 } /Queries per second/ { rate = $4 }
		END { printf "  %-9s %7d q/s %8d q/cpu-s  lost %d  resident %d kB\n", name, rate, n * per / ticks, lost, resident }' "$D/perf"
}

# One question at a time, in fifteen turns; the middle one of their medians, and of their 99th percentiles.
delays() { # NAMES
	local turn
	rm -f "$D"/delay-*
	for ((turn = 0; turn < 15; turn++)); do
		$others "$D/dns-ask" 10.99.0.1 5353 "$1" 1000 >> "$D/delay-direct"
		$others "$D/dns-ask" 127.0.0.1 5300 "$1" 1000 >> "$D/delay-dnsmasq"
		$others "$D/dns-ask" 127.0.0.1 10053 "$1" 1000 >> "$D/delay-guard"
	done
	for name in direct dnsmasq guard; do
		printf '  %-9s median %s us, p99 %s us\n' $name "$(cut -d' ' -f1 "$D/delay-$name" | sort -n | sed -n 8p)" \
			"$(cut -d' ' -f2 "$D/delay-$name" | sort -n | sed -n 8p)"
	done
}

measure() { # WHAT TTL NAMES DNSMASQ'S OPTIONS...
	local what=$1 ttl=$2 names=$3 first second dnsmasq box init before=$PIDS
	shift 3
	for ((i = 0; i < names; i++)); do echo "host$i.example.com A"; done > "$D/names"
	$server "$D/dns-answer" 10.99.0.1 "$ttl" &
	PIDS+=" $!" first=$!
	# dnsmasq's own questions, and the direct ones, must not be led to the guard
	$server "$D/dns-answer" 10.99.0.1 "$ttl" 0 5353 &
	PIDS+=" $!" second=$!
	$mine dnsmasq -k -C /dev/null --no-resolv --no-hosts --server=10.99.0.1#5353 --port=5300 --listen-address=127.0.0.1 \
		--bind-interfaces --user=root --dns-forward-max=1000 --pid-file= "$@" 2> /dev/null &
	PIDS+=" $!" dnsmasq=$!
	PARA_NETWORK_ISOLATION=true PARA_ALLOWED_DOMAINS='*.example.com' $mine unshare --pid --fork --kill-child --mount --mount-proc \
		--propagation private -- sh -c 'mount --bind "$1" /etc/resolv.conf; exec "$2" -- sleep 3600' sh "$D/resolv.conf" \
		build/secure-init > "$D/out" 2>&1 &
	PIDS+=" $!" box=$!
	sleep 2
	init=$(pgrep -P $box) || { cat "$D/out" >&2; exit 1; }
	echo "$what"
	for _ in 1 2; do
		load dnsmasq 5300 $dnsmasq
		# shellcheck disable=SC2046
		load guard 10053 $(pgrep -P "$init" guard-resolver) $(pgrep -P "$init" guard-warden)
	done
	printf '  the warden: resident %d kB; its set has %d entries\n' \
		"$(awk '/VmRSS/ { print $2 }' "/proc/$(pgrep -P "$init" guard-warden)/status")" "$(ipset list -t allowed-domains | awk '/entries/ { print $4 }')"
	delays "$names"
	kill -KILL $first $second $dnsmasq $box # unshare does not heed SIGTERM
	wait $first $second $dnsmasq $box 2> /dev/null || true
	nft flush ruleset
	PIDS=$before
}

measure cached 3600 1000 --cache-size=10000
measure forwarded 0 10000 --cache-size=0 --ipset=/example.com/learnt
