# Images of one's own: each folder of examples/ as it stands, on a base that was made here.
bats_require_minimum_version 1.5.0
DOCKER_IMAGES="secure-init debian-root debian-user busybox busybox-agent distroless-agent node-agent python-agent node-base para-agent"
load common
load engines

# agent_is UID NAME: closed, tried by somebody inside, and its agent is that user with no power
agent_is() {
	local agent
	agent=$(agent_of "$2")
	grep -q "^Uid:.$1.$1.$1.$1$" "/proc/$agent/status" || { grep Uid "/proc/$agent/status"; return 1; }
	powerless "$agent"
	assert_closed "$2"
	assert_policy "$2"
}

# without its --cap-add no image starts: so it is secure-init that starts it
needs_net_admin() {
	run docker run --rm "${LAB_OPTIONS[@]}" -e PARA_ALLOWED_DOMAINS=$ALLOW "$1"
	assert_refused 102
}

@test "the image secure-init: one static program, with its capabilities, and nothing else" {
	docker create --name box localhost/secure-init
	docker export box | tar -C "$LAB" -xf - secure-init
	run docker_files box
	[ "$output" = secure-init ] || { echo "$output"; return 1; }
	run ldd "$LAB/secure-init"
	assert_says "statically linked"
	run readelf -l "$LAB/secure-init"
	refute_says INTERP
	run docker run --rm localhost/secure-init --version
	assert_status 0
	assert_says "secure-init "
	# --check needs nothing
	run docker run --rm -e PARA_ALLOWED_DOMAINS=$ALLOW localhost/secure-init --check
	assert_status 0
	assert_says "registry.npmjs.org"
	# its size is what it adds to any image
	[ "$(docker image inspect -f '{{.Size}}' localhost/secure-init)" -lt 1500000 ]
}

# the files of a container's root file system, without those that Docker itself puts there
docker_files() {
	docker export "$1" | tar -t | grep -v -e '/$' -e '^\.dockerenv$' -e '^etc/\(hostname\|hosts\|resolv.conf\|mtab\)$' -e '^dev/console$'
}

@test "Debian, USER root: the agent is the one of PARA_RUN_AS" {
	start box --cap-add NET_ADMIN -e PARA_ALLOWED_DOMAINS=$ALLOW localhost/debian-root sleep 1000
	agent_is 1000 box
	needs_net_admin localhost/debian-root
}

@test "Debian, USER 1000" {
	start box --cap-add NET_ADMIN -e PARA_ALLOWED_DOMAINS=$ALLOW localhost/debian-user sleep 1000
	agent_is 1000 box
	needs_net_admin localhost/debian-user
}

@test "busybox and musl's way" {
	start box --cap-add NET_ADMIN -e PARA_ALLOWED_DOMAINS=$ALLOW localhost/busybox-agent sleep 1000
	agent_is 1000 box
	needs_net_admin localhost/busybox-agent
}

@test "distroless: no shell, no certificates, the agent alone" {
	start box --cap-add NET_ADMIN -e PARA_ALLOWED_DOMAINS=$ALLOW localhost/distroless-agent /agent wait
	agent_is 65532 box
	run ! docker exec box sh -c true
	needs_net_admin localhost/distroless-agent
	# GitHub's certificate is judged by the bundle in the program: the lab's CA is not in it
	run docker run --rm --cap-add NET_ADMIN -e PARA_ALLOWED_DOMAINS=github.com localhost/distroless-agent
	assert_refused 106
	assert_says certificate
}

@test "Node.js" {
	start box --cap-add NET_ADMIN localhost/node-agent node -e 'setTimeout(() => 0, 1e6)'
	agent_is 1000 box
	run docker exec -e NODE_EXTRA_CA_CERTS=/lab-ca/ca.pem box node -e "
		require('https').get('https://registry.npmjs.org/', r => r.on('data', d => console.log(String(d))))
		require('https').get('https://example.com/', r => console.log('EXAMPLE-OPEN')).on('error', e => console.log(e.code))"
	assert_says "hello from"
	assert_says EHOSTUNREACH
	refute_says EXAMPLE-OPEN
	needs_net_admin localhost/node-agent
}

@test "Python" {
	start box --cap-add NET_ADMIN -e PARA_ALLOWED_DOMAINS=$ALLOW localhost/python-agent python3 -c 'import time; time.sleep(1000)'
	agent_is 1000 box
	run docker exec box python3 -c "
import ssl, urllib.request
print(urllib.request.urlopen('https://registry.npmjs.org/').read())
try:
    urllib.request.urlopen('https://example.com/')
    print('EXAMPLE-OPEN')
except OSError as failure:
    print(failure)"
	assert_says "hello from"
	assert_says "urlopen error"
	refute_says EXAMPLE-OPEN
	needs_net_admin localhost/python-agent
}

@test "a dev container, by the program that editors use for it" {
	local cli=$ENGINES/devcontainer/node_modules/.bin/devcontainer
	[ -x "$cli" ] && command -v node || skip "@devcontainers/cli is not there (npm)"
	cp -r "$BATS_TEST_DIRNAME/../../examples/devcontainer" "$LAB/project"
	# our base images in the place of the public ones; nothing else is changed
	sed -i 's|"dockerfile": "Dockerfile"|&, "args": { "BASE_IMAGE": "localhost/node-base", "SECURE_INIT_IMAGE": "localhost/secure-init" }|' \
		"$LAB/project/.devcontainer/devcontainer.json"
	devcontainer() {
		local command=$1
		shift
		HOME=$LAB DOCKER_HOST=unix://$LAB/docker.sock DOCKER_CONFIG=$LAB/docker-config \
			"$cli" "$command" --workspace-folder "$LAB/project" --docker-path /usr/bin/docker "$@" < /dev/null 3>&-
	}
	devcontainer up --buildkit never
	local box
	box=$(docker ps -q)
	docker cp "$TRY" "$box:/try"
	started "$box"
	agent_is 1000 "$box"
	run devcontainer exec sh -c 'id -un; pwd; grep CapEff /proc/self/status'
	assert_says node
	assert_says /workspace
	assert_says "CapEff:	0000000000000000"
}

@test "built by Docker's classic builder, which loses file capabilities: it does not start, and what it names works" {
	docker build -q -t built --build-arg BASE_IMAGE=localhost/busybox --build-arg SECURE_INIT_IMAGE=localhost/secure-init \
		"$BATS_TEST_DIRNAME/../../examples/busybox"
	run docker run --rm --cap-add NET_ADMIN -e PARA_ALLOWED_DOMAINS= built echo AGENT-RAN
	assert_refused 102
	assert_says "setcap cap_net_admin,cap_setpcap,cap_setuid,cap_setgid=p"
	assert_says "--user root -e PARA_RUN_AS=1000"
	start box --cap-add NET_ADMIN --user root -e PARA_RUN_AS=1000 -e PARA_ALLOWED_DOMAINS=$ALLOW built sleep 1000
	agent_is 1000 box
	# the agent's image sees to it itself
	run docker run --rm --entrypoint getcap localhost/para-agent /usr/local/sbin/secure-init
	assert_says cap_net_admin
}
