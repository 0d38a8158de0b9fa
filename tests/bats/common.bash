# Shared by all behaviour tests: the lab of the file, and what they all assert.
source "$BATS_TEST_DIRNAME/../lab/lab.bash"

# A lab a file. Its variables reach the tests by the environment.
setup_file() {
	set -a
	lab_up
	set +a
}

teardown_file() {
	lab_down
}

# The policy of most tests: isolation on, one name of each kind of address.
setup() { common_setup; }

common_setup() {
	# a test before may have failed with the lab's DNS stopped
	[ ! -f "${LAB:-}/dnsmasq.conf" ] || [ -s "$LAB/dnsmasq.pid" ] || lab_dns "$LAB_SOURCE/dnsmasq.conf"
	export PARA_NETWORK_ISOLATION=true
	export PARA_ALLOWED_DOMAINS=api.anthropic.com
	unset PARA_RUN_AS PARA_SETUP_TIMEOUT PARA_LOG PARA_LOG_LEVEL GITHUB_TOKEN GH_TOKEN SSL_CERT_FILE CURL_CA_BUNDLE
	unset CAGE_CAPS CAGE_RESOLV CAGE_SETUP CAGE_UNDER
}

# say_nothing: no variable of the policy is set, not even those of common_setup.
say_nothing() {
	unset PARA_NETWORK_ISOLATION PARA_ALLOWED_DOMAINS PARA_BLOCKED_DOMAINS PARA_NETWORK_MODE PARA_PROFILE PARA_PROXY
	unset PARA_ALLOW_DNS PARA_ALLOW_SSH PARA_ALLOW_HOST PARA_ALLOW_INBOUND PARA_POLICY
	unset PARA_GUARD PARA_DNS PARA_LIMIT_CONNECTIONS PARA_QUOTA_BYTES PARA_AUDIT PARA_DNS_LOG PARA_LEARN
}

# members SET: what the cage's set holds, without the times
members() {
	in_cage ipset list "$1" | sed '1,/^Members/d; s/ timeout [0-9]*$//' | sort
}

# assert_status N, assert_says TEXT, refute_says TEXT: on the last run, whose output is shown when they fail.
assert_status() {
	[ "$status" -eq "$1" ] || { echo "status $status instead of $1; output:"; echo "$output"; return 1; }
}

assert_says() {
	[[ "$output" == *"$1"* ]] || { echo "does not say '$1'; output:"; echo "$output"; return 1; }
}

refute_says() {
	[[ "$output" != *"$1"* ]] || { echo "says '$1'; output:"; echo "$output"; return 1; }
}

# The container did not start: its status, and that no agent ran. Every agent of the tests says AGENT-RAN.
assert_refused() {
	assert_status "$1"
	refute_says AGENT-RAN
	assert_says "Container will not start to prevent insecure operation"
}

# silent_dns [SERVER...]: $LAB/resolv.silent names these, and up to three in all that nobody is. Whoever asks those waits for six
# seconds at least for each (fw/names.c).
silent_dns() {
	local n
	for ((n = $#; n < 3; n++)); do
		set -- "$@" "172.17.0.$((77 + n))"
		ip -n "$CAGE" neigh replace "172.17.0.$((77 + n))" lladdr 02:00:00:00:00:77 dev eth0
	done
	printf 'nameserver %s\n' "$@" > "$LAB/resolv.silent"
}

# idle_calls PID: $LAB/strace has the system calls that it makes in a second in which there is nothing to do.
idle_calls() {
	local tracer
	lab_wait_for grep -q '^128 ' "/proc/$1/syscall" # rt_sigtimedwait (asm/unistd_64.h)
	strace -qq -p "$1" -o "$LAB/strace" 3>&- &
	tracer=$!
	lab_wait_for grep -q '^TracerPid:.[1-9]' "/proc/$1/status"
	sleep 1
	kill $tracer
	wait $tracer || true
}

# The file is what a release has to be.
assert_good_binary() {
	run readelf -hldW "$1"
	assert_says "DYN (Position-Independent Executable file)"
	refute_says "INTERP"
	refute_says "(NEEDED)"
	assert_says "GNU_RELRO"
	grep -Eq 'FLAGS.*(NOW|BIND_NOW)' <<< "$output"
	grep -Eq 'GNU_STACK .* RW ' <<< "$output"
	[ "$(readelf -SW "$1" | grep -c '\.symtab')" -eq 0 ]
	[ "$(stat -c %s "$1")" -le $((2 * 1024 * 1024)) ]
}
