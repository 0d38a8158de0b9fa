# para's contract, in a real Docker: how the CLI starts the image, looks at it, works in it and ends it.
bats_require_minimum_version 1.5.0
DOCKER_IMAGES="para-agent"
load common
load engines

# create NAME OPTION...: as para does it; the options come before the image
create() {
	local name=$1
	shift
	mkdir -p "$LAB/work"
	chown 1000:1000 "$LAB/work"
	docker create --name "$name" "${LAB_OPTIONS[@]}" -v "$LAB/work:/workspace" -w /workspace \
		--cap-add NET_ADMIN --cap-add NET_RAW "$@" localhost/para-agent sleep infinity > /dev/null
}

# milliseconds COMMAND...
milliseconds() {
	local start
	start=$(date +%s%N)
	"$@" > /dev/null
	echo $((($(date +%s%N) - start) / 1000000))
}

# started_half_a_second NAME: docker start, and half a second; in proportion more on a machine that takes longer for the former
# than QUIET_MS, which is what a quiet one takes at the most
QUIET_MS=1000
started_half_a_second() {
	local ms
	ms=$(milliseconds docker start "$1")
	echo "docker start took $ms ms"
	[ "$ms" -gt $QUIET_MS ] || ms=$QUIET_MS
	ms=$((500 * ms / QUIET_MS))
	sleep "$((ms / 1000)).$(printf %03d $((ms % 1000)))"
}

@test "create, start, half a second, and para finds what it looks for" {
	create para-s -e PARA_NETWORK_ISOLATION=true -e PARA_ALLOWED_DOMAINS=$ALLOW,localhost:3000
	started_half_a_second para-s
	run docker exec para-s printenv PARA_NETWORK_ISOLATION
	assert_status 0
	[ "$output" = true ]
	run docker exec para-s sudo iptables -L -n
	assert_status 0
	assert_says "match-set allowed-domains"
	started para-s
	assert_closed para-s
	assert_policy para-s
	reach para-s tcp $BLOCKED6 443 ECONNREFUSED
	reach para-s tcp $ANTHROPIC6 443 open
	powerless "$(agent_of para-s)"
	grep -q "^Uid:.1000" "/proc/$(agent_of para-s)/status"
}

@test "the rules stand half a second after the start, also while a name is still looked up" {
	# three of them, so that it is looked up until the time for the set-up is over
	local last
	for last in 77 78 79; do
		echo "nameserver 172.17.0.$last"
		ip -n "$CAGE" neigh replace 172.17.0.$last lladdr 02:00:00:00:00:77 dev eth0
	done > "$LAB/resolv.silent"
	create para-s -e PARA_NETWORK_ISOLATION=true -e PARA_ALLOWED_DOMAINS=$ALLOW -v "$LAB/resolv.silent:/etc/resolv.conf:ro"
	started_half_a_second para-s
	run docker exec para-s sudo iptables -L -n
	assert_says "match-set allowed-domains"
	assert_closed para-s
	run ! agent_of para-s
}

@test "the reader in the image is that of Ubuntu 22.04" {
	run docker run --rm --entrypoint iptables localhost/para-agent --version
	[[ $output == *"v1.8.7 (nf_tables)"* ]] || skip "no Debian 11 in the archive here, so its iptables is another: $output"
}

@test "the set-up script and the agent come in by docker exec, as para in /workspace" {
	create para-s -e PARA_NETWORK_ISOLATION=true -e PARA_ALLOWED_DOMAINS=$ALLOW
	docker start para-s
	started para-s
	printf '#!/bin/sh\nset -e\ngit init -q project\nid -un > who\npwd > where\n' > "$LAB/work/setup.sh"
	docker exec para-s sh setup.sh
	[ "$(cat "$LAB/work/who")" = para ]
	[ "$(cat "$LAB/work/where")" = /workspace ]
	[ "$(stat -c %u "$LAB/work/project/.git")" = 1000 ]
	local program
	for program in git curl rg jq python3 ssh less; do docker exec para-s sh -c "command -v $program"; done
	# and its exit status comes back
	run docker exec para-s sh -c 'exit 23'
	assert_status 23
}

logged() { docker logs "$1" 2>&1 | grep -q "$2"; } # NAME TEXT

@test "docker stop takes less than two seconds, and the exit status is the agent's" {
	create para-s -e PARA_NETWORK_ISOLATION=true -e PARA_ALLOWED_DOMAINS=$ALLOW
	docker start para-s
	started para-s
	local ms other=0
	ms=$(milliseconds docker stop para-s)
	if [ "$ms" -ge 2000 ]; then
		# is it Docker? Not if it does that quickly with a program that ends at once
		docker run -d --name other --entrypoint sh localhost/para-agent -c 'trap exit TERM; echo ready; while :; do sleep 0.1; done' > /dev/null
		lab_wait_for logged other ready
		other=$(milliseconds docker stop other)
	fi
	[ "$ms" -lt $((2000 + 2 * other)) ] || { echo "it took $ms ms, for another program $other ms"; return 1; }
	[ "$(docker inspect -f '{{.State.ExitCode}}' para-s)" = 143 ]
	run -42 docker run --rm --cap-add NET_ADMIN -e PARA_ALLOWED_DOMAINS= localhost/para-agent sh -c 'exit 42'
	run -127 docker run --rm --cap-add NET_ADMIN -e PARA_ALLOWED_DOMAINS= localhost/para-agent no-such-agent
}

