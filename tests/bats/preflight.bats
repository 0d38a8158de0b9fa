# The checks before anything is changed (step 2).
bats_require_minimum_version 1.5.0
load common

agent=(echo AGENT-RAN)

setup() {
	common_setup
	lab_clean
}

untouched() {
	[ -z "$(in_cage nft list ruleset)" ] || { in_cage nft list ruleset; return 1; }
	[ -z "$(in_cage ipset list -n)" ]
}

@test "without NET_ADMIN: refused, naming the flag that gives it" {
	CAGE_CAPS=$DOCKER_CAPS run caged "${agent[@]}"
	assert_refused 102
	assert_says "CAP_NET_ADMIN is missing"
	assert_says "--cap-add NET_ADMIN"
	untouched
}

@test "without what the drop needs: refused, naming it" {
	CAGE_CAPS=+net_admin run caged "${agent[@]}"
	assert_refused 102
	assert_says "CAP_SETPCAP is missing"
	assert_says "--cap-add SETPCAP"
	PARA_RUN_AS=nobody CAGE_CAPS=+net_admin,+setpcap run caged "${agent[@]}"
	assert_refused 102
	assert_says "CAP_SETUID is missing"
	PARA_RUN_AS=nobody CAGE_CAPS=+net_admin,+setpcap,+setuid run caged "${agent[@]}"
	assert_refused 102
	assert_says "CAP_SETGID is missing"
	untouched
}

@test "NET_ADMIN, SETPCAP for the drop, and SETUID and SETGID for the guard's users are enough" {
	CAGE_CAPS=+net_admin,+setpcap,+setuid,+setgid run caged "${agent[@]}"
	assert_status 0
	assert_says AGENT-RAN
	PARA_GUARD=off CAGE_CAPS=+net_admin,+setpcap run caged "${agent[@]}"
	assert_status 0
	assert_says AGENT-RAN
	local missing
	for missing in setuid setgid; do
		CAGE_CAPS=+net_admin,+setpcap,$([ $missing = setuid ] && echo +setgid || echo +setuid) run caged "${agent[@]}"
		assert_refused 102
		assert_says "CAP_${missing^^} is missing"
		assert_says "PARA_GUARD=off"
	done
}

@test "the agent is none of the guard's users" {
	local user
	for user in 65501 65502; do
		PARA_RUN_AS=$user run caged "${agent[@]}"
		assert_refused 101
		assert_says "the agent's user is $user, which is the guard's"
		PARA_GUARD=off PARA_RUN_AS=$user run caged "${agent[@]}"
		assert_status 0
	done
}

@test "not PID 1: refused" {
	run cage sh -c '"$@"; exit $?' sh "$SECURE_INIT" -- "${agent[@]}"
	assert_refused 102
	assert_says "is process"
}

@test "the host's own network: refused, whichever of its sysctls is left to see" {
	local file
	for file in netdev_max_backlog dev_weight; do
		CAGE_SETUP="mount -t tmpfs none /proc/sys/net/core && touch /proc/sys/net/core/somaxconn /proc/sys/net/core/$file" \
			run caged "${agent[@]}"
		assert_refused 102
		assert_says "this is the host's own network"
		assert_says "leave out --network host"
	done
	untouched
}

@test "in the machine's real first network namespace: refused (with no capability, so that nothing can happen)" {
	[ -n "${INITIAL_NETNS:-}" ] || skip "the test runner hands over no descriptor of it"
	run nsenter --net="$INITIAL_NETNS" unshare --pid --fork --kill-child --mount-proc \
		setpriv --bounding-set -all --inh-caps -all -- "$SECURE_INIT" -- "${agent[@]}"
	assert_refused 102
	assert_says "this is the host's own network"
}

@test "/proc/sys not to be seen: refused, since the host's network could not be told" {
	CAGE_SETUP="mount -t tmpfs none /proc/sys" run caged "${agent[@]}"
	assert_refused 102
	assert_says "mount /proc"
}

@test "a kernel without netfilter's netlink (gVisor): refused in words" {
	run nsenter --net="/run/netns/$CAGE" strace -f -qq -o /dev/null -e trace=socket -e inject=socket:error=EPROTONOSUPPORT \
		unshare --pid --fork --kill-child --mount --mount-proc -- "$SECURE_INIT" -- "${agent[@]}"
	assert_refused 103
	assert_says "the kernel has no netfilter to talk to"
}

@test "a command that cannot be found is found out only after the network is closed" {
	run -127 caged /no/such/agent
	assert_status 127
	assert_says "the agent's command was not found: '/no/such/agent'"
	run -126 caged /etc/passwd
	assert_status 126
	assert_says "could not be run: '/etc/passwd': Permission denied"
}

@test "an image whose user is the guard's: refused, whoever the agent is" {
	local uid
	for uid in 65501 65502; do
		PARA_RUN_AS=1000 run cage setpriv --reuid $uid --regid $uid --clear-groups \
			--inh-caps +net_admin,+setuid,+setgid,+setpcap --ambient-caps +net_admin,+setuid,+setgid,+setpcap \
			"$SECURE_INIT" -- echo AGENT-RAN
		assert_refused 101
		assert_says "is $uid, which is the guard's"
	done
}
