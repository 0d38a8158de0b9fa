# Attacks that use up what there is, and images that lie: after each the firewall holds, as the world counts it, and the guard
# lives, or there is no DNS.
bats_require_minimum_version 1.5.0
load common
source "$BATS_TEST_DIRNAME/../attacks/attacks.bash"

setup_file() {
	set -a
	lab_up
	attacks_up
	set +a
	# a wildcard's names, each of an address of its own
	sed 's/^host-record=v4.lab.*/&\nsynth-domain=wild.lab,44.128.0.0\/16/' "$LAB_SOURCE/dnsmasq.conf" > "$LAB/wild.conf"
	lab_dns "$LAB/wild.conf"
	export CONTROL=secure-init-attacks-$$
}

teardown_file() {
	attacks_down
	lab_down
	rmdir /sys/fs/cgroup/{memory,pids}/"$CONTROL" /sys/fs/cgroup/"$CONTROL" 2> /dev/null || true
}

setup() {
	common_setup
	lab_clean
	FIRST='' CONTAINER_JOB=''
}

teardown() {
	container_end
}

# limited FILE VALUE: a cgroup with this limit, of either version; the set-up's words that enter it are in ENTER
limited() {
	local group=/sys/fs/cgroup/${1%%.*}/$CONTROL
	if [ ! -d "${group%/*}" ]; then
		group=/sys/fs/cgroup/$CONTROL
		echo "+memory +pids" > /sys/fs/cgroup/cgroup.subtree_control 2> /dev/null || true
	fi
	mkdir -p "$group" 2> /dev/null && [ -w "$group/cgroup.procs" ] || skip "no cgroup can be made here"
	if [ "$1" = memory.max ] && [ -e "$group/memory.limit_in_bytes" ]; then
		echo "$2" > "$group/memory.limit_in_bytes"
	else
		echo "$2" > "$group/$1"
	fi
	ENTER="echo 0 > $group/cgroup.procs"
}

# as_agent NAME...: by docker exec, but in the container's cgroup, where the agent is
as_agent() {
	local group
	for group in /sys/fs/cgroup/memory/$CONTROL /sys/fs/cgroup/pids/$CONTROL /sys/fs/cgroup/$CONTROL; do
		! grep -q "$FIRST" "$group/cgroup.procs" 2> /dev/null || break
	done
	timeout 150 sh -c 'echo 0 > "$1"; shift; exec "$@"' - "$group/cgroup.procs" nsenter -t "$FIRST" --mount --pid --net --uts --ipc -- \
		setpriv --reuid 1000 --regid 1000 --clear-groups --inh-caps=-all --bounding-set=-all -- python3 "$ATTACKS/attack.py" "$@" 2>&1
}

guard_lives() {
	local pid comm
	for pid in $(ip netns pids "$CAGE"); do
		{ read -r comm < "/proc/$pid/comm"; } 2> /dev/null && [ "$comm" = guard-resolver ] && return
	done
	return 1
}

# the_firewall_holds: whatever else; and either the guard answers, or nobody
the_firewall_holds() {
	run entered -- python3 "$ATTACKS/attack.py" connect connect-ipv6 sendto dns-over-tls
	[ "$output" = $'connect EHOSTUNREACH\nconnect-ipv6 ECONNREFUSED\nsendto EPERM\ndns-over-tls EHOSTUNREACH' ] || { echo "$output"; return 1; }
	# whom nobody can answer need not wait long
	PATIENCE=$(guard_lives && echo 15 || echo 2) run entered -- python3 "$ATTACKS/attack.py" dns-in-options dns-blocked-server
	local guard=$'dns-in-options answered\ndns-blocked-server REFUSED' nobody=$'dns-in-options silence\ndns-blocked-server silence'
	[ "$output" = "$guard" ] || { [ "${1:-}" != alive ] && [ "$output" = "$nobody" ]; } || { echo "$output"; return 1; }
	echo "# ${BATS_TEST_DESCRIPTION%%:*}: $([ "$output" = "$guard" ] && echo the guard answers || echo no DNS)" >&3
	nothing_escaped
}

