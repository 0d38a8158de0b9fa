# datapath.sh: what the firewall costs the packets: no firewall, secure-init's, and that of a shell script with the same
# sets, side by side.
#
#   unshare --net --mount bash bench/datapath.sh > table.md        (as root; about three minutes)
#
# BENCH_ROUNDS   turns of each measurement (default 7)
# BENCH_SECONDS  seconds of each run of iperf3 (default 2)
# BENCH_SIZES    elements of the set (default "10 10000 100000")
# BENCH_RAW      a file that keeps the single results
#
# Three containers' networks stand at the same time, each beside a world of its own, and take turns at every
# measurement, so that a busy moment of the machine meets them all; the table gives medians. What is measured runs
# beside process 1 in the container's network, and goes to an address that only the set allows.

set -euo pipefail

PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$HERE/../tests/lab/lab.bash"

ROUNDS=${BENCH_ROUNDS:-7}
SECONDS_EACH=${BENCH_SECONDS:-2}
SIZES=${BENCH_SIZES:-10 10000 100000}
BIN=$ROOT/build/bench
VARIANTS="open secure-init shell"
CONNECTIONS=3000 QUESTIONS=10000 # of one measurement
PORT=7000 IPERF_PORT=5201
DATAGRAM=64 # bytes, of iperf3's UDP: packets are counted, not bytes
# So many of a list are in the policy file; the rest is put into the live set afterwards, by ipset.
FILE_MAX=5000
# What a script's set must be told, or it ends at 65,536.
SHELL_MAXELEM=262144

say() {
	echo "bench: $*" >&2
}

# --- three containers -----------------------------------------------------------------------------------------------

declare -A LABS CAGES WORLDS

up() { # VARIANT
	lab_up
	LABS[$1]=$LAB CAGES[$1]=$CAGE WORLDS[$1]=$WORLD
	ip netns exec "$WORLD" "$BIN/flow" serve "$EXAMPLE" $PORT > "$LAB/flow.log" 2>&1 3>&- &
	echo $! > "$LAB/flow.pid"
	ip netns exec "$WORLD" iperf3 -s --forceflush -B "$EXAMPLE" -p $IPERF_PORT > "$LAB/iperf.log" 2>&1 3>&- &
	echo $! > "$LAB/iperf.pid"
	lab_wait_for grep -q ready "$LAB/flow.log"
	lab_wait_for grep -q listening "$LAB/iperf.log"
}

use() { # VARIANT: what the lab's functions work on from now on
	LAB=${LABS[$1]} CAGE=${CAGES[$1]} WORLD=${WORLDS[$1]}
}

down() {
	local variant
	set +e
	for variant in "${!LABS[@]}"; do
		use "$variant"
		end_agent
		lab_stop flow
		lab_stop iperf
		lab_down
	done
}

# --- the firewalls --------------------------------------------------------------------------------------------------

# lists SIZE: as many elements, that do not join: of ten, seven addresses and one network each of /30, /26 and /22.
lists() {
	python3 - "$1" $FILE_MAX "$EXAMPLE" "${LABS[secure-init]}" <<- 'EOF'
		import ipaddress, json, sys
		size, most, target, lab = int(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:]
		lengths = [32, 32, 30, 32, 32, 26, 32, 32, 22, 32]
		elements, at = [target], int(ipaddress.ip_address("11.0.0.0"))
		for i in range(size - 1):
		    length = lengths[i % len(lengths)]
		    step = 1 << (32 - length)
		    at = (at + step - 1) // step * step
		    elements.append(f"{ipaddress.ip_address(at)}/{length}" if length < 32 else str(ipaddress.ip_address(at)))
		    at += 2 * step
		json.dump({"version": 1, "allow": elements[:most]}, open(f"{lab}/policy.json", "w"))
		with open(f"{lab}/rest", "w") as rest:
		    rest.writelines(f"add allowed-domains {element}\n" for element in elements[most:])
	EOF
}

# secure-init as process 1 with an agent that sleeps
start_secure_init() {
	local tries
	use secure-init
	: > "$LAB/out.log"
	# a policy is taken only from where nobody else can write
	CAGE_SETUP="mount -t tmpfs -o mode=755 none /mnt && cp '$LAB/policy.json' /mnt/ && mount -o remount,ro /mnt" SSL_CERT_FILE=$CA/ca.pem \
		PARA_POLICY=/mnt/policy.json cage "$SECURE_INIT" -- sleep infinity >> "$LAB/out.log" 2>&1 3>&- &
	AGENT=$!
	for ((tries = 0; tries < 500; tries++)); do
		grep -q 'Network isolation is enabled' "$LAB/out.log" && in_cage ipset restore < "$LAB/rest" && return
		[ -e "/proc/$AGENT" ] || break
		sleep 0.02
	done
	say "secure-init did not start:"
	cat "$LAB/out.log" >&2
	exit 1
}

# the processes of these names in the container of secure-init
named() { # REGEX
	local pid
	use secure-init
	for pid in $(ip netns pids "$CAGE"); do
		grep -qxE "$1" "/proc/$pid/comm" 2> /dev/null && echo "$pid" || true
	done
}

end_agent() {
	[ -n "${AGENT:-}" ] || return 0
	# process 1 takes the others with it
	named secure-init | xargs -r kill
	wait "$AGENT" 2> /dev/null || true
	AGENT=
}

