#!/bin/bash
# containers.sh: what secure-init costs in a real Docker. Prints Markdown.
#
#   bench/containers.sh     (as root; four minutes; makes namespaces of its own)
#
#   start   from the exec of `docker run` to the agent's first instruction, with secure-init and without; medians of
#           BENCH_RUNS (20), the cases taking turns; on a fast line and on one with 25 ms each way
#   check   para's: create, start, half a second, `printenv` and `sudo iptables -L -n`; BENCH_CHECKS (100) times on the slow line
#   size    what an image grows by
set -euo pipefail

if [ "${1:-}" != --inside ]; then
	"$(dirname "$0")/../tests/engines/images"
	exec unshare --net --mount --propagation private -- "$0" --inside
fi
mkdir -p /run/netns
mount -t tmpfs none /run/netns
ip link set lo up

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$HERE/../tests/lab/lab.bash"
source "$HERE/../tests/engines/engines.bash"
RUNS=${BENCH_RUNS:-20}
CHECKS=${BENCH_CHECKS:-100}
SLOW_MS=25
BIN=$ROOT/build/bench
IMAGE=localhost/para-agent

say() {
	echo "bench: $*" >&2
}

for reason in cannot failed; do
	[ ! -f "$ROOT/build/engines/$reason" ] || { say "$(cat "$ROOT/build/engines/$reason")"; exit 1; }
done
mkdir -p "$BIN"
for name in stamp delay; do
	cc -std=c11 -D_GNU_SOURCE -O2 -static -Wall -Wextra -Werror -o "$BIN/$name" "$HERE/$name.c"
done

finish() {
	set +e
	docker_down
	umount "$PODMAN_RUN"
	lab_stop delay
	lab_down
}
lab_guard
lab_up
engines_podman_config "$LAB/podman"
trap finish EXIT
docker_up
docker_images para-agent busybox busybox-agent
mkdir -m 777 "$LAB/marks"
chmod 755 "$LAB"
OPTIONS=(-v "$LAB/marks:/marks" -v "$BIN/stamp:/stamp:ro" -v "$CA:/lab-ca:ro" -e SSL_CERT_FILE=/lab-ca/ca.pem --cap-add NET_ADMIN)

# slow_line MS: in place of the veth, a line that takes so long each way. The neighbours are known from the beginning, as
# in a container whose gateway is next door and the delay behind it.
slow_line() {
	local of to
	ip -n "$CAGE" link del eth0
	"$BIN/delay" "$CAGE" "$WORLD" "$1" > "$LAB/delay.log" &
	echo $! > "$LAB/delay.pid"
	lab_wait_for grep -q ready "$LAB/delay.log"
	ip -n "$WORLD" addr add "$GATEWAY/16" dev eth0
	ip -n "$WORLD" -6 addr add "$GATEWAY6/64" dev eth0 nodad
	ip -n "$WORLD" link set eth0 up
	lab_cage_network
	of=$(ip -n "$CAGE" -o link show eth0 | sed 's/.*ether \([^ ]*\).*/\1/')
	to=$(ip -n "$WORLD" -o link show eth0 | sed 's/.*ether \([^ ]*\).*/\1/')
	ip -n "$CAGE" neigh replace "$GATEWAY" lladdr "$to" nud permanent dev eth0
	ip -n "$CAGE" -6 neigh replace "$GATEWAY6" lladdr "$to" nud permanent dev eth0
	ip -n "$WORLD" neigh replace 172.17.0.2 lladdr "$of" nud permanent dev eth0
	ip -n "$WORLD" -6 neigh replace fd17::2 lladdr "$of" nud permanent dev eth0
	ip -n "$WORLD" -6 route replace "$BRIDGE6_NET" via fd17::2
}

CASES=(without off two four)
declare -A WHAT=(
	[without]="without secure-init"
	[off]="with it, isolation off"
	[two]="isolation on, 2 names"
	[four]="isolation on, the 4 default names with GitHub's ranges"
)

