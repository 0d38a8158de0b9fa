# The same images in podman, whose habits differ: it hands added capabilities to users that are not root.
bats_require_minimum_version 1.5.0
ENGINE=podman
load common
load engines

LAB_OPTIONS+=(--network podman)

@test "with USER in the image: closed, and the agent has nothing of the capability that podman hands it" {
	# it does hand it over
	run podman run --rm --cap-add NET_ADMIN --entrypoint grep localhost/para-agent CapAmb /proc/self/status
	assert_says "0000000000001000"
	start box --cap-add NET_ADMIN -e PARA_ALLOWED_DOMAINS=$ALLOW localhost/para-agent sleep infinity
	assert_closed box
	assert_policy box
	powerless "$(agent_of box)"
}

@test "as root with PARA_RUN_AS, and with --user alone" {
	start box --cap-add NET_ADMIN -e PARA_ALLOWED_DOMAINS=$ALLOW localhost/debian-root sleep 1000
	assert_closed box
	powerless "$(agent_of box)"
	grep -q "^Uid:.1000.1000.1000.1000" "/proc/$(agent_of box)/status"
	start other --cap-add NET_ADMIN --user 4242 -e PARA_ALLOWED_DOMAINS=$ALLOW localhost/debian-user sleep 1000
	assert_closed other
	powerless "$(agent_of other)"
	grep -q "^Uid:.4242.4242.4242.4242" "/proc/$(agent_of other)/status"
}

@test "what comes in by podman exec is given NET_ADMIN, whoever it is: the reason to use a pod" {
	start box --cap-add NET_ADMIN -e PARA_ALLOWED_DOMAINS=$ALLOW localhost/para-agent sleep infinity
	run podman exec box grep CapEff /proc/self/status
	[[ $output == *0000000000001000* ]] || skip "this podman no longer does so: $output"
	# the tables have an owner, the sets cannot have one; once more if the guard has just looked, and put it back
	opened() { podman exec box ipset -exist add allowed-domains $BLOCKED && reach box tcp $BLOCKED 443 open; }
	lab_wait_for opened
}

@test "podman stop, and podman restart: closed again" {
	start box --cap-add NET_ADMIN -e PARA_ALLOWED_DOMAINS=$ALLOW localhost/para-agent sleep infinity
	podman restart -t 60 box
	started box
	assert_closed box
	assert_policy box
	podman stop -t 60 box
	[ "$(podman inspect -f '{{.State.ExitCode}}' box)" = 143 ]
}

@test "the health check" {
	start box --cap-add NET_ADMIN -e PARA_ALLOWED_DOMAINS=$ALLOW localhost/para-agent sleep infinity
	podman healthcheck run box
	# once more if the guard has put it back in between
	unhealthy() { outside box ipset -exist add allowed-domains 192.0.2.0/24 && ! podman healthcheck run box; }
	lab_wait_for unhealthy
}

@test "--network host in the machine's own network, with isolation: refused (with no capability, so that nothing can happen)" {
	[ -n "${INITIAL_NETNS:-}" ] || skip "the test runner hands over no descriptor of it"
	CAGE= run nsenter --net="$INITIAL_NETNS" -- /usr/bin/podman --root "$ENGINES/podman" --runroot "$PODMAN_RUN" --storage-driver overlay \
		--tmpdir "$PODMAN_RUN/tmp" run --rm --network host --cap-drop ALL -e PARA_ALLOWED_DOMAINS= localhost/para-agent echo AGENT-RAN
	assert_refused 102
	assert_says "this is the host's own network"
	assert_says "--network host"
}

@test "podman's --init by mistake: refused" {
	run podman run --rm "${LAB_OPTIONS[@]}" --init --init-path "$(command -v tini-static || command -v tini)" --cap-add NET_ADMIN -e PARA_ALLOWED_DOMAINS= localhost/para-agent echo AGENT-RAN
	assert_refused 102
	assert_says "--init"
}
