# One network, several containers: one of them, with NET_ADMIN, closes it by `secure-init setup` and ends; the agent's
# container has no capability from the start.
bats_require_minimum_version 1.5.0
ENGINE=podman
load common
load engines

# the manifest of examples/, its images replaced by ours; VALUE for the list of names
manifest() {
	sed -e 's|image: secure-init|image: localhost/secure-init:latest|; s|image: node-agent|image: localhost/node-agent:latest|' \
		-e "s|value: api.anthropic.com.*|value: '$1'|" "$BATS_TEST_DIRNAME/../../examples/kubernetes/agent.yaml"
}

# the agent's container is not made by start, so the probe has to be brought
bring_probe() {
	podman cp "$TRY" "$1:/try"
}

# The agent's command, once it has looked. Podman gives its container no child of ours to look for.
agent_runs() {
	[ "$(podman inspect -f '{{.State.Running}}' agent-agent 2> /dev/null)" = true ] &&
		[ "$(cat "/proc/$(podman inspect -f '{{.State.Pid}}' agent-agent)/comm")" = sleep ]
}

# pod_closed: what ALLOW means, from inside of the agent's container and from outside
pod_closed() {
	lab_wait_for agent_runs || { podman logs agent-agent; return 1; }
	bring_probe agent-agent
	assert_closed agent-agent
	assert_policy agent-agent
	run cat "/proc/$(podman inspect -f '{{.State.Pid}}' agent-agent)/status"
	[ "$(grep -c -E '^Cap(Inh|Prm|Eff|Bnd|Amb):.0000000000000000$' <<< "$output")" = 5 ] || { echo "$output"; return 1; }
	assert_says "NoNewPrivs:	1"
	assert_says "Uid:	1000"
}

@test "examples/kubernetes: the init container closes the pod, the agent's has no capability, also by exec" {
	manifest $ALLOW > "$LAB/agent.yaml"
	podman kube play --network podman "$LAB/agent.yaml"
	pod_closed
	run podman exec agent-agent grep -E '^Cap(Inh|Prm|Eff|Bnd|Amb):.0000000000000000$' /proc/self/status
	[ "$(wc -l <<< "$output")" = 5 ] || { echo "$output"; return 1; }
	# nothing is left of the init container, and nobody owns the tables now; it is the capabilities that protect them
	run podman exec --user 0 agent-agent grep CapEff /proc/self/status
	assert_says "0000000000000000"
}

@test "the pod comes up closed when it is started again" {
	manifest $ALLOW > "$LAB/agent.yaml"
	podman kube play --network podman "$LAB/agent.yaml"
	podman pod stop -t 0 agent
	podman pod start agent
	pod_closed
}

@test "podman pod restart gives it a new network and runs no init container: the agent does not start in it" {
	manifest $ALLOW > "$LAB/agent.yaml"
	podman kube play --network podman "$LAB/agent.yaml"
	lab_wait_for agent_runs
	podman pod stop -t 0 agent
	podman pod restart agent
	run podman wait agent-agent
	# either it is closed or there is no agent
	if agent_runs; then pod_closed; else [ "$output" = 1 ]; fi
	run podman logs agent-agent
	assert_says "OPEN: a packet to 192.0.2.1"
}

@test "a set-up that fails: the agent does not start" {
	manifest no-such-name.lab > "$LAB/agent.yaml"
	run podman kube play --network podman "$LAB/agent.yaml"
	run ! agent_runs
}

@test "the manifest asks for no more than it says" {
	manifest $ALLOW > "$LAB/agent.yaml"
	# without the one capability it cannot do it, so it is needed
	sed -i 's/add: \["NET_ADMIN"\]/add: []/' "$LAB/agent.yaml"
	run podman kube play --network podman "$LAB/agent.yaml"
	run ! agent_runs
	run podman logs agent-close-network
	assert_says "CAP_NET_ADMIN is missing"
}