@test "as many connections as conntrack holds: what is new is refused, not let through" {
	policy strict
	container
	# what is filled first is still there at the end, however long that takes
	in_cage sysctl -qw net.netfilter.nf_conntrack_udp_timeout=600
	# the world need not look at each of them
	ip netns exec "$WORLD" nft insert rule netdev oracle in ip daddr $ANTHROPIC udp dport 1024-65535 drop
	run entered -- python3 "$ATTACKS/attack.py" fill-conntrack connect sendto
	[ "${lines[1]} ${lines[2]}" = "connect EHOSTUNREACH sendto EPERM" ] || { echo "$output"; return 1; }
	[ "$(in_cage cat /proc/sys/net/netfilter/nf_conntrack_count)" -ge 100000 ]
	nothing_escaped
	# what fills it goes by itself; the test does not wait so long
	in_cage conntrack -F 2> /dev/null || in_cage nft flush ruleset
	in_cage sysctl -qw net.netfilter.nf_conntrack_udp_timeout=30
}

@test "thousands of names below a wildcard, each with an address: the sets are as large as they may be, and no larger" {
	policy strict
	export PARA_ALLOWED_DOMAINS=api.anthropic.com,*.wild.lab:443
	container
	run entered -- python3 "$ATTACKS/attack.py" fill-sets
	assert_status 0
	local answered=${output#fill-sets }
	[ "$answered" -ge 1000 ] || { echo "$output"; return 1; }
	# each that was answered is in a set, twice (TCP, UDP)
	local held
	held=$(in_cage ipset list allowed-ports | sed -n 's/^Number of entries: //p')
	echo "# $answered names answered, $held elements" >&3
	[ "$held" -le $((2 * 16384)) ]
	the_firewall_holds alive
}

@test "memory" {
	limited memory.max 160M
	policy strict
	container "$ENTER"
	run as_agent exhaust-memory
	[ "$output" = "exhaust-memory survived" ] || [ "$status" -ge 128 ] || { echo "$output"; return 1; }
	if [ -e "/proc/$FIRST" ]; then the_firewall_holds; else nothing_escaped; fi
}

@test "processes" {
	limited pids.max 60
	policy strict
	container "$ENTER"
	run as_agent exhaust-processes
	[ "$output" = "exhaust-processes EAGAIN+EHOSTUNREACH" ] || { echo "$output"; return 1; }
	the_firewall_holds alive
}

@test "the guard's descriptors and places" {
	policy strict
	container
	run entered -- python3 "$ATTACKS/attack.py" exhaust-descriptors
	[ "$output" = "exhaust-descriptors answered+EHOSTUNREACH" ] || { echo "$output"; return 1; }
	the_firewall_holds alive
}

@test "more refused packets than anybody can write down" {
	policy strict
	export PARA_AUDIT=stderr
	container
	local begun=$EPOCHSECONDS
	run entered -- python3 "$ATTACKS/attack.py" flood-record
	[ "$output" = "flood-record EPERM" ] || { echo "$output"; return 1; }
	# bounded, however many there were: a hundred lines, and five a second
	[ "$(wc -c < "$LAB/container")" -le $((100000 + 2000 * (EPOCHSECONDS - begun))) ]
	the_firewall_holds alive
}

# hostile: an /etc that lies in every file that a program may ask, in the place of the image's own
hostile() {
	cp -a /etc "$LAB/etc"
	{
		echo "agent:x:0:0::/:/bin/sh"
		echo "root:x:1000:1000::/:/bin/sh"
		printf '%080000d:x:0:0::/:\n' 0
		cat /etc/passwd
	} > "$LAB/etc/passwd"
	printf 'root:x:0:root,agent,nobody\n%s' "$(cat /etc/group)" > "$LAB/etc/group"
	printf 'passwd: evil\nhosts: evil\n' > "$LAB/etc/nsswitch.conf"
	echo "$TOOLS/preload.so" > "$LAB/etc/ld.so.preload"
	seq -f 'nameserver 198.51.100.%g' 100 > "$LAB/etc/hundred"
	seq -f '198.51.100.1 host%g.lab' 20000 > "$LAB/etc/many-hosts"
	echo "$BLOCKED registry.npmjs.org" >> "$LAB/etc/many-hosts"
	ln -sf "$LAB/etc/passwd" "$LAB/etc/gai.conf"
	mkdir "$LAB/etc/path"
	for program in iptables ip ipset nft sh env modprobe ip6tables; do
		printf '#!/bin/sh\necho HOSTILE-PROGRAM >&2\n' > "$LAB/etc/path/$program"
	done
	chmod 755 "$LAB/etc/path"/*
}

@test "an image whose files lie: passwd, group, nsswitch, ld.so.preload, PATH, locale, certificates" {
	hostile
	policy strict
	PARA_LOG_LEVEL=info
	oracle strict
	# root in its passwd is uid 1000, and agent is uid 0: the one is refused, and the other as well
	local setup='mount --bind "$LAB/etc" /etc; mount --bind "$LAB/resolv.conf" /etc/resolv.conf'
	PARA_RUN_AS=agent CAGE_SETUP=$setup run caged echo AGENT-RAN
	assert_refused 101
	# the agent's own libc reads all of it; secure-init does not
	setup+="; export PATH=$LAB/etc/path:$PATH LOCPATH=$TOOLS LANG=../../evil LC_ALL=xx_XX.evil GCONV_PATH=$TOOLS CURL_CA_BUNDLE=/etc/passwd HOSTALIASES=/etc/passwd"
	setup+="; export LOCALDOMAIN=evil.lab RES_OPTIONS='ndots:15 attempts:9 use-vc' MALLOC_TRACE=/etc/passwd TZ=:/etc/passwd LD_PRELOAD=$TOOLS/preload.so LD_AUDIT=$TOOLS/preload.so"
	PARA_RUN_AS=1000 CAGE_SETUP=$setup run cage "$SECURE_INIT" -- /usr/bin/python3 "$ATTACKS/attack.py" connect sendto dns dns-in-options setuid-program
	assert_status 0
	assert_says "PRELOADED by python3"
	refute_says "PRELOADED by secure-init"
	refute_says HOSTILE-PROGRAM
	assert_says "connect EHOSTUNREACH"
	assert_says "sendto EPERM"
	assert_says "dns REFUSED"
	assert_says "dns-in-options answered"
	assert_says "proved: IPv4 to 192.0.2.1 was refused, by our rule"
	nothing_escaped
}

@test "an image with a hundred name servers, and hosts that name the allowed name" {
	[ -d "$LAB/etc" ] || hostile
	policy strict
	oracle strict
	# the first three, as for the libc, and these do not answer: no start
	local seconds
	for seconds in 2 20; do
		PARA_SETUP_TIMEOUT=$seconds CAGE_RESOLV=$LAB/etc/hundred run caged echo AGENT-RAN
		assert_status 109
		refute_says AGENT-RAN
		run ip netns exec "$WORLD" nft list set netdev oracle places
		# in two seconds a busy machine may not come to ask
		[[ $output != *"198.51.100.1 . udp . 53"* ]] || break
		lab_clean
	done
	assert_says "198.51.100.1 . udp . 53"
	refute_says "198.51.100.4 "
	lab_clean
	oracle strict
	# hosts belongs to whoever starts the container (--add-host), and says where the allowed name is
	PARA_RUN_AS=1000 PARA_LOG_LEVEL=info CAGE_SETUP='mount --bind "$LAB/etc/many-hosts" /etc/hosts' run caged python3 "$ATTACKS/attack.py" connect dns
	assert_status 0
	assert_says "connect EHOSTUNREACH"
	nothing_escaped
}
