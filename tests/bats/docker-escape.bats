# What the agent tries as para, and what comes in by docker exec: the rules before and after are the same, as a reader
# outside of the container sees them.
bats_require_minimum_version 1.5.0
DOCKER_IMAGES="para-agent"
load common
load engines

setup() {
	engines_begin
	start para-s --cap-add NET_ADMIN --cap-add NET_RAW -e PARA_ALLOWED_DOMAINS=$ALLOW ${START_OPTIONS:-} localhost/para-agent sleep infinity
	before=$(rules para-s)
	[[ $before == *allowed-domains* ]]
}

# unchanged: the rules, and what they do
unchanged() {
	[ "$(rules para-s)" = "$before" ] || { diff <(echo "$before") <(rules para-s); return 1; }
	assert_policy para-s
}

# as_para [OPTION...] COMMAND...: what the agent runs
as_para() {
	docker exec "${OPTIONS[@]}" para-s "$@" 2>&1
}
OPTIONS=()

# refused COMMAND...: it fails, as para, whatever it says
refused() {
	run as_para "$@"
	[ "$status" -ne 0 ] || { echo "'$*' succeeded: $output"; return 1; }
}

INIT=/usr/local/sbin/secure-init

@test "docker exec as para has the container's whole bounding set, and no capability" {
	run as_para grep ^Cap /proc/self/status
	assert_says "CapPrm:	0000000000000000"
	assert_says "CapEff:	0000000000000000"
	assert_says "CapAmb:	0000000000000000"
	# NET_ADMIN is bit 12: this is what the file's capabilities are to be kept from
	local bounding
	bounding=$(sed -n 's/^CapBnd:.//p' <<< "$output")
	[ $((0x$bounding >> 12 & 1)) = 1 ]
}

@test "secure-init again, in every way: nothing changes, and nobody gets a capability by it" {
	local variable
	for variable in PARA_ALLOWED_DOMAINS=0.0.0.0/1,128.0.0.0/1 PARA_ALLOWED_DOMAINS= PARA_NETWORK_ISOLATION=true; do
		OPTIONS=(-e "$variable")
		refused $INIT -- true
		refused $INIT setup
		refused $INIT --user 0 -- true
		refused /usr/local/bin/secure-entrypoint.sh true
		as_para $INIT --check -- true > /dev/null
		as_para /usr/local/bin/init-firewall.sh > /dev/null || true
		as_para $INIT explain 8.8.8.8 > /dev/null || true
		as_para $INIT test true > /dev/null || true
		# it reads the rules back where it has NET_ADMIN: it has not
		run as_para $INIT status
		refute_says "the rules "
	done
	unchanged
	# without isolation it runs, since it changes nothing, but its child has nothing of the file's capabilities
	OPTIONS=(-e PARA_NETWORK_ISOLATION=false -e PARA_ALLOWED_DOMAINS= -e PARA_PRIVILEGES=keep)
	run as_para $INIT -s -- grep -E '^Cap(Inh|Prm|Eff|Amb)' /proc/self/status
	assert_status 0
	[ "$(grep -c 0000000000000000 <<< "$output")" = 4 ] || { echo "$output"; return 1; }
	OPTIONS=(-e PARA_NETWORK_ISOLATION=false -e PARA_ALLOWED_DOMAINS= -e PARA_PRIVILEGES=keep)
	refused $INIT -s -- iptables -F
	refused $INIT -s -- ipset add allowed-domains 8.8.8.8
	unchanged
}

@test "where process 1 is another program: the file's capabilities serve nobody who comes in later" {
	docker run -d --name plain --cap-add NET_ADMIN --entrypoint sleep localhost/para-agent 1000
	local nothing
	nothing=$(rules plain)
	run docker exec -e PARA_ALLOWED_DOMAINS= plain $INIT setup
	assert_status 102
	run docker exec -e PARA_ALLOWED_DOMAINS= plain /usr/local/bin/init-firewall.sh
	[ "$status" -ne 0 ]
	run docker exec -e PARA_ALLOWED_DOMAINS= plain $INIT -- true
	assert_status 102
	[ "$(rules plain)" = "$nothing" ]
}

