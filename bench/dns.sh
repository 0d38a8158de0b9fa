#!/bin/bash
# dns.sh [SECONDS]: the guard's resolver beside dnsmasq, both in front of one name server (bench/dns-answer.c), in a
# namespace of their own. Each has one core (the resolver shares it with the pretended warden, whose time counts), that of
# all others is the second. Twice in turns; figures:
#
#   cached      1,000 names that both know already
#   forwarded   20,000 names with a TTL of 0; dnsmasq puts each address into an ipset (--ipset), the resolver tells the
#               (pretended) warden of it and waits for its word
#
# q/s is what the load reached (dnsperf), q/cpu-s questions for each second of processor time of the server itself.
set -eu
cd "$(dirname "$0")/.."
seconds=${1:-5}
if [ "${2:-}" != --inside ]; then
	make -s build/resolver-lab
	exec unshare --net --mount --propagation private -- "$0" "$seconds" --inside
fi
[ ! -e /proc/sys/net/core/netdev_max_backlog ] || { echo "dns.sh: still in the machine's own network" >&2; exit 1; }
D=$(mktemp -d)
gcc -O2 -D_GNU_SOURCE -o "$D/dns-answer" bench/dns-answer.c
gcc -O2 -D_GNU_SOURCE -o "$D/dns-ask" bench/dns-ask.c
ip link set lo up
ip addr add 10.99.0.1/32 dev lo
echo nameserver 10.99.0.1 > "$D/resolv.conf"
ipset create learnt hash:ip timeout 3600 maxelem 1000000
mine="taskset 1" others="taskset 2"
PIDS=
trap 'kill $PIDS 2> /dev/null; wait 2> /dev/null; rm -rf "$D"' EXIT

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
		$others "$D/dns-ask" 10.99.0.1 53 "$1" 1000 >> "$D/delay-direct"
		$others "$D/dns-ask" 127.0.0.1 5300 "$1" 1000 >> "$D/delay-dnsmasq"
		$others "$D/dns-ask" 127.0.0.1 10053 "$1" 1000 >> "$D/delay-resolver"
	done
	for name in direct dnsmasq resolver; do
		printf '  %-9s median %s us, p99 %s us\n' $name "$(cut -d' ' -f1 "$D/delay-$name" | sort -n | sed -n 8p)" \
			"$(cut -d' ' -f2 "$D/delay-$name" | sort -n | sed -n 8p)"
	done
}

measure() { # WHAT TTL NAMES DNSMASQ'S OPTIONS...
	local what=$1 ttl=$2 names=$3 first before=$PIDS lab
	shift 3
	for ((i = 0; i < names; i++)); do echo "host$i.example.com A"; done > "$D/names"
	$others "$D/dns-answer" 10.99.0.1 "$ttl" &
	PIDS+=" $!" first=$!
	$mine dnsmasq -k -C /dev/null --no-resolv --no-hosts --server=10.99.0.1 --port=5300 --listen-address=127.0.0.1 \
		--bind-interfaces --user=root --dns-forward-max=1000 --pid-file= "$@" 2> /dev/null &
	PIDS+=" $!" dnsmasq=$!
	rm -f "$D/in"
	mkfifo "$D/in"
	exec 7<> "$D/in"
	$mine build/resolver-lab --quiet "$D/resolv.conf" '*.example.com' < "$D/in" > "$D/out" 2>&1 &
	PIDS+=" $!" lab=$!
	sleep 1
	echo "$what"
	for round in 1 2; do
		load dnsmasq 5300 $dnsmasq
		load resolver 10053 "$(pgrep -P $lab)" $lab
	done
	delays "$names"
	kill $first $dnsmasq $lab
	wait $first $dnsmasq $lab 2> /dev/null || true
	PIDS=$before
}

measure cached 3600 1000 --cache-size=10000
measure forwarded 0 20000 --cache-size=0 --ipset=/example.com/learnt