# The rules of bench/baseline-batch.sh, by its own function, and the members of secure-init's set.
start_shell() {
	use secure-init
	in_cage ipset save allowed-domains | sed -n 's/^add allowed-domains \([^ ]*\).*/add allowed-domains \1/p' > "${LABS[shell]}/members"
	use shell
	in_cage ipset restore <<- EOF
		create allowed-domains hash:net maxelem $SHELL_MAXELEM
		create allowed-domains6 hash:net family inet6
	EOF
	in_cage ipset restore < "$LAB/members"
	cage bash -c "set -euo pipefail; $(sed -n '/^rules() {/,/^}/p' "$HERE/baseline-batch.sh")
		rules 4 | iptables-restore
		rules 6 | ip6tables-restore"
}

clean() {
	local variant
	end_agent
	for variant in $VARIANTS; do
		use "$variant"
		lab_clean
	done
}

# --- measuring ------------------------------------------------------------------------------------------------------

# An allowed peer is reached, and one that is not allowed is not: else the figures would be of another firewall.
check() { # VARIANT
	use "$1"
	in_cage "$TRY" tcp "$EXAMPLE" $PORT | grep -q open ||
		{ say "$1: the allowed peer is not reached"; exit 1; }
	[ "$1" = open ] || ! in_cage "$TRY" tcp "$BLOCKED" 80 | grep -q open ||
		{ say "$1: the network is open"; exit 1; }
}

iperf() { # FIELD OPTION...: that field of the end's sum
	in_cage iperf3 -c "$EXAMPLE" -p $IPERF_PORT -t "$SECONDS_EACH" -J "${@:2}" > "$LAB/iperf.json"
	python3 -c 'import json, sys
end = json.load(open(sys.argv[1]))["end"]
if sys.argv[2] == "tcp": print(round(end["sum_received"]["bits_per_second"]))
else: print(round((end["sum"]["packets"] - end["sum"]["lost_packets"]) / end["sum"]["seconds"]))' "$LAB/iperf.json" "$1"
}

# One measurement, as a line of the results.
once() { # WHAT
	case $1 in
	tcp) iperf tcp ;;
	udp) iperf udp -u -b 0 -l $DATAGRAM ;;
	connect) in_cage "$BIN/flow" tcp "$EXAMPLE" $PORT $CONNECTIONS ;;
	ask) in_cage "$BIN/flow" udp "$EXAMPLE" $PORT $QUESTIONS ;;
	esac
}

# Of every variant, in an order that moves on with the turns.
turn() { # ROUND WHAT
	local variant result order=($VARIANTS $VARIANTS)
	for variant in "${order[@]:$(($1 % 3)):3}"; do
		use "$variant"
		result=$(once "$2")
		echo "$2 $SIZE $variant $result" >> "$RAW"
	done
}

# What the sets hold of the kernel's memory, and secure-init's processes of their own.
memory() {
	local set pid
	for variant in secure-init shell; do
		use "$variant"
		for set in $(in_cage ipset list -n); do
			in_cage ipset list -t "$set" | awk -v variant="$variant" -v size="$SIZE" '
				/^Name:/ { name = $2 } /^Size in memory:/ { bytes = $4 } /^Number of entries:/ { n = $4 }
				END { print "set", size, variant, name, n, bytes }'
		done
		in_cage iptables -S | awk -v variant="$variant" -v size="$SIZE" '/^-A/ { n++ } END { print "rules", size, variant, n }'
	done >> "$RAW"
	for pid in $(named 'secure-init|guard-.*'); do
		awk -v size="$SIZE" '/^Rss:|^Pss:/ { kb[$1] = $2 } END { print "process", size, kb["Rss:"], kb["Pss:"] }' "/proc/$pid/smaps_rollup"
	done >> "$RAW"
}

measure_size() {
	local round what
	SIZE=$1
	say "$SIZE elements"
	lists "$SIZE"
	start_secure_init
	start_shell
	for variant in $VARIANTS; do check "$variant"; done
	memory
	for ((round = 0; round < ROUNDS; round++)); do
		for what in tcp udp connect ask; do turn "$round" $what; done
	done
	clean
}

lab_guard
for tool in cc iptables ipset iperf3 python3 setpriv; do
	command -v $tool > /dev/null || { say "$tool is missing; deps/install test bench"; exit 1; }
done
[ -x "$SECURE_INIT" ] || { say "no secure-init yet: make"; exit 1; }
mkdir -p "$BIN"
cc -std=c11 -D_GNU_SOURCE -O2 -static -Wall -Wextra -Wconversion -Wshadow -Werror -o "$BIN/flow" "$HERE/flow.c"
AGENT=
trap down EXIT
trap 'exit 1' HUP INT TERM
for variant in $VARIANTS; do up "$variant"; done
RAW=${LABS[open]}/raw
: > "$RAW"
# the results speak of one binary, even if another is built meanwhile
cp "$SECURE_INIT" "${LABS[open]}/secure-init"
SECURE_INIT=${LABS[open]}/secure-init
for size in $SIZES; do measure_size "$size"; done
[ -z "${BENCH_RAW:-}" ] || cp "$RAW" "$BENCH_RAW"
python3 "$HERE/datapath.py" "$RAW"