@test "secure-init under another name, with no name, as a copy, as a link, from a script, with descriptors closed" {
	run as_para bash -c "
		cp $INIT /tmp/copy && /tmp/copy setup
		ln $INIT /tmp/link && /tmp/link setup
		ln -s $INIT /tmp/init-firewall.sh && PARA_ALLOWED_DOMAINS= /tmp/init-firewall.sh
		(exec -a init-firewall.sh $INIT)
		(exec -a '' $INIT setup)
		$INIT setup 0<&- 1>&- 2>&-
		(ulimit -n 3; exec $INIT setup)
		(ulimit -u 1; exec $INIT setup) # exec: bash would try to fork for 15 s
		(ulimit -f 0; exec $INIT setup)
		echo '#!$INIT setup' > /tmp/script && chmod +x /tmp/script && /tmp/script
		python3 -c 'import os; os.execv(\"$INIT\", [\"\"])'
		true"
	unchanged
	refute_says "Network isolation is enabled"
}

@test "secure-init with LD_PRELOAD and its like: a static program with privileges reads none of it" {
	cat > "$LAB/preload.c" <<-'C'
		#include <unistd.h>
		__attribute__((constructor)) static void loaded(void) { write(2, "PRELOADED\n", 10); }
	C
	gcc -shared -fPIC -w -o "$LAB/preload.so" "$LAB/preload.c"
	docker cp "$LAB/preload.so" para-s:/workspace/preload.so
	# it is a library that loads, where one can be loaded
	OPTIONS=(-e LD_PRELOAD=/workspace/preload.so)
	run as_para true
	assert_says PRELOADED
	local variable
	for variable in LD_PRELOAD LD_AUDIT; do
		OPTIONS=(-e "$variable=/workspace/preload.so")
		run as_para $INIT setup
		refute_says PRELOADED
		[ "$status" -ne 0 ]
	done
	OPTIONS=(-e LD_LIBRARY_PATH=/workspace -e MALLOC_TRACE=/tmp/trace -e SSL_CERT_FILE=/etc/sudoers.d/para)
	refused $INIT setup
	unchanged
}

@test "sudo lists, and does nothing else" {
	local command
	for command in "iptables -L -n" "iptables -S" "ip6tables -L -n" "ip6tables -S" "ipset list"; do
		run as_para sudo -n $command
		assert_status 0
		assert_says allowed-domains
	done
	for command in "iptables -F" "iptables -P OUTPUT ACCEPT" "iptables -L -n -Z" "iptables -I OUTPUT -j ACCEPT" "iptables -S -Z" "iptables" \
		"iptables -L -n --modprobe=/tmp/x" "ip6tables -F" "ipset add allowed-domains 8.8.8.8" "ipset destroy" "ipset list -file /tmp/x" \
		"iptables-restore" "nft flush ruleset" "ip link" "$INIT setup" "$INIT status" "sh" "-s" "-i" "-u#-1 sh" "-g root sh" "-e /etc/sudoers" "-R / sh"; do
		refused sudo -n $command
	done
	# an environment of para's own does not reach it
	OPTIONS=(-e XTABLES_LIBDIR=/tmp -e LD_PRELOAD=/workspace/preload.so)
	run as_para sudo -n iptables -S
	assert_status 0
	refused sudo -n --preserve-env=XTABLES_LIBDIR iptables -S
	refused sudo -n XTABLES_LIBDIR=/tmp iptables -S
	run as_para sudo -n -l
	refute_says ALL
	unchanged
}

