# Docker with userns-remap: what is root in a container is an ordinary user of the machine.
bats_require_minimum_version 1.5.0
DOCKER_IMAGES=busybox-agent
DOCKER_OPTIONS="--userns-remap remap"
load common
load engines

# The user of that name, for us alone: the mount namespace is the tests'.
overlay_of() { # FILE LINE
	local name=${1##*/}
	{ cat "$1"; echo "$2"; } > "$LAB/$name"
	mount --bind "$LAB/$name" "$1"
}

engines_machine() {
	[ -e /etc/subuid ] && [ -e /etc/subgid ] || { export ENGINE_CANNOT="no /etc/subuid here"; return; }
	overlay_of /etc/passwd remap:x:299999:299999::/:/bin/false
	overlay_of /etc/group remap:x:299999:
	overlay_of /etc/subuid remap:300000:65536
	overlay_of /etc/subgid remap:300000:65536
	# its own user must be able to reach the store
	export DOCKER_ROOT=$LAB/remap
}

teardown_file() {
	engines_teardown
	umount /etc/passwd /etc/group /etc/subuid /etc/subgid 2> /dev/null || true
}

uid_of() { sed -n 's/^Uid:.\([0-9]*\).*/\1/p' "/proc/$1/status"; }

@test "with USER in the image, by its file capabilities" {
	start box --cap-add NET_ADMIN -e PARA_ALLOWED_DOMAINS=$ALLOW localhost/busybox-agent sleep 1000
	[ "$(uid_of "$(agent_of box)")" = 301000 ]
	assert_closed box
	assert_policy box
	powerless "$(agent_of box)"
}

@test "as root, with PARA_RUN_AS" {
	start box --cap-add NET_ADMIN --user root -e PARA_RUN_AS=1000 -e PARA_ALLOWED_DOMAINS=$ALLOW localhost/busybox-agent sleep 1000
	[ "$(uid_of "$(agent_of box)")" = 301000 ]
	assert_closed box
	assert_policy box
	powerless "$(agent_of box)"
}

@test "the agent's attempts, here too" {
	start box --cap-add NET_ADMIN -e PARA_ALLOWED_DOMAINS=$ALLOW localhost/busybox-agent sleep 1000
	local before
	before=$(rules box)
	run docker exec box /usr/local/sbin/secure-init setup
	assert_status 102
	[ "$(rules box)" = "$before" ]
}
