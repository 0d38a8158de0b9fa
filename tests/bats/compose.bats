# Networks in Docker: examples/compose, Docker's own resolver at 127.0.0.11, networks joined later, networks shared.
bats_require_minimum_version 1.5.0
DOCKER_IMAGES="para-agent busybox busybox-agent debian-root secure-init"
load common
load engines

# In the place of a database and a cache: each answers on both ports, so that it is not the peer who refuses.
setup_file() {
	engines_setup
	[ -z "${ENGINE_CANNOT:-}" ] || return 0
	printf 'FROM localhost/busybox\nCMD ["sh", "-c", "nc -ll -p 6379 -e echo hello & exec nc -ll -p 5432 -e echo hello"]\n' |
		docker build -q -t server -
}

teardown() { [ -n "${ENGINE_CANNOT:-}" ] || docker_clear; }

compose() {
	DOCKER_HOST=unix://$LAB/docker.sock DOCKER_CONFIG=$LAB/docker-config AGENT_IMAGE=localhost/para-agent DB_IMAGE=server CACHE_IMAGE=server \
		docker-compose -p lab -f "$BATS_TEST_DIRNAME/../../examples/compose/docker-compose.yml" "$@"
}

address_of() { # CONTAINER NETWORK
	docker inspect -f "{{(index .NetworkSettings.Networks \"$2\").IPAddress}}" "$1"
}

@test "examples/compose: the database by name and port, nothing else beside it" {
	command -v docker-compose > /dev/null || skip "docker-compose is not installed"
	compose up -d
	local agent db cache
	agent=$(compose ps -q agent) db=$(compose ps -q db) cache=$(compose ps -q cache)
	started "$agent"
	assert_closed "$agent"
	# they do answer, on both ports, when somebody else asks
	lab_wait_for docker run --rm --network lab_data -v "$TRY:/try:ro" localhost/busybox /try tcp "$(address_of "$db" lab_data)" 6379
	lab_wait_for docker run --rm --network lab_data -v "$TRY:/try:ro" localhost/busybox /try tcp "$(address_of "$cache" lab_data)" 5432
	lab_wait_for docker run --rm --network lab_data -v "$TRY:/try:ro" localhost/busybox /try tcp "$(address_of "$db" lab_data)" 5432
	docker cp "$TRY" "$agent:/try"
	reach "$agent" tcp "$(address_of "$db" lab_data)" 5432 open
	reach "$agent" tcp "$(address_of "$db" lab_data)" 6379 EHOSTUNREACH
	reach "$agent" tcp "$(address_of "$cache" lab_data)" 6379 EHOSTUNREACH
	reach "$agent" tcp "$(address_of "$cache" lab_data)" 5432 EHOSTUNREACH
	reach "$agent" tcp $ANTHROPIC 443 open
	reach "$agent" tcp $BLOCKED 443 EHOSTUNREACH
	# by name, through Docker's own resolver
	run docker exec "$agent" grep nameserver /etc/resolv.conf
	assert_says 127.0.0.11
	run docker exec "$agent" python3 -c 'import socket; print(socket.create_connection(("db", 5432), 20).recv(100))'
	assert_says hello
	run docker exec "$agent" getent ahostsv4 api.anthropic.com
	assert_says $ANTHROPIC
	compose down -t 1
}

@test "Docker's resolver: names of this network and of the world; another resolver is not reached" {
	docker network create apps
	start box --network apps --cap-add NET_ADMIN -e PARA_ALLOWED_DOMAINS=$ALLOW localhost/para-agent sleep infinity
	assert_closed box
	assert_policy box
	run docker exec box getent ahostsv4 registry.npmjs.org
	assert_says $NPM
	# whoever is asked on port 53, it is the guard that answers
	reach box tcp $BLOCKED 53 open
	reach box tcp $BLOCKED 853 EHOSTUNREACH
	reach box udp $GATEWAY 5353 EPERM
	# Docker's own rules for it stand
	run outside box iptables -t nat -S
	assert_says "127.0.0.11"
	# and do so after a restart
	docker restart -t 60 box
	started box
	assert_closed box
	run docker exec box getent ahostsv4 registry.npmjs.org
	assert_says $NPM
}

@test "Docker's resolver and an agent that is root: refused, naming what to set; and with it, it starts" {
	docker network create apps
	run docker run --rm --network apps --cap-add NET_ADMIN --user root -e PARA_ALLOWED_DOMAINS=$ALLOW localhost/para-agent echo AGENT-RAN
	assert_refused 102
	assert_says PARA_RUN_AS
	start box --network apps --cap-add NET_ADMIN -e PARA_ALLOWED_DOMAINS=$ALLOW localhost/debian-root sleep 1000
	assert_closed box
	assert_policy box
}

@test "a network that the container joins later is closed to it, but for what the list names" {
	docker network create apps
	start box --cap-add NET_ADMIN -e PARA_ALLOWED_DOMAINS=$ALLOW localhost/busybox-agent sleep 1000
	docker run -d --name db --network apps server
	docker network connect apps box
	reach box tcp "$(address_of db apps)" 5432 EHOSTUNREACH
	assert_closed box
	docker network disconnect apps box
	assert_policy box
}

@test "docker run --network container: one closes it and ends, the agent beside it has no capability" {
	docker run -d --name net localhost/busybox sleep 1000
	run docker run --rm --network container:net --cap-drop ALL --cap-add NET_ADMIN -e PARA_ALLOWED_DOMAINS=$ALLOW localhost/secure-init setup
	assert_status 0
	assert_says "Network isolation is enabled"
	docker run -d --name box --network container:net --cap-drop ALL --security-opt no-new-privileges --user 1000 -v "$TRY:/try:ro" localhost/busybox sleep 1000
	assert_closed box
	assert_policy box
	powerless "$(docker inspect -f '{{.State.Pid}}' box)"
	# a set-up that fails says so by its status, for the && in front of the agent
	run -105 docker run --rm --network container:net --cap-drop ALL --cap-add NET_ADMIN -e PARA_ALLOWED_DOMAINS=no-such-name.lab localhost/secure-init setup
	assert_refused 105
}

@test "a container that shares the network of a closed one is as closed, and cannot set it up again" {
	start box --cap-add NET_ADMIN -e PARA_ALLOWED_DOMAINS=$ALLOW localhost/para-agent sleep infinity
	local before
	before=$(rules box)
	docker run -d --name beside --network container:box -v "$TRY:/try:ro" localhost/busybox sleep 1000
	assert_policy beside
	# only one set-up is process 1 of this network, also for one that has NET_ADMIN; where the kernel knows owners
	[[ $before != *"flags owner"* ]] ||
		run -104 docker run --rm --network container:box --cap-add NET_ADMIN -e PARA_ALLOWED_DOMAINS= localhost/secure-init setup
	[ "$(rules box)" = "$before" ]
}
