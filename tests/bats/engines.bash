# Shared by the tests in real engines: one engine a file, and what they look at from outside of the containers.
#
# A file says before it loads this: ENGINE, if it is podman; DOCKER_IMAGES, the images that it needs in docker;
# DOCKER_OPTIONS, options for dockerd. And, after it, what the machine must have first, as engines_machine.
source "$BATS_TEST_DIRNAME/../engines/engines.bash"

setup_file() { engines_setup; }

engines_setup() {
	engines_need
	[ -z "${ENGINE_CANNOT:-}" ] || return 0
	set -a
	lab_up
	chmod 755 "$LAB"
	engines_podman_config "$LAB/podman"
	set +a
	! declare -F engines_machine > /dev/null || engines_machine
	[ -z "${ENGINE_CANNOT:-}" ] || return 0
	# shellcheck disable=SC2086
	engine_up ${DOCKER_OPTIONS:-} || {
		export ENGINE_CANNOT="dockerd does not run here: $(tail -n 1 "$LAB/dockerd.log")"
		return 0
	}
	# shellcheck disable=SC2086
	[ -z "${DOCKER_IMAGES:-}" ] || docker_images $DOCKER_IMAGES
}

teardown_file() { engines_teardown; }

engines_teardown() {
	[ -n "${LAB:-}" ] || return 0
	engine_down
	umount "$PODMAN_RUN"
	lab_down
}

setup() { engines_begin; }

engines_begin() {
	[ -z "${ENGINE_CANNOT:-}" ] || skip "$ENGINE_CANNOT"
	common_setup
	engine_empty
}

engine_up() { ${ENGINE:-docker}_up "$@"; }
engine_empty() { ${ENGINE:-docker}_empty; }
engine_down() { ${ENGINE:-docker}_down; }

# Where GitHub's ranges are fetched, the lab's CA has to be trusted. And the probe, for images that have nothing else.
LAB_OPTIONS=(-v "$CA:/lab-ca:ro" -e SSL_CERT_FILE=/lab-ca/ca.pem -v "$TRY:/try:ro")
# A policy: one name on all ports, one on one.
ALLOW=api.anthropic.com,registry.npmjs.org:443

# start NAME OPTION... IMAGE COMMAND...: a container in the background, until its agent runs.
start() {
	local name=$1
	shift
	engine run -d --name "$name" "${LAB_OPTIONS[@]}" "$@" > /dev/null
	started "$name"
}

started() { # NAME
	local pid
	pid=$(engine inspect -f '{{.State.Pid}}' "$1")
	[ "$pid" != 0 ] && lab_wait_for agent_below "$pid" || { engine logs "$1"; return 1; }
}

# agent_of NAME: the machine's pid of the agent.
agent_of() {
	local pid
	pid=$(engine inspect -f '{{.State.Pid}}' "$1") && [ "$pid" != 0 ] && agent_below "$pid"
}

# agent_below PID: process 1's child that is not of secure-init itself.
agent_below() {
	local children child
	read -r children < "/proc/$1/task/$1/children" || [ -n "$children" ] || return
	for child in $children; do
		[ ! -e "/proc/$child/exe" ] || [ "/proc/$child/exe" -ef "/proc/$1/exe" ] || { echo "$child"; return; }
	done
	return 1
}

# rules NAME: all that decides in the container's network namespace, read from outside, without counters.
rules() {
	outside "$1" sh -c 'nft -s list ruleset; for s in iptables ip6tables; do $s-save | grep -v "^#" | sed "s/ \[.*//"; done; ipset save | sed "s/ timeout [1-9][0-9]*//" | sort'
}

# assert_closed NAME: as an outside reader sees it: all policies DROP, and the allowed ones by the sets alone.
assert_closed() {
	run outside "$1" sh -c 'iptables -S; ip6tables -S; ipset list -n'
	local chain
	for chain in INPUT FORWARD OUTPUT; do
		[ "$(grep -c "^-P $chain DROP" <<< "$output")" = 2 ] || { echo "$chain is not closed: $output"; return 1; }
	done
	assert_says "--match-set allowed-domains dst"
	assert_says "--match-set allowed-domains6 dst"
}

# tries NAME WANTED PROTO ADDRESS PORT...: what somebody in the container sees, who came in by docker exec. Silence where a
# word is wanted is no answer yet: a slow echo, or a refusal that the kernel's limit of ICMP errors keeps back.
tries() {
	local tries
	for ((tries = 0; tries < 10; tries++)); do
		run engine exec "$1" /try "${@:3}"
		[[ $output == *ETIMEDOUT* && $2 != *ETIMEDOUT* ]] || break
	done
	[ "$output" = "$2" ]
}

# reach NAME PROTO ADDRESS PORT WANTED
reach() {
	tries "$1" "$5" "$2" "$3" "$4" || { echo "$2 $3 $4 is $output instead of $5"; return 1; }
}

# assert_policy NAME: what ALLOW means, tried
assert_policy() {
	tries "$1" $'open\nopen\nEHOSTUNREACH\nEHOSTUNREACH\nEPERM' \
		tcp $ANTHROPIC 8443 tcp $NPM 443 tcp $NPM 8443 tcp $BLOCKED 443 udp $BLOCKED 443 || { echo "$output"; return 1; }
}

# powerless PID: no capability at all, and no way to get any
powerless() {
	local status
	status=$(cat "/proc/$1/status")
	[ "$(grep -c -E '^Cap(Inh|Prm|Eff|Bnd|Amb):.0000000000000000$' <<< "$status")" = 5 ] &&
		grep -q '^NoNewPrivs:.1$' <<< "$status" || { echo "$status"; return 1; }
}
