# Without an engine and without root: pasta gives an ordinary user a network of its own, secure-init closes it.
bats_require_minimum_version 1.5.0
load common
source "$BATS_TEST_DIRNAME/../engines/engines.bash"

setup_file() {
	command -v pasta > /dev/null || { export CANNOT="pasta is not installed (Debian's passt)"; return; }
	set -a
	lab_up
	set +a
	chmod 755 "$LAB"
	cp "$SECURE_INIT" "$LAB/secure-init"
	cp "$TRY" "$LAB/try"
	chmod 755 "$LAB/secure-init" "$LAB/try"
	# everybody may use it on an ordinary machine; here perhaps root alone
	mkdir -p "$LAB/dev"
	mknod -m 666 "$LAB/dev/tun" c 10 200 && mount --bind "$LAB/dev/tun" /dev/net/tun
	mount --bind "$LAB/resolv.conf" /etc/resolv.conf
	as_user unshare --user --map-root-user --net true || export CANNOT="this kernel has no user namespaces for ordinary users"
}

setup() {
	[ -z "${CANNOT:-}" ] || skip "$CANNOT"
	common_setup
}

teardown_file() {
	[ -n "${LAB:-}" ] || return 0
	umount /etc/resolv.conf /dev/net/tun
	lab_down
}

# as_user COMMAND...: an ordinary user on the machine that the cage is
as_user() {
	timeout -k 2 150 nsenter --net="/run/netns/$CAGE" setpriv --reuid 65534 --regid 65534 --clear-groups --bounding-set -all -- "$@" 3>&-
}

# What docs/containers.md says. No way back to the machine: neither its loopback by the gateway's address, nor its ports.
PASTA="pasta --foreground --config-net --no-map-gw -t none -u none -T none -U none --"

@test "pasta: an ordinary user's program in a closed network, under secure-init as process 1" {
	export PARA_ALLOWED_DOMAINS=api.anthropic.com,registry.npmjs.org:443
	cd "$LAB"
	# the one user there cannot be the guard's too
	run as_user $PASTA "$LAB/secure-init" -- echo AGENT-RAN
	assert_refused 102
	assert_says "this container's user namespace has no user 65501"
	export PARA_GUARD=off
	local tries
	for tries in 1 2 3 4 5; do
		run as_user $PASTA "$LAB/secure-init" -- sh -c '
			grep -E "^(Cap|NoNew)" /proc/self/status
			for what in "tcp $2 443" "tcp $3 443" "tcp $4 443" "tcp $4 8443" "tcp $5 443" "tcp $6 443" "udp $5 443"; do
				# silence is no answer yet
				for _ in 1 2 3 4 5; do said=$("$1" $what); [ "$said" = ETIMEDOUT ] || break; done
				echo "$what: $said"
			done
			exit 7' sh "$LAB/try" $ANTHROPIC $ANTHROPIC6 $NPM $BLOCKED $BLOCKED6
		# example.com is looked up by the way, and not waited for
		[[ $output != *"proved: example.com"* ]] || break
	done
	assert_status 7
	assert_says "proved: example.com ($EXAMPLE) was refused, by our rule"
	assert_says "tcp $ANTHROPIC 443: open"
	assert_says "tcp $ANTHROPIC6 443: open"
	assert_says "tcp $NPM 443: open"
	assert_says "tcp $NPM 8443: EHOSTUNREACH"
	assert_says "tcp $BLOCKED 443: EHOSTUNREACH"
	assert_says "tcp $BLOCKED6 443: ECONNREFUSED"
	assert_says "udp $BLOCKED 443: EPERM"
	[ "$(grep -cE '^Cap(Inh|Prm|Eff|Bnd|Amb):.0{16}' <<< "$output")" = 5 ]
	assert_says "NoNewPrivs:	1"
}

@test "pasta: as seen from outside, and the machine's own network is left as it was" {
	export PARA_ALLOWED_DOMAINS=api.anthropic.com PARA_GUARD=off
	local before
	before=$(in_cage nft list ruleset)
	cd "$LAB"
	as_user $PASTA "$LAB/secure-init" -- "$LAB/try" wait > "$LAB/out" 2>&1 &
	local job=$!
	lab_wait_for grep -q AGENT-RAN "$LAB/out" || { cat "$LAB/out"; return 1; }
	local agent
	agent=$(pgrep -f "^$LAB/try wait")
	# root of the machine looks into it
	run nsenter --net="/proc/$agent/ns/net" iptables -S
	assert_says "-P OUTPUT DROP"
	assert_says "--match-set allowed-domains dst"
	run nsenter --net="/proc/$agent/ns/net" ip6tables -S
	assert_says "-P OUTPUT DROP"
	[ "$(in_cage nft list ruleset)" = "$before" ]
	kill "$agent"
	wait $job || true
}

@test "pasta: what listens on the machine's loopback is not reached, by its options as documented" {
	export PARA_ALLOWED_DOMAINS= PARA_GUARD=off
	nsenter --net="/run/netns/$CAGE" "$(command -v python3)" -c 'import socket, time; s = socket.create_server(("127.0.0.1", 5555)); time.sleep(600)' 3>&- &
	local server=$! address
	lab_wait_for in_cage "$LAB/try" tcp 127.0.0.1 5555
	cd "$LAB"
	# with pasta's defaults it is
	run as_user pasta --foreground --config-net -- "$LAB/secure-init" -- "$LAB/try" tcp 127.0.0.1 5555
	[[ $output == *open ]] || echo "# this pasta does not forward loopback by default"
	for address in 127.0.0.1 $GATEWAY 172.17.0.2; do
		run as_user $PASTA "$LAB/secure-init" -- "$LAB/try" tcp $address 5555
		[[ $output != *$'\n'open ]] || { kill $server; echo "$output"; return 1; }
	done
	kill $server
}