# run_case CASE: one `docker run`, its marks left behind
run_case() {
	local options=("${OPTIONS[@]}") command=(/stamp agent /marks/marks)
	case $1 in
	without) options+=(--entrypoint /stamp) command=(agent /marks/marks) ;;
	off) options+=(-e PARA_NETWORK_ISOLATION=false) ;;
	two) options+=(-e PARA_ALLOWED_DOMAINS=api.anthropic.com,registry.npmjs.org) ;;
	four) options+=(-e PARA_NETWORK_ISOLATION=true) ;;
	esac
	: > "$LAB/marks/marks"
	chmod 666 "$LAB/marks/marks"
	DOCKER_HOST=unix://$LAB/docker.sock DOCKER_CONFIG=$LAB/docker-config "$BIN/stamp" start "$LAB/marks/marks" \
		/usr/bin/docker run --rm "${options[@]}" $IMAGE "${command[@]}" > "$LAB/out" 2>&1 || { cat "$LAB/out" >&2; return 1; }
}

# measure MS: all cases in turn; one line of the raw results a run
measure() {
	local run case
	say "docker run, ${1} ms"
	for case in "${CASES[@]}"; do run_case "$case"; done # warms the caches
	for ((run = 0; run < RUNS; run++)); do
		for case in "${CASES[@]}"; do
			run_case "$case"
			awk -v ms="$1" -v case="$case" '$1 == "start" { start = $2 } $1 == "agent" { print ms, case, ($2 - start) / 1e6 }' "$LAB/marks/marks" >> "$LAB/raw"
		done
	done
}

median() { # MS CASE
	awk -v ms="$1" -v case="$2" '$1 == ms && $2 == case { print $3 }' "$LAB/raw" | sort -n |
		awk '{ v[NR] = $1 } END { printf "%.0f", NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}

# checks N PAUSE: how often para finds what it looks for, so long after `docker start` has come back
checks() {
	local run passed=0
	for ((run = 0; run < $1; run++)); do
		docker create --name para-s -w /workspace --cap-add NET_ADMIN --cap-add NET_RAW -v "$CA:/lab-ca:ro" -e SSL_CERT_FILE=/lab-ca/ca.pem \
			-e PARA_NETWORK_ISOLATION=true -e PARA_ALLOWED_DOMAINS=api.anthropic.com,github.com,api.github.com,registry.npmjs.org \
			$IMAGE sleep infinity > /dev/null
		docker start para-s > /dev/null
		sleep "$2"
		[ "$(docker exec para-s printenv PARA_NETWORK_ISOLATION)" != true ] ||
			! docker exec para-s sudo iptables -L -n 2> /dev/null | grep -q -e allowed-domains -e match-set || passed=$((passed + 1))
		docker rm -f para-s > /dev/null
	done
	echo "$passed of $1"
}

size() { # IMAGE
	docker image inspect -f '{{.Size}}' "localhost/$1"
}

: > "$LAB/raw"
measure 0
slow_line $SLOW_MS
measure $SLOW_MS
say "para's check"
check="para's check passed $(checks "$CHECKS" 0.5) times, half a second after \`docker start\` on the line with $SLOW_MS ms each way; with no pause at all, $(checks $((CHECKS / 5 + 1)) 0)"

echo "Docker $(docker version -f '{{.Server.Version}}'), $(nproc) CPUs, Linux $(uname -r). From the exec of \`docker run\` to the agent's first instruction; medians of $RUNS."
echo
echo "| | 0 ms | $SLOW_MS ms each way |"
echo "| --- | ---: | ---: |"
for case in "${CASES[@]}"; do
	echo "| ${WHAT[$case]} | $(median 0 "$case") ms | $(median $SLOW_MS "$case") ms |"
done
echo
echo "- $check."
echo "- An image grows by $(($(size busybox-agent) - $(size busybox))) bytes ($(size busybox) to $(size busybox-agent))."
