# What of the attacks only a real container shows: Docker's own seccomp, its read-only /proc, its bridge, the image. As the agent
# that secure-init starts, as one that is root, and by `docker exec`; then an image whose maker means harm.
bats_require_minimum_version 1.5.0
DOCKER_IMAGES="para-agent"
load common
load engines
source "$BATS_TEST_DIRNAME/../attacks/attacks.bash"

engines_machine() {
	set -a
	attacks_up
	set +a
}

teardown_file() {
	attacks_down
	engines_teardown
}

SHORT="dns-taken-over user-namespace network-namespace mount-namespace clone-user-namespace join-network-of-process-1 mount mount-proc-again
	file-handle device-file kernel-module keyring userfaultfd perf-event bpf io-uring sysctl set-clock adjust-clock kernel-log
	capability-count raise-capabilities become-root become-the-guard
	vsock alg xdp packet-socket raw-any raw-tunnels netlink-flush netlink-set new-route interface-down tun-device
	trace memory read-memory take-descriptors read-environment kill-the-guard stop-the-guard kill-process-1 allow reload-wider
	set-up-again start-again
	connect connect-ipv6 connect-mapped sendto quic udplite ping fragments record-route multicast broadcast join-group
	metadata host-service docker-api docker-socket abstract-socket write-resolv-conf write-hosts
	dns dns-blocked-server dns-tcp dns-types dns-over-tls dns-over-quic"

setup() {
	engines_begin
	OPTIONS=(--cap-add NET_ADMIN --cap-add NET_RAW --sysctl net.ipv4.ip_local_port_range="1024 61000" -e PARA_PROFILE=strict -e PARA_ALLOWED_DOMAINS=api.anthropic.com -e PARA_AUDIT=off
		-v "$ATTACKS:/attacks:ro" -e BLOCKED=$BLOCKED -e BLOCKED6=$BLOCKED6 -e ANTHROPIC=$ANTHROPIC -e GATEWAY=$BRIDGE)
	oracle strict
}

# came_to HOW: what was said is what the table has, and nothing got out
came_to() {
	as_expected "$1" docker,strict || { cat "$LAB/said"; return 1; }
	nothing_escaped
}

@test "as the agent that secure-init starts: every attack of the short list" {
	docker run --rm "${OPTIONS[@]}" localhost/para-agent python3 /attacks/attack.py $SHORT > "$LAB/said" 2>&1
	came_to agent
}

@test "as an agent that is root" {
	docker run --rm "${OPTIONS[@]}" --user root -e PARA_RUN_AS=0 localhost/para-agent python3 /attacks/attack.py $SHORT > "$LAB/said" 2>&1
	came_to root
}

@test "by docker exec, as the image's user" {
	start attacked "${OPTIONS[@]}" localhost/para-agent sleep infinity
	docker exec attacked python3 /attacks/attack.py $SHORT > "$LAB/said" 2>&1
	came_to exec
}

@test "an image whose maker means harm: its libc, users, PATH, name services and variables" {
	mkdir "$LAB/hostile"
	cp "$TOOLS/preload.so" "$LAB/hostile/preload.so"
	cat > "$LAB/hostile/Dockerfile" <<-'DOCKERFILE'
		FROM localhost/para-agent
		USER root
		COPY preload.so /evil/preload.so
		RUN echo /evil/preload.so > /etc/ld.so.preload && printf 'hosts: evil\npasswd: evil\n' > /etc/nsswitch.conf \
			&& echo 'para:x:0:0::/:/bin/sh' > /etc/passwd && echo 'para:x:0:root' > /etc/group \
			&& for p in iptables ip ipset nft sh modprobe; do printf '#!/bin/dash\necho HOSTILE-PROGRAM >&2\n' > /evil/$p; chmod 755 /evil/$p; done
		ENV PATH=/evil:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LD_PRELOAD=/evil/preload.so LD_LIBRARY_PATH=/evil LANG=../../evil \
			LOCPATH=/evil GCONV_PATH=/evil HOSTALIASES=/evil/hosts SSL_CERT_FILE=/evil/preload.so RES_OPTIONS=ndots:15
		USER 1000
	DOCKERFILE
	docker build -q -t hostile "$LAB/hostile" > /dev/null
	docker run --rm "${OPTIONS[@]}" hostile python3 /attacks/attack.py connect sendto packet-socket netlink-flush capability-count > "$LAB/said" 2> "$LAB/errors"
	came_to agent
	grep -q "PRELOADED by python3" "$LAB/errors"
	! grep -q "PRELOADED by secure-init" "$LAB/errors"
	! grep -q HOSTILE-PROGRAM "$LAB/errors"
	# para is root by its passwd: whoever asks for para by name does not get root by that
	run docker run --rm "${OPTIONS[@]}" --user 0 -e PARA_RUN_AS=para hostile echo AGENT-RAN
	assert_refused 101
	docker rmi -f hostile > /dev/null
}
