# Docker's own options beside secure-init: docs/containers.md has the table; each line of it is a test here.
bats_require_minimum_version 1.5.0
DOCKER_IMAGES="para-agent busybox-agent debian-root"
load common
load engines

# refused_with STATUS OPTION... IMAGE: it does not start
refused_with() {
	local wanted=$1
	shift
	run docker run --rm "${LAB_OPTIONS[@]}" -e PARA_ALLOWED_DOMAINS=$ALLOW "$@" echo AGENT-RAN
	assert_refused "$wanted"
}

# good NAME: closed as ALLOW says, and the agent has no power
good() {
	assert_closed "$1"
	assert_policy "$1"
	powerless "$(agent_of "$1")"
}

uid_of() { sed -n 's/^Uid:.\([0-9]*\).*/\1/p' "/proc/$1/status"; }
process_1() { docker inspect -f '{{.State.Pid}}' "$1"; }

@test "--read-only" {
	start box --cap-add NET_ADMIN --read-only -e PARA_ALLOWED_DOMAINS=$ALLOW localhost/para-agent sleep infinity
	good box
	run ! docker exec box touch /workspace/x
}

@test "--cap-drop ALL: NET_ADMIN and SETPCAP are enough with USER in the image and without the guard, which wants two more" {
	start box --cap-drop ALL --cap-add NET_ADMIN --cap-add SETPCAP -e PARA_GUARD=off -e PARA_ALLOWED_DOMAINS=$ALLOW localhost/para-agent sleep infinity
	good box
	docker_empty
	refused_with 102 --cap-drop ALL --cap-add NET_ADMIN --cap-add SETPCAP localhost/para-agent
	assert_says "--cap-add SETUID"
	assert_says "PARA_GUARD=off"
	start box --cap-drop ALL --cap-add NET_ADMIN --cap-add SETPCAP --cap-add SETUID --cap-add SETGID -e PARA_ALLOWED_DOMAINS=$ALLOW localhost/para-agent sleep infinity
	good box
	refused_with 102 --cap-drop ALL --cap-add NET_ADMIN localhost/para-agent
	assert_says "--cap-add SETPCAP"
	refused_with 102 --cap-drop ALL localhost/para-agent
	assert_says "--cap-add NET_ADMIN"
}

@test "--cap-drop ALL: as root with PARA_RUN_AS, SETUID and SETGID too" {
	start box --cap-drop ALL --cap-add NET_ADMIN --cap-add SETPCAP --cap-add SETUID --cap-add SETGID -e PARA_ALLOWED_DOMAINS=$ALLOW localhost/debian-root sleep infinity
	good box
	[ "$(uid_of "$(agent_of box)")" = 1000 ]
	refused_with 102 --cap-drop ALL --cap-add NET_ADMIN --cap-add SETPCAP localhost/debian-root
	assert_says "--cap-add SETUID"
	refused_with 102 --cap-drop ALL --cap-add NET_ADMIN --cap-add SETPCAP --cap-add SETUID localhost/debian-root
	assert_says "--cap-add SETGID"
}

@test "--user: any other, root, and one that the image does not know" {
	local user
	for user in 1000:1000 4242 root; do
		docker_empty
		start box --cap-add NET_ADMIN --user $user -e PARA_ALLOWED_DOMAINS=$ALLOW localhost/para-agent sleep infinity
		good box
		[ "$(uid_of "$(agent_of box)")" = "$(docker exec box id -u)" ]
	done
	# as root with PARA_RUN_AS the agent is whoever that is
	docker_empty
	start box --cap-add NET_ADMIN --user root -e PARA_RUN_AS=para -e PARA_ALLOWED_DOMAINS=$ALLOW localhost/para-agent sleep infinity
	good box
	[ "$(uid_of "$(agent_of box)")" = 1000 ]
	[ "$(uid_of "$(process_1 box)")" = 1000 ]
}

@test "--init by mistake: refused, since another one is process 1 then" {
	refused_with 102 --init --cap-add NET_ADMIN localhost/para-agent
	assert_says "is process"
	assert_says "--init"
}

@test "--pid host, --pid container: refused, since another one is process 1 there" {
	refused_with 102 --pid host --cap-add NET_ADMIN localhost/para-agent
	assert_says "is process"
	docker run -d --name other --entrypoint sleep localhost/busybox-agent 1000
	refused_with 102 --pid container:other --cap-add NET_ADMIN localhost/para-agent
	assert_says "is process"
}

@test "--network none: closed, with nothing to be closed from" {
	docker run -d --name box --network none "${LAB_OPTIONS[@]}" --cap-add NET_ADMIN -e PARA_ALLOWED_DOMAINS= localhost/para-agent sleep infinity
	started box
	assert_closed box
	reach box tcp $ANTHROPIC 443 ENETUNREACH
	powerless "$(agent_of box)"
}

@test "docker pause and unpause: the rules stand, and the container goes on" {
	start box --cap-add NET_ADMIN -e PARA_ALLOWED_DOMAINS=$ALLOW localhost/para-agent sleep infinity
	local before
	before=$(rules box)
	docker pause box
	[ "$(rules box)" = "$before" ]
	assert_closed box
	docker unpause box
	[ "$(rules box)" = "$before" ]
	good box
	# what a stop during the pause is, it does afterwards
	docker pause box
	docker unpause box
	docker stop -t 60 box
	[ "$(docker inspect -f '{{.State.ExitCode}}' box)" = 143 ]
}