@test "the firewall's own programs, without sudo: not for para" {
	local command
	for command in "iptables -F" "iptables -t nat -F" "ip6tables -P OUTPUT ACCEPT" "ipset flush" "ip link set eth0 down" "ip route flush default"; do
		refused $command
	done
	# and no other setuid program, nor one with file capabilities, could be asked
	run as_para sh -c 'find / -xdev -perm /6000 -type f 2> /dev/null'
	[ "$output" = /usr/bin/sudo ] || { echo "$output"; return 1; }
	run as_para sh -c 'getcap -r / 2> /dev/null'
	[ "$output" = "$INIT cap_setgid,cap_setuid,cap_setpcap,cap_net_admin=p" ] || { echo "$output"; return 1; }
	unchanged
}

@test "process 1 cannot be looked into, traced, stopped or killed by para" {
	refused cat /proc/1/environ
	refused cat /proc/1/mem
	refused ls -l /proc/1/fd
	refused python3 -c 'import ctypes; r = ctypes.CDLL(None).ptrace(16, 1, 0, 0); raise SystemExit(0 if r == 0 else 1)'
	as_para sh -c 'kill -STOP 1; kill -KILL 1; true'
	sleep 0.2
	# it waits, or works for a moment; what is stopped stays so
	local pid
	pid=$(docker inspect -f '{{.State.Pid}}' para-s)
	lab_wait_for grep -q "^State:	S" "/proc/$pid/status"
	unchanged
}

@test "in a user namespace of its own: not to be had in Docker's seccomp; and where it is, it changes nothing outside of it" {
	refused unshare --user --map-root-user --net true
	docker rm -f para-s
	start para-s --security-opt seccomp=unconfined --cap-add NET_ADMIN -e PARA_ALLOWED_DOMAINS=$ALLOW localhost/para-agent sleep infinity
	before=$(rules para-s)
	run as_para unshare --user --map-root-user id -u
	[ "$status" -eq 0 ] || skip "this kernel has no user namespaces for para: $output"
	run as_para unshare --user --map-root-user $INIT setup
	refute_says "Network isolation is enabled"
	run as_para unshare --user --map-root-user --pid --fork --mount-proc $INIT -- iptables -F
	[ "$status" -ne 0 ]
	run as_para unshare --user --map-root-user --pid --fork --mount-proc $INIT setup
	[ "$status" -ne 0 ]
	run as_para unshare --user --map-root-user --pid --fork --mount-proc --net $INIT setup
	run as_para unshare --user --map-root-user iptables -F
	[ "$status" -ne 0 ]
	# its own privileges, in a namespace of process ids that is new, without a new network
	run as_para unshare --user --map-current-user --pid --fork --mount-proc $INIT setup
	[ "$status" -ne 0 ]
	unchanged
}

@test "no-new-privileges: refused, naming what works instead; and that works" {
	run -102 docker run --rm --cap-add NET_ADMIN --security-opt no-new-privileges -e PARA_ALLOWED_DOMAINS= localhost/para-agent echo AGENT-RAN
	assert_refused 102
	assert_says "no-new-privileges"
	assert_says "--user root -e PARA_RUN_AS=1000"
	start other --cap-add NET_ADMIN --security-opt no-new-privileges --user root -e PARA_RUN_AS=1000 -e PARA_ALLOWED_DOMAINS=$ALLOW localhost/para-agent sleep infinity
	assert_closed other
	assert_policy other
	powerless "$(agent_of other)"
	grep -q "^Uid:.1000.1000.1000.1000" "/proc/$(agent_of other)/status"
	grep -q "^Uid:.1000" "/proc/$(docker inspect -f '{{.State.Pid}}' other)/status"
}

@test "a root that comes in by docker exec -u root cannot change the tables, where the kernel knows owners" {
	[[ $before == *"flags owner"* ]] || skip "tables of this kernel have no owner (before Linux 6.9)"
	run docker exec -u root para-s iptables -F
	[ "$status" -ne 0 ]
	run docker exec -u root para-s $INIT setup
	[ "$status" -ne 0 ]
	unchanged
}
