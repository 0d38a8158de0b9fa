# How the attacks are run in the lab: the world that they aim at, the policies, and the ways in which an agent comes to be
# in a container. Sourced by the bats files after common.bash.
ATTACKS=$ROOT/tests/attacks
source "$ATTACKS/oracle.bash"

# attacks_up: after lab_up. Exported by whoever calls it under `set -a`.
attacks_up() {
	local address
	export BLOCKED BLOCKED6 ANTHROPIC ANTHROPIC6 GATEWAY GATEWAY6 SECURE_INIT
	chmod 755 "$LAB"
	OUTSIDE=$LAB/outside SCRATCH=$LAB/scratch TOOLS=$LAB/tools
	mkdir -m 755 "$OUTSIDE" "$TOOLS"
	mkdir -m 1777 "$SCRATCH"
	gcc -w -o "$TOOLS/plain" "$ATTACKS/power.c"
	gcc -w -shared -fPIC -o "$TOOLS/preload.so" "$ATTACKS/preload.c"
	cp "$TOOLS/plain" "$TOOLS/setuid" && chmod 4755 "$TOOLS/setuid"
	cp "$TOOLS/plain" "$TOOLS/capable" && setcap cap_net_admin,cap_net_raw+ep "$TOOLS/capable"
	for address in ${METADATA//,/ } ${METADATA6//,/ }; do
		if [[ $address == *:* ]]; then
			ip -n "$WORLD" -6 addr add "$address" dev lo nodad
		else
			ip -n "$WORLD" addr add "$address" dev lo
		fi
	done
	ip -n "$WORLD" -6 addr add 2001:db8:bad::1/64 dev eth0 nodad
	# milliseconds between the reports of a group that is left: all are out while the firewall still stands
	in_cage sysctl -q net.ipv4.conf.eth0.igmpv3_unsolicited_report_interval=10
	lab_wait_for sh -c "ip -n $WORLD -6 -brief addr show dev eth0 -tentative scope link | grep -q fe80"
	LINK_LOCAL=$(ip -n "$WORLD" -6 -brief addr show dev eth0 scope link | grep -o 'fe80[^/]*')
	nsenter --net="/run/netns/$WORLD" python3 "$ATTACKS/world.py" "$OUTSIDE" $BLOCKED $BLOCKED6 $ANTHROPIC $GATEWAY > "$LAB/world.log" 2>&1 3>&- &
	echo $! > "$LAB/attacked.pid"
	lab_wait_for grep -q ready "$LAB/world.log" || cat "$LAB/world.log"
}

attacks_down() {
	[ -z "${LAB:-}" ] || lab_stop attacked
}

# policy NAME: default, strict, blocklist or none, by the environment
policy() {
	say_nothing
	export PARA_NETWORK_ISOLATION=true PARA_AUDIT=off PARA_LOG_LEVEL=error
	case $1 in
	default) export PARA_ALLOWED_DOMAINS=api.anthropic.com ;;
	strict) export PARA_ALLOWED_DOMAINS=api.anthropic.com PARA_PROFILE=strict ;;
	blocklist) export PARA_NETWORK_MODE=blocklist PARA_BLOCKED_DOMAINS=$BLOCKED,$BLOCKED6 ;;
	none) export PARA_NETWORK_MODE=none ;;
	esac
	POLICY=$1
}

# What a container has that the cage has not: hosts and resolv.conf of its own, Docker's two sysctls; and a device for tunnels
# that anybody may open. And what an attack of before may have changed.
CONTAINER='cp /etc/hosts "$LAB/hosts.own"; cp /etc/resolv.conf "$LAB/resolv.own"
	mount --bind "$LAB/hosts.own" /etc/hosts; mount --bind "$LAB/resolv.own" /etc/resolv.conf
	if [ -e /dev/net/tun ]; then rm -f "$LAB/tun"; mknod -m 666 "$LAB/tun" c 10 200; mount --bind "$LAB/tun" /dev/net/tun; fi
	sysctl -qw net.ipv4.ping_group_range="0 2147483647" net.ipv4.ip_unprivileged_port_start=0
	sysctl -qw net.ipv4.conf.all.route_localnet=0 net.ipv4.conf.eth0.route_localnet=0 net.ipv4.ip_forward=0'

# inside COMMAND...: secure-init as process 1 of a container, the command as its agent, which waits until the oracle counts.
# What the runtime leaves open is there. AS is the agent's user, root if nothing is said.
inside() {
	local job
	rm -f "$OUTSIDE/started" "$OUTSIDE/go" "$SCRATCH/started"
	PARA_RUN_AS=${AS:-0} CAGE_SETUP="$CONTAINER; ${CAGE_SETUP:-}" CAGE_UNDER="python3 $ATTACKS/runtime.py" \
		caged sh -c 'touch "$SCRATCH/started"; while [ ! -e "$OUTSIDE/go" ]; do sleep 0.1; done; exec "$@"' - "$@" > "$LAB/said" 2>&1 3>&- < /dev/null &
	job=$!
	lab_wait_for test -e "$SCRATCH/started" || { cat "$LAB/said"; return 1; }
	oracle "$POLICY"
	touch "$OUTSIDE/go"
	wait $job || { cat "$LAB/said"; return 1; }
}

# container [SETUP]: one in the background, whose agent of uid 1000 sleeps; FIRST is the machine's pid of its process 1
container() {
	rm -f "$SCRATCH/started"
	PARA_RUN_AS=${AS:-1000} CAGE_SETUP="$CONTAINER; ${1:-}" caged sh -c 'touch "$SCRATCH/started"; exec sleep 600' > "$LAB/container" 2>&1 3>&- < /dev/null &
	CONTAINER_JOB=$!
	oracle "$POLICY"
	lab_wait_for test -e "$SCRATCH/started" || { cat "$LAB/container"; return 1; }
	FIRST=$CONTAINER_JOB
	until grep -q '^NSpid:.*[[:space:]]1$' "/proc/$FIRST/status"; do FIRST=$(pgrep -P "$FIRST" | head -1); done
}

container_end() {
	[ -z "${FIRST:-}" ] || kill -KILL "$FIRST" 2> /dev/null || true
	[ -z "${CONTAINER_JOB:-}" ] || wait "$CONTAINER_JOB" 2> /dev/null || true
	FIRST='' CONTAINER_JOB=''
	forget_sockets
}

# What the kernel would go on sending of sockets whose holders are gone, and the next policy not allow: TCP's, and that a group
# is left.
forget_sockets() {
	in_cage ss -K -t state all > /dev/null 2>&1 || true
	sleep 0.2
}

# entered [SETPRIV-OPTION...] -- COMMAND...: `docker exec`: as uid 1000, all of the container's capabilities in the bounding
# set and none in effect, no seccomp of ours, no no_new_privs.
entered() {
	local options=()
	while [ "$1" != -- ]; do options+=("$1") && shift; done
	shift
	[ ${#options[@]} -gt 0 ] || options=(--reuid 1000 --regid 1000 --clear-groups --inh-caps=-all --bounding-set="-all,$DOCKER_CAPS,+net_admin")
	nsenter -t "$FIRST" --mount --pid --net --uts --ipc -- \
		setpriv "${options[@]}" -- "$@"
}

# as_expected HOW POLICY: of the outcomes in LAB/said
as_expected() {
	python3 -B "$ATTACKS/judge.py" "$@" < "$LAB/said"
}