@test "docker restart: closed again, before the agent runs again" {
	start box --cap-add NET_ADMIN -e PARA_ALLOWED_DOMAINS=$ALLOW localhost/para-agent sleep infinity
	local first second
	first=$(process_1 box)
	docker restart -t 60 box
	started box
	second=$(process_1 box)
	[ "$first" != "$second" ]
	good box
	# a name that has gone meanwhile: it does not come up open, it does not come up
	lab_dns_stop
	docker restart -t 60 box
	run docker wait box
	lab_dns "$LAB_SOURCE/dnsmasq.conf"
	[ "$output" = 105 ] || { echo "$output"; docker logs box; return 1; }
}

@test "--restart: every start closes the network anew" {
	start box --restart always --cap-add NET_ADMIN -e PARA_ALLOWED_DOMAINS=$ALLOW localhost/para-agent sleep infinity
	local first
	first=$(process_1 box)
	kill -KILL "$first"
	changed() { local now; now=$(process_1 box); [ "$now" != 0 ] && [ "$now" != "$first" ] && agent_of box; }
	lab_wait_for changed
	good box
}

logged() { docker logs box 2>&1 | grep -q "$1"; } # TEXT

@test "docker kill: the container is gone at once; a signal to it is passed on to the agent" {
	start box --cap-add NET_ADMIN -e PARA_ALLOWED_DOMAINS=$ALLOW localhost/para-agent \
		python3 -c 'import signal, time; signal.signal(signal.SIGUSR1, lambda *_: print("GOT-USR1", flush=True)); print("ready", flush=True); time.sleep(1000)'
	lab_wait_for logged ready
	docker kill -s USR1 box
	lab_wait_for logged GOT-USR1
	docker kill box
	[ "$(docker inspect -f '{{.State.ExitCode}}' box)" = 137 ]
	# the rules were the namespace's, and went with it: nothing is left on the machine
	run in_cage sh -c 'nft list ruleset; ipset list -n'
	refute_says allowed-domains
}

@test "docker stop of an agent that ignores SIGTERM: killed after Docker's own time, or after PARA_KILL_GRACE" {
	start box --cap-add NET_ADMIN -e PARA_ALLOWED_DOMAINS=$ALLOW localhost/para-agent sh -c 'trap "" TERM; echo READY; while :; do sleep 1; done'
	lab_wait_for logged READY
	docker stop -t 1 box
	[ "$(docker inspect -f '{{.State.ExitCode}}' box)" = 137 ]
	docker_empty
	start box --cap-add NET_ADMIN -e PARA_KILL_GRACE=1 -e PARA_ALLOWED_DOMAINS=$ALLOW localhost/para-agent \
		sh -c 'trap "" TERM; echo READY; while :; do sleep 1; done'
	lab_wait_for logged READY
	local start=$SECONDS
	docker stop -t 90 box
	[ $((SECONDS - start)) -lt 60 ]
}

@test "--memory: the least that Docker takes, 6 MB, is enough for the set-up" {
	start box --cap-add NET_ADMIN --memory 6m --memory-swap 6m -e PARA_ALLOWED_DOMAINS=github.com localhost/busybox-agent sleep 1000
	assert_closed box
	reach box tcp $GITHUB_RANGE 443 open
	# the limit is a limit: an agent that wants more of it ends, and its end is seen
	run -137 docker run --rm --cap-add NET_ADMIN --memory 6m --memory-swap 6m -e PARA_ALLOWED_DOMAINS= localhost/busybox-agent dd if=/dev/zero of=/dev/null bs=20M count=1
}

@test "--pids-limit: four are enough, process 1, the guard's two and the agent; with fewer it does not start" {
	start box --cap-add NET_ADMIN --pids-limit 4 -e PARA_ALLOWED_DOMAINS=$ALLOW localhost/busybox-agent sleep 1000
	assert_closed box
	docker_empty
	refused_with 111 --cap-add NET_ADMIN --pids-limit 3 localhost/busybox-agent
	docker_empty
	start box --cap-add NET_ADMIN --pids-limit 2 -e PARA_GUARD=off -e PARA_ALLOWED_DOMAINS=$ALLOW localhost/busybox-agent sleep 1000
	assert_closed box
	refused_with 111 --cap-add NET_ADMIN --pids-limit 1 -e PARA_GUARD=off localhost/busybox-agent
}

@test "-t: the terminal is the agent's" {
	run script -qec "DOCKER_HOST=unix://$LAB/docker.sock /usr/bin/docker run --rm -it --cap-add NET_ADMIN -e PARA_ALLOWED_DOMAINS= localhost/para-agent bash -c 'tty; ps -o tpgid=,pgid= -p \$\$; exit 7'" /dev/null
	assert_says /dev/pts/0
	[ "$status" -eq 7 ]
}

@test "--security-opt seccomp=unconfined, and --privileged: more than is needed, and all of it is dropped" {
	start box --cap-add NET_ADMIN --security-opt seccomp=unconfined -e PARA_ALLOWED_DOMAINS=$ALLOW localhost/para-agent sleep infinity
	good box
	docker_empty
	docker run -d --name box --privileged "${LAB_OPTIONS[@]}" -e PARA_ALLOWED_DOMAINS=$ALLOW localhost/para-agent sleep infinity || skip "no --privileged on this machine"
	started box
	good box
}

@test "--sysctl, --hostname, --add-host, --dns, --ulimit, --shm-size, --tmpfs: no difference" {
	start box --cap-add NET_ADMIN --sysctl net.ipv4.ip_unprivileged_port_start=0 --hostname agent --add-host pinned.lab:$NPM --dns $GATEWAY --ulimit nofile=64:64 \
		--shm-size 1m --tmpfs /tmp -e PARA_ALLOWED_DOMAINS=$ALLOW localhost/para-agent sleep infinity
	good box
}