@test "a list with a name that does not exist: it does not start, and says why" {
	create para-s -e PARA_NETWORK_ISOLATION=true -e PARA_ALLOWED_DOMAINS=api.anthropic.com,no-such-name.lab
	docker start para-s
	run docker wait para-s
	[ "$output" = 105 ]
	run docker logs para-s
	assert_says "no-such-name.lab"
	assert_says "Container will not start to prevent insecure operation"
	run ! docker exec para-s true
}

@test "--allow-domains '': isolated, and nothing beyond the essential services" {
	create para-s -e PARA_ALLOWED_DOMAINS=
	docker start para-s
	started para-s
	assert_closed para-s
	reach para-s tcp $ANTHROPIC 443 EHOSTUNREACH
	reach para-s tcp $BLOCKED 22 open # SSH
	reach para-s tcp $BRIDGE 54 ECONNREFUSED # the host's network: open, but nobody is there
	run docker logs para-s
	assert_says "Network isolation is enabled"
}

@test "no list: the four defaults, GitHub's ranges among them" {
	create para-s -e PARA_NETWORK_ISOLATION=true
	docker start para-s
	started para-s
	reach para-s tcp $GITHUB_RANGE 443 open
	reach para-s tcp $NPM 443 open
	reach para-s tcp $BLOCKED 443 EHOSTUNREACH
	docker exec -e GIT_SSL_CAINFO=/lab-ca/ca.pem para-s curl -sS --cacert /lab-ca/ca.pem https://api.github.com/meta | grep -q '"web"'
}

@test "--network host without isolation: runs, open, and touches nothing of the host's network" {
	local before
	before=$(in_cage sh -c 'nft -s list ruleset; ipset save')
	docker run -d --name para-s --network host "${LAB_OPTIONS[@]}" -e PARA_NETWORK_ISOLATION=false localhost/para-agent sleep infinity
	started para-s
	reach para-s tcp $BLOCKED 443 open
	[ "$(in_cage sh -c 'nft -s list ruleset; ipset save')" = "$before" ]
	powerless "$(agent_of para-s)"
	run docker logs para-s
	assert_says "NETWORK ISOLATION IS OFF"
}

@test "without NET_ADMIN: does not start, and says what to add" {
	run -102 docker run --rm -e PARA_ALLOWED_DOMAINS= localhost/para-agent echo AGENT-RAN
	assert_refused 102
	assert_says "--cap-add NET_ADMIN"
}

@test "the names of the scripts of before: secure-entrypoint.sh starts, init-firewall.sh only tells" {
	create para-s --entrypoint /usr/local/bin/secure-entrypoint.sh -e PARA_NETWORK_ISOLATION=true -e PARA_ALLOWED_DOMAINS=$ALLOW
	docker start para-s
	started para-s
	assert_closed para-s
	assert_policy para-s
	local before
	before=$(rules para-s)
	run docker exec para-s /usr/local/bin/init-firewall.sh
	assert_status 0
	[ "$(rules para-s)" = "$before" ]
}

@test "the health check: healthy once the network is closed, unhealthy when it no longer is" {
	create para-s --health-interval 1s --health-retries 1 -e PARA_ALLOWED_DOMAINS=$ALLOW
	[ "$(docker inspect -f '{{.Config.User}} {{.Config.Healthcheck.Test}}' para-s)" = "para [CMD /usr/local/sbin/secure-init status]" ]
	docker start para-s
	health_is() { [ "$(docker inspect -f '{{.State.Health.Status}}' para-s)" = "$1" ]; }
	lab_wait_for health_is healthy || { docker inspect -f '{{json .State.Health}}' para-s; return 1; }
	# somebody with all rights over the machine opens what the health check tries, again and again: the guard puts it back
	opened_is_unhealthy() { outside para-s ipset -exist add allowed-domains 192.0.2.0/24; health_is unhealthy; }
	lab_wait_for opened_is_unhealthy || { docker inspect -f '{{json .State.Health}}' para-s; return 1; }
}

@test "README's quick start, as it stands there" {
	local line
	line=$(grep -m 1 '^docker run .* agent$' "$BATS_TEST_DIRNAME/../../README.md")
	[[ $line == *-it* && $line == *"--cap-add NET_ADMIN"* ]]
	line=${line/docker run/DOCKER_HOST=unix://$LAB/docker.sock /usr/bin/docker run ${LAB_OPTIONS[*]}}
	line=${line/% agent/ localhost/para-agent}
	line=${line/@anthropic/api.anthropic.com} # the lab does not have all of its names
	local tries
	for tries in 1 2 3 4 5; do
		run script -qec "$line" /dev/null <<< 'id -un; curl -sS --max-time 20 https://example.com; sudo iptables -L -n | grep -c allowed-domains; exit 5'
		# example.com is looked up by the way, and not waited for
		[[ $output != *"proved: example.com"* ]] || break
	done
	assert_says "open: registry.npmjs.org:443"
	assert_says "closed: everything else"
	assert_says "proved: example.com"
	assert_says para
	assert_says "Failed to connect to example.com"
}
